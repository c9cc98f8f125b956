//! Quotas: how much of an allowance is used, when each threshold was crossed, and how long the rest
//! will last.
//!
//! A log is a lower bound: what was not observed is in no sum, so each state tells its coverage, and
//! the earliest day of exhaustion takes what was not observed to be as busy as what was.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use traffic::Period;

use crate::Direction;

/// Percentages at which a quota warns.
pub const THRESHOLDS: [u32; 4] = [50, 75, 90, 100];
/// Days before now from which the use to come is projected: whole weeks, so that each weekday counts
/// alike.
pub const HISTORY_DAYS: i32 = 28;
/// Whole days from which each weekday has a mean of its own: two of each.
const WEEKDAY_DAYS: usize = 14;
/// Whole days from which the scatter of days is estimated.
const SCATTER_DAYS: usize = 3;
/// Observed seconds below which nothing is projected.
const LEAST_OBSERVED: u64 = 3600;
/// The 90th percentile of the normal distribution: between both sides lie four cases of five.
const SIDE: f64 = 1.2816;
const DAY: f64 = 86_400.0;

/// How long an allowance lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// A day of the calendar.
    Day,
    /// A billing month.
    Month,
}

/// Whose bytes count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "name")]
pub enum QuotaScope {
    /// All hosts of the history together.
    Total,
    /// One host.
    Host(String),
    /// One process, on all hosts.
    Process(String),
}

/// An allowance of bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Its name.
    pub name: String,
    /// Bytes that are allowed, at least 1.
    pub bytes: u64,
    /// For how long.
    pub per: Per,
    /// Day of the month, from 1 to 31, on which a billing month begins; its last day where the month
    /// is shorter.
    pub first_day: i8,
    /// Which way. `None` counts both.
    pub direction: Option<Direction>,
    /// Whose.
    pub scope: QuotaScope,
}

/// The billing month that holds a day, where months begin on a day from 1 to 31, or on their last
/// day where they are shorter.
pub fn billing_month(first_day: i8, day: Date) -> Period {
    let begins = |month: Date| {
        let first = first_day.clamp(1, month.days_in_month());
        month.with().day(first).build().unwrap_or(month)
    };
    let month = day.first_of_month();
    let months = |count: i32| month.saturating_add(jiff::ToSpan::months(count));
    let (first, next) = if begins(month) <= day {
        (begins(month), begins(months(1)))
    } else {
        (begins(months(-1)), begins(month))
    };
    Period {
        first,
        last: next.yesterday().unwrap_or(next),
    }
}

/// What a quota counted on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayUse {
    /// The day.
    pub day: Date,
    /// Its seconds that have passed.
    pub elapsed: u64,
    /// Whether all of it has passed.
    pub is_over: bool,
    /// Seconds that could have been observed: those that have passed, of each host.
    pub expected: u64,
    /// Seconds that were observed, of all hosts.
    pub observed: u64,
    /// Bytes.
    pub bytes: u64,
}

/// What is to come of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayAhead {
    /// The day.
    pub day: Date,
    /// Seconds of it that are to come.
    pub seconds: u64,
}

/// A threshold that was crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crossing {
    /// Per cent of the quota.
    pub percent: u32,
    /// The day that crossed it.
    pub day: Date,
    /// Whether that day is one of the report's, so that the report is the one to tell it.
    pub is_new: bool,
}

/// How a quota goes on to the end of its day or month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Projection {
    /// Bytes used by then.
    pub bytes: u64,
    /// The day on which it is used up. `None` if it lasts.
    pub exhausted_on: Option<Date>,
    /// The same if days turn out busy and what was not observed was as busy as what was.
    pub earliest: Option<Date>,
    /// The same if days turn out calm. `None` if it may last, or where days were too few to tell.
    pub latest: Option<Date>,
    /// Whole days that it rests on.
    pub history_days: u32,
    /// Whether each weekday was given its own mean.
    pub by_weekday: bool,
}

