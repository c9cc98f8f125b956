//! Transfers that recur: the same process and peer, near the same time of the day, of similar size.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF as _};

use crate::days::{Day, HOUR};
use crate::finding::FindingDraft;
use crate::robust::median;
use crate::words;
use crate::{Finding, FindingKind, History, Severity, Subject, Talks, Thresholds};

display::dated!(last_start: i64, read);

/// Seconds without traffic within which a transfer goes on.
const PAUSE: i64 = 900;
/// Seconds about the usual time of the day within which a transfer is the same.
const NEAR: i64 = 1800;
/// Seconds about it that tell how many are met by chance.
const ABOUT: i64 = 4 * HOUR;
/// How many times as large as the usual, or the usual as it, a transfer of similar size may be.
const SIMILAR: f64 = 2.0;
/// Probability that chance makes as many days alike, at most.
const CHANCE: f64 = 0.0001;
/// Part of the days looked at on which a transfer has to be met: four of seven.
const LEAST_PART: f64 = 4.0 / 7.0;
/// Part of a day that has to be observed for its transfers to be missed.
const LEAST_COVERAGE: f64 = 0.5;
/// Recurring transfers that are told at most.
const MOST: usize = 50;
/// Transfers with a peer that are looked at: the largest. Of more, none is at a time of its own.
const MOST_TRANSFERS: usize = 500;
/// Seconds of a day.
const DAY: i64 = 24 * HOUR;

/// Days that recurring transfers are looked for in at least: a week.
const WEEK: i64 = 7;

/// A transfer that recurs at a time of the day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recurring {
    /// The process most of the bytes belong to. `None` if none is known.
    pub process: Option<String>,
    /// The peer's address or host name.
    pub remote: String,
    /// The usual time of its start: seconds of the local day by the clock, from 0 to 86,399.
    pub time_of_day: u32,
    /// Seconds about it within which half of the days lie.
    pub time_deviation: u32,
    /// Usual bytes of both directions.
    pub bytes: u64,
    /// Usual seconds that it takes.
    pub seconds: u32,
    /// Days on which it was met.
    pub days_met: u32,
    /// Days that were looked at: those of which half was observed.
    pub days_looked: u32,
    /// Its first second of the last time, since 1970.
    #[serde(flatten, with = "last_start")]
    pub last_start: i64,
}

/// A transfer of a day.
#[derive(Clone, Copy, Debug)]
struct Transfer {
    /// Local day.
    day: i32,
    /// Seconds of the local day.
    time: i64,
    start: i64,
    end: i64,
    bytes: u64,
}

/// The stretch of which [`History::talks`] have to be given to judge another: a week at least.
pub fn talks_needed(judged: &Range<i64>) -> Range<i64> {
    let week = judged.end.saturating_sub(WEEK * 24 * HOUR);
    week.min(judged.start)..judged.end
}

/// Finds transfers that recur in a stretch of time and at least in the week up to its end.
pub(super) fn recurring(
    history: &History,
    judged: &Range<i64>,
    days: &[Day],
    thresholds: &Thresholds,
) -> Vec<Recurring> {
    let seconds = talks_needed(judged);
    let within = history.hours_within(&seconds);
    let looked: Vec<i32> = (days.iter())
        .filter(|day| day.hours.end > within.start && day.coverage() >= LEAST_COVERAGE)
        .map(|day| day.number)
        .collect();
    let least = (looked.len() as f64 * LEAST_PART).ceil() as usize;
    let least = least.max(thresholds.min_recurring_days as usize);
    if looked.len() < least {
        return Vec::new();
    }
    let mut groups: BTreeMap<(Option<&str>, &str), Vec<&Talks>> = BTreeMap::new();
    for talks in &history.talks {
        let key = (talks.process.as_deref(), talks.remote.as_str());
        groups.entry(key).or_default().push(talks);
    }
    let mut found = Vec::new();
    for ((process, remote), talks) in groups {
        let mut transfers = transfers(history, &talks, &seconds);
        transfers
            .retain(|one| one.bytes >= thresholds.min_recurring_bytes && looked.contains(&one.day));
        transfers.sort_by_key(|one| std::cmp::Reverse(one.bytes));
        transfers.truncate(MOST_TRANSFERS);
        while let Some((mut one, same)) = most_alike(&transfers, looked.len(), least) {
            one.process = process.map(str::to_owned);
            one.remote = remote.to_owned();
            found.push(one);
            let is_same = |other: &Transfer| same.iter().any(|one| one.start == other.start);
            transfers.retain(|one| !is_same(one));
        }
    }
    found.sort_by(|one, other| {
        let order = other.bytes.cmp(&one.bytes);
        order.then_with(|| (&one.remote, one.time_of_day).cmp(&(&other.remote, other.time_of_day)))
    });
    found.truncate(MOST);
    found
}

