//! Findings in words: when, how severe, and whether they are news.

use analysis::{Finding, FindingKind, FindingState, Severity, Subject};
use display::{Moment, cut};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::Report;

/// Columns of a sentence that may hold names.
const SENTENCE: usize = 600;

/// A finding, with the zone in which its times are told.
#[derive(Clone, Copy)]
pub struct DatedFinding<'a> {
    /// What was found.
    pub finding: &'a Finding,
    zone: &'a TimeZone,
}

impl<'a> DatedFinding<'a> {
    /// A finding to be told in the times of a zone.
    pub fn new(finding: &'a Finding, zone: &'a TimeZone) -> Self {
        DatedFinding { finding, zone }
    }

    /// Whether it was told the day before, too.
    pub fn goes_on(&self) -> bool {
        self.finding.state == Some(FindingState::Continuing)
    }

    /// Whether it was told the day before and is no more.
    pub fn has_ended(&self) -> bool {
        self.finding.state == Some(FindingState::Ended)
    }

    /// How severe it is, as a sign of one letter.
    pub fn mark(&self) -> &'static str {
        match self.finding.severity {
            Severity::Critical => "!",
            Severity::Warning => "*",
            Severity::Info => "-",
        }
    }

    /// How severe it is, in a word.
    pub fn severity(&self) -> &'static str {
        match self.finding.severity {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }

    /// Severity and state: `Warning, going on`.
    pub fn label(&self) -> String {
        let state = match self.finding.state {
            Some(FindingState::Continuing) => ", going on",
            Some(FindingState::Ended) => ", ended",
            Some(FindingState::New) | None => "",
        };
        let severity = match self.finding.severity {
            Severity::Critical => "Critical",
            Severity::Warning => "Warning",
            Severity::Info => "Info",
        };
        format!("{severity}{state}")
    }

    /// When it was, on the zone's clocks: hours where it began and ended on one day, else days.
    pub fn when(&self) -> String {
        let civil = |second: i64| Moment::new(second, self.zone).civil();
        let (start, end) = (civil(self.finding.start), civil(self.finding.end));
        let last = civil(self.finding.end.saturating_sub(1));
        let day = |at: DateTime| at.strftime("%a %-d %b").to_string();
        if start.date() != last.date() {
            return format!("{} – {}", day(start), day(last));
        }
        let ends = if end.date() == start.date() {
            end.strftime("%H:%M").to_string()
        } else {
            "24:00".to_owned()
        };
        let begins = start.strftime("%H:%M").to_string();
        match self.finding.kind {
            // It may well have come again.
            FindingKind::FirstSeen => format!("{}, from {begins}", day(start)),
            _ if begins == ends => format!("{}, {begins}", day(start)),
            _ => format!("{}, {begins}–{ends}", day(start)),
        }
    }

    /// What was found, beginning with a capital unless a name begins it.
    pub fn message(&self) -> String {
        let message = cut(&self.finding.message, SENTENCE, "…");
        for (word, capital) in [("the host ", "The host "), ("port ", "Port ")] {
            if let Some(rest) = message.strip_prefix(word)
                && matches!(self.finding.subject, Subject::Total | Subject::Port(_))
            {
                return format!("{capital}{rest}");
            }
        }
        message
    }

    /// What was found in one sentence with its time. A quota's has its own.
    pub fn sentence(&self) -> String {
        match (self.finding.kind, self.has_ended()) {
            (FindingKind::Quota, _) => self.message(),
            (_, true) => format!("Ended: {}", self.message()),
            (_, false) => format!("{}: {}", self.when(), self.message()),
        }
    }
}

impl Report {
    /// Adds what analyses found: what is news first, then by severity and size.
    pub fn set_findings(&mut self, mut findings: Vec<Finding>, muted: u64, silent: Option<String>) {
        findings.sort_by_cached_key(|one| {
            let rank = match one.state {
                Some(FindingState::New) | None => 0,
                Some(FindingState::Ended) => 1,
                Some(FindingState::Continuing) => 2,
            };
            let size = one.excess_bytes.map_or(0, i64::unsigned_abs);
            let least = std::cmp::Reverse((one.severity, size));
            (rank, least, one.start, one.id.clone())
        });
        self.findings.extend(findings);
        self.findings_muted = muted;
        self.findings_silent_because = silent;
    }

    /// The findings, with their times on the clocks of the report's zone.
    pub fn found(&self) -> impl Iterator<Item = DatedFinding<'_>> {
        let findings = self.findings.iter();
        findings.map(|finding| DatedFinding::new(finding, &self.zone))
    }
}
