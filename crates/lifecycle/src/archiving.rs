//! Logs that are in the history → the archive.
//!
//! A day's logs go these steps, several small days each step together; a crash after any of them heals at the
//! next run:
//!
//! 1. the new archive is written beside the old one, synced and read back: nothing has happened yet;
//! 2. the catalogue notes its checksum beside that of the old one: the checksum of whichever file is
//!    there tells that it is ours, and what is in it;
//! 3. it takes the old one's place, and the folder is synced;
//! 4. its metadata follow, from what the catalogue noted;
//! 5. the catalogue forgets the old one;
//! 6. the originals go, if the archive still has its checksum. Logs that are met again are found in
//!    the archive, read back from it, and go then.

mod places;
mod read_back;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use traffic::UtcDay;

use archive::{ArchiveDraft, Document, FoundArchive, Joining, Log, Place, digest_of_file};
use files::FoundLog;
use jiff::Timestamp;
use jiff::civil::Date;
use settings::Settings;
use store::{ArchiveRecord, LogRecord, Store};
use tracing::info;

use crate::error::{Error, Result};
use crate::log_folder::exclusions;
use crate::summary::{ArchiveSummary, Unreadable, waiting};
use crate::tuning::tuning;

use self::places::place_of;
pub(crate) use self::places::{known_document, record_of};
pub(crate) use self::read_back::{fold_through_pipe, read_back};

/// Which of the logs that are in the history may be archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveScope {
    /// All.
    Ingested,
    /// Those that the reports tell of in full.
    Reported,
}

/// What is to be archived.
#[derive(Clone, Debug, Default)]
pub struct ArchivePlan {
    /// Logs by host and day.
    pub days: BTreeMap<(String, Date), Vec<FoundLog>>,
    /// Logs that wait, and why.
    pub waiting: Vec<Unreadable>,
}

/// Decides which logs of the log folder are finished.
///
/// # Errors
/// If the folder or the catalogue cannot be read.
pub fn plan(
    store: &Store,
    settings: &Settings,
    now: i64,
    scope: ArchiveScope,
) -> Result<ArchivePlan> {
    let found = files::discover(&settings.paths.log_dir, &exclusions(settings))?.logs;
    let mut plan = ArchivePlan::default();
    let mut finished = Vec::new();
    let mut pending: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for log in found {
        let record = store.log_record(&log)?;
        if let Some(record) = &record {
            // Unless its archive is gone: then it is archived again.
            let is_there = |file: &String| settings.paths.archive_dir.join(file).exists();
            if settings.archive.keep_original && record.archived.as_ref().is_some_and(is_there) {
                continue;
            }
            if !pending.contains_key(&record.host) {
                pending.insert(record.host.clone(), store.pending_days(&record.host)?);
            }
        }
        let days = |host: &str| match scope {
            ArchiveScope::Ingested => &[],
            ArchiveScope::Reported => pending[host].as_slice(),
        };
        match finished_day(&log, record.as_ref(), days, settings, now) {
            Ok(day) => finished.extend(record.map(|record| (log, record.host, day))),
            Err(reason) => plan.wait(&log, reason),
        }
    }
    // Looking at all processes is worth it only if there is something to archive.
    let written = if finished.is_empty() {
        Default::default()
    } else {
        archive::open_for_writing()
    };
    for (log, host, day) in finished {
        match log.identity {
            Some(identity) if written.contains(&identity) => {
                plan.wait(&log, "it is open for writing".to_owned());
            }
            _ => plan.days.entry((host, day)).or_default().push(log),
        }
    }
    Ok(plan)
}

impl ArchivePlan {
    fn wait(&mut self, log: &FoundLog, reason: String) {
        self.waiting.push(waiting(log, reason));
    }
}

