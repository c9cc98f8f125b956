//! Logs → history: finds the logs, folds those that are new or changed, and ingests them.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use files::{FoundLog, OpenLog};
use rayon::prelude::*;
use settings::Settings;
use store::{FoldedLog, LogRecord, Span, Store, Tuning, fold_log};
use tracing::{debug, info, warn};

use crate::error::{Error, Result};
use crate::log_folder::{Pending, discover, find};
use crate::progress::Progress;
use crate::remarks::{is_no_log, note_folded, note_name, note_report};
use crate::summary::IngestSummary;
use crate::tuning::{limits, tuning};

/// Logs that one transaction makes live.
const BATCH_LOGS: usize = 256;
/// Bytes on disk of the logs that one transaction makes live.
const BATCH_BYTES: u64 = 512 << 20;
/// Bytes from which on a log is worth being spread over several threads.
const LARGE_LOG: u64 = 8 << 20;

/// Ingests every log of the settings' log folder that is new or has changed.
///
/// # Errors
/// If the folder cannot be listed or the store not be written. A single log that cannot be read
/// is no error: the summary names it.
pub fn ingest_folder(
    store: &mut Store,
    settings: &Settings,
    now: i64,
    progress: &dyn Progress,
) -> Result<IngestSummary> {
    let mut summary = IngestSummary::default();
    let found = find(settings, &mut summary)?;
    ingest_found(
        store,
        settings,
        found,
        Named::BySettings,
        now,
        progress,
        summary,
    )
}

/// Who named the logs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// The settings: what lies there is looked at by every run, so it is remembered what is no log.
    BySettings,
    /// Somebody, once.
    ByHand,
}

/// Ingests the named logs and the logs of the named folders. What turns out to be no log of bandwhich is said, and
/// nothing remembers it.
///
/// # Errors
/// As [`ingest_folder`], and if a path is not there; then nothing was read.
pub fn ingest_paths(
    store: &mut Store,
    settings: &Settings,
    paths: &[PathBuf],
    now: i64,
    progress: &dyn Progress,
) -> Result<IngestSummary> {
    for path in paths.iter().filter(|path| path.as_os_str() != "-") {
        match std::fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(files::Error::context("find", path)(error).into());
            }
            _ => {}
        }
    }
    let mut summary = IngestSummary::default();
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let stdin = OpenLog::from_stream(io::stdin(), limits(settings))
                .map_err(Error::StandardInput)?;
            let tuning = tuning(settings);
            let folded = fold_log(
                store.root(),
                &settings.host,
                "standard input",
                stdin,
                &tuning,
            )?;
            files::check_interrupted()?;
            summary.files += 1;
            note_folded(&folded, settings, now, &mut summary);
            let reports = store.ingest(vec![folded])?;
            reports
                .iter()
                .for_each(|report| note_report(report, &mut summary));
        } else if path.is_dir() {
            discover(path, &settings.host, settings, &mut found, &mut summary)?;
        } else {
            match files::open_log(path) {
                Ok(open) => found.push(Pending {
                    host: settings.host.clone(),
                    log: FoundLog {
                        path: std::path::absolute(path).unwrap_or_else(|_| path.clone()),
                        relative: path.clone(),
                        size: open.size_on_disk().unwrap_or(0),
                        modified: open.modified().unwrap_or(std::time::UNIX_EPOCH),
                        identity: open.identity(),
                        name_date: None,
                    },
                }),
                Err(error) => {
                    summary.unreadable(&files::show(path).to_string(), &error.to_string());
                }
            }
        }
    }
    ingest_found(
        store,
        settings,
        found,
        Named::ByHand,
        now,
        progress,
        summary,
    )
}

fn ingest_found(
    store: &mut Store,
    settings: &Settings,
    found: Vec<Pending>,
    named: Named,
    now: i64,
    progress: &dyn Progress,
    mut summary: IngestSummary,
) -> Result<IngestSummary> {
    summary.files += found.len() as u64;
    let mut pending = Vec::new();
    for log in found {
        if store.has_read(&log.log)? {
            debug!("{}: unchanged", files::show(&log.log.path));
            summary.unchanged += 1;
        } else {
            pending.push(log);
        }
    }
    progress.expect(pending.iter().map(|log| log.log.size).sum());
    let workers = rayon::ThreadPoolBuilder::new()
        .num_threads(settings.processing.max_workers)
        .build()
        .map_err(|error| Error::Threads(io::Error::other(error)))?;
    let (limits, tuning) = (limits(settings), tuning(settings));
    let mut rest = pending.as_slice();
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(batch_length(rest));
        rest = later;
        let root = store.root().to_owned();
        let folded = workers.install(|| fold_batch(&root, batch, limits, &tuning, progress));
        files::check_interrupted()?;
        ingest_batch(store, settings, batch, named, folded, now, &mut summary)?;
    }
    progress.finish();
    store.forget_gone_logs()?;
    if !summary.is_balanced() {
        warn!(
            "{} bytes were read, but {} are accounted for",
            summary.bytes_read,
            summary.accounting.total() + summary.known_bytes
        );
    }
    Ok(summary)
}

