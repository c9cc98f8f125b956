//! The command `network-monitor`.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;
use network_monitor::args::{Args, Command};
use network_monitor::config_command::{self, ConfigError};
use network_monitor::{Surroundings, completions};

fn main() -> ExitCode {
    let args = Args::parse();
    let out = &mut io::stdout().lock();
    let done = match &args.command {
        Command::Config(command) => return config(command, &args, out),
        Command::Completions(completions) => completions::write_completions(completions.shell, out),
        Command::Man(man) => match &man.output {
            None => completions::write_manual_page(out),
            Some(folder) => completions::write_manual_pages(folder).map(|_| ()),
        },
        Command::Report(_) | Command::Ingest(_) | Command::Status(_) | Command::Store(_) => {
            Err(io::Error::other("not built yet"))
        }
    };
    match done.and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => end(&error),
    }
}

fn config(
    command: &network_monitor::args::ConfigCommand,
    args: &Args,
    out: &mut dyn Write,
) -> ExitCode {
    let surroundings = match Surroundings::of_this_process() {
        Ok(surroundings) => surroundings,
        Err(error) => return end(&error),
    };
    let flags = args.overrides();
    let done = config_command::run(command, args.config.as_deref(), &flags, &surroundings, out);
    match done.and_then(|()| Ok(out.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(ConfigError::Output(error)) => end(&error),
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(hint) = error.hint() {
                eprintln!("hint: {hint}");
            }
            match error {
                ConfigError::Settings(_) | ConfigError::Exists(_) => ExitCode::from(2),
                ConfigError::Unwritable { .. } | ConfigError::Output(_) => ExitCode::FAILURE,
            }
        }
    }
}

/// A closed pipe is a reader who has seen enough.
fn end(error: &io::Error) -> ExitCode {
    if error.kind() == ErrorKind::BrokenPipe {
        return ExitCode::SUCCESS;
    }
    eprintln!("error: {error}");
    ExitCode::FAILURE
}
