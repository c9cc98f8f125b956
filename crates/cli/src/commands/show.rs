//! `show`: who moved how much, when and to whom. It reads the store alone and asks for no lock.

use std::io::Write;

use app::RunOutcome;
use display::print_json;
use reporting::{Breakdown, BreakdownRequest, Dimension, Filter, TableRequest};
use settings::Settings;
use traffic::{Period, When};

use crate::args::ShowArgs;
use crate::failure::Failure;
use crate::output;
use crate::terminal::Terminal;

/// Lines of a table that is asked for by name.
const TOP: usize = 20;
/// Lines of each of several tables.
const TOP_OF_EACH: usize = 5;

/// Runs the command.
///
/// # Errors
/// If what was typed makes no sense, or the store cannot be read.
pub fn run(
    args: &ShowArgs,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let filter = filter(args)?;
    let period = period(args, settings, now)?;
    let tables = match args.by {
        Some(by) => {
            let by = Dimension::from(by);
            let usual = (!args.csv && !by.is_time()).then_some(TOP);
            let top = args.top.map(usize::from).or(usual);
            vec![TableRequest { by, top }]
        }
        None => {
            let top = args.top.map_or(TOP_OF_EACH, usize::from);
            TableRequest::usual(&filter, period, top)
        }
    };
    let request = BreakdownRequest {
        period,
        filter,
        tables,
    };
    let answer = app::show(&request, settings, now)?;
    if args.json {
        print_json(&answer, out)?;
    } else if args.csv {
        output::show::write_csv(&answer, out)?;
    } else {
        output::show::show(&answer, terminal, out)?;
        say_if_older(args, &answer, settings, now, out)?;
    }
    Ok(if answer.damage.is_empty() {
        RunOutcome::Done
    } else {
        RunOutcome::Attention
    })
}

fn filter(args: &ShowArgs) -> Result<Filter, Failure> {
    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        typed: &Option<String>,
    ) -> Result<Option<T>, Failure> {
        let parsed = typed.as_ref().map(|typed| typed.parse());
        parsed
            .transpose()
            .map_err(|error: T::Err| Failure::Usage(error.to_string()))
    }
    Ok(Filter {
        process: parsed(&args.process)?,
        remote: parsed(&args.remote)?,
        port: parsed(&args.port)?,
        hours: parsed(&args.hour)?,
        host: args.host.clone(),
    })
}

/// The days that are asked for; else today, or the last day that has anything.
fn period(args: &ShowArgs, settings: &Settings, now: i64) -> Result<Period, Failure> {
    let today = settings.today(now);
    match &args.date {
        Some(typed) => {
            let when = typed.parse::<When>();
            let when = when.map_err(|error| Failure::Usage(error.to_string()))?;
            Ok(app::days_of(when, args.host.as_deref(), settings, now)?)
        }
        None => {
            let last = app::last_day(args.host.as_deref(), settings, now)?;
            Ok(Period::day(last.unwrap_or(today)))
        }
    }
}

/// Says why an older day is shown than the one that nobody had to name.
fn say_if_older(
    args: &ShowArgs,
    answer: &Breakdown,
    settings: &Settings,
    now: i64,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    if args.date.is_none() && answer.last_day < settings.today(now) {
        writeln!(
            out,
            "\nNothing of today is in the history yet: `network-monitor ingest` adds the logs."
        )?;
    }
    Ok(())
}
