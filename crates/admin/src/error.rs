//! What can go wrong with setting a machine up.

use std::io;

/// Why a machine could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for makes no sense here.
    #[error("{0}")]
    Usage(String),
    /// A step failed.
    #[error("{0}")]
    Step(String),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] files::Error),
    /// Where this program lies cannot be found out.
    #[error("cannot find this program's file: {}", files::describe(.0))]
    Program(io::Error),
}

/// What setting up gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;
