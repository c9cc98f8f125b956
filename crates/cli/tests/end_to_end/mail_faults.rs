//! Mail that goes wrong in ways that must harm nothing else: hostile servers, a damaged outbox.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;

use crate::lab::{Lab, assert_valid, recording, schema};
use crate::post_office::PostOffice;
use crate::processes::{long_log, start};

const LOG: &str = "bandwhich_20201122_0843.log";

/// Archives what is old enough, so that it shows whether a run came to its end.
const SETTINGS: &str = "timezone: UTC\narchive: {settle_minutes: 0, clean_old_archives: false}\n";

/// Letters without a name and without encryption.
fn email(port: u16) -> String {
    format!(
        "{SETTINGS}email: {{smtp_server: 127.0.0.1, smtp_port: {port}, use_tls: false, timeout: 5s, \
         from_addr: a@example.org, to_addrs: [b@example.org]}}\n"
    )
}

/// Holds that a run did all but send its letter.
#[track_caller]
fn assert_all_done(lab: &Lab, exit_code: u64) {
    assert!(lab.path("reports/report_20201122.json").exists());
    assert_eq!(
        fs::read_dir(lab.logs()).unwrap().count(),
        0,
        "it is archived"
    );
    let run = &lab.run(&["status", "--json"]).json()["last_run"];
    assert_eq!(run["exit_code"], exit_code, "{run}");
}

#[test]
fn a_server_that_writes_without_end_takes_no_memory_and_holds_nothing_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            while stream.write_all(&[b'2'; 65_536]).is_ok() {}
        }
    });
    let lab = Lab::with(&email(port));
    lab.put(LOG, &recording(LOG));
    for (command, code) in [("report", 3), ("doctor", 3), ("email test", 1)] {
        // Threads and mapped files take addresses that cost no memory; without a bound it took all in seconds.
        let script = format!("ulimit -v 1500000; exec \"$0\" -c settings.yaml {command}");
        let output = lab
            .prepared(Path::new("sh"))
            .env("PATH", "/usr/bin:/bin")
            .args(["-c", &script, env!("CARGO_BIN_EXE_network-monitor")])
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert_eq!(output.status.code(), Some(code), "{command}: {said}");
        assert!(said.contains("a line without end"), "{command}: {said}");
    }
    assert_all_done(&lab, 3);
}

#[test]
fn an_outbox_that_takes_nothing_keeps_neither_report_nor_archive_back() {
    let office = PostOffice::new();
    let counter = office.open("", "");
    let lab = Lab::with(SETTINGS);
    counter.settle_with(&lab, SETTINGS, "allow_plaintext_auth: true");
    fs::create_dir(lab.path("store")).unwrap();
    fs::write(lab.path("store/outbox"), "in the way").unwrap();
    lab.put(LOG, &recording(LOG));
    let ran = lab.run(&["report"]);
    assert_eq!(ran.code, 1, "{}", ran.complained);
    assert!(
        ran.complained.contains("store/outbox"),
        "{}",
        ran.complained
    );
    assert_all_done(&lab, 1);
    fs::remove_file(lab.path("store/outbox")).unwrap();
    // The failure was told without the outbox.
    let before = office.letters().len();
    lab.run(&["report"]).done();
    let letters = office.letters();
    assert_eq!(letters.len(), before + 1, "the letter is not lost");
    let subject = letters[before].header("Subject");
    assert!(subject.contains("lab 22 Nov"), "{subject}");
    lab.run(&["report"]).done();
    assert_eq!(office.letters().len(), before + 1);
}

#[test]
fn an_outbox_that_another_process_holds_keeps_neither_report_nor_archive_back() {
    let office = PostOffice::new();
    let counter = office.open("", "");
    let lab = Lab::with(SETTINGS);
    counter.settle_with(&lab, SETTINGS, "allow_plaintext_auth: true");
    fs::create_dir_all(lab.path("store/outbox")).unwrap();
    let held = files::Lock::acquire(&lab.path("store/outbox/lock"), "now", "email flush").unwrap();
    lab.put(LOG, &recording(LOG));
    let ran = lab.run(&["report"]);
    assert_eq!(ran.code, 3, "{}", ran.complained);
    assert!(ran.complained.contains("email flush"), "{}", ran.complained);
    assert_all_done(&lab, 3);
    drop(held);
    lab.run(&["report"]).done();
    let subject = office.letter().header("Subject");
    assert!(subject.contains("lab 22 Nov"), "{subject}");
    lab.run(&["report"]).done();
    assert_eq!(office.letters().len(), 1);
}

#[test]
fn a_message_that_changed_in_the_outbox_is_named_and_not_sent() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let lab = Lab::with(&email(gone));
    lab.put(LOG, &recording(LOG));
    assert_eq!(lab.run(&["report"]).code, 3);
    let message = lab
        .contents("store/outbox")
        .into_keys()
        .find(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .unwrap();
    let eml = fs::read(&message).unwrap();
    fs::write(&message, &eml[..eml.len() / 2]).unwrap();
    let office = PostOffice::new();
    let counter = office.open("", "");
    counter.settle_with(
        &lab,
        SETTINGS,
        "allow_plaintext_auth: true\nto_addrs: [b@example.org]",
    );
    let ran = lab.run(&["email", "flush"]);
    assert_eq!(ran.code, 3, "{}", ran.said);
    for words in ["store/outbox/damaged/", "has changed since it was written"] {
        assert!(ran.said.contains(words), "{}", ran.said);
    }
    assert!(office.letters().is_empty());
    lab.run(&["report", "--date", "2020-11-22", "--email"])
        .done();
    assert_eq!(office.letters().len(), 1, "written again");
}

