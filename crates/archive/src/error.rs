//! What may go wrong with an archive.

use std::path::{Path, PathBuf};

/// Result of an action on an archive.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the archive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] files::Error),
    /// An archive or its metadata makes no sense.
    #[error("{}: {reason}", files::show(path))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A log is not what it was when it was looked at.
    #[error("{}: changed while it was archived", files::show(path))]
    Changed {
        /// The log.
        path: PathBuf,
    },
}

impl Error {
    pub(crate) fn damaged(path: &Path, reason: impl std::fmt::Display) -> Self {
        Error::Damaged {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}
