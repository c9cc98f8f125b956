//! The commit: staged files take their places, then one transaction makes them live, then what it
//! replaced goes. A crash anywhere leaves the old state or the new one.
//!
//! Before any file takes its place, a journal names all files that the commit brings or takes
//! away. Whoever opens the store next removes those of them that no transaction names.

use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3Default;

use crate::{Result, Store, catalog};

const JOURNAL: &str = "journal";

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
        let journal: Vec<&str> = self
            .bring
            .iter()
            .map(|(_, file)| file.as_str())
            .chain(self.take_away.iter().map(String::as_str))
            .collect();
        files::write_atomically(&root.join(JOURNAL), None, |out| {
            out.write_all(journal.join("\n").as_bytes())
        })?;
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
    let names = match std::fs::read_to_string(&journal) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        outcome => outcome.map_err(files::Error::context("read", &journal))?,
    };
    for file in names.lines().filter(|file| !file.is_empty()) {
        if !catalog::names_file(&store.catalog, file)? {
            remove(&root.join(file))?;
        }
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

/// Syncs a file and gives the XXH3 hash of its bytes.
pub(crate) fn seal(path: &Path) -> Result<String> {
    let sync = || std::fs::File::open(path)?.sync_all();
    sync().map_err(files::Error::context("sync", path))?;
    Ok(checksum(path)?)
}

/// The XXH3 hash of a file's bytes.
pub(crate) fn checksum(path: &Path) -> files::Result<String> {
    let hash = || -> std::io::Result<String> {
        let mut hasher = Xxh3Default::new();
        std::io::copy(
            &mut std::fs::File::open(path)?,
            &mut HashWriter(&mut hasher),
        )?;
        Ok(format!("{:032x}", hasher.digest128()))
    };
    hash().map_err(files::Error::context("read", path))
}

struct HashWriter<'a>(&'a mut Xxh3Default);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
