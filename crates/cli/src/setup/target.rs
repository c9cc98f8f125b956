//! What is set up where.

use std::path::PathBuf;

/// For whom everything is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The machine: services of an account of their own.
    System,
    /// The user.
    User,
}

/// What is set up where.
#[derive(Clone, Debug)]
pub struct Target {
    /// For whom.
    pub scope: Scope,
    /// What stands for `/`.
    pub root: PathBuf,
    /// This program.
    pub program: PathBuf,
}
