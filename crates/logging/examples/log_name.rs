//! Starts logging as the settings ask, and logs the name of a process as it was found in a log.

use logging::{Console, LoggingError, Verbosity};
use settings::Settings;

/// Logs a name. Errors alone appear on standard error; the log file has everything that its level asks for.
pub(crate) fn log_name(settings: &Settings, name: &str) -> Result<(), LoggingError> {
    let logging = &settings.logging;
    let console = Console::new(Verbosity::Quiet, false, logging);
    logging::start(logging, &settings.time_zone, console)?;
    tracing::warn!("the process {name} moved 3 GB");
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::load(None, &settings::Environment::of_this_process())?;
    Ok(log_name(&settings, "nginx\u{1b}[2J\nERROR forged")?)
}
