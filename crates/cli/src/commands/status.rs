//! `status`: what is pending, what was done, what needs attention.

use std::io::Write;

use app::RunOutcome;
use display::print_json;
use settings::Settings;

use crate::args::StatusArgs;
use crate::failure::Failure;
use crate::output;
use crate::terminal::Terminal;

/// Shows what is pending and what the store holds, beside a running `report`; or forgets logs, which does not.
///
/// # Errors
/// If the store cannot be read, or a log is to be forgotten that it does not know.
pub fn run(
    args: &StatusArgs,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    if !args.forget.is_empty() {
        let forgotten = app::forget_logs(&args.forget, settings, now)?;
        for path in forgotten {
            writeln!(out, "Forgotten: {}", files::show(&path))?;
        }
        return Ok(RunOutcome::Done);
    }
    let (status, failure) = app::status(settings, now);
    if let Some(failure) = failure {
        return Err(failure.into());
    }
    if args.json {
        print_json(&status, out)?;
    } else {
        output::status::show(&status, settings, terminal, out)?;
    }
    Ok(if status.attention.is_empty() {
        RunOutcome::Done
    } else {
        RunOutcome::Attention
    })
}
