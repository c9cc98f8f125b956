//! What can go wrong with reports.

/// Why a report was given up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] files::Error),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A signal asked to stop.
    #[error(transparent)]
    Interrupted(#[from] files::Interrupted),
    /// A report could not be rendered.
    #[error("{path}: {reason}")]
    Render {
        /// The file or folder.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

/// What work on reports gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;
