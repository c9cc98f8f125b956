//! Logs → history: finds the logs, folds those that are new or changed, and ingests them.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use display::Moment;
use files::{FoundLog, OpenLog, Skipped};
use rayon::prelude::*;
use serde::Serialize;
use store::{FoldedLog, IngestReport, LogRecord, Outcome, Span, Store, Tuning, fold_log};
use tracing::{debug, info, warn};
use traffic::{Accounting, UtcDay};

use crate::failure::Failure;
use crate::passed_over;
use crate::progress::Progress;
use settings::{HostLayout, InputMode, Settings};

/// Logs that one transaction makes live.
const BATCH_LOGS: usize = 256;
/// Bytes on disk of the logs that one transaction makes live.
const BATCH_BYTES: u64 = 512 << 20;
/// What a run over the logs did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct IngestSummary {
    /// Log files found.
    pub files: u64,
    /// Those that had not changed since they were read.
    pub unchanged: u64,
    /// Those that brought something new.
    pub new: u64,
    /// Those that only repeat what the store holds.
    pub known: u64,
    /// Those that hold nothing that can be counted.
    pub empty: u64,
    /// Bytes read, decompressed.
    pub bytes_read: u64,
    /// Where these bytes went.
    pub accounting: Accounting,
    /// Bytes in runs that the store held before.
    pub known_bytes: u64,
    /// Lines read.
    pub lines: u64,
    /// Damaged lines.
    pub damaged_lines: u64,
    /// What could not be read, or not wholly, and why.
    pub unreadable: Vec<Unreadable>,
    /// Logs with more damaged lines than `input.damaged_lines_threshold` allows.
    pub damaged: Vec<Unreadable>,
    /// Files that are logs by what they hold, and not read because of their names.
    pub unnamed: Vec<String>,
    /// Frames that two logs share which then went on differently: they are counted twice.
    pub diverged_frames: u64,
}

/// A log or folder that could not be read, or not wholly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// Where it is.
    pub path: String,
    /// Why.
    pub reason: String,
}

impl IngestSummary {
    /// Whether something needs attention.
    pub fn needs_attention(&self) -> bool {
        !self.unreadable.is_empty() || !self.damaged.is_empty() || self.diverged_frames > 0
    }

    /// Whether all bytes that were read are accounted for.
    pub fn is_balanced(&self) -> bool {
        self.accounting.total() + self.known_bytes == self.bytes_read
    }

    fn unreadable(&mut self, path: &str, reason: &str) {
        warn!("{path}: {reason}");
        self.unreadable.push(Unreadable {
            path: path.to_owned(),
            reason: reason.to_owned(),
        });
    }
}

/// Bytes from which on a log is worth being spread over several threads.
const LARGE_LOG: u64 = 8 << 20;

/// A log to be read.
struct Pending {
    host: String,
    log: FoundLog,
}

/// How the settings shape what the store writes.
pub fn tuning(settings: &Settings) -> Tuning {
    Tuning {
        fold: traffic::Options {
            resolution: settings.input.resolution_seconds(),
            mode: match settings.input.mode {
                InputMode::Auto => None,
                InputMode::Rate => Some(traffic::Mode::Rate),
                InputMode::Cumulative => Some(traffic::Mode::Cumulative),
            },
        },
        limits: rawlog::Limits {
            chunk_size: settings.processing.chunk_size,
            max_line_bytes: settings.input.max_line_bytes,
            ..rawlog::Limits::default()
        },
        batch_rows: settings.processing.batch_size,
        spread: false,
    }
}

/// How far a compressed log may unpack.
fn limits(settings: &Settings) -> files::Limits {
    files::Limits {
        max_expansion: settings.input.max_expansion,
        ..files::Limits::default()
    }
}

/// Ingests every log of the settings' log folder that is new or has changed.
///
/// # Errors
/// Where the folder cannot be listed or the store not be written. A single log that cannot be read
/// is no error: the summary names it.
pub fn ingest_folder(
    store: &mut Store,
    settings: &Settings,
    now: i64,
    progress: &Progress,
) -> Result<IngestSummary, Failure> {
    let mut summary = IngestSummary::default();
    let found = find(settings, &mut summary)?;
    ingest_found(store, settings, found, now, progress, summary)
}

/// Ingests the named logs and the logs of the named folders.
///
/// # Errors
/// As [`ingest_folder`].
pub fn ingest_paths(
    store: &mut Store,
    settings: &Settings,
    paths: &[PathBuf],
    now: i64,
    progress: &Progress,
) -> Result<IngestSummary, Failure> {
    let mut summary = IngestSummary::default();
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let stdin = OpenLog::from_stream(io::stdin(), limits(settings))?;
            let tuning = tuning(settings);
            let folded = fold_log(
                store.root(),
                &settings.host,
                "standard input",
                stdin,
                &tuning,
            )?;
            Failure::if_interrupted()?;
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
    ingest_found(store, settings, found, now, progress, summary)
}

