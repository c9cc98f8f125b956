//! The history: what logs said, kept exactly once.
//!
//! A store is a folder: a catalogue (`catalog.sqlite`) and Parquet files partitioned by day and
//! host, which any tool may read. [`Store::ingest`] folds logs into it, [`Store::read_rows`] and
//! [`Store::read_facts`] give them back. Reports, mail and analyses do not belong here.

mod archives;
mod catalog;
mod check;
mod commit;
mod content;
mod digest;
mod error;
mod facts;
mod fold;
mod identity;
mod ingest;
mod links;
mod logs;
mod lost;
mod mutes;
mod owner;
mod partition;
mod query;
mod readers;
mod retention;
mod rewrite;
mod segment;
mod sidecar;

pub use archives::{ArchiveRecord, path_of_bytes};
pub use check::{CheckReport, Damage};
pub use content::Content;
pub use digest::{Digest, FiveMinutes, Seen};
pub use error::{Error, Result};
pub use fold::{FoldedLog, fold_log};
pub use ingest::{IngestReport, Outcome};
pub use logs::LogRecord;
pub use mutes::{MuteRecord, mute, mutes, unmute};
pub use owner::Owner;
pub use query::{InputFacts, LogState, Span, StoreStatus, Totals};
pub use retention::StoredDay;
pub use segment::Stretch;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

/// A host's name as the name of a folder: what a folder's name must not hold is percent-encoded.
pub fn folder_name(host: &str) -> String {
    partition::encoded(host)
}

/// The host whose folders have this name; a name that was too long for a folder does not come back.
pub fn host_of_folder(folder: &str) -> Option<String> {
    partition::decoded(folder)
}

/// Where the catalogue of a store is.
pub fn catalog_path(root: &Path) -> PathBuf {
    catalog::path(root)
}

/// Settings of a store that shape what it writes.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// How logs are folded.
    pub fold: traffic::Options,
    /// Bounds on what is read at a time.
    pub limits: rawlog::Limits,
    /// Rows of a Parquet row group.
    pub batch_rows: usize,
    /// Whether one log is spread over the threads of the rayon pool at hand.
    pub spread: bool,
}

impl Default for Tuning {
    fn default() -> Self {
        Tuning {
            fold: traffic::Options::default(),
            limits: rawlog::Limits::default(),
            batch_rows: 65_536,
            spread: false,
        }
    }
}

/// An open store.
pub struct Store {
    root: PathBuf,
    catalog: Connection,
    /// Held while the store may be written; dies with the process.
    lock: Option<files::Lock>,
    /// Held while it is only read: see [`readers`].
    reading: Option<readers::Reading>,
}

impl Store {
    /// Opens a store for writing, and makes it where there is none. Whatever an earlier run left
    /// unfinished is swept: files that no transaction names.
    ///
    /// # Errors
    /// [`Error::Held`] where another process holds the store.
    pub fn open(root: &Path, started: &str, command: &str) -> Result<Self> {
        files::create_folder(root)?;
        let lock = files::Lock::acquire(&root.join("lock"), started, command)?;
        let store = Store {
            root: root.to_owned(),
            catalog: catalog::open(root)?,
            lock: Some(lock),
            reading: None,
        };
        catalog::verify(root, &store.catalog)?;
        commit::sweep(&store)?;
        commit::require_current(root, &store.catalog)?;
        Ok(store)
    }

    /// Opens a store to read from it, as it is at this moment: what is committed later is not seen, and
    /// no file that is needed goes away meanwhile. `None` if there is none.
    ///
    /// # Errors
    /// If the catalogue cannot be read, or is older than the files of the store.
    pub fn open_to_read(root: &Path) -> Result<Option<Self>> {
        let reading = readers::begin_reading(root);
        let Some(catalog) = catalog::open_to_read(root)? else {
            return Ok(None);
        };
        if reading.is_some() {
            commit::require_current(root, &catalog)?;
        }
        Ok(Some(Store {
            root: root.to_owned(),
            catalog,
            lock: None,
            reading,
        }))
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether no file of it can be removed by another process.
    fn is_protected(&self) -> bool {
        self.lock.is_some() || self.reading.is_some()
    }

    /// Whether it may be written.
    pub fn is_writable(&self) -> bool {
        self.lock.is_some()
    }
}
