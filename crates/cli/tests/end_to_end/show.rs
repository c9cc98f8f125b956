//! `show`: who moved how much, when and to whom, from the history alone.

use std::fs;

use serde_json::Value;

use crate::lab::{Lab, assert_valid, schema};

/// A second (UTC) of a day of March 2020.
fn second(day: i64, hour: i64) -> i64 {
    1_583_020_800 + (day - 1) * 86_400 + hour * 3600
}

/// Ten refreshes in which a process sends to a remote.
fn talk(start: i64, process: &str, remote: &str, up: u64) -> Vec<u8> {
    let mut log = String::new();
    for at in start..start + 10 {
        log.push_str(&format!(
            "Refreshing:\nprocess: <{at}> \"{process}\" up/down Bps: {up}/10 connections: 1\n\
             connection: <{at}> <eth0>:40000 => {remote}:443 (tcp) up/down Bps: {up}/10 process: \"{process}\"\n\
             remote_address: <{at}> {remote} up/down Bps: {up}/10 connections: 1\n\n"
        ));
    }
    log.into_bytes()
}

/// Two days: rsync talks to a backup on both, and at night to somebody else.
fn lab() -> Lab {
    let lab = Lab::new();
    lab.put("1.log", &talk(second(3, 1), "rsync", "192.0.2.1", 4_000));
    lab.put("2.log", &talk(second(4, 1), "rsync", "192.0.2.1", 4_000));
    lab.put(
        "3.log",
        &talk(second(4, 2), "rsync", "185.220.101.47", 1_980_000),
    );
    lab.put("4.log", &talk(second(4, 9), "curl", "198.51.100.7", 10));
    lab.run(&["report"]).done();
    lab
}

fn show(lab: &Lab, arguments: &[&str]) -> Value {
    let all = [&["show", "--json"], arguments].concat();
    let answer = lab.run(&all).done().json();
    assert_valid(&schema("show.schema.json"), &answer);
    answer
}

#[test]
fn who_sent_what_to_whom_at_night_is_answered_at_once() {
    let lab = lab();
    let arguments = [
        "show",
        "--date",
        "2020-03-04",
        "--process",
        "rsync",
        "--by",
        "remote",
    ];
    let said = lab.run(&arguments).done().said;
    insta::assert_snapshot!("show_remotes_of_a_process", said);
    let answer = show(&lab, &arguments[1..]);
    let line = &answer["tables"][0]["lines"][0];
    assert_eq!(line["remote"], "185.220.101.47");
    assert_eq!(line["upload_bytes"], 19_800_000);
    assert_eq!(line["is_new"], true);
    assert_eq!(line["first_seen"], "2020-03-04T02:00:00+00:00");
}

#[test]
fn without_options_the_last_day_is_drawn_by_the_hour() {
    let said = lab().run(&["show"]).done().said;
    insta::assert_snapshot!("show_a_day", said);
}

#[test]
fn every_breakdown_and_filter_keeps_to_its_schema_and_its_width() {
    let lab = lab();
    for by in [
        "hour",
        "day",
        "month",
        "process",
        "remote",
        "port",
        "host",
        "connection",
    ] {
        let answer = show(&lab, &["--date", "2020-03", "--by", by]);
        assert_eq!(
            answer["upload_bytes"],
            19_800_000 + 2 * 40_000 + 100,
            "{by}"
        );
        let said = lab
            .run(&["show", "--date", "2020-03", "--by", by])
            .done()
            .said;
        for line in said.lines() {
            assert!(line.chars().count() <= 80, "{by}: {line}");
        }
    }
    let sent = |arguments: &[&str]| {
        let all = [&["--date", "..2020-03-04"], arguments].concat();
        let answer = show(&lab, &all);
        assert_eq!(
            answer["first_day"], "2020-03-03",
            "the first day that is recorded"
        );
        answer["upload_bytes"].as_u64().unwrap()
    };
    let arguments = [
        "show",
        "--date",
        "2020-03",
        "--remote",
        "185.220.101.47",
        "--by",
        "day",
    ];
    let said = lab.run(&arguments).done().said;
    assert!(said.ends_with("\n  30 days without any\n"), "{said}");
    assert_eq!(sent(&["--remote", "185.220.0.0/16"]), 19_800_000);
    assert_eq!(sent(&["--port", "tcp/443", "--process", "cur*"]), 100);
    assert_eq!(sent(&["--hour", "22-1"]), 80_000);
    assert_eq!(sent(&["--host", "lab", "--process", "nobody"]), 0);
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    let lab = lab();
    for arguments in [
        &["--port", "http"][..],
        &["--remote", "10.0.0.0/99"],
        &["--hour", "25"],
        &["--date", "someday"],
        &["--by", "colour"],
        &["--top", "0"],
        &["--json", "--csv"],
        &["--host", "nobody"],
    ] {
        let ran = lab.run(&[&["show"], arguments].concat());
        assert_eq!(ran.code, 2, "{arguments:?}: {}{}", ran.said, ran.complained);
    }
    let nothing = Lab::new().run(&["show"]);
    assert_eq!(nothing.code, 1);
    assert!(
        nothing.complained.contains("there is no history yet"),
        "{nothing:?}"
    );
}

