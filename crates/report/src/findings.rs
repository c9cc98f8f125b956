//! Findings in words: when, how severe, and whether they are news.

use analysis::{Direction, Finding, FindingKind, FindingState, Severity};
use display::{Moment, cut};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::{Commands, Report};

/// Columns of a sentence that may hold names.
const SENTENCE: usize = 600;
/// Columns of a headline without a culprit, and of a name in one.
const HEADLINE: usize = 60;
const NAME: usize = 24;

/// A finding, with the zone in which its times are told.
#[derive(Clone, Copy)]
pub struct DatedFinding<'a> {
    /// What was found.
    pub finding: &'a Finding,
    zone: &'a TimeZone,
    /// The day, if only one is reported: it goes without saying.
    day: Option<Date>,
}

impl<'a> DatedFinding<'a> {
    /// A finding to be told in the times of a zone.
    pub fn new(finding: &'a Finding, zone: &'a TimeZone) -> Self {
        DatedFinding {
            finding,
            zone,
            day: None,
        }
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
            FindingKind::FirstSeen if self.finding.culprit.is_none() => {
                format!("{}, from {begins}", day(start))
            }
            _ if begins == ends => format!("{}, {begins}", day(start)),
            _ => format!("{}, {begins}–{ends}", day(start)),
        }
    }

    /// What was found.
    pub fn message(&self) -> String {
        cut(&self.finding.message, SENTENCE, "…")
    }

    /// How severe it is, or that it goes on or ended: the word before a sentence.
    pub fn tag(&self) -> &'static str {
        match (self.finding.state, self.finding.severity) {
            (Some(FindingState::Continuing), _) => "ONGOING",
            (Some(FindingState::Ended), _) => "ENDED",
            (_, Severity::Critical) => "CRITICAL",
            (_, Severity::Warning) => "WARNING",
            (_, Severity::Info) => "INFO",
        }
    }

    /// What was found in one sentence with its time: `rsync sent 1.98 GB to 185.220.101.47 (new), 02:34–03:14;
    /// usual for these hours: 62 MB.` This sentence is the same in letters, pages and on terminals.
    pub fn sentence(&self) -> String {
        let finding = self.finding;
        if self.has_ended() {
            return format!(
                "Ended: {}, last {}.",
                self.summary(),
                self.moment(finding.end - 1)
            );
        }
        if self.goes_on() {
            return format!("Still going on: {}{}.", self.summary(), self.since());
        }
        let time = match finding.kind {
            // These say their times, or are about the whole period.
            FindingKind::Quota
            | FindingKind::Beacon
            | FindingKind::Recurring
            | FindingKind::LevelShift
            | FindingKind::Trend => String::new(),
            FindingKind::Spike
            | FindingKind::Drop
            | FindingKind::FirstSeen
            | FindingKind::Silence => format!(", {}", self.times()),
        };
        let text = match finding.detail.as_str() {
            "" => format!("{}{time}.", finding.summary),
            detail => format!("{}{time}; {detail}.", finding.summary),
        };
        cut(&text, SENTENCE, "…")
    }

    /// What was found in a few words, for a subject line: `rsync sent 1.98 GB to a new remote`.
    pub fn headline(&self) -> String {
        let finding = self.finding;
        let Some(culprit) = &finding.culprit else {
            return cut(&finding.summary, HEADLINE, "…");
        };
        let who = match &culprit.process {
            Some(name) if name.trim().is_empty() => format!("{name:?}"),
            Some(name) => cut(name, NAME, "…"),
            None => "the host".to_owned(),
        };
        let (done, to) = match culprit.direction {
            Direction::Up => ("sent", "to"),
            Direction::Down => ("received", "from"),
        };
        let whom = match &culprit.remote {
            _ if culprit.remote_is_new => format!(" {to} a new remote"),
            Some(remote) => format!(" {to} {}", cut(remote, NAME, "…")),
            None => String::new(),
        };
        let new = if culprit.process_is_new { "new " } else { "" };
        format!(
            "{new}{who} {done} {}{whom}",
            display::approximate_bytes(culprit.bytes as f64)
        )
    }

    /// What to type next about it.
    pub fn commands(&self) -> Commands {
        let date = |second: i64| Moment::new(second, self.zone).civil().date();
        let (start, end) = (self.finding.start, self.finding.end);
        let first = date(start);
        Commands::of(self.finding, first, date(end.saturating_sub(1)).max(first))
    }

    fn summary(&self) -> String {
        cut(&self.finding.summary, SENTENCE, "…")
    }

    /// When it was: without the day if only one day is reported.
    fn times(&self) -> String {
        let when = self.when();
        let day = self.day.map(|day| day.strftime("%a %-d %b, ").to_string());
        match day.and_then(|day| when.strip_prefix(&day).map(str::to_owned)) {
            Some(times) => times,
            None => when,
        }
    }

    fn moment(&self, second: i64) -> String {
        let civil = Moment::new(second, self.zone).civil();
        civil.strftime("%a %-d %b, %H:%M").to_string()
    }

    /// Since when it goes on: `, since Thu 26 Nov, 3 days`.
    fn since(&self) -> String {
        let finding = self.finding;
        let start = finding.since.unwrap_or(finding.start);
        let date = |second: i64| Moment::new(second, self.zone).civil().date();
        let (first, last) = (date(start), date(finding.end.saturating_sub(1)));
        let days = last.since(first).map_or(0, |span| span.get_days()) + 1;
        if days < 2 {
            return String::new();
        }
        format!(", since {}, {days} days", first.strftime("%a %-d %b"))
    }
}

impl Report {
    /// Adds what analyses found. All findings are in the order in which they are told.
    pub fn set_findings(&mut self, findings: Vec<Finding>, muted: u64, silent: Option<String>) {
        self.findings.extend(findings);
        (self.findings).sort_by(|one, other| one.order().cmp(&other.order()));
        self.findings_muted = muted;
        self.findings_silent_because = silent;
    }

    /// The findings, with their times on the clocks of the report's zone.
    pub fn found(&self) -> impl Iterator<Item = DatedFinding<'_>> {
        let first = self.period.start.civil().date();
        let last = self.period.end.earlier(60).civil().date();
        let day = (first == last).then_some(first);
        let findings = self.findings.iter();
        findings.map(move |finding| DatedFinding {
            finding,
            zone: &self.zone,
            day,
        })
    }

    /// The finding that comes first in headlines: the most severe warning that is new, else the most severe that
    /// goes on. Quotas follow findings. `None` if nothing is a warning.
    pub fn worst(&self) -> Option<DatedFinding<'_>> {
        let is_quota = |one: &DatedFinding<'_>| one.finding.kind == FindingKind::Quota;
        let warnings = || {
            self.found()
                .filter(|one| one.finding.is_warning() && !one.has_ended())
        };
        let new = warnings().find(|one| !is_quota(one) && !one.goes_on());
        new.or_else(|| warnings().find(|one| !is_quota(one)))
            .or_else(|| warnings().next())
    }
}
