//! What damaged files of the store keep from being reported.

use serde::Serialize;
use tracing::warn;
use traffic::Period;

/// A period that cannot be reported, or not be compared.
#[derive(Debug, Serialize)]
pub struct DamagedPeriod {
    /// Host.
    pub host: String,
    /// First day.
    pub first_day: String,
    /// Last day.
    pub last_day: String,
    /// What is damaged, and what that keeps from being reported.
    pub reason: String,
}

impl DamagedPeriod {
    /// A period with the reason.
    pub fn new(host: &str, period: &Period, reason: String) -> Self {
        Self {
            host: host.to_owned(),
            first_day: period.first.to_string(),
            last_day: period.last.to_string(),
            reason,
        }
    }
}

/// Notes what damage keeps from being reported, and warns of it.
pub fn note_damage(
    damage: &mut Vec<DamagedPeriod>,
    host: &str,
    period: &Period,
    what: &str,
    error: &store::Error,
) {
    let reason = format!("{what}: {error}");
    warn!("{}: {reason}", period.stamp());
    damage.push(DamagedPeriod::new(host, period, reason));
}
