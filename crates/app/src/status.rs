//! The status: what is pending, what was done, what needs attention.

use std::collections::BTreeSet;

use analysis::QuotaState;
use display::Moment;
use jiff::ToSpan as _;
use lifecycle::archives::lost_archives;
use lifecycle::claims::{self, Standing};
use lifecycle::{LogFolder, look_for_logs, newer_archives};
use mailing::{WaitingLetter, waiting_letters};
use reporting::Reporter;
use serde::Serialize;
use settings::Settings;
use store::{KeptFiles, Store, StoreStatus};
use traffic::{Period, UtcDay};

use crate::error::{Error, Result};
use crate::last_report::{LastReport, last_reports};
use crate::last_run::{AbandonedRun, LastRun};
use crate::running_collector::RunningCollector;

display::dated!(timestamp: i64);

/// Raised when the meaning of a key changes; keys are only ever added.
const SCHEMA_VERSION: u32 = 1;
/// Days whose coverage is told, today not among them.
const DAYS: i32 = 7;
/// What `status --json` prints.
#[derive(Debug, Default, Serialize)]
pub struct Status {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Now.
    #[serde(flatten, with = "timestamp")]
    pub timestamp: i64,
    /// The last run of `report` or `ingest`. `None` if none is known.
    pub last_run: Option<LastRun>,
    /// Runs that did not finish, and that no later run made up for.
    pub abandoned_runs: Vec<AbandonedRun>,
    /// The collector that writes the logs. `None` if none runs.
    pub collector: Option<RunningCollector>,
    /// Who holds the store. `None` if nobody does.
    pub lock: Option<String>,
    /// The history. `None` if there is none yet, or it cannot be read.
    pub store: Option<StoreStatus>,
    /// Its size. `None` if there is none.
    pub store_bytes: Option<u64>,
    /// Logs in the log folder.
    pub logs_found: u64,
    /// Those that are new or have changed.
    pub logs_pending: u64,
    /// Letters that wait.
    pub outbox: Vec<WaitingLetter>,
    /// The last days of each host.
    pub coverage: Vec<HostDays>,
    /// The last report of each host.
    pub reports: Vec<LastReport>,
    /// Room on disks.
    pub disk: Disk,
    /// The quotas, now.
    pub quotas: Vec<QuotaState>,
    /// What needs attention, a sentence each.
    pub attention: Vec<String>,
    /// Settings that are accepted and have no effect in this version.
    pub not_yet_active: Vec<&'static str>,
}

/// Room on disks.
#[derive(Debug, Default, Serialize)]
pub struct Disk {
    /// Bytes that may still be written beside the history. `None` if the system does not tell.
    pub free_bytes: Option<u64>,
    /// The size of the archive folder. `None` if there is none.
    pub archive_bytes: Option<u64>,
}

/// The last days of a host.
#[derive(Debug, Serialize)]
pub struct HostDays {
    /// The host.
    pub host: String,
    /// Its whole days, yesterday last.
    pub days: Vec<DayCoverage>,
    /// The day at hand; `expected_seconds` are those up to now.
    pub today: DayCoverage,
}

impl HostDays {
    /// Yesterday.
    pub fn last_whole_day(&self) -> Option<&DayCoverage> {
        self.days.last()
    }
}

/// How much of a day was observed.
#[derive(Debug, Default, Serialize)]
pub struct DayCoverage {
    /// The day.
    pub day: String,
    /// Seconds observed.
    pub observed_seconds: u64,
    /// Seconds of the day.
    pub expected_seconds: u64,
    /// Part that was observed, from 0 to 1.
    pub ratio: f64,
    /// Bytes sent.
    pub upload_bytes: u64,
    /// Bytes received.
    pub download_bytes: u64,
    /// Damaged lines of its logs.
    pub damaged_lines: u64,
}

/// Looks at everything, and says why the store could not be read if it could not.
pub fn status(settings: &Settings, now: i64) -> (Status, Option<Error>) {
    let mut status = Status {
        schema_version: SCHEMA_VERSION,
        timestamp: now,
        last_run: LastRun::read(&settings.paths.store_dir),
        abandoned_runs: AbandonedRun::find(&settings.paths.store_dir),
        collector: RunningCollector::find(settings),
        lock: files::lock_holder(&settings.paths.store_dir.join("lock")),
        not_yet_active: settings.not_yet_active(),
        ..Status::default()
    };
    let failure = look(&mut status, settings, now).err();
    match waiting_letters(settings) {
        Ok(outbox) => status.outbox = outbox,
        Err(error) => status.attention.push(error.to_string()),
    }
    judge(&mut status, settings);
    (status, failure)
}