/// A quota and how much of it is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuotaState {
    /// Its name.
    pub name: String,
    /// Whose bytes count.
    pub scope: QuotaScope,
    /// Which way. `None` counts both.
    pub direction: Option<Direction>,
    /// For how long.
    pub per: Per,
    /// Bytes that are allowed.
    pub limit_bytes: u64,
    /// First day.
    pub first_day: Date,
    /// Last day.
    pub last_day: Date,
    /// Bytes that were logged: at least so many were used.
    pub used_bytes: u64,
    /// They as a part of the limit; 1 is all of it.
    pub used_ratio: f64,
    /// Part of the time so far that was observed, from 0 to 1.
    pub coverage_ratio: f64,
    /// Thresholds that were crossed, lowest first.
    pub crossed: Vec<Crossing>,
    /// `None` if nothing is to come, or too little was observed to tell.
    pub projection: Option<Projection>,
}

impl QuotaState {
    /// The highest threshold that a report is the one to tell.
    pub fn news(&self) -> Option<Crossing> {
        self.crossed.iter().rev().find(|one| one.is_new).copied()
    }
}

impl Quota {
    /// The days of the allowance that a day belongs to.
    ///
    /// ```
    /// use analysis::{Per, Quota, QuotaScope};
    /// use jiff::civil::date;
    ///
    /// let quota = Quota {
    ///     name: "uplink".to_owned(),
    ///     bytes: 500_000_000_000,
    ///     per: Per::Month,
    ///     first_day: 31,
    ///     direction: None,
    ///     scope: QuotaScope::Total,
    /// };
    /// let month = quota.window(date(2026, 2, 28));
    /// assert_eq!((month.first, month.last), (date(2026, 2, 28), date(2026, 3, 30)));
    /// ```
    pub fn window(&self, day: Date) -> Period {
        if self.per == Per::Day {
            return Period::day(day);
        }
        billing_month(self.first_day, day)
    }

    /// How much of `window` is used. `days` end with the last one that has begun, go back as far as
    /// the projection shall look, at least to the window's first day, and leave none out; `ahead` is
    /// what is to come of the window. Thresholds crossed within `told` are new.
    pub fn state(
        &self,
        window: Period,
        told: Period,
        days: &[DayUse],
        ahead: &[DayAhead],
    ) -> QuotaState {
        let within = |day: &&DayUse| window.first <= day.day && day.day <= window.last;
        let used: Vec<&DayUse> = days.iter().filter(within).collect();
        let (used_bytes, crossed) = self.crossings(&used, told);
        let observed = sum(&used, |day| day.observed);
        let expected = sum(&used, |day| day.expected);
        let exhausted = crossed.iter().find(|one| one.percent == 100);
        let projection = self.project(used_bytes, days, ahead).map(|projection| {
            exhausted.map_or(projection, |crossing| Projection {
                exhausted_on: Some(crossing.day),
                earliest: Some(crossing.day),
                latest: Some(crossing.day),
                ..projection
            })
        });
        QuotaState {
            name: self.name.clone(),
            scope: self.scope.clone(),
            direction: self.direction,
            per: self.per,
            limit_bytes: self.bytes,
            first_day: window.first,
            last_day: window.last,
            used_bytes,
            used_ratio: ratio(used_bytes, self.bytes),
            coverage_ratio: ratio(observed, expected).min(1.0),
            crossed,
            projection,
        }
    }

    /// Bytes used, and the days that crossed a threshold.
    fn crossings(&self, used: &[&DayUse], told: Period) -> (u64, Vec<Crossing>) {
        let mut bytes = 0u64;
        let mut crossed: Vec<Crossing> = Vec::new();
        for day in used {
            bytes = bytes.saturating_add(day.bytes);
            let reached = |percent: u32| {
                u128::from(bytes) * 100 >= u128::from(self.bytes) * u128::from(percent)
            };
            for percent in &THRESHOLDS[crossed.len()..] {
                if !reached(*percent) {
                    break;
                }
                crossed.push(Crossing {
                    percent: *percent,
                    day: day.day,
                    is_new: told.first <= day.day && day.day <= told.last,
                });
            }
        }
        (bytes, crossed)
    }