/// Talks with one peer put together to transfers, which short pauses do not end.
fn transfers(history: &History, talks: &[&Talks], seconds: &Range<i64>) -> Vec<Transfer> {
    let mut all: Vec<(i64, i64, u64)> = (talks.iter())
        .flat_map(|talks| {
            let ends = talks.ends.iter().copied();
            let starts = talks.starts.iter().copied();
            starts.zip(ends).zip(talks.bytes.iter().copied())
        })
        .map(|((start, end), bytes)| (start, end.max(start), bytes))
        .filter(|(start, _, _)| seconds.contains(start))
        .collect();
    all.sort_unstable();
    let mut found: Vec<Transfer> = Vec::new();
    for (start, end, bytes) in all {
        match found.last_mut() {
            Some(last) if start <= last.end.saturating_add(PAUSE) => {
                last.end = last.end.max(end);
                last.bytes = last.bytes.saturating_add(bytes);
            }
            _ => {
                let place = history.hours.partition_point(|hour| hour.start <= start);
                let Some(hour) = place.checked_sub(1).map(|place| &history.hours[place]) else {
                    continue;
                };
                found.push(Transfer {
                    day: hour.day,
                    time: i64::from(hour.hour) * HOUR + (start - hour.start).min(HOUR - 1),
                    start,
                    end,
                    bytes,
                });
            }
        }
    }
    found
}

/// The transfers that are alike on most days, and more alike than chance makes them.
fn most_alike(
    transfers: &[Transfer],
    looked: usize,
    least: usize,
) -> Option<(Recurring, Vec<Transfer>)> {
    let is_similar = |one: &Transfer, other: &Transfer| {
        let (less, more) = (one.bytes.min(other.bytes), one.bytes.max(other.bytes));
        more as f64 <= (less as f64).max(1.0) * SIMILAR
    };
    let best = (transfers.iter())
        .map(|one| {
            let mut alike: Vec<Transfer> = (transfers.iter())
                .filter(|other| apart(one.time, other.time) <= NEAR && is_similar(one, other))
                .copied()
                .collect();
            // One a day, the nearest; a day begins half a day before the time looked at.
            let day = |other: &Transfer| {
                (other
                    .start
                    .saturating_sub(one.start)
                    .saturating_add(DAY / 2))
                .div_euclid(DAY)
            };
            alike.sort_by_key(|other| (day(other), apart(one.time, other.time)));
            alike.dedup_by_key(|other| day(other));
            (one, alike)
        })
        .max_by_key(|(one, alike)| {
            let away: i64 = alike.iter().map(|other| apart(one.time, other.time)).sum();
            (alike.len(), std::cmp::Reverse(away))
        });
    let (centre, alike) = best?;
    if alike.len() < least {
        return None;
    }
    // How many of similar size would fall near this time if it were no better than the hours about it:
    // one at least, so that a single coincidence proves nothing.
    let around = (transfers.iter())
        .filter(|other| (NEAR + 1..=ABOUT).contains(&apart(centre.time, other.time)))
        .filter(|other| is_similar(centre, other))
        .count();
    let hours = 2 * (ABOUT - NEAR) / HOUR;
    let an_hour = around.max(1) as f64 / (looked as f64 * hours as f64);
    let chance = 1.0 - (-an_hour * (2 * NEAR / HOUR) as f64).exp();
    let days = Binomial::new(chance, looked as u64).ok()?;
    // Each transfer was tried as the centre.
    if days.sf(alike.len() as u64 - 1) * transfers.len() as f64 > CHANCE {
        return None;
    }
    let usual = |of: &dyn Fn(&Transfer) -> f64| {
        median(&mut alike.iter().map(of).collect::<Vec<_>>()).unwrap_or(0.0)
    };
    // Times on both sides of midnight are near each other.
    let offset = usual(&|one| signed(one.time - centre.time) as f64);
    let away = usual(&|one| (signed(one.time - centre.time) as f64 - offset).abs());
    let recurring = Recurring {
        process: None,
        remote: String::new(),
        time_of_day: (centre.time + offset as i64).rem_euclid(DAY) as u32,
        time_deviation: away as u32,
        bytes: usual(&|one| one.bytes as f64) as u64,
        seconds: usual(&|one| (one.end.saturating_sub(one.start) as f64) + 1.0) as u32,
        days_met: u32::try_from(alike.len()).unwrap_or(u32::MAX),
        days_looked: u32::try_from(looked).unwrap_or(u32::MAX),
        last_start: alike.iter().map(|one| one.start).max()?,
    };
    Some((recurring, alike))
}

