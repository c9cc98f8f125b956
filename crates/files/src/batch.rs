//! Many files that appear together, each whole or not at all: they share the waiting for the disk.
//!
//! All content is synced, several files at a time; then each file takes its name; then each folder that got
//! a name is synced once. A crash leaves any of the names with the old content and the others with the new
//! one, never a part of a file. Once [`AtomicBatch::commit`] has returned, all of them outlive a power cut.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::atomic::{AtomicFile, create_missing, folder_of, sync_folder};
use crate::error::{Error, Result};
use crate::owner::give_to_owner_above;

/// Most threads that sync at the same time.
const THREADS: usize = 8;
/// As many files as one thread syncs alone.
const ALONE: usize = 16;

/// Files that were written and wait to take their names.
#[derive(Debug, Default)]
pub struct AtomicBatch {
    files: Vec<AtomicFile>,
    folders: UnsyncedFolders,
}

impl AtomicBatch {
    /// Adds a file that was written. It stays open until the commit.
    pub fn add(&mut self, file: AtomicFile) {
        self.files.push(file);
    }

    /// Creates a folder and those above it that are missing, whose names the commit syncs. What root makes
    /// belongs to the owner of the folder that was there.
    ///
    /// # Errors
    /// As for [`create_folder`](crate::create_folder).
    pub fn create_folder(&mut self, folder: &Path) -> Result<()> {
        create_missing(folder, |new| {
            self.folders.note(folder_of(new));
            give_to_owner_above(new)
        })
    }

    /// How many files wait.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether no file waits.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Syncs all files, renames each to its own name and syncs the folders.
    ///
    /// # Errors
    /// If any of it fails. If syncing a file failed, no file has its name; if a rename failed, those before it
    /// have theirs. All other temporary files are removed.
    pub fn commit(self) -> Result<()> {
        let Self { files, mut folders } = self;
        at_once(&files, AtomicFile::sync)?;
        for file in files {
            folders.note(folder_of(file.target()));
            file.rename()?;
        }
        folders.sync()
    }
}

/// Folders in which names changed: each is synced once.
#[derive(Debug, Default)]
pub struct UnsyncedFolders(BTreeSet<PathBuf>);

impl UnsyncedFolders {
    /// Creates a folder and those above it that are missing, and notes where a name is new.
    ///
    /// # Errors
    /// As for [`create_folder`](crate::create_folder).
    pub fn create(&mut self, folder: &Path) -> Result<()> {
        create_missing(folder, |new| {
            self.note(folder_of(new));
            Ok(())
        })
    }

    /// Notes a folder in which a file was created, renamed or deleted.
    pub fn note(&mut self, folder: &Path) {
        if !self.0.contains(folder) {
            self.0.insert(folder.to_owned());
        }
    }

    /// Syncs all of them.
    ///
    /// # Errors
    /// As for [`sync_folder`].
    pub fn sync(self) -> Result<()> {
        let folders: Vec<PathBuf> = self.0.into_iter().collect();
        at_once(&folders, |folder| sync_folder(folder))
    }
}

/// Syncs files, several at a time.
///
/// # Errors
/// If one of them cannot be opened or synced.
pub fn sync_files(paths: &[&Path]) -> Result<()> {
    at_once(paths, |path| {
        File::open(path)
            .and_then(|file| file.sync_all())
            .map_err(Error::context("sync", path))
    })
}

/// Does something with each item, with several at a time if they are many: a file system writes at once what
/// waits together. After a failure no more are begun.
fn at_once<T: Sync>(items: &[T], work: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    let threads = items.len().div_ceil(ALONE).min(THREADS);
    if threads <= 1 {
        return items.iter().try_for_each(work);
    }
    let next = AtomicUsize::new(0);
    let work_on = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(item).inspect_err(|_| next.store(items.len(), Ordering::Relaxed))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work_on)).collect();
        // All are waited for.
        let ended: Vec<Result<()>> = (threads.into_iter())
            .map(|thread| thread.join().expect("syncing does not panic"))
            .collect();
        ended.into_iter().collect()
    })
}

#[cfg(test)]
mod tests;