#[test]
fn hostile_names_are_harmless_and_can_be_asked_for_as_they_are_shown() {
    let lab = Lab::new();
    let names = [
        "=cmd|' /C calc'!A0",
        "a\u{1b}[2J\u{202e}b",
        "+1",
        "日本語のプロセスの長い長い長い長い長い長い名前",
    ];
    for (number, name) in names.iter().enumerate() {
        let start = second(4, number as i64);
        lab.put(
            format!("{number}.log"),
            &talk(start, name, "192.0.2.1", 100),
        );
    }
    lab.run(&["ingest"]).done();
    let arguments = ["show", "--date", "2020-03-04", "--by", "process"];
    let said = lab.run(&arguments).done().said;
    assert!(said.contains(r"a\u{1b}[2J\u{202e}b"), "{said}");
    let csv = lab.run(&[&arguments[..], &["--csv"]].concat());
    // Its lines end as spreadsheets want it.
    assert_eq!(csv.code, 0);
    assert!(
        csv.said
            .starts_with("Process,New,First seen,Last seen,Download (bytes),Upload (bytes)\r\n")
    );
    for line in csv.said.lines().skip(1) {
        assert!(!line.starts_with(['=', '+', '-', '@']), "{line}");
    }
    assert!(
        csv.said
            .contains(",2020-03-04 00:00:00,2020-03-04 00:00:09,100,1000\r\n"),
        "{}",
        csv.said
    );
    let answer = show(
        &lab,
        &["--date", "2020-03-04", "--process", r"a\u{1b}[2J\u{202e}b"],
    );
    assert_eq!(answer["upload_bytes"], 1_000);
}

#[test]
fn lines_beyond_the_top_are_counted_with_the_option_that_shows_them() {
    let lab = Lab::new();
    let logs = (0..57).map(|number| {
        talk(
            second(4, 0) + 20 * number,
            &format!("p{number:02}"),
            "192.0.2.1",
            100,
        )
    });
    lab.put("all.log", &logs.collect::<Vec<_>>().concat());
    lab.run(&["ingest"]).done();
    let said = lab
        .run(&["show", "--date", "2020-03-04", "--by", "process"])
        .done()
        .said;
    let last = said.lines().last().unwrap();
    assert!(
        last.starts_with("  and 37 more, ") && last.ends_with("(--top 50)"),
        "{said}"
    );
}

/// Whoever may read the folder may look, and nothing in it changes.
#[test]
#[cfg(unix)]
fn a_reader_without_rights_to_write_is_answered() {
    use std::os::unix::fs::PermissionsExt as _;
    let lab = lab();
    let before = lab.contents("store");
    let mode =
        |mode| fs::set_permissions(lab.path("store"), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    let ran = lab.run(&["show", "--date", "2020-03", "--by", "day"]);
    mode(0o755);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.said.contains("2020-03-04 Wed"), "{}", ran.said);
    assert_eq!(
        lab.contents("store").keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
}
