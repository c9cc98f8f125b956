//! Where volumes are going: slope, movers, and what the month will come to.

mod forecast;
mod kendall;

use std::ops::Range;

use display::approximate_bytes as bytes;
use serde::{Deserialize, Serialize};

pub use forecast::{Forecast, Month};
pub use kendall::Slope;

use crate::days::{Day, observed_days, total};
use crate::finding::FindingDraft;
use crate::percentile::{Percentile, percentile};

use crate::words;
use crate::{Direction, Finding, FindingKind, History, Series, Severity, Subject, Thresholds};

/// Days that a trend looks back.
const LOOK_BACK: usize = 90;
/// Movers that are listed, each way.
const MOVERS: usize = 10;

/// Where volumes are going.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrendReport {
    /// Why there is nothing to tell. `None` if there is.
    pub silent_because: Option<String>,
    /// Days of which something was observed.
    pub history_days: u32,
    /// Bytes a day of the whole host, and how they change; the same of the largest processes, peers
    /// and ports.
    pub lines: Vec<TrendLine>,
    /// Who gained most bytes against the days before.
    pub gained: Vec<Mover>,
    /// Who lost most.
    pub lost: Vec<Mover>,
    /// What the billing month will come to, sent and received.
    pub forecasts: Vec<Forecast>,
    /// The 95th percentile of the month's five minutes, sent and received.
    pub percentiles: Vec<Percentile>,
    /// Trends that are worth telling.
    pub findings: Vec<Finding>,
}

/// Bytes a day of one subject and direction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrendLine {
    /// Whose.
    pub subject: Subject,
    /// Which way.
    pub direction: Direction,
    /// Each day, in order; `None` if less than half of it was observed. What was observed in part
    /// is scaled up.
    pub days: Vec<DayVolume>,
    /// The slope. `None` if there are too few days.
    pub slope: Option<Slope>,
}

/// Bytes of a day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DayVolume {
    /// Days of the local calendar since 1970-01-01.
    pub day: i32,
    /// Bytes. `None` if less than half of the day was observed.
    pub bytes: Option<f64>,
    /// Part of the day that was observed, from 0 to 1.
    pub coverage: f64,
}

/// Who moves another volume than before, both directions together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mover {
    /// Who.
    pub subject: Subject,
    /// Bytes a day in the days judged.
    pub now: f64,
    /// Bytes a day in as many days right before.
    pub before: f64,
    /// Bytes a day of the same weekdays in the four weeks before. `None` if there are none.
    pub usual: Option<f64>,
}

impl Mover {
    /// Bytes a day gained.
    pub fn change(&self) -> f64 {
        self.now - self.before
    }
}

/// Judges where volumes are going, with the days up to the end of a stretch of time. Slopes are told
/// of the last 90 days, movers of the stretch itself.
///
/// Slopes are medians of pairwise slopes (Theil 1950, Sen 1968) with Sen's 95 % interval; whether they
/// are an accident tells the test of Mann (1945) and Kendall (1975), with ties. From three weeks on,
/// only the same weekdays are compared (Hirsch, Slack and Smith 1982), so that the shape of the week
/// is no trend.
pub fn trend(
    history: &History,
    judged: Range<i64>,
    month: Option<&Month>,
    thresholds: &Thresholds,
) -> TrendReport {
    let mut report = TrendReport::default();
    if !history.is_sound() {
        report.silent_because = Some(words::UNSOUND.to_owned());
        return report;
    }
    let until = history.hours_within(&judged).end;
    let mut days = history.days();
    days.retain(|day| day.hours.end <= until);
    report.history_days = observed_days(&days);
    report.percentiles = month.map_or_else(Vec::new, |month| {
        let expected = (judged.end.min(month.end) - month.start)
            .max(0)
            .unsigned_abs()
            / 300;
        let sums: Vec<_> = (history.five_minutes.iter().copied())
            .filter(|sum| (month.start..month.end).contains(&sum.start))
            .collect();
        let of = |way| percentile(&sums, way, expected, thresholds.committed_bps);
        Direction::ALL.map(of).to_vec()
    });
    if let (Some(month), Some(total)) = (month, history.total()) {
        let of = |way| forecast::forecast(history, &days, total, way, month, judged.end);
        report.forecasts = Direction::ALL.into_iter().filter_map(of).collect();
    }
    if report.history_days < thresholds.min_history_days {
        report.silent_because = Some(words::too_little(
            report.history_days,
            thresholds.min_history_days,
        ));
    }
    let recent = &days[days.len().saturating_sub(LOOK_BACK)..];
    for series in &history.series {
        for direction in Direction::ALL {
            let line = line(recent, series, direction, thresholds);
            report.findings.extend(finding(history, &line, thresholds));
            report.lines.push(line);
        }
    }
    let (gained, lost) = movers(history, &days, &judged);
    (report.gained, report.lost) = (gained, lost);
    report
}

