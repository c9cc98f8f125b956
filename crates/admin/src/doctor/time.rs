//! Whether the clock and the time zone can be right.

use std::time::UNIX_EPOCH;

use super::check::Check;
use display::Moment;
use lifecycle::exclusions;
use settings::{Environment, Settings};

/// 2026-01-01, which every clock has passed since this program was written.
const WRITTEN: i64 = 1_767_225_600;
/// Seconds that clocks of several machines may differ by.
const TOLERANCE: i64 = 120;
const SET_CLOCK: &str = "set the clock; `timedatectl set-ntp true` keeps it right";

pub(super) fn checks(settings: &Settings, environment: &Environment, now: i64) -> Vec<Check> {
    vec![clock(settings, now), zone(settings, environment)]
}

fn clock(settings: &Settings, now: i64) -> Check {
    let shown = Moment::new(now, &settings.time_zone);
    if now < WRITTEN {
        let said = format!("the clock says {shown}, which is long past");
        return Check::fault("clock", said, SET_CLOCK);
    }
    let logs = files::discover(&settings.paths.log_dir, &exclusions(settings));
    let newest = logs.iter().flat_map(|found| &found.logs).filter_map(|log| {
        let since = log.modified.duration_since(UNIX_EPOCH).ok()?;
        Some((since.as_secs().cast_signed(), &log.path))
    });
    match newest.max() {
        Some((modified, path)) if modified > now + TOLERANCE => Check::fault(
            "clock",
            format!(
                "the clock says {shown} and is behind {}, which was written at {}",
                files::show(path),
                Moment::new(modified, &settings.time_zone)
            ),
            SET_CLOCK,
        ),
        _ => Check::ok("clock", shown.to_string()),
    }
}

fn zone(settings: &Settings, environment: &Environment) -> Check {
    const TOPIC: &str = "zone";
    let is_local = settings.time_zone_name.eq_ignore_ascii_case("local");
    if is_local && settings.time_zone.is_unknown() {
        return Check::advice(
            TOPIC,
            "this machine's time zone is not known; days begin at midnight UTC",
            "set timezone in the settings to a name such as Europe/Berlin",
        );
    }
    let name = settings
        .time_zone
        .iana_name()
        .unwrap_or("a zone without a name");
    match environment.variables.get("TZ").filter(|_| is_local) {
        Some(variable) if !variable.is_empty() => Check::advice(
            TOPIC,
            format!(
                "days begin at midnight of {name}, by the variable TZ, which services do not have"
            ),
            "set timezone in the settings",
        ),
        _ => Check::ok(TOPIC, format!("days begin at midnight of {name}")),
    }
}
