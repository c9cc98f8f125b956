//! The logs of several machines in one place.

use crate::injector::Strike;
use crate::lab::{Lab, recording, timeless, totals};

const WEB: &str = "bandwhich_20201122_0914.log";
const DATABASE: &str = "bandwhich_20201122_0843.log";

fn fleet() -> Lab {
    let lab = Lab::with("timezone: UTC\ninput: {hosts: directories}\n");
    lab.put(format!("web1/{WEB}"), &recording(WEB));
    lab.put(format!("db:1/{DATABASE}"), &recording(DATABASE));
    lab
}

#[test]
fn each_folder_of_logs_gets_a_folder_of_reports() {
    let lab = fleet();
    let (code, result) = lab.report(&[]);
    assert_eq!(code, 0, "{result}");
    let hosts: Vec<&str> = result["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| report["host"].as_str().unwrap())
        .collect();
    assert_eq!(hosts, ["db:1", "web1"]);
    for (host, folder, log) in [("web1", "web1", WEB), ("db:1", "db%3A1", DATABASE)] {
        let report = lab.written(&format!("{folder}/report_20201122.json"));
        assert_eq!(report["host"], host);
        let alone = Lab::new();
        alone.put(log, &recording(log));
        alone.run(&["report"]).done();
        let alone = timeless(alone.written("report_20201122.json"));
        assert_eq!(totals(&report), totals(&alone));
        assert_eq!(report["top_processes"], alone["top_processes"]);
        assert_eq!(report["connections"], alone["connections"]);
    }
}

#[test]
fn one_machine_can_be_asked_for() {
    let lab = fleet();
    let (code, result) = lab.report(&["--host", "web1"]);
    assert_eq!(code, 0, "{result}");
    assert_eq!(result["reports"].as_array().unwrap().len(), 1, "{result}");
    assert_eq!(result["reports"][0]["host"], "web1");
    assert!(lab.path("reports/web1/report_20201122.json").exists());
    assert!(!lab.path("reports/db%3A1").exists());
    // The other one is still to be told.
    let (_, result) = lab.report(&[]);
    assert_eq!(result["reports"].as_array().unwrap().len(), 1, "{result}");
    assert_eq!(result["reports"][0]["host"], "db:1");
}

#[test]
fn the_same_log_of_two_machines_counts_for_each() {
    let lab = Lab::with("timezone: UTC\ninput: {hosts: directories}\n");
    lab.put(format!("a/{WEB}"), &recording(WEB));
    lab.put(format!("b/{WEB}"), &recording(WEB));
    let (code, result) = lab.report(&[]);
    assert_eq!(code, 0, "{result}");
    let reports = result["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 2, "{result}");
    assert_eq!(totals(&reports[0]), totals(&reports[1]));
}

#[test]
fn a_machine_with_a_wild_name_stays_in_the_folder_of_reports() {
    let lab = Lab::with("timezone: UTC\ninput: {hosts: directories}\n");
    let wild = "\u{1b}[31m\u{202e}<b>";
    lab.put(format!("{wild}/{WEB}"), &recording(WEB));
    let ran = lab.run(&["report"]).done();
    assert!(ran.said.contains("<b>"), "{}", ran.said);
    let folders: Vec<_> = std::fs::read_dir(lab.path("reports"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders.len(), 1);
    assert!(
        folders[0]
            .chars()
            .all(|character| character.is_ascii_graphic())
    );
    lab.run(&["store", "check"]).done();
}

#[test]
fn status_shows_a_machine_with_a_wild_name() {
    let lab = Lab::with("timezone: UTC\ninput: {hosts: directories}\n");
    lab.put(format!("\u{1b}[31m/{WEB}"), &recording(WEB));
    lab.run(&["ingest"]).done();
    lab.run(&["status"]).done();
}

#[test]
fn a_machine_with_a_wild_name_is_escaped_in_json_too() {
    let lab = Lab::with("timezone: UTC\ninput: {hosts: directories}\n");
    lab.put(format!("\u{9b}31m\u{202e}/{WEB}"), &recording(WEB));
    assert_eq!(lab.report(&[]).0, 0);
    lab.run(&["status", "--json"]).done();
}

#[test]
fn asking_for_one_machine_gives_it_no_log_of_another() {
    let lab = fleet();
    lab.put(DATABASE, &recording(DATABASE));
    let (_, result) = lab.report(&["--host", "web1"]);
    let alone = Lab::new();
    alone.put(WEB, &recording(WEB));
    let (_, expected) = alone.report(&[]);
    assert_eq!(
        totals(&result["reports"][0]),
        totals(&expected["reports"][0])
    );
}

/// Logs of so many machines.
fn many(hosts: usize) -> Lab {
    let lab = Lab::with("timezone: UTC\ninput: {hosts: directories}\n");
    for host in 0..hosts {
        lab.put(format!("web{host:02}/{WEB}"), &recording(WEB));
    }
    lab
}

#[test]
fn many_machines_share_the_waiting_for_the_disk() {
    const HOSTS: usize = 20;
    let struck = many(HOSTS).struck(&["report", "--no-archive"], Strike::Count);
    assert_eq!(struck.ran.code, 0, "{:?}", struck.ran);
    // Five files of a report and four of the store, each created, written, synced and renamed. A transaction
    // for each note would be two hundred more.
    let calls = struck.calls / HOSTS;
    assert!(calls <= 90, "{calls} calls for each machine");
}

/// Reports of many machines take their names together, and are noted together.
#[test]
fn a_run_over_many_machines_that_is_killed_is_made_up_for() {
    const HOSTS: usize = 45;
    const POINTS: usize = 6;
    let undisturbed = many(HOSTS);
    let struck = undisturbed.struck(&["report", "--no-archive"], Strike::Count);
    let expected = undisturbed.state();
    for point in 1..=POINTS {
        let lab = many(HOSTS);
        let at = struck.calls * point / (POINTS + 1);
        let killed = lab.struck(&["report", "--no-archive"], Strike::KillBefore(at));
        assert_eq!(killed.ran.code, 137, "{killed:?}");
        for (name, content) in lab.files("reports") {
            let is_whole = name.ends_with(".tmp") || expected.get(&name) == Some(&content);
            assert!(is_whole, "{name} is not whole after call {at}");
        }
        lab.run(&["report", "--no-archive"]).done();
        assert!(lab.state() == expected, "after call {at}, {}", killed.call);
    }
}
