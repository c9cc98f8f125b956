use analysis::{FindingId, FindingState, Severity};

use super::*;
use crate::Reporter;
use crate::tests::{DAY_SECONDS, Lab, NOW, START, day, hosts, log_of};

/// Settings by which a test needs few bytes and refreshes.
const ANALYSIS: &str = "analysis: {min_bytes: 1 kB";

/// Days of history before the day.
const PAST: i64 = 10;

/// A machine that did the same each hour, for ten days and the day.
fn steady(more: &str) -> Lab {
    let mut lab = Lab::new(&format!("{ANALYSIS}{more}}}\n"));
    let hours = (START - PAST * DAY_SECONDS..START + DAY_SECONDS).step_by(3_600);
    let log: String = hours
        .map(|hour| log_of(hour + 60, 3, "curl", "192.0.2.1"))
        .collect();
    lab.ingest("web1", &log);
    lab
}

/// The day with a process that was never there before.
fn with_newcomer(more: &str) -> Lab {
    let mut lab = steady(more);
    lab.ingest(
        "web1",
        &log_of(START + 7_200 + 600, 60, "miner", "198.51.100.9"),
    );
    lab
}

fn report(lab: &Lab, period: Period) -> Report {
    let mut reporter = Reporter::new(&lab.settings, NOW);
    let built = reporter.build(&lab.reader(), "web1", period).unwrap();
    built.report
}

fn newcomer(report: &Report) -> Option<&Finding> {
    let miner = Subject::Process("miner".to_owned());
    let mut found = report.findings.iter();
    found.find(|finding| finding.kind == FindingKind::FirstSeen && finding.subject == miner)
}

#[test]
fn a_day_like_all_others_has_no_anomaly() {
    let report = report(&steady(""), day(0));
    // Who talks once an hour is a beacon, and has been one.
    let is_old_beacon = |finding: &Finding| {
        finding.kind == FindingKind::Beacon && finding.state == Some(FindingState::Continuing)
    };
    assert!(
        report.findings.iter().all(is_old_beacon),
        "{:?}",
        report.findings
    );
    assert_eq!(report.findings_silent_because, None);
}

#[test]
fn a_process_that_nobody_met_is_a_warning_that_is_new() {
    let report = report(&with_newcomer(""), day(0));
    let finding = newcomer(&report).unwrap();
    assert_eq!(finding.severity, Severity::Warning);
    assert_eq!(finding.state, Some(FindingState::New));
}

#[test]
fn a_process_that_twenty_other_hosts_know_is_no_warning() {
    let mut lab = with_newcomer("");
    let log = log_of(START - 3 * DAY_SECONDS, 3, "miner", "192.0.2.7");
    lab.ingest_all(&hosts(20), &log);
    let report = report(&lab, day(0));
    let finding = newcomer(&report).unwrap();
    assert_eq!(finding.severity, Severity::Info);
    assert_eq!(
        finding.reasons,
        ["20 other hosts of the history had it before."]
    );
}

#[test]
fn what_is_muted_is_counted_and_not_told() {
    let report = report(&with_newcomer(", mutes: [\"process:miner\"]"), day(0));
    assert_eq!(newcomer(&report), None);
    assert_eq!(report.findings_muted, 1);
}

#[test]
fn findings_can_be_switched_off() {
    let report = report(&with_newcomer(", in_reports: false"), day(0));
    assert_eq!(report.findings, []);
    assert_eq!(report.findings_silent_because, None);
}

#[test]
fn a_short_history_and_a_long_period_say_why_there_are_none() {
    let mut lab = Lab::new("");
    lab.ingest("web1", &log_of(START, 3, "curl", "192.0.2.1"));
    assert!(report(&lab, day(0)).findings_silent_because.is_some());
    let long = Period {
        first: day(-40).first,
        last: day(0).first,
    };
    let reason = report(&steady(""), long).findings_silent_because.unwrap();
    assert!(reason.contains("31 days"), "{reason}");
}

#[test]
fn a_silence_of_several_days_is_told_once_with_its_last_day() {
    let report = report(&with_newcomer(""), day(0));
    let finding = |id: &str, end| Finding {
        id: FindingId(id.to_owned()),
        end,
        ..newcomer(&report).unwrap().clone()
    };
    let kept = once_each(vec![
        finding("a", 10),
        finding("b", 5),
        finding("a", 30),
        finding("a", 20),
    ]);
    let kept: Vec<(&str, i64)> = kept
        .iter()
        .map(|one| (one.id.0.as_str(), one.end))
        .collect();
    assert_eq!(kept, [("a", 30), ("b", 5)]);
}
