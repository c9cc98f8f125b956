//! Findings as a page shows them.

use analysis::Severity;
use display::cut;
use serde::Serialize;

use super::quantities::{count, counted};
use crate::{DatedFinding, Report};

/// Findings, and reasons of each, that a page shows.
const MOST: usize = 50;
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
}

/// The findings of a report.
#[derive(Serialize)]
pub(super) struct Findings {
    has_any: bool,
    news: Vec<Shown>,
    more: Vec<Shown>,
    going_on: Vec<Shown>,
    told: Option<String>,
}

pub(super) fn findings(report: &Report) -> Findings {
    let (old, new) = in_order(report);
    let told = match (&report.findings_silent_because, report.findings_muted) {
        (Some(reason), _) => Some(format!("Not analysed: {}.", cut(reason, REASON, "…"))),
        (None, 0) => None,
        (None, muted) => Some(format!("{muted} muted.")),
    };
    let mut news = numbered(&new, 1);
    let going_on = numbered(&old, news.len() + 1);
    let more = news.split_off(news.len().min(FIRST));
    Findings {
        has_any: told.is_some() || !old.is_empty() || !new.is_empty(),
        news,
        more,
        going_on,
        told,
    }
}

/// Those that go on, and the others, in the order of the page.
fn in_order(report: &Report) -> (Vec<DatedFinding<'_>>, Vec<DatedFinding<'_>>) {
    report.found().partition(DatedFinding::goes_on)
}

fn numbered(found: &[DatedFinding<'_>], first: usize) -> Vec<Shown> {
    let mut shown = shown(found);
    for (number, one) in (first..).zip(&mut shown) {
        one.number = Some(number);
    }
    shown
}

/// Each finding that has a number on the page.
pub(super) fn with_numbers(report: &Report) -> Vec<(usize, DatedFinding<'_>)> {
    let (old, new) = in_order(report);
    let news = new.into_iter().take(MOST);
    (1..).zip(news.chain(old.into_iter().take(MOST))).collect()
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
    let found = found.iter().take(MOST);
    found
        .map(|one| Shown {
            number: None,
            severity: one.severity(),
            label: one.label(),
            when: one.when(),
            id: one.finding.id.0.clone(),
            message: one.message(),
            reasons: (one.finding.reasons.iter().take(MOST_REASONS))
                .map(|reason| cut(reason, REASON, "…"))
                .collect(),
        })
        .collect()
}
