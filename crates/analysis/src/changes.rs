//! What changed against a usual day: the processes that moved more or less than on the same weekdays before.

use std::ops::Range;

use crate::days::{Day, total};
use crate::robust::median;
use crate::{Direction, History, Subject, Thresholds};

/// Days that tell what is usual, and how many of the same weekday there are at least; else all days tell.
const DAYS: usize = 28;
const LEAST_SAME: usize = 3;
/// Days of history without which nothing is usual.
const LEAST_DAYS: usize = 3;
/// Changes that are given.
const MOST: usize = 5;
/// Part of the usual that a change is at least.
const LEAST_PART: f64 = 0.2;

/// A process that moved more or less than usual.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The process.
    pub process: String,
    /// Which way.
    pub direction: Direction,
    /// Bytes a day now.
    pub now: f64,
    /// Bytes of a usual day.
    pub usual: f64,
}

impl Change {
    /// Bytes a day more, or fewer.
    pub fn change(&self) -> f64 {
        self.now - self.usual
    }
}

/// The largest changes of a stretch of time against usual days, the largest first.
pub fn changes(history: &History, judged: &Range<i64>, thresholds: &Thresholds) -> Vec<Change> {
    if !history.is_sound() {
        return Vec::new();
    }
    let days = history.days();
    let within = history.hours_within(judged);
    let is_judged = |day: &&Day| day.hours.start < within.end && day.hours.end > within.start;
    let now: Vec<&Day> = days.iter().filter(is_judged).collect();
    let before: Vec<&Day> = days
        .iter()
        .filter(|day| day.hours.end <= within.start)
        .collect();
    let before = &before[before.len().saturating_sub(DAYS)..];
    if before.len() < LEAST_DAYS {
        return Vec::new();
    }
    let mut found = Vec::new();
    for series in &history.series {
        let Subject::Process(process) = &series.subject else {
            continue;
        };
        for direction in Direction::ALL {
            let bytes = |day: &&&Day| day.bytes(series, direction);
            let usual = |weekday: u8| {
                let same: Vec<f64> = (before.iter())
                    .filter(|day| day.weekday == weekday)
                    .filter_map(|day| bytes(&day))
                    .collect();
                let mut values = if same.len() >= LEAST_SAME {
                    same
                } else {
                    before.iter().filter_map(|day| bytes(&day)).collect()
                };
                median(&mut values)
            };
            // Days that are not over, or were hardly observed, cannot be compared.
            let pairs: Vec<(f64, f64)> = (now.iter())
                .filter(|day| day.coverage() > 0.5)
                .filter_map(|day| {
                    let moved = total(&series.bytes(direction)[day.hours.clone()]);
                    Some((moved / day.coverage(), usual(day.weekday)?))
                })
                .collect();
            let count = pairs.len() as f64;
            let change = Change {
                process: process.clone(),
                direction,
                now: pairs.iter().map(|pair| pair.0).sum::<f64>() / count,
                usual: pairs.iter().map(|pair| pair.1).sum::<f64>() / count,
            };
            let least = (thresholds.min_bytes as f64).max(change.usual * LEAST_PART);
            if count > 0.0 && change.change().abs() >= least {
                found.push(change);
            }
        }
    }
    found.sort_by(|one, other| other.change().abs().total_cmp(&one.change().abs()));
    // Acknowledgements of a large transfer are no news of their own.
    let mut named: Vec<Change> = Vec::new();
    for one in found {
        if !named.iter().any(|known| known.process == one.process) && named.len() < MOST {
            named.push(one);
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Hour, Series};

    const DAY: u64 = 86_400;

    /// Weeks in which two processes do the same each day; on the last one sends more and one nothing.
    fn history(days: usize) -> History {
        let hours = (0..days * 24).map(|hour| Hour {
            start: hour as i64 * 3600,
            observed: 3600,
            day: (hour / 24) as i32,
            weekday: (hour / 24 % 7) as u8,
            hour: (hour % 24) as u8,
        });
        let series = |name: &str, last: u64| Series {
            subject: Subject::Process(name.to_owned()),
            up: (0..days * 24)
                .map(|hour| {
                    if hour / 24 + 1 == days {
                        last
                    } else {
                        DAY * 100
                    }
                })
                .collect(),
            down: vec![0; days * 24],
        };
        History {
            hours: hours.collect(),
            series: vec![
                series("rsync", DAY * 1_000),
                series("nginx", 0),
                series("cron", DAY * 101),
            ],
            ..History::default()
        }
    }

    #[test]
    fn who_moved_more_and_who_moved_less_is_named() {
        for days in [4, 10, 40] {
            let history = history(days);
            let last = (days as i64 - 1) * 86_400;
            let found = changes(&history, &(last..last + 86_400), &Thresholds::default());
            let names: Vec<(&str, f64)> = (found.iter())
                .map(|one| (one.process.as_str(), one.change()))
                .collect();
            let (more, less) = ((DAY * 24 * 900) as f64, (DAY * 24 * 100) as f64);
            assert_eq!(names, [("rsync", more), ("nginx", -less)], "{days}");
        }
        let short = history(3);
        assert_eq!(
            changes(&short, &(2 * 86_400..3 * 86_400), &Thresholds::default()),
            []
        );
    }
}
