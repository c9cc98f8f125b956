use analysis::{Finding, FindingState, Severity};
use report::InputFacts;

use super::*;
use crate::tests::{START, finding, report, report_with, whole};

fn codes(problems: &Problems) -> Vec<&str> {
    problems.list.iter().map(|problem| problem.code).collect()
}

fn of_findings(findings: Vec<Finding>) -> Problems {
    let mut report = whole();
    report.set_findings(findings, 0, None);
    problems(&report, &Circumstances::default())
}

fn warning() -> Finding {
    finding(FindingKind::Spike, Severity::Warning)
}

fn seen(host: &str, last_seen: i64) -> HostLastSeen {
    HostLastSeen {
        host: host.to_owned(),
        last_seen,
    }
}

#[test]
fn a_day_without_trouble_has_no_problems() {
    let problems = problems(&whole(), &Circumstances::default());
    assert_eq!(problems, Problems::default());
}

#[test]
fn every_warning_is_named_however_many_there_are() {
    let problems = of_findings(vec![warning(); 60]);
    assert_eq!(
        (problems.findings, problems.quotas, problems.others),
        (60, 0, 0)
    );
    assert_eq!(codes(&problems), ["finding"; 60]);
}

#[test]
fn what_goes_on_or_ended_is_told_apart_and_what_is_merely_worth_knowing_is_not() {
    let with = |state| Finding {
        state: Some(state),
        since: Some(START - 2 * 86_400),
        ..warning()
    };
    let going_on = with(FindingState::Continuing);
    let info = finding(FindingKind::FirstSeen, Severity::Info);
    let problems = of_findings(vec![with(FindingState::Ended), going_on, info]);
    assert_eq!((problems.findings, problems.ongoing), (0, 1));
    assert_eq!(codes(&problems), ["ongoing", "ended"]);
    let messages: Vec<&str> = problems.list.iter().map(|one| &*one.message).collect();
    let expected = [
        "Still going on: the process miner moved 3 GB, since Fri 20 Nov, 3 days.",
        "Ended: the process miner moved 3 GB, last Sun 22 Nov, 01:59.",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn quotas_count_apart_from_other_findings_however_severe() {
    let quota = finding(FindingKind::Quota, Severity::Info);
    let problems = of_findings(vec![quota, warning(), warning()]);
    assert_eq!(
        (problems.findings, problems.quotas, problems.others),
        (2, 1, 0)
    );
}

#[test]
fn gaps_and_a_full_disk_are_problems() {
    let circumstances = Circumstances {
        disk: Some(Space {
            free: 1_000,
            all: 1_000_000_000_000,
        }),
        ..Circumstances::default()
    };
    let report = report((0..600).chain(660..1440));
    let problems = problems(&report, &circumstances);
    assert_eq!(codes(&problems), ["disk_nearly_full", "gap"]);
    assert_eq!(
        (problems.findings, problems.quotas, problems.others),
        (0, 0, 2)
    );
    let gap = &problems.list[1].message;
    assert_eq!(gap, "Nothing was observed for 1 h in 1 gap: 10:00–11:00.");
}

#[test]
fn many_gaps_are_one_problem_that_names_the_first() {
    let minutes = (0..1440).filter(|minute| minute % 120 != 60);
    let problems = problems(&report(minutes), &Circumstances::default());
    assert_eq!((codes(&problems), problems.others), (vec!["gap"], 1));
    let message = &problems.list[0].message;
    assert!(message.contains("in 12 gaps: 01:00–01:01, "), "{message}");
    assert!(message.ends_with(", and 7 more."), "{message}");
}

#[test]
fn a_log_that_stopped_is_no_gap_once_it_has_gone_on() {
    let report = report(0..720);
    let with = |last_seen| {
        let circumstances = Circumstances {
            last_seen: vec![seen("web1", last_seen)],
            ..Circumstances::default()
        };
        problems(&report, &circumstances)
    };
    let stopped = with(START + 720 * 60 - 1);
    assert_eq!(codes(&stopped), ["silent_log"]);
    assert!(
        stopped.list[0].message.contains("12:00:00 on 2026-11-22"),
        "{stopped:?}"
    );
    assert_eq!(codes(&with(START + 100_000)), ["gap"]);
}

#[test]
fn other_hosts_are_silent_for_a_week_and_then_forgotten() {
    let circumstances = Circumstances {
        last_seen: vec![
            seen("web1", START + 86_399),
            seen("today\u{1b}", START + 5),
            seen("web2\u{1b}", START - 5),
            seen("retired", START - 9 * 86_400),
        ],
        ..Circumstances::default()
    };
    let problems = problems(&whole(), &circumstances);
    assert_eq!(codes(&problems), ["silent_host"]);
    let expected = "web2\\u{1b}: nothing was logged on or after 2026-11-22.";
    assert_eq!(problems.list[0].message, expected);
}

#[test]
fn every_log_that_could_not_be_read_counts() {
    let log = |number| UnreadableLog {
        path: format!("{number}.log"),
        reason: "is a pipe".to_owned(),
    };
    let with = |count| {
        let circumstances = Circumstances {
            unreadable: (0..count).map(log).collect(),
            ..Circumstances::default()
        };
        problems(&whole(), &circumstances)
    };
    assert_eq!((with(5).list.len(), with(5).others), (5, 5));
    let many = with(20);
    assert_eq!((many.list.len(), many.others), (6, 20));
    assert_eq!(many.list[0].message, "0.log: is a pipe");
    assert_eq!(
        many.list[5].message,
        "15 more logs could not be read, or not wholly."
    );
}

#[test]
fn damaged_and_doubled_input_are_problems() {
    let input = InputFacts {
        lines: 100,
        damaged_lines: 2,
        damaged_samples: vec![report::DamagedSample {
            file: "a\u{202e}.log".to_owned(),
            line: 7,
            reason: "no row".to_owned(),
        }],
        ..InputFacts::default()
    };
    let circumstances = Circumstances {
        diverged_frames: 3,
        ..Circumstances::default()
    };
    let problems = problems(&report_with(0..1440, input), &circumstances);
    assert_eq!(codes(&problems), ["damaged_input", "counted_twice"]);
    assert_eq!(
        problems.list[0].message,
        "2 of 100 lines are damaged and not counted, the first in a\\u{202e}.log line 7: no row."
    );
    assert_eq!(problems.others, 2);
}
