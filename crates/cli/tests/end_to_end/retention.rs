//! Days of the history that are past their time.

use std::fs;

use crate::containers::gzip;
use crate::lab::{Lab, recording, totals};

const OLD: &str = "bandwhich_20200328_2359.log";
const NEXT: &str = "bandwhich_20201122_0914.log";

fn days_since(date: &str) -> i64 {
    let date: jiff::civil::Date = date.parse().unwrap();
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    i64::from(today.date().since(date).unwrap().get_days())
}

/// Keeps the later log's day and not the earlier one's.
fn retention() -> String {
    let days = days_since("2020-07-01");
    format!("timezone: UTC\nprocessing: {{max_workers: 1}}\nstore: {{retention_days: {days}}}\n")
}

/// A lab with two days' reports that keeps them for ever so far.
fn reported() -> Lab {
    let lab = Lab::with("timezone: UTC\nprocessing: {max_workers: 1}\n");
    lab.put(OLD, &recording(OLD));
    lab.put(NEXT, &recording(NEXT));
    lab.run(&["report"]).done();
    lab
}

#[test]
fn an_old_day_is_planned_then_dropped_and_stays_away() {
    let lab = reported();
    let reports = lab.contents("reports");
    lab.configure(&retention());
    for command in ["report", "archive"] {
        let ran = lab.run(&[command, "--dry-run"]).done();
        let planned = "would drop    2020-03-28 of lab from the history, ";
        assert!(ran.said.contains(planned), "{}", ran.said);
        assert!(
            !ran.said.contains("would drop    2020-11-22"),
            "{}",
            ran.said
        );
    }
    let (code, result) = lab.report(&[]);
    assert_eq!(code, 0, "{result}");
    let dropped = result["archive"]["dropped"].as_array().unwrap();
    assert_eq!(dropped.len(), 1, "{result}");
    assert_eq!(dropped[0]["day"], "2020-03-28");
    assert_eq!(result["nothing_new"], false);
    for folder in ["traffic", "buckets"] {
        let days = fs::read_dir(lab.path("store").join(folder)).unwrap();
        let days: Vec<_> = days.map(|day| day.unwrap().file_name()).collect();
        assert_eq!(days, ["date=2020-11-22"], "{folder}");
    }
    // The same log under other names, and a catalogue made again.
    lab.put("copy.log.gz", &gzip(&recording(OLD)));
    let (code, result) = lab.report(&[]);
    assert_eq!(
        (code, &result["ingest"]["known"]),
        (0, &1.into()),
        "{result}"
    );
    lab.run(&["store", "rebuild"]).done();
    lab.run(&["store", "check"]).done();
    let (code, result) = lab.report(&[]);
    assert_eq!((code, &result["ingest"]["new"]), (0, &0.into()), "{result}");
    assert_eq!(result["archive"].as_object(), None, "{result}");
    // Its report stays, byte for byte.
    for (path, written) in reports {
        if path.to_string_lossy().contains("20200328") {
            assert_eq!(fs::read(&path).unwrap(), written.0, "{}", path.display());
        }
    }
}

#[test]
fn a_report_of_a_dropped_day_says_so() {
    let lab = reported();
    let whole = totals(&lab.written("report_20201122.json"));
    lab.configure(&retention());
    lab.run(&["report"]).done();
    let ran = lab
        .run(&["report", "--date", "2020-03-28", "--force"])
        .done();
    let said = "2020-03-28..2020-03-28 of lab: the store no longer holds it";
    assert!(ran.said.contains(said), "{}", ran.said);
    let both = ["--date", "2020-03-28..2020-11-22"];
    let (code, result) = lab.report(&both);
    assert_eq!(code, 0, "{result}");
    let report = lab.written("report_20200328-20201122.json");
    assert_eq!(totals(&report), whole);
    let notes = report["notes"].as_array().unwrap();
    assert!(
        notes.iter().any(|note| note["code"] == "days_dropped"),
        "{notes:?}"
    );
}

