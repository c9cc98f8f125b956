//! The history: what logs said, kept exactly once.
//!
//! A store is a folder: a catalogue (`catalog.sqlite`) and Parquet files partitioned by day and
//! host, which any tool may read. [`Store::ingest`] folds logs into it, [`Store::read_rows`] and
//! [`Store::read_facts`] give them back. Reports, mail and analyses do not belong here.

mod archives;
mod batch;
mod catalog;
mod check;
mod commit;
mod compact;
mod container;
mod content;
mod digest;
mod disk;
mod ends;
mod error;
mod facts;
mod fold;
mod identity;
mod ingest;
mod journal;
mod links;
mod live_files;
mod logs;
mod lost;
mod mutes;
mod owner;
mod pack;
mod partition;
mod query;
mod readers;
mod rebuild;
mod retention;
mod rewrite;
mod seal;
mod segment;
mod sidecar;
mod sorter;
mod sources;
mod store;
mod tuning;
mod unnamed;

pub use crate::store::Store;
pub use archives::{ArchiveRecord, path_of_bytes};
pub use catalog::Owner;
pub use check::{CheckReport, Damage};
pub use compact::{Compacted, LooseDay};
pub use content::Content;
pub use digest::{Digest, FiveMinutes, Seen, quarter_start};
pub use error::{Error, Result};
pub use fold::{FoldedLog, fold_log};
pub use ingest::{IngestReport, Outcome};
pub use live_files::LiveFile;
pub use logs::LogRecord;
pub use mutes::{MuteRecord, mute, mutes, unmute};
pub use query::{InputFacts, KeptFiles, LogState, RowOrder, Span, StoreStatus, Totals};
pub use retention::StoredDay;
pub use segment::Stretch;
pub use tuning::Tuning;

use std::path::{Path, PathBuf};

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