fn find(settings: &Settings, summary: &mut IngestSummary) -> Result<Vec<Pending>, Failure> {
    let mut found = Vec::new();
    let log_dir = &settings.paths.log_dir;
    discover(log_dir, &settings.host, settings, &mut found, summary)?;
    if settings.input.hosts == HostLayout::Directories {
        for pending in &mut found {
            // Each folder of the log folder is a host; what lies beside them is this machine's.
            let mut parts = pending.log.relative.iter();
            if let (Some(folder), Some(_)) = (parts.next(), parts.next()) {
                pending.host = host_of_folder(folder);
            }
        }
    }
    Ok(found)
}

/// A folder's name as a host: what is not UTF-8 in it is written as `\xFF`, and so is the backslash of
/// what only looks like that, so that no two folders become one host.
fn host_of_folder(folder: &std::ffi::OsStr) -> String {
    let mut host = String::new();
    let escape = |host: &mut String, byte: u8| host.push_str(&format!("\\x{byte:02X}"));
    for chunk in folder.as_encoded_bytes().utf8_chunks() {
        let valid = chunk.valid();
        for (place, letter) in valid.char_indices() {
            if letter == '\\' && looks_escaped(&valid.as_bytes()[place..]) {
                escape(&mut host, b'\\');
            } else {
                host.push(letter);
            }
        }
        chunk
            .invalid()
            .iter()
            .for_each(|byte| escape(&mut host, *byte));
    }
    host
}

/// Whether text begins with what stands for a byte: a backslash, `x` and two hexadecimal digits.
fn looks_escaped(text: &[u8]) -> bool {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
    matches!(text, [b'\\', b'x', one, two, ..] if is_digit(one) && is_digit(two))
}

/// What lies in the log folder.
#[derive(Default)]
pub struct LogFolder {
    /// How many logs there are.
    pub found: usize,
    /// Those that are new or have changed.
    pub pending: Vec<FoundLog>,
    /// What was passed over.
    pub skipped: Vec<Skipped>,
}

/// Looks at the settings' log folder, and reads nothing in it.
///
/// # Errors
/// Where the folder or the store cannot be read.
pub fn look_for_logs(store: Option<&Store>, settings: &Settings) -> Result<LogFolder, Failure> {
    let discovery = files::discover(&settings.paths.log_dir, &exclusions(settings))?;
    let found = discovery.logs.len();
    let mut pending = Vec::new();
    for log in discovery.logs {
        if !store
            .map(|store| store.has_read(&log))
            .transpose()?
            .unwrap_or(false)
        {
            pending.push(log);
        }
    }
    Ok(LogFolder {
        found,
        pending,
        skipped: discovery.skipped,
    })
}

/// What lies in a log folder without being a log: what the program writes itself.
pub(crate) fn exclusions(settings: &Settings) -> Vec<PathBuf> {
    let paths = &settings.paths;
    let mut exclude = vec![
        paths.report_dir.clone(),
        paths.archive_dir.clone(),
        paths.store_dir.clone(),
    ];
    if let Some(file) = &settings.logging.file {
        exclude.push(file.clone());
        exclude.extend((1..=settings.logging.backup_count).map(|number| {
            let mut rotated = file.clone().into_os_string();
            rotated.push(format!(".{number}"));
            PathBuf::from(rotated)
        }));
    }
    exclude
}

fn discover(
    folder: &Path,
    host: &str,
    settings: &Settings,
    found: &mut Vec<Pending>,
    summary: &mut IngestSummary,
) -> Result<(), Failure> {
    let discovery = files::discover(folder, &exclusions(settings))?;
    for skipped in &discovery.skipped {
        if skipped.reason.needs_attention() {
            let path = files::show(&skipped.path).to_string();
            summary.unreadable(&path, &skipped.reason.to_string());
        }
    }
    summary
        .unnamed
        .extend(passed_over::tell(folder, &discovery));
    found.extend(discovery.logs.into_iter().map(|log| Pending {
        host: host.to_owned(),
        log,
    }));
    Ok(())
}

