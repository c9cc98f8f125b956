//! Errors that end the program, and its exit codes.

use std::io;

use app::RunOutcome;
use logging::LoggingError;
use settings::{InitError, SettingsError};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A settings file could not be written.
    #[error(transparent)]
    Init(#[from] InitError),
    /// What was typed makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The log file cannot be written.
    #[error(transparent)]
    Logging(#[from] LoggingError),
    /// Work on logs, the history, reports or letters failed.
    #[error(transparent)]
    App(app::Error),
    /// The machine could not be set up.
    #[error(transparent)]
    Admin(#[from] admin::Error),
    /// bandwhich cannot be kept running.
    #[error(transparent)]
    Collect(#[from] collector::CollectError),
    /// This machine lacks what bandwhich needs.
    #[error("{about}: {found}")]
    Machine {
        /// What was looked at.
        about: &'static str,
        /// What was found.
        found: String,
        /// What to do.
        cure: String,
    },
    /// Standard output refused.
    #[error("cannot write to standard output: {}", files::describe(.0))]
    Output(#[from] io::Error),
    /// The system gives no signals.
    #[error("cannot listen for signals: {}", files::describe(.0))]
    Signals(io::Error),
}

/// Whatever a run fails for, a command fails for.
macro_rules! from_errors_of_runs {
    ($($error:ty),+) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Failure::App(error.into())
            }
        }
    )+};
}

from_errors_of_runs!(
    app::Error,
    archive::Error,
    files::Error,
    files::Interrupted,
    lifecycle::Error,
    mail::Trouble,
    mailing::Error,
    reporting::Error,
    store::Error
);

impl Failure {
    /// How a run ends that fails for this.
    pub fn outcome(&self) -> RunOutcome {
        match self {
            Failure::Settings(_)
            | Failure::Usage(_)
            | Failure::Init(InitError::Exists(_))
            | Failure::Admin(admin::Error::Usage(_)) => RunOutcome::Usage,
            Failure::App(error) => error.outcome(),
            Failure::Collect(collector::CollectError::Held(files::LockError::Held { .. })) => {
                RunOutcome::Held
            }
            _ => RunOutcome::Failed,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Failure::Settings(error) => error.hint(),
            Failure::Init(error) => error.hint(),
            Failure::App(error) => error.hint(),
            Failure::Machine { cure, .. } => Some(cure.clone()),
            _ => None,
        }
    }

    /// Names the store if only its catalogue spoke.
    pub fn in_store(self, store_dir: &std::path::Path) -> Self {
        match self {
            Failure::App(error) => Failure::App(error.in_store(store_dir)),
            other => other,
        }
    }
}