    fn project(&self, used: u64, days: &[DayUse], ahead: &[DayAhead]) -> Option<Projection> {
        let first = days.iter().position(|day| day.observed > 0)?;
        let pace = Pace::of(&days[first..]).filter(|_| !ahead.is_empty())?;
        let (mut mean, mut length) = (used as f64, 0.0f64);
        let [mut exhausted_on, mut earliest, mut latest] = [None; 3];
        for day in ahead {
            mean += pace.rate(day.day) * day.seconds as f64;
            length += day.seconds as f64 / DAY;
            let spread = SIDE * pace.scatter.unwrap_or(0.0) * pace.widening(length);
            let busy = used as f64 + (mean - used as f64) * pace.uncovered + spread;
            for (reached, found) in [
                (mean, &mut exhausted_on),
                (busy, &mut earliest),
                (mean - spread, &mut latest),
            ] {
                if found.is_none() && reached >= self.bytes as f64 {
                    *found = Some(day.day);
                }
            }
        }
        Some(Projection {
            bytes: mean.round() as u64,
            exhausted_on,
            earliest,
            latest: latest.filter(|_| pace.scatter.is_some()),
            history_days: u32::try_from(pace.whole_days).unwrap_or(u32::MAX),
            by_weekday: pace.weekdays.is_some(),
        })
    }
}

/// How fast a quota is used: sample means of days, and their scatter.
struct Pace {
    /// Bytes per second of elapsed time.
    mean: f64,
    /// The same of each weekday, Monday first.
    weekdays: Option<[f64; 7]>,
    /// Standard deviation of a day's bytes around its mean. `None` if days were too few.
    scatter: Option<f64>,
    whole_days: usize,
    /// By how much more was used if all of the time was as busy as what was observed.
    uncovered: f64,
}

impl Pace {
    /// `None` if too little was observed.
    fn of(days: &[DayUse]) -> Option<Self> {
        let days: Vec<&DayUse> = days.iter().collect();
        let observed = sum(&days, |day| day.observed);
        if observed < LEAST_OBSERVED {
            return None;
        }
        let mean = ratio(sum(&days, |day| day.bytes), sum(&days, |day| day.elapsed));
        let whole: Vec<&DayUse> = days.iter().copied().filter(|day| day.is_over).collect();
        let weekdays = (whole.len() >= WEEKDAY_DAYS).then(|| {
            let mut sums = [(0u64, 0u64); 7];
            for day in &whole {
                let (bytes, seconds) = &mut sums[weekday(day.day)];
                *bytes = bytes.saturating_add(day.bytes);
                *seconds += day.elapsed;
            }
            sums.map(|(bytes, seconds)| ratio(bytes, seconds))
        });
        let mut pace = Pace {
            mean,
            weekdays,
            scatter: None,
            whole_days: whole.len(),
            uncovered: ratio(sum(&days, |day| day.expected), observed).max(1.0),
        };
        if whole.len() >= SCATTER_DAYS {
            let groups = if weekdays.is_some() { 7 } else { 1 };
            let squares = whole.iter().map(|day| {
                let expected = pace.rate(day.day) * day.elapsed as f64;
                (day.bytes as f64 - expected).powi(2)
            });
            pace.scatter = Some((squares.sum::<f64>() / (whole.len() - groups) as f64).sqrt());
        }
        Some(pace)
    }

    fn rate(&self, day: Date) -> f64 {
        self.weekdays
            .map_or(self.mean, |weekdays| weekdays[weekday(day)])
    }

    /// Standard deviations of one day that the sum of `length` days is off by: of each day to come,
    /// and of the mean itself, which rests on few days.
    fn widening(&self, length: f64) -> f64 {
        (length + length * length / self.whole_days.max(1) as f64).sqrt()
    }
}

fn sum(days: &[&DayUse], of: fn(&DayUse) -> u64) -> u64 {
    let values = days.iter().map(|day| of(day));
    values.fold(0, u64::saturating_add)
}

fn weekday(day: Date) -> usize {
    usize::from(day.weekday().to_monday_zero_offset().unsigned_abs())
}

fn ratio(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64,
    }
}

#[cfg(test)]
#[path = "quota/tests.rs"]
mod tests;