/// The day of a log, which is that in which the middle of its time lies: one that was rotated at midnight
/// may end some seconds later. Or why it is not finished.
fn finished_day<'a>(
    log: &FoundLog,
    record: Option<&LogRecord>,
    pending: impl Fn(&str) -> &'a [i64],
    settings: &Settings,
    now: i64,
) -> Result<Date, String> {
    let record = record.ok_or("it is not in the history yet")?;
    if let Some(damage) = &record.damage {
        return Err(damage.clone());
    }
    let modified = Timestamp::try_from(log.modified).map_err(|error| error.to_string())?;
    // bandwhich was killed inside a frame, or its log was rotated there: nobody will finish it.
    if !record.whole && !log.is_rotated() && now - modified.as_second() < UtcDay::SECONDS {
        return Err(
            "its last frame is not finished: it is archived a day after it was last written"
                .to_owned(),
        );
    }
    let minutes = settings.archive.settle_minutes;
    if modified.as_second() > now {
        return Err("the time of its last change is in the future".to_owned());
    }
    if now - modified.as_second() < i64::from(minutes) * 60 {
        return Err(format!("it was written to less than {minutes} minutes ago"));
    }
    // What holds no time has the day it was written on.
    let middle = match record.span {
        // A frame tells of the second before.
        Some(span) => {
            let last = (span.last - 1).max(span.first);
            Timestamp::from_second(span.first + (last - span.first) / 2)
                .map_err(|error| error.to_string())?
        }
        None => modified,
    };
    let day = middle.to_zoned(settings.time_zone.clone()).date();
    if day >= settings.today(now) {
        return Err("its day is not over".to_owned());
    }
    if let Some(span) = record.span {
        let days = UtcDay::of(span.first)..=UtcDay::of(span.last);
        let mut pending = pending(&record.host).iter().copied();
        if pending.any(|day| days.contains(&UtcDay::from_number(day))) {
            return Err("its reports are not written yet".to_owned());
        }
    }
    Ok(day)
}

/// Days that share transactions, and bytes of logs from which on no more do: their archives are on the disk
/// beside their logs meanwhile.
const MOST_DAYS: usize = 32;
const MOST_BYTES: u64 = 64 << 20;

/// Archives what was planned. What goes wrong with a day or a log is noted and keeps its logs where
/// they are.
///
/// # Errors
/// If the catalogue cannot be written, or a signal asks to stop.
pub(crate) fn carry_out(
    plan: ArchivePlan,
    store: &Store,
    settings: &Settings,
    summary: &mut ArchiveSummary,
) -> Result<()> {
    summary.waiting.extend(plan.waiting);
    let mut days = plan.days.into_iter().peekable();
    while days.peek().is_some() {
        let (mut ready, mut bytes) = (Vec::new(), 0);
        let prepared = loop {
            if ready.len() >= MOST_DAYS || bytes >= MOST_BYTES {
                break Ok(());
            }
            let Some(((host, day), logs)) = days.next() else {
                break Ok(());
            };
            bytes += logs.iter().map(|log| log.size).sum::<u64>();
            let stop = files::check_interrupted().map_err(Error::from);
            match stop.and_then(|()| prepare(store, settings, &host, day, logs, summary)) {
                Ok(prepared) => ready.extend(prepared),
                Err(error) => break Err(error),
            }
        };
        // What was made before something went wrong is finished all the same.
        finish(ready, store, settings, summary)?;
        prepared?;
    }
    // The last day may not have come to its end.
    Ok(files::check_interrupted()?)
}

/// Steps 2 to 6 of several days.
fn finish(
    ready: Vec<Ready>,
    store: &Store,
    settings: &Settings,
    summary: &mut ArchiveSummary,
) -> Result<()> {
    if ready.is_empty() {
        return Ok(());
    }
    store.gather_notes()?;
    ready.iter().try_for_each(|ready| ready.note(store))?;
    store.commit_notes()?;
    let mut all_placed = Vec::new();
    for ready in ready {
        let path = ready.archive.path.clone();
        let placed = ready.put_in_place();
        match placed.and_then(|placed| placed.describe().map(|()| placed)) {
            Ok(placed) => all_placed.push(placed),
            Err(error) => summary.trouble(&path, &error.to_string()),
        }
    }
    store.gather_notes()?;
    for placed in &all_placed {
        placed.settle(store)?;
    }
    all_placed.retain(|placed| placed.is_still_there(summary));
    for placed in &all_placed {
        placed.mark(store, summary)?;
    }
    store.commit_notes()?;
    InPlace::remove_originals(&all_placed, settings, summary);
    Ok(())
}

