//! The commit: staged files take their places, then one transaction makes them live, then what it
//! replaced goes. A crash anywhere leaves the old state or the new one.
//!
//! Before a file moves, the [`journal`](crate::journal) lists it. Once the transaction has decided, each
//! listed file that the catalogue does not name is removed: at once, or if somebody still reads
//! ([`readers`](crate::readers)), at the next commit or when the store is next opened. A file that is
//! neither listed nor named was not left by a commit: then the catalogue is older than the files
//! ([`require_current`]).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::disk::{remove, set_aside};
use crate::journal::{self, Entry, Journal};
use crate::unnamed::{unknown_logs, unnamed_files, unnamed_sources};
use crate::{Error, Result, catalog, readers, seal};

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
    /// Puts the new files in place. They live once the caller's transaction is committed.
    pub(crate) fn place(&self, root: &Path, catalog: &Connection) -> Result<()> {
        let staged: Vec<&Path> = self
            .bring
            .iter()
            .map(|(staged, _)| staged.as_path())
            .collect();
        files::sync_files(&staged)?;
        self.enter(root, catalog)?;
        // All are synced together before the caller's transaction is committed.
        let mut folders = files::UnsyncedFolders::default();
        for (staged, file) in &self.bring {
            let to = root.join(file);
            if let Some(folder) = to.parent() {
                folders.create(folder)?;
                folders.note(folder);
            }
            std::fs::rename(staged, &to).map_err(files::Error::context("put in place", &to))?;
        }
        Ok(folders.sync()?)
    }

    /// Numbers the commit and enters it into the journal, behind those whose files could not be removed yet.
    fn enter(&self, root: &Path, catalog: &Connection) -> Result<()> {
        let commit = catalog::commits(catalog)? + 1;
        catalog::set_commits(catalog, commit)?;
        let mut entries = match journal::read(root)? {
            Some(Journal::Entries(entries)) => entries,
            Some(Journal::Unlisted) | None => Vec::new(),
        };
        entries.push(Entry {
            commit,
            bring: self.bring.iter().map(|(_, file)| file.clone()).collect(),
            remove: self.take_away.iter().cloned().collect(),
            decided: false,
        });
        journal::write(root, &entries)
    }
}

/// Removes the files of the journal that no transaction names. If somebody reads, it only notes which
/// commits were made. To be called after a transaction was committed, and before the first one.
pub(crate) fn remove_replaced(root: &Path, catalog: &Connection) -> Result<()> {
    let Some(journal) = journal::read(root)? else {
        return Ok(());
    };
    let Some(_alone) = readers::nobody_reads(root)? else {
        return note_decided(root, catalog, journal);
    };
    let files: Vec<String> = match journal {
        Journal::Entries(entries) => journal::files(&entries).into_iter().cloned().collect(),
        Journal::Unlisted => {
            // It is not known that they may go.
            for file in unnamed_files(root, catalog)? {
                set_aside(root, &root.join(file))?;
            }
            Vec::new()
        }
    };
    for file in &files {
        if !catalog::names_file(catalog, file)? {
            remove(&root.join(file))?;
        }
    }
    remove_empty_folders(root, &files);
    journal::remove(root)
}

/// Files that commits replaced and that are there still: how many, and their bytes.
pub(crate) fn replaced(root: &Path, catalog: &Connection) -> Result<(u64, u64)> {
    let Some(Journal::Entries(mut entries)) = journal::read(root)? else {
        return Ok((0, 0));
    };
    let commits = catalog::commits(catalog)?;
    // Of a commit under way nothing is replaced yet.
    entries.retain(|entry| entry.commit <= commits);
    let mut sum = (0, 0);
    for file in journal::files(&entries) {
        if !catalog::names_file(catalog, file)?
            && let Ok(there) = std::fs::metadata(root.join(file))
        {
            sum = (sum.0 + 1, sum.1 + there.len());
        }
    }
    Ok(sum)
}

fn note_decided(root: &Path, catalog: &Connection, journal: Journal) -> Result<()> {
    let Journal::Entries(mut entries) = journal else {
        return Ok(());
    };
    let commits = catalog::commits(catalog)?;
    let mut is_news = false;
    for entry in entries.iter_mut().filter(|entry| entry.commit <= commits) {
        is_news |= !entry.decided;
        entry.decided = true;
    }
    if is_news {
        journal::write(root, &entries)
    } else {
        Ok(())
    }
}

/// Removes the folders of files that went, if nothing else lies in them.
fn remove_empty_folders(root: &Path, files: &[String]) {
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

/// The newest commits that files beside the catalogue tell of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    decided: i64,
    begun: i64,
}

/// The newest commits of the journal and of the seal. To be asked before the catalogue is: that may only get
/// newer.
pub(crate) fn listed(root: &Path) -> Result<Listed> {
    let sealed = seal::commits(root);
    let mut listed = Listed {
        decided: sealed,
        begun: sealed,
    };
    if let Some(Journal::Entries(entries)) = journal::read(root)? {
        for entry in entries {
            listed.begun = listed.begun.max(entry.commit);
            if entry.decided {
                listed.decided = listed.decided.max(entry.commit);
            }
        }
    }
    Ok(listed)
}

/// Ensures that the catalogue is not older than the files of the store, as after a backup of it alone was
/// brought back: it knows each commit that was made, and each sidecar that is not of a commit under way.
pub(crate) fn require_current(root: &Path, catalog: &Connection, listed: Listed) -> Result<()> {
    let older = |reason: String| {
        Err(Error::CatalogDamaged {
            path: catalog::path(root),
            reason: format!("it is older than the store's files: {reason}"),
        })
    };
    let commits = catalog::commits(catalog)?;
    if listed.decided > commits || listed.begun > commits + 1 {
        return older(format!("it does not know commit {}", listed.begun));
    }
    // In this order: a writer lists files before they move, and keeps the list while somebody reads.
    let unnamed = unnamed_sources(root, catalog)?;
    let unknown = match journal::read(root)? {
        Some(Journal::Unlisted) => unknown_logs(root, catalog, unnamed)?,
        _ => unlisted(root, unnamed)?,
    };
    match unknown.len() {
        0 => Ok(()),
        count => older(format!("it does not know {count} of those in sources/")),
    }
}

/// Those of some files that the journal does not list. A writer lists files before they move, and keeps
/// the list while somebody reads.
pub(crate) fn unlisted(root: &Path, mut files: Vec<String>) -> Result<Vec<String>> {
    match journal::read(root)? {
        Some(Journal::Unlisted) => files.clear(),
        Some(Journal::Entries(entries)) => {
            let listed = journal::files(&entries);
            files.retain(|file| !listed.contains(file));
        }
        None => {}
    }
    Ok(files)
}

/// Removes what an earlier commit or fold left behind.
pub(crate) fn sweep(root: &Path, catalog: &Connection) -> Result<()> {
    let staging = staging(root);
    match std::fs::remove_dir_all(&staging) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(files::Error::new("empty", &staging, error).into());
        }
        _ => {}
    }
    files::sweep_temporaries(root)?;
    catalog::remove_rebuilt(root)?;
    remove_replaced(root, catalog)
}
