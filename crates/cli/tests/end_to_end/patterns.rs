//! From a log to what comes back in it: beacons that the generator hides among ordinary traffic, and
//! tells of in its truth.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use analysis::{PatternReport, Thresholds, patterns};
use reporting::history::{self, HistoryRequest};
use reporting::talks;
use serde_json::Value;
use store::Store;

use crate::lab::Lab;

/// Seconds: period, and how far a time is off it at most.
const BEACONS: [(u32, u32); 8] = [
    (60, 0),
    (60, 6),
    (120, 12),
    (300, 30),
    (600, 120),
    (900, 90),
    (1800, 180),
    (3600, 360),
];

/// 2026-03-02T06:00:00Z, and the second after twelve hours.
const HOURS: std::ops::Range<i64> = 1_772_431_200..1_772_474_400;

/// Makes half a day of a host with beacons to peers of their own; gives what is true of it.
fn generate(lab: &Lab) -> Value {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scripts/gen_log.py");
    let truth = lab.path("truth.json");
    let mut python = Command::new("python3");
    python.arg(script).arg("-o");
    python.arg(lab.logs().join("bandwhich_20260302_0600.log"));
    python.arg("--truth").arg(&truth);
    let words = "--date 2026-03-02 --start 06:00 --hours 12 --conns 8 --activity 0.3 --rate 30k \
                 --hosts 60 --ipv6 0 --seed 11";
    python.args(words.split_whitespace());
    for (place, (period, jitter)) in BEACONS.iter().enumerate() {
        let host = 59 - place;
        python.arg("--beacon").arg(format!(
            "proc=agent{place},host={host},period={period},jitter={jitter},up=420,down=900"
        ));
    }
    let made = python.output().unwrap();
    assert!(made.status.success(), "{made:?}");
    serde_json::from_slice(&fs::read(truth).unwrap()).unwrap()
}

fn judge(lab: &Lab) -> (usize, PatternReport) {
    let store = Store::open_to_read(&lab.path("store")).unwrap().unwrap();
    let wanted = HistoryRequest {
        host: "lab",
        judged: HOURS,
        zone: &jiff::tz::TimeZone::UTC,
        loopback: false,
        resolution: 60,
        month: HOURS.start,
    };
    let mut history = history::read(&store, &wanted).unwrap();
    history.talks = talks::read(&store, &wanted, analysis::talks_needed(&HOURS)).unwrap();
    let report = patterns(&history, HOURS, &Thresholds::default());
    (history.talks.len(), report)
}

#[test]
fn beacons_of_a_log_are_found_with_their_periods_and_little_else() {
    let lab = Lab::new();
    let truth = generate(&lab);
    lab.run(&["ingest"]).done();
    let (peers, report) = judge(&lab);
    let mut met = 0;
    for hidden in truth["events"].as_array().unwrap() {
        let (remote, period) = (&hidden["host"], hidden["period"].as_f64().unwrap());
        let found = report.beacons.iter().find(|one| one.remote == *remote);
        let seconds = found.map(|one| one.times.median);
        println!(
            "every {period} s ± {}: {seconds:?}, score {:.2}, {:?}",
            hidden["jitter"],
            found.map_or(0.0, |one| one.score),
            found.and_then(|one| one.period)
        );
        met += usize::from(seconds.is_some_and(|seconds| (seconds / period - 1.0).abs() < 0.1));
    }
    println!(
        "{met} of {} found; {} beacons told of {peers} peers",
        BEACONS.len(),
        report.beacons.len()
    );
    assert_eq!(met, BEACONS.len());
    assert!(report.beacons.len() <= met + 1, "{:?}", report.beacons);
}
