//! What is set up where.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// For whom everything is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupScope {
    /// The machine: services of an account of their own.
    System,
    /// The user.
    User,
}

/// What is set up where.
#[derive(Clone, Debug)]
pub struct Target {
    /// For whom.
    pub scope: SetupScope,
    /// What stands for `/`.
    pub root: PathBuf,
    /// This program.
    pub program: PathBuf,
}

impl Target {
    /// This program, below `root`, or `/` if that is `None`.
    ///
    /// # Errors
    /// If the program's file cannot be found.
    pub fn of_this_program(scope: SetupScope, root: Option<&Path>) -> Result<Self> {
        let root = match root {
            Some(root) => std::path::absolute(root).map_err(Error::Program)?,
            None => PathBuf::from("/"),
        };
        let program = std::env::current_exe().and_then(|path| path.canonicalize());
        Ok(Self {
            scope,
            root,
            program: program.map_err(Error::Program)?,
        })
    }
}
