//! What becomes of a log: found, ingested, archived, expired, brought back.
//!
//! This is `archive` and `store` applied to the log folder of the settings. [`ingest_folder`] brings logs
//! into the history, [`finish_logs`] archives those that are finished and deletes what is past its time,
//! [`compact_some`] packs days that are over, [`recover`] brings archived logs back. Each gives back what it did; nothing is printed. A history belongs
//! to one machine and its folders to one history: [`own_host`] and [`claims`] see to it.

pub mod archives;
mod archiving;
pub mod claims;
mod compact;
mod error;
mod finish;
mod ingest;
mod log_folder;
pub mod newer_archives;
pub mod own_host;
mod passed_over;
mod progress;
pub mod recover;
mod remarks;
mod rename_host;
pub mod retention;
mod summary;
mod sweep;
#[cfg(test)]
mod tests;
mod tuning;

pub use archiving::{ArchivePlan, ArchiveScope, plan as plan_archives};
pub use compact::{CompactSummary, compact_all, compact_some};
pub use error::{Error, Result};
pub use finish::{archive_logs, finish_logs};
pub use ingest::{ingest_folder, ingest_paths};
pub use log_folder::{LogFolder, collector_folder, exclusions, look_for_logs};
pub use passed_over::sentences as passed_over_sentences;
pub use progress::{Progress, Unwatched};
pub use rename_host::{RenamedArchive, RenamedHost, rename_host};
pub use summary::{ArchiveSummary, DroppedDay, IngestSummary, Unreadable};
pub use sweep::sweep;
pub use tuning::tuning;
