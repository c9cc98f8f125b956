//! The command `network-monitor`.

use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;

use clap::Parser;
use network_monitor::args::{Args, Command};
use network_monitor::failure::{Ending, Failure};
use network_monitor::output::Polite;
use network_monitor::world::World;
use network_monitor::{
    Settings, Surroundings, analysis_command, archive_command, collect_command, completions,
    config_command, doctor, email_command, logging, own_host, report_command, setup, signals,
    status, store_commands,
    watch::{self, Pings},
};

fn main() -> ExitCode {
    let args = Args::parse();
    let out = &mut Polite::new(io::stdout().lock());
    match signals::listen()
        .map_err(Failure::from)
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

fn run(args: &Args, out: &mut dyn Write) -> Result<Ending, Failure> {
    match &args.command {
        Command::Completions(completions) => {
            completions::write_completions(completions.shell, out)?;
            return Ok(Ending::Done);
        }
        Command::Man(man) => {
            match &man.output {
                None => completions::write_manual_page(out)?,
                Some(folder) => completions::write_manual_pages(folder).map(drop)?,
            }
            return Ok(Ending::Done);
        }
        _ => {}
    }
    let surroundings = Surroundings::of_this_process()?;
    let (named, flags) = (args.config.as_deref(), args.overrides());
    if let Command::Config(command) = &args.command {
        config_command::run(command, named, &flags, &surroundings, out)?;
        return Ok(Ending::Done);
    }
    if let Command::Setup(args) = &args.command {
        setup::run(args, &surroundings, out)?;
        return Ok(Ending::Done);
    }
    if let Command::Doctor(doctor) = &args.command {
        let world = world(args, &surroundings);
        return doctor::run(doctor, named, &flags, &surroundings, &world, out);
    }
    let mut settings = Settings::load_with_flags(named, &flags, &surroundings)?;
    let console = logging::Console::new(args, &settings.logging, &surroundings);
    logging::start(&settings, console)?;
    let is_about_another = match &args.command {
        Command::Ingest(args) => args.host.is_some(),
        Command::Store(_) => true,
        _ => false,
    };
    if !is_about_another {
        own_host::settle(&mut settings)?;
    }
    let world = world(args, &surroundings);
    let ending = match &args.command {
        Command::Report(args) if args.dry_run => report_command::run(args, &settings, &world, out),
        Command::Report(args) => watch::run("report", Pings::Both, &settings, &world, || {
            report_command::run(args, &settings, &world, out)
        }),
        Command::Analysis(args) => analysis_command::run(args, &settings, &world, out),
        Command::Ingest(args) => watch::run("ingest", Pings::None, &settings, &world, || {
            store_commands::ingest(args, &settings, &world, out)
        }),
        Command::Collect(args) => collect_command::run(args, &settings, &surroundings),
        Command::Status(args) => status::run(args, &settings, &world, out),
        Command::Archive(args) => archive_command::run(args, &settings, &world, out),
        Command::Email(command) => email_command::run(command, &settings, &world, out),
        Command::Store(command) => store_commands::store(command, &settings, &world, out),
        Command::Config(_)
        | Command::Doctor(_)
        | Command::Setup(_)
        | Command::Completions(_)
        | Command::Man(_) => Ok(Ending::Done),
    };
    ending.map_err(|failure| failure.in_store(&settings.paths.store_dir))
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
