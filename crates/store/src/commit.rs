//! The commit: staged files take their places, then one transaction makes them live, then what it
//! replaced goes. A crash anywhere leaves the old state or the new one.
//!
//! While files move, a file named journal says so. Whoever finds it there at the opening of the
//! store removes all files that no transaction names.

use std::path::{Path, PathBuf};

use twox_hash::XxHash3_128;

use crate::check::strangers;
use crate::{Error, Result, Store};

const JOURNAL: &str = "journal";
/// Most threads that sync files at the same time.
const SYNC_THREADS: usize = 8;
/// As many files as one thread syncs alone.
const SYNC_ALONE: usize = 32;

pub(crate) fn staging(root: &Path) -> PathBuf {
    root.join("staging")
}

/// Files on their way in and out.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    /// Staged file, and its place below the store.
    pub(crate) bring: Vec<(PathBuf, String)>,
    /// Files below the store that no longer live.
    pub(crate) take_away: Vec<String>,
}

impl Moves {
    /// Puts the new files in place. They live once the transaction is committed.
    pub(crate) fn place(&self, root: &Path) -> Result<()> {
        let staged: Vec<&Path> = self
            .bring
            .iter()
            .map(|(staged, _)| staged.as_path())
            .collect();
        sync_files(&staged)?;
        files::write_atomically(&root.join(JOURNAL), None, |_| Ok(()))?;
        let mut folders = std::collections::BTreeSet::new();
        for (staged, file) in &self.bring {
            let to = root.join(file);
            if let Some(folder) = to.parent()
                && folders.insert(folder.to_owned())
            {
                files::create_folder(folder)?;
            }
            std::fs::rename(staged, &to).map_err(files::Error::context("put in place", &to))?;
        }
        for folder in folders {
            files::sync_folder(&folder)?;
        }
        Ok(())
    }

    /// Removes what no longer lives, after the transaction was committed.
    pub(crate) fn clear(&self, root: &Path) -> Result<()> {
        for file in &self.take_away {
            remove(&root.join(file))?;
        }
        remove(&root.join(JOURNAL))
    }
}

/// Removes what an earlier commit or fold left behind.
pub(crate) fn sweep(store: &Store) -> Result<()> {
    let root = &store.root;
    let staging = staging(root);
    match std::fs::remove_dir_all(&staging) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(files::Error::new("empty", &staging, error).into());
        }
        _ => {}
    }
    files::sweep_temporaries(root)?;
    let journal = root.join(JOURNAL);
    if !journal
        .try_exists()
        .map_err(files::Error::context("look for", &journal))?
    {
        return Ok(());
    }
    for file in strangers(root, &store.catalog)? {
        remove(&root.join(file))?;
    }
    remove(&journal)
}

pub(crate) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(files::Error::new("remove", path, error).into())
        }
        _ => Ok(()),
    }
}

/// Syncs files, several at a time: a file system writes what waits together at once.
fn sync_files(paths: &[&Path]) -> Result<()> {
    let sync = |path: &Path| std::fs::File::open(path)?.sync_all();
    let sync_part = |part: &[&Path]| -> Result<()> {
        for path in part {
            sync(path).map_err(files::Error::context("sync", path))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let parts = paths.chunks(paths.len().div_ceil(SYNC_THREADS).max(SYNC_ALONE));
        let threads: Vec<_> = parts.map(|part| scope.spawn(|| sync_part(part))).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().expect("syncing does not panic"))
    })
}

/// The XXH3 hash of a file's bytes.
pub(crate) fn checksum(path: &Path) -> files::Result<String> {
    let hash = || -> std::io::Result<String> {
        let mut hasher = XxHash3_128::new();
        std::io::copy(
            &mut std::fs::File::open(path)?,
            &mut HashWriter(&mut hasher),
        )?;
        Ok(format!("{:032x}", hasher.finish_128()))
    };
    hash().map_err(files::Error::context("read", path))
}

/// Holds that a file is what was written.
pub(crate) fn verify(path: &Path, expected: &str) -> Result<()> {
    match checksum(path)? == expected {
        true => Ok(()),
        false => Err(Error::damaged(path, "its checksum differs")),
    }
}

struct HashWriter<'a>(&'a mut XxHash3_128);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
