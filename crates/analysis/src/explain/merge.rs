//! Findings about the same traffic become one: a new remote takes in the spike that it makes, a new process
//! the remotes that only it knows.

use crate::{Culprit, Finding, FindingKind, Subject};

/// Part of the bytes of a transfer that what comes back of it has at most.
const COMES_BACK: f64 = 0.1;

/// Makes one of findings that are about the same traffic. Who takes in goes first: new remotes, then new
/// processes, each the most severe first.
pub(super) fn merge(findings: &mut Vec<Finding>) {
    let mut mains: Vec<usize> = (0..findings.len())
        .filter(|place| rank(&findings[*place]).is_some())
        .collect();
    mains.sort_by(|one, other| {
        let key = |place: &usize| (rank(&findings[*place]), findings[*place].order());
        key(one).cmp(&key(other))
    });
    let mut is_gone = vec![false; findings.len()];
    for main in mains {
        if is_gone[main] {
            continue;
        }
        for other in 0..findings.len() {
            if other == main || is_gone[other] || !covers(&findings[main], &findings[other]) {
                continue;
            }
            let taken = findings[other].clone();
            take_in(&mut findings[main], taken);
            is_gone[other] = true;
        }
    }
    let mut is_gone = is_gone.into_iter();
    findings.retain(|_| !is_gone.next().unwrap_or(false));
}

/// Who takes others in: new remotes before new processes. `None` if a finding takes in none.
fn rank(finding: &Finding) -> Option<u8> {
    let by_half = finding.culprit.is_some();
    match (finding.kind, &finding.subject) {
        (FindingKind::FirstSeen, Subject::Remote(_)) if by_half && finding.is_warning() => Some(0),
        (FindingKind::FirstSeen, Subject::Process(_)) if by_half => Some(1),
        (FindingKind::FirstSeen, Subject::Remote(_)) if by_half => Some(2),
        (FindingKind::Spike, _) if by_half => Some(3),
        _ => None,
    }
}

/// Whether a finding says what another says, too.
fn covers(main: &Finding, other: &Finding) -> bool {
    let (Some(of_main), Some(of_other)) = (&main.culprit, &other.culprit) else {
        return false;
    };
    let is_same = match &main.subject {
        Subject::Remote(_) => of_other.remote == of_main.remote,
        _ => of_other.process == of_main.process,
    };
    let overlaps = main.start < other.end && other.start < main.end;
    // What comes back of a transfer, such as acknowledgements, is a part of it.
    let comes_back = of_main.direction != of_other.direction
        && of_other.bytes as f64 <= of_main.bytes as f64 * COMES_BACK;
    match (main.kind, other.kind) {
        (FindingKind::Spike, FindingKind::Spike) => {
            let is_same =
                (&of_main.process, &of_main.remote) == (&of_other.process, &of_other.remote);
            is_same && overlaps && comes_back
        }
        (FindingKind::Spike, _) => false,
        (_, FindingKind::Spike) => {
            is_same && overlaps && (of_main.direction == of_other.direction || comes_back)
        }
        // What is more severe is told by itself.
        (_, FindingKind::FirstSeen) => is_same && other.severity <= main.severity,
        _ => false,
    }
}

/// Adds what another finding says.
fn take_in(main: &mut Finding, other: Finding) {
    if let (Some(of_main), Some(of_other)) = (&mut main.culprit, &other.culprit) {
        note_new(of_main, of_other);
        main.summary = of_main.deed();
    }
    main.severity = main.severity.max(other.severity);
    let is_its_spike = match (&main.culprit, &other.culprit) {
        (Some(of_main), Some(of_other)) => of_main.direction == of_other.direction,
        _ => false,
    };
    if other.kind == FindingKind::Spike && is_its_spike && main.expected.is_none() {
        // How much is usual says more than that somebody is new, which the sentence says already.
        let first_seen = std::mem::replace(&mut main.detail, other.detail);
        main.reasons
            .insert(0, format!("{}.", capitalised(&first_seen)));
        main.direction = other.direction;
        main.observed = other.observed;
        main.expected = other.expected;
        main.excess_bytes = other.excess_bytes;
        main.method = format!("{}; {}", main.method, other.method);
        main.reasons.extend(other.reasons);
        // Ports are known of spikes only: who mutes one mutes this.
        let is_port = |subject: &Subject| matches!(subject, Subject::Port(_));
        let ports = other.contributors.into_iter();
        main.contributors
            .extend(ports.filter(|one| is_port(&one.subject)));
    }
    main.reword();
}

/// That the process or the remote is new, if the other finding knows that.
fn note_new(main: &mut Culprit, other: &Culprit) {
    if main.process == other.process {
        main.process_is_new |= other.process_is_new;
    }
    if main.remote == other.remote {
        main.remote_is_new |= other.remote_is_new;
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
