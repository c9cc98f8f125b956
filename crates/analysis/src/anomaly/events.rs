//! Unusual hours, put together to what happened.

use display::approximate_bytes as bytes;

use super::scene::{Event, Scene};
use super::seasonal_esd;
use crate::days::total;
use crate::finding::FindingDraft;
use crate::words;
use crate::{Contributor, Direction, Finding, FindingKind, Severity, Subject};

/// Part of an excess from which on somebody explains it.
const EXPLAINS: f64 = 0.1;
/// Hours between two events that are one.
const PAUSE: usize = 4;
/// The part of the bar that an hour next to an unusual one has to pass.
const NEIGHBOUR: f64 = 0.5;
/// Contributors of a kind that are named.
const NAMED: usize = 3;

/// The unusual hours of a series on a day.
pub(super) fn of_day(scene: &Scene<'_, '_>, number: usize, direction: Direction) -> Vec<Event> {
    let Scene {
        history,
        day,
        thresholds,
        ..
    } = *scene;
    let is_whole = history.series[number].subject == Subject::Total;
    // No hour counts more than four times what was observed of it. Less is told of the whole only.
    let most = 4.0 * total(&history.series[number].bytes(direction)[day.hours.clone()]);
    if !is_whole && most < thresholds.min_bytes as f64 {
        return Vec::new();
    }
    let baseline = scene.baseline(number, direction);
    let bar = baseline.bar;
    let mut events: Vec<Event> = Vec::new();
    for place in day.hours.clone() {
        let (Some(score), Some(expected), Some(observed)) = (
            baseline.score(place),
            baseline.expected(&history.hours[place]),
            baseline.whole_hour(place),
        ) else {
            continue;
        };
        let ratio = (observed + 1.0) / (expected.middle + 1.0);
        let ratio = if score > 0.0 { ratio } else { 1.0 / ratio };
        // Neighbours of an unusual hour belong to it at a lower bar.
        let (bar, least) = match events.last() {
            Some(last) if last.hours.end == place && last.score * score > 0.0 => {
                (bar * NEIGHBOUR, 1.0 + (thresholds.min_ratio - 1.0) / 2.0)
            }
            _ => (bar, thresholds.min_ratio),
        };
        let is_beyond = baseline.is_beyond(place);
        if (score.abs() < bar && !is_beyond) || ratio < least {
            continue;
        }
        events.push(Event {
            series: number,
            direction,
            hours: place..place + 1,
            unusual: 1,
            observed,
            expected,
            excess: observed - expected.middle,
            score,
            is_beyond,
        });
    }
    let mut events = join(events);
    events.retain(|event| {
        let is_large = event.excess.abs() >= thresholds.min_bytes as f64
            && (event.score.abs() >= baseline.bar || event.is_beyond);
        // A single hour with less is not told: pauses are usual. Parts that fall still are silences.
        // While it is not known what weekends are like, little is usual.
        let is_drop_told = is_whole && event.unusual >= 2 && !scene.is_learning();
        is_large && (event.excess > 0.0 || is_drop_told)
    });
    events
}

/// Joins events of the same sign with a short pause between them.
fn join(events: Vec<Event>) -> Vec<Event> {
    let mut joined: Vec<Event> = Vec::new();
    for event in events {
        match joined.last_mut() {
            Some(last)
                if event.hours.start - last.hours.end <= PAUSE
                    && last.score * event.score > 0.0 =>
            {
                last.hours.end = event.hours.end;
                last.unusual += event.unusual;
                last.observed += event.observed;
                last.expected.low += event.expected.low;
                last.expected.middle += event.expected.middle;
                last.expected.high += event.expected.high;
                last.excess += event.excess;
                last.is_beyond |= event.is_beyond;
                if event.score.abs() > last.score.abs() {
                    last.score = event.score;
                }
            }
            _ => joined.push(event),
        }
    }
    joined
}

/// What happened: an event, and who explains it.
pub(super) struct MergedEvent {
    pub main: Event,
    contributors: Vec<Contributor>,
    confirmed: bool,
}

/// Puts events of one cause together: the whole host first, then processes, peers and ports. What
/// explains an event that is told already is its contributor and not told again.
pub(super) fn merge(mut events: Vec<Event>, scene: &Scene<'_, '_>) -> Vec<MergedEvent> {
    let rank = |event: &Event| match scene.history.series[event.series].subject {
        Subject::Total => 0,
        Subject::Process(_) => 1,
        Subject::Remote(_) => 2,
        Subject::Port(_) => 3,
    };
    events.sort_by(|one, other| {
        let order = rank(one).cmp(&rank(other));
        order.then(other.excess.abs().total_cmp(&one.excess.abs()))
    });
    let mut told: Vec<MergedEvent> = Vec::new();
    for event in events {
        let covers = |known: &MergedEvent| {
            let main = &known.main;
            let overlaps = main.hours.start < event.hours.end && event.hours.start < main.hours.end;
            overlaps
                && main.direction == event.direction
                && main.excess * event.excess > 0.0
                && main.excess.abs() >= event.excess.abs() * 0.5
                && (rank(main) == 0 || rank(main) < rank(&event))
                && event.excess.abs() >= main.excess.abs() * EXPLAINS
        };
        if told.iter().any(covers) {
            continue;
        }
        let contributors = contributors(&event, scene);
        let confirmed = scene.history.series[event.series].subject == Subject::Total
            && seasonal_esd::confirms(scene, &event);
        told.push(MergedEvent {
            main: event,
            contributors,
            confirmed,
        });
    }
    told
}