#[test]
fn a_comparison_takes_a_dropped_day_as_not_observed() {
    let lab = reported();
    // The period of the same length before it begins with the old day.
    let after = ["--date", "2020-07-26..2020-11-22", "--force"];
    lab.report(&after);
    let previous =
        || lab.written("report_20200726-20201122.json")["comparison"]["previous"].clone();
    assert!(previous()["upload_bytes"].is_u64(), "{}", previous());
    lab.configure(&retention());
    lab.run(&["report"]).done();
    lab.report(&after);
    assert_eq!(previous(), serde_json::json!({}));
}

#[test]
fn a_report_that_told_more_is_not_replaced() {
    let lab = reported();
    let both = "2020-03-28..2020-11-22";
    lab.run(&["report", "--date", both]).done();
    let before = lab.contents("reports");
    lab.configure(&retention());
    lab.run(&["report"]).done();
    let ran = lab.run(&["report", "--date", both]).done();
    assert!(ran.said.contains("stays, unless --force"), "{}", ran.said);
    assert!(lab.contents("reports") == before);
}

#[test]
fn a_day_whose_news_no_report_tells_is_kept() {
    let lab = Lab::with(&retention());
    lab.put(OLD, &recording(OLD));
    lab.run(&["ingest"]).done();
    let ran = lab.run(&["archive", "--dry-run"]).done();
    assert!(!ran.said.contains("would drop"), "{}", ran.said);
    lab.run(&["archive"]).done();
    let (code, result) = lab.report(&[]);
    assert_eq!(code, 0, "{result}");
    assert_eq!(result["reports"].as_array().unwrap().len(), 1, "{result}");
    assert_eq!(result["archive"]["dropped"].as_array().unwrap().len(), 1);
}

#[test]
fn days_that_come_back_from_archives_are_dropped_again() {
    let archive = "archive: {settle_minutes: 0, clean_old_archives: false}\n";
    let lab = Lab::with(&format!("{}{archive}", retention()));
    lab.put(OLD, &recording(OLD));
    lab.put(NEXT, &recording(NEXT));
    // The day goes before its log is archived, which it is all the same.
    let (code, result) = lab.report(&[]);
    assert_eq!(
        (code, &result["archive"]["removed"]),
        (0, &2.into()),
        "{result}"
    );
    let (code, result) = lab.report(&[]);
    assert_eq!(code, 0, "{result}");
    let store = lab.path("store");
    lab.run(&["store", "rebuild", "--from-archives"]).done();
    assert!(!store.join("traffic/date=2020-03-28").exists());
    // Only a lost store forgets what it dropped.
    fs::remove_dir_all(&store).unwrap();
    let ran = lab.run(&["store", "rebuild", "--from-archives"]).done();
    assert!(ran.said.contains("are dropped again"), "{}", ran.said);
    assert!(store.join("traffic/date=2020-03-28").exists());
    lab.run(&["report"]).done();
    assert!(!store.join("traffic/date=2020-03-28").exists());
    lab.run(&["archive", "verify"]).done();
}

/// Killed before each of the calls by which a day is dropped.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn dropping_that_is_killed_anywhere_ends_as_undisturbed() {
    use crate::injector::Strike;

    let lab = reported();
    lab.configure(&retention());
    let calls = lab.struck(&["report"], Strike::Count).calls;
    let expected = lab.state();
    assert!(calls > 10, "{calls}");
    for call in (1..=calls).step_by(4) {
        let lab = reported();
        lab.configure(&retention());
        let struck = lab.struck(&["report"], Strike::KillBefore(call));
        assert_eq!(struck.ran.code, 137, "{call}: {struck:?}");
        lab.run(&["report"]).done();
        let found = lab.state();
        assert!(found == expected, "call {call} of {calls}, {}", struck.call);
    }
}
