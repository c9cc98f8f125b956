//! A report in one line: each page carries it at its head, so that an index over a folder of pages needs no
//! more than the first bytes of each.

use analysis::Severity;
use display::{Moment, cut};
use serde::{Deserialize, Serialize};

use crate::Report;

/// What stands before the line in a page, and behind it.
const BEFORE: &str = "<meta name=\"network-monitor-report\" content='";
const BEHIND: &str = "'>";
/// Columns of a host's name and of a sentence that may hold names.
const HOST: usize = 64;
const SENTENCE: usize = 160;

/// A report in one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageHead {
    /// Host, made printable and short.
    pub host: String,
    /// First second of the period.
    pub start: Moment,
    /// The second after its last.
    pub end: Moment,
    /// Whether it was not over when the page was made.
    pub partial: bool,
    /// Bytes received.
    pub download_bytes: u64,
    /// Bytes sent.
    pub upload_bytes: u64,
    /// Observed of expected seconds, from 0 to 1.
    pub coverage: f64,
    /// Findings, but for those that ended.
    pub findings: u64,
    /// The one that headlines are about. `None` if none is a warning.
    pub worst: Option<WorstFinding>,
}

/// The worst finding of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorstFinding {
    /// How severe it is.
    pub severity: Severity,
    /// What was found, made printable and short.
    pub sentence: String,
}

impl PageHead {
    pub(super) fn new(report: &Report) -> Self {
        let lasting = || report.found().filter(|one| !one.has_ended());
        PageHead {
            host: cut(&report.host, HOST, "…"),
            start: report.period.start,
            end: report.period.end,
            partial: report.period.partial,
            download_bytes: report.total_download_bytes,
            upload_bytes: report.total_upload_bytes,
            coverage: report.coverage.ratio,
            findings: lasting().count() as u64,
            worst: report.worst().map(|worst| WorstFinding {
                severity: worst.finding.severity,
                sentence: cut(&worst.sentence(), SENTENCE, "…"),
            }),
        }
    }

    /// The line at the head of a page, of which the first 16 kB are enough. `None` if that is no page of this
    /// program.
    ///
    /// ```
    /// assert_eq!(report::PageHead::read("<!doctype html><title>Something else</title>"), None);
    /// ```
    pub fn read(page: &str) -> Option<Self> {
        let (_, rest) = page.split_once(BEFORE)?;
        let (json, _) = rest.split_once(BEHIND)?;
        serde_json::from_str(json).ok()
    }

    /// The element that [`PageHead::read`] reads.
    pub(super) fn element(&self) -> String {
        let json = serde_json::to_string(self).expect("a head has text keys and finite numbers");
        let mut element = String::with_capacity(json.len() + 64);
        element.push_str(BEFORE);
        for character in json.chars() {
            // What means something to HTML stands in texts alone, where JSON has another spelling for it.
            if matches!(character, '<' | '>' | '&' | '\'') {
                element.push_str(&format!("\\u{:04x}", u32::from(character)));
            } else {
                element.push(character);
            }
        }
        element.push_str(BEHIND);
        element
    }
}
