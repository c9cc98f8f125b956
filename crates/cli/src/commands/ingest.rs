//! `ingest`: brings logs into the history.

use std::io::Write;

use app::{RunOutcome, ingest_run};
use display::print_json;
use settings::Settings;

use crate::args::IngestArgs;
use crate::failure::Failure;
use crate::output;
use crate::progress_bar::Bar;
use crate::terminal::Terminal;

/// Runs the command.
///
/// # Errors
/// If the store cannot be written.
pub fn run(
    args: &IngestArgs,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let bar = Bar::new(terminal.quiet);
    // `--host` says whose logs these are, whoever the history belongs to.
    let is_foreign = args.host.is_some();
    let summary = ingest_run(&args.paths, is_foreign, settings, now, &bar)?;
    if args.json {
        print_json(&summary, out)?;
    } else if !terminal.quiet {
        writeln!(out, "{}", output::ingest::accounting(&summary))?;
    }
    Ok(if summary.needs_attention() {
        RunOutcome::Attention
    } else {
        RunOutcome::Done
    })
}
