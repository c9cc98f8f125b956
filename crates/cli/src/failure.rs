//! What ends the program otherwise than well, and the code it ends with.

use std::io;

use crate::config_command::ConfigError;
use logging::LoggingError;
use settings::SettingsError;

const MEND_CATALOG: &str =
    "`network-monitor store rebuild` makes the catalogue anew from the other files of the store";

/// An error of a command.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A `config` command failed.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What was typed makes no sense.
    #[error("{0}")]
    Usage(String),
    /// What was asked for is not there.
    #[error("{0}")]
    NotThere(String),
    /// The log file cannot be written.
    #[error(transparent)]
    Logging(#[from] LoggingError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] files::Error),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// An archive could not be read or written.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// The outbox refused.
    #[error(transparent)]
    Mail(#[from] mail::OutboxError),
    /// A letter that was asked for now could not be sent.
    #[error(transparent)]
    Letter(mail::Trouble),
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
    /// The store's catalogue refused.
    #[error("{path}: {cause}")]
    Catalog {
        /// The catalogue.
        path: String,
        /// What it said.
        cause: store::Error,
    },
    /// A signal asked to stop.
    #[error(transparent)]
    Interrupted(#[from] files::Interrupted),
    /// Work on logs, archives or the history was given up.
    #[error(transparent)]
    Lifecycle(lifecycle::Error),
    /// A report could not be made.
    #[error("{path}: {reason}")]
    Report {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// Something could not be set up.
    #[error("{0}")]
    Setup(String),
    /// Standard output refused.
    #[error("cannot write to standard output: {}", files::describe(.0))]
    Output(#[from] io::Error),
    /// The system refused what every run needs.
    #[error("{action}: {}", files::describe(cause))]
    System {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        cause: io::Error,
    },
}

impl From<reporting::Error> for Failure {
    fn from(error: reporting::Error) -> Self {
        match error {
            reporting::Error::File(error) => Failure::File(error),
            reporting::Error::Store(error) => Failure::Store(error),
            reporting::Error::Interrupted(interrupted) => Failure::Interrupted(interrupted),
            reporting::Error::Render { path, reason } => Failure::Report { path, reason },
        }
    }
}

impl From<lifecycle::Error> for Failure {
    fn from(error: lifecycle::Error) -> Self {
        match error {
            lifecycle::Error::File(error) => Failure::File(error),
            lifecycle::Error::Store(error) => Failure::Store(error),
            lifecycle::Error::Archive(error) => Failure::Archive(error),
            lifecycle::Error::Interrupted(interrupted) => Failure::Interrupted(interrupted),
            other => Failure::Lifecycle(other),
        }
    }
}

impl Failure {
    /// The exit code of the contract.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Settings(_)
            | Failure::Usage(_)
            | Failure::Lifecycle(
                lifecycle::Error::OtherHost { .. }
                | lifecycle::Error::OtherStore { .. }
                | lifecycle::Error::NewName(_)
                | lifecycle::Error::OldFolder { .. },
            )
            | Failure::Config(ConfigError::Settings(_) | ConfigError::Exists(_)) => 2,
            Failure::Store(store::Error::Held(files::LockError::Held { .. }))
            | Failure::Mail(mail::OutboxError::Held(files::LockError::Held { .. })) => 5,
            Failure::Collect(collector::CollectError::Held(files::LockError::Held { .. })) => 5,
            Failure::Interrupted(interrupted) => 128 + interrupted.signal,
            _ => 1,
        }
    }

    /// Whether a letter has to say it: what is wrong with a command line is seen by whoever typed it.
    pub fn deserves_letter(&self) -> bool {
        let is_about_machine = matches!(
            self,
            Failure::Lifecycle(
                lifecycle::Error::OtherHost { .. } | lifecycle::Error::OtherStore { .. }
            )
        );
        self.code() == 1 || is_about_machine
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Failure::Settings(error) => error.hint(),
            Failure::Config(error) => error.hint(),
            Failure::Machine { cure, .. } => Some(cure.clone()),
            Failure::Lifecycle(error) => error.hint(),
            Failure::Letter(trouble) => Some(trouble.hint.clone()).filter(|hint| !hint.is_empty()),
            Failure::File(error) if error.action() == "search the log folder" => Some(
                "set paths.log_dir to where the logs are, or make the folder; \
                 `network-monitor config init` writes a settings file"
                    .to_owned(),
            ),
            Failure::Store(cause) | Failure::Catalog { cause, .. }
                if cause.is_damaged_catalog() =>
            {
                Some(MEND_CATALOG.to_owned())
            }
            _ => None,
        }
    }

    /// Names the store where only its catalogue spoke.
    pub fn in_store(self, store_dir: &std::path::Path) -> Self {
        match self {
            Failure::Store(cause @ store::Error::Catalog(_)) => Failure::Catalog {
                path: files::show(&store::catalog_path(store_dir)).to_string(),
                cause,
            },
            other => other,
        }
    }
}

/// How a command ended that did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All is well.
    Done,
    /// Something needs attention.
    Attention,
    /// A quota is used up to the share that was asked for.
    Threshold,
}

impl Ending {
    /// The exit code of the contract.
    pub fn code(self) -> u8 {
        match self {
            Ending::Done => 0,
            Ending::Attention => 3,
            Ending::Threshold => 4,
        }
    }
}
