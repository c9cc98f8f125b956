use std::fs;

use super::*;
use crate::Reporter;
use crate::tests::{Lab, NOW, START, day, log};

const ALL: &str = "reports: {format: [json, csv, html, parquet]}\n";

/// Publishes the report of the day at a moment.
fn publish(lab: &Lab, now: i64, force: bool) -> Vec<WrittenFile> {
    let target = Target::of(&lab.settings, "web1", force);
    let mut reporter = Reporter::new(&lab.settings, now);
    let published = reporter.publish(&lab.store, "web1", day(0), &target);
    published.unwrap().files
}

fn names(files: &[WrittenFile], is_new: bool) -> Vec<String> {
    let chosen = files.iter().filter(|file| file.is_new == is_new);
    chosen
        .map(|file| {
            let name = Path::new(&file.path).file_name().unwrap();
            name.to_string_lossy().into_owned()
        })
        .collect()
}

#[test]
fn files_that_do_not_change_stay_byte_for_byte() {
    let mut lab = Lab::new(ALL);
    lab.ingest("web1", &log(START, "curl"));
    let files = publish(&lab, NOW, false);
    let every = [
        "report_20261122.json",
        "report_20261122.csv",
        "report_20261122.html",
        "report_20261122.parquet",
        "summary_20261122.json",
        "reports_20261122.zip",
    ];
    assert_eq!(names(&files, true), every);
    let read = || -> Vec<Vec<u8>> {
        let files = files.iter();
        files.map(|file| fs::read(&file.path).unwrap()).collect()
    };
    let before = read();
    // Only the moment is another, which the files hold.
    let again = publish(&lab, NOW + 60, false);
    assert_eq!(names(&again, false), every);
    assert!(
        again
            .iter()
            .all(|file| file.shown().ends_with(" (unchanged)"))
    );
    assert_eq!(read(), before);
    // A file that somebody changed is written again, and no other but the zip that holds it.
    fs::write(&files[1].path, "spoilt").unwrap();
    let mended = publish(&lab, NOW + 60, false);
    assert_eq!(names(&mended, true), ["report_20261122.csv"]);
    assert_eq!(read(), before);
}

#[test]
fn a_forced_report_is_written_whole() {
    let mut lab = Lab::new(ALL);
    lab.ingest("web1", &log(START, "curl"));
    let files = publish(&lab, NOW, false);
    let before = fs::read(&files[0].path).unwrap();
    let forced = publish(&lab, NOW + 60, true);
    assert_eq!(names(&forced, true).len(), files.len());
    assert_ne!(
        fs::read(&files[0].path).unwrap(),
        before,
        "its moment is new"
    );
}

#[test]
fn what_was_written_is_known_with_its_bytes() {
    let mut lab = Lab::new("");
    lab.ingest("web1", &log(START, "curl"));
    let settings = &lab.settings;
    assert!(!is_written(settings, "web1", &day(0)));
    assert_eq!(written_total(settings, "web1", &day(0)), None);
    publish(&lab, NOW, false);
    assert!(is_written(settings, "web1", &day(0)));
    assert!(!is_written(settings, "web1", &day(1)));
    let report = settings.paths.report_dir.join("report_20261122.json");
    let (path, bytes) = written_total(settings, "web1", &day(0)).unwrap();
    assert_eq!((&path, bytes), (&report, 3_300));
    // The summary says it if the report is gone.
    fs::remove_file(report).unwrap();
    let (path, bytes) = written_total(settings, "web1", &day(0)).unwrap();
    assert_eq!(
        (path.file_name().unwrap(), bytes),
        ("summary_20261122.json".as_ref(), 3_300)
    );
    fs::write(path, "{}").unwrap();
    assert_eq!(written_total(settings, "web1", &day(0)), None);
}

#[test]
fn only_this_machine_has_the_report_folder_itself() {
    let lab = Lab::new("");
    let reports = &lab.settings.paths.report_dir;
    let folder = |settings: &Settings, host: &str| Target::of(settings, host, false).folder;
    assert_eq!(folder(&lab.settings, "web1"), *reports);
    assert_eq!(folder(&lab.settings, "web2"), reports.join("web2"));
    let hostile = folder(&lab.settings, "../web1");
    assert_eq!(hostile.parent(), Some(reports.as_path()));
    let many = Lab::new("input: {hosts: directories}\n");
    let reports = &many.settings.paths.report_dir;
    assert_eq!(folder(&many.settings, "web1"), reports.join("web1"));
}

#[test]
fn a_zip_and_a_summary_are_written_only_if_the_settings_want_them() {
    let reports = "reports: {format: json, include_csv: false, compress_reports: false, generate_summary: false}\n";
    let mut lab = Lab::new(reports);
    lab.ingest("web1", &log(START, "curl"));
    assert_eq!(
        names(&publish(&lab, NOW, false), true),
        ["report_20261122.json"]
    );
    // Nothing half written is left.
    assert_eq!(
        fs::read_dir(&lab.settings.paths.report_dir)
            .unwrap()
            .count(),
        1
    );
}
