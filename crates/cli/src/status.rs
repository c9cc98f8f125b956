//! `status`: what is pending, what was done, what needs attention.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use analysis::QuotaState;
use jiff::ToSpan as _;
use serde::Serialize;
use store::{KeptFiles, Store, StoreStatus};
use traffic::Period;

use crate::args::StatusArgs;
use crate::claims::{self, Standing};
use crate::facts::time_of;
use crate::failure::{Ending, Failure};
use crate::known_archives::lost_archives;
use crate::newer_archives;
use crate::passed_over;
use crate::pipeline::{LogFolder, look_for_logs};
use crate::post::{self, WaitingLetter};
use crate::publish::print_json;
use crate::quotas;
use crate::running_collector::RunningCollector;
use crate::settings::Settings;
use crate::watch::{AbandonedRun, LastRun};
use crate::world::World;

/// Raised when the meaning of a key changes; keys are only ever added.
const SCHEMA_VERSION: u32 = 1;
/// Days whose coverage is told, today not among them.
const DAYS: i32 = 7;
/// Seconds of a day of UTC, in which the store counts its news.
const DAY: i64 = 86_400;

/// What `status --json` prints. Times are seconds since 1970.
#[derive(Debug, Default, Serialize)]
pub struct Status {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Now.
    pub timestamp: i64,
    /// The last run of `report` or `ingest`. `None` where none is known.
    pub last_run: Option<LastRun>,
    /// Runs that did not come to their end, and that no later run made up for.
    pub abandoned_runs: Vec<AbandonedRun>,
    /// The collector that writes the logs. `None` where none runs.
    pub collector: Option<RunningCollector>,
    /// Who holds the store. `None` where nobody does.
    pub lock: Option<String>,
    /// The history. `None` where there is none yet, or it cannot be read.
    pub store: Option<StoreStatus>,
    /// Its size. `None` where there is none.
    pub store_bytes: Option<u64>,
    /// Logs in the log folder.
    pub logs_found: u64,
    /// Those that are new or have changed.
    pub logs_pending: u64,
    /// Letters that wait.
    pub outbox: Vec<WaitingLetter>,
    /// The last days of each host.
    pub coverage: Vec<HostDays>,
    /// The quotas, now.
    pub quotas: Vec<QuotaState>,
    /// What needs attention, a sentence each.
    pub attention: Vec<String>,
    /// Settings that are accepted and have no effect in this version.
    pub not_yet_active: Vec<&'static str>,
}

/// The last days of a host.
#[derive(Debug, Serialize)]
pub struct HostDays {
    /// The host.
    pub host: String,
    /// Its whole days, yesterday last.
    pub days: Vec<DayCoverage>,
}

impl HostDays {
    /// Yesterday.
    pub fn last_whole_day(&self) -> Option<&DayCoverage> {
        self.days.last()
    }
}

/// How much of a day was observed.
#[derive(Debug, Serialize)]
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

/// Looks at everything; beside it why the store cannot be read.
pub fn collect(settings: &Settings, world: &World) -> (Status, Option<Failure>) {
    let mut status = Status {
        schema_version: SCHEMA_VERSION,
        timestamp: world.now,
        last_run: LastRun::read(&settings.paths.store_dir),
        abandoned_runs: AbandonedRun::find(&settings.paths.store_dir),
        collector: RunningCollector::find(settings),
        lock: files::lock_holder(&settings.paths.store_dir.join("lock")),
        not_yet_active: settings.not_yet_active(),
        ..Status::default()
    };
    let failure = look(&mut status, settings, world).err();
    match post::waiting(settings) {
        Ok(outbox) => status.outbox = outbox,
        Err(error) => status.attention.push(error.to_string()),
    }
    judge(&mut status, settings);
    (status, failure)
}

fn look(status: &mut Status, settings: &Settings, world: &World) -> Result<(), Failure> {
    let store = Store::open_to_read(&settings.paths.store_dir)?;
    // A folder that is not there yet is no reason to keep the rest back.
    let folder = match look_for_logs(store.as_ref(), settings) {
        Err(Failure::File(_)) => LogFolder::default(),
        outcome => outcome?,
    };
    status.logs_found = folder.found as u64;
    status.logs_pending = folder.pending.len() as u64;
    status
        .attention
        .extend(passed_over::sentences(&folder.skipped));
    let Some(store) = store else {
        return Ok(());
    };
    let archive_dir = &settings.paths.archive_dir;
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
        let days = last_days(&store, &host, settings, world, &mut damage)?;
        if status
            .last_run
            .as_ref()
            .is_some_and(|run| run.exit_code == 3)
        {
            damage.extend(damage_in_news(&store, &host, settings)?);
        }
        status.attention.extend(damage);
        status.coverage.push(HostDays { host, days });
    }
    let today = Period::day(world.today(settings));
    status.quotas = quotas::states(&store, settings, None, today, world.now)?;
    Ok(())
}

fn last_days(
    store: &Store,
    host: &str,
    settings: &Settings,
    world: &World,
    damage: &mut BTreeSet<String>,
) -> Result<Vec<DayCoverage>, Failure> {
    let today = world.today(settings);
    let resolution = settings.input.resolution_seconds();
    let loopback = settings.input.includes_loopback();
    let days = (1..=DAYS)
        .rev()
        .map(|back| today.saturating_sub(back.days()));
    days.map(|day| {
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
        let expected = (seconds.end - seconds.start).unsigned_abs();
        Ok(DayCoverage {
            day: day.to_string(),
            observed_seconds: totals.observed_seconds,
            expected_seconds: expected,
            ratio: (totals.observed_seconds as f64 / expected as f64).min(1.0),
            upload_bytes: totals.volume.up,
            download_bytes: totals.volume.down,
            damaged_lines,
        })
    })
    .collect()
}

