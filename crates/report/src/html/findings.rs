//! Findings as a page shows them.

use analysis::Severity;
use display::cut;
use serde::Serialize;

use super::quantities::{count, counted};
use crate::{DatedFinding, Report};

/// Findings, and reasons of each, that a page shows.
const MOST: usize = 50;
/// Warnings that a page shows: none is left out for what a log of one day can hold.
const MOST_WARNINGS: usize = 200;
/// Findings that stand before the curve; the others are folded away.
const FIRST: usize = 6;
const MOST_REASONS: usize = 10;
/// Columns of a reason.
const REASON: usize = 400;

/// A finding.
#[derive(Serialize)]
pub(super) struct Shown {
    /// Its number on the page. `None` where findings have none.
    number: Option<usize>,
    severity: &'static str,
    label: String,
    when: String,
    id: String,
    message: String,
    reasons: Vec<String>,
    /// The command that shows its details, if there is one.
    show: Option<String>,
}

/// The findings of a report.
#[derive(Serialize)]
pub(super) struct Findings {
    has_any: bool,
    first: Vec<Shown>,
    more: Vec<Shown>,
    told: Option<String>,
}

pub(super) fn findings(report: &Report) -> Findings {
    let told = match (&report.findings_silent_because, report.findings_muted) {
        (Some(reason), _) => Some(format!("Not analysed: {}.", cut(reason, REASON, "…"))),
        (None, 0) => None,
        (None, muted) => Some(format!("{muted} muted.")),
    };
    let numbered = with_numbers(report);
    let (first, more): (Vec<_>, Vec<_>) = (numbered.into_iter()).partition(|(number, one)| {
        *number <= FIRST || one.finding.is_warning() && !one.has_ended()
    });
    let more: Vec<Shown> = more.iter().map(numbered_finding).collect();
    let first: Vec<Shown> = first.iter().map(numbered_finding).collect();
    Findings {
        has_any: told.is_some() || !first.is_empty(),
        first,
        more,
        told,
    }
}

/// Each finding that the page shows, with its number there: all warnings, and as many others as there is room for.
pub(super) fn with_numbers(report: &Report) -> Vec<(usize, DatedFinding<'_>)> {
    let shown = report.found().enumerate().filter(|(place, one)| {
        *place < MOST || (one.finding.is_warning() && *place < MOST_WARNINGS)
    });
    (1..).zip(shown.map(|(_, one)| one)).collect()
}

fn numbered_finding((number, finding): &(usize, DatedFinding<'_>)) -> Shown {
    Shown {
        number: Some(*number),
        ..show(finding)
    }
}

/// Findings in a few words.
pub(super) struct InShort {
    /// The severity of the worst, or nothing.
    pub(super) class: &'static str,
    pub(super) count: String,
    pub(super) detail: String,
}

/// How many there are, and how severe they are. `None` if nothing was judged because that is switched off.
pub(super) fn in_short(report: &Report) -> Option<InShort> {
    if let Some(reason) = &report.findings_silent_because {
        return Some(InShort {
            class: "",
            count: "–".to_owned(),
            detail: format!("not judged: {}", cut(reason, 60, "…")),
        });
    }
    let (ended, lasting): (Vec<_>, Vec<_>) = report.found().partition(DatedFinding::has_ended);
    if ended.is_empty() && lasting.is_empty() && report.usual.is_none() {
        return None;
    }
    let old = lasting.iter().filter(|one| one.goes_on()).count();
    let new = lasting.len() - old;
    let of = |severity: Severity| {
        let found = lasting
            .iter()
            .filter(|one| one.finding.severity == severity);
        found.count() as u64
    };
    let mut details = Vec::new();
    if new > 0 && old > 0 {
        details.push(format!("{} ongoing", count(old as u64)));
    }
    for (number, what) in [
        (of(Severity::Critical), "critical"),
        (of(Severity::Warning), "warning"),
        (of(Severity::Info), "info"),
        (ended.len() as u64, "ended"),
        (report.findings_muted, "muted"),
    ] {
        match (number, what) {
            (0, _) => {}
            (number, "warning") => details.push(counted(number, what)),
            (number, what) => details.push(format!("{} {what}", count(number))),
        }
    }
    let count = match (new as u64, old as u64) {
        (0, 0) => "none".to_owned(),
        (0, old) => format!("{} ongoing", count(old)),
        (new, _) => format!("{} new", count(new)),
    };
    let worst = lasting.iter().max_by_key(|one| one.finding.severity);
    Some(InShort {
        class: worst.map_or("", |worst| worst.severity()),
        count,
        detail: if details.is_empty() {
            "nothing unusual".to_owned()
        } else {
            details.join(", ")
        },
    })
}

pub(super) fn shown(found: &[DatedFinding<'_>]) -> Vec<Shown> {
    found.iter().take(MOST).map(show).collect()
}

fn show(one: &DatedFinding<'_>) -> Shown {
    Shown {
        number: None,
        severity: one.severity(),
        label: one.label(),
        when: one.when(),
        id: one.finding.id.0.clone(),
        // What is new has its time above it.
        message: if one.goes_on() || one.has_ended() {
            one.sentence()
        } else {
            one.message()
        },
        reasons: (one.finding.reasons.iter().take(MOST_REASONS))
            .map(|reason| cut(reason, REASON, "…"))
            .collect(),
        show: one.commands().show,
    }
}
