//! A log that grows between the runs.

use crate::containers::gzip;
use crate::lab::{Lab, assert_balanced, recording, timeless};

/// Its name and the days its report is of.
const LOGS: [(&str, &str); 4] = [
    ("bandwhich_20201122_0914.log", "20201122"),
    // Three runs of bandwhich.
    ("bandwhich_20201121_0854.log", "20201121"),
    // Mostly idle.
    ("bandwhich_20201122_0919.log", "20201122"),
    // Of a version that prints nothing while idle.
    ("bandwhich_20201121_0902.log", "20201121"),
];

fn single(name: &str, log: &[u8], day: &str) -> serde_json::Value {
    let lab = Lab::new();
    lab.put(name, log);
    assert_eq!(lab.report(&[]).0, 0);
    timeless(lab.written(&format!("report_{day}.json")))
}

#[test]
fn a_log_read_in_pieces_gives_the_report_of_the_whole() {
    for (name, day) in LOGS {
        let log = recording(name);
        let lab = Lab::new();
        // Cut where they cut: within lines, within frames.
        for part in [1, 2, 5, 6] {
            lab.put(name, &log[..log.len() * part / 7]);
            let (code, result) = lab.report(&[]);
            assert_eq!(code, 0, "{name} {part}: {result}");
            assert_balanced(&result);
        }
        lab.put(name, &log);
        assert_eq!(lab.report(&[]).0, 0);
        let report = timeless(lab.written(&format!("report_{day}.json")));
        let whole = single(name, &log, day);
        for (key, value) in whole.as_object().unwrap() {
            assert_eq!(&report[key], value, "{name}: {key}");
        }
        assert_eq!(report, whole, "{name}");
    }
}

#[test]
fn a_compressed_or_renamed_copy_adds_nothing() {
    let (name, day) = LOGS[0];
    let log = recording(name);
    let lab = Lab::new();
    lab.put(name, &log);
    lab.run(&["report"]).done();
    let before = lab.contents("reports");
    lab.put("old/bandwhich_20250101_0000.log", &log);
    lab.put(format!("{name}.gz"), &gzip(&log));
    lab.put("half.log.1", &log[..log.len() / 2]);
    let (code, result) = lab.report(&[]);
    assert_eq!(code, 0, "{result}");
    assert_balanced(&result);
    assert_eq!(result["ingest"]["new"], 0, "{result}");
    assert_eq!(result["ingest"]["known"], 3, "{result}");
    let (code, _) = lab.report(&["--date", "2020-11-22"]);
    assert_eq!(code, 0);
    assert!(lab.contents("reports") == before, "day {day}");
}

#[test]
fn a_log_that_is_compressed_after_it_was_read_stays_counted_once() {
    let (name, day) = LOGS[1];
    let log = recording(name);
    let lab = Lab::new();
    lab.put(name, &log[..log.len() / 2]);
    lab.run(&["report"]).done();
    std::fs::remove_file(lab.logs().join(name)).unwrap();
    lab.put(format!("{name}.gz"), &gzip(&log));
    lab.run(&["report"]).done();
    let report = timeless(lab.written(&format!("report_{day}.json")));
    let mut whole = single(name, &log, day);
    // Only the damaged lines would name the file, and there are none.
    whole["input"]["damaged_samples"] = report["input"]["damaged_samples"].clone();
    assert_eq!(report, whole);
}

#[test]
fn a_log_of_which_only_the_beginning_is_there_is_no_trouble() {
    let log = recording("bandwhich_20201122_0914.log");
    let first = log
        .windows(2)
        .skip(40)
        .position(|bytes| bytes == b"\n\n")
        .unwrap()
        + 40;
    for length in [1, 5, 11, 12, 20, first - 10, first] {
        let lab = Lab::new();
        lab.put("bw.log", &log[..length]);
        lab.run(&["report"]).done();
        lab.run(&["status"]).done();
    }
    let lab = Lab::new();
    lab.put("bw.log", b"hello");
    assert_eq!(lab.run(&["report"]).code, 3);
}
