//! The command `network-monitor`.

use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;

use app::{Pings, RunOutcome, watched};
use clap::Parser;
use display::IgnoreBrokenPipe;
use lifecycle::own_host::settled;
use logging::Console;
use network_monitor::args::{Args, Command};
use network_monitor::commands;
use network_monitor::failure::Failure;
use network_monitor::terminal::{Terminal, is_coloured};
use settings::{Environment, Settings};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return show_usage(&error),
    };
    let out = &mut IgnoreBrokenPipe::new(io::stdout().lock());
    let grace = match args.command {
        Command::Collect(_) => app::COLLECTOR_GRACE,
        _ => app::GRACE,
    };
    match app::listen(grace)
        .map_err(Failure::Signals)
        .and_then(|()| run(&args, out))
        .and_then(|outcome| Ok(out.flush().map(|()| outcome)?))
    {
        Ok(outcome) => ExitCode::from(outcome.exit_code()),
        Err(failure) => {
            let mut err = io::stderr().lock();
            // Nothing is left to be told if even this cannot be said.
            // An error may have several lines, but each must be harmless.
            let text = failure.to_string();
            let lines: Vec<_> = text.lines().map(display::printable).collect();
            let _ = writeln!(err, "error: {}", lines.join("\n"));
            if let Some(hint) = failure.hint() {
                let _ = writeln!(err, "hint: {}", display::printable(&hint));
            }
            ExitCode::from(failure.outcome().exit_code())
        }
    }
}

/// Shows what was asked for in place of a command, or what was wrong with what was typed.
fn show_usage(error: &clap::Error) -> ExitCode {
    match error.print() {
        Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
    }
}

fn run(args: &Args, out: &mut dyn Write) -> Result<RunOutcome, Failure> {
    let environment = &Environment::of_this_process();
    let (named, flags) = (args.config.as_deref(), args.overrides());
    let now = jiff::Timestamp::now().as_second();
    let terminal = &Terminal::of(args, environment);
    // Commands that work by the settings: they are read, and what is logged goes where they say.
    let with_settings = |work: &mut dyn FnMut(&Settings) -> Result<RunOutcome, Failure>| {
        let settings = Settings::load_with_flags(named, &flags, environment)?;
        let has_colours = is_coloured(args.color, io::stderr().is_terminal(), environment);
        let console = Console::new(args.verbosity(), has_colours, &settings.logging);
        logging::start(&settings.logging, &settings.time_zone, console)?;
        work(&settings).map_err(|failure| failure.in_store(&settings.paths.store_dir))
    };
    match &args.command {
        Command::Completions(completions) => {
            commands::completions::write_completions(completions.shell, out)?;
            Ok(RunOutcome::Done)
        }
        Command::Man(man) => {
            match &man.output {
                None => commands::completions::write_manual_page(out)?,
                Some(folder) => commands::completions::write_manual_pages(folder).map(drop)?,
            }
            Ok(RunOutcome::Done)
        }
        Command::Config(command) => {
            commands::config::run(command, named, &flags, environment, out)?;
            Ok(RunOutcome::Done)
        }
        Command::Setup(args) => {
            commands::setup::run(args, environment, out)?;
            Ok(RunOutcome::Done)
        }
        Command::Doctor(doctor) => {
            commands::doctor::run(doctor, named, &flags, environment, now, terminal, out)
        }
        Command::Report(args) => with_settings(&mut |settings| {
            if args.dry_run {
                return commands::report::dry_run(args, &settled(settings)?, now, out);
            }
            let outcome = Failure::outcome;
            watched("report", Pings::Both, settings, now, outcome, || {
                let outcome = commands::report::run(args, settings, now, terminal, out)?;
                // A run whose output is lost is noted as one that failed.
                Ok(out.flush().map(|()| outcome)?)
            })
        }),
        Command::Ingest(args) => with_settings(&mut |settings| {
            let outcome = Failure::outcome;
            watched("ingest", Pings::None, settings, now, outcome, || {
                let outcome = commands::ingest::run(args, settings, now, terminal, out)?;
                Ok(out.flush().map(|()| outcome)?)
            })
        }),
        Command::Analysis(args) => with_settings(&mut |settings| {
            commands::analysis::run(args, &settled(settings)?, now, terminal, out)
        }),
        Command::Collect(args) => with_settings(&mut |settings| {
            commands::collect::run(args, &settled(settings)?, environment)
        }),
        Command::Show(args) => with_settings(&mut |settings| {
            commands::show::run(args, &settled(settings)?, now, terminal, out)
        }),
        Command::Status(args) => with_settings(&mut |settings| {
            commands::status::run(args, &settled(settings)?, now, terminal, out)
        }),
        Command::Archive(args) => with_settings(&mut |settings| {
            commands::archive::run(args, &settled(settings)?, now, terminal, out)
        }),
        Command::Email(command) => with_settings(&mut |settings| {
            commands::email::run(command, &settled(settings)?, now, terminal, out)
        }),
        Command::Store(command) => with_settings(&mut |settings| {
            commands::store::run(command, settings, now, terminal, out)
        }),
    }
}
