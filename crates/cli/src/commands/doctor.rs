//! `doctor`: whether everything is as it must be, and the cure for what is not.

use std::io::Write;
use std::path::Path;

use admin::doctor::{Check, Machine, Verdict, examine};
use app::RunOutcome;
use display::print_json;
use serde::Serialize;
use settings::{Environment, Override};

use crate::args::DoctorArgs;
use crate::failure::Failure;
use crate::output;
use crate::terminal::Terminal;

display::dated!(timestamp: i64);

/// Raised when the meaning of a key changes; keys are only ever added.
const SCHEMA_VERSION: u32 = 1;

/// What `doctor --json` prints.
#[derive(Debug, Serialize)]
struct Findings<'a> {
    schema_version: u32,
    #[serde(flatten, with = "timestamp")]
    timestamp: i64,
    checks: &'a [Check],
}

/// Examines the machine and says what it found.
///
/// # Errors
/// If the output refuses. A fault is no error.
pub fn run(
    args: &DoctorArgs,
    named: Option<&Path>,
    flags: &[Override],
    environment: &Environment,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let machine = Machine::this(Path::new("/"));
    let checks = examine(named, flags, &machine, environment, now);
    if args.json {
        let findings = Findings {
            schema_version: SCHEMA_VERSION,
            timestamp: now,
            checks: &checks,
        };
        print_json(&findings, out)?;
    } else {
        output::doctor::show(&checks, terminal, out)?;
    }
    let is_faulty = checks.iter().any(|check| check.verdict == Verdict::Fault);
    Ok(if is_faulty {
        RunOutcome::Attention
    } else {
        RunOutcome::Done
    })
}
