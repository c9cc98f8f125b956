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
mod partition;
mod query;
mod retention;
mod rewrite;
mod segment;
mod sidecar;

pub use archives::ArchiveRecord;
pub use check::{CheckReport, Damage};
pub use content::Content;
pub use digest::{Digest, FiveMinutes, Seen};
pub use error::{Error, Result};
pub use fold::{FoldedLog, fold_log};
pub use ingest::{IngestReport, Outcome};
pub use logs::LogRecord;
pub use mutes::{MuteRecord, mute, mutes, unmute};
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
        };
        catalog::verify(root, &store.catalog)?;
        commit::sweep(&store)?;
        Ok(store)
    }

    /// Opens a store to read from it. `None` where there is none.
    ///
    /// # Errors
    /// Where the catalogue cannot be read.
    pub fn open_to_read(root: &Path) -> Result<Option<Self>> {
        Ok(catalog::open_to_read(root)?.map(|catalog| Store {
            root: root.to_owned(),
            catalog,
            lock: None,
        }))
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it may be written.
    pub fn is_writable(&self) -> bool {
        self.lock.is_some()
    }
}
