//! Whether bandwhich can record here: the collector's own checks.

use std::ffi::OsStr;
use std::path::Path;

use collector::Verdict as Weight;

use super::check::Check;
use super::machine::Machine;
use super::services;
use crate::setup::SetupScope;
use app::RunningCollector;
use settings::{Environment, RoutedBridges, Settings};

const TOPIC: &str = "bandwhich";
/// Where systemd's services look for programs.
const SERVICE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// What the machine's services do not see (`ProtectHome`).
const HOMES: [&str; 3] = ["/home", "/root", "/run/user"];

pub(super) fn checks(
    settings: &Settings,
    machine: &Machine,
    environment: &Environment,
    now: i64,
) -> Vec<Check> {
    let is_served = services::scope(machine, environment) == Some(SetupScope::System);
    let path = if is_served {
        SERVICE_PATH
    } else {
        environment.variables.get("PATH").map_or("", String::as_str)
    };
    let collect = &settings.collect;
    let mut seen = collector::Machine {
        watched: collector::watched_interface(&collect.args).map(str::to_owned),
        wanted_buffer: collect.capture_buffer,
        prefers_uplink: collect.routed_bridges == RoutedBridges::Uplink,
        ..collector::Machine::look(&collect.bandwhich, Some(OsStr::new(path)))
    };
    if is_served {
        // The unit hands on all that is needed (AmbientCapabilities), whoever asks here.
        seen.rights.ambient = u64::MAX;
    }
    let is_needed = services::has_collector(machine, environment);
    let mut checks = judged(&seen, is_served, is_needed);
    if let Some(running) = RunningCollector::find(settings) {
        checks.push(match running.fault(now) {
            Some(fault) => {
                Check::fault(TOPIC, fault, "see what the collector says, and restart it")
            }
            None => {
                let summary = running.summary(settings);
                Check::ok(TOPIC, format!("a collector runs {summary}"))
            }
        });
    }
    checks
}

/// What was seen of a machine whose service is to start bandwhich, or not; and whether anybody is to.
pub(super) fn judged(seen: &collector::Machine, is_served: bool, is_needed: bool) -> Vec<Check> {
    let mut checks: Vec<Check> = collector::findings(seen)
        .into_iter()
        .filter_map(|finding| {
            let said = format!("{}: {}", finding.about, finding.found);
            let cure = finding.cure.unwrap_or_default();
            match finding.verdict {
                Weight::Good => None,
                Weight::Bad if is_needed => Some(Check::fault(TOPIC, said, cure)),
                // Where none is started by itself, logs may well come from elsewhere.
                Weight::Bad | Weight::Warning => Some(Check::advice(TOPIC, said, cure)),
            }
        })
        .collect();
    let Some(program) = &seen.bandwhich else {
        return checks;
    };
    let shown = files::show(program);
    if is_served && HOMES.iter().any(|home| is_below(program, Path::new(home))) {
        checks.push(Check::fault(
            TOPIC,
            format!("{shown}: system services cannot access home directories"),
            format!("sudo install {shown} /usr/local/bin/"),
        ));
    }
    if checks.is_empty() {
        checks.push(Check::ok(
            TOPIC,
            format!("{shown} can record all traffic and its owners"),
        ));
    }
    checks
}

fn is_below(program: &Path, home: &Path) -> bool {
    let real = program
        .canonicalize()
        .unwrap_or_else(|_| program.to_owned());
    real.starts_with(home) || program.starts_with(home)
}
