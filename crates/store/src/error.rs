//! What may go wrong in a store.

use std::path::{Path, PathBuf};

/// Result of a store's action.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] files::Error),
    /// Another run holds the store.
    #[error(transparent)]
    Held(#[from] files::LockError),
    /// The catalogue refused.
    #[error("{0}")]
    Catalog(#[from] rusqlite::Error),
    /// The catalogue is not what was written.
    #[error("{}: damaged: {reason}", files::show(path))]
    CatalogDamaged {
        /// The catalogue.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A segment is damaged.
    #[error(
        "{}: damaged: {reason}; hint: `network-monitor store check` shows what is affected",
        files::show(path)
    )]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What is muted cannot be read.
    #[error(
        "{}: damaged: {reason}; hint: remove the file, and mute again what should be",
        files::show(path)
    )]
    MutesDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Which archives are gone cannot be read.
    #[error(
        "{}: damaged: {reason}; hint: remove the file; `network-monitor archive verify` checks what is there",
        files::show(path)
    )]
    LostArchivesDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A host cannot be given another name.
    #[error("cannot rename: {reason}")]
    CannotRename {
        /// What is in the way.
        reason: String,
    },
    /// The store was written by another version.
    #[error(
        "{}: written by another version of this program (format {found}, this one reads {known})",
        files::show(path)
    )]
    OtherFormat {
        /// The store.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The format that is known.
        known: i64,
    },
}

impl Error {
    /// Whether a file of the store is damaged or gone, which says nothing of the others.
    pub fn is_damaged_file(&self) -> bool {
        match self {
            Error::Damaged { .. } => true,
            Error::File(error) => error.kind() == std::io::ErrorKind::NotFound,
            _ => false,
        }
    }

    /// Whether the catalogue is damaged, rather than out of reach.
    pub fn is_damaged_catalog(&self) -> bool {
        use rusqlite::ErrorCode as Code;
        match self {
            Error::CatalogDamaged { .. } => true,
            Error::Catalog(error) => !matches!(
                error.sqlite_error_code(),
                Some(
                    Code::DiskFull
                        | Code::SystemIoFailure
                        | Code::CannotOpen
                        | Code::DatabaseBusy
                        | Code::DatabaseLocked
                        | Code::PermissionDenied
                        | Code::ReadOnly
                        | Code::OutOfMemory
                )
            ),
            _ => false,
        }
    }

    pub(crate) fn damaged(path: &Path, reason: impl std::fmt::Display) -> Self {
        Error::Damaged {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}
