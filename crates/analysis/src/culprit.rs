//! Who did what a finding is about.

use serde::{Deserialize, Serialize};

use crate::{Direction, words};

/// Who did it, if half or more of the bytes are theirs: the subject of the sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Culprit {
    /// The process. `None` if none has half of the bytes.
    pub process: Option<String>,
    /// Whether the process was never seen before.
    pub process_is_new: bool,
    /// The remote. `None` if none has half of the bytes.
    pub remote: Option<String>,
    /// Whether the remote was never seen before.
    pub remote_is_new: bool,
    /// Which way the bytes went.
    pub direction: Direction,
    /// Their bytes.
    pub bytes: u64,
}

impl Culprit {
    /// Who sent how much to whom: `rsync sent 1.98 GB to 185.220.101.47 (new)`.
    pub(crate) fn deed(&self) -> String {
        let named = |name: &str, is_new: bool| {
            let name = if name.trim().is_empty() {
                format!("{name:?}")
            } else {
                name.to_owned()
            };
            if is_new {
                format!("{name} (new)")
            } else {
                name
            }
        };
        let who = match &self.process {
            Some(process) => named(process, self.process_is_new),
            None => "The host".to_owned(),
        };
        let whom = match (&self.remote, self.direction) {
            (None, _) => String::new(),
            (Some(remote), Direction::Up) => format!(" to {}", named(remote, self.remote_is_new)),
            (Some(remote), Direction::Down) => {
                format!(" from {}", named(remote, self.remote_is_new))
            }
        };
        let bytes = display::approximate_bytes(self.bytes as f64);
        format!("{who} {} {bytes}{whom}", words::done(self.direction))
    }
}
