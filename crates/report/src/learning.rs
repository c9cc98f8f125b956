//! How long the history is that findings rest on, while it is shorter than the settings ask for.

use serde::{Deserialize, Serialize};

/// How far the history is that findings rest on, while it is too short for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learning {
    /// Days of which something was observed.
    pub days: u32,
    /// Days that are needed.
    pub needed: u32,
}

impl Learning {
    /// `Learning: 4 of 7 days recorded; only large deviations are reported yet.`
    pub fn sentence(&self) -> String {
        format!(
            "Learning: {} of {} days recorded; only large deviations are reported yet.",
            self.days, self.needed
        )
    }
}
