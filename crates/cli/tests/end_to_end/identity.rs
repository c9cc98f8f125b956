//! Whose history and whose reports these are: machines that are renamed, settings files that share a
//! folder, stores that come back from a backup.

use std::fs;
use std::path::Path;

use crate::lab::{Lab, Ran, totals};

const DAY: &str = "report_20201120.json";

/// A log of 100 bytes sent and 1000 received a second.
fn log(first: i64, seconds: i64) -> Vec<u8> {
    let frame = |second: i64| {
        format!(
            "Refreshing:\n\
             process: <{second}> \"curl\" up/down Bps: 100/1000 connections: 1\n\
             connection: <{second}> <eth0>:40000 => 192.0.2.1:443 (tcp) up/down Bps: 100/1000 process: \"curl\"\n\
             remote_address: <{second}> 192.0.2.1 up/down Bps: 100/1000 connections: 1\n\n"
        )
    };
    let start = 1_605_866_400; // 2020-11-20 10:00 UTC
    (start + first..start + first + seconds)
        .map(frame)
        .collect::<String>()
        .into_bytes()
}

/// Runs the program with a line of the settings that names the host, and a store.
fn run(lab: &Lab, (host, store): (&str, &str), arguments: &[&str]) -> Ran {
    let settings = format!(
        "timezone: UTC\n{host}\nemail: {{enabled: false}}\narchive: {{enabled: false}}\n\
         paths: {{log_dir: logs, report_dir: reports, archive_dir: archive, store_dir: {store}}}\n"
    );
    fs::write(lab.path("settings.yaml"), settings).unwrap();
    lab.run(arguments)
}

const OLD: (&str, &str) = ("host: old", "store");
const NEW: (&str, &str) = ("host: new", "store");
const OTHER: (&str, &str) = ("host: old", "other");

fn down(lab: &Lab) -> u64 {
    totals(&lab.written(DAY)).1
}

fn age(path: &Path) {
    let file = fs::File::options().write(true).open(path).unwrap();
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_605_952_800);
    file.set_modified(time).unwrap();
}

#[test]
fn a_new_name_in_the_settings_is_asked_about_and_renames_the_history() {
    let lab = Lab::new();
    lab.put("a.log", &log(0, 60));
    lab.put("b.log", &log(3600, 30));
    run(&lab, OLD, &["report"]).done();
    assert_eq!(down(&lab), 90_000);

    lab.put("b.log", &log(3600, 60));
    for command in ["report", "ingest", "status"] {
        let ran = run(&lab, NEW, &[command]);
        assert_eq!(ran.code, 2, "{command}: {}{}", ran.said, ran.complained);
        assert!(
            ran.complained.contains("store rename-host"),
            "{}",
            ran.complained
        );
    }
    assert_eq!(down(&lab), 90_000, "nothing was overwritten");

    run(&lab, NEW, &["store", "rename-host", "old", "new"]).done();
    run(&lab, NEW, &["report"]).done();
    let report = lab.written(DAY);
    assert_eq!(
        (report["host"].as_str(), down(&lab)),
        (Some("new"), 120_000)
    );
    // The same asked the other way round: a typing error in the settings changes nothing.
    assert_eq!(run(&lab, OLD, &["report"]).code, 2);
    run(&lab, NEW, &["store", "check"]).done();
}

#[test]
fn a_machine_that_is_renamed_keeps_its_history_where_the_settings_name_none() {
    let lab = Lab::new();
    lab.put("a.log", &log(0, 60));
    run(&lab, OLD, &["report"]).done();
    lab.put("a.log", &log(0, 90));
    let ran = run(&lab, ("", "store"), &["report"]).done();
    assert!(
        ran.complained.contains("keeps the name \"old\""),
        "{}",
        ran.complained
    );
    let report = lab.written(DAY);
    assert_eq!((report["host"].as_str(), down(&lab)), (Some("old"), 90_000));
}

#[test]
fn reports_of_another_store_are_not_overwritten() {
    let lab = Lab::new();
    lab.put("a.log", &log(0, 60));
    run(&lab, OLD, &["report"]).done();
    lab.put("a.log", &log(7200, 10));
    for more in [&[][..], &["--force"]] {
        let ran = run(&lab, OTHER, &[&["report"], more].concat());
        assert_eq!(ran.code, 2, "{}{}", ran.said, ran.complained);
        assert!(
            ran.complained.contains("paths.report_dir"),
            "{}",
            ran.complained
        );
    }
    assert_eq!(down(&lab), 60_000);
    // Whose store is gone does not keep others out.
    fs::remove_dir_all(lab.path("store")).unwrap();
    lab.put("b.log", &log(0, 60));
    run(&lab, OTHER, &["report"]).done();
    assert_eq!(down(&lab), 70_000);
}

/// A lab whose store was lost after a report of two logs, of which one log is left.
fn lost_store() -> Lab {
    let lab = Lab::new();
    lab.put("a.log", &log(0, 60));
    lab.put("b.log", &log(7200, 60));
    lab.run(&["report"]).done();
    fs::remove_dir_all(lab.path("store")).unwrap();
    fs::remove_file(lab.logs().join("b.log")).unwrap();
    lab
}

