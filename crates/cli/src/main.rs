//! The command `network-monitor`.

use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;

use clap::Parser;
use network_monitor::args::{Args, Command};
use network_monitor::failure::{Ending, Failure};
use network_monitor::output::Polite;
use network_monitor::own_host::settled;
use network_monitor::world::World;
use network_monitor::{
    Settings, Surroundings, analysis_command, archive_command, collect_command, completions,
    config_command, doctor, email_command, logging, report_command, setup, signals, status,
    store_commands,
    watch::{self, Pings},
};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return show_usage(&error),
    };
    let out = &mut Polite::new(io::stdout().lock());
    let grace = match args.command {
        Command::Collect(_) => signals::COLLECTOR_GRACE,
        _ => signals::GRACE,
    };
    match signals::listen(grace)
        .map_err(|cause| Failure::System {
            action: "cannot listen to signals",
            cause,
        })
        .and_then(|()| run(&args, out))
        .and_then(|ending| Ok(out.flush().map(|()| ending)?))
    {
        Ok(ending) => ExitCode::from(ending.code()),
        Err(failure) => {
            let mut err = io::stderr().lock();
            // Nothing is left to be told if even this cannot be said.
            // An error may have several lines, but each must be harmless.
            let text = failure.to_string();
            let lines: Vec<_> = text.lines().map(report::printable).collect();
            let _ = writeln!(err, "error: {}", lines.join("\n"));
            if let Some(hint) = failure.hint() {
                let _ = writeln!(err, "hint: {}", report::printable(&hint));
            }
            ExitCode::from(failure.code())
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

fn run(args: &Args, out: &mut dyn Write) -> Result<Ending, Failure> {
    let surroundings = &Surroundings::of_this_process();
    let (named, flags) = (args.config.as_deref(), args.overrides());
    let world = &world(args, surroundings);
    // Commands that work by the settings: they are read, and what is logged goes where they say.
    let with_settings = |work: &mut dyn FnMut(&Settings) -> Result<Ending, Failure>| {
        let settings = Settings::load_with_flags(named, &flags, surroundings)?;
        let console = logging::Console::new(args, &settings.logging, surroundings);
        logging::start(&settings, console)?;
        work(&settings).map_err(|failure| failure.in_store(&settings.paths.store_dir))
    };
    match &args.command {
        Command::Completions(completions) => {
            completions::write_completions(completions.shell, out)?;
            Ok(Ending::Done)
        }
        Command::Man(man) => {
            match &man.output {
                None => completions::write_manual_page(out)?,
                Some(folder) => completions::write_manual_pages(folder).map(drop)?,
            }
            Ok(Ending::Done)
        }
        Command::Config(command) => {
            config_command::run(command, named, &flags, surroundings, out)?;
            Ok(Ending::Done)
        }
        Command::Setup(args) => {
            setup::run(args, surroundings, out)?;
            Ok(Ending::Done)
        }
        Command::Doctor(doctor) => doctor::run(doctor, named, &flags, surroundings, world, out),
        Command::Report(args) => with_settings(&mut |settings| {
            if args.dry_run {
                return report_command::run(args, settings, world, out);
            }
            watch::run("report", Pings::Both, settings, world, || {
                let ending = report_command::run(args, settings, world, out)?;
                // A run whose output is lost is noted as one that failed.
                Ok(out.flush().map(|()| ending)?)
            })
        }),
        Command::Ingest(args) => with_settings(&mut |settings| {
            watch::run("ingest", Pings::None, settings, world, || {
                let ending = store_commands::ingest(args, settings, world, out)?;
                Ok(out.flush().map(|()| ending)?)
            })
        }),
        Command::Analysis(args) => with_settings(&mut |settings| {
            analysis_command::run(args, &settled(settings)?, world, out)
        }),
        Command::Collect(args) => with_settings(&mut |settings| {
            collect_command::run(args, &settled(settings)?, surroundings)
        }),
        Command::Status(args) => {
            with_settings(&mut |settings| status::run(args, &settled(settings)?, world, out))
        }
        Command::Archive(args) => with_settings(&mut |settings| {
            archive_command::run(args, &settled(settings)?, world, out)
        }),
        Command::Email(command) => with_settings(&mut |settings| {
            email_command::run(command, &settled(settings)?, world, out)
        }),
        Command::Store(command) => {
            with_settings(&mut |settings| store_commands::store(command, settings, world, out))
        }
    }
}

fn world(args: &Args, surroundings: &Surroundings) -> World {
    let terminal = io::stdout().is_terminal();
    let coloured = logging::is_coloured(args.color, terminal, surroundings);
    World {
        now: jiff::Timestamp::now().as_second(),
        quiet: args.quiet,
        width: width(),
        colour: if coloured {
            report::Colour::Ansi
        } else {
            report::Colour::Plain
        },
    }
}

/// Columns of the terminal; what is no terminal is written for one of 80.
fn width() -> usize {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map_or(80, |(terminal_size::Width(columns), _)| columns.into())
}
