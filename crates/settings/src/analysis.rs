//! The section `analysis`: what is worth telling, and what is not to be told.

use analysis::{Mute, Thresholds};

use super::reader::Reader;
use super::values::{decimal, number, size, switch};

/// How the history is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// Whether reports and letters tell what is found.
    pub in_reports: bool,
    /// What is worth telling.
    pub thresholds: Thresholds,
    /// What is not to be told, besides what `analysis mute` named.
    pub mutes: Vec<Mute>,
}

impl Analysis {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let default = Thresholds::default();
        let in_reports = reader.value("analysis.in_reports", switch);
        let days = reader.value("analysis.min_history_days", number(2..=56));
        let score = reader.value("analysis.min_score", decimal(1.0..=1000.0));
        let bytes = reader.value("analysis.min_bytes", size(0..=1 << 60));
        let ratio = reader.value("analysis.min_ratio", decimal(1.0..=1_000_000.0));
        let new_bytes = reader.value("analysis.new_remote_bytes", size(0..=1 << 60));
        let new_ratio = reader.value("analysis.new_remote_ratio", decimal(0.0..=1_000_000.0));
        let critical = reader.value("analysis.new_remote_critical_bytes", size(0..=1 << 60));
        let p = reader.value("analysis.max_p", decimal(0.0..=1.0));
        let trend = reader.value("analysis.min_trend", decimal(0.0..=1000.0));
        let beacon = reader.value("analysis.min_beacon_score", decimal(0.0..=1.0));
        let recurring_days = reader.value("analysis.min_recurring_days", number(2..=56));
        let recurring_bytes = reader.value("analysis.min_recurring_bytes", size(0..=1 << 60));
        let month = reader.value("analysis.month_begins", number(1..=31));
        let committed = reader.value("analysis.committed_bps", size(1..=1 << 60));
        let mutes = reader.list("analysis.mutes", |typed| typed.parse());
        Self {
            in_reports: in_reports.unwrap_or(true),
            thresholds: Thresholds {
                min_history_days: days.unwrap_or(default.min_history_days),
                min_score: score.unwrap_or(default.min_score),
                min_bytes: bytes.unwrap_or(default.min_bytes),
                min_ratio: ratio.unwrap_or(default.min_ratio),
                new_remote_bytes: new_bytes.unwrap_or(default.new_remote_bytes),
                new_remote_ratio: new_ratio.unwrap_or(default.new_remote_ratio),
                new_remote_critical_bytes: critical.unwrap_or(default.new_remote_critical_bytes),
                max_p: p.unwrap_or(default.max_p),
                min_trend: trend.unwrap_or(default.min_trend),
                min_beacon_score: beacon.unwrap_or(default.min_beacon_score),
                min_recurring_days: recurring_days.unwrap_or(default.min_recurring_days),
                min_recurring_bytes: recurring_bytes.unwrap_or(default.min_recurring_bytes),
                month_begins: month.unwrap_or(default.month_begins),
                committed_bps: committed.or(default.committed_bps),
            },
            mutes: mutes.unwrap_or_default(),
        }
    }
}