/// A day's archive that was written and read back, and has not taken its place.
pub(crate) struct Ready {
    archive: FoundArchive,
    /// `None` if the archive holds all already.
    draft: Option<ArchiveDraft>,
    document: Document,
    logs: Vec<HeldLog>,
}

/// A log that was found in the archive as it was read back.
struct HeldLog {
    found: FoundLog,
    log: Log,
    is_new: bool,
}

/// Step 1: writes the archive beside the old one and reads it back. `None` if nothing is left that
/// may be done.
pub(crate) fn prepare(
    store: &Store,
    settings: &Settings,
    host: &str,
    day: Date,
    logs: Vec<FoundLog>,
    summary: &mut ArchiveSummary,
) -> Result<Option<Ready>> {
    let (archive, old) = match place_of(store, settings, host, day)? {
        Ok(place) => place,
        Err((path, reason)) => {
            summary.trouble(&path, &reason);
            return Ok(None);
        }
    };
    let folder = archive.path.parent().unwrap_or(&archive.path);
    if let Err(error) = files::create_folder(folder) {
        summary.trouble(folder, &error.to_string());
        return Ok(None);
    }
    let (joining, places) = join_all(&archive, host, old.as_ref(), logs, summary);
    if places.is_empty() {
        return Ok(None);
    }
    let draft = match joining.finish() {
        Ok(draft) => draft,
        Err(error) => {
            summary.trouble(&archive.path, &error.to_string());
            return Ok(None);
        }
    };
    let path = draft
        .as_ref()
        .map_or(archive.path.as_path(), ArchiveDraft::path);
    let described = draft.as_ref().map(|draft| &draft.document).or(old.as_ref());
    let Some(mut document) = described.cloned() else {
        return Ok(None);
    };
    let wanted: BTreeSet<&str> = places.iter().map(|(_, name, _)| name.as_str()).collect();
    let read = read_back(store, path, &document, host, &wanted, &tuning(settings))?;
    files::check_interrupted()?;
    for (member, reason) in &read.faults {
        let what = match member {
            Some(member) => format!("{member} in it: {reason}"),
            None => reason.clone(),
        };
        summary.trouble(&archive.path, &what);
    }
    if !read.faults.is_empty() {
        return Ok(None);
    }
    for member in &mut document.members {
        if let Some(Ok(sources)) = read.content.get(&member.name) {
            member.sources.clone_from(sources);
        }
    }
    let mut held = Vec::new();
    for (found, name, is_new) in places {
        match read.content.get(&name) {
            Some(Ok(_)) => held.push(HeldLog {
                log: log_of(&found),
                found,
                is_new,
            }),
            Some(Err(reason)) => {
                store.forget_log(&found)?;
                let reason = format!("{reason}; the next run reads it again");
                summary.trouble(&found.path, &reason);
            }
            None => summary.trouble(&found.path, "it was not found in the archive"),
        }
    }
    if held.is_empty() {
        return Ok(None);
    }
    Ok(Some(Ready {
        archive,
        draft,
        document,
        logs: held,
    }))
}

/// A log, its name in the archive, and whether it is new there.
type PlacedLog = (FoundLog, String, bool);

/// Adds all logs to an archive; one that cannot be read is left out.
fn join_all(
    archive: &FoundArchive,
    host: &str,
    old: Option<&Document>,
    mut logs: Vec<FoundLog>,
    summary: &mut ArchiveSummary,
) -> (Joining, Vec<PlacedLog>) {
    'anew: loop {
        let mut joining = Joining::new(archive.clone(), host, old.cloned());
        let mut places = Vec::new();
        for (index, found) in logs.iter().enumerate() {
            match joining.add(&log_of(found)) {
                Ok(Place::New(name)) => places.push((found.clone(), name, true)),
                Ok(Place::Known(name)) => places.push((found.clone(), name, false)),
                Err(error) => {
                    summary.not_archived(found, &error);
                    logs.remove(index);
                    continue 'anew;
                }
            }
        }
        return (joining, places);
    }
}

