//! Who was never met before.

use std::collections::BTreeSet;

use display::approximate_bytes as bytes;

use super::scene::Scene;
use crate::days::{Day, HOUR, total};
use crate::finding::FindingDraft;
use crate::words;
use crate::{Direction, Finding, FindingKind, History, Met, Severity, Subject};

/// Newcomers of a kind that have findings of their own; the others share one.
const NAMED: usize = 5;

/// Who was met for the first time on a day.
pub(super) fn names<'a>(history: &'a History, day: &Day) -> BTreeSet<&'a Subject> {
    on(history, day).map(|met| &met.subject).collect()
}

fn on<'a>(history: &'a History, day: &Day) -> impl Iterator<Item = &'a Met> {
    let start = history.hours[day.hours.start].start;
    let end = history.hours[day.hours.end - 1].start + HOUR;
    (history.met.iter()).filter(move |met| (start..end).contains(&met.first_seen))
}

/// Tells of newcomers, once all that usually comes had time to come: not in the first days of the
/// history. Peers and ports come and go by the hundred, so they have to move something; processes that
/// move little are told together.
pub(super) fn findings(scene: &Scene<'_, '_>) -> Vec<Finding> {
    let (history, day) = (scene.history, scene.day);
    let start = history.hours[day.hours.start].start;
    let age = history.since.map_or(0, |since| start - since);
    if age < i64::from(scene.thresholds.min_history_days) * 24 * HOUR {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for kind in 0..3 {
        let mut met: Vec<(&Met, f64)> = on(history, day)
            .filter(|met| number(&met.subject) == Some(kind))
            .map(|met| (met, moved(scene, &met.subject)))
            .collect();
        met.sort_by(|one, other| {
            let order = other.1.total_cmp(&one.1);
            order.then_with(|| one.0.subject.cmp(&other.0.subject))
        });
        let large = |met: &(&Met, f64)| met.1 >= scene.thresholds.min_bytes as f64;
        let mut told = 0;
        for one in met.iter().filter(|met| large(met)).take(NAMED) {
            findings.push(newcomer(scene, one.0, one.1));
            told += 1;
        }
        let rest: Vec<&(&Met, f64)> = match kind {
            0 => met.iter().skip(told).collect(),
            _ => met.iter().filter(|met| large(met)).skip(told).collect(),
        };
        findings.extend(together(scene, &rest));
    }
    findings
}

/// The kinds that are told apart.
fn number(subject: &Subject) -> Option<usize> {
    match subject {
        Subject::Total => None,
        Subject::Process(_) => Some(0),
        Subject::Remote(_) => Some(1),
        Subject::Port(_) => Some(2),
    }
}

/// Bytes of both directions that a subject moved on the day.
fn moved(scene: &Scene<'_, '_>, subject: &Subject) -> f64 {
    let series = (scene.history.series.iter()).find(|series| series.subject == *subject);
    series.map_or(0.0, |series| {
        let of = |way| total(&series.bytes(way)[scene.day.hours.clone()]);
        Direction::ALL.map(of).iter().sum()
    })
}

fn newcomer(scene: &Scene<'_, '_>, met: &Met, moved: f64) -> Finding {
    let severity = match (&met.subject, met.other_hosts) {
        (Subject::Process(_), 0) => Severity::Warning,
        _ => Severity::Info,
    };
    let end = scene.end(&scene.day.hours);
    let mut draft = FindingDraft::new(
        FindingKind::FirstSeen,
        severity,
        &met.subject,
        met.first_seen..end,
    );
    draft.method = "not seen in the eight weeks before".to_owned();
    draft.observed = Some(moved);
    draft.history_days = scene.past_days;
    draft.message = format!(
        "{} moved {} and was not seen in the {} observed days before.",
        words::who(&met.subject),
        bytes(moved),
        scene.past_days
    );
    draft.reasons.push(match met.other_hosts {
        0 => "No other host of the history had it before.".to_owned(),
        1 => "One other host of the history had it before.".to_owned(),
        hosts => format!("{hosts} other hosts of the history had it before."),
    });
    draft.named(&scene.history.host, met.first_seen)
}

/// One finding for those who are not told one by one.
fn together(scene: &Scene<'_, '_>, rest: &[&(&Met, f64)]) -> Option<Finding> {
    let (first, _) = rest.first()?;
    if let [(one, moved)] = rest {
        return Some(Finding {
            severity: Severity::Info,
            ..newcomer(scene, one, *moved)
        });
    }
    let kind = match first.subject {
        Subject::Process(_) => "processes",
        Subject::Remote(_) => "peers",
        _ => "ports",
    };
    let start = rest.iter().map(|(met, _)| met.first_seen).min()?;
    let moved: f64 = rest.iter().map(|(_, moved)| moved).sum();
    let end = scene.end(&scene.day.hours);
    let mut draft = FindingDraft::new(
        FindingKind::FirstSeen,
        Severity::Info,
        &Subject::Total,
        start..end,
    );
    draft.method = "not seen in the eight weeks before".to_owned();
    draft.observed = Some(moved);
    draft.history_days = scene.past_days;
    let names: Vec<String> = (rest.iter().take(NAMED))
        .map(|(met, _)| words::who(&met.subject))
        .collect();
    draft.message = format!(
        "{} {kind} were not seen in the {} observed days before: {}{}.",
        rest.len(),
        scene.past_days,
        names.join(", "),
        match rest.len() - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        }
    );
    Some(draft.named(
        &scene.history.host,
        start ^ (number(&first.subject)? as i64),
    ))
}
