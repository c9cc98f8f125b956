//! What the program says of itself: messages on standard error and in a log file.
//!
//! Messages quote logs and file names, so each is made printable before it is written. `line.rs`
//! formats a message, `rotating.rs` rotates the log file.

mod line;
mod rotating;

use std::io;
use std::path::PathBuf;

use display::printable;
use jiff::tz::TimeZone;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

use line::{Line, Style};
use rotating::RotatingFile;
use settings::{Level, Logging};

/// The log file could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("{}: the log file cannot be opened: {source}", printable(&.path.to_string_lossy()))]
pub struct LoggingError {
    path: PathBuf,
    source: io::Error,
}

/// How much the user asked to see on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// What the settings say.
    Default,
    /// Debug messages too.
    Verbose,
    /// Everything.
    Trace,
}

/// Which messages standard error shows, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Console {
    /// The least serious messages that are shown; `OFF` shows none.
    pub level: LevelFilter,
    /// Whether the level is coloured.
    pub is_coloured: bool,
}

impl Console {
    /// Resolves what is shown. A verbosity other than the default takes precedence over the settings, also
    /// over `enable_console: false`.
    pub fn new(verbosity: Verbosity, is_coloured: bool, logging: &Logging) -> Self {
        let level = match verbosity {
            Verbosity::Quiet => LevelFilter::ERROR,
            Verbosity::Default if !logging.enable_console => LevelFilter::OFF,
            Verbosity::Default => filter(logging.level),
            Verbosity::Verbose => LevelFilter::DEBUG.max(filter(logging.level)),
            Verbosity::Trace => LevelFilter::TRACE,
        };
        Self { level, is_coloured }
    }
}

/// Sends all later messages of the process to standard error and the log file, with times in `zone`. Only
/// the first call of a process has an effect.
///
/// # Errors
///
/// The log file cannot be opened.
pub fn start(logging: &Logging, zone: &TimeZone, console: Console) -> Result<(), LoggingError> {
    let subscriber = subscriber(logging, zone, console, io::stderr)?;
    // A second call finds the first one's subscriber in place, which then stays.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

fn subscriber<W>(
    logging: &Logging,
    zone: &TimeZone,
    console: Console,
    console_writer: W,
) -> Result<impl Subscriber + Send + Sync, LoggingError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let Logging {
        file,
        file_size,
        backup_count,
        level,
        enable_json,
        ..
    } = logging;
    let line = |style| Line {
        style,
        zone: zone.clone(),
    };
    let console_style = match (enable_json, console.is_coloured) {
        (true, _) => Style::Json,
        (false, true) => Style::Coloured,
        (false, false) => Style::Short,
    };
    let console_layer = tracing_subscriber::fmt::layer()
        .event_format(line(console_style))
        .with_writer(console_writer)
        .with_filter(console.level);
    let file = match file {
        None => None,
        Some(path) => {
            let opened = RotatingFile::open(path, *file_size, *backup_count);
            Some(opened.map_err(|source| LoggingError {
                path: path.clone(),
                source,
            })?)
        }
    };
    let file_style = if *enable_json {
        Style::Json
    } else {
        Style::Long
    };
    let file_layer = file.map(|file| {
        tracing_subscriber::fmt::layer()
            .event_format(line(file_style))
            .with_writer(std::sync::Mutex::new(file))
            .with_filter(filter(*level))
    });
    Ok(Registry::default().with(console_layer).with(file_layer))
}

