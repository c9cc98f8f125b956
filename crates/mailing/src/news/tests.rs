use analysis::{Culprit, Finding, FindingKind, FindingState, Severity, Subject};
use jiff::civil::date;

use super::*;
use crate::problems::{Circumstances, problems};
use crate::tests::{START, day, finding, whole};

fn upload(severity: Severity) -> Finding {
    Finding {
        subject: Subject::Remote("185.220.101.47".to_owned()),
        summary: "rsync sent 1.98 GB to 185.220.101.47 (new)".to_owned(),
        culprit: Some(Culprit {
            process: Some("rsync".to_owned()),
            process_is_new: false,
            remote: Some("185.220.101.47".to_owned()),
            remote_is_new: true,
            direction: Direction::Up,
            bytes: 1_980_000_000,
        }),
        ..finding(FindingKind::FirstSeen, severity)
    }
}

fn beacon(state: FindingState) -> Finding {
    Finding {
        summary: "kworkerd contacts 45.155.205.233:8443 every 5 min (±3 %)".to_owned(),
        since: Some(START - 86_400),
        state: Some(state),
        ..finding(FindingKind::Beacon, Severity::Warning)
    }
}

fn subject_of(report: &Report, prefix: &str) -> String {
    let problems = problems(report, &Circumstances::default());
    subject(report, day(), &problems, prefix)
}

fn with(findings: Vec<Finding>) -> Report {
    let mut report = whole();
    report.set_findings(findings, 0, None);
    report
}

#[test]
fn the_news_is_in_the_first_forty_columns_of_the_subject() {
    let report = with(vec![
        beacon(FindingState::Continuing),
        upload(Severity::Warning),
        finding(FindingKind::Spike, Severity::Warning),
    ]);
    let expected =
        "web1: WARNING rsync sent 1.98 GB to a new remote (22 Nov; 1 more new, 1 ongoing)";
    assert_eq!(subject_of(&report, ""), expected);
    assert_eq!(
        subject_of(&report, "Traffic"),
        format!("Traffic: {expected}")
    );
    let report = with(vec![beacon(FindingState::Continuing)]);
    let expected = "web1: ONGOING kworkerd contacts 45.155.205.233:8443 every 5 min (±3 %) (22 Nov; 1 ongoing)";
    assert_eq!(subject_of(&report, ""), expected);
}

#[test]
fn a_quiet_day_says_that_it_is_one() {
    let quiet = with(vec![beacon(FindingState::Ended), upload(Severity::Info)]);
    assert_eq!(subject_of(&quiet, ""), "web1 22 Nov: ok, 0 B down, 0 B up");
}

#[test]
fn days_are_short() {
    let days = |first, last| short_days(Period { first, last });
    assert_eq!(days(date(2026, 11, 27), date(2026, 11, 27)), "27 Nov");
    assert_eq!(days(date(2026, 11, 21), date(2026, 11, 27)), "21–27 Nov");
    assert_eq!(
        days(date(2026, 11, 28), date(2026, 12, 4)),
        "28 Nov – 4 Dec"
    );
}

#[test]
fn a_hostile_name_breaks_no_subject() {
    let mut hostile = upload(Severity::Critical);
    if let Some(culprit) = &mut hostile.culprit {
        culprit.process = Some(format!(
            "a\r\nBcc: eve@example.org\u{202e}{}",
            "x".repeat(900)
        ));
    }
    let subject = subject_of(&with(vec![hostile]), "");
    assert!(!subject.contains(['\r', '\n', '\u{202e}']), "{subject}");
    assert!(subject.chars().count() < 120, "{subject}");
}
