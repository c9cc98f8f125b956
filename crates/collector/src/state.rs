//! What a collector does right now, for whoever asks from outside.
//!
//! It is a small file in the folder of the logs, written every ten seconds and as a whole. Whether its
//! collector still runs is told by the lock, not by the file: a collector that is killed cannot take it back.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

const STATE: &str = ".collector.json";
const LOCK: &str = ".collector.lock";

/// What a collector does. Times are seconds since 1970. Names in it come from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Its process.
    pub pid: u32,
    /// When it began.
    pub started: i64,
    /// When this was written.
    pub written: i64,
    /// The interfaces that bandwhich has sockets for, as far as that can be told.
    pub interfaces: Vec<String>,
    /// The log that is written. `None` if none is, for bandwhich has not printed anything yet.
    pub log: Option<PathBuf>,
    /// Frames that were written.
    pub frames: u64,
    /// When the last one was. `None` if there was none.
    pub last_frame: Option<i64>,
    /// How often bandwhich was started.
    pub starts: u64,
    /// Packets that passed while it watched.
    pub packets: u64,
    /// Packets that the kernel dropped because bandwhich's buffer was full.
    pub dropped_packets: u64,
    /// Why bandwhich does not run, if it does not.
    pub trouble: Option<String>,
}

impl State {
    /// The state of the collector that writes into this folder. `None` if none runs.
    pub fn of_running(folder: &Path) -> Option<Self> {
        files::lock_holder(&lock(folder))?;
        let text = std::fs::read(folder.join(STATE)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    pub(crate) fn write(&self, folder: &Path) -> files::Result<()> {
        files::write_atomically(&folder.join(STATE), None, |out| {
            serde_json::to_writer(&mut *out, self)?;
            out.write_all(b"\n")
        })
    }

    /// Removes the file: the collector ends.
    pub(crate) fn remove(folder: &Path) {
        // It says nothing without a lock.
        let _ = std::fs::remove_file(folder.join(STATE));
    }
}

/// The lock of the collector that writes into a folder.
pub(crate) fn lock(folder: &Path) -> PathBuf {
    folder.join(LOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_that_of_a_collector_that_runs() {
        let folder = tempfile::tempdir().unwrap();
        let state = State {
            pid: 7,
            interfaces: vec!["eth0".to_owned()],
            last_frame: Some(1_735_689_600),
            ..State::default()
        };
        state.write(folder.path()).unwrap();
        assert_eq!(State::of_running(folder.path()), None);
        let held = files::Lock::acquire(&lock(folder.path()), "now", "collect").unwrap();
        assert_eq!(State::of_running(folder.path()), Some(state));
        // A later version may know more.
        std::fs::write(folder.path().join(STATE), "{\"pid\": 8, \"weather\": 1}").unwrap();
        assert_eq!(State::of_running(folder.path()).unwrap().pid, 8);
        std::fs::write(folder.path().join(STATE), "{").unwrap();
        assert_eq!(State::of_running(folder.path()), None);
        drop(held);
        assert_eq!(State::of_running(folder.path()), None);
    }
}
