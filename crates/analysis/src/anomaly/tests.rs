//! What is found of what was made by hand.

use super::*;
use crate::history::{DayBytes, DayNames, Hour, Met};
use crate::{FindingId, FindingKind, Series};

/// Days of a history before the one that is judged.
const PAST: usize = 28;

/// Whole days of one process at a shape of the day, a little uneven; the last is judged.
fn history(days: usize) -> History {
    let mut history = History {
        host: "web1".to_owned(),
        since: Some(0),
        ..History::default()
    };
    let mut down = Vec::new();
    for number in 0..days {
        for hour in 0..24u8 {
            history.hours.push(Hour {
                start: (number as i64 * 24 + i64::from(hour)) * 3600,
                observed: 3600,
                day: number as i32,
                weekday: (number % 7) as u8,
                hour,
            });
            let busy = if (8..18).contains(&hour) { 100 } else { 20 };
            down.push(
                busy * 1_000_000 * (100 + (number as u64 * 7 + u64::from(hour) * 3) % 11) / 105,
            );
        }
    }
    let up = down.iter().map(|down| down / 10).collect::<Vec<_>>();
    for subject in [Subject::Total, Subject::Process("nginx".to_owned())] {
        history.series.push(Series {
            subject,
            up: up.clone(),
            down: down.clone(),
        });
    }
    history
}

fn judge(history: &History) -> AnomalyReport {
    let end = history.hours.last().map_or(0, |hour| hour.start + 3600);
    anomalies(history, end - 86_400..end, &Thresholds::default())
}

/// Sets the bytes received in an hour of the judged day, of host and process.
fn set(history: &mut History, hour: usize, bytes: u64) {
    let place = history.hours.len() - 24 + hour;
    for series in &mut history.series {
        series.down[place] = bytes;
    }
}

#[test]
fn the_score_is_the_modified_z_of_iglewicz_and_hoaglin() {
    // 0.6745 (x − median) / MAD, of 1 2 3 4 100: median 3, MAD 1; 100 scores 65.4.
    let values = [1.0, 2.0, 3.0, 4.0, 100.0];
    let scale = crate::robust::sigma(&mut values.to_vec());
    assert!(((100.0 - 3.0) / scale - 0.6745 * 97.0).abs() < 0.01);
    // Where the MAD is 0: (x − median) / (1.253314 × mean absolute deviation).
    let scale = crate::robust::sigma(&mut [7.0, 7.0, 7.0, 7.0, 12.0]);
    assert!((5.0 / scale - 5.0 / 1.253_314).abs() < 1e-5);
}

#[test]
fn an_ordinary_day_has_no_finding_and_a_band() {
    let report = judge(&history(PAST + 1));
    assert_eq!((report.findings.len(), report.history_days), (0, 28));
    let band = report
        .bands
        .iter()
        .find(|band| band.direction == Direction::Down)
        .unwrap();
    assert_eq!(band.hours.len(), 24);
    for hour in &band.hours {
        let (bytes, usual) = (hour.bytes.unwrap(), hour.expected.unwrap());
        assert!(usual.low <= bytes && bytes <= usual.high, "{hour:?}");
    }
}

#[test]
fn a_spike_is_one_finding_with_its_excess_and_who_explains_it() {
    let mut history = history(PAST + 1);
    set(&mut history, 3, 200_000_000);
    set(&mut history, 4, 200_000_000);
    let report = judge(&history);
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    let finding = &report.findings[0];
    assert_eq!(
        (finding.kind, &finding.subject),
        (FindingKind::Spike, &Subject::Total)
    );
    assert_eq!(finding.end - finding.start, 7200);
    let excess = finding.excess_bytes.unwrap() as f64;
    assert!((excess - 360e6).abs() < 20e6, "{excess}");
    assert_eq!(
        finding.contributors[0].subject,
        Subject::Process("nginx".to_owned())
    );
    assert!(finding.contributors[0].share > 0.95);
    assert_eq!(judge(&history).findings[0].id, finding.id);
}

#[test]
fn a_spike_in_an_hour_that_was_not_observed_is_none() {
    let mut history = history(PAST + 1);
    set(&mut history, 3, 200_000_000);
    let place = PAST * 24 + 3;
    history.hours[place].observed = 600;
    assert!(judge(&history).findings.is_empty());
}

#[test]
fn what_is_small_is_not_told() {
    let mut history = history(PAST + 1);
    for series in &mut history.series {
        series
            .up
            .iter_mut()
            .chain(&mut series.down)
            .for_each(|bytes| *bytes /= 10_000);
    }
    set(&mut history, 3, 20_000);
    assert!(judge(&history).findings.is_empty());
}

#[test]
fn a_new_level_is_told_once_on_its_third_day() {
    let mut told = Vec::new();
    for days in 1..=8 {
        let mut history = history(PAST + days);
        for series in &mut history.series {
            series.down[PAST * 24..]
                .iter_mut()
                .for_each(|bytes| *bytes *= 3);
        }
        let report = judge(&history);
        let is_shift = |finding: &&Finding| finding.kind == FindingKind::LevelShift;
        told.extend(report.findings.iter().filter(is_shift).map(|_| days));
    }
    assert_eq!(told, [3]);
}

#[test]
fn a_process_that_stops_is_a_silence() {
    let mut history = history(PAST + 1);
    let place = history.hours.len() - 10;
    let process = &mut history.series[1];
    process.up[place..].fill(0);
    process.down[place..].fill(0);
    let report = judge(&history);
    let silence = report
        .findings
        .iter()
        .find(|finding| finding.kind == FindingKind::Silence);
    let silence = silence.unwrap();
    assert_eq!(silence.subject, Subject::Process("nginx".to_owned()));
    assert_eq!(silence.start, history.hours[place].start);
}

