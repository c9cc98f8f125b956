//! The end of a run: logs into the archive, what is past its time away, and days that are over packed.

use std::path::PathBuf;

use settings::Settings;
use store::Store;
use tracing::warn;

use crate::archives;
use crate::archiving::{self, ArchiveScope};
use crate::compact::compact_some;
use crate::error::Result;
use crate::retention;
use crate::summary::ArchiveSummary;

/// Archives the logs that the reports tell of, and deletes what is past its time, but for `made`, the files of
/// reports that this run made. `None` if the settings ask for neither. Then compacts what is due.
///
/// # Errors
/// If the catalogue cannot be read or written, or a signal asks to stop.
pub fn finish_logs(
    store: &mut Store,
    settings: &Settings,
    now: i64,
    made: &[PathBuf],
) -> Result<Option<ArchiveSummary>> {
    let summary = archive_or_expire(store, settings, now, made)?;
    compact_some(store, settings, now)?;
    Ok(summary)
}

fn archive_or_expire(
    store: &mut Store,
    settings: &Settings,
    now: i64,
    made: &[PathBuf],
) -> Result<Option<ArchiveSummary>> {
    if settings.archive.enabled {
        return archive_logs(store, settings, now, ArchiveScope::Reported, made).map(Some);
    }
    let mut expired = retention::plan(store, settings, now)?;
    expired.keep_reports(made);
    if expired == retention::RetentionPlan::default() {
        return Ok(None);
    }
    let mut summary = ArchiveSummary::default();
    retention::carry_out(expired, store, &mut summary)?;
    Ok(Some(summary))
}

/// Deletes what is past its time, then archives what is finished. In this order an archive of old logs
/// stays at least until the next run, and so do the reports that this run made.
///
/// # Errors
/// If the catalogue cannot be written.
pub fn archive_logs(
    store: &mut Store,
    settings: &Settings,
    now: i64,
    scope: ArchiveScope,
    made: &[PathBuf],
) -> Result<ArchiveSummary> {
    let mut summary = ArchiveSummary::default();
    let mut expired = retention::plan(store, settings, now)?;
    expired.keep_reports(made);
    retention::carry_out(expired, store, &mut summary)?;
    let plan = archiving::plan(store, settings, now, scope)?;
    archiving::carry_out(plan, store, settings, &mut summary)?;
    archives::settle_lost(store, settings, now)?;
    let expired = retention::plan(store, settings, now)?.archives;
    let paths = expired
        .iter()
        .map(|archive| files::show(&archive.path).to_string());
    summary.expiring = paths
        .filter(|path| summary.written.contains(path))
        .collect();
    if !summary.expiring.is_empty() {
        warn!(
            "{} of days past archive.retention_days ({}): the next run deletes them",
            display::counted(summary.expiring.len() as u64, "archive", "archives"),
            settings.archive.retention_days
        );
    }
    Ok(summary)
}

#[cfg(test)]
mod tests;
