//! The world of files below everything else: paths with context, atomic writes, one run at a
//! time, and finding and opening the logs.
//!
//! - [`discover`] says which logs lie in a folder, and what was passed over and why;
//! - [`open_log`] reads one log, whatever it is compressed or encoded with;
//! - [`write_atomically`] and [`AtomicFile`] put a file in place whole or not at all;
//! - [`AtomicBatch`] does so with many files, which share the waiting for the disk;
//! - [`Lock`] keeps two runs apart;
//! - [`interrupted`] tells long work that it should stop;
//! - [`Error`] is an I/O error that names its path.
//!
//! What the bytes mean does not belong here, nor does a clock: where a time is needed, it is an
//! argument.

mod atomic;
mod attribute;
mod batch;
mod discover;
mod error;
mod interrupt;
mod kind;
mod lock;
mod open;
mod owner;
mod space;
mod utf16;

pub use atomic::{AtomicFile, create_folder, sweep_temporaries, sync_folder, write_atomically};
pub use attribute::extended_attribute;
pub use batch::{AtomicBatch, UnsyncedFolders, sync_files};
pub use discover::{
    Discovery, FileIdentity, FoundLog, NameDate, OTHERS, SkipReason, Skipped, discover,
};
pub use error::{Error, Result, ShownPath, describe, show, turns_direction};
pub use interrupt::{Interrupted, check_interrupted, interrupt_flag, interrupted};
pub use lock::{Lock, LockError, abandoned, lock_holder, lock_processes};
pub use open::{Compression, Encoding, Limits, OpenLog, open_log, open_log_within};
pub use owner::give_to_owner_of;
pub use space::{Space, folder_size, space};
