//! The commit: staged files take their places, then one transaction makes them live, then what it
//! replaced goes. A crash anywhere leaves the old state or the new one.
//!
//! Before a file moves, the file `journal` lists it. Once the transaction has decided, each listed file
//! that the catalogue does not name is removed: at once, or if somebody still reads
//! ([`readers`](crate::readers)), at the next commit or when the store is next opened. A file that is
//! neither listed nor named was not left by a commit: then the catalogue is older than the files
//! ([`require_current`]).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use twox_hash::XxHash3_128;

use crate::check::strangers;
use crate::{Error, Result, Store, catalog, readers};

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
        self.write_journal(root)?;
        let mut folders = BTreeSet::new();
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

    /// Lists the files that move, beside those that an earlier commit could not remove yet.
    fn write_journal(&self, root: &Path) -> Result<()> {
        let mut listed = match read_journal(root)? {
            Some(Journal::Files(files)) => files,
            Some(Journal::Unlisted) | None => BTreeSet::new(),
        };
        listed.extend(self.bring.iter().map(|(_, file)| file.clone()));
        listed.extend(self.take_away.iter().cloned());
        files::write_atomically(&root.join(JOURNAL), None, |out| {
            Ok(serde_json::to_writer(out, &listed)?)
        })?;
        Ok(())
    }
}

/// What the journal says.
enum Journal {
    /// These files move or moved.
    Files(BTreeSet<String>),
    /// Files move, but it is not known which: earlier versions of this program did not say, and a journal
    /// may be damaged.
    Unlisted,
}

/// Reads the journal. `None` if no commit is under way.
fn read_journal(root: &Path) -> Result<Option<Journal>> {
    let path = root.join(JOURNAL);
    let bytes = match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        outcome => outcome.map_err(files::Error::context("read", &path))?,
    };
    let listed = serde_json::from_slice(&bytes).map(Journal::Files);
    Ok(Some(listed.unwrap_or(Journal::Unlisted)))
}

/// Removes the files of the journal that no transaction names, unless somebody reads. To be called after
/// a transaction was committed, and before the first one.
pub(crate) fn remove_replaced(root: &Path, catalog: &Connection) -> Result<()> {
    let Some(journal) = read_journal(root)? else {
        return Ok(());
    };
    let Some(_alone) = readers::nobody_reads(root) else {
        return Ok(());
    };
    let files = match journal {
        Journal::Files(files) => files,
        Journal::Unlisted => strangers(root, catalog)?.into_iter().collect(),
    };
    for file in &files {
        if !catalog::names_file(catalog, file)? {
            remove(&root.join(file))?;
        }
    }
    remove_empty_folders(root, &files);
    remove(&root.join(JOURNAL))
}

/// Removes the folders of files that went, if nothing else lies in them.
fn remove_empty_folders(root: &Path, files: &BTreeSet<String>) {
    let hosts: BTreeSet<&Path> = (files.iter())
        .filter(|file| !file.starts_with("sources/"))
        .filter_map(|file| Path::new(file).parent())
        .collect();
    for host in hosts {
        for folder in host.ancestors().take(2) {
            // A folder that stays does no harm.
            let _ = std::fs::remove_dir(root.join(folder));
        }
    }
}

/// Ensures that the catalogue is not older than the files of the store, as after a backup of it alone was
/// brought back: each sidecar is named by it, or listed by the journal.
pub(crate) fn require_current(root: &Path, catalog: &Connection) -> Result<()> {
    let unnamed = catalog::unnamed_sources(root, catalog)?;
    if unnamed.is_empty() {
        return Ok(());
    }
    match unlisted(root, unnamed)?.len() {
        0 => Ok(()),
        count => Err(Error::CatalogDamaged {
            path: catalog::path(root),
            reason: format!(
                "it is older than the store's files: it does not know {count} of those in sources/"
            ),
        }),
    }
}

/// Those of some files that the journal does not list. A writer lists files before they move, and keeps
/// the list while somebody reads.
pub(crate) fn unlisted(root: &Path, mut files: Vec<String>) -> Result<Vec<String>> {
    match read_journal(root)? {
        Some(Journal::Unlisted) => files.clear(),
        Some(Journal::Files(listed)) => files.retain(|file| !listed.contains(file)),
        None => {}
    }
    Ok(files)
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
    catalog::remove_rebuilt(root)?;
    remove_replaced(root, &store.catalog)
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
