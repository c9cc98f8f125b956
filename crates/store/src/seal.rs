//! A seal says that the catalogue is as the last run that wrote left it, byte for byte: then it need not be
//! compared row by row, which takes long once the history is long. It also says how many commits were made, so
//! that a catalogue from a backup is known as such.
//!
//! It is a file beside the catalogue with its hash and that number, written when the store is closed. A run that
//! is killed leaves a catalogue that its seal does not fit, or one with a log of SQLite beside it: that is
//! compared in full.

use std::path::{Path, PathBuf};

use crate::{catalog, disk};

const NAME: &str = "catalog.seal";

/// Seals the catalogue when it is dropped: after its connection was closed.
#[derive(Debug)]
pub(crate) struct Seal {
    root: PathBuf,
}

impl Seal {
    pub(crate) fn new(root: &Path) -> Self {
        Seal {
            root: root.to_owned(),
        }
    }
}

impl Drop for Seal {
    fn drop(&mut self) {
        let now = hash(&self.root);
        if now.is_none() || now == read(&self.root).map(|(hash, _)| hash) {
            return;
        }
        let commits = || {
            let catalog = catalog::connect_to_read(&self.root).ok()?;
            catalog::commits(&catalog).ok()
        };
        if let (Some(hash), Some(commits)) = (now, commits()) {
            // Without it the next run compares all.
            let _ = std::fs::write(self.root.join(NAME), format!("{hash} {commits}\n"));
        }
    }
}

/// Hash and commits of the seal.
fn read(root: &Path) -> Option<(String, i64)> {
    let text = std::fs::read_to_string(root.join(NAME)).ok()?;
    let (hash, commits) = text.trim_end().split_once(' ')?;
    Some((hash.to_owned(), commits.parse().ok()?))
}

/// The commits that were made when the store was last closed; 0 if that is not known.
pub(crate) fn commits(root: &Path) -> i64 {
    read(root).map_or(0, |(_, commits)| commits)
}

/// Whether the catalogue is as it was sealed. To be asked before it is opened.
pub(crate) fn is_intact(root: &Path) -> bool {
    let sealed = read(root).map(|(hash, _)| hash);
    sealed.is_some() && sealed == hash(root)
}

/// The hash of the catalogue; `None` if SQLite keeps a part of it beside the file.
fn hash(root: &Path) -> Option<String> {
    let path = catalog::path(root);
    let mut log = path.clone().into_os_string();
    log.push("-wal");
    let is_whole = std::fs::metadata(&log).map_or(true, |log| log.len() == 0);
    is_whole.then(|| disk::checksum(&path).ok()).flatten()
}
