//! What the history of a host's traffic tells: trend, anomalies, patterns.
//!
//! Everything here is arithmetic over a [`History`]: volumes by hour of local time, and event times
//! of peers. Each [`Finding`] says what was seen, what was expected, on how much history that rests,
//! and who contributed. Nothing here touches files, clocks or the network.

mod anomaly;
mod culprit;
mod days;
mod esd;
mod explain;
mod finding;
mod history;
mod mute;
mod patterns;
mod percentile;
mod quota;
mod robust;
mod state;
mod thresholds;
mod trend;
mod words;

pub use anomaly::{AnomalyReport, Band, BandHour, anomalies};
pub use culprit::Culprit;
pub use explain::{Flow, Inquiry};
pub use finding::{
    Contributor, Expected, Finding, FindingId, FindingKind, FindingOrder, FindingState, Severity,
};
pub use history::{
    DayBytes, DayNames, Direction, FiveMinutes, History, Hour, Met, Series, Subject, Talks,
};
pub use mute::{MUTE_FORMS, Mute, MuteTarget};
pub use patterns::{
    Beacon, Evenness, PatternReport, PeakHour, Period, Persistence, Recurring, Regularity, Shape,
    patterns, talks_needed,
};
pub use percentile::Percentile;
pub use quota::{
    Crossing, DayAhead, DayUse, HISTORY_DAYS, Per, Projection, Quota, QuotaScope, QuotaState,
    THRESHOLDS, billing_month,
};
pub use robust::median;
pub use state::{Judged, with_states};
pub use thresholds::{LEARNING_DAYS, Thresholds};
pub use trend::{DayVolume, Forecast, Month, Mover, Slope, TrendLine, TrendReport, trend};
