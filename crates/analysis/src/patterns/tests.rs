//! What is found of what was made by hand.

use super::*;
use crate::days::HOUR;
use crate::history::{Hour, Talks};
use crate::{FindingKind, Severity, Subject};

const DAY: i64 = 86_400;

fn hours(days: i64) -> Vec<Hour> {
    (0..days * 24)
        .map(|hour| Hour {
            start: hour * HOUR,
            observed: 3600,
            day: (hour / 24) as i32,
            weekday: (hour / 24 % 7) as u8,
            hour: (hour % 24) as u8,
        })
        .collect()
}

fn talks(remote: &str, events: impl Iterator<Item = (i64, u64)>) -> Talks {
    let (starts, bytes): (Vec<i64>, Vec<u64>) = events.unzip();
    Talks {
        remote: remote.to_owned(),
        port: Some(443),
        protocol: Some("tcp".to_owned()),
        process: Some("agent".to_owned()),
        ends: starts.iter().map(|start| start + 4).collect(),
        connections: starts.len() as u64,
        starts,
        bytes,
    }
}

fn history(days: i64, talks: Vec<Talks>) -> History {
    History {
        host: "web1".to_owned(),
        hours: hours(days),
        talks,
        ..History::default()
    }
}

fn judge(history: &History) -> PatternReport {
    let end = history.hours.last().map_or(0, |hour| hour.start + HOUR);
    patterns(history, end - DAY..end, &Thresholds::default())
}

#[test]
fn a_clockwork_is_a_beacon_with_its_period() {
    for period in [6, 60, 600, 3600] {
        let events = (0..DAY / period).map(|number| (number * period + 3, 500));
        let report = judge(&history(1, vec![talks("192.0.2.7", events)]));
        let beacon = &report.beacons[0];
        assert!(beacon.score > 0.99, "{period}: {beacon:?}");
        let found = beacon.period.unwrap();
        assert_eq!((found.seconds, found.jitter), (period as f64, 0.0));
        assert!(found.correlation > 0.95, "{found:?}");
        assert_eq!(report.findings[0].kind, FindingKind::Beacon);
    }
}

#[test]
fn a_beacon_is_the_same_finding_tomorrow() {
    let events = |first: i64| (0..200).map(move |number| (first + number * 400, 500));
    let today = judge(&history(1, vec![talks("192.0.2.7", events(7))]));
    let both = events(7).chain(events(DAY + 90));
    let tomorrow = judge(&history(2, vec![talks("192.0.2.7", both)]));
    assert_eq!(today.findings[0].id, tomorrow.findings[0].id);
    let mut other = talks("192.0.2.7", events(7));
    other.port = Some(80);
    assert_ne!(
        judge(&history(1, vec![other])).findings[0].id,
        today.findings[0].id
    );
}

#[test]
fn a_beacon_to_a_new_peer_is_a_warning() {
    let events = |first: i64| (0..200).map(move |number| (first + number * 400, 500));
    let mut history = history(12, vec![talks("192.0.2.7", events(11 * DAY))]);
    let judge = |history: &History| {
        patterns(history, 11 * DAY..12 * DAY, &Thresholds::default())
            .findings
            .remove(0)
    };
    history.since = Some(0);
    assert_eq!(judge(&history).severity, Severity::Info);
    // It came three days ago, and is as much of a warning as on its first day.
    history.remotes_since = vec![("192.0.2.7".to_owned(), 8 * DAY + 100)];
    let found = judge(&history);
    assert_eq!(
        (found.severity, found.since),
        (Severity::Warning, Some(8 * DAY + 100))
    );
    // In the first days of the history everybody is new.
    history.remotes_since[0].1 = 100;
    assert_eq!(judge(&history).severity, Severity::Info);
}

#[test]
fn a_beacon_of_few_events_is_no_warning() {
    for (events, severity) in [(23, Severity::Info), (24, Severity::Warning)] {
        let events = (0..events).map(|number| (11 * DAY + number * 3_600, 500));
        let mut history = history(12, vec![talks("192.0.2.7", events)]);
        history.since = Some(0);
        history.remotes_since = vec![("192.0.2.7".to_owned(), 11 * DAY)];
        let found = patterns(&history, 11 * DAY..12 * DAY, &Thresholds::default()).findings;
        assert_eq!(found[0].severity, severity);
    }
}

#[test]
fn hours_that_were_not_observed_are_no_missing_events() {
    let gap = 5 * HOUR..9 * HOUR;
    let events = (0..288).map(|number| (number * 300, 500));
    let seen = events.filter(|(start, _)| !gap.contains(start));
    let mut history = history(1, vec![talks("192.0.2.7", seen)]);
    let hours = history.hours.iter_mut();
    hours
        .filter(|hour| gap.contains(&hour.start))
        .for_each(|hour| hour.observed = 0);
    let beacon = &judge(&history).beacons[0];
    assert_eq!((beacon.times.score, beacon.histogram.score), (1.0, 1.0));
    assert_eq!(
        beacon
            .histogram
            .bins
            .iter()
            .filter(|bin| bin.is_none())
            .count(),
        4
    );
}

