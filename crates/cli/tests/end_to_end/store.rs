//! The history on its own: standard input, status, check and rebuild.

use std::fs;
use std::path::Path;

use crate::lab::{Lab, assert_balanced, recording, timeless, totals};

const LOG: &str = "bandwhich_20201122_0914.log";

fn report_of_the_log() -> serde_json::Value {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    lab.run(&["report"]).done();
    timeless(lab.written("report_20201122.json"))
}

#[test]
fn standard_input_is_a_log_like_any_other() {
    let lab = Lab::new();
    let log = recording(LOG);
    let ran = lab.run_with(&["ingest", "-", "--json"], &log).done();
    let ingest = serde_json::json!({ "ingest": ran.json() });
    assert_balanced(&ingest);
    assert_eq!(ingest["ingest"]["bytes_read"], log.len());
    assert_eq!(lab.report(&[]).0, 0);
    let report = timeless(lab.written("report_20201122.json"));
    assert_eq!(report, report_of_the_log());
    // The same log as a file is known already.
    lab.put(LOG, &log);
    let (code, result) = lab.report(&[]);
    assert_eq!((code, &result["nothing_new"]), (0, &true.into()));
}

#[test]
fn named_logs_are_ingested_for_the_machine_they_come_from() {
    let lab = Lab::new();
    fs::write(lab.path("from afar.txt"), recording(LOG)).unwrap();
    lab.run(&["ingest", "from afar.txt", "--host", "far"])
        .done();
    let (code, result) = lab.report(&["--host", "far"]);
    assert_eq!(code, 0, "{result}");
    assert_eq!(totals(&result["reports"][0]), totals(&report_of_the_log()));
    let ran = lab.run(&["ingest", "nowhere.log"]);
    assert_eq!(ran.code, 1);
    assert!(ran.complained.contains("nowhere.log"), "{}", ran.complained);
}

#[test]
fn status_tells_what_is_pending() {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    let status = |lab: &Lab| lab.run(&["status", "--json"]).done().json();
    let first = status(&lab);
    assert_eq!(
        (&first["logs_found"], &first["logs_pending"]),
        (&1.into(), &1.into())
    );
    assert!(first["store"].is_null());
    lab.run(&["ingest"]).done();
    let ingested = status(&lab);
    assert_eq!(ingested["logs_pending"], 0);
    assert_eq!(ingested["store"]["pending_days"], 1);
    lab.run(&["report"]).done();
    let reported = status(&lab);
    assert_eq!(reported["store"]["pending_days"], 0);
    assert_eq!(reported["store"]["hosts"], serde_json::json!(["lab"]));
    lab.run(&["status"]).done();
}

#[test]
fn a_rebuilt_catalogue_gives_the_same_report() {
    let lab = Lab::new();
    for name in [
        LOG,
        "bandwhich_20201122_0843.log",
        "bandwhich_20201121_0854.log",
    ] {
        lab.put(name, &recording(name));
    }
    lab.run(&["report"]).done();
    let before = lab.contents("reports");
    lab.run(&["store", "check"]).done();
    fs::remove_file(lab.path("store/catalog.sqlite")).unwrap();
    lab.run(&["store", "rebuild"]).done();
    lab.run(&["store", "check"]).done();
    let (code, result) = lab.report(&[]);
    assert_eq!(code, 0, "{result}");
    assert_eq!(result["ingest"]["known"], 3, "{result}");
    for day in ["20201121", "20201122"] {
        assert_eq!(lab.report(&["--date", day]).0, 0);
    }
    assert!(lab.contents("reports") == before);
}

#[test]
fn check_finds_what_was_damaged_or_lost() {
    let lab = Lab::with("timezone: UTC\nstore: {compact_after: never}\n");
    lab.put(LOG, &recording(LOG));
    lab.run(&["report"]).done();
    let mut rows = lab.contents("store/traffic").into_iter();
    let (path, (mut bytes, _)) = rows.next().unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(&path, bytes).unwrap();
    let (lost, _) = rows.next().unwrap();
    fs::remove_file(&lost).unwrap();
    let ran = lab.run(&["store", "check"]);
    assert_eq!(ran.code, 3, "{}", ran.said);
    for path in [path, lost] {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(ran.said.contains(name), "{}", ran.said);
    }
}

#[test]
fn days_are_compacted_by_hand_and_by_a_report_and_their_files_are_listed() {
    let lab = Lab::with("timezone: UTC\nstore: {compact_after: never}\n");
    for name in ["bandwhich_20201122_0914.log", "bandwhich_20201122_0919.log"] {
        lab.put(name, &recording(name));
    }
    let (code, before) = lab.report(&[]);
    assert_eq!(code, 0);
    let files = |more: &[&str]| {
        let said = lab.run(&[&["store", "files"], more].concat()).done().said;
        said.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let loose = files(&[]);
    assert!(loose.len() >= 2, "{loose:?}");
    let compacted = lab.run(&["store", "compact", "--json"]).done().json();
    assert_eq!(compacted["days"], 1);
    assert_eq!(compacted["failed"].as_array().unwrap().len(), 0);
    let number = |key: &str| compacted[key].as_u64().unwrap();
    assert!(
        number("written_files") < number("replaced_files"),
        "{compacted}"
    );
    let packed = files(&[]);
    assert_eq!(packed.len(), 1);
    assert!(Path::new(&packed[0]).is_file() && !Path::new(&loose[0]).exists());
    let listed = lab
        .run(&["store", "files", "--table", "buckets", "--json"])
        .done()
        .json();
    assert_eq!(listed[0]["table"], "buckets");
    assert!(listed[0]["rows"].as_u64().unwrap() > 0);
    assert_eq!(
        files(&[
            "--host",
            "lab",
            "--from",
            "2020-11-22",
            "--to",
            "2020-11-22"
        ]),
        packed
    );
    for none in [
        ["--from", "2020-11-23"],
        ["--to", "2020-11-21"],
        ["--host", "other"],
    ] {
        assert_eq!(files(&none), [""; 0], "{none:?}");
    }
    let said = lab.run(&["store", "compact"]).done().said;
    assert_eq!(said, "0 days packed: 0 files in place of 0 files\n");
    // The reports are the same; a run packs what is due by itself.
    let (_, again) = lab.report(&["--force", "--date", "20201122"]);
    assert_eq!(totals(&again["reports"][0]), totals(&before["reports"][0]));
    let other = Lab::new();
    for name in ["bandwhich_20201122_0914.log", "bandwhich_20201122_0919.log"] {
        other.put(name, &recording(name));
    }
    other.report(&[]);
    let said = other.run(&["store", "files"]).done().said;
    assert!(
        said.lines().count() == 1 && said.contains("/packed-"),
        "{said}"
    );
}