/// What keeps days with news from being reported.
fn damage_in_news(store: &Store, host: &str, settings: &Settings) -> Result<Vec<String>, Failure> {
    let resolution = settings.input.resolution_seconds();
    let mut damage = Vec::new();
    for day in store.pending_days(host)? {
        let seconds = day.saturating_mul(DAY)..day.saturating_add(1).saturating_mul(DAY);
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
        let began = time_of(run.started, &settings.time_zone);
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

/// Shows what is pending and what the store holds. Works beside a running `report`.
///
/// # Errors
/// Where the store cannot be read.
pub fn run(
    args: &StatusArgs,
    settings: &Settings,
    world: &World,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    let (status, failure) = collect(settings, world);
    if let Some(failure) = failure {
        return Err(failure);
    }
    if args.json {
        print_json(&status, out)?;
    } else {
        show(&status, settings, out)?;
    }
    Ok(match status.attention.is_empty() {
        true => Ending::Done,
        false => Ending::Attention,
    })
}

fn show(status: &Status, settings: &Settings, out: &mut dyn Write) -> Result<(), Failure> {
    let line = |label: &str, text: &str| format!("{label:<10}{}", report::printable(text));
    let zone = &settings.time_zone;
    let mut lines = Vec::new();
    if let Some(holder) = &status.lock {
        lines.push(line("Running", holder));
    }
    if let Some(collector) = &status.collector {
        lines.push(line("Collector", &collector.summary(settings)));
    }
    if let Some(run) = &status.last_run {
        let text = format!(
            "{} at {}, {:.1} s, exit code {}",
            run.command,
            time_of(run.started, zone),
            run.duration_seconds,
            run.exit_code
        );
        lines.push(line("Last run", &text));
        if let Some(success) = run.last_success.filter(|_| !run.did_its_work()) {
            lines.push(line(
                "",
                &format!(
                    "the last that did its work ended at {}",
                    time_of(success, zone)
                ),
            ));
        }
    }
    let log_dir = files::show(&settings.paths.log_dir);
    let logs = format!(
        "{} in {log_dir}, {} new or changed",
        status.logs_found, status.logs_pending
    );
    lines.push(line("Logs", &logs));
    show_store(status, settings, &mut lines);
    for quota in &status.quotas {
        let [used, rest] = report::quota_lines(quota);
        lines.push(line("Quota", &format!("{}: {used}, {rest}", quota.name)));
    }
    for letter in &status.outbox {
        let to = letter.recipients.join(", ");
        lines.push(line("Outbox", &format!("{}, to {to}", letter.subject)));
        if letter.attempts > 0 {
            let trouble = letter.trouble.as_deref().unwrap_or_default();
            let next = time_of(letter.next_attempt, zone);
            let attempts = report::counted(letter.attempts.into(), "attempt", "attempts");
            lines.push(line(
                "",
                &format!("{attempts}, the next at {next}: {trouble}"),
            ));
        }
    }
    for sentence in &status.attention {
        lines.push(line("Attention", sentence));
    }
    if !status.not_yet_active.is_empty() {
        let keys = status.not_yet_active.join(", ");
        lines.push(format!("Not yet active in this version: {keys}"));
    }
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Says which files are kept, and for whom.
pub fn kept_sentence(kept: &KeptFiles) -> String {
    let readers: Vec<String> = kept.readers.iter().map(u32::to_string).collect();
    let process = match readers.len() {
        1 => "process",
        _ => "processes",
    };
    format!(
        "{} of the history ({}), as {process} {} may still read them",
        report::counted(kept.files, "old file", "old files"),
        report::bytes(kept.bytes),
        readers.join(", ")
    )
}

fn show_store(status: &Status, settings: &Settings, lines: &mut Vec<String>) {
    let mut line = |label: &str, text: &str| {
        lines.push(format!("{label:<10}{}", report::printable(text)));
    };
    let store_dir = files::show(&settings.paths.store_dir);
    let Some(store) = &status.store else {
        if !Path::exists(&settings.paths.store_dir) {
            line("Store", &format!("none yet in {store_dir}"));
        }
        return;
    };
    let size = report::bytes(status.store_bytes.unwrap_or_default());
    line(
        "Store",
        &format!(
            "{} of {}, {} of bandwhich, {size} in {store_dir}",
            report::counted(store.rows, "row", "rows"),
            report::counted(store.sources, "log", "logs"),
            report::counted(store.runs, "run", "runs"),
        ),
    );
    line("Hosts", &store.hosts.join(", "));
    if let Some(span) = store.span {
        let zone = &settings.time_zone;
        let (first, last) = (time_of(span.first, zone), time_of(span.last, zone));
        line("Span", &format!("{first} to {last}"));
    }
    line(
        "Pending",
        &format!(
            "{} with news that no report tells yet",
            report::counted(store.pending_days, "day", "days")
        ),
    );
    if let Some(kept) = &store.kept_files {
        line("Kept", &kept_sentence(kept));
    }
    for host in &status.coverage {
        let ratios: Vec<String> = host
            .days
            .iter()
            .map(|day| report::percent(day.ratio))
            .collect();
        line(
            "Observed",
            &format!("{}, yesterday last, {}", ratios.join(", "), host.host),
        );
    }
}
