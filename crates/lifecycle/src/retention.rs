//! What is deleted because of its age: archives and reports that the catalogue knows as ours, and days
//! of the history.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use archive::{Document, FoundArchive, digest_of_file};
use jiff::ToSpan as _;
use jiff::civil::Date;
use settings::Settings;
use store::{ArchiveRecord, Store, StoredDay};
use tracing::info;
use traffic::{Period, UtcDay};

use crate::error::Result;
use crate::summary::{ArchiveSummary, DroppedDay};

/// What is past its time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionPlan {
    /// Archives.
    pub archives: Vec<FoundArchive>,
    /// Files of reports.
    pub reports: Vec<PathBuf>,
    /// Days of the history.
    pub days: Vec<StoredDay>,
}

impl RetentionPlan {
    /// Leaves the reports that this run made: who asks for one of a day long ago finds it.
    pub fn keep_reports(&mut self, made: &[PathBuf]) {
        let made: BTreeSet<&Path> = made.iter().map(PathBuf::as_path).collect();
        self.reports.retain(|path| !made.contains(path.as_path()));
    }
}

/// Decides what is past its time today.
///
/// # Errors
/// If the catalogue cannot be read.
pub fn plan(store: &Store, settings: &Settings, now: i64) -> Result<RetentionPlan> {
    let today = settings.today(now);
    let mut plan = RetentionPlan::default();
    if settings.archive.enabled && settings.archive.clean_old_archives {
        let files: BTreeSet<String> = store
            .archives()?
            .into_iter()
            .map(|record| record.file)
            .collect();
        let known: Vec<FoundArchive> = files
            .iter()
            .filter_map(|file| FoundArchive::at(&settings.paths.archive_dir, Path::new(file)))
            .collect();
        let days = settings.archive.retention_days;
        let old = archive::expired(&known, |archive| archive.day, today, days);
        plan.archives.extend(old.into_iter().cloned());
    }
    if let Some(days) = settings.reports.retention_days
        && let Ok(oldest) = today.checked_sub(i64::from(days).days())
    {
        plan.reports = store.reports_before(&oldest.to_string())?;
    }
    if let Some(days) = settings.store.retention_days
        && let Ok(oldest) = today.checked_sub(i64::from(days).days())
    {
        plan.days = days_past(store, settings, oldest)?;
    }
    Ok(plan)
}

/// The days of the history that lie wholly before a local day and that reports tell in full.
fn days_past(store: &Store, settings: &Settings, oldest: Date) -> Result<Vec<StoredDay>> {
    let zone = &settings.time_zone;
    let first = UtcDay::of_period(&Period::day(oldest), zone)
        .start()
        .number();
    let mut days = store.days_before(first)?;
    let mut unfinished: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for host in store.hosts()? {
        let reported = store.unfinished_days(&host)?;
        let dates = reported.iter().filter_map(|day| day.parse::<Date>().ok());
        let told = dates.map(|date| UtcDay::of_period(&Period::day(date), zone));
        unfinished.insert(host, told.collect());
    }
    days.retain(|day| {
        let untold = unfinished.get(&day.host).into_iter().flatten();
        !untold
            .clone()
            .any(|days| days.contains(&UtcDay::from_number(day.day)))
    });
    Ok(days)
}

/// Deletes what was planned, and nothing that is not as this program left it.
///
/// # Errors
/// If the catalogue cannot be read or written, or a signal asks to stop.
pub fn carry_out(
    plan: RetentionPlan,
    store: &mut Store,
    summary: &mut ArchiveSummary,
) -> Result<()> {
    let records = store.archives()?;
    for archive in plan.archives {
        let file = archive.relative.to_string_lossy().into_owned();
        let known: Vec<&ArchiveRecord> = records
            .iter()
            .filter(|record| record.file == file)
            .collect();
        match remove_archive(&archive, &known) {
            Ok(true) => {
                info!("{}: deleted because of its age", files::show(&archive.path));
                summary.expired.push(files::show(&archive.path).to_string());
            }
            Ok(false) => {}
            Err(error @ archive::Error::File(_)) => {
                files::check_interrupted()?;
                summary.trouble(&archive.path, &error.to_string());
                continue;
            }
            // Somebody else's now: it stays, and is not asked about again.
            Err(error) => summary.trouble(&archive.path, &error.to_string()),
        }
        store.forget_archive(&file)?;
    }
    for path in plan.reports {
        match remove_file(&path) {
            Ok(true) => summary.expired.push(files::show(&path).to_string()),
            Ok(false) => {}
            Err(error) => {
                summary.trouble(&path, &error.to_string());
                continue;
            }
        }
        store.forget_report(&path)?;
    }
    match store.drop_days(&plan.days) {
        Ok(()) => summary
            .dropped
            .extend(plan.days.iter().map(DroppedDay::from)),
        // All days stay until it is mended.
        Err(error) if error.is_damaged_file() => {
            summary.trouble(store.root(), &format!("no day was dropped: {error}"));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Removes an archive and then its metadata. Says whether there was one.
fn remove_archive(archive: &FoundArchive, known: &[&ArchiveRecord]) -> archive::Result<bool> {
    let is_there = std::fs::symlink_metadata(&archive.path).is_ok();
    if is_there {
        let found = digest_of_file(&archive.path)?.sha256;
        if !known.iter().any(|record| record.checksum == found) {
            return Err(archive::Error::Damaged {
                path: archive.path.clone(),
                reason: "it is past its retention, but it is not as this program left it; it stays"
                    .to_owned(),
            });
        }
        remove_file(&archive.path)?;
    }
    let metadata = archive.metadata();
    let ours = |document: &Document| {
        let checksum = &document.archive.sha256;
        known.iter().any(|record| &record.checksum == checksum)
    };
    if Document::read(&metadata).is_ok_and(|found| found.as_ref().is_some_and(ours)) {
        remove_file(&metadata)?;
    }
    Ok(is_there)
}

/// Removes a file and syncs its folder. Says whether there was one.
fn remove_file(path: &Path) -> files::Result<bool> {
    match std::fs::remove_file(path) {
        Ok(()) => files::sync_folder(path.parent().unwrap_or(path)).map(|()| true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(files::Error::new("remove", path, error)),
    }
}

#[cfg(test)]
mod tests;
