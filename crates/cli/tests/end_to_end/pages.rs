//! Reports as HTML pages.

use std::fs;

use crate::lab::Lab;

/// 2020-11-21 00:10:00 UTC: the idle refresh before it is of the same day.
const FIRST_DAY: i64 = 1_605_917_400;

/// Thirty seconds of one connection.
fn log(start: i64, process: &str, peer: &str) -> Vec<u8> {
    log_of(30, start, process, peer)
}

fn log_of(seconds: i64, start: i64, process: &str, peer: &str) -> Vec<u8> {
    let mut log = "Refreshing:\n<NO TRAFFIC>\n\n".to_owned();
    for second in start..start + seconds {
        log.push_str(&format!(
            "Refreshing:\n\
             process: <{second}> \"{process}\" up/down Bps: 500/900 connections: 1\n\
             connection: <{second}> <eth0>:40000 => {peer}:443 (tcp) up/down Bps: 500/900 process: \"{process}\"\n\
             remote_address: <{second}> {peer} up/down Bps: 500/900 connections: 1\n\n"
        ));
    }
    log.into_bytes()
}

fn page(lab: &Lab, day: &str) -> String {
    fs::read_to_string(lab.path("reports").join(format!("report_{day}.html"))).unwrap()
}

#[test]
fn a_page_is_written_once_and_left_alone_until_something_changes() {
    let lab = Lab::new();
    lab.put("one.log", &log(FIRST_DAY, "curl", "192.0.2.7"));
    let html = ["report", "--format", "html", "--date", "20201121"];
    assert!(lab.run(&html).done().said.contains("report_20201121.html"));
    let first = lab.contents("reports");
    assert!(page(&lab, "20201121").contains("down, 15.0\u{a0}kB up"));
    assert!(
        lab.run(&html)
            .done()
            .said
            .contains("report_20201121.html (unchanged)")
    );
    assert_eq!(lab.contents("reports"), first);
}

#[test]
fn a_page_tells_names_that_weeks_before_did_not_show() {
    let lab = Lab::new();
    lab.put("two.log", &log(FIRST_DAY + 86_400, "sshd", "192.0.2.8"));
    lab.put("one.log", &log(FIRST_DAY, "curl", "192.0.2.7"));
    lab.run(&["report", "--format", "html"]).done();
    for day in ["20201121", "20201122"] {
        // Against half a minute, everything would be new.
        assert!(!page(&lab, day).contains("id=\"new-"), "{day}");
    }
    lab.put(
        "hour.log",
        &log_of(3600, FIRST_DAY + 60, "curl", "192.0.2.7"),
    );
    lab.run(&["report", "--format", "html", "--date", "20201122"])
        .done();
    let second = page(&lab, "20201122");
    assert!(second.contains("id=\"new-processes\"") && second.contains("id=\"new-peers\""));

    // A log that turns up late tells that the process was known, but not the peer.
    lab.put("late.log", &log(FIRST_DAY + 7200, "sshd", "192.0.2.9"));
    lab.run(&["report", "--format", "html", "--date", "20201122"])
        .done();
    let second = page(&lab, "20201122");
    assert!(!second.contains("id=\"new-processes\"") && second.contains("id=\"new-peers\""));
}

#[test]
fn without_settings_each_day_has_a_page_and_the_folder_an_index() {
    let lab = Lab::with("reports: {}\n");
    lab.put("one.log", &log(FIRST_DAY, "curl", "192.0.2.7"));
    lab.put("two.log", &log(FIRST_DAY + 86_400, "sshd", "192.0.2.8"));
    lab.run(&["report"]).done();
    let index = || fs::read_to_string(lab.path("reports/index.html")).unwrap();
    let rows = |index: &str| index.matches("<th scope=\"row\"><a href=\"report_").count();
    for day in ["20201121", "20201122"] {
        assert!(page(&lab, day).contains("down, 15.0\u{a0}kB up"));
        assert!(index().contains(&format!("<a href=\"report_{day}.html\">")));
    }
    let first = lab.contents("reports");
    lab.run(&["report"]).done();
    assert_eq!(lab.contents("reports"), first);

    // The page of a day that is deleted is gone from the index with the next report.
    fs::remove_file(lab.path("reports/report_20201121.html")).unwrap();
    lab.put("late.log", &log(FIRST_DAY + 90_000, "curl", "192.0.2.7"));
    lab.run(&["report"]).done();
    assert_eq!(rows(&index()), 1);
    lab.run(&["report", "--date", "20201121"]).done();
    assert_eq!(rows(&index()), 2);
}

#[test]
fn the_index_is_no_report_that_grows_old_and_somebodys_own_is_left_alone() {
    let lab = Lab::with("reports: {retention_days: 3}\n");
    lab.put("one.log", &log(FIRST_DAY, "curl", "192.0.2.7"));
    lab.run(&["report"]).done();
    lab.run(&["report"]).done();
    assert!(!lab.path("reports/report_20201121.html").exists());
    let index = fs::read_to_string(lab.path("reports/index.html")).unwrap();
    assert!(index.contains("No reports yet.") && !index.contains("report_20201121.html"));

    fs::write(lab.path("reports/index.html"), "my own page").unwrap();
    lab.put("two.log", &log(FIRST_DAY + 86_400, "curl", "192.0.2.7"));
    lab.run(&["report"]).done();
    let index = fs::read_to_string(lab.path("reports/index.html")).unwrap();
    assert_eq!(index, "my own page");
}