#[test]
fn who_is_met_for_the_first_time_is_told_after_a_week_only() {
    for (past, told) in [(2, 0), (5, 0), (PAST, 1)] {
        let mut history = history(past + 1);
        let day = past * 24;
        let mut bytes = vec![0; history.hours.len()];
        bytes[day + 9] = 50_000_000;
        let subject = Subject::Process("xmrig".to_owned());
        history.series.push(Series {
            subject: subject.clone(),
            up: bytes.clone(),
            down: bytes,
        });
        history.met.push(Met {
            subject: subject.clone(),
            first_seen: history.hours[day + 9].start,
            other_hosts: 0,
            volumes: vec![DayBytes {
                day: past as i32,
                up: 50_000_000,
                down: 50_000_000,
            }],
        });
        let report = judge(&history);
        let met = report
            .findings
            .iter()
            .filter(|finding| finding.kind == FindingKind::FirstSeen);
        assert_eq!(met.count(), told, "{past}: {:?}", report.findings);
        assert_eq!(report.silent_because.is_some(), past < 3);
    }
}

/// The severity of a remote that is sent so many bytes on its first day, by what was sent to names.
fn severity_of_new_remote(sent: u64, names: Vec<DayNames>) -> Option<crate::Severity> {
    let mut history = history(PAST + 1);
    let subject = Subject::Remote("203.0.113.9".to_owned());
    history.met.push(Met {
        subject: subject.clone(),
        first_seen: history.hours[PAST * 24 + 9].start,
        other_hosts: 0,
        volumes: vec![DayBytes {
            day: PAST as i32,
            up: sent,
            down: 0,
        }],
    });
    history.names = names;
    let report = judge(&history);
    let mut found = report.findings.iter();
    found
        .find(|one| one.subject == subject)
        .map(|one| one.severity)
}

#[test]
fn a_new_remote_is_as_severe_as_what_it_is_sent() {
    use crate::Severity::{Critical, Info, Warning};
    let with = |median_remote| {
        vec![DayNames {
            day: PAST as i32,
            median_remote,
            ..DayNames::default()
        }]
    };
    for (megabytes, median, severity) in [
        (9, 0, None),
        (99, 0, Some(Info)),
        (100, 0, Some(Warning)),
        (999, 0, Some(Warning)),
        (1_000, 0, Some(Critical)),
        // Ten times the middle remote, but never more than what is critical.
        (499, 50_000_000, Some(Info)),
        (500, 50_000_000, Some(Warning)),
        (999, 900_000_000, Some(Info)),
        (1_000, 900_000_000, Some(Critical)),
    ] {
        let found = severity_of_new_remote(megabytes * 1_000_000, with(median));
        assert_eq!(found, severity, "{megabytes} MB, {median}");
    }
}

#[test]
fn where_strangers_are_sent_much_every_day_one_more_is_no_warning() {
    let day = |day| DayNames {
        day: day as i32,
        largest_new_remote: 2_000_000_000,
        ..DayNames::default()
    };
    let usual: Vec<DayNames> = (7..PAST).map(day).collect();
    let severity = |bytes| severity_of_new_remote(bytes, usual.clone());
    assert_eq!(severity(3_900_000_000), Some(crate::Severity::Info));
    assert_eq!(severity(4_100_000_000), Some(crate::Severity::Critical));
    // In the first week of the history everybody is new.
    let first = (0..7).map(day).collect();
    assert_eq!(
        severity_of_new_remote(3_900_000_000, first),
        Some(crate::Severity::Critical)
    );
}

#[test]
fn a_new_remote_that_is_sent_much_each_day_is_told_for_a_week() {
    let told = |age: i64| {
        let mut history = history(PAST + 1);
        history.met.push(Met {
            subject: Subject::Remote("203.0.113.9".to_owned()),
            first_seen: history.hours[PAST * 24].start - age * 86_400,
            other_hosts: 0,
            volumes: vec![DayBytes {
                day: PAST as i32,
                up: 500_000_000,
                down: 0,
            }],
        });
        let report = judge(&history);
        report
            .findings
            .first()
            .map(|one| (one.id.clone(), one.since))
    };
    let (id, since) = told(3).unwrap();
    assert_eq!(since, Some((PAST as i64 - 3) * 86_400));
    assert_eq!(
        id,
        FindingId::of(
            FindingKind::FirstSeen,
            "web1",
            &Subject::Remote("203.0.113.9".to_owned()),
            None,
            since.unwrap()
        )
    );
    assert_eq!(told(8), None);
}

#[test]
fn in_the_first_days_only_who_is_sent_very_much_is_told() {
    for (past, bytes, told) in [
        (2, 5_000_000_000, 0),
        (4, 500_000_000, 0),
        (4, 5_000_000_000, 1),
    ] {
        let mut history = history(past + 1);
        history.met.push(Met {
            subject: Subject::Remote("203.0.113.9".to_owned()),
            first_seen: history.hours[past * 24 + 9].start,
            other_hosts: 0,
            volumes: vec![DayBytes {
                day: past as i32,
                up: bytes,
                down: 0,
            }],
        });
        let found = judge(&history).findings;
        let is_warning = |one: &&Finding| one.severity == crate::Severity::Warning;
        assert_eq!(
            found.iter().filter(is_warning).count(),
            told,
            "{past}, {bytes}"
        );
    }
}
