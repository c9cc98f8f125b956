//! When each entry of a report's lists was busy: a second pass over its rows, so that series are
//! kept of the few entries that are listed and not of all that might have been.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use traffic::{RowView, Table, Volume};

use crate::{Report, UNKNOWN};

/// Steps of a series.
const STEPS: usize = 48;

type Places = HashMap<String, usize, FixedState>;

/// Bytes of each listed process and remote, in equal parts of the period.
pub struct Traces {
    start: i64,
    seconds: i64,
    include_loopback: bool,
    places: [Places; 2],
    lists: [Vec<Vec<Volume>>; 2],
}

/// Which list of a report a series belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Processes,
    Remotes,
}

impl Traces {
    /// Empty series for the entries of the report's lists.
    pub fn new(report: &Report, include_loopback: bool) -> Self {
        fn places<'a>(names: impl Iterator<Item = &'a String>) -> Places {
            names.cloned().zip(0..).collect()
        }
        let places = [
            places(report.top_processes.iter().map(|entry| &entry.name)),
            places(report.top_remotes.iter().map(|entry| &entry.address)),
        ];
        let (start, end) = (
            report.period.start.as_second(),
            report.period.end.as_second(),
        );
        Traces {
            start,
            seconds: end.saturating_sub(start).max(1),
            include_loopback,
            lists: (places.each_ref()).map(|places| vec![vec![Volume::ZERO; STEPS]; places.len()]),
            places,
        }
    }

    /// Adds a stored row, one of those that the report was made from.
    pub fn row(&mut self, row: &RowView<'_>) {
        let counts = match row.table {
            Table::Traffic => true,
            Table::Loopback => self.include_loopback,
            Table::Apart | Table::Peers => false,
        };
        let at = row.bucket.saturating_sub(self.start);
        if !counts || !(0..self.seconds).contains(&at) {
            return;
        }
        let step = i128::from(at) * STEPS as i128 / i128::from(self.seconds);
        let step = usize::try_from(step).unwrap_or(0).min(STEPS - 1);
        let names = [Some(row.process.unwrap_or(UNKNOWN)), row.remote];
        for (list, name) in names.into_iter().enumerate() {
            if let Some(&entry) = name.and_then(|name| self.places[list].get(name)) {
                self.lists[list][entry][step].add(row.volume);
            }
        }
    }

    /// The first second of a step and the second after its last.
    pub(crate) fn seconds_of(&self, step: usize) -> (i64, i64) {
        let at = |step: usize| self.start + self.seconds * step as i64 / STEPS as i64;
        (at(step), at(step + 1))
    }

    /// The series of an entry.
    pub(crate) fn of(&self, list: List, entry: usize) -> &[Volume] {
        self.lists[list as usize]
            .get(entry)
            .map_or(&[], Vec::as_slice)
    }
}
