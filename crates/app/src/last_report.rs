//! The last report of each host, as it was written: what it moved, what it found, and what became of its letter.

use std::path::Path;

use display::Moment;
use jiff::ToSpan as _;
use jiff::civil::Date;
use mailing::{LetterState, sent_letters};
use reporting::Target;
use serde::{Deserialize, Serialize};
use settings::Settings;
use store::Store;
use traffic::Period;

use crate::error::Result;

/// Days whose reports are looked for.
const MOST_DAYS: i32 = 31;
/// Hosts whose reports are read.
const MOST_HOSTS: usize = 100;
/// Findings of a report that are told.
const MOST_FINDINGS: usize = 20;
/// Bytes of a file that is read.
const LARGEST: u64 = 64 << 20;

/// The last report of a day of a host.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LastReport {
    /// The host.
    pub host: String,
    /// The day.
    pub day: Date,
    /// Bytes sent.
    pub upload_bytes: u64,
    /// Bytes received.
    pub download_bytes: u64,
    /// What was found and had not ended, the worst first.
    pub findings: Vec<OpenFinding>,
    /// How many there are; more than twenty are not listed.
    pub findings_total: u64,
    /// Its letter. `None` if none was written.
    pub letter: Option<LastLetter>,
}

/// A finding that had not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenFinding {
    /// Its id.
    pub id: String,
    /// `info`, `warning` or `critical`.
    pub severity: String,
    /// Whether it was there the day before.
    pub is_ongoing: bool,
    /// What it is, in a sentence.
    pub message: String,
}

/// The letter about a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LastLetter {
    /// What became of it.
    pub state: LetterState,
    /// When it was delivered or refused. `None` of one that waits.
    pub at: Option<Moment>,
}

/// What is read of a report or a summary.
#[derive(Deserialize)]
struct Written {
    host: String,
    total_upload_bytes: u64,
    total_download_bytes: u64,
    #[serde(default)]
    findings: Vec<WrittenFinding>,
}

#[derive(Deserialize)]
struct WrittenFinding {
    id: String,
    severity: String,
    state: Option<String>,
    message: String,
}

impl LastReport {
    /// How many of its findings have a severity.
    pub fn count(&self, severity: &str) -> u64 {
        let of = self.findings.iter().filter(|one| one.severity == severity);
        of.count() as u64
    }
}

/// The last report of each host, by its host: of the days of the last month, the last one whose file is in the report
/// folder. One that cannot be read is left out.
///
/// # Errors
/// If the catalogue cannot be read.
pub(crate) fn last_reports(
    store: &Store,
    settings: &Settings,
    now: i64,
) -> Result<Vec<LastReport>> {
    let today = settings.today(now);
    let days = (0..MOST_DAYS).map(|back| today.saturating_sub(back.days()));
    // What keeps letters from being looked at is said where those are that wait.
    let letters = sent_letters(settings).unwrap_or_default();
    let mut reports = Vec::new();
    for host in store.hosts()?.iter().take(MOST_HOSTS) {
        let folder = Target::of(settings, host, false).folder;
        let written = (days.clone()).find_map(|day| Some((day, read(&folder, day, host)?)));
        let Some((day, written)) = written else {
            continue;
        };
        let about = Period::day(day).stamp();
        let letter = letters
            .iter()
            .rfind(|letter| letter.host == *host && letter.about == about);
        let letter = letter.map(|letter| LastLetter {
            state: letter.state,
            at: letter.at.map(|at| Moment::new(at, &settings.time_zone)),
        });
        reports.push(written.into_report(day, letter));
    }
    Ok(reports)
}

/// What the files of a day say of a host. A summary says the same as its report in less.
fn read(folder: &Path, day: Date, host: &str) -> Option<Written> {
    let stamp = Period::day(day).stamp();
    ["summary", "report"].iter().find_map(|kind| {
        let path = folder.join(format!("{kind}_{stamp}.json"));
        // A pipe would be waited for.
        let metadata = std::fs::metadata(&path).ok()?;
        if !metadata.is_file() || metadata.len() > LARGEST {
            return None;
        }
        let written: Written = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        (written.host == host).then_some(written)
    })
}

impl Written {
    fn into_report(self, day: Date, letter: Option<LastLetter>) -> LastReport {
        let is_open = |one: &WrittenFinding| one.state.as_deref() != Some("ended");
        let mut findings: Vec<OpenFinding> = (self.findings.into_iter().filter(is_open))
            .map(|one| OpenFinding {
                is_ongoing: one.state.as_deref() == Some("continuing"),
                id: one.id,
                severity: one.severity,
                message: one.message,
            })
            .collect();
        findings.sort_by_key(|one| match one.severity.as_str() {
            "critical" => 0,
            "warning" => 1,
            _ => 2,
        });
        let findings_total = findings.len() as u64;
        findings.truncate(MOST_FINDINGS);
        LastReport {
            host: self.host,
            day,
            upload_bytes: self.total_upload_bytes,
            download_bytes: self.total_download_bytes,
            findings,
            findings_total,
            letter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_whose_file_is_there_is_told_by_its_summary_if_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let day = jiff::civil::date(2026, 11, 22);
        let write = |name: &str, up: u64| {
            let json = format!(
                r#"{{"host": "web1", "total_upload_bytes": {up}, "total_download_bytes": 2}}"#
            );
            std::fs::write(folder.path().join(name), json).unwrap();
        };
        let up = |host| read(folder.path(), day, host).map(|written| written.total_upload_bytes);
        assert_eq!(up("web1"), None);
        write("report_20261122.json", 1);
        assert_eq!((up("web1"), up("web2")), (Some(1), None));
        write("summary_20261122.json", 3);
        assert_eq!(up("web1"), Some(3));
        std::fs::write(folder.path().join("summary_20261122.json"), "cut").unwrap();
        assert_eq!(up("web1"), Some(1));
    }

    #[test]
    fn what_has_ended_is_not_open_and_the_worst_comes_first() {
        let json = r#"{"host": "web1", "total_upload_bytes": 1, "total_download_bytes": 2, "later": true,
            "findings": [
                {"id": "a", "severity": "info", "state": null, "message": "x", "kind": "port"},
                {"id": "b", "severity": "critical", "state": "ended", "message": "x"},
                {"id": "c", "severity": "warning", "state": "continuing", "message": "x"}]}"#;
        let written: Written = serde_json::from_str(json).unwrap();
        let report = written.into_report(jiff::civil::date(2026, 11, 22), None);
        let ids: Vec<&str> = report.findings.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["c", "a"]);
        assert!(report.findings[0].is_ongoing);
        assert_eq!((report.count("warning"), report.count("critical")), (1, 0));
    }
}
