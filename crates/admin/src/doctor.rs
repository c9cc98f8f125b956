//! `doctor`: whether everything is as it must be for logs and reports to come by themselves, and the
//! cure for what is not.
//!
//! Each file of `doctor/` examines one matter and returns what it found; nothing here changes the
//! machine, beside trying whether a folder can be written.

mod check;
mod folders;
mod history;
mod machine;
mod mail;
mod recording;
mod services;
mod settings;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
mod time;

use ::settings::{Environment, Override, Settings};
use std::path::Path;

pub use check::{Check, Verdict};
pub use machine::Machine;

/// Examines one matter after the other: by the settings that `named` or the usual places hold, under `flags`.
pub fn examine(
    named: Option<&Path>,
    flags: &[Override],
    machine: &Machine,
    environment: &Environment,
    now: i64,
) -> Vec<Check> {
    let loaded = Settings::load_with_flags(named, flags, environment);
    let mut checks = settings::checks(&loaded, machine, environment);
    // What the others are about stands in the settings.
    let Ok(settings) = &loaded else {
        return checks;
    };
    checks.extend(folders::checks(settings, machine));
    checks.extend(folders::disk(settings));
    checks.extend(time::checks(settings, environment, now));
    checks.extend(services::checks(settings, machine, environment));
    checks.extend(recording::checks(settings, machine, environment, now));
    checks.extend(history::checks(settings, machine, environment, now));
    checks.extend(mail::checks(settings));
    checks
}