#[test]
fn a_new_store_does_not_replace_a_report_that_holds_more() {
    let lab = lost_store();
    for more in [
        &[][..],
        &[],
        &["--date", "20201120"],
        &["--date", "20201120", "--force"],
    ] {
        let ran = lab.run(&[&["report"], more].concat());
        assert_eq!(ran.code, 3, "{more:?}: {}{}", ran.said, ran.complained);
        for part in [
            "2020-11-20..2020-11-20",
            "132000 bytes",
            "66000 bytes",
            "store rebuild --from-archives",
            DAY,
        ] {
            assert!(ran.said.contains(part), "{part}: {}", ran.said);
        }
        assert_eq!(ran.complained.matches("another store").count(), 1);
        assert_eq!(down(&lab), 120_000, "{more:?}");
    }
    let (code, result) = lab.report(&[]);
    assert_eq!((code, &result["reports"]), (3, &serde_json::json!([])));
    assert_eq!(result["damage"][0]["first_day"], "2020-11-20");
    // Other days are reported, and then the folder is this store's.
    lab.put("c.log", &log(86_400, 10));
    assert_eq!(lab.run(&["report"]).code, 3);
    assert_eq!(totals(&lab.written("report_20201121.json")).1, 10_000);
    assert_eq!(lab.run(&["report"]).code, 3);
    assert_eq!(down(&lab), 120_000);
    // The other log comes back.
    lab.put("b.log", &log(7200, 60));
    lab.run(&["report"]).done();
    assert_eq!(down(&lab), 120_000);
    // What this store has written it replaces, whatever it holds.
    lab.run(&["report", "--force", "--date", "20201120"]).done();
}

#[test]
fn a_report_that_is_moved_away_is_made_of_what_is_left() {
    let lab = lost_store();
    assert_eq!(lab.run(&["report"]).code, 3);
    fs::remove_dir_all(lab.path("reports")).unwrap();
    lab.run(&["report"]).done();
    assert_eq!(down(&lab), 60_000);
    // A summary alone holds the total, too.
    fs::remove_dir_all(lab.path("store")).unwrap();
    fs::remove_file(lab.path("reports").join(DAY)).unwrap();
    lab.put("a.log", &log(0, 30));
    let ran = lab.run(&["report"]);
    assert_eq!(ran.code, 3, "{}{}", ran.said, ran.complained);
}

#[test]
fn a_catalogue_from_a_backup_is_named_and_rebuilt() {
    let lab = Lab::new();
    lab.put("a.log", &log(0, 60));
    lab.run(&["report"]).done();
    let catalog = lab.path("store/catalog.sqlite");
    let backup = fs::read(&catalog).unwrap();
    lab.put("b.log", &log(7200, 60));
    lab.run(&["report"]).done();
    assert_eq!(down(&lab), 120_000);
    fs::write(&catalog, backup).unwrap();
    for (command, code) in [("report", 1), ("ingest", 1), ("status", 1)] {
        let ran = lab.run(&[command]);
        assert_eq!(ran.code, code, "{command}: {}{}", ran.said, ran.complained);
        assert!(
            ran.complained.contains("store rebuild"),
            "{}",
            ran.complained
        );
    }
    let ran = lab.run(&["store", "check"]);
    assert_eq!(ran.code, 3, "{}{}", ran.said, ran.complained);
    assert!(
        ran.said.contains("older than the store's files"),
        "{}",
        ran.said
    );
    assert_eq!(down(&lab), 120_000, "the report stays as it was");
    lab.run(&["store", "rebuild"]).done();
    lab.run(&["report"]).done();
    assert_eq!(down(&lab), 120_000);
}

#[test]
fn a_whole_store_from_a_backup_says_no_less_than_the_archives() {
    let lab = Lab::with("timezone: UTC\narchive: {enabled: true, retention_days: 36500}\n");
    let put = |name: &str, log: &[u8]| {
        lab.put(name, log);
        age(&lab.logs().join(name));
    };
    put("a.log", &log(0, 60));
    lab.run(&["report"]).done();
    let backup = lab.path("backup");
    copy(&lab.path("store"), &backup);
    put("b.log", &log(7200, 60));
    lab.run(&["report"]).done();
    assert_eq!(down(&lab), 120_000);
    fs::remove_dir_all(lab.path("store")).unwrap();
    copy(&backup, &lab.path("store"));

    // A third log of the day comes: the report of it would be too little.
    put("c.log", &log(10_800, 60));
    let ran = lab.run(&["report"]);
    assert_eq!(ran.code, 3, "{}{}", ran.said, ran.complained);
    assert!(
        ran.said.contains("store rebuild --from-archives"),
        "{}",
        ran.said
    );
    assert!(!ran.said.contains("move it away"), "{}", ran.said);
    assert_eq!(down(&lab), 120_000);
    for command in [&["status"][..], &["archive", "verify"]] {
        let ran = lab.run(command);
        assert_eq!(ran.code, 3, "{}{}", ran.said, ran.complained);
        assert!(
            ran.said.contains("store rebuild --from-archives"),
            "{}",
            ran.said
        );
    }
    lab.run(&["store", "rebuild", "--from-archives"]).done();
    lab.run(&["report"]).done();
    assert_eq!(down(&lab), 180_000);
    lab.run(&["status"]).done();
    lab.run(&["archive", "verify"]).done();
}

