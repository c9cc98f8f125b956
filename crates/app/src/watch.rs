//! What is known of a run from outside: its record in the store, metrics, pings.

use std::fmt::Display;
use std::time::Instant;

use settings::Settings;
use tracing::warn;

use crate::last_run::{AbandonedRun, LastRun};
use crate::metrics;
use crate::outcome::RunOutcome;
use crate::pings::Watchdog;
use crate::status;

/// The longest message that is kept of a failure, in characters.
const LONGEST: usize = 1000;

/// Which pings a run sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pings {
    /// At its begin and at its end.
    Both,
    /// None.
    None,
}

/// Does a run and records how it ended: in the store's folder, the metrics and by pings. `outcome_of` says how
/// a run ends that fails. Nothing that goes wrong with recording changes how it ends.
///
/// # Errors
/// Those of the run.
pub fn watched<E: Display>(
    command: &str,
    pings: Pings,
    settings: &Settings,
    now: i64,
    outcome_of: impl FnOnce(&E) -> RunOutcome,
    work: impl FnOnce() -> Result<RunOutcome, E>,
) -> Result<RunOutcome, E> {
    let begun = Instant::now();
    let url = settings.notify.healthcheck_url.as_ref();
    let watchdog = url.filter(|_| pings == Pings::Both).map(Watchdog::start);
    // If one run after the other dies, none of them comes to write this at its end.
    if !AbandonedRun::find(&settings.paths.store_dir).is_empty() {
        write_metrics(None, settings, now);
    }
    let ended = work();
    let (outcome, error) = match &ended {
        Ok(outcome) => (*outcome, None),
        Err(failure) => (outcome_of(failure), Some(failure.to_string())),
    };
    let exit_code = outcome.exit_code();
    // A run that found the store locked did nothing; the one that holds it tells of itself.
    if outcome != RunOutcome::Held {
        let duration_seconds = begun.elapsed().as_secs_f64();
        let before = LastRun::read(&settings.paths.store_dir);
        let last = LastRun {
            command: command.to_owned(),
            started: now,
            duration_seconds,
            exit_code,
            last_success: match &error {
                None => Some(now.saturating_add(duration_seconds as i64)),
                Some(_) => before.and_then(|before| before.last_success),
            },
            error: error
                .as_ref()
                .map(|error| error.chars().take(LONGEST).collect()),
        };
        note(&last, settings, now);
    }
    if let Some(watchdog) = watchdog {
        let text = match &error {
            None => format!("{command}: exit code {exit_code}"),
            Some(error) => format!("{command}: exit code {exit_code}\n{error}"),
        };
        let text: String = text.chars().take(LONGEST).collect();
        watchdog.end(outcome == RunOutcome::Done, &text);
    }
    ended
}

fn note(last: &LastRun, settings: &Settings, now: i64) {
    let store_dir = &settings.paths.store_dir;
    if store_dir.is_dir()
        && let Err(error) = last.write(store_dir)
    {
        warn!("the run was not recorded: {error}");
    }
    write_metrics(Some(last), settings, now);
}

/// Writes the file of metrics, if one is asked for; `last` is the run that ended just now.
fn write_metrics(last: Option<&LastRun>, settings: &Settings, now: i64) {
    if let Some(path) = &settings.metrics_textfile {
        let (mut status, _) = status::status(settings, now);
        // The file in the store may be what could not be written.
        status.last_run = last.cloned().or(status.last_run);
        let text = metrics::text(&status);
        let written = files::write_atomically(path, None, |file| file.write_all(text.as_bytes()));
        if let Err(error) = written {
            warn!("metrics.textfile: {error}");
        }
    }
}

#[cfg(test)]
mod tests;
