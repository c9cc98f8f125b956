//! Who always talks, and stopped.

use display::approximate_bytes as bytes;

use super::scene::Scene;
use crate::days::{Day, HOUR, total};
use crate::finding::FindingDraft;
use crate::{Direction, Finding, FindingKind, Severity, Subject};

/// Hours without a byte that are a silence.
const LEAST_HOURS: usize = 6;
/// Part of the observed hours in which somebody talks who always talks.
const ALWAYS: f64 = 0.95;
/// Days that tell whether somebody always talks.
const DAYS: usize = 14;
/// Days after which a silence is what is usual.
const LASTS: i64 = 7;

/// Processes that always talked and say nothing at the end of the day.
pub(super) fn findings(scene: &Scene<'_, '_>, past: &[Day]) -> Vec<Finding> {
    if scene.is_learning() {
        return Vec::new();
    }
    let recent = &past[past.len().saturating_sub(DAYS)..];
    let mut findings = Vec::new();
    for (number, series) in scene.history.series.iter().enumerate() {
        let Subject::Process(name) = &series.subject else {
            continue;
        };
        let talks = |place: usize| series.up[place] > 0 || series.down[place] > 0;
        let is_observed = |place: &usize| scene.history.hours[*place].observed >= 3600 / 2;
        // The silence: observed hours at the end without a byte, back to the last that had one.
        let observed: Vec<usize> = (recent.iter().flat_map(|day| day.hours.clone()))
            .chain(scene.day.hours.clone())
            .filter(is_observed)
            .collect();
        let silent = observed
            .iter()
            .rev()
            .take_while(|&&place| !talks(place))
            .count();
        if silent < LEAST_HOURS || silent == observed.len() {
            continue;
        }
        let (before, after) = observed.split_at(observed.len() - silent);
        let first = after[0];
        let talking = before.iter().filter(|&&place| talks(place)).count();
        let start = scene.history.hours[first].start;
        let end = scene.end(&scene.day.hours);
        let days = before.len() as f64 / 24.0;
        let moved: f64 = before
            .iter()
            .map(|&place| total(&[series.up[place], series.down[place]]))
            .sum();
        let a_day = moved / days.max(1.0 / 24.0);
        let is_told = talking as f64 >= before.len() as f64 * ALWAYS
            && days >= f64::from(scene.thresholds.min_history_days) - 1.0
            && a_day >= scene.thresholds.min_bytes as f64
            && end - start <= LASTS * 24 * HOUR;
        if !is_told {
            continue;
        }
        let expected: f64 = after
            .iter()
            .flat_map(|&place| {
                let hour = &scene.history.hours[place];
                Direction::ALL.map(|way| scene.baseline(number, way).expected(hour))
            })
            .flatten()
            .map(|expected| expected.middle)
            .sum();
        let mut draft = FindingDraft::new(
            FindingKind::Silence,
            Severity::Warning,
            &series.subject,
            start..end,
        );
        draft.method = "no byte in hours in which it always talked".to_owned();
        draft.observed = Some(0.0);
        draft.excess_bytes = Some(-(expected as i64));
        draft.history_days = scene.past_days;
        draft.summary = format!("{name} stopped: no byte in {silent} observed hours");
        draft.detail = format!("about {} are usual in them", bytes(expected));
        draft.reasons.push(format!(
            "It talked in {talking} of {} observed hours before, {} a day.",
            before.len(),
            bytes(a_day)
        ));
        findings.push(draft.named(&scene.history.host, start));
    }
    findings
}
