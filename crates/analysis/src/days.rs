//! Hours put together to days.

use std::ops::Range;

use crate::{Direction, History, Series};

/// Seconds of an hour.
pub(crate) const HOUR: i64 = 3600;
/// Part of a day that has to be observed for the day to count as a value of its own.
pub(crate) const MIN_COVERAGE: f64 = 0.5;
/// Hours that are judged at most: two years. A clock gone mad makes more.
const MOST_HOURS: usize = 2 * 366 * 25;

/// A day of the local calendar.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Day {
    /// Days since 1970-01-01.
    pub number: i32,
    /// 0 is Monday.
    pub weekday: u8,
    /// Places of its hours in [`History::hours`].
    pub hours: Range<usize>,
    /// Seconds that were observed.
    pub observed: u64,
    /// Seconds that it has.
    pub expected: u64,
}

impl Day {
    /// Part of it that was observed, from 0 to 1.
    pub(crate) fn coverage(&self) -> f64 {
        match self.expected {
            0 => 0.0,
            expected => self.observed as f64 / expected as f64,
        }
    }

    /// Bytes of a series, as if the whole day had gone on like what was observed of it. `None` if
    /// less than half of it was.
    pub(crate) fn bytes(&self, series: &Series, direction: Direction) -> Option<f64> {
        let coverage = self.coverage();
        (coverage >= MIN_COVERAGE).then(|| {
            let bytes = series.bytes(direction).get(self.hours.clone());
            total(bytes.unwrap_or_default()) / coverage
        })
    }
}

/// A sum that cannot overflow.
pub(crate) fn total(bytes: &[u64]) -> f64 {
    bytes.iter().map(|&bytes| bytes as f64).sum()
}

impl History {
    /// Whether hours go forward and every series has a value for each of them. What a broken clock or
    /// a caller made otherwise is not judged.
    pub(crate) fn is_sound(&self) -> bool {
        self.hours.len() <= MOST_HOURS
            && self
                .hours
                .is_sorted_by(|one, next| one.start < next.start && one.day <= next.day)
            && (self.hours.iter()).all(|hour| hour.weekday < 7 && hour.hour < 24)
            && (self.series.iter()).all(|series| {
                series.up.len() == self.hours.len() && series.down.len() == self.hours.len()
            })
    }

    /// Its days, each with its hours, in order.
    pub(crate) fn days(&self) -> Vec<Day> {
        let mut days: Vec<Day> = Vec::new();
        for (place, hour) in self.hours.iter().enumerate() {
            let observed = u64::from(hour.observed.min(3600));
            match days.last_mut() {
                Some(day) if day.number == hour.day => {
                    day.hours.end = place + 1;
                    day.observed += observed;
                    day.expected += HOUR.unsigned_abs();
                }
                _ => days.push(Day {
                    number: hour.day,
                    weekday: hour.weekday,
                    hours: place..place + 1,
                    observed,
                    expected: HOUR.unsigned_abs(),
                }),
            }
        }
        days
    }

    /// When a remote was met first, if that was later than the first days of the history, in which all
    /// that usually comes has time to come.
    pub(crate) fn newcomer_since(&self, remote: &str, min_days: u32) -> Option<i64> {
        let known = |entry: &(String, i64)| entry.0.as_str().cmp(remote);
        let place = self.remotes_since.binary_search_by(known).ok()?;
        let since = self.remotes_since[place].1;
        let age = since - self.since?;
        (age >= i64::from(min_days) * 24 * HOUR).then_some(since)
    }

    /// Places of the hours in a stretch of time.
    pub(crate) fn hours_within(&self, seconds: &Range<i64>) -> Range<usize> {
        let at = |second| self.hours.partition_point(|hour| hour.start < second);
        at(seconds.start)..at(seconds.end).max(at(seconds.start))
    }
}

/// Days of which something was observed.
pub(crate) fn observed_days(days: &[Day]) -> u32 {
    let observed = days.iter().filter(|day| day.observed > 0).count();
    u32::try_from(observed).unwrap_or(u32::MAX)
}
