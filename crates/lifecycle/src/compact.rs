//! Days of the history that are over become one file of each kind.

use serde::Serialize;
use settings::Settings;
use store::{LooseDay, Store};
use tracing::{debug, warn};
use traffic::UtcDay;

use crate::error::Result;
use crate::progress::Progress;
use crate::summary::Unreadable;

/// Days that a run compacts besides its other work.
const MOST_DAYS: usize = 100;
/// Rows that a run writes again besides its other work.
const MOST_ROWS: u64 = 3_000_000;

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
    for LooseDay { day, host, .. } in days {
        files::check_interrupted()?;
        match store.compact(host, *day) {
            Ok(done) => {
                summary.days += 1;
                summary.replaced_files += done.replaced;
                summary.written_files += done.written;
            }
            Err(error) if error.is_damaged_file() => {
                let path = format!(
                    "{} of {}",
                    UtcDay::from_number(*day),
                    display::printable(host)
                );
                warn!("{path} is not compacted: {error}");
                summary.failed.push(Unreadable {
                    path,
                    reason: error.to_string(),
                });
            }
            Err(error) => return Err(error.into()),
        }
        progress.advance(1);
    }
    if summary.days > 0 {
        store.shrink_catalog()?;
    }
    progress.finish();
    Ok(summary)
}

#[cfg(test)]
mod tests;