fn line(days: &[Day], series: &Series, direction: Direction, thresholds: &Thresholds) -> TrendLine {
    let days: Vec<(DayVolume, u8)> = days
        .iter()
        .map(|day| {
            let volume = DayVolume {
                day: day.number,
                bytes: day.bytes(series, direction),
                coverage: day.coverage(),
            };
            (volume, day.weekday)
        })
        .collect();
    let points: Vec<kendall::Point> = days
        .iter()
        .filter_map(|(day, weekday)| {
            day.bytes.map(|bytes| kendall::Point {
                at: f64::from(day.day),
                season: *weekday,
                value: bytes,
            })
        })
        .collect();
    let is_enough = points.len() >= thresholds.min_history_days.max(4) as usize;
    TrendLine {
        subject: series.subject.clone(),
        direction,
        slope: is_enough.then(|| kendall::slope(&points)).flatten(),
        days: days.into_iter().map(|(day, _)| day).collect(),
    }
}

/// A trend of the whole host or of a large part of it that is no accident and not small.
fn finding(history: &History, line: &TrendLine, thresholds: &Thresholds) -> Option<Finding> {
    let slope = line.slope?;
    let per_week = slope.percent_per_week? / 100.0;
    let is_told = slope.p <= thresholds.max_p
        && per_week.abs() >= thresholds.min_trend
        && (slope.per_day * 7.0).abs() >= thresholds.min_bytes as f64
        && line.subject == Subject::Total;
    if !is_told {
        return None;
    }
    let observed: Vec<&DayVolume> = line.days.iter().filter(|day| day.bytes.is_some()).collect();
    let (first, last) = (observed.first()?, observed.last()?);
    let start = history
        .hours
        .iter()
        .find(|hour| hour.day == first.day)?
        .start;
    let end = history
        .hours
        .iter()
        .rfind(|hour| hour.day == last.day)?
        .start
        + 3600;
    let grows = if slope.per_day > 0.0 {
        "grows"
    } else {
        "shrinks"
    };
    let mut draft = FindingDraft::new(
        FindingKind::Trend,
        Severity::Info,
        &line.subject,
        start..end,
    );
    draft.direction = Some(line.direction);
    draft.method = "Theil–Sen slope with Mann–Kendall's test, same weekdays".to_owned();
    draft.observed = Some(slope.per_day);
    draft.expected = Some(crate::Expected {
        low: slope.low,
        middle: slope.per_day,
        high: slope.high,
    });
    draft.unit = "bytes/day".to_owned();
    draft.history_days = u32::try_from(observed.len()).unwrap_or(u32::MAX);
    draft.summary = format!(
        "What {} {} {grows} by {:.0} % a week",
        words::who(&line.subject),
        words::verb(line.direction),
        (per_week * 100.0).abs()
    );
    draft.detail = format!(
        "{} {} each day ({} to {}; p = {:.4})",
        bytes(slope.per_day.abs()),
        if slope.per_day < 0.0 { "less" } else { "more" },
        words::signed(slope.low),
        words::signed(slope.high),
        slope.p
    );
    // A trend is the same one tomorrow: its sign names it, not its first day.
    let name = if slope.per_day > 0.0 { 1 } else { -1 };
    Some(draft.named(&history.host, name))
}

fn movers(history: &History, days: &[Day], judged: &Range<i64>) -> (Vec<Mover>, Vec<Mover>) {
    let within = history.hours_within(judged);
    let now: Vec<&Day> = days
        .iter()
        .filter(|day| day.hours.start >= within.start && day.hours.end <= within.end)
        .collect();
    let first = days.len() - now.len().min(days.len());
    let before: Vec<&Day> = days[first.saturating_sub(now.len())..first]
        .iter()
        .collect();
    let weekdays: Vec<u8> = now.iter().map(|day| day.weekday).collect();
    let usual: Vec<&Day> = days[first.saturating_sub(28)..first]
        .iter()
        .filter(|day| weekdays.contains(&day.weekday))
        .collect();
    let mut movers: Vec<Mover> = (history.series.iter())
        .filter(|series| series.subject != Subject::Total)
        .filter_map(|series| {
            Some(Mover {
                subject: series.subject.clone(),
                now: a_day(series, &now)?,
                before: a_day(series, &before)?,
                usual: a_day(series, &usual),
            })
        })
        .filter(|mover| mover.change() != 0.0)
        .collect();
    movers.sort_by(|one, other| {
        let order = other.change().total_cmp(&one.change());
        order.then_with(|| one.subject.cmp(&other.subject))
    });
    let lost = (movers.iter().rev())
        .filter(|mover| mover.change() < 0.0)
        .take(MOVERS)
        .cloned()
        .collect();
    movers.retain(|mover| mover.change() > 0.0);
    movers.truncate(MOVERS);
    (movers, lost)
}

/// Bytes a day of both directions over the observed part of some days. `None` if nothing of them
/// was observed.
fn a_day(series: &Series, days: &[&Day]) -> Option<f64> {
    let observed: u64 = days.iter().map(|day| day.observed).sum();
    let moved: f64 = days
        .iter()
        .flat_map(|day| Direction::ALL.map(|way| total(&series.bytes(way)[day.hours.clone()])))
        .sum();
    (observed > 0).then(|| moved / observed as f64 * 86_400.0)
}

#[cfg(test)]
#[path = "trend/tests.rs"]
mod tests;
