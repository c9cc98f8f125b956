//! Who was never met before.

use std::collections::BTreeSet;

use display::approximate_bytes as bytes;

use super::scene::Scene;
use crate::days::{Day, HOUR};
use crate::finding::FindingDraft;
use crate::robust::median;
use crate::words;
use crate::{Culprit, DayNames, Direction, Finding, FindingKind, History, Met, Severity, Subject};

/// Newcomers of a kind that have findings of their own; the others share one.
const NAMED: usize = 5;
/// Days for which a newcomer that is sent much is told again.
const STAYS_NEW: i64 = 7;
/// Days that tell what the largest newcomer of a usual day is sent, and how many of them do at least.
const USUAL_DAYS: i32 = 28;
const LEAST_USUAL_DAYS: usize = 5;

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
/// move little are told together. A newcomer that is sent much is a warning by itself, and is told again on
/// each day of its first week on which it is.
pub(super) fn findings(scene: &Scene<'_, '_>) -> Vec<Finding> {
    let (history, day) = (scene.history, scene.day);
    let start = history.hours[day.hours.start].start;
    // While the history is short, only those are told that are sent very much.
    let is_learning = scene.is_learning();
    let days = if is_learning {
        scene.thresholds.least_days()
    } else {
        scene.thresholds.min_history_days
    };
    let settled = f64::from(days) * (24 * HOUR) as f64;
    let is_settled = |second: i64| {
        let age = history.since.map_or(0, |since| second - since);
        age as f64 >= settled
    };
    if !is_settled(start) {
        return Vec::new();
    }
    let week_before = start - STAYS_NEW * 24 * HOUR;
    let stays_new = (history.met.iter())
        .filter(|met| (week_before..start).contains(&met.first_seen) && is_settled(met.first_seen));
    let stays_new: Vec<Newcomer<'_>> = stays_new.map(|met| Newcomer::new(scene, met)).collect();
    let mut findings = Vec::new();
    for kind in 0..3 {
        let mut met: Vec<Newcomer<'_>> = on(history, day)
            .filter(|met| number(&met.subject) == Some(kind))
            .map(|met| Newcomer::new(scene, met))
            .collect();
        met.sort_by(|one, other| {
            let order = other.severity.cmp(&one.severity);
            order
                .then(other.moved().cmp(&one.moved()))
                .then_with(|| one.met.subject.cmp(&other.met.subject))
        });
        if is_learning {
            met.retain(Newcomer::is_warning);
        }
        let (large, small): (Vec<_>, Vec<_>) = (met.into_iter())
            .partition(|one| one.is_warning() || one.moved() >= scene.thresholds.min_bytes);
        let is_named = |(place, one): &(usize, &Newcomer<'_>)| *place < NAMED || one.is_warning();
        let named: Vec<&Newcomer<'_>> = (large.iter().enumerate())
            .filter(is_named)
            .map(|(_, one)| one)
            .collect();
        findings.extend(named.iter().map(|one| one.finding(scene)));
        let rest = large[named.len()..].iter();
        let rest: Vec<&Newcomer<'_>> = match kind {
            0 => rest.chain(&small).collect(),
            _ => rest.collect(),
        };
        findings.extend(together(scene, &rest));
        let of_kind = |one: &&Newcomer<'_>| number(&one.met.subject) == Some(kind);
        let going_on = stays_new.iter().filter(of_kind);
        findings.extend(
            going_on
                .filter(|one| one.is_warning())
                .map(|one| one.finding(scene)),
        );
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

/// Somebody new, with what was moved on the day.
struct Newcomer<'a> {
    met: &'a Met,
    up: u64,
    down: u64,
    severity: Severity,
}

impl<'a> Newcomer<'a> {
    fn new(scene: &Scene<'_, '_>, met: &'a Met) -> Self {
        let number = scene.day.number;
        let of_day = met.volumes.iter().find(|volume| volume.day == number);
        let (up, down) = of_day.map_or((0, 0), |volume| (volume.up, volume.down));
        Self {
            met,
            up,
            down,
            severity: severity(scene, &met.subject, up),
        }
    }

    fn moved(&self) -> u64 {
        self.up.saturating_add(self.down)
    }

    fn is_warning(&self) -> bool {
        self.severity >= Severity::Warning
    }

    fn finding(&self, scene: &Scene<'_, '_>) -> Finding {
        let met = self.met;
        let first = scene.history.hours[scene.day.hours.start].start;
        let end = scene.end(&scene.day.hours);
        let seconds = met.first_seen.max(first)..end;
        let mut draft =
            FindingDraft::new(FindingKind::FirstSeen, self.severity, &met.subject, seconds);
        draft.method = "not seen in the eight weeks before".to_owned();
        draft.direction = None;
        draft.observed = Some(self.moved() as f64);
        draft.history_days = scene.past_days;
        draft.since = (met.first_seen < first).then_some(met.first_seen);
        let direction = if self.is_warning() || self.up >= self.down {
            Direction::Up
        } else {
            Direction::Down
        };
        let mut culprit = Culprit {
            process: None,
            process_is_new: false,
            remote: None,
            remote_is_new: false,
            direction,
            bytes: match direction {
                Direction::Up => self.up,
                Direction::Down => self.down,
            },
        };
        match &met.subject {
            Subject::Process(name) => {
                (culprit.process, culprit.process_is_new) = (Some(name.clone()), true);
            }
            Subject::Remote(name) => {
                (culprit.remote, culprit.remote_is_new) = (Some(name.clone()), true);
            }
            Subject::Port(_) | Subject::Total => {}
        }
        draft.summary = culprit.deed();
        if let Subject::Port(port) = &met.subject {
            draft.summary.push_str(&format!(", port {port} (new)"));
        }
        draft.detail = format!(
            "never seen before in {}",
            words::recorded_days(scene.past_days)
        );
        draft.culprit = Some(culprit);
        let (up, down) = (bytes(self.up as f64), bytes(self.down as f64));
        draft
            .reasons
            .push(format!("On this day {up} were sent and {down} received."));
        draft.reasons.push(match met.other_hosts {
            0 => "No other host of the history had it before.".to_owned(),
            1 => "One other host of the history had it before.".to_owned(),
            hosts => format!("{hosts} other hosts of the history had it before."),
        });
        draft.named(&scene.history.host, met.first_seen)
    }
}

/// How much it matters that somebody new was sent (or sent) so many bytes on the day: by a floor, by what is
/// sent to the middle remote of the day, and by what the largest newcomer of a usual day is sent. Ports
/// are told by who uses them.
fn severity(scene: &Scene<'_, '_>, subject: &Subject, up: u64) -> Severity {
    let thresholds = scene.thresholds;
    let middle_and_largest = |of: &DayNames| match subject {
        Subject::Remote(_) => (of.median_remote, of.largest_new_remote),
        Subject::Process(_) => (of.median_process, of.largest_new_process),
        Subject::Port(_) | Subject::Total => (0, 0),
    };
    if matches!(subject, Subject::Port(_) | Subject::Total) {
        return Severity::Info;
    }
    let names = &scene.history.names;
    let of_day = names.iter().find(|names| names.day == scene.day.number);
    // Everybody is new in the first days.
    let first = scene.history.hours.first().map_or(0, |hour| hour.day);
    let settled = first + i32::try_from(thresholds.min_history_days).unwrap_or(0);
    let known = settled.max(scene.day.number - USUAL_DAYS)..scene.day.number;
    let before = names.iter().filter(|names| known.contains(&names.day));
    let mut before: Vec<f64> = before
        .map(|names| middle_and_largest(names).1 as f64)
        .collect();
    let usual = if before.len() >= LEAST_USUAL_DAYS {
        median(&mut before).unwrap_or(0.0)
    } else {
        0.0
    };
    let usual = thresholds.min_ratio * usual;
    let critical = (thresholds.new_remote_critical_bytes as f64).max(usual);
    let warning = (thresholds.new_remote_bytes as f64)
        .max(
            thresholds.new_remote_ratio
                * of_day.map_or(0, |names| middle_and_largest(names).0) as f64,
        )
        .min(critical)
        .max(usual);
    match up as f64 {
        up if up >= critical && up > 0.0 && !scene.is_learning() => Severity::Critical,
        up if up >= warning && up > 0.0 => Severity::Warning,
        _ => Severity::Info,
    }
}

/// One finding for those who are not told one by one.
fn together(scene: &Scene<'_, '_>, rest: &[&Newcomer<'_>]) -> Option<Finding> {
    let first = rest.first()?;
    if let [one] = rest {
        return Some(one.finding(scene));
    }
    let kind = match first.met.subject {
        Subject::Process(_) => "processes",
        Subject::Remote(_) => "remotes",
        _ => "ports",
    };
    let start = rest.iter().map(|one| one.met.first_seen).min()?;
    let moved = (rest.iter()).fold(0, |sum: u64, one| sum.saturating_add(one.moved()));
    let end = scene.end(&scene.day.hours);
    let mut draft = FindingDraft::new(
        FindingKind::FirstSeen,
        Severity::Info,
        &Subject::Total,
        start..end,
    );
    draft.method = "not seen in the eight weeks before".to_owned();
    draft.observed = Some(moved as f64);
    draft.history_days = scene.past_days;
    let names: Vec<String> = (rest.iter().take(NAMED))
        .map(|one| words::who(&one.met.subject))
        .collect();
    let more = match rest.len() - names.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    draft.summary = format!("{} new {kind}: {}{more}", rest.len(), names.join(", "));
    draft.detail = format!(
        "never seen before in {}",
        words::recorded_days(scene.past_days)
    );
    Some(draft.named(
        &scene.history.host,
        start ^ (number(&first.met.subject)? as i64),
    ))
}