fn ingest_found(
    store: &mut Store,
    settings: &Settings,
    found: Vec<Pending>,
    now: i64,
    progress: &Progress,
    mut summary: IngestSummary,
) -> Result<IngestSummary, Failure> {
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
        .map_err(|error| Failure::System {
            action: "cannot start threads",
            cause: io::Error::other(error),
        })?;
    let (limits, tuning) = (limits(settings), tuning(settings));
    let mut rest = pending.as_slice();
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(batch_length(rest));
        rest = later;
        let root = store.root().to_owned();
        let folded = workers.install(|| fold_batch(&root, batch, limits, &tuning, progress));
        Failure::if_interrupted()?;
        ingest_batch(store, settings, batch, folded, now, &mut summary)?;
    }
    progress.finish();
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
    progress: &Progress,
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
    progress: &Progress,
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
    folded: Vec<Result<FoldedLog, Failed>>,
    now: i64,
    summary: &mut IngestSummary,
) -> Result<(), Failure> {
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
                logs.push(folded);
                read.push((&pending.log, record));
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

/// Says what is wrong with a log. Gives it back, so that the catalogue remembers.
fn note_folded(
    folded: &FoldedLog,
    settings: &Settings,
    now: i64,
    summary: &mut IngestSummary,
) -> Option<String> {
    let (name, log) = (&folded.name, &folded.summary);
    summary.damaged_lines += log.damaged_lines;
    let mut damage = None;
    if let Some(failure) = &folded.failure {
        damage = Some(format!(
            "could be read only up to byte {}: {failure}",
            folded.extent.bytes
        ));
    } else if log.frames == 0
        && log.undated_frames == 0
        && (log.damaged_lines > 0 || (log.accounting.unfinished > 0 && !log.has_begun))
    {
        damage = Some(match log.prefixed_lines {
            0 => "no bandwhich log: no line in it is what `bandwhich --raw` prints".to_owned(),
            _ => "each line has a prefix; hint: `journalctl --output=cat` writes them without"
                .to_owned(),
        });
    }
    if let Some(damage) = &damage {
        summary.unreadable(name, damage);
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share needs no more than 53 bits"
    )]
    let share = log.damaged_lines as f64 / folded.extent.lines.max(1) as f64;
    if log.damaged_lines > 0 && damage.is_none() {
        let first = &log.damaged[0];
        let text = format!(
            "{} of {} lines are damaged, the first at line {}: {}",
            log.damaged_lines, folded.extent.lines, first.line, first.reason
        );
        if share > settings.input.damaged_lines_threshold {
            warn!("{name}: {text}");
            let reason = text.clone();
            summary.damaged.push(Unreadable {
                path: name.clone(),
                reason,
            });
            damage = Some(text);
        } else {
            info!("{name}: {text}");
        }
    }
    if log.undated_frames > 0 {
        warn!(
            "{name}: {} frames have an impossible time and are left out",
            log.undated_frames
        );
    }
    if log.timeless_frames > 0 {
        info!(
            "{name}: {} idle frames and no time at all: when is unknown",
            log.timeless_frames
        );
    }
    for (time, step) in folded.clock_steps() {
        if !(-1..UtcDay::SECONDS).contains(&step) {
            let way = if step < 0 { "back" } else { "ahead" };
            warn!(
                "{name}: the clock jumped {way} by {} s to {}",
                step.unsigned_abs(),
                Moment::new(time, &settings.time_zone)
            );
        }
    }
    if folded
        .span()
        .is_some_and(|(_, last)| last > now + UtcDay::SECONDS)
    {
        warn!("{name}: holds frames from the future; is the clock right?");
    }
    damage
}

/// Says where a log's name claims another day than its times.
fn note_name(log: &FoundLog, folded: &FoldedLog, settings: &Settings) {
    let (Some(name), Some((first, last))) = (log.name_date, folded.span()) else {
        return;
    };
    let claimed = jiff::civil::date(name.year, name.month, name.day)
        .at(name.hour, name.minute, 0, 0)
        .to_zoned(settings.time_zone.clone())
        .map(|claimed| claimed.timestamp().as_second());
    if let Ok(claimed) = claimed
        && !(first - UtcDay::SECONDS..=last + UtcDay::SECONDS).contains(&claimed)
    {
        info!(
            "{}: its name says another day than its times; the times decide",
            folded.name
        );
    }
}

fn note_report(report: &IngestReport, summary: &mut IngestSummary) {
    summary.bytes_read += report.bytes;
    summary.lines += report.lines;
    summary.known_bytes += report.known_bytes;
    summary.accounting.add(&report.accounting);
    let word = match report.outcome {
        Outcome::New => {
            summary.new += 1;
            "new"
        }
        Outcome::Grown => {
            summary.new += 1;
            "partly new"
        }
        Outcome::Known => {
            summary.known += 1;
            "known already"
        }
        Outcome::Empty => {
            summary.empty += 1;
            "nothing to count"
        }
    };
    debug!(
        "{}: {word}, {} bytes, {} runs",
        report.name, report.bytes, report.new_runs
    );
    summary.diverged_frames += report.diverged_frames as u64;
    if report.diverged_frames > 0 {
        warn!(
            "{}: shares {} frames with a log that went on differently; they are counted twice",
            report.name, report.diverged_frames
        );
    }
}

/// A log that tells the progress bar how far it was read, and ends where a signal asks to stop:
/// what was folded of it is then thrown away.
struct Counted<'a> {
    open: OpenLog,
    taken: u64,
    progress: &'a Progress,
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
#[path = "pipeline/tests.rs"]
mod tests;