/// Folds logs side by side. Large ones that are too few to keep all threads busy come first, one after
/// the other, each spread over all threads.
fn fold_batch(
    root: &Path,
    batch: &[Pending],
    limits: files::Limits,
    tuning: &Tuning,
    progress: &dyn Progress,
) -> Vec<Result<FoldedLog, Failed>> {
    let large = |log: &Pending| log.log.size >= LARGE_LOG;
    let count = batch.iter().filter(|log| large(log)).count();
    let spread = count < rayon::current_num_threads();
    let tuned = |spread| Tuning { spread, ..*tuning };
    let alone =
        |log| (spread && large(log)).then(|| fold(root, log, limits, &tuned(true), progress));
    let first: Vec<_> = batch.iter().map(alone).collect();
    let rest = first.into_par_iter().zip(batch);
    rest.map(|(done, log)| done.unwrap_or_else(|| fold(root, log, limits, &tuned(false), progress)))
        .collect()
}

fn batch_length(rest: &[Pending]) -> usize {
    let mut bytes = 0u64;
    let fits = |log: &&Pending| {
        let first = bytes == 0;
        bytes = bytes.saturating_add(log.log.size.max(1));
        first || bytes <= BATCH_BYTES
    };
    rest.iter().take(BATCH_LOGS).take_while(fits).count()
}

/// Why a log was not folded.
enum Failed {
    /// It cannot be opened.
    Open(String),
    /// Nothing has its name any more: it was renamed or deleted since it was found.
    Gone,
    /// The store cannot be written.
    Store(store::Error),
}

fn fold(
    root: &Path,
    log: &Pending,
    limits: files::Limits,
    tuning: &Tuning,
    progress: &dyn Progress,
) -> Result<FoldedLog, Failed> {
    let open = files::open_log_within(&log.log.path, limits).map_err(|error| {
        match std::fs::symlink_metadata(&log.log.path) {
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => Failed::Gone,
            _ => Failed::Open(error.to_string()),
        }
    })?;
    let encoding = open.encoding();
    let shown = files::show(&log.log.relative).to_string();
    debug!("{shown}: reading, {:?}, {encoding:?}", open.compression());
    let counted = Counted {
        open,
        taken: 0,
        progress,
    };
    fold_log(root, &log.host, &shown, counted, tuning).map_err(Failed::Store)
}

fn ingest_batch(
    store: &mut Store,
    settings: &Settings,
    batch: &[Pending],
    named: Named,
    folded: Vec<Result<FoldedLog, Failed>>,
    now: i64,
    summary: &mut IngestSummary,
) -> Result<()> {
    let (mut logs, mut read) = (Vec::new(), Vec::new());
    for (pending, outcome) in batch.iter().zip(folded) {
        match outcome {
            Ok(folded) => {
                let record = LogRecord {
                    host: pending.host.clone(),
                    damage: note_folded(&folded, settings, now, summary),
                    span: folded.span().map(|(first, last)| Span { first, last }),
                    whole: folded.is_whole(),
                    archived: None,
                };
                note_name(&pending.log, &folded, settings);
                if named == Named::BySettings || !is_no_log(&folded) {
                    read.push((&pending.log, record));
                }
                logs.push(folded);
            }
            Err(Failed::Open(reason)) => {
                let path = files::show(&pending.log.path).to_string();
                // The message of the error names the path already.
                let reason = reason.strip_prefix(&format!("{path}: ")).unwrap_or(&reason);
                summary.unreadable(&path, reason);
            }
            // The next run finds it under its new name.
            Err(Failed::Gone) => info!("{}: is gone by now", files::show(&pending.log.path)),
            Err(Failed::Store(error)) => return Err(error.into()),
        }
    }
    let reports = store.ingest(logs)?;
    reports
        .iter()
        .for_each(|report| note_report(report, summary));
    store.mark_read(read)?;
    Ok(())
}

/// A log that tells the progress bar how far it was read, and ends where a signal asks to stop:
/// what was folded of it is then thrown away.
struct Counted<'a> {
    open: OpenLog,
    taken: u64,
    progress: &'a dyn Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if files::interrupted().is_some() {
            return Err(io::Error::other("interrupted"));
        }
        let outcome = self.open.read(buffer);
        let taken = self.open.bytes_taken();
        self.progress.advance(taken - self.taken);
        self.taken = taken;
        outcome
    }
}

#[cfg(test)]
mod tests;
