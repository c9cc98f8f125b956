//! `status`: what is pending, what was done, what needs attention.

use std::io::Write;

use app::RunOutcome;
use display::print_json;
use settings::Settings;

use crate::args::StatusArgs;
use crate::failure::Failure;
use crate::output;

/// Shows what is pending and what the store holds. Works beside a running `report`.
///
/// # Errors
/// If the store cannot be read.
pub fn run(
    args: &StatusArgs,
    settings: &Settings,
    now: i64,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let (status, failure) = app::status(settings, now);
    if let Some(failure) = failure {
        return Err(failure.into());
    }
    if args.json {
        print_json(&status, out)?;
    } else {
        output::status::show(&status, settings, out)?;
    }
    Ok(if status.attention.is_empty() {
        RunOutcome::Done
    } else {
        RunOutcome::Attention
    })
}