/// A lab with an archive, whose store was copied to `backup` after its first log.
fn archived(settings: &str) -> Lab {
    let lab = Lab::with(&format!(
        "timezone: UTC\narchive: {{enabled: true, retention_days: 36500{settings}}}\n"
    ));
    lab.put("a.log", &log(0, 30));
    lab.run(&["report", "--no-archive"]).done();
    copy(&lab.path("store"), &lab.path("backup"));
    lab
}

fn bring_back(lab: &Lab) {
    fs::remove_dir_all(lab.path("store")).unwrap();
    copy(&lab.path("backup"), &lab.path("store"));
}

#[test]
fn a_store_from_before_a_log_grew_is_known_to_be_older() {
    let lab = archived("");
    lab.put("a.log", &log(0, 60));
    age(&lab.logs().join("a.log"));
    lab.run(&["report"]).done();
    bring_back(&lab);
    lab.put("n.log", &log(7200, 10));
    for command in [
        &["status"][..],
        &["report"],
        &["report", "--force", "--date", "20201120"],
    ] {
        let ran = lab.run(command);
        assert_eq!(ran.code, 3, "{command:?}: {}{}", ran.said, ran.complained);
        assert!(
            ran.said.contains("store rebuild --from-archives"),
            "{}",
            ran.said
        );
        assert_eq!(down(&lab), 60_000, "{command:?}");
    }
    // A rebuild of the files alone brings nothing back.
    lab.run(&["store", "rebuild"]);
    let ran = lab.run(&["report"]);
    assert_eq!(
        (ran.code, down(&lab)),
        (3, 60_000),
        "{}{}",
        ran.said,
        ran.complained
    );
    lab.run(&["store", "rebuild", "--from-archives"]).done();
    lab.run(&["report"]).done();
    assert_eq!(down(&lab), 70_000);
    lab.run(&["status"]).done();
}

#[test]
fn a_new_name_reaches_the_archives() {
    let lab = archived("");
    age(&lab.logs().join("a.log"));
    lab.run(&["report"]).done();
    assert!(!lab.logs().join("a.log").exists());
    lab.run(&["store", "rename-host", "lab", "new"]).done();
    // Again: there is nothing left to do.
    lab.run(&["store", "rename-host", "lab", "new"]).done();
    let settings = fs::read_to_string(lab.path("settings.yaml")).unwrap();
    fs::write(
        lab.path("settings.yaml"),
        settings.replace("host: lab", "host: new"),
    )
    .unwrap();
    lab.put("b.log", &log(3600, 30));
    age(&lab.logs().join("b.log"));
    lab.run(&["report"]).done();
    assert_eq!(down(&lab), 60_000);
    lab.run(&["archive", "verify"]).done();
    for loses_store in [false, true] {
        if loses_store {
            fs::remove_dir_all(lab.path("store")).unwrap();
        }
        lab.run(&["store", "rebuild", "--from-archives"]).done();
        lab.run(&["report"]).done();
        let report = lab.written(DAY);
        assert_eq!((report["host"].as_str(), down(&lab)), (Some("new"), 60_000));
        let status = lab.run(&["status", "--json"]).done().json();
        assert_eq!(status["store"]["hosts"], serde_json::json!(["new"]));
    }
}

#[test]
fn reports_of_another_host_have_a_folder_of_their_own() {
    let lab = Lab::new();
    lab.put("a.log", &log(0, 30));
    lab.run(&["report"]).done();
    let far = lab.path("far.log");
    fs::write(&far, log(0, 77)).unwrap();
    lab.run(&["ingest", "--host", "web1", "far.log"]).done();
    lab.run(&["report", "--host", "web1"]).done();
    assert_eq!(down(&lab), 30_000);
    let other = lab.written(&format!("web1/{DAY}"));
    assert_eq!(
        (other["host"].as_str(), totals(&other).1),
        (Some("web1"), 77_000)
    );
    // Settings that take the other host for this machine do not get its reports' folder.
    let settings = fs::read_to_string(lab.path("settings.yaml")).unwrap();
    fs::write(
        lab.path("settings.yaml"),
        settings.replace("host: lab", "host: web1"),
    )
    .unwrap();
    let ran = lab.run(&["report", "--date", "20201120", "--force"]);
    assert_eq!(
        (ran.code, down(&lab)),
        (2, 30_000),
        "{}{}",
        ran.said,
        ran.complained
    );
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
