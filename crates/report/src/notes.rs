//! What a reader must know to read the numbers right.

use display::{bytes, duration, percent};
use serde::{Deserialize, Serialize};

/// Seconds observed by two logs from which on that is said; a restart takes less.
const SHORTEST_OVERLAP: u64 = 5;

/// Something said aloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What kind it is: lower-case words joined by `_`, for scripts.
    pub code: String,
    /// A sentence, for people. It may hold names from logs.
    pub message: String,
}

impl Note {
    /// A note.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Note {
            code: code.into(),
            message: message.into(),
        }
    }
}

/// What a builder can tell by itself.
pub(crate) struct Seen {
    /// All bytes.
    pub(crate) total: u128,
    /// Bytes without a known owner.
    pub(crate) unowned: u128,
    /// Bytes with neither connection nor peer, peers known beside subtracted.
    pub(crate) without_peer: u128,
    /// Bytes of rows that are no connections.
    pub(crate) without_connection: u128,
    pub(crate) loopback: u64,
    /// Bytes on bridges and the like.
    pub(crate) apart: u64,
    pub(crate) includes_loopback: bool,
    pub(crate) observed_seconds: u64,
    /// Buckets that several logs observed.
    pub(crate) observed_twice: usize,
    pub(crate) resolution: i64,
    /// Seconds that several logs observed in the other buckets.
    pub(crate) overlap: u64,
    /// Rows that were not of the period.
    pub(crate) outside: u64,
    pub(crate) gaps_listed: usize,
    pub(crate) gaps_total: u64,
}

impl Seen {
    /// The notes, in an order that is always the same.
    pub(crate) fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut note = |code: &str, message: String| notes.push(Note::new(code, message));
        // Below a hundredth it changes no conclusion, and rounding alone can reach a thousandth.
        let part = |part: u128| {
            let share = crate::arithmetic::share(part, self.total);
            (share >= 0.01).then(|| percent(share))
        };
        if self.observed_seconds == 0 {
            note(
                "not_observed",
                match self.total {
                    0 => "nothing was observed in this period".to_owned(),
                    _ => "how long traffic was observed is not known, so rates are 0".to_owned(),
                },
            );
        }
        if let Some(part) = part(self.unowned) {
            note(
                "owner_unknown",
                format!(
                    "{part} of the bytes have no known process: bandwhich finds no owner for connections \
                 shorter than about a second"
                ),
            );
        }
        if let Some(part) = part(self.without_connection) {
            note(
                "connections_unknown",
                format!(
                    "{part} of the bytes come without a connection row in the logs: their ports and \
                 protocol are not known"
                ),
            );
        }
        if let Some(part) = part(self.without_peer) {
            note(
                "remotes_unknown",
                format!("{part} of the bytes have no known peer in the logs"),
            );
        }
        if self.loopback > 0 {
            let volume = bytes(self.loopback);
            if self.includes_loopback {
                note(
                    "loopback_included",
                    format!("{volume} of loopback traffic are in the totals"),
                );
            } else {
                note(
                    "loopback_apart",
                    format!("{volume} of loopback traffic are kept apart and in no other number"),
                );
            }
        }
        if self.apart > 0 {
            note(
                "apart",
                format!(
                    "{} passed bridges, their ports and virtual interfaces (containers); they are kept \
                     apart: what of them went to the network is in the totals as the uplink saw it. Each \
                     packet is counted there once for each interface that it passed",
                    bytes(self.apart)
                ),
            );
        }
        if self.observed_twice > 0 {
            note(
                "observed_twice",
                format!(
                    "{} intervals of {} s were observed by several logs at once: if these watched the \
                 same traffic, its bytes are counted more than once",
                    self.observed_twice, self.resolution
                ),
            );
        }
        if self.overlap >= SHORTEST_OVERLAP {
            note(
                "observed_twice",
                format!(
                    "{} were observed by two logs at once: if these watched the same traffic, its bytes \
                     are counted twice",
                    duration(self.overlap)
                ),
            );
        }
        if self.gaps_total > self.gaps_listed as u64 {
            note(
                "gaps_cut",
                format!(
                    "only the first {} of {} gaps are listed",
                    self.gaps_listed, self.gaps_total
                ),
            );
        }
        if self.outside > 0 {
            note(
                "outside_period",
                format!(
                    "{} stored rows were not of this period and were left out",
                    self.outside
                ),
            );
        }
        notes
    }
}
