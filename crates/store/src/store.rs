//! An open store.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction};

use crate::seal::{self, Seal};
use crate::{Result, catalog, commit, readers};

/// An open store.
pub struct Store {
    pub(crate) root: PathBuf,
    pub(crate) catalog: Connection,
    /// Seals the catalogue, after its connection was closed, before others may write it.
    pub(crate) seal: Option<Seal>,
    /// Held while the store may be written; dies with the process.
    pub(crate) lock: Option<files::Lock>,
    /// Held while it is only read: see [`readers`].
    pub(crate) reading: Option<readers::Reading>,
}

impl Store {
    /// Opens a store for writing, and makes it if there is none. Whatever an earlier run left
    /// unfinished is swept: files that no transaction names.
    ///
    /// # Errors
    /// [`Error::Held`] if another process holds the store.
    pub fn open(root: &Path, started: &str, command: &str) -> Result<Self> {
        files::create_folder(root)?;
        let lock = files::Lock::acquire(&root.join("lock"), started, command)?.keeping_traces();
        readers::create(root)?;
        let is_intact = seal::is_intact(root);
        let catalog = catalog::open(root)?;
        if !is_intact {
            catalog::verify(root, &catalog)?;
        }
        let mut store = Store {
            root: root.to_owned(),
            catalog,
            seal: None,
            lock: Some(lock),
            reading: None,
        };
        commit::require_current(root, &store.catalog, commit::listed(root)?)?;
        commit::sweep(root, &store.catalog)?;
        // Not before: what is refused must not be sealed.
        store.seal = Some(Seal::new(root));
        Ok(store)
    }

    /// Opens a store to read from it, as it is at this moment: what is committed later is not seen, and
    /// no file that is needed goes away meanwhile. `None` if there is none.
    ///
    /// # Errors
    /// If the catalogue cannot be read, or is older than the files of the store.
    pub fn open_to_read(root: &Path) -> Result<Option<Self>> {
        let reading = readers::begin_reading(root);
        let listed = commit::listed(root)?;
        let Some(catalog) = catalog::open_to_read(root)? else {
            return Ok(None);
        };
        if reading.is_some() {
            commit::require_current(root, &catalog, listed)?;
        }
        Ok(Some(Store {
            root: root.to_owned(),
            catalog,
            seal: None,
            lock: None,
            reading,
        }))
    }

    /// Begins to gather what is noted one by one, as that a day was reported, so that many notes cost one
    /// transaction. Nothing of it counts before [`commit_notes`](Self::commit_notes): if the process ends
    /// earlier, the next run does that work again.
    ///
    /// # Errors
    /// If the catalogue cannot be written, or notes are gathered already.
    pub fn gather_notes(&self) -> Result<()> {
        Ok(self.catalog.execute_batch("BEGIN IMMEDIATE")?)
    }

    /// Makes what was gathered count.
    ///
    /// # Errors
    /// If the catalogue cannot be written. Nothing of it counts then.
    pub fn commit_notes(&self) -> Result<()> {
        Ok(self.catalog.execute_batch("COMMIT")?)
    }

    /// A transaction of its own, except where notes are gathered: those are one.
    pub(crate) fn own_transaction(&self) -> Result<Option<Transaction<'_>>> {
        let is_alone = self.catalog.is_autocommit();
        let begin = || self.catalog.unchecked_transaction();
        Ok(is_alone.then(begin).transpose()?)
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What runs wrote that held the store before this one and did not come to their end, the newest last:
    /// see [`files::abandoned`].
    pub fn abandoned_runs(&self) -> &[String] {
        self.lock.as_ref().map_or(&[], files::Lock::traces)
    }

    /// Forgets those for which this holds.
    pub fn forget_abandoned_runs(&mut self, is_done: impl Fn(&str) -> bool) {
        if let Some(lock) = &mut self.lock {
            lock.forget_traces(is_done);
        }
    }

    /// Whether no file of it can be removed by another process.
    pub(crate) fn is_protected(&self) -> bool {
        self.lock.is_some() || self.reading.is_some()
    }

    /// Whether it may be written.
    pub fn is_writable(&self) -> bool {
        self.lock.is_some()
    }
}
