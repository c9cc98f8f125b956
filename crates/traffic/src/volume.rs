//! Bytes in both directions.

use serde::{Deserialize, Serialize};

/// Bytes up and down. Sums saturate: a log may claim any number.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Volume {
    /// Bytes sent.
    pub up: u64,
    /// Bytes received.
    pub down: u64,
}

impl Volume {
    /// Nothing.
    pub const ZERO: Volume = Volume { up: 0, down: 0 };

    /// Sent and received together.
    pub fn total(self) -> u64 {
        self.up.saturating_add(self.down)
    }

    /// Adds `other`.
    pub fn add(&mut self, other: Volume) {
        self.up = self.up.saturating_add(other.up);
        self.down = self.down.saturating_add(other.down);
    }

    /// The larger of both, each direction for itself.
    pub fn max(self, other: Volume) -> Volume {
        Volume {
            up: self.up.max(other.up),
            down: self.down.max(other.down),
        }
    }

    /// Sent and received exchanged.
    pub fn turned(self) -> Volume {
        Volume {
            up: self.down,
            down: self.up,
        }
    }

    /// Both directions by one function.
    pub fn map(self, mut change: impl FnMut(u64) -> u64) -> Volume {
        Volume {
            up: change(self.up),
            down: change(self.down),
        }
    }

    /// Both directions of two volumes by one function.
    pub fn zip(self, other: Volume, mut join: impl FnMut(u64, u64) -> u64) -> Volume {
        Volume {
            up: join(self.up, other.up),
            down: join(self.down, other.down),
        }
    }
}
