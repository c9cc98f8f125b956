use super::*;
use crate::finding::FindingDraft;
use crate::{Expected, Severity};

const HOUR: i64 = 3600;

fn row<'a>(process: &'a str, remote: &'a str, minute: i64, up: u64) -> Flow<'a> {
    Flow {
        process: Some(process),
        remote: Some(remote),
        ports: [Some(40_000), Some(22)],
        up,
        down: up / 100,
        first: minute * 60 + 7,
        last: minute * 60 + 55,
    }
}

/// A spike of the host from two to four, of which a process has a part.
fn spike(share: f64) -> Finding {
    let mut draft = FindingDraft::new(
        FindingKind::Spike,
        Severity::Warning,
        &Subject::Total,
        2 * HOUR..4 * HOUR,
    );
    draft.direction = Some(Direction::Up);
    draft.observed = Some(2.05e9);
    draft.expected = Some(Expected {
        low: 9e6,
        middle: 62e6,
        high: 422e6,
    });
    draft.excess_bytes = Some(1_990_000_000);
    draft.summary = "The host sent 2.05 GB".to_owned();
    draft.detail = "usual for these hours: 62 MB".to_owned();
    draft.contributors = vec![Contributor {
        subject: Subject::Process("rsync".to_owned()),
        excess_bytes: 1_980_000_000,
        share,
    }];
    draft.named("web1", 2 * HOUR)
}

fn newcomer(subject: Subject, severity: Severity, bytes: u64) -> Finding {
    let mut draft = FindingDraft::new(FindingKind::FirstSeen, severity, &subject, 0..24 * HOUR);
    let mut culprit = Culprit {
        process: None,
        process_is_new: false,
        remote: None,
        remote_is_new: false,
        direction: Direction::Up,
        bytes,
    };
    match &subject {
        Subject::Process(name) => culprit.process = Some(name.clone()),
        Subject::Remote(name) => culprit.remote = Some(name.clone()),
        _ => {}
    }
    draft.culprit = Some(culprit);
    draft.detail = "never seen before in 19 recorded days".to_owned();
    draft.named("web1", 0)
}

fn remote(name: &str) -> Subject {
    Subject::Remote(name.to_owned())
}

fn process(name: &str) -> Subject {
    Subject::Process(name.to_owned())
}

/// Forty minutes of a transfer from 02:34 on, among what others do.
fn night() -> Vec<Flow<'static>> {
    let mut rows = vec![
        row("rsync", "192.0.2.1", 121, 900_000),
        row("sshd", "192.0.2.2", 130, 60_000_000),
        row("rsync", "185.220.101.47", 125, 5_000),
    ];
    rows.extend((154..194).map(|minute| row("rsync", "185.220.101.47", minute, 49_500_000)));
    rows
}

fn explained(mut findings: Vec<Finding>, rows: &[Flow<'_>]) -> Vec<Finding> {
    let mut inquiry = Inquiry::new(&findings).unwrap();
    rows.iter().for_each(|row| inquiry.add(row));
    inquiry.ask_when(&findings);
    rows.iter().for_each(|row| inquiry.add(row));
    inquiry.answer(&mut findings);
    findings
}

#[test]
fn who_has_most_of_a_spike_is_the_subject_of_its_sentence() {
    let found = explained(vec![spike(0.97)], &night());
    let message = "rsync sent 1.98 GB to 185.220.101.47; usual for these hours: 62 MB.";
    assert_eq!(found[0].message, message);
    let minutes = (found[0].start, found[0].end);
    assert_eq!(minutes, (154 * 60 + 7, 193 * 60 + 56));
}

#[test]
fn nobody_is_blamed_for_less_than_half() {
    let found = explained(vec![spike(0.4)], &night());
    assert_eq!(found[0], spike(0.4));
}

#[test]
fn a_spike_to_a_new_remote_is_one_finding() {
    let stranger = remote("185.220.101.47");
    let findings = vec![
        spike(0.97),
        newcomer(process("rsync"), Severity::Info, 1_980_000_000),
        newcomer(
            Subject::Port("tcp/22".to_owned()),
            Severity::Info,
            1_980_000_000,
        ),
        newcomer(stranger.clone(), Severity::Critical, 1_980_000_000),
    ];
    let found = explained(findings, &night());
    assert_eq!(found.len(), 1, "{found:#?}");
    let one = &found[0];
    let message = "rsync (new) sent 1.98 GB to 185.220.101.47 (new); usual for these hours: 62 MB.";
    assert_eq!((one.message.as_str(), &one.subject), (message, &stranger));
    assert_eq!(one.reasons[0], "Never seen before in 19 recorded days.");
    assert_eq!(one.severity, Severity::Critical);
    // Who mutes the process mutes the finding.
    assert_eq!(one.contributors[0].subject, process("rsync"));
    assert!(one.contributors[0].share > 0.99);
}

#[test]
fn what_comes_back_of_a_transfer_is_a_part_of_it() {
    let mut back = spike(0.97);
    back.direction = Some(Direction::Down);
    back.excess_bytes = Some(19_000_000);
    back.id = crate::FindingId("b".to_owned());
    let found = explained(vec![back.clone(), spike(0.97)], &night());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].direction, Some(Direction::Up));
    let stranger = newcomer(remote("185.220.101.47"), Severity::Critical, 1_980_000_000);
    let found = explained(vec![back, spike(0.97), stranger], &night());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].expected, spike(0.97).expected);
}

#[test]
fn a_new_remote_with_little_of_a_spike_is_told_apart() {
    let findings = vec![
        spike(0.97),
        newcomer(remote("192.0.2.2"), Severity::Warning, 60_000_000),
    ];
    let found = explained(findings, &night());
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[1]
            .message
            .starts_with("sshd sent 60.0 MB to 192.0.2.2 (new)")
    );
}

#[test]
fn a_new_process_takes_in_its_new_remotes_unless_they_are_sent_much() {
    let rows = [
        row("browser", "192.0.2.7", 10, 30_000_000),
        row("browser", "192.0.2.8", 10, 40_000_000),
        row("browser", "192.0.2.9", 10, 25_000_000),
    ];
    let info = |subject| newcomer(subject, Severity::Info, 1);
    let mut findings = vec![
        info(process("browser")),
        info(remote("192.0.2.7")),
        info(remote("192.0.2.8")),
        info(remote("192.0.2.9")),
    ];
    let found = explained(findings.clone(), &rows);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].message.starts_with("browser (new) sent 95.0 MB;"));
    findings[3].severity = Severity::Warning;
    let found = explained(findings, &rows);
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn any_number_of_names_takes_bounded_memory() {
    let mut findings = vec![spike(0.97)];
    let mut inquiry = Inquiry::new(&findings).unwrap();
    for number in 0..MOST_PAIRS * 2 {
        inquiry.add(&row("rsync", &format!("host{number}"), 130, 1));
    }
    assert_eq!(inquiry.questions[0].pairs.len(), MOST_PAIRS);
    inquiry.ask_when(&findings);
    inquiry.answer(&mut findings);
    assert_eq!(findings[0].culprit.as_ref().unwrap().remote, None);
}
