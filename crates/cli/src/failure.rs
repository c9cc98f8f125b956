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
    #[error("interrupted; what was finished stays, and the next run goes on from there")]
    Interrupted(u8),
    /// The history belongs to another machine than the settings say.
    #[error("the history in {store} is of the machine {known:?}, and this one is called {asked:?}")]
    OtherHost {
        /// The store.
        store: String,
        /// The machine that it belongs to.
        known: String,
        /// This machine by the settings.
        asked: String,
    },
    /// A folder of reports or archives is another store's, or another host's.
    #[error("the files in {folder} are those of the host {host:?}, from the store in {store}")]
    OtherStore {
        /// The folder.
        folder: String,
        /// The store that writes there.
        store: String,
        /// Its host.
        host: String,
        /// The file that says so.
        claim: String,
    },
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

impl Failure {
    /// The exit code of the contract.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Settings(_)
            | Failure::Usage(_)
            | Failure::OtherHost { .. }
            | Failure::OtherStore { .. }
            | Failure::Config(ConfigError::Settings(_) | ConfigError::Exists(_)) => 2,
            Failure::Store(store::Error::Held(files::LockError::Held { .. }))
            | Failure::Mail(mail::OutboxError::Held(files::LockError::Held { .. })) => 5,
            Failure::Collect(collector::CollectError::Held(files::LockError::Held { .. })) => 5,
            Failure::Interrupted(signal) => 128 + signal,
            _ => 1,
        }
    }

    /// Whether a letter has to say it: what is wrong with a command line is seen by whoever typed it.
    pub fn deserves_letter(&self) -> bool {
        let is_about_machine =
            matches!(self, Failure::OtherHost { .. } | Failure::OtherStore { .. });
        self.code() == 1 || is_about_machine
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Failure::Settings(error) => error.hint(),
            Failure::Config(error) => error.hint(),
            Failure::Machine { cure, .. } => Some(cure.clone()),
            Failure::OtherHost { known, asked, .. } => Some(format!(
                "if the machine was renamed: `network-monitor store rename-host {known:?} {asked:?}`, or \
                 `host: {known:?}` in the settings keeps the old name. Another machine needs paths \
                 (store_dir, report_dir, archive_dir) of its own; input.hosts: directories keeps several \
                 machines in one store"
            )),
            Failure::OtherStore { claim, .. } => Some(format!(
                "give each settings file a paths.report_dir and a paths.archive_dir of its own, or remove \
                 {claim} if the files there may be replaced"
            )),
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

    /// Stops with an error where a signal asked to.
    ///
    /// # Errors
    /// [`Failure::Interrupted`].
    pub fn if_interrupted() -> Result<(), Self> {
        files::interrupted().map_or(Ok(()), |signal| Err(Failure::Interrupted(signal)))
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
