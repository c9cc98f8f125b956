//! Whether systemd starts the collector and the reports.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::check::Check;
use super::machine::Machine;
use crate::setup::{SetupScope, UNITS, has_systemd, unit_folder};
use settings::{Environment, SYSTEM_FOLDER, Settings};

const TOPIC: &str = "services";
/// The units that are enabled, and what wants them.
const ENABLED: [(&str, &str, &str); 2] = [
    (
        "network-monitor-collect.service",
        "multi-user.target.wants",
        "default.target.wants",
    ),
    (
        "network-monitor-report.timer",
        "timers.target.wants",
        "timers.target.wants",
    ),
];

pub(super) fn checks(
    settings: &Settings,
    machine: &Machine,
    environment: &Environment,
) -> Vec<Check> {
    let Some(scope) = scope(machine, environment) else {
        let cron = machine.root.join("etc/cron.d/network-monitor");
        return vec![if cron.exists() {
            Check::ok(TOPIC, format!("{} starts them", files::show(&cron)))
        } else if has_crontab(machine) {
            Check::ok(TOPIC, "your crontab starts them")
        } else if has_systemd(&machine.root) {
            Check::advice(
                TOPIC,
                "there are none: nothing starts logs and reports",
                "`network-monitor setup --system` or `--user` creates them",
            )
        } else {
            Check::advice(
                TOPIC,
                "there are none: there is no systemd, and nothing in your crontab starts logs and reports",
                "crontab -e, with the two lines that `network-monitor setup --user` ends with; or for the machine, \
                 as root: `network-monitor setup --system`",
            )
        }];
    };
    let systemctl = match scope {
        SetupScope::System => "systemctl",
        SetupScope::User => "systemctl --user",
    };
    let mut checks = Vec::new();
    for (unit, _, _) in ENABLED {
        if !is_enabled(unit, scope, machine, environment) {
            checks.push(Check::fault(
                TOPIC,
                format!("{unit} is not enabled"),
                format!("{systemctl} enable --now {unit}"),
            ));
        } else if let Some(state) = state(unit, scope, machine).filter(|state| state != "active") {
            checks.push(Check::fault(
                TOPIC,
                format!("{unit} is {state}"),
                format!("{systemctl} restart {unit}; {systemctl} status {unit} says why"),
            ));
        }
    }
    if scope == SetupScope::System {
        checks.extend(closed_folders(settings, machine, environment));
        checks.extend(closed_network(settings, machine, environment));
    }
    if checks.is_empty() {
        vec![Check::ok(
            TOPIC,
            "the collector and the daily report are enabled",
        )]
    } else {
        checks
    }
}

/// Whether the user's own crontab starts the reports. Only of this machine it can be asked.
fn has_crontab(machine: &Machine) -> bool {
    let listed = (machine.root == Path::new("/"))
        .then(|| Command::new("crontab").arg("-l").output())
        .and_then(Result::ok);
    listed.is_some_and(|listed| {
        let lines = String::from_utf8_lossy(&listed.stdout).into_owned();
        let lines = lines.lines().map(str::trim_start);
        let mut jobs = lines.filter(|line| !line.starts_with('#'));
        jobs.any(|line| line.contains("network-monitor") && line.contains("report"))
    })
}

/// Whether the collector of this machine is to run by itself.
pub(super) fn has_collector(machine: &Machine, environment: &Environment) -> bool {
    scope(machine, environment)
        .is_some_and(|scope| is_enabled(ENABLED[0].0, scope, machine, environment))
}

/// Whose services there are; the machine's go before the user's. None if nothing starts them.
pub(super) fn scope(machine: &Machine, environment: &Environment) -> Option<SetupScope> {
    if !has_systemd(&machine.root) {
        return None;
    }
    let has = |scope: &SetupScope| {
        UNITS.iter().any(|unit| {
            let own = unit_folder(*scope, &machine.root, environment);
            own.is_some_and(|folder| folder.join(unit.name).exists())
                || unit.packaged(*scope, &machine.root).is_some()
        })
    };
    // A package brings both; which were enabled tells whose are meant.
    let scopes = [SetupScope::System, SetupScope::User]
        .into_iter()
        .filter(has);
    let enabled = scopes.clone().find(|scope| {
        ENABLED
            .iter()
            .any(|(unit, ..)| is_enabled(unit, *scope, machine, environment))
    });
    enabled.or_else(|| scopes.into_iter().next())
}

