//! What can go wrong with letters.

use mail::{OutboxError, Trouble};

/// Why work on letters was given up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is missing without which no letter can be sent.
    #[error("no letter can be sent: the settings have no email.{}", .0.join(", no email."))]
    Incomplete(Vec<&'static str>),
    /// A file to be attached cannot be read.
    #[error(transparent)]
    File(#[from] files::Error),
    /// The outbox refused.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// A letter that was asked for now could not be sent.
    #[error(transparent)]
    NotSent(#[from] Trouble),
}

/// What work on letters gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;