fn look(status: &mut Status, settings: &Settings, now: i64) -> Result<()> {
    let store = Store::open_to_read(&settings.paths.store_dir)?;
    // A folder that is not there yet is no reason to keep the rest back.
    let folder = match look_for_logs(store.as_ref(), settings) {
        Err(lifecycle::Error::File(_)) => LogFolder::default(),
        outcome => outcome?,
    };
    status.logs_found = folder.found as u64;
    status.logs_pending = folder.pending.len() as u64;
    status
        .attention
        .extend(lifecycle::passed_over_sentences(&folder.skipped));
    let Some(store) = store else {
        return Ok(());
    };
    let archive_dir = &settings.paths.archive_dir;
    status.disk = Disk {
        free_bytes: files::space(&settings.paths.store_dir).map(|space| space.free),
        archive_bytes: if archive_dir.is_dir() {
            Some(files::folder_size(archive_dir)?)
        } else {
            None
        },
    };
    status.reports = last_reports(&store, settings, now)?;
    let lost = lost_archives(&store, archive_dir)?;
    status
        .attention
        .extend(lost.iter().map(|lost| lost.told(archive_dir)));
    status.store = Some(store.status()?);
    let newer: Vec<String> = newer_archives::newer_archives(&store, settings)?
        .iter()
        .map(|path| files::show(path).to_string())
        .collect();
    status.attention.extend(newer_archives::sentence(&newer));
    match claims::examine(&store, settings) {
        Ok(Standing::Current) => {}
        Ok(Standing::Older) => status
            .attention
            .push(newer_archives::older_sentence(settings)),
        Err(failure) => status.attention.push(failure.to_string()),
    }
    status.store_bytes = Some(files::folder_size(&settings.paths.store_dir)?);
    for host in store.hosts()? {
        let mut damage = BTreeSet::new();
        let (days, today) = last_days(&store, &host, settings, now, &mut damage)?;
        if status
            .last_run
            .as_ref()
            .is_some_and(LastRun::needed_attention)
        {
            damage.extend(damage_in_news(&store, &host, settings)?);
        }
        status.attention.extend(damage);
        status.coverage.push(HostDays { host, days, today });
    }
    let today = Period::day(settings.today(now));
    status.quotas = Reporter::new(settings, now).quotas(&store, None, today)?;
    Ok(())
}

fn last_days(
    store: &Store,
    host: &str,
    settings: &Settings,
    now: i64,
    damage: &mut BTreeSet<String>,
) -> Result<(Vec<DayCoverage>, DayCoverage)> {
    let today = settings.today(now);
    let resolution = settings.input.resolution_seconds();
    let loopback = settings.input.includes_loopback();
    let days = (0..=DAYS)
        .rev()
        .map(|back| today.saturating_sub(back.days()));
    let days = days.map(|day| {
        let seconds = Period::day(day).seconds(&settings.time_zone);
        let totals = match store.totals(host, seconds.clone(), resolution, loopback) {
            Err(error) if error.is_damaged_file() => {
                damage.insert(error.to_string());
                None
            }
            totals => totals?,
        };
        let totals = totals.unwrap_or_default();
        let damaged_lines = match totals.observed_seconds {
            0 => 0,
            _ => store.input_facts(host, seconds.clone())?.damaged_lines,
        };
        let end = seconds.end.min(now).max(seconds.start);
        let expected = (end - seconds.start).unsigned_abs();
        Ok(DayCoverage {
            day: day.to_string(),
            observed_seconds: totals.observed_seconds,
            expected_seconds: expected,
            ratio: (totals.observed_seconds as f64 / expected.max(1) as f64).min(1.0),
            upload_bytes: totals.volume.up,
            download_bytes: totals.volume.down,
            damaged_lines,
        })
    });
    let mut days: Vec<DayCoverage> = days.collect::<Result<_>>()?;
    let today = days.pop().unwrap_or_default();
    Ok((days, today))
}

/// What keeps days with news from being reported.
fn damage_in_news(store: &Store, host: &str, settings: &Settings) -> Result<Vec<String>> {
    let resolution = settings.input.resolution_seconds();
    let mut damage = Vec::new();
    for day in store.pending_days(host)? {
        let seconds = UtcDay::from_number(day).seconds();
        match store.totals(host, seconds, resolution, false) {
            Err(error) if error.is_damaged_file() => damage.push(error.to_string()),
            totals => drop(totals?),
        }
    }
    Ok(damage)
}

/// Names what needs attention.
fn judge(status: &mut Status, settings: &Settings) {
    let mut add = |sentence: String| status.attention.push(sentence);
    if let Some(run) = &status.last_run
        && let Some(error) = &run.error
    {
        let began = Moment::new(run.started, &settings.time_zone);
        add(format!(
            "the last {} ({began}) failed: {error}",
            run.command
        ));
    }
    for run in &status.abandoned_runs {
        add(run.sentence(&settings.time_zone));
    }
    let fault = (status.collector.as_ref()).and_then(|running| running.fault(status.timestamp));
    fault.into_iter().for_each(&mut add);
    for log in status.store.iter().flat_map(|store| &store.damaged_logs) {
        let reason = log.damage.as_deref().unwrap_or_default();
        add(format!("{}: {reason}", log.path));
    }
    for letter in status.outbox.iter().filter(|letter| letter.attempts > 0) {
        let trouble = letter.trouble.as_deref().unwrap_or_default();
        add(format!("not sent: {}: {trouble}", letter.subject));
    }
}

/// Says which old files of the history are kept, and for whom.
pub fn kept_sentence(kept: &KeptFiles) -> String {
    let readers: Vec<String> = kept.readers.iter().map(u32::to_string).collect();
    let process = match readers.len() {
        1 => "process",
        _ => "processes",
    };
    format!(
        "{} of the history ({}), as {process} {} may still read them",
        display::counted(kept.files, "old file", "old files"),
        display::bytes(kept.bytes),
        readers.join(", ")
    )
}

#[cfg(test)]
mod tests;
