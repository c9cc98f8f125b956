//! What goes to a server in an attempt, and what comes back from its thread.

use std::time::Duration;

use super::server::Step;
use super::trouble::Trouble;

/// Bytes a second that the slowest line is trusted to carry.
const SLOWEST_LINE: u64 = 20_000;

/// What the server said to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It takes care of the message from now on.
    Accepted,
    /// It wants to be asked again (4xx).
    Later(String),
    /// It never will (5xx).
    Refused(String),
}

/// A message with its envelope.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) eml: Vec<u8>,
}

/// What the thread of an attempt tells.
pub(super) enum Progress {
    Began(Step),
    Passed(Step, String),
    Ended(Result<Vec<Answer>, Trouble>),
}

/// The time that a message may take beside the server's.
pub(super) fn transfer_time(eml: &[u8]) -> Duration {
    Duration::from_secs(eml.len() as u64 / SLOWEST_LINE)
}