fn log_of(found: &FoundLog) -> Log {
    Log {
        path: found.path.clone(),
        name: archive::member_name(&found.relative),
        size: found.size,
        modified: found.modified,
        identity: found.identity,
    }
}

impl Ready {
    /// Step 2: the catalogue knows the new archive beside the old one.
    pub(crate) fn note(&self, store: &Store) -> Result<()> {
        Ok(store.note_archive(&record_of(&self.archive, &self.document))?)
    }

    /// Step 3: the new archive takes its place.
    pub(crate) fn put_in_place(self) -> archive::Result<InPlace> {
        let is_new = self.draft.is_some();
        if let Some(draft) = self.draft {
            draft.commit()?;
        }
        Ok(InPlace {
            archive: self.archive,
            document: self.document,
            logs: self.logs,
            is_new,
        })
    }
}

/// An archive that has taken its place.
pub(crate) struct InPlace {
    archive: FoundArchive,
    document: Document,
    logs: Vec<HeldLog>,
    is_new: bool,
}

impl InPlace {
    /// Step 4: its metadata follow.
    pub(crate) fn describe(&self) -> archive::Result<()> {
        self.document.write(&self.archive.metadata())
    }

    /// Step 5: the catalogue forgets the archive before it.
    pub(crate) fn settle(&self, store: &Store) -> Result<()> {
        let ArchiveRecord { file, checksum, .. } = record_of(&self.archive, &self.document);
        Ok(store.keep_archive(&file, &checksum)?)
    }

    /// Whether the archive is still what was written to it: only then may its originals go.
    fn is_still_there(&self, summary: &mut ArchiveSummary) -> bool {
        let path = &self.archive.path;
        match digest_of_file(path) {
            Ok(digest) if digest.sha256 == self.document.archive.sha256 => return true,
            Ok(_) => summary.trouble(path, "it is not what was written to it; all logs stay"),
            Err(error) => summary.trouble(path, &error.to_string()),
        }
        false
    }

    /// Notes which logs it holds.
    fn mark(&self, store: &Store, summary: &mut ArchiveSummary) -> Result<()> {
        if self.is_new {
            let path = files::show(&self.archive.path).to_string();
            summary.written.push(path);
        }
        let file = record_of(&self.archive, &self.document).file;
        for held in &self.logs {
            store.mark_archived(&held.found, &file)?;
            summary.archived += u64::from(held.is_new);
        }
        Ok(())
    }

    /// Step 6: the originals go, where they may.
    fn remove_originals(all: &[Self], settings: &Settings, summary: &mut ArchiveSummary) {
        if settings.archive.keep_original {
            return;
        }
        let mut folders = BTreeSet::new();
        // Packing may have taken hours.
        let written = archive::open_for_writing();
        for held in all.iter().flat_map(|placed| &placed.logs) {
            let identity = held.found.identity;
            if identity.is_some_and(|log| written.contains(&log)) {
                summary.wait(&held.found, "it is open for writing".to_owned());
                continue;
            }
            match held.log.remove() {
                Ok(()) => {
                    info!("{}: archived", files::show(&held.log.path));
                    summary.removed += 1;
                    folders.extend(held.log.path.parent().map(Path::to_owned));
                }
                Err(error) => summary.not_archived(&held.found, &error),
            }
        }
        for folder in folders {
            if let Err(error) = files::sync_folder(&folder) {
                summary.trouble(&folder, &error.to_string());
            }
        }
    }

    /// The last steps of one alone.
    #[cfg(test)]
    pub(crate) fn conclude(
        self,
        store: &Store,
        settings: &Settings,
        summary: &mut ArchiveSummary,
    ) -> Result<()> {
        if self.is_still_there(summary) {
            self.mark(store, summary)?;
            Self::remove_originals(&[self], settings, summary);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
