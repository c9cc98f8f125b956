//! What ends the program otherwise than well, and the code it ends with.

use std::io;

use crate::config_command::ConfigError;
use crate::logging::LoggingError;
use crate::settings::SettingsError;

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
    /// A report could not be made.
    #[error("{path}: {reason}")]
    Report {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// Standard output refused.
    #[error(transparent)]
    Output(#[from] io::Error),
}

impl Failure {
    /// The exit code of the contract.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Settings(_)
            | Failure::Usage(_)
            | Failure::Config(ConfigError::Settings(_) | ConfigError::Exists(_)) => 2,
            Failure::Store(store::Error::Held(files::LockError::Held { .. }))
            | Failure::Mail(mail::OutboxError::Held(files::LockError::Held { .. })) => 5,
            _ => 1,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Failure::Settings(error) => error.hint(),
            Failure::Config(error) => error.hint(),
            Failure::Letter(trouble) => Some(trouble.hint.clone()).filter(|hint| !hint.is_empty()),
            Failure::File(error) if error.action() == "search the log folder" => Some(
                "set paths.log_dir to where the logs are, or make the folder; \
                 `network-monitor config init` writes a settings file"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// Whether it is only a reader who has seen enough.
    pub fn is_closed_pipe(&self) -> bool {
        match self {
            Failure::Output(error) | Failure::Config(ConfigError::Output(error)) => {
                error.kind() == io::ErrorKind::BrokenPipe
            }
            _ => false,
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
}

impl Ending {
    /// The exit code of the contract.
    pub fn code(self) -> u8 {
        match self {
            Ending::Done => 0,
            Ending::Attention => 3,
        }
    }
}
