//! What can go wrong with a run.

use std::path::Path;

use lifecycle::Error as LifecycleError;

use crate::outcome::RunOutcome;

const REBUILD: &str =
    "`network-monitor store rebuild` rebuilds the catalogue from the other files of the store";

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The store holds nothing of the host that was asked for.
    #[error("the store has no data of host {asked:?}; {}", known_hosts(known))]
    NoSuchHost {
        /// The host that was asked for.
        asked: String,
        /// The hosts that the store knows.
        known: Vec<String>,
    },
    /// What was asked for is not there.
    #[error("{0}")]
    NotThere(String),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] files::Error),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
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
    Lifecycle(LifecycleError),
    /// A report could not be rendered.
    #[error(transparent)]
    Reporting(reporting::Error),
    /// Work on letters was given up.
    #[error(transparent)]
    Mailing(mailing::Error),
}

fn known_hosts(known: &[String]) -> String {
    if known.is_empty() {
        "it is empty".to_owned()
    } else {
        format!("it knows {}", known.join(", "))
    }
}

/// What a run gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<LifecycleError> for Error {
    fn from(error: LifecycleError) -> Self {
        match error {
            LifecycleError::File(error) => Error::File(error),
            LifecycleError::Store(error) => Error::Store(error),
            LifecycleError::Interrupted(interrupted) => Error::Interrupted(interrupted),
            other => Error::Lifecycle(other),
        }
    }
}

impl From<archive::Error> for Error {
    fn from(error: archive::Error) -> Self {
        Error::Lifecycle(LifecycleError::Archive(error))
    }
}

impl From<mail::OutboxError> for Error {
    fn from(error: mail::OutboxError) -> Self {
        Error::Mailing(mailing::Error::Outbox(error))
    }
}

impl From<mail::Trouble> for Error {
    fn from(trouble: mail::Trouble) -> Self {
        Error::Mailing(mailing::Error::NotSent(trouble))
    }
}

impl From<reporting::Error> for Error {
    fn from(error: reporting::Error) -> Self {
        match error {
            reporting::Error::File(error) => Error::File(error),
            reporting::Error::Store(error) => Error::Store(error),
            reporting::Error::Interrupted(interrupted) => Error::Interrupted(interrupted),
            other @ reporting::Error::Render { .. } => Error::Reporting(other),
        }
    }
}

impl From<mailing::Error> for Error {
    fn from(error: mailing::Error) -> Self {
        match error {
            mailing::Error::File(error) => Error::File(error),
            other => Error::Mailing(other),
        }
    }
}

impl Error {
    /// How a run ends that fails for this.
    pub fn outcome(&self) -> RunOutcome {
        let is_held = |error: &files::LockError| matches!(error, files::LockError::Held { .. });
        match self {
            Error::Usage(_) | Error::NoSuchHost { .. } => RunOutcome::Usage,
            Error::Lifecycle(error) if error.is_usage() => RunOutcome::Usage,
            Error::Mailing(mailing::Error::Incomplete(_)) => RunOutcome::Usage,
            Error::Store(store::Error::Held(error)) if is_held(error) => RunOutcome::Held,
            Error::Mailing(mailing::Error::Outbox(mail::OutboxError::Held(error)))
                if is_held(error) =>
            {
                RunOutcome::Held
            }
            Error::Interrupted(interrupted) => RunOutcome::Interrupted {
                signal: interrupted.signal,
            },
            _ => RunOutcome::Failed,
        }
    }

    /// Whether a letter has to say it: what is wrong with a command line is seen by whoever typed it.
    pub(crate) fn deserves_letter(&self) -> bool {
        self.outcome() == RunOutcome::Failed
            || matches!(
                self,
                Error::Lifecycle(
                    LifecycleError::OtherHost { .. } | LifecycleError::OtherStore { .. }
                )
            )
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Lifecycle(error) => error.hint(),
            Error::Mailing(mailing::Error::NotSent(trouble)) => {
                Some(trouble.hint.clone()).filter(|hint| !hint.is_empty())
            }
            Error::File(error) if error.action() == "search the log folder" => Some(
                "set paths.log_dir to where the logs are, or create the folder; \
                 `network-monitor config init` writes a settings file"
                    .to_owned(),
            ),
            Error::Store(cause) | Error::Catalog { cause, .. } if cause.is_damaged_catalog() => {
                Some(REBUILD.to_owned())
            }
            _ => None,
        }
    }

    /// Names the store if only its catalogue spoke.
    pub fn in_store(self, store_dir: &Path) -> Self {
        match self {
            Error::Store(cause @ store::Error::Catalog(_)) => Error::Catalog {
                path: files::show(&store::catalog_path(store_dir)).to_string(),
                cause,
            },
            other => other,
        }
    }
}