#[test]
fn a_password_command_is_ended_with_all_that_it_started() {
    let lab = Lab::new();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let settings = email(port).replace(
        "timeout: 5s,",
        "timeout: 1s, username: ada, password_command: 'echo pw; sleep 4; touch lives',",
    );
    lab.configure(&settings);
    lab.put(LOG, &recording(LOG));
    let begun = std::time::Instant::now();
    assert_eq!(lab.run(&["report"]).code, 3);
    assert!(begun.elapsed().as_secs() < 4, "{:?}", begun.elapsed());
    std::thread::sleep(std::time::Duration::from_secs(5));
    assert!(!lab.path("lives").exists());
}

#[test]
fn a_prefix_cannot_turn_the_direction_of_a_letter() {
    let lab = Lab::with(&email(9).replace(
        "email: {",
        "email: {subject_prefix: \"a\u{202e}b\u{200b}\u{2066}c\", ",
    ));
    lab.put(LOG, &recording(LOG));
    lab.run(&["report", "--no-email"]).done();
    let preview = [
        "email",
        "preview",
        "--date",
        "2020-11-22",
        "--output",
        "letter.eml",
    ];
    lab.run(&preview).done();
    let read = crate::post_office::read(&lab.path("letter.eml"));
    for part in read["parts"].as_array().unwrap() {
        let text = part["text"].as_str().unwrap_or_default();
        let turns = ['\u{202e}', '\u{200b}', '\u{2066}'];
        assert!(!text.contains(turns), "{}", text.escape_debug());
    }
    let subject = crate::post_office::header(&read, "Subject");
    assert!(
        subject.starts_with(r"a\u{202e}b\u{200b}\u{2066}c: lab"),
        "{subject}"
    );
}

/// A report that is killed while it reads.
#[track_caller]
fn killed_report(lab: &Lab) {
    let mut child = start(lab, &["report"]);
    while !lab.path("store/staging").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    }
    let status = lab.run(&["status", "--json"]).json();
    assert!(status["lock"].is_string(), "{status}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_run_that_dies_is_named_everywhere_until_a_later_one_makes_up_for_it() {
    let office = PostOffice::new();
    let counter = office.open("", "");
    let lab = Lab::new();
    let settings = "timezone: UTC\nmetrics: {textfile: out.prom}\n";
    counter.settle_with(&lab, settings, "allow_plaintext_auth: true");
    lab.put("long.log", &long_log());
    killed_report(&lab);
    let schema = schema("status.schema.json");
    let abandoned = || {
        let status = lab.run(&["status", "--json"]);
        assert_valid(&schema, &status.json());
        let runs = status.json()["abandoned_runs"].as_array().unwrap().clone();
        assert_eq!(
            status.code,
            if runs.is_empty() { 0 } else { 3 },
            "{}",
            status.said
        );
        runs
    };
    let runs = abandoned();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["command"], "report");
    assert!(runs[0]["started_unix"].is_i64());
    let words = "did not finish";
    let said = lab.run(&["status"]).said;
    assert!(
        said.contains("Attention the report that began at ") && said.contains(words),
        "{said}"
    );
    let checks = lab.run(&["doctor", "--json"]).json();
    let is_named = |check: &serde_json::Value| {
        check["topic"] == "last run"
            && check["verdict"] == "fault"
            && check.to_string().contains(words)
    };
    assert!(
        checks["checks"].as_array().unwrap().iter().any(is_named),
        "{checks}"
    );

    // The next one dies as well: its letter and its metrics were there before.
    let metrics = || fs::read_to_string(lab.path("out.prom")).unwrap();
    fs::remove_dir_all(lab.path("store/staging")).unwrap();
    killed_report(&lab);
    assert_eq!(abandoned().len(), 2);
    assert!(
        metrics().contains("network_monitor_abandoned_runs 1\n"),
        "{}",
        metrics()
    );
    let letter = office.letter();
    let subject = letter.header("Subject");
    assert!(
        subject.starts_with("lab: a run did not finish ("),
        "{subject}"
    );
    for kind in ["text/plain", "text/html"] {
        let text = letter.text(kind).replace('\n', " ");
        assert!(text.contains("the report that began at"), "{text}");
    }

    // What another command does is no report.
    lab.run(&["ingest"]);
    assert_eq!(abandoned().len(), 2);
    assert_eq!(lab.run(&["report"]).code, 0);
    assert!(abandoned().is_empty());
    assert!(
        metrics().contains("network_monitor_abandoned_runs 0\n"),
        "{}",
        metrics()
    );
    assert_eq!(
        office.letters().len(),
        2,
        "one a day, and that of the report"
    );
}
