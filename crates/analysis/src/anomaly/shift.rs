//! A level that changed and stays.

use display::approximate_bytes as bytes;

use super::baseline::{Baseline, Baselines};
use super::scene::Scene;
use crate::days::Day;
use crate::finding::FindingDraft;
use crate::robust::{median, sigma};
use crate::words;
use crate::{Direction, Expected, Finding, FindingKind, History, Severity, Subject, Thresholds};

/// Days that a new level has to hold before it is called one.
const HOLDS: usize = 3;
/// Days before it that tell the old level.
const BEFORE: usize = 14;
/// Days of history below which the shape of the week passes for a new level.
const LEAST_DAYS: usize = 21;

/// A new level.
#[derive(Clone, Debug)]
pub(super) struct Shift {
    pub series: usize,
    pub direction: Direction,
    /// First second of the first day that has it.
    start: i64,
    before: f64,
    after: f64,
    low: f64,
    high: f64,
    /// Bytes a day more, or fewer.
    pub a_day: f64,
}

/// The levels that hold for three days with this one: each is found on one day only.
pub(super) fn of_day(
    history: &History,
    past: &[Day],
    day: &Day,
    baselines: &Baselines<'_>,
    thresholds: &Thresholds,
) -> Vec<Shift> {
    if past.len() < LEAST_DAYS {
        return Vec::new();
    }
    let mut shifts = Vec::new();
    let first = past.len() - (HOLDS - 1);
    let (old, new) = (&past[first.saturating_sub(BEFORE)..first], &past[first..]);
    let sides = (history.series.iter().enumerate())
        .flat_map(|(place, series)| Direction::ALL.map(|direction| (place, series, direction)));
    for (place, series, direction) in sides {
        let middle = |days: &mut dyn Iterator<Item = &Day>| {
            let values = days.filter_map(|day| day.bytes(series, direction));
            median(&mut values.collect::<Vec<_>>())
        };
        let (Some(before), Some(after)) = (
            middle(&mut old.iter()),
            middle(&mut new.iter().chain([day])),
        ) else {
            continue;
        };
        let ratio = (after.max(before) + 1.0) / (after.min(before) + 1.0);
        if (after - before).abs() < thresholds.min_bytes as f64 || ratio < LEAST_RATIO {
            continue;
        }
        if let Some(shift) = found(baselines.of(place, direction), past, day) {
            shifts.push(Shift {
                series: place,
                direction,
                start: history.hours[new[0].hours.start].start,
                before,
                after,
                low: before * (shift.before - shift.reach).exp() / shift.before.exp(),
                high: before * (shift.before + shift.reach).exp() / shift.before.exp(),
                a_day: after - before,
            });
        }
    }
    // What the whole host shows is not told again of who makes it.
    let whole: Vec<Shift> = (shifts.iter())
        .filter(|shift| history.series[shift.series].subject == Subject::Total)
        .cloned()
        .collect();
    shifts.retain(|shift| {
        history.series[shift.series].subject == Subject::Total
            || !whole
                .iter()
                .any(|whole| whole.direction == shift.direction && whole.a_day * shift.a_day > 0.0)
    });
    shifts
}

/// How many times the old level, or the old the new, a new level is at least.
const LEAST_RATIO: f64 = 1.4;

/// Of several that changed alike, the one to tell of: the whole host, else a process, else a peer or
/// a port.
pub(super) fn told(shifts: &[Shift], history: &History) -> Vec<Shift> {
    let rank = |shift: &Shift| match history.series[shift.series].subject {
        Subject::Total => 0,
        Subject::Process(_) => 1,
        Subject::Remote(_) => 2,
        Subject::Port(_) => 3,
    };
    let is_alike = |one: &Shift, other: &Shift| {
        one.direction == other.direction && one.a_day * other.a_day > 0.0
    };
    (shifts.iter())
        .filter(|shift| {
            let is_before = |other: &&Shift| rank(other) < rank(shift) && is_alike(other, shift);
            shifts.iter().find(is_before).is_none()
        })
        .cloned()
        .collect()
}

struct Levels {
    before: f64,
    reach: f64,
}

/// Whether the last three days with this one have a level that the days before them did not.
fn found(baseline: &Baseline<'_>, past: &[Day], day: &Day) -> Option<Levels> {
    let first = past.len() - (HOLDS - 1);
    let mut new = vec![baseline.own_level(day)?];
    for day in &past[first..] {
        new.push(baseline.own_level(day)?);
    }
    let mut old: Vec<f64> = past[first.saturating_sub(BEFORE)..first]
        .iter()
        .filter_map(|day| baseline.own_level(day))
        .collect();
    if old.len() < BEFORE / 2 {
        return None;
    }
    let last_old = *old.last()?;
    let before = median(&mut old.clone())?;
    let spread = sigma(&mut old).max(baseline.sigma_of_level(day));
    let reach = (3.5 * spread).max(LEAST_RATIO.ln());
    let is_up = new[0] > before;
    let is_apart = |level: f64| (level - before).abs() > reach && (level > before) == is_up;
    // Found once: the day before the three has the old level still.
    (new.iter().copied().all(is_apart) && !is_apart(last_old)).then_some(Levels { before, reach })
}

impl Shift {
    pub(super) fn finding(&self, scene: &Scene<'_, '_>) -> Finding {
        let subject = &scene.history.series[self.series].subject;
        let end = scene.end(&scene.day.hours);
        let severity = match subject {
            Subject::Total => Severity::Warning,
            _ => Severity::Info,
        };
        let mut draft =
            FindingDraft::new(FindingKind::LevelShift, severity, subject, self.start..end);
        draft.direction = Some(self.direction);
        draft.method = "levels of three days against those of two weeks (modified z)".to_owned();
        draft.observed = Some(self.after);
        draft.expected = Some(Expected {
            low: self.low,
            middle: self.before,
            high: self.high,
        });
        draft.unit = "bytes/day".to_owned();
        draft.excess_bytes = Some(self.a_day as i64);
        draft.history_days = scene.past_days;
        draft.summary = format!(
            "{} {} about {} a day for three days now",
            words::who_first(subject),
            words::verb(self.direction),
            bytes(self.after)
        );
        draft.detail = format!("{} were usual before", bytes(self.before));
        draft.reasons.push(format!(
            "{} to {} a day were usual before; from now on the new level is.",
            bytes(self.low),
            bytes(self.high)
        ));
        draft.named(&scene.history.host, self.start)
    }
}
