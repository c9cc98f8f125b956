//! What can go wrong with logs, archives and the history that they become.

use std::io;

/// Why work on logs or archives was given up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] files::Error),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// An archive could not be read or written.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// A signal asked to stop.
    #[error(transparent)]
    Interrupted(#[from] files::Interrupted),
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
    /// The new name of a host cannot be one.
    #[error("the new name {0}")]
    NewName(String),
    /// The folder of a host that is renamed still has its old name.
    #[error(
        "{folder} is still there: its logs would be read again as those of {host:?}; rename the folder first"
    )]
    OldFolder {
        /// The folder.
        folder: String,
        /// The old name.
        host: String,
    },
    /// Standard input cannot be read.
    #[error("cannot read standard input: {}", files::describe(.0))]
    StandardInput(io::Error),
    /// A host's name cannot be the name of its folder.
    #[error(
        "host: \"{}\" cannot be the name of a folder, as input.hosts: directories needs",
        display::printable(.0)
    )]
    FolderName(String),
    /// The system gives no threads.
    #[error("cannot start threads: {}", files::describe(.0))]
    Threads(io::Error),
}

impl Error {
    /// Whether what was asked for, or the settings, are wrong.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Error::OtherHost { .. }
                | Error::OtherStore { .. }
                | Error::NewName(_)
                | Error::OldFolder { .. }
                | Error::FolderName(_)
        )
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::OtherHost { known, asked, .. } => Some(format!(
                "if the machine was renamed: `network-monitor store rename-host {known:?} {asked:?}`, or \
                 `host: {known:?}` in the settings keeps the old name. Another machine needs paths \
                 (store_dir, report_dir, archive_dir) of its own; input.hosts: directories keeps several \
                 machines in one store"
            )),
            Error::OtherStore { claim, .. } => Some(format!(
                "give each settings file a paths.report_dir and a paths.archive_dir of its own, or remove \
                 {claim} if the files there may be replaced"
            )),
            _ => None,
        }
    }
}

/// What work on logs or archives gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;
