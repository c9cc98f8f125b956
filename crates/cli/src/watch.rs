//! What is known of a run from outside: its record in the store, metrics, pings.

use std::path::{Path, PathBuf};
use std::time::Instant;

use display::Moment;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use store::Store;
use tracing::warn;

use crate::failure::{Ending, Failure};
use crate::metrics;
use crate::pings::Watchdog;
use crate::status;
use crate::terminal::World;
use settings::Settings;

/// The longest message that is kept of a failure, in characters.
const LONGEST: usize = 1000;

/// The last run of `report` or `ingest`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastRun {
    /// The command.
    pub command: String,
    /// When it began, in seconds since 1970.
    pub started: i64,
    /// How long it took, in seconds.
    pub duration_seconds: f64,
    /// Its exit code.
    pub exit_code: u8,
    /// What went wrong. `None` where it did its work.
    pub error: Option<String>,
    /// When a run last did its work (exit codes 0, 3 and 4) and ended, in seconds since 1970.
    pub last_success: Option<i64>,
}

impl LastRun {
    /// The last run that a store tells of. `None` where there is none.
    pub fn read(store_dir: &Path) -> Option<Self> {
        let text = std::fs::read(path(store_dir)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Whether it did its work.
    pub fn did_its_work(&self) -> bool {
        self.error.is_none()
    }
}

/// A run that did not come to its end: it was killed, or the machine went down. Its start is what it wrote
/// into the lock file of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AbandonedRun {
    /// The command.
    pub command: String,
    /// When it began, in seconds since 1970. `None` where that cannot be read any more.
    pub started: Option<i64>,
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
            "the {}{began} did not come to its end: it was killed, or the machine went down",
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

/// Which pings a run sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pings {
    /// At its begin and at its end.
    Both,
    /// None.
    None,
}

/// Does a run and tells how it ended. Nothing that goes wrong with telling changes how it ends.
///
/// # Errors
/// Those of the run.
pub fn run(
    command: &str,
    pings: Pings,
    settings: &Settings,
    world: &World,
    work: impl FnOnce() -> Result<Ending, Failure>,
) -> Result<Ending, Failure> {
    let begun = Instant::now();
    let url = settings.notify.healthcheck_url.as_ref();
    let watchdog = url.filter(|_| pings == Pings::Both).map(Watchdog::start);
    // Where one run after the other dies, none of them comes to write this at its end.
    if !AbandonedRun::find(&settings.paths.store_dir).is_empty() {
        write_metrics(None, settings, world);
    }
    let ended = work();
    let (exit_code, error) = match &ended {
        Ok(ending) => (ending.code(), None),
        Err(failure) => (failure.code(), Some(failure.to_string())),
    };
    // A run that found the store locked did nothing; the one that holds it tells of itself.
    if exit_code != 5 {
        let duration_seconds = begun.elapsed().as_secs_f64();
        let before = LastRun::read(&settings.paths.store_dir);
        let last = LastRun {
            command: command.to_owned(),
            started: world.now,
            duration_seconds,
            exit_code,
            last_success: match &error {
                None => Some(world.now.saturating_add(duration_seconds as i64)),
                Some(_) => before.and_then(|before| before.last_success),
            },
            error: error
                .as_ref()
                .map(|error| error.chars().take(LONGEST).collect()),
        };
        note(&last, settings, world);
    }
    if let Some(watchdog) = watchdog {
        let text = match &error {
            None => format!("{command}: exit code {exit_code}"),
            Some(error) => format!("{command}: exit code {exit_code}\n{error}"),
        };
        let text: String = text.chars().take(LONGEST).collect();
        watchdog.end(exit_code == 0, &text);
    }
    ended
}

fn note(last: &LastRun, settings: &Settings, world: &World) {
    let store_dir = &settings.paths.store_dir;
    if store_dir.is_dir() {
        let json = serde_json::to_vec_pretty(last).unwrap_or_default();
        let written = files::write_atomically(&path(store_dir), None, |file| file.write_all(&json));
        if let Err(error) = written {
            warn!("the run is not noted: {error}");
        }
    }
    write_metrics(Some(last), settings, world);
}

/// Writes the file of metrics, where one is asked for; `last` is the run that ended just now.
fn write_metrics(last: Option<&LastRun>, settings: &Settings, world: &World) {
    if let Some(path) = &settings.metrics_textfile {
        let (mut status, _) = status::collect(settings, world);
        // The file in the store may be what could not be written.
        status.last_run = last.cloned().or(status.last_run);
        let text = metrics::text(&status);
        let written = files::write_atomically(path, None, |file| file.write_all(text.as_bytes()));
        if let Err(error) = written {
            warn!("metrics.textfile: {error}");
        }
    }
}
