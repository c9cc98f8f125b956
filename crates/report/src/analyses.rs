//! An analysis of some hosts, whatever it is written as. `text.rs` writes it for a terminal,
//! `html/analysis.rs` as a page.

mod text;

use std::ops::Range;

use analysis::{AnomalyReport, Finding, PatternReport, TrendReport};
use display::Moment;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::DatedFinding;

pub(crate) use text::{every, lines_of, name, whom};

/// Raised when the meaning of a key changes; keys are only ever added.
const SCHEMA_VERSION: u32 = 1;

/// What was looked for, and what was found, of some hosts.
#[derive(Clone, Debug, Serialize)]
pub struct Analysis {
    /// Of the form: raised when the meaning of a key changes.
    pub schema_version: u32,
    /// When it was made.
    pub timestamp: Moment,
    /// Name of the zone whose days and hours are judged.
    pub timezone: String,
    /// The hosts.
    pub hosts: Vec<HostAnalysis>,
    #[serde(skip)]
    pub(crate) zone: TimeZone,
}

/// What was found of a host.
#[derive(Clone, Debug, Serialize)]
pub struct HostAnalysis {
    /// The host.
    pub host: String,
    /// What was judged.
    pub period: JudgedSpan,
    /// Findings that are muted, and so are not among them.
    pub muted: u64,
    /// What was found.
    #[serde(flatten)]
    pub told: AnalysisResult,
}

/// What was judged.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct JudgedSpan {
    /// Its first second.
    pub start: Moment,
    /// The second after its last.
    pub end: Moment,
}

/// What each analysis tells.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum AnalysisResult {
    /// Where volumes are going.
    Trend(TrendReport),
    /// What is unusual.
    Anomaly(AnomalyReport),
    /// What comes back.
    Patterns(PatternReport),
}

impl AnalysisResult {
    /// What was found.
    pub fn findings(&self) -> &[Finding] {
        match self {
            AnalysisResult::Trend(report) => &report.findings,
            AnalysisResult::Anomaly(report) => &report.findings,
            AnalysisResult::Patterns(report) => &report.findings,
        }
    }

    /// What was found, to take out what is muted.
    pub fn findings_mut(&mut self) -> &mut Vec<Finding> {
        match self {
            AnalysisResult::Trend(report) => &mut report.findings,
            AnalysisResult::Anomaly(report) => &mut report.findings,
            AnalysisResult::Patterns(report) => &mut report.findings,
        }
    }

    pub(crate) fn silent_because(&self) -> Option<&str> {
        match self {
            AnalysisResult::Trend(report) => report.silent_because.as_deref(),
            AnalysisResult::Anomaly(report) => report.silent_because.as_deref(),
            AnalysisResult::Patterns(report) => report.silent_because.as_deref(),
        }
    }

    pub(crate) fn history_days(&self) -> u32 {
        match self {
            AnalysisResult::Trend(report) => report.history_days,
            AnalysisResult::Anomaly(report) => report.history_days,
            AnalysisResult::Patterns(report) => report.history_days,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            AnalysisResult::Trend(_) => "Trend",
            AnalysisResult::Anomaly(_) => "Anomalies",
            AnalysisResult::Patterns(_) => "Patterns",
        }
    }
}

impl HostAnalysis {
    /// What was found of a host in a stretch of seconds since 1970.
    pub fn new(
        host: &str,
        judged: &Range<i64>,
        zone: &TimeZone,
        told: AnalysisResult,
        muted: u64,
    ) -> Self {
        HostAnalysis {
            host: host.to_owned(),
            period: JudgedSpan {
                start: Moment::new(judged.start, zone),
                end: Moment::new(judged.end, zone),
            },
            muted,
            told,
        }
    }

    /// The days: `Mon 2 March 2026`, or both ends.
    pub(crate) fn days(&self) -> String {
        crate::text::days(&self.period.start, &self.period.end)
    }

    pub(crate) fn found<'a>(&'a self, zone: &'a TimeZone) -> Vec<DatedFinding<'a>> {
        let findings = self.told.findings().iter();
        findings
            .map(|finding| DatedFinding::new(finding, zone))
            .collect()
    }
}

impl Analysis {
    /// An analysis of no host yet.
    pub fn new(timestamp: Moment, zone: TimeZone, zone_name: String) -> Self {
        Analysis {
            schema_version: SCHEMA_VERSION,
            timestamp,
            timezone: zone_name,
            hosts: Vec::new(),
            zone,
        }
    }

    /// As JSON: two blanks an indent, a line feed at the end.
    pub fn to_json(&self) -> String {
        crate::json::pretty(self)
    }
}

/// `12 observed days`.
pub(crate) fn observed_days(days: u32) -> String {
    match days {
        1 => "1 observed day".to_owned(),
        days => format!("{days} observed days"),
    }
}
