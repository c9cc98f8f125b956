//! Days of the history that are over become one file of each kind.

use serde::Serialize;
use settings::Settings;
use store::{Compacted, LooseDay, Store};
use tracing::{debug, warn};
use traffic::UtcDay;

use crate::error::Result;
use crate::progress::Progress;
use crate::summary::Unreadable;

/// Days of hosts that a run compacts besides its other work.
const MOST_DAYS: usize = 1_000;
/// Rows that a run writes again besides its other work.
const MOST_ROWS: u64 = 3_000_000;

/// Days of hosts that are one transaction.
const DAYS_TOGETHER: usize = 32;
/// Rows from which on no further day joins a transaction.
const ROWS_TOGETHER: u64 = 500_000;

/// What a compaction did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CompactSummary {
    /// Days of hosts that were compacted.
    pub days: u64,
    /// Files that were replaced.
    pub replaced_files: u64,
    /// Files that took their place.
    pub written_files: u64,
    /// Days of hosts that are left for later runs.
    pub remaining_days: u64,
    /// Days that could not be compacted, and why: they stay as they are.
    pub failed: Vec<Unreadable>,
}

/// Compacts as much as a run may do besides its other work: days that have been over for
/// `store.compact_after`, and those with many files, the oldest first.
///
/// # Errors
/// If the store cannot be written, or a signal asks to stop. A damaged file is no error: its day stays as it is.
pub fn compact_some(store: &mut Store, settings: &Settings, now: i64) -> Result<CompactSummary> {
    let Some(days) = settings.store.compact_after else {
        return Ok(CompactSummary::default());
    };
    let today = UtcDay::of(now).number();
    let mut due = store.loose_days(Some(today - i64::from(days)))?;
    let mut rows = 0u64;
    let fits = |day: &&LooseDay| {
        let is_first = rows == 0;
        rows = rows.saturating_add(day.rows.max(1));
        is_first || rows <= MOST_ROWS
    };
    let some = due.iter().take(MOST_DAYS).take_while(fits).count();
    let later = due.split_off(some);
    let mut summary = compact(store, &due, &crate::progress::Unwatched)?;
    summary.remaining_days = later.len() as u64;
    if summary.days > 0 {
        debug!(
            "{} days compacted: {} files instead of {}",
            summary.days, summary.written_files, summary.replaced_files
        );
    }
    Ok(summary)
}

/// Compacts all days that are over.
///
/// # Errors
/// As [`compact_some`].
pub fn compact_all(store: &mut Store, now: i64, progress: &dyn Progress) -> Result<CompactSummary> {
    let days = store.loose_days(Some(UtcDay::of(now).number()))?;
    compact(store, &days, progress)
}

fn compact(
    store: &mut Store,
    days: &[LooseDay],
    progress: &dyn Progress,
) -> Result<CompactSummary> {
    let mut summary = CompactSummary::default();
    progress.expect(days.len() as u64);
    let mut rest = days;
    while !rest.is_empty() {
        files::check_interrupted()?;
        let (together, later) = rest.split_at(how_many_together(rest));
        match store.compact_days(together.iter().map(|day| (day.host.as_str(), day.day))) {
            Ok(done) => summary.add(together.len(), done),
            // One of them stays as it is, the others need not.
            Err(error) if error.is_damaged_file() => {
                for day in together {
                    compact_alone(store, day, &mut summary)?;
                }
            }
            Err(error) => return Err(error.into()),
        }
        progress.advance(together.len() as u64);
        rest = later;
    }
    if summary.days > 0 {
        store.shrink_catalog()?;
    }
    progress.finish();
    Ok(summary)
}

/// How many of the first days are compacted in one transaction: at least one.
fn how_many_together(days: &[LooseDay]) -> usize {
    let mut rows = 0u64;
    let fits = |day: &&LooseDay| {
        let fits = rows < ROWS_TOGETHER;
        rows = rows.saturating_add(day.rows);
        fits
    };
    days.iter().take(DAYS_TOGETHER).take_while(fits).count()
}

fn compact_alone(store: &mut Store, day: &LooseDay, summary: &mut CompactSummary) -> Result<()> {
    match store.compact(&day.host, day.day) {
        Ok(done) => summary.add(1, done),
        Err(error) if error.is_damaged_file() => {
            let path = format!(
                "{} of {}",
                UtcDay::from_number(day.day),
                display::printable(&day.host)
            );
            warn!("{path} is not compacted: {error}");
            let reason = error.to_string();
            summary.failed.push(Unreadable { path, reason });
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

impl CompactSummary {
    fn add(&mut self, days: usize, done: Compacted) {
        self.days += days as u64;
        self.replaced_files += done.replaced;
        self.written_files += done.written;
    }
}

#[cfg(test)]
mod tests;
