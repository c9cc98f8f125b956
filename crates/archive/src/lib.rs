//! The archive of logs: one file a day, `logs_YYYYMMDD.zip` or `.tar.gz`, and beside it
//! `metadata_YYYYMMDD.json` with what is in it.
//!
//! - [`Joining`] writes a day's archive anew, with more logs in it, beside the one that is there;
//! - [`ArchiveDraft`] is what it wrote, read back with [`check`] before it takes the name;
//! - [`restore`] takes logs out again, whatever an archive claims their names are;
//! - [`expired`] says which archives are past their time;
//! - [`open_for_writing`] says which files somebody still writes.
//!
//! Which logs may be archived, and what the catalogue knows of archives, does not belong here.

mod check;
mod digest;
mod document;
mod error;
mod expiry;
mod find;
mod in_use;
mod join;
mod name;
mod pack;
mod restore;
mod target;
mod unpack;

pub use check::{Fault, check, check_undescribed};
pub use digest::{Digest, digest_of_file};
pub use document::{ArchiveFile, Document, Member};
pub use error::{Error, Result};
pub use expiry::expired;
pub use find::{FoundArchive, find, locate};
pub use in_use::open_for_writing;
pub use join::{ArchiveDraft, Joining, Log, Place};
pub use name::{Format, member_name};
pub use restore::{Restored, restore};
pub use unpack::{Entry, read};

#[cfg(test)]
mod tests;
