//! What is to be collected, what is told meanwhile, and how it ends.

use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::Rotate;
use crate::state::lock;

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// bandwhich's file.
    pub program: PathBuf,
    /// What it is started with: see [`arguments`](crate::arguments()).
    pub arguments: Vec<String>,
    /// Its version, for the log.
    pub version: String,
    /// Where logs are written.
    pub folder: PathBuf,
    /// When a new one is begun.
    pub rotate: Rotate,
    /// The zone of hours and days.
    pub zone: TimeZone,
    /// Whether owners of connections are noted.
    pub pids: bool,
    /// Whether the kernel's counters are noted.
    pub interfaces: bool,
    /// Bytes of the receive buffer that each of bandwhich's sockets gets. 0 leaves it as it is.
    pub capture_buffer: usize,
    /// Whether the uplink is recorded alone while packets are routed without translation of addresses, if
    /// the arguments name no interface.
    pub prefers_uplink: bool,
    /// The longest time that written frames stay unsynced.
    pub sync: Duration,
}

/// What is told while it runs. The texts may hold names from outside: escape them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something was done.
    Done(String),
    /// Something needs attention.
    Trouble(String),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The signal that asked to stop.
    pub signal: u8,
    /// Frames that were written.
    pub frames: u64,
    /// Logs that were begun.
    pub logs: u64,
    /// Times that bandwhich was started.
    pub starts: u64,
}

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// bandwhich cannot be started.
    #[error(transparent)]
    Start(#[from] files::Error),
    /// Another collector writes into the folder.
    #[error(transparent)]
    Held(#[from] files::LockError),
}

/// Takes the lock of the folder.
pub(crate) fn hold(plan: &Plan) -> Result<files::Lock, files::LockError> {
    let started = jiff::Timestamp::now().to_string();
    files::Lock::acquire(&lock(&plan.folder), &started, "network-monitor collect")
}
