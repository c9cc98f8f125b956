//! Whether logs still come, runs succeed and letters leave.

use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

use super::check::Check;
use super::machine::Machine;
use super::services;
use app::Status;
use display::Moment;
use lifecycle::exclusions;
use lifecycle::own_host;
use settings::{Environment, HostLayout, Settings};

/// Seconds without a log after which a collector of this machine is not at work: it writes one frame a
/// second.
const QUIET: i64 = 300;
/// The same where logs are brought from elsewhere, once a day.
const DAY: i64 = 26 * 3600;
/// Logs that are named.
const MAX_NAMED: usize = 5;

pub(super) fn checks(
    settings: &Settings,
    machine: &Machine,
    environment: &Environment,
    now: i64,
) -> Vec<Check> {
    let (status, failure) = app::status(settings, now);
    let mut checks = runs(&status, settings, machine, now);
    checks.extend(abandoned(&status, settings, machine));
    if let Some(failure) = failure {
        let failure = failure.in_store(&settings.paths.store_dir);
        let cure = failure
            .hint()
            .unwrap_or_else(|| "`network-monitor store check` says more".to_owned());
        checks.push(Check::fault("history", failure.to_string(), cure));
    }
    if let Err(failure) = own_host::settled(settings) {
        let cure = failure.hint().unwrap_or_default();
        checks.push(Check::fault("history", failure.to_string(), cure));
    }
    let damaged = status.store.iter().flat_map(|store| &store.damaged_logs);
    checks.extend(damaged.take(MAX_NAMED).map(|log| {
        let reason = log.damage.as_deref().unwrap_or_default();
        Check::fault(
            "history",
            format!("{}: {reason}", log.path),
            "its undamaged part was counted; move the log away once you have checked it",
        )
    }));
    let kept = status
        .store
        .iter()
        .filter_map(|store| store.kept_files.as_ref());
    checks.extend(kept.map(|kept| {
        Check::advice(
            "history",
            app::kept_sentence(kept),
            "end them if they hang; the next run removes the files",
        )
    }));
    checks.extend(outbox(&status, machine));
    let has_collector = services::has_collector(machine, environment);
    checks.extend(logs(settings, has_collector, now));
    checks
}

fn runs(status: &Status, settings: &Settings, machine: &Machine, now: i64) -> Vec<Check> {
    const TOPIC: &str = "last run";
    let Some(run) = &status.last_run else {
        let said = "there was none yet";
        let cure = format!("`{}` starts one now", machine.report_now());
        return vec![Check::advice(TOPIC, said, cure)];
    };
    let zone = &settings.time_zone;
    let began = Moment::new(run.started, zone);
    if let Some(error) = &run.error {
        return vec![Check::fault(
            TOPIC,
            format!("the {} of {began} failed: {error}", run.command),
            format!("fix what it names, then run `{}`", machine.report_now()),
        )];
    }
    let last = run.last_success.unwrap_or(run.started);
    // Under a clock that was ahead, days without a run would not be noticed for years.
    if last - now > DAY {
        return vec![Check::fault(
            TOPIC,
            format!(
                "it ended at {}, which is in the future",
                Moment::new(last, zone)
            ),
            format!("set the clock, then run `{}`", machine.report_now()),
        )];
    }
    if now - last > DAY {
        return vec![Check::fault(
            TOPIC,
            format!("none since {}", Moment::new(last, zone)),
            "check why the timer or cron does not start `network-monitor report`",
        )];
    }
    vec![Check::ok(
        TOPIC,
        format!(
            "the {} of {began}, exit code {}",
            run.command, run.exit_code
        ),
    )]
}

/// The newest run that did not come to its end.
fn abandoned(status: &Status, settings: &Settings, machine: &Machine) -> Option<Check> {
    let run = status.abandoned_runs.last()?;
    Some(Check::fault(
        "last run",
        run.sentence(&settings.time_zone),
        format!(
            "check in the system's journal whether memory or time ran out; `{}` does the work it left undone",
            machine.report_now()
        ),
    ))
}

fn outbox(status: &Status, machine: &Machine) -> Option<Check> {
    let late: Vec<_> = status
        .outbox
        .iter()
        .filter(|letter| letter.attempts > 0)
        .collect();
    let first = late.first()?;
    Some(Check::fault(
        "outbox",
        format!(
            "letters that could not be sent: {}; {}: {}",
            late.len(),
            first.subject,
            first.trouble.as_deref().unwrap_or_default()
        ),
        format!(
            "`network-monitor email test` shows why; `{}` then sends them",
            machine.report_now()
        ),
    ))
}

/// When each folder of logs was last written to.
fn logs(settings: &Settings, has_collector: bool, now: i64) -> Vec<Check> {
    const TOPIC: &str = "logs";
    let folder = files::show(&settings.paths.log_dir);
    let found = match files::discover(&settings.paths.log_dir, &exclusions(settings)) {
        Ok(found) => found,
        // The folders' check names it.
        Err(_) => return Vec::new(),
    };
    let mut newest: BTreeMap<String, i64> = BTreeMap::new();
    for log in &found.logs {
        let host = match settings.input.hosts {
            HostLayout::Directories => log.relative.iter().next(),
            HostLayout::Single => None,
        };
        let host = host.map_or(String::new(), |host| {
            format!(" from {}", host.to_string_lossy())
        });
        let since = log.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let modified = newest.entry(host).or_default();
        *modified = (*modified).max(since.as_secs().cast_signed());
    }
    let cure = if has_collector {
        "systemctl status network-monitor-collect; journalctl -u network-monitor-collect"
    } else {
        "check that bandwhich runs and writes there, or set paths.log_dir"
    };
    if newest.is_empty() {
        let said = format!("there is none in {folder}");
        return vec![if has_collector {
            Check::fault(TOPIC, said, cure)
        } else {
            // They may be in the archive until the next are brought.
            Check::advice(TOPIC, said, cure)
        }];
    }
    let patience = if has_collector { QUIET } else { DAY };
    let silent: Vec<Check> = newest
        .iter()
        .filter(|(_, modified)| now - **modified > patience)
        .map(|(host, modified)| {
            let since = Moment::new(*modified, &settings.time_zone);
            Check::fault(TOPIC, format!("no log{host} since {since}"), cure)
        })
        .collect();
    if silent.is_empty() {
        vec![Check::ok(
            TOPIC,
            format!(
                "{} in {folder}, the newest written at {}",
                found.logs.len(),
                Moment::new(
                    newest.into_values().max().unwrap_or_default(),
                    &settings.time_zone
                )
            ),
        )]
    } else {
        silent
    }
}
