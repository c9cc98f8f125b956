//! What the store's folder says of earlier runs: the last one's record, and traces of those that died.

use std::path::{Path, PathBuf};

use display::Moment;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize, Serializer};
use store::Store;

use crate::outcome::RunOutcome;

display::dated!(started: i64, read);
display::dated!(last_success: Option<i64>, read);

/// The last run of `report` or `ingest`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastRun {
    /// The command.
    pub command: String,
    /// When it began, in seconds since 1970.
    #[serde(flatten, with = "started")]
    pub started: i64,
    /// How long it took, in seconds.
    pub duration_seconds: f64,
    /// Its exit code.
    pub exit_code: u8,
    /// What went wrong. `None` if it did its work.
    pub error: Option<String>,
    /// When a run last did its work (exit codes 0, 3 and 4) and ended, in seconds since 1970.
    #[serde(flatten, with = "last_success")]
    pub last_success: Option<i64>,
}

impl LastRun {
    /// The last run that a store tells of. `None` if there is none.
    pub fn read(store_dir: &Path) -> Option<Self> {
        let text = std::fs::read(path(store_dir)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Writes the record into the store's folder.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write(&self, store_dir: &Path) -> files::Result<()> {
        let json = serde_json::to_vec_pretty(self).unwrap_or_default();
        files::write_atomically(&path(store_dir), None, |file| file.write_all(&json))
    }

    /// Whether something needed attention when it ended.
    pub(crate) fn needed_attention(&self) -> bool {
        self.exit_code == RunOutcome::Attention.exit_code()
    }

    /// Whether it did its work.
    pub fn did_its_work(&self) -> bool {
        self.error.is_none()
    }
}

/// A run that did not finish: it was killed, or the machine went down. Its start is what it wrote
/// into the lock file of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AbandonedRun {
    /// The command.
    pub command: String,
    /// When it began, in seconds since 1970. `None` if that cannot be read any more.
    #[serde(flatten, serialize_with = "abandoned_start")]
    pub started: Option<i64>,
}

fn abandoned_start<S: Serializer>(start: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    display::serialize_dated(["started", "started_unix"], *start, serializer)
}

impl AbandonedRun {
    /// Those that a store has traces of, the newest last. A run that is at work is not among them.
    pub fn find(store_dir: &Path) -> Vec<Self> {
        let traces = files::abandoned(&store_dir.join("lock"));
        traces
            .iter()
            .filter_map(|trace| Self::parse(trace))
            .collect()
    }

    /// Those that an open store has traces of.
    pub fn of(store: &Store) -> Vec<Self> {
        let traces = store.abandoned_runs().iter();
        traces.filter_map(|trace| Self::parse(trace)).collect()
    }

    /// `pid 812, started 2026-11-21T00:10:00Z: report`
    fn parse(trace: &str) -> Option<Self> {
        let (_, rest) = trace.split_once(", started ")?;
        let (started, command) = rest.split_once(": ")?;
        Some(Self {
            command: command.to_owned(),
            started: started.parse().ok().map(Timestamp::as_second),
        })
    }

    /// The run in a sentence without a full stop.
    pub fn sentence(&self, zone: &TimeZone) -> String {
        let began = match self.started {
            Some(started) => format!(" that began at {}", Moment::new(started, zone)),
            None => String::new(),
        };
        format!(
            "the {}{began} did not finish: it was killed, or the machine went down",
            self.command
        )
    }
}

/// Forgets the abandoned runs whose work a command has done that came to its end: those of the same
/// command, and for `report`, which does all that there is to do, every other.
pub fn forget_abandoned(store: &mut Store, command: &str) {
    store.forget_abandoned_runs(|trace| {
        let run = AbandonedRun::parse(trace);
        command == "report" || run.is_none_or(|run| run.command == command)
    });
}

fn path(store_dir: &Path) -> PathBuf {
    store_dir.join("last_run.json")
}

#[cfg(test)]
mod tests;
