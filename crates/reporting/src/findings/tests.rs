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
    let is_its = |finding: &&Finding| {
        let culprit = finding.culprit.as_ref();
        let process = culprit.and_then(|culprit| culprit.process.as_deref());
        finding.kind == FindingKind::FirstSeen && process == Some("miner")
    };
    report.findings.iter().find(is_its)
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
fn a_newcomer_is_a_warning_if_it_is_sent_much_and_one_finding_with_its_process() {
    for (bytes, severity) in [
        ("1 MB", Severity::Info),
        ("5 kB, new_remote_ratio: 0", Severity::Warning),
        ("5 kB, new_remote_critical_bytes: 5 kB", Severity::Critical),
    ] {
        let report = report(
            &with_newcomer(&format!(", new_remote_bytes: {bytes}")),
            day(0),
        );
        let finding = newcomer(&report).unwrap();
        assert_eq!(
            (finding.severity, finding.state),
            (severity, Some(FindingState::New))
        );
        let new = report
            .findings
            .iter()
            .filter(|one| one.kind == FindingKind::FirstSeen);
        assert_eq!(new.count(), 1, "{:#?}", report.findings);
        let sentence = "miner (new) sent 6.00 kB to 198.51.100.9 (new), 02:10–02:11; ";
        let words = match severity {
            Severity::Info => finding.message.clone(),
            _ => report.worst().unwrap().sentence(),
        };
        assert!(
            severity == Severity::Info || words.starts_with(sentence),
            "{words}"
        );
    }
}

#[test]
fn a_process_that_twenty_other_hosts_know_says_so() {
    let mut lab = with_newcomer("");
    let log = log_of(START - 3 * DAY_SECONDS, 3, "miner", "192.0.2.7");
    lab.ingest_all(&hosts(20), &log);
    let report = report(&lab, day(0));
    let finding = newcomer(&report).unwrap();
    assert_eq!(finding.severity, Severity::Info);
    let hosts = "20 other hosts of the history had it before.";
    assert_eq!(finding.reasons.last().unwrap(), hosts);
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
