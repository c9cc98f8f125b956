//! What became of logs and archives, as a run reports it.

use std::io;
use std::path::Path;

use files::FoundLog;
use serde::Serialize;
use store::StoredDay;
use tracing::{debug, warn};
use traffic::Accounting;

use traffic::UtcDay;

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

    pub(crate) fn unreadable(&mut self, path: &str, reason: &str) {
        warn!("{path}: {reason}");
        self.unreadable.push(Unreadable {
            path: path.to_owned(),
            reason: reason.to_owned(),
        });
    }
}

/// What became of the logs and archives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ArchiveSummary {
    /// Logs that are in the archive now and were not before.
    pub archived: u64,
    /// Logs that were removed, after they were read back from the archive.
    pub removed: u64,
    /// Archives that were written.
    pub written: Vec<String>,
    /// Logs that are not archived yet, and why.
    pub waiting: Vec<Unreadable>,
    /// What was deleted because of its age.
    pub expired: Vec<String>,
    /// Days that were dropped from the history because of their age.
    pub dropped: Vec<DroppedDay>,
    /// Archives that were written just now and are past their time: the next run deletes them.
    pub expiring: Vec<String>,
    /// What could not be done, and why. Logs stay where they are then.
    pub trouble: Vec<Unreadable>,
}

impl ArchiveSummary {
    /// Whether anything was changed.
    pub fn did_something(&self) -> bool {
        self.archived > 0
            || self.removed > 0
            || !self.expired.is_empty()
            || !self.dropped.is_empty()
    }

    pub(crate) fn wait(&mut self, log: &FoundLog, reason: String) {
        self.waiting.push(waiting(log, reason));
    }

    /// Notes a log that could not be archived. One that was written or rotated meanwhile is no trouble: the
    /// next run looks at it again.
    pub(crate) fn not_archived(&mut self, log: &FoundLog, error: &archive::Error) {
        let is_gone = |error: &files::Error| error.kind() == io::ErrorKind::NotFound;
        match error {
            archive::Error::Changed { .. } => {
                self.wait(log, "it changed while it was archived".to_owned());
            }
            archive::Error::File(error) if is_gone(error) => {
                self.wait(log, "it was moved while it was archived".to_owned());
            }
            _ => self.trouble(&log.path, &error.to_string()),
        }
    }

    /// Notes what could not be done. Not where a signal asked to stop: reading fails for that, and the
    /// run ends.
    pub fn trouble(&mut self, path: &Path, reason: &str) {
        if files::interrupted().is_some() {
            return;
        }
        let path = files::show(path).to_string();
        // The message of an error names its path already.
        let reason = reason.strip_prefix(&format!("{path}: ")).unwrap_or(reason);
        warn!("{path}: {reason}");
        self.trouble.push(Unreadable {
            path,
            reason: reason.to_owned(),
        });
    }
}

/// A day of the history that was dropped, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DroppedDay {
    /// Host.
    pub host: String,
    /// The day, in UTC.
    pub day: String,
    /// Bytes of its files.
    pub bytes: u64,
}

impl From<&StoredDay> for DroppedDay {
    fn from(stored: &StoredDay) -> Self {
        DroppedDay {
            host: stored.host.clone(),
            day: UtcDay::from_number(stored.day).to_string(),
            bytes: stored.bytes,
        }
    }
}

/// A log that is left where it is.
pub(crate) fn waiting(log: &FoundLog, reason: String) -> Unreadable {
    let path = files::show(&log.path).to_string();
    debug!("{path}: left for later: {reason}");
    Unreadable { path, reason }
}
