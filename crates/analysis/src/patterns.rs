//! What comes back: beacons, the shape of the day and the week, and transfers that recur.

mod beacon;
mod period;
mod recurring;
mod shape;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use beacon::{Beacon, Evenness, Persistence, Regularity};
pub use period::Period;
pub use recurring::{Recurring, talks_needed};
pub use shape::{PeakHour, Shape};

use crate::days::observed_days;
use crate::{Finding, History, Thresholds, words};

/// What comes back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PatternReport {
    /// Why nothing was judged. `None` if something was.
    pub silent_because: Option<String>,
    /// Days up to the end of what was judged of which something was observed. Shapes need
    /// [`Thresholds::min_history_days`] of them, recurring transfers
    /// [`Thresholds::min_recurring_days`].
    pub history_days: u32,
    /// What was found: beacons and recurring transfers, the most severe first.
    pub findings: Vec<Finding>,
    /// Peers and ports with traffic at regular times, the highest score first.
    pub beacons: Vec<Beacon>,
    /// The day and the week of the whole host and of the processes that moved most.
    pub shapes: Vec<Shape>,
    /// Transfers that recur at a time of the day, the largest first.
    pub recurring: Vec<Recurring>,
}

/// Looks for what comes back: beacons in a stretch of time, recurring transfers in it and at least
/// the week up to its end, shapes in all the history.
pub fn patterns(history: &History, judged: Range<i64>, thresholds: &Thresholds) -> PatternReport {
    let mut report = PatternReport::default();
    if !history.is_sound() {
        report.silent_because = Some(words::UNSOUND.to_owned());
        return report;
    }
    let days = history.days();
    let within = history.hours_within(&judged);
    let known: Vec<_> = (days.into_iter())
        .filter(|day| day.hours.start < within.end)
        .collect();
    report.history_days = observed_days(&known);
    let is_observed = history.hours[within].iter().any(|hour| hour.observed > 0);
    if !is_observed {
        report.silent_because = Some("nothing was observed".to_owned());
        return report;
    }
    report.beacons = beacon::beacons(history, &judged, thresholds);
    report.recurring = recurring::recurring(history, &judged, &known, thresholds);
    if report.history_days >= thresholds.min_history_days {
        report.shapes = shape::shapes(history, &known);
    }
    let days = report.history_days;
    let beacons = report.beacons.iter();
    report
        .findings
        .extend(beacons.map(|beacon| beacon.finding(history, thresholds, days)));
    let recurring = report.recurring.iter();
    report
        .findings
        .extend(recurring.map(|one| one.finding(history, &report.recurring, days)));
    report
        .findings
        .sort_by(|one, other| one.order().cmp(&other.order()));
    report
}

#[cfg(test)]
#[path = "patterns/tests.rs"]
mod tests;
