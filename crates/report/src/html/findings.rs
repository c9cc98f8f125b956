//! Findings as a page shows them.

use display::cut;
use serde::Serialize;

use crate::{DatedFinding, Report};

/// Findings, and reasons of each, that a page shows.
const MOST: usize = 100;
/// Findings that stand before the curve; the others are folded away.
const FIRST: usize = 6;
const MOST_REASONS: usize = 10;
/// Columns of a reason.
const REASON: usize = 400;

/// A finding.
#[derive(Serialize)]
pub(super) struct Shown {
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
    let (old, new): (Vec<DatedFinding<'_>>, Vec<DatedFinding<'_>>) =
        report.found().partition(DatedFinding::goes_on);
    let told = match (&report.findings_silent_because, report.findings_muted) {
        (Some(reason), _) => Some(format!("Not analysed: {}.", cut(reason, REASON, "…"))),
        (None, 0) => None,
        (None, muted) => Some(format!("{muted} muted.")),
    };
    Findings {
        has_any: told.is_some() || !old.is_empty() || !new.is_empty(),
        news: shown(&new[..new.len().min(FIRST)]),
        more: shown(&new[new.len().min(FIRST)..]),
        going_on: shown(&old),
        told,
    }
}

pub(super) fn shown(found: &[DatedFinding<'_>]) -> Vec<Shown> {
    let found = found.iter().take(MOST);
    found
        .map(|one| Shown {
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
