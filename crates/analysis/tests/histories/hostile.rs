//! Whatever a store or a clock makes of a history: a plain answer, every number finite, no panic.

use analysis::{
    History, Hour, Met, Month, Series, Subject, Talks, Thresholds, anomalies, patterns, trend,
};
use proptest::prelude::*;

fn bytes() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(u64::MAX),
        Just(1_000_000_000),
        0..5_000_000_000u64
    ]
}

/// Hours by a clock that may jump, stand still, or go far away.
fn hours() -> impl Strategy<Value = Vec<Hour>> {
    let steps = prop_oneof![
        8 => Just((3600i64, 1i32)),
        1 => Just((0, 0)),
        1 => (-1_000_000..1_000_000i64, -3..3i32),
        1 => Just((i64::MAX / 4, i32::MAX / 4)),
    ];
    let orderly = (0..1500usize, 0..24usize).prop_map(|(count, first)| {
        let hour = |place: usize| Hour {
            start: 1_700_000_000 / 3600 * 3600 + place as i64 * 3600,
            observed: 3600,
            day: ((place + first) / 24) as i32,
            weekday: ((place + first) / 24 % 7) as u8,
            hour: ((place + first) % 24) as u8,
        };
        (0..count).map(hour).collect::<Vec<_>>()
    });
    let mad =
        prop::collection::vec((steps, any::<u32>(), 0..9u8, 0..30u8), 0..400).prop_map(|steps| {
            let (mut start, mut day) = (0i64, 0i32);
            let mut hours = Vec::new();
            for ((seconds, days), observed, weekday, hour) in steps {
                start = start.saturating_add(seconds);
                day = day.saturating_add(days);
                hours.push(Hour {
                    start,
                    observed,
                    day,
                    weekday,
                    hour,
                });
            }
            hours
        });
    prop_oneof![3 => orderly, 1 => mad]
}

fn history() -> impl Strategy<Value = History> {
    let values = prop::collection::vec(bytes(), 1..60);
    let observed = prop_oneof![
        Just(vec![3600u32]),
        Just(vec![0]),
        prop::collection::vec(0..5000u32, 1..50)
    ];
    let talk = (
        prop::collection::vec((any::<i64>(), bytes()), 0..30),
        0..9000i64,
        any::<u64>(),
    );
    (hours(), values, observed, talk, any::<bool>()).prop_map(
        |(mut hours, values, observed, talk, keep)| {
            for (place, hour) in hours.iter_mut().enumerate() {
                hour.observed = if keep {
                    3600
                } else {
                    observed[place % observed.len()]
                };
            }
            let count = hours.len();
            let cycle = |values: &[u64]| -> Vec<u64> {
                values.iter().copied().cycle().take(count).collect()
            };
            let series = |subject| Series {
                subject,
                up: cycle(&values),
                down: cycle(&values[..1]),
            };
            let first = hours.first().map_or(0, |hour| hour.start);
            let (wild, period, connections) = talk;
            let (starts, bytes): (Vec<i64>, Vec<u64>) = wild.into_iter().unzip();
            let regular: Vec<i64> = (0..200)
                .map(|number| first.saturating_add(number * period))
                .collect();
            let talks = |starts: Vec<i64>, bytes: Vec<u64>| Talks {
                remote: "192.0.2.7".to_owned(),
                port: None,
                protocol: None,
                process: None,
                ends: starts.iter().rev().copied().collect(),
                starts,
                bytes,
                connections,
            };
            History {
                host: "web1".to_owned(),
                series: vec![
                    series(Subject::Total),
                    series(Subject::Process("a".to_owned())),
                    series(Subject::Remote("192.0.2.7".to_owned())),
                    series(Subject::Port("tcp/443".to_owned())),
                ],
                met: vec![Met {
                    subject: Subject::Process("a".to_owned()),
                    first_seen: first,
                    other_hosts: u32::MAX,
                    volumes: Vec::new(),
                }],
                since: Some(first),
                talks: vec![talks(starts, bytes), talks(regular, vec![u64::MAX; 200])],
                hours,
                ..History::default()
            }
        },
    )
}

/// JSON has no word for what is not a number: it becomes null, which no number can be read from.
fn read_back<T: serde::Serialize + serde::de::DeserializeOwned>(report: &T) {
    let text = serde_json::to_string(report).expect("a report is JSON");
    let back = serde_json::from_str::<T>(&text);
    assert!(back.is_ok(), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_gets_a_plain_answer(history in history(), days in 0..9i64, off in 0..4000i64) {
        let last = history.hours.last().map_or(0, |hour| hour.start);
        let end = last.saturating_add(off);
        let judged = end.saturating_sub(days * 86_400)..end;
        let thresholds = Thresholds::default();
        let month = Month {
            start: end.saturating_sub(20 * 86_400),
            end: end.saturating_add(10 * 86_400),
            days: (0..30).map(|day| (day, (day % 7) as u8)).collect(),
        };
        read_back(&anomalies(&history, judged.clone(), &thresholds));
        read_back(&trend(&history, judged.clone(), Some(&month), &thresholds));
        read_back(&patterns(&history, judged, &thresholds));
    }
}

#[test]
fn one_day_of_history_is_not_enough_for_anything_but_beacons() {
    let history = History {
        hours: (0..24u8)
            .map(|hour| Hour {
                start: i64::from(hour) * 3600,
                observed: 3600,
                day: 0,
                weekday: 3,
                hour,
            })
            .collect(),
        series: vec![Series {
            subject: Subject::Total,
            up: vec![u64::MAX; 24],
            down: vec![0; 24],
        }],
        ..History::default()
    };
    let thresholds = Thresholds::default();
    assert!(
        anomalies(&history, 0..86_400, &thresholds)
            .silent_because
            .is_some()
    );
    assert!(
        trend(&history, 0..86_400, None, &thresholds)
            .silent_because
            .is_some()
    );
    let report = patterns(&history, 0..86_400, &thresholds);
    assert_eq!((report.silent_because, report.findings.len()), (None, 0));
}
