//! The sample logs that ship with the program.

use std::fs;
use std::path::Path;

use crate::containers::{csv, unzip};
use crate::lab::{Lab, aged, assert_balanced, assert_valid, schema, totals};

const DAYS: [&str; 2] = ["20201121", "20201122"];
const COLUMNS: [&str; 7] = [
    "Process name",
    "PID",
    "Upload (bps)",
    "Download (bps)",
    "Local Port",
    "Remote Address",
    "Protocol",
];

fn lab_with_samples() -> Lab {
    let lab = Lab::new();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/logs");
    for entry in fs::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let log = aged(&fs::read(&path).unwrap());
        lab.put(name.replace("_2026", "_2020"), &log);
    }
    lab
}

#[test]
fn sample_logs_become_every_file_of_every_day() {
    let lab = lab_with_samples();
    let (code, result) = lab.report(&[]);
    assert_eq!(code, 0, "{result}");
    assert_eq!(result["nothing_new"], false);
    assert_balanced(&result);
    let mut expected = vec![".network-monitor".to_owned()];
    for day in DAYS {
        for extension in ["csv", "json", "parquet"] {
            expected.push(format!("report_{day}.{extension}"));
        }
        expected.push(format!("reports_{day}.zip"));
        expected.push(format!("summary_{day}.json"));
    }
    expected.sort();
    let found: Vec<String> = lab
        .contents("reports")
        .into_keys()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn what_is_written_of_a_day_agrees_with_itself_and_its_schema() {
    let lab = lab_with_samples();
    let (_, result) = lab.report(&[]);
    let (report_schema, summary_schema) =
        (schema("report.schema.json"), schema("summary.schema.json"));
    for (place, day) in DAYS.iter().enumerate() {
        let report = lab.written(&format!("report_{day}.json"));
        let summary = lab.written(&format!("summary_{day}.json"));
        assert_valid(&report_schema, &report);
        assert_valid(&summary_schema, &summary);
        assert!(totals(&report).0 > 1_000_000 && totals(&report).1 > 1_000_000);
        assert_eq!(totals(&summary), totals(&report));
        assert_eq!(totals(&result["reports"][place]), totals(&report));
        let hours = report["timeline"].as_array().unwrap();
        let of_hours = |key: &str| -> u64 {
            hours
                .iter()
                .map(|hour| hour[key].as_u64().unwrap())
                .sum::<u64>()
        };
        assert_eq!(
            (of_hours("upload_bytes"), of_hours("download_bytes")),
            totals(&report)
        );

        let path = lab.path(format!("reports/report_{day}.csv"));
        let rows = csv(&fs::read_to_string(path).unwrap());
        assert_eq!(rows[0][..7], COLUMNS);
        assert_eq!(rows[0][7..9], ["Upload (bytes)", "Download (bytes)"]);
        assert!(rows.iter().all(|row| row.len() == rows[0].len()));
        assert_eq!(
            rows.len() as u64 - 1,
            report["connections_total"].as_u64().unwrap()
        );
        let sum = |column: usize| -> u64 {
            rows[1..]
                .iter()
                .map(|row| row[column].parse::<u64>().unwrap())
                .sum()
        };
        assert_eq!((sum(7), sum(8)), totals(&report));
    }
}

#[test]
fn the_archive_of_a_day_holds_the_same_bytes() {
    let lab = lab_with_samples();
    lab.run(&["report"]).done();
    for day in DAYS {
        let zip = fs::read(lab.path(format!("reports/reports_{day}.zip"))).unwrap();
        let files = unzip(&zip);
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                format!("report_{day}.json"),
                format!("report_{day}.csv"),
                format!("report_{day}.parquet"),
                format!("summary_{day}.json"),
            ]
        );
        for (name, content) in files {
            let beside = fs::read(lab.path("reports").join(&name)).unwrap();
            assert!(content == beside, "{name}");
        }
    }
}

#[test]
fn a_second_run_changes_nothing_and_says_so() {
    let lab = lab_with_samples();
    lab.run(&["report"]).done();
    let before = lab.contents("reports");
    let again = lab.run(&["report"]).done();
    assert!(
        again
            .said
            .contains("Nothing to do: no log is new or has changed."),
        "{}",
        again.said
    );
    let (code, result) = lab.report(&[]);
    assert_eq!((code, &result["nothing_new"]), (0, &true.into()));
    let asked = lab.run(&["report", "--date", "2020-11-21"]).done();
    assert!(
        asked.said.contains("the reports are up to date"),
        "{}",
        asked.said
    );
    assert!(lab.contents("reports") == before);
}

#[test]
fn a_report_that_is_forced_is_written_anew() {
    let lab = lab_with_samples();
    lab.run(&["report"]).done();
    let before = lab.contents("reports");
    let (code, result) = lab.report(&["--force", "--date", "20201121"]);
    assert_eq!(code, 0);
    let files = result["reports"][0]["files"].as_array().unwrap();
    assert_eq!(files.len(), 5);
    assert!(files.iter().all(|file| file["is_new"] == true), "{result}");
    for (path, (content, modified)) in lab.contents("reports") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let (old_content, old_modified) = &before[&path];
        if !name.contains("20201121") {
            assert_eq!(&modified, old_modified, "{name}");
        } else {
            assert!(&modified > old_modified, "{name}");
        }
        // Of the other files only the time they name has changed.
        if name.ends_with(".csv") || name.ends_with(".parquet") {
            assert!(&content == old_content, "{name}");
        }
    }
}