/// Who explains an event of the whole host, by kind, most first. Of a part, its peers and ports are not
/// known hour by hour.
fn contributors(event: &Event, scene: &Scene<'_, '_>) -> Vec<Contributor> {
    if scene.history.series[event.series].subject != Subject::Total {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (number, series) in scene.history.series.iter().enumerate() {
        let moved = total(&series.bytes(event.direction)[event.hours.clone()]);
        if series.subject == Subject::Total
            || (event.excess > 0.0 && 4.0 * moved < event.excess * EXPLAINS)
        {
            continue;
        }
        let baseline = scene.baseline(number, event.direction);
        let excess: f64 = (event.hours.clone())
            .filter_map(|place| {
                let expected = baseline.expected(&scene.history.hours[place]);
                Some(baseline.whole_hour(place)? - expected.map_or(0.0, |usual| usual.middle))
            })
            .sum();
        let share = excess / event.excess;
        if share >= EXPLAINS && share.is_finite() {
            found.push(Contributor {
                subject: series.subject.clone(),
                excess_bytes: excess as i64,
                share,
            });
        }
    }
    found.sort_by(|one, other| {
        let kind = |one: &Contributor| std::mem::discriminant(&one.subject);
        if kind(one) == kind(other) {
            other.share.total_cmp(&one.share)
        } else {
            one.subject.cmp(&other.subject)
        }
    });
    let mut named = Vec::new();
    for same in found.chunk_by(|one, other| {
        std::mem::discriminant(&one.subject) == std::mem::discriminant(&other.subject)
    }) {
        // What some have more than usual, others may have less: the parts of a kind are parts of one whole.
        let all: f64 = same.iter().map(|one| one.share).sum();
        named.extend(same.iter().take(NAMED).map(|one| Contributor {
            share: one.share / all.max(1.0),
            ..one.clone()
        }));
    }
    named
}

impl MergedEvent {
    pub(super) fn finding(&self, scene: &Scene<'_, '_>) -> Finding {
        let event = &self.main;
        let subject = &scene.history.series[event.series].subject;
        let start = scene.history.hours[event.hours.start].start;
        let kind = if event.excess > 0.0 {
            FindingKind::Spike
        } else {
            FindingKind::Drop
        };
        let ratio = (event.observed + 1.0) / (event.expected.middle + 1.0);
        let mut draft = FindingDraft::new(
            kind,
            self.severity(subject),
            subject,
            start..scene.end(&event.hours),
        );
        draft.direction = Some(event.direction);
        draft.method = "modified z against the hours of the week (Iglewicz and Hoaglin)".to_owned();
        draft.observed = Some(event.observed);
        draft.expected = Some(event.expected);
        draft.excess_bytes = Some(event.excess as i64);
        draft.history_days = scene.past_days;
        draft.contributors.clone_from(&self.contributors);
        draft.summary = format!(
            "{} {} {}",
            words::who_first(subject),
            words::done(event.direction),
            bytes(event.observed),
        );
        draft.detail = match event.expected.middle {
            ..1.0 => "nothing is usual in these hours".to_owned(),
            middle => format!("usual for these hours: {}", bytes(middle)),
        };
        let (hours, middle) = (event.unusual, bytes(event.expected.middle));
        let hours = match hours {
            1 => "1 hour is unusual".to_owned(),
            hours => format!("{hours} hours are unusual"),
        };
        draft.reasons.push(match ratio {
            1000.0.. => format!("{hours}."),
            1.0.. => format!("{hours}: {ratio:.1} times the usual {middle}."),
            _ => format!("{hours}: {:.0} % of the usual {middle}.", ratio * 100.0),
        });
        draft.reasons.push(format!(
            "{} to {} are usual at these hours, by {} observed days; the score is {:.1}, the bar {:.1}.",
            bytes(event.expected.low),
            bytes(event.expected.high),
            scene.past_days,
            event.score,
            scene.baseline(event.series, event.direction).bar
        ));
        if event.is_beyond {
            draft.reasons.push(
                "It exceeds every hour on record and the level expected once in four years."
                    .to_owned(),
            );
        }
        if !self.contributors.is_empty() {
            let names: Vec<String> = (self.contributors.iter())
                .map(|one| format!("{} ({:.0} %)", words::who(&one.subject), one.share * 100.0))
                .collect();
            draft
                .reasons
                .push(format!("Explained by {}.", names.join(", ")));
        }
        if self.confirmed {
            draft
                .reasons
                .push("A second method (S-H-ESD) confirms it.".to_owned());
        }
        draft.named(&scene.history.host, start)
    }

    fn severity(&self, subject: &Subject) -> Severity {
        let ratio = (self.main.observed + 1.0) / (self.main.expected.middle + 1.0);
        match (subject, self.confirmed) {
            (Subject::Total, true) if !(0.1..=10.0).contains(&ratio) => Severity::Critical,
            (Subject::Total, _) => Severity::Warning,
            _ if ratio >= 10.0 => Severity::Warning,
            _ => Severity::Info,
        }
    }
}
