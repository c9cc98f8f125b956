//! `doctor`: whether everything is as it must be for logs and reports to come by themselves, and the
//! cure for what is not.
//!
//! Each file of `doctor/` examines one matter and returns what it found; nothing here changes the
//! machine, beside trying whether a folder can be written.

mod folders;
mod history;
mod mail;
mod recording;
mod services;
mod settings;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
mod time;

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::accounts::{Account, SERVICE};
use crate::args::DoctorArgs;
use crate::failure::{Ending, Failure};
use crate::terminal::World;
use ::settings::{Environment, Override, Settings};
use display::print_json;

/// Raised when the meaning of a key changes; keys are only ever added.
const SCHEMA_VERSION: u32 = 1;
/// Columns of the verdict and the topic.
const INDENT: usize = 18;

/// What was found of one matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The matter, a word.
    pub topic: &'static str,
    /// How it stands.
    pub verdict: Verdict,
    /// What was found, printable.
    pub said: String,
    /// What to do. `None` where all is well.
    pub cure: Option<String>,
}

/// How a matter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and could be better.
    Advice,
    /// Something will not work.
    Fault,
}

impl Check {
    fn ok(topic: &'static str, said: impl Into<String>) -> Self {
        Self::new(topic, Verdict::Ok, said, None)
    }

    fn advice(topic: &'static str, said: impl Into<String>, cure: impl Into<String>) -> Self {
        Self::new(topic, Verdict::Advice, said, Some(cure.into()))
    }

    fn fault(topic: &'static str, said: impl Into<String>, cure: impl Into<String>) -> Self {
        Self::new(topic, Verdict::Fault, said, Some(cure.into()))
    }

    fn new(
        topic: &'static str,
        verdict: Verdict,
        said: impl Into<String>,
        cure: Option<String>,
    ) -> Self {
        let printable = |text: String| display::printable(&text).into_owned();
        Self {
            topic,
            verdict,
            said: printable(said.into()),
            cure: cure.map(printable).filter(|cure| !cure.is_empty()),
        }
    }
}

/// The machine that is examined.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What stands for `/`.
    pub root: PathBuf,
    /// Who runs `report`: the services' account where root asks and there is one, else who asks.
    /// `None` where the system does not tell.
    pub account: Option<Account>,
    /// How systemd is asked. `None` where it does not run.
    pub systemctl: Option<PathBuf>,
}

impl Machine {
    /// How reports are made now, by whoever makes them: what root makes by hand is root's.
    fn report_now(&self) -> &'static str {
        match &self.account {
            Some(account) if account.name == SERVICE => "systemctl start network-monitor-report",
            _ => "network-monitor report",
        }
    }

    /// This machine.
    fn this(root: &Path) -> Self {
        let me = Account::of_this_process(root);
        let services = Account::named(root, SERVICE);
        let account = match (me, services) {
            (Some(me), Some(services)) if me.uid == 0 => Some(services),
            (me, _) => me,
        };
        Self {
            root: root.to_owned(),
            account,
            systemctl: root
                .join("run/systemd/system")
                .is_dir()
                .then(|| PathBuf::from("systemctl")),
        }
    }
}

/// What `doctor --json` prints.
#[derive(Debug, Serialize)]
struct Findings<'a> {
    schema_version: u32,
    timestamp: i64,
    checks: &'a [Check],
}

/// Examines the machine and says what it found.
///
/// # Errors
/// Where the output refuses. A fault is no error.
pub fn run(
    args: &DoctorArgs,
    named: Option<&Path>,
    flags: &[Override],
    environment: &Environment,
    world: &World,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    let machine = Machine::this(Path::new("/"));
    let checks = examine(named, flags, &machine, environment, world);
    if args.json {
        let findings = Findings {
            schema_version: SCHEMA_VERSION,
            timestamp: world.now,
            checks: &checks,
        };
        print_json(&findings, out)?;
    } else {
        show(&checks, world, out)?;
    }
    let is_faulty = checks.iter().any(|check| check.verdict == Verdict::Fault);
    Ok(match is_faulty {
        true => Ending::Attention,
        false => Ending::Done,
    })
}

/// Examines one matter after the other.
fn examine(
    named: Option<&Path>,
    flags: &[Override],
    machine: &Machine,
    environment: &Environment,
    world: &World,
) -> Vec<Check> {
    let loaded = Settings::load_with_flags(named, flags, environment);
    let mut checks = settings::checks(&loaded, machine, environment);
    // What the others are about stands in the settings.
    let Ok(settings) = &loaded else {
        return checks;
    };
    checks.extend(folders::checks(settings, machine));
    checks.extend(folders::disk(settings));
    checks.extend(time::checks(settings, environment, world));
    checks.extend(services::checks(settings, machine, environment));
    checks.extend(recording::checks(settings, machine, environment, world));
    checks.extend(history::checks(settings, machine, environment, world));
    checks.extend(mail::checks(settings));
    checks
}

fn show(checks: &[Check], world: &World, out: &mut dyn Write) -> Result<(), Failure> {
    let columns = world.width.saturating_sub(INDENT).max(40);
    for check in checks {
        let verdict = match check.verdict {
            Verdict::Ok => "ok",
            Verdict::Advice => "advice",
            Verdict::Fault => "FAULT",
        };
        let cure = check.cure.iter().map(|cure| format!("cure: {cure}"));
        let lines = std::iter::once(check.said.clone())
            .chain(cure)
            .flat_map(|text| display::wrapped(&text, columns));
        for (number, line) in lines.enumerate() {
            match number {
                0 => writeln!(out, "{verdict:<7} {:<9} {line}", check.topic)?,
                _ => writeln!(out, "{:INDENT$}{line}", "")?,
            }
        }
    }
    if world.quiet {
        return Ok(());
    }
    let count = |verdict| {
        checks
            .iter()
            .filter(|check| check.verdict == verdict)
            .count()
    };
    let (faults, advice) = (count(Verdict::Fault), count(Verdict::Advice));
    writeln!(out)?;
    match (faults, advice) {
        (0, 0) => writeln!(out, "Everything is as it should be.")?,
        (0, _) => writeln!(out, "Nothing is wrong; what could be better: {advice}.")?,
        _ => writeln!(out, "Faults: {faults}; what could be better: {advice}.")?,
    }
    Ok(())
}