/// Seconds between two times of the day, the shorter way.
fn apart(one: i64, other: i64) -> i64 {
    signed(one - other).abs()
}

/// A difference of two times of the day, from minus to plus half a day.
fn signed(difference: i64) -> i64 {
    (difference + DAY / 2).rem_euclid(DAY) - DAY / 2
}

impl Recurring {
    /// The finding of one of all that were found.
    pub(super) fn finding(&self, history: &History, all: &[Recurring], days: u32) -> Finding {
        let subject = Subject::Remote(self.remote.clone());
        let end = self.last_start.saturating_add(i64::from(self.seconds));
        let mut draft = FindingDraft::new(
            FindingKind::Recurring,
            Severity::Info,
            &subject,
            self.last_start..end,
        );
        draft.method = "transfers of similar size near the same time of day".to_owned();
        draft.observed = Some(self.bytes as f64);
        draft.history_days = days;
        let who = self.process.as_deref().unwrap_or("An unknown process");
        let (hour, minute) = (self.time_of_day / 3600, self.time_of_day % 3600 / 60);
        draft.summary = format!(
            "{who} moves about {} with {} near {hour:02}:{minute:02}",
            display::approximate_bytes(self.bytes as f64),
            self.remote
        );
        draft.detail = format!("on {} of {} days", self.days_met, self.days_looked);
        draft.reasons.push(format!(
            "Half of the days begin within {} of that time; it takes about {}.",
            words::duration(f64::from(self.time_deviation)),
            words::duration(f64::from(self.seconds))
        ));
        draft.named(&history.host, self.moment(all))
    }

    /// What tells it from others with its peer. The same transfer is the same finding tomorrow: its
    /// process and its part of the day name it. Of several in a part of the day the half hour does, and
    /// how many smaller ones share it, so that nobody mutes the one with the other.
    fn moment(&self, all: &[Recurring]) -> i64 {
        let who = self.process.as_deref().unwrap_or("An unknown process");
        let part = |one: &Recurring| i64::from(one.time_of_day) / (3 * HOUR);
        let half = |one: &Recurring| i64::from(one.time_of_day) / NEAR;
        let beside: Vec<&Recurring> = (all.iter())
            .filter(|one| (&one.process, &one.remote) == (&self.process, &self.remote))
            .filter(|one| part(one) == part(self))
            .collect();
        if beside.len() <= 1 {
            let process = twox_hash::XxHash3_64::oneshot(who.as_bytes()) >> 8;
            return process as i64 * 8 + part(self);
        }
        let key = |one: &Recurring| (one.bytes, one.time_of_day, one.last_start);
        let smaller = (beside.iter())
            .filter(|one| half(one) == half(self) && key(one) < key(self))
            .count();
        let text = format!("{who}\0{}\0{smaller}", half(self));
        twox_hash::XxHash3_64::oneshot(text.as_bytes()) as i64
    }
}