fn filter(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::{Environment, Settings};
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    fn logging(change: impl FnOnce(&mut Logging)) -> Logging {
        let settings = Settings::load(None, &Environment::for_tests()).unwrap();
        let mut logging = settings.logging;
        change(&mut logging);
        logging
    }

    fn console(verbosity: Verbosity, change: impl FnOnce(&mut Logging)) -> LevelFilter {
        Console::new(verbosity, false, &logging(change)).level
    }

    /// What the console shows while `say` runs.
    fn shown(logging: &Logging, console: Console, say: impl FnOnce()) -> String {
        #[derive(Clone, Default)]
        struct Memory(Arc<Mutex<Vec<u8>>>);
        impl io::Write for Memory {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().unwrap().write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let memory = Memory::default();
        let writer = memory.clone();
        let subscriber =
            subscriber(logging, &TimeZone::UTC, console, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, say);
        let bytes = memory.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    const PLAIN: Console = Console {
        level: LevelFilter::INFO,
        is_coloured: false,
    };

    #[test]
    fn verbosity_takes_precedence_over_the_settings() {
        let default = Verbosity::Default;
        assert_eq!(console(default, |_| {}), LevelFilter::INFO);
        assert_eq!(
            console(default, |logging| logging.level = Level::Warn),
            LevelFilter::WARN
        );
        assert_eq!(
            console(default, |logging| logging.enable_console = false),
            LevelFilter::OFF
        );
        let verbose = Verbosity::Verbose;
        assert_eq!(
            console(verbose, |logging| logging.level = Level::Warn),
            LevelFilter::DEBUG
        );
        assert_eq!(
            console(verbose, |logging| logging.level = Level::Trace),
            LevelFilter::TRACE
        );
        assert_eq!(
            console(verbose, |logging| logging.enable_console = false),
            LevelFilter::DEBUG
        );
        assert_eq!(console(Verbosity::Trace, |_| {}), LevelFilter::TRACE);
        assert_eq!(console(Verbosity::Quiet, |_| {}), LevelFilter::ERROR);
    }

    #[test]
    fn a_message_is_one_short_line_with_its_fields() {
        let said = shown(&logging(|_| {}), PLAIN, || {
            tracing::debug!("not shown");
            tracing::info!("3 logs ingested");
            tracing::warn!(line = 812, file = "a.log", "a damaged line");
        });
        assert_eq!(
            said,
            "3 logs ingested\nwarning: a damaged line line=812 file=\"a.log\"\n"
        );
    }

    #[test]
    fn hostile_text_reaches_neither_terminal_nor_json_raw() {
        let name = "evil\x1b[2J\u{202e}\n";
        let say = || tracing::warn!(process = name, "unknown process {name}");
        let said = shown(&logging(|_| {}), PLAIN, say);
        assert_eq!(
            said,
            "warning: unknown process evil\\u{1b}[2J\\u{202e}\\u{a} \
             process=\"evil\\u{1b}[2J\\u{202e}\\u{a}\"\n"
        );
        let said = shown(&logging(|logging| logging.enable_json = true), PLAIN, say);
        let (text, end) = said.split_at(said.len() - 1);
        assert_eq!(end, "\n");
        assert!(!text.chars().any(display::is_deceptive), "{text}");
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(json["level"], "WARN");
        assert_eq!(json["process"], name);
        assert_eq!(json["message"], format!("unknown process {name}"));
    }

    #[test]
    fn only_the_level_is_coloured() {
        let coloured = Console {
            is_coloured: true,
            ..PLAIN
        };
        let said = shown(&logging(|_| {}), coloured, || tracing::error!("it failed"));
        assert_eq!(said, "\x1b[1;31merror\x1b[0m: it failed\n");
    }

    #[test]
    fn the_log_file_has_time_and_level_and_its_own_threshold() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/monitor.log");
        let logging = logging(|logging| logging.file = Some(path.clone()));
        let quiet = Console {
            level: LevelFilter::ERROR,
            is_coloured: false,
        };
        let said = shown(&logging, quiet, || tracing::info!(files = 3, "done"));
        assert_eq!(said, "");
        let text = std::fs::read_to_string(&path).unwrap();
        let (time, message) = text.split_once(' ').unwrap();
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
        assert_eq!(message, "INFO  done files=3\n");
    }

    #[test]
    fn a_log_file_that_cannot_be_opened_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let logging = logging(|logging| logging.file = Some(folder.path().into()));
        let error = subscriber(&logging, &TimeZone::UTC, PLAIN, io::stderr)
            .err()
            .unwrap()
            .to_string();
        let expected = format!(
            "{}: the log file cannot be opened: ",
            folder.path().display()
        );
        assert!(error.starts_with(&expected), "{error}");
        assert!(Path::new(folder.path()).is_dir());
    }
}