#[test]
fn connections_every_second_are_a_strobe() {
    let mut strobe = talks("192.0.2.7", std::iter::once((0, 1 << 30)));
    strobe.connections = 86_400;
    let report = judge(&history(1, vec![strobe]));
    assert!(report.beacons[0].is_strobe);
    assert_eq!(report.findings[0].severity, Severity::Warning);
}

#[test]
fn four_events_and_three_intervals_are_the_least() {
    let three = talks("192.0.2.7", (0..3).map(|number| (number * HOUR, 500)));
    let same = talks("192.0.2.8", (0..4).map(|_| (HOUR, 500)));
    let report = judge(&history(1, vec![three, same]));
    assert!(report.beacons.is_empty());
}

#[test]
fn a_backup_at_two_recurs_and_one_on_three_nights_does_not() {
    let nights = |nights: std::ops::Range<i64>| {
        nights.map(|night| {
            (
                night * DAY + 2 * HOUR + night * 60,
                50_000_000 + night as u64,
            )
        })
    };
    let often = talks("192.0.2.7", nights(1..6));
    let rarely = talks("192.0.2.8", nights(0..3));
    let report = judge(&history(7, vec![often, rarely]));
    assert_eq!(report.recurring.len(), 1, "{report:?}");
    let backup = &report.recurring[0];
    assert_eq!((backup.days_met, backup.days_looked), (5, 7));
    assert_eq!(backup.time_of_day, 2 * 3600 + 180);
    assert_eq!(backup.bytes, 50_000_003);
    let finding = report
        .findings
        .iter()
        .find(|one| one.kind == FindingKind::Recurring);
    assert!(
        finding
            .unwrap()
            .message
            .contains("near 02:03; on 5 of 7 days")
    );
}

#[test]
fn two_transfers_with_a_peer_in_one_part_of_the_day_have_ids_of_their_own() {
    let ids = |times: &[i64], nights: std::ops::Range<i64>| {
        let events = nights.flat_map(|night| {
            let at = move |(number, time): (usize, &i64)| {
                (night * DAY + time * 60, 50_000_000 << (2 * number))
            };
            times.iter().enumerate().map(at)
        });
        let report = judge(&history(8, vec![talks("192.0.2.7", events)]));
        let findings = report.findings.into_iter();
        let mut ids: Vec<_> = findings
            .filter(|one| one.kind == FindingKind::Recurring)
            .map(|one| one.id)
            .collect();
        ids.sort_unstable();
        ids
    };
    let (early, late) = (6 * 60 + 56, 8 * 60 + 33);
    for times in [[early, late], [early, early + 20]] {
        let both = ids(&times, 1..7);
        assert_eq!(both.len(), 2);
        assert_ne!(both[0], both[1]);
        // They are the same tomorrow, and neither is named like one that is alone.
        assert_eq!(ids(&times, 1..8), both);
        assert!(!both.contains(&ids(&times[..1], 1..7)[0]));
    }
}

#[test]
fn a_backup_about_midnight_is_met_on_both_sides_of_it() {
    let nights = (1..7).map(|night| (night * DAY + (night % 2) * 600 - 300, 50_000_000));
    let report = judge(&history(7, vec![talks("192.0.2.7", nights)]));
    assert_eq!(report.recurring.len(), 1, "{report:?}");
    assert_eq!(report.recurring[0].days_met, 6);
}

#[test]
fn the_shape_of_a_week_tells_peaks_nights_and_weekends() {
    let mut history = history(14, Vec::new());
    let bytes = |hour: &Hour| match (hour.weekday, hour.hour) {
        (5.., _) => 0,
        (_, 10) => 3_000,
        (_, 23) => 1_000,
        _ => 0,
    };
    let down: Vec<u64> = history.hours.iter().map(bytes).collect();
    history.series.push(crate::Series {
        subject: Subject::Total,
        up: vec![0; down.len()],
        down,
    });
    let shape = &judge(&history).shapes[0];
    assert_eq!(
        (shape.up.len(), shape.down[10], shape.down[5 * 24]),
        (168, Some(3_000.0), Some(0.0))
    );
    assert_eq!(shape.peak_hours[0].hour, 10);
    let is_about = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 1e-6;
    assert!(is_about(shape.night_share, 0.25), "{shape:?}");
    assert!(is_about(shape.weekday_bytes, 4_000.0), "{shape:?}");
    assert!(is_about(shape.weekend_bytes, 0.0), "{shape:?}");
}

#[test]
fn what_was_not_observed_says_so() {
    let mut empty = history(2, Vec::new());
    empty.hours.iter_mut().for_each(|hour| hour.observed = 0);
    let report = judge(&empty);
    assert_eq!(
        report.silent_because.as_deref(),
        Some("nothing was observed")
    );
    assert_eq!(
        judge(&History::default()).silent_because,
        report.silent_because
    );
}