fn is_enabled(unit: &str, scope: SetupScope, machine: &Machine, environment: &Environment) -> bool {
    let wants = ENABLED.iter().find(|(name, ..)| *name == unit);
    let Some((_, system, user)) = wants else {
        return false;
    };
    let below = match scope {
        SetupScope::System => system,
        SetupScope::User => user,
    };
    let own = unit_folder(scope, &machine.root, environment);
    let everybodys = Some(machine.root.join("etc/systemd/user"));
    let everybodys = everybodys.filter(|_| scope == SetupScope::User);
    // The link may point to what is there only once the system below the root runs.
    own.into_iter()
        .chain(everybodys)
        .any(|folder| folder.join(below).join(unit).is_symlink())
}

/// What systemd says of a unit. `None` if it does not run or cannot be asked.
fn state(unit: &str, scope: SetupScope, machine: &Machine) -> Option<String> {
    let mut command = Command::new(machine.systemctl.as_ref()?);
    if scope == SetupScope::User {
        command.arg("--user");
    }
    let said = command.args(["is-active", unit]).output().ok()?;
    let state = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    Some(state).filter(|state| !state.is_empty())
}

/// Folders that the services' units keep closed: they write below their own and no other.
fn closed_folders(settings: &Settings, machine: &Machine, environment: &Environment) -> Vec<Check> {
    let paths = &settings.paths;
    let report = "network-monitor-report.service";
    let written = [
        (
            "network-monitor-collect.service",
            "paths.log_dir",
            Some(&paths.log_dir),
        ),
        (report, "paths.log_dir", Some(&paths.log_dir)),
        (report, "paths.report_dir", Some(&paths.report_dir)),
        (report, "paths.archive_dir", Some(&paths.archive_dir)),
        (report, "paths.store_dir", Some(&paths.store_dir)),
        (report, "paths.temp_dir", paths.temp_dir.as_ref()),
        (
            report,
            "metrics.textfile",
            settings.metrics_textfile.as_ref(),
        ),
        (report, "logging.file", settings.logging.file.as_ref()),
    ];
    written
        .into_iter()
        .filter_map(|(unit, key, path)| Some((unit, key, path?)))
        .filter(|(unit, _, path)| {
            let open = open_folders(unit, machine, environment);
            !path.starts_with(SYSTEM_FOLDER) && !open.iter().any(|open| path.starts_with(open))
        })
        .map(|(unit, key, path)| {
            let folder = if key.starts_with("paths.") {
                path.as_path()
            } else {
                path.parent().unwrap_or(path)
            };
            let folder = files::show(folder);
            Check::fault(
                TOPIC,
                format!("{unit} may not write {key}: {}", files::show(path)),
                format!(
                    "systemctl edit {unit}, with the lines [Service] and ReadWritePaths={folder}"
                ),
            )
        })
        .collect()
}

/// Names are asked for of servers, whom the collector's unit keeps out.
fn closed_network(
    settings: &Settings,
    machine: &Machine,
    environment: &Environment,
) -> Option<Check> {
    let unit = "network-monitor-collect.service";
    let allowed = values(unit, "IPAddressAllow=", machine, environment);
    (settings.collect.resolve_names && allowed.is_empty()).then(|| {
        Check::fault(
            TOPIC,
            format!("{unit} cannot reach a name server, which collect.resolve_names needs"),
            format!("systemctl edit {unit}, with the lines [Service] and IPAddressAllow=any"),
        )
    })
}

/// What `ReadWritePaths=` of a unit and its drop-ins names.
fn open_folders(unit: &str, machine: &Machine, environment: &Environment) -> Vec<PathBuf> {
    let paths = values(unit, "ReadWritePaths=", machine, environment).into_iter();
    paths
        .map(|path| Path::new(path.trim_start_matches(['-', '+'])).to_owned())
        .collect()
}

/// The words that a unit of the machine's own and its drop-ins give a key.
fn values(unit: &str, key: &str, machine: &Machine, environment: &Environment) -> Vec<String> {
    let Some(folder) = unit_folder(SetupScope::System, &machine.root, environment) else {
        return Vec::new();
    };
    let drop_ins = std::fs::read_dir(folder.join(format!("{unit}.d")));
    let drop_ins = drop_ins
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let texts = drop_ins
        .chain([folder.join(unit)])
        .filter_map(|path| std::fs::read_to_string(path).ok());
    let named = |text: String| -> Vec<String> {
        text.lines()
            .filter_map(|line| line.trim().strip_prefix(key))
            .flat_map(str::split_whitespace)
            .map(str::to_owned)
            .collect()
    };
    texts.flat_map(named).collect()
}
