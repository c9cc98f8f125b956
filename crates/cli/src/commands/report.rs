//! `report`: ingest, then write the reports of every day with news, or of the period asked for.

use std::io::Write;

use app::{ReportRequest, RunOutcome, report_dry_run, report_run};
use display::print_json;
use settings::Settings;
use tracing::warn;
use traffic::When;

use crate::args::ReportArgs;
use crate::failure::Failure;
use crate::output;
use crate::progress_bar::Bar;
use crate::terminal::Terminal;

/// Runs the command.
///
/// # Errors
/// If the store, a report or the outbox cannot be written. What was done before stays done.
pub fn run(
    args: &ReportArgs,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    if args.force && args.date.is_none() {
        warn!(
            "without --date, --force only repeats reports of days with new logs; for others name the day, \
             as in --date yesterday --force"
        );
    }
    let when = when(args)?;
    let request = ReportRequest {
        when,
        host: args.host.clone(),
        force: args.force,
        mail: args.email,
        check_quota: args.check_quota,
    };
    let is_shown = !args.json && !terminal.quiet;
    let bar = Bar::new(terminal.quiet);
    let mut printed = Ok(());
    let run = report_run(&request, settings, now, &bar, &mut |finished| {
        if is_shown && printed.is_ok() {
            printed = output::report::show_report(finished, terminal, out);
        }
    })?;
    printed?;
    if args.json {
        print_json(&run.result, out)?;
    } else if is_shown {
        output::report::conclude(&run.result, when, settings, terminal, out)?;
    }
    match run.mail_failure {
        Some(failure) => Err(failure.into()),
        None => Ok(run.outcome),
    }
}

/// Shows what a run would do.
///
/// # Errors
/// If the store or the log folder cannot be read.
pub fn dry_run(
    args: &ReportArgs,
    settings: &Settings,
    now: i64,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let planned = report_dry_run(args.host.as_deref(), when(args)?, args.email, settings, now)?;
    if args.json {
        print_json(&planned, out)?;
    } else {
        output::dry_run::show(&planned, out)?;
        writeln!(
            out,
            "{} of {} new or changed. Nothing was done.",
            planned.would_read.len(),
            display::counted(planned.logs_found, "log", "logs")
        )?;
    }
    Ok(RunOutcome::Done)
}

fn when(args: &ReportArgs) -> Result<Option<When>, Failure> {
    let parsed = args.date.as_ref().map(|text| text.parse::<When>());
    parsed
        .transpose()
        .map_err(|error| Failure::Usage(error.to_string()))
}
