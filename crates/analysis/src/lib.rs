//! What the history of a host's traffic tells: trend, anomalies, patterns.
//!
//! Everything here is arithmetic over a [`History`]: volumes by hour of local time, and event times
//! of peers. Each [`Finding`] says what was seen, what was expected, on how much history that rests,
//! and who contributed. Nothing here touches files, clocks or the network.

mod finding;
mod history;
mod quota;

pub use finding::{Contributor, Expected, Finding, FindingId, FindingKind, Severity};
pub use history::{Direction, FiveMinutes, History, Hour, Met, Series, Subject, Talks};
pub use quota::{
    Crossing, DayAhead, DayUse, HISTORY_DAYS, Per, Projection, Quota, QuotaState, Scope, THRESHOLDS,
};
