//! What is looked at, and the unusual hours that are found in it.

use std::ops::Range;

use super::baseline::{Baseline, Baselines};
use crate::days::Day;
use crate::{Direction, Expected, History, Thresholds};

/// What is looked at.
pub(super) struct Scene<'s, 'a> {
    pub history: &'a History,
    pub day: &'a Day,
    pub past_days: u32,
    pub baselines: &'s Baselines<'a>,
    pub thresholds: &'a Thresholds,
}

impl<'s, 'a> Scene<'s, 'a> {
    pub(super) fn baseline(&self, series: usize, direction: Direction) -> &'s Baseline<'a> {
        self.baselines.of(series, direction)
    }

    /// Whether the history is shorter than the settings ask for.
    pub(super) fn is_learning(&self) -> bool {
        self.past_days < self.thresholds.min_history_days
    }

    /// The second after an hour.
    pub(super) fn end(&self, hours: &Range<usize>) -> i64 {
        self.history.hours[hours.end - 1].start + crate::days::HOUR
    }
}

/// Unusual hours of a series one after another.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub series: usize,
    pub direction: Direction,
    /// From the first unusual hour to the last.
    pub hours: Range<usize>,
    /// How many of them are unusual.
    pub unusual: usize,
    /// Bytes of the unusual hours.
    pub observed: f64,
    pub expected: Expected,
    /// Bytes beyond the usual; less than zero where they are missing.
    pub excess: f64,
    pub score: f64,
    /// Whether an hour of it is beyond all that is usual at any hour.
    pub is_beyond: bool,
}
