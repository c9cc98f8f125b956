//! Letters through a real server: none is lost, none goes twice, whatever the server does.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::lab::{Lab, Ran, aged};
use crate::post_office::{Counter, PASSWORD, PostOffice, header, read};

/// A machine with the sample log of one day that is over.
fn lab() -> Lab {
    let lab = Lab::new();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/logs");
    for entry in fs::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.contains("20261121") {
            lab.put(
                name.replace("_2026", "_2020"),
                &aged(&fs::read(&path).unwrap()),
            );
        }
    }
    lab
}

/// A server with a lab that sends there.
fn connected(office: &PostOffice, tls: &str, trouble: &str) -> (Lab, Counter) {
    let lab = lab();
    let counter = office.open(tls, trouble);
    counter.settle(&lab, "");
    (lab, counter)
}

/// Reports; holds the code, and that nobody sees the password.
#[track_caller]
fn report(lab: &Lab, code: i32) -> Ran {
    let ran = lab.run(&["report"]);
    assert_eq!(ran.code, code, "{}{}", ran.said, ran.complained);
    for text in [&ran.said, &ran.complained] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    ran
}

/// Letters that wait, by `status`.
#[track_caller]
fn outbox(lab: &Lab) -> Vec<Value> {
    let status = lab.run(&["status", "--json"]).json();
    status["outbox"].as_array().unwrap().clone()
}

/// Holds that the next run delivers what waits, once, to those who wait for it.
#[track_caller]
fn delivers_next(lab: &Lab, office: &PostOffice, to: &[&str]) {
    let counter = office.open("starttls", "");
    counter.settle(lab, "");
    let before = office.letters().len();
    report(lab, 0);
    let letters = office.letters();
    assert_eq!(letters.len(), before + 1);
    assert_eq!(letters[before].envelope["to"], serde_json::json!(to));
    assert!(outbox(lab).is_empty());
    report(lab, 0);
    lab.run(&["email", "flush"]).done();
    assert_eq!(office.letters().len(), before + 1, "none goes twice");
}

/// A log of nine seconds.
fn steady(first: u64) -> String {
    let blocks = (first..first + 9).map(|second| {
        format!(
            "Refreshing:\nprocess: <{second}> \"a\" up/down Bps: 1/2 connections: 1\n\
             connection: <{second}> <eth0>:1 => 192.0.2.1:443 (tcp) up/down Bps: 1/2 process: \"a\"\n\
             remote_address: <{second}> 192.0.2.1 up/down Bps: 1/2 connections: 1\n\n"
        )
    });
    blocks.collect()
}

const BOTH: &[&str] = &["ada@example.org", "bob@example.org"];

#[test]
fn a_report_leaves_one_letter_that_reads_well_part_by_part() {
    let office = PostOffice::new();
    let lab = lab();
    let counter = office.open("starttls", "");
    counter.settle(&lab, "attachments: [json]");
    let ran = report(&lab, 0);
    assert!(ran.said.contains("Mailed: lab 21 Nov: "), "{}", ran.said);
    let letter = office.letter();
    assert_eq!(letter.envelope["to"], serde_json::json!(BOTH));
    assert_eq!(letter.envelope["tls"], true);
    assert_eq!(letter.header("From"), "reports@example.org");
    assert_eq!(
        letter.header("To"),
        "Ada <ada@example.org>, bob@example.org"
    );
    assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
    let subject = letter.header("Subject");
    assert!(
        subject.contains(" problems, ") && subject.contains(" down, "),
        "{subject}"
    );
    let kinds: Vec<&str> = letter.read["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| {
            assert_eq!(part["defects"], serde_json::json!([]), "{part}");
            part["type"].as_str().unwrap()
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "application/json"
        ]
    );
    let json = fs::metadata(lab.path("reports/report_20201121.json"))
        .unwrap()
        .len();
    let attached = letter.part("application/json");
    assert_eq!(
        (&attached["name"], &attached["bytes"]),
        (&"report_20201121.json".into(), &json.into())
    );
    let (text, html) = (letter.text("text/plain"), letter.text("text/html"));
    assert!(html.contains("&#9632;</span> received") && html.len() < 90_000);
    assert!(
        !html.contains("<script") && !html.contains("http"),
        "nothing is fetched"
    );
    let day = lab.written("report_20201121.json");
    let busiest = day["top_processes"][0]["name"].as_str().unwrap();
    for (body, gap) in [(text, "\nProblems"), (html, "Nothing was observed for")] {
        assert!(
            body.contains(busiest) && body.contains("report_20201121.json"),
            "{body}"
        );
        assert!(!body.contains("/reports/"), "{body}");
        assert!(body.contains(gap) && !body.contains("damaged"), "{body}");
    }
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest.unwrap() <= 72, "{text}");

    report(&lab, 0);
    lab.run(&["report", "--date", "2020-11-21", "--email"])
        .done();
    assert_eq!(office.letters().len(), 1, "none goes twice");
    for more in ["--no-email", "--json"] {
        lab.run(&["report", "--date", "2020-11-21", "--force", more])
            .done();
        assert_eq!(
            office.letters().len(),
            1,
            "none goes unless it is asked for"
        );
    }
    lab.run(&["report", "--date", "2020-11-21", "--force", "--email"])
        .done();
    let letters = office.letters();
    assert_eq!(letters.len(), 2);
    assert_ne!(
        letters[0].header("Message-ID"),
        letters[1].header("Message-ID")
    );
}

#[test]
fn letters_go_by_tls_from_the_first_byte_and_without_any() {
    for tls in ["tls", ""] {
        let office = PostOffice::new();
        let lab = lab();
        let counter = office.open(tls, "");
        counter.settle(&lab, "");
        if tls.is_empty() {
            let ran = report(&lab, 3);
            assert!(
                ran.complained.contains("readable by anybody"),
                "{}",
                ran.complained
            );
            assert!(office.letters().is_empty());
            counter.settle(&lab, "allow_plaintext_auth: true");
        }
        report(&lab, 0);
        let letter = office.letter();
        assert_eq!(letter.envelope["tls"], tls == "tls");
        assert_eq!(letter.envelope["login"], true);
    }
}

#[test]
fn a_wrong_password_keeps_the_letter() {
    let office = PostOffice::new();
    let (lab, counter) = connected(&office, "starttls", "");
    lab.put_secret("wrong", "hunter2 wrong");
    counter.settle(&lab, "password_file: wrong");
    let ran = report(&lab, 3);
    assert!(
        ran.complained.contains("log in: the server says 535"),
        "{}",
        ran.complained
    );
    let echoing = office.open("starttls", "echo");
    echoing.settle(&lab, "");
    let ran = lab.run(&["email", "test"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.complained.contains("AUTH PLAIN ********"),
        "{}",
        ran.complained
    );
    delivers_next(&lab, &office, BOTH);
}

#[test]
fn a_certificate_that_proves_nothing_keeps_the_letter() {
    let office = PostOffice::new();
    let lab = lab();
    for (tls, more, reason) in [
        (
            "starttls",
            "ca_file:",
            "is not signed by an authority that this machine trusts",
        ),
        ("tls/wrong-name", "", "is not for the name localhost"),
        ("starttls/expired", "", "has expired"),
    ] {
        let counter = office.open(tls, "");
        counter.settle(&lab, more);
        let ran = lab.run(&["report"]);
        let flushed = lab.run(&["email", "flush"]);
        assert_eq!((ran.code, flushed.code), (3, 3), "{}", ran.complained);
        assert!(
            flushed.complained.contains(reason),
            "{}",
            flushed.complained
        );
        assert_eq!(outbox(&lab).len(), 1);
    }
    assert!(office.letters().is_empty());
    let counter = office.open("starttls", "");
    counter.settle(&lab, "");
    lab.run(&["email", "flush"]).done();
    assert_eq!(office.letters().len(), 1);
}

#[test]
fn a_server_without_starttls_gets_neither_letter_nor_password() {
    let office = PostOffice::new();
    let lab = lab();
    office.open("", "").settle(&lab, "use_tls: true");
    let counter = office.open("", "");
    counter.settle(&lab, "use_tls: true\nallow_plaintext_auth: true");
    let ran = report(&lab, 3);
    assert!(
        ran.complained.contains("the server offers no STARTTLS"),
        "{}",
        ran.complained
    );
    assert!(office.letters().is_empty());
    delivers_next(&lab, &office, BOTH);
}

#[test]
fn who_asks_for_patience_gets_the_letter_on_the_next_run() {
    for (trouble, reason) in [
        ("busy", "421 4.3.2 come back later"),
        ("later", "451 4.7.1 greylisted"),
        ("later-data", "451 4.3.0 try again"),
        ("cut-data", "the server hung up"),
    ] {
        let office = PostOffice::new();
        let (lab, _counter) = connected(&office, "starttls", trouble);
        let ran = report(&lab, 3);
        assert!(ran.said.contains(reason), "{trouble}: {}", ran.said);
        let waiting = outbox(&lab);
        assert_eq!(waiting.len(), 1, "{waiting:?}");
        assert_eq!(waiting[0]["attempts"], 1);
        delivers_next(&lab, &office, BOTH);
    }
}

#[test]
fn pauses_grow_and_a_flush_does_not_wait_for_them() {
    let office = PostOffice::new();
    let (lab, _counter) = connected(&office, "", "busy");
    _counter.settle(&lab, "allow_plaintext_auth: true");
    let mut pauses = Vec::new();
    for command in [
        ["report"].as_slice(),
        &["report"],
        &["email", "flush"],
        &["email", "flush"],
    ] {
        assert_eq!(lab.run(command).code, 3);
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        pauses.push(
            outbox(&lab)[0]["next_attempt_unix"]
                .as_u64()
                .unwrap()
                .saturating_sub(now),
        );
    }
    assert!(pauses.is_sorted() && pauses[3] > pauses[1], "{pauses:?}");
    let attempts = outbox(&lab)[0]["attempts"].clone();
    assert_eq!(attempts, 4);
    assert_eq!(lab.run(&["report"]).code, 3, "a letter waits");
    assert_eq!(
        outbox(&lab)[0]["attempts"],
        attempts,
        "and its pause is not over"
    );
    let shown = lab.run(&["status", "-v"]);
    assert_eq!(shown.code, 3, "a letter waits");
    let shown = shown.said;
    assert!(shown.contains("4 attempts, the next at 20"), "{shown}");
}

#[test]
fn one_recipient_refused_keeps_nobody_else_waiting() {
    let office = PostOffice::new();
    let (lab, _counter) = connected(&office, "starttls", "refuse:bob@example.org");
    let ran = report(&lab, 3);
    assert!(
        ran.said.contains("Attention: bob@example.org refused"),
        "{}",
        ran.said
    );
    assert!(
        ran.said.contains("550 5.1.1 nobody of that name"),
        "{}",
        ran.said
    );
    assert_eq!(
        office.letter().envelope["to"],
        serde_json::json!(["ada@example.org"])
    );
    report(&lab, 0);
    lab.run(&["email", "flush"]).done();
    assert_eq!(office.letters().len(), 1, "a refusal is final");
}

#[test]
fn a_letter_that_is_refused_is_said_and_not_sent_again() {
    let office = PostOffice::new();
    let (lab, _counter) = connected(&office, "starttls", "refuse-letter");
    let ran = report(&lab, 3);
    assert!(ran.said.contains("554 5.6.0 not here"), "{}", ran.said);
    assert!(outbox(&lab).is_empty());
    report(&lab, 0);
    assert!(office.letters().is_empty());
}

#[test]
fn a_server_that_never_answers_holds_nothing_up() {
    for trouble in ["silent", "drip"] {
        let office = PostOffice::new();
        let lab = lab();
        let counter = office.open("", trouble);
        counter.settle(&lab, "timeout: 1s\nallow_plaintext_auth: true");
        let ran = report(&lab, 3);
        assert!(
            ran.complained.contains("no answer within 1 s"),
            "{}",
            ran.complained
        );
        assert!(lab.path("reports/report_20201121.json").exists());
        delivers_next(&lab, &office, BOTH);
    }
}

#[test]
fn a_damaged_record_is_set_aside_and_the_rest_goes_on() {
    let office = PostOffice::new();
    let (lab, _counter) = connected(&office, "starttls", "");
    let folder = lab.path("store/outbox");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("0123456789abcdef.json"), "{").unwrap();
    let ran = report(&lab, 3);
    assert!(
        ran.said
            .contains("damaged/0123456789abcdef.json: the record of a letter is damaged"),
        "{}",
        ran.said
    );
    assert!(lab.path("reports/report_20201121.json").exists());
    assert_eq!(office.letters().len(), 1);
    report(&lab, 0);
}

#[test]
fn a_crash_before_the_record_sends_the_same_letter_again() {
    let office = PostOffice::new();
    let (lab, counter) = connected(&office, "", "hang-accepted");
    counter.settle(&lab, "allow_plaintext_auth: true");
    let mut run = Command::new(env!("CARGO_BIN_EXE_network-monitor"))
        .current_dir(lab.path(""))
        .env_clear()
        .args(["-c", "settings.yaml", "report"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while office.letters().is_empty() {
        assert!(Instant::now() < patience, "no letter came");
        sleep(Duration::from_millis(50));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(outbox(&lab).len(), 1);
    let counter = office.open("starttls", "");
    counter.settle(&lab, "");
    report(&lab, 0);
    report(&lab, 0);
    let letters = office.letters();
    assert_eq!(letters.len(), 3);
    // The other two leave the outbox in the order of their names there.
    let (same, other): (Vec<_>, Vec<_>) =
        (letters[1..].iter()).partition(|letter| letter.eml == letters[0].eml);
    assert_eq!(same.len(), 1, "its Message-ID with it");
    let subject = other[0].header("Subject");
    assert!(
        subject.starts_with("lab: a run did not finish ("),
        "{subject}"
    );
}

#[test]
fn a_connection_cut_before_the_answer_sends_the_same_letter_again() {
    let office = PostOffice::new();
    let (lab, _counter) = connected(&office, "starttls", "cut-accepted");
    report(&lab, 3);
    delivers_next(&lab, &office, BOTH);
    let letters = office.letters();
    assert_eq!(letters.len(), 2);
    assert!(letters[0].eml == letters[1].eml, "its Message-ID with it");
}

#[test]
fn letters_wait_where_there_is_no_server_and_blind_copies_stay_blind() {
    let office = PostOffice::new();
    let lab = lab();
    let gone = office.open("starttls", "");
    gone.settle(
        &lab,
        "cc_addrs: [cy@example.org]\nbcc_addrs: [dan@example.org, BOB@example.org]",
    );
    drop(gone);
    let ran = report(&lab, 3);
    assert!(
        ran.complained.contains("connect: connection refused"),
        "{}",
        ran.complained
    );
    let all = [
        "ada@example.org",
        "bob@example.org",
        "cy@example.org",
        "dan@example.org",
    ];
    assert_eq!(outbox(&lab)[0]["recipients"], serde_json::json!(all));
    delivers_next(&lab, &office, &all);
    let letter = office.letter();
    assert_eq!(letter.header("Cc"), "cy@example.org");
    assert!(!String::from_utf8_lossy(&letter.eml).contains("dan@"));
}

#[test]
fn a_catalogue_made_anew_sends_no_letter_anew() {
    let office = PostOffice::new();
    let (lab, _counter) = connected(&office, "starttls", "");
    report(&lab, 0);
    lab.run(&["store", "rebuild"]).done();
    lab.run(&["report", "--force", "--no-email"]).done();
    report(&lab, 0);
    assert_eq!(office.letters().len(), 1);
}

#[test]
fn a_day_that_is_not_over_is_mailed_only_when_asked_for() {
    let office = PostOffice::new();
    let lab = Lab::new();
    let counter = office.open("starttls", "");
    counter.settle(&lab, "");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    lab.put("bandwhich_today.log", steady(now - 9).as_bytes());
    report(&lab, 0);
    assert!(office.letters().is_empty());
    lab.run(&["report", "--date", "today"]).done();
    assert!(office.letters().is_empty());
    lab.run(&["report", "--date", "today", "--email"]).done();
    assert!(office.letter().header("Subject").contains(", so far: "));
}

#[test]
fn a_day_that_somebody_reports_by_hand_is_mailed_by_the_next_run() {
    let office = PostOffice::new();
    let (lab, _counter) = connected(&office, "starttls", "");
    let planned = lab.run(&["report", "--dry-run"]).done().said;
    let to = "would mail    the days of the logs to be read that are over to ada@example.org, bob@example.org";
    assert!(planned.contains(to), "{planned}");
    lab.run(&["report", "--date", "2020-11-21"]).done();
    assert!(office.letters().is_empty());
    let planned = lab.run(&["report", "--dry-run"]).done().said;
    let to = "would mail    2020-11-21 of lab to ada@example.org, bob@example.org\n";
    assert!(planned.contains(to), "{planned}");
    let planned = lab
        .run(&["report", "--dry-run", "--date", "2020-11-21"])
        .done()
        .said;
    assert!(!planned.contains("would mail"), "{planned}");
    report(&lab, 0);
    assert_eq!(office.letters().len(), 1);
    report(&lab, 0);
    assert_eq!(office.letters().len(), 1);
}

#[test]
fn letters_come_when_the_settings_want_them() {
    for (when, expected) in [("always", 1), ("problems", 1), ("weekly", 0)] {
        let office = PostOffice::new();
        let lab = lab();
        let counter = office.open("starttls", "");
        counter.settle(&lab, &format!("when: {when}"));
        report(&lab, 0);
        report(&lab, 0);
        assert_eq!(office.letters().len(), expected, "{when}");
    }
    // A quiet day, and the digest of a week.
    let today = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() / 86_400 * 86_400;
    let days_since_monday = (today / 86_400 + 3) % 7;
    let sunday = today - (days_since_monday + 1) * 86_400;
    for (when, expected) in [("problems", 1), ("weekly", 1)] {
        let office = PostOffice::new();
        let lab = Lab::new();
        let counter = office.open("starttls", "");
        counter.settle(&lab, &format!("when: {when}"));
        lab.put("bandwhich_week.log", steady(sunday + 60).as_bytes());
        report(&lab, 0);
        report(&lab, 0);
        let mut letters = office.letters();
        letters.retain(|letter| !letter.header("Subject").contains("nothing is logged"));
        assert_eq!(letters.len(), expected, "{when}");
        let text = letters[0].text("text/plain");
        assert_eq!(text.contains("\nDay by day "), when == "weekly", "{text}");
    }
}

#[test]
fn a_host_that_falls_silent_is_told_once() {
    let office = PostOffice::new();
    let lab = Lab::new();
    let counter = office.open("starttls", "");
    counter.settle(&lab, "");
    let day = 86_400;
    let today = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() / day * day;
    lab.put("bandwhich_old.log", steady(today - 3 * day + 60).as_bytes());
    report(&lab, 0);
    let letter = office.letter();
    assert!(
        letter
            .text("text/plain")
            .contains("The log stopped at 00:01:09 on ")
    );
    report(&lab, 0);
    report(&lab, 0);
    let letters = office.letters();
    assert_eq!(letters.len(), 2, "{letters:?}");
    assert!(
        letters[1]
            .header("Subject")
            .starts_with("lab: nothing is logged any more (")
    );
}

#[test]
fn a_run_that_fails_says_so_once_a_day() {
    let office = PostOffice::new();
    let (lab, _counter) = connected(&office, "starttls", "");
    fs::write(lab.path("reports"), "in the way").unwrap();
    report(&lab, 1);
    report(&lab, 1);
    let letter = office.letter();
    assert!(
        letter
            .header("Subject")
            .starts_with("lab: the run failed (")
    );
    for kind in ["text/plain", "text/html"] {
        let text = letter.text(kind);
        assert!(
            text.contains("cannot create the folder") && text.contains("reports"),
            "{text}"
        );
    }
    fs::remove_file(lab.path("reports")).unwrap();
    report(&lab, 0);
    assert_eq!(
        office.letters().len(),
        2,
        "the report's own letter is not lost"
    );
}

#[test]
fn a_broken_template_is_named_and_the_letter_goes() {
    let office = PostOffice::new();
    let (lab, _counter) = connected(&office, "starttls", "");
    fs::create_dir(lab.path("email_templates")).unwrap();
    let old = "{{ date_str }} {{ '%.1f'|format(total_download_mb) }} {{ unique_remotes }}\n\
               {% for p in top_processes %}{{ p.process_name }} {{ p.total_mb }}\n{% endfor %}\
               {% for r in top_remotes %}{{ r.access_count }} {{ r.common_protocol }}\n{% endfor %}\
               {% for h in hourly_distribution %}{{ h.hour }} {{ h.connections }}\n{% endfor %}\
               {% for a in alerts %}{{ a.type }}: {{ a.message }}{% endfor %}";
    fs::write(lab.path("email_templates/daily_report.txt"), old).unwrap();
    fs::write(
        lab.path("email_templates/daily_report.html"),
        "\n\n{% if %}",
    )
    .unwrap();
    let ran = report(&lab, 3);
    assert!(
        ran.said
            .contains("email_templates/daily_report.html:3: syntax error"),
        "{}",
        ran.said
    );
    let letter = office.letter();
    assert!(
        letter.text("text/html").contains("Top processes"),
        "the built-in one"
    );
    let text = letter.text("text/plain");
    let day = lab.written("report_20201121.json");
    assert!(
        text.starts_with("2020-11-21 ") && text.contains("tcp") && text.contains("gap: "),
        "{text}"
    );
    assert!(
        text.contains(day["top_processes"][0]["name"].as_str().unwrap()),
        "{text}"
    );
}

#[test]
fn what_is_too_large_is_named() {
    let office = PostOffice::new();
    let lab = Lab::new();
    let counter = office.open("starttls", "");
    counter.settle_with(
        &lab,
        "timezone: UTC\nreports: {compress_reports: false, max_connections: 10}\n",
        "max_attachment_mb: 1\nattachments: [csv, json]",
    );
    let mut log = String::new();
    for second in 1_606_000_000..1_606_000_006 {
        log += "Refreshing:\n";
        for port in 10_000..22_000 {
            log += &format!(
                "connection: <{second}> <eth0>:{port} => 2001:db8::1:443 (tcp) \
                 up/down Bps: 900/800 process: \"a\"\n"
            );
        }
        log.push('\n');
    }
    lab.put("bandwhich_20201121_2306.log", log.as_bytes());
    report(&lab, 0);
    let letter = office.letter();
    let files: Vec<&str> = letter.read["parts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|part| part["inline"] == false)
        .filter_map(|part| part["name"].as_str())
        .collect();
    assert_eq!(files, ["report_20201121.json"]);
    let text = letter.text("text/plain");
    let file = "Too large to attach: report_20201121.csv (";
    assert!(text.contains(file), "{text}");
}

#[test]
fn hostile_names_are_shown_in_a_letter_and_never_obeyed() {
    let office = PostOffice::new();
    let lab = Lab::new();
    let counter = office.open("starttls", "");
    // A folder's name is a host's name, and may hold what ends a header.
    let host = "evil\nBcc: x@example.org\n\n<b>";
    counter.settle_with(&lab, "timezone: UTC\ninput: {hosts: directories}\n", "");
    let long = "x".repeat(60_000);
    let names = [
        "<script>alert(1)</script>",
        "\u{1b}[2J\u{202e}gpj",
        "{{ host }}",
        "",
        &long,
    ];
    let mut log = String::new();
    for second in 1_606_000_000..1_606_000_010 {
        log += "Refreshing:\n";
        for name in names {
            log += &format!("process: <{second}> \"{name}\" up/down Bps: 900/800 connections: 1\n");
        }
        log.push('\n');
    }
    lab.put(Path::new(host).join("a.log"), log.as_bytes());
    report(&lab, 0);
    let letter = office.letter();
    assert_eq!(letter.header("Bcc"), "");
    assert!(letter.header("Subject").contains(r"evil\u{a}Bcc"));
    let (text, html) = (letter.text("text/plain"), letter.text("text/html"));
    assert!(html.len() < 90_000, "{}", html.len());
    assert!(
        html.contains("&lt;script&gt;alert(1)") && !html.contains("<script"),
        "{html}"
    );
    for body in [text, html] {
        assert!(
            body.contains(r"\u{1b}[2J\u{202e}gpj") && body.contains("{{ host }}"),
            "{body}"
        );
        assert!(!body.contains('\u{1b}') && !body.contains('\u{202e}'));
    }
}

#[test]
fn nothing_typed_can_smuggle_a_header_in() {
    let office = PostOffice::new();
    let lab = lab();
    let counter = office.open("starttls", "");
    for more in [
        "subject_prefix: \"a\\r\\nBcc: x@example.org\"",
        "from_addr: \"a@example.org\\nBcc: x@example.org\"",
        "to_addrs: [\"a@example.org>\\r\\nRCPT TO:<x@example.org\"]",
        "to_addrs: [\"A\\nBcc: x@example.org <a@example.org>\"]",
        "username: \"ada\\r\\nRSET\"",
        "smtp_server: \"localhost\\nx\"",
    ] {
        let key = more.split(':').next().unwrap();
        let kept = if key == "from_addr" || key == "smtp_server" {
            ""
        } else {
            more
        };
        counter.settle(&lab, kept);
        if kept.is_empty() {
            let path = lab.path("settings.yaml");
            let text = fs::read_to_string(&path).unwrap();
            let old = text
                .lines()
                .find(|line| line.trim().starts_with(key))
                .unwrap();
            fs::write(&path, text.replace(old, &format!("  {more}"))).unwrap();
        }
        let ran = lab.run(&["report"]);
        assert_eq!(ran.code, 2, "{more}: {}", ran.complained);
        assert!(
            ran.complained.contains(&format!("email.{key}")),
            "{}",
            ran.complained
        );
    }
    assert!(office.letters().is_empty());
}

#[test]
fn the_test_says_which_step_failed_and_finds_the_password_wherever_it_is() {
    let office = PostOffice::new();
    let lab = lab();
    let counter = office.open("starttls", "");
    let folder = lab.path("");
    let folder = folder.to_str().unwrap();
    lab.put_secret("email_password", PASSWORD);
    for (more, variables) in [
        ("", &[][..]),
        ("password_file: # none", &[("EMAIL_PASSWORD", PASSWORD)]),
        ("password_file: # none\npassword_command: cat secret", &[]),
        (
            "password_file: # none",
            &[("CREDENTIALS_DIRECTORY", folder)],
        ),
    ] {
        counter.settle(&lab, more);
        let ran = lab.run_in(variables, &["email", "test"], b"").done();
        for line in [
            "resolve    ok  localhost is 127.0.0.1",
            "encrypt    ok  STARTTLS, certificate verified",
            "log in     ok  as ada",
            "hand over  ok  accepted",
            "bob@example.org: accepted",
        ] {
            assert!(ran.said.contains(line), "{line}: {}", ran.said);
        }
    }
    assert_eq!(office.letters().len(), 4);
    counter.settle(&lab, "password_file: # none");
    let ran = lab.run(&["email", "test"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.complained.contains("log in: there is no password"),
        "{}",
        ran.complained
    );
    assert!(
        ran.complained.contains("hint: set EMAIL_PASSWORD"),
        "{}",
        ran.complained
    );
    lab.configure("timezone: UTC\n");
    let ran = lab.run(&["email", "test"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.complained
            .contains("the settings have no email.smtp_server, no email.from_addr"),
        "{}",
        ran.complained
    );
}

#[test]
fn a_preview_is_the_letter_and_leaves_no_trace() {
    let office = PostOffice::new();
    let (lab, _counter) = connected(&office, "starttls", "");
    lab.run(&["report", "--no-email"]).done();
    let before = lab.contents("store");
    let path = lab.path("letter.eml");
    let name = path.to_str().unwrap();
    lab.run(&["email", "preview", "--date", "20201121", "--output", name])
        .done();
    assert!(lab.contents("store").keys().eq(before.keys()));
    report(&lab, 0);
    assert!(
        office.letters().is_empty(),
        "a day that was reported without a letter has none"
    );
    lab.run(&["report", "--date", "20201121", "--email"]).done();
    let (letter, preview) = (office.letter(), read(&path));
    assert_eq!(letter.header("Subject"), header(&preview, "Subject"));
    assert_eq!(letter.header("Message-ID"), header(&preview, "Message-ID"));
    let html = letter.text("text/html");
    let previewed = preview["parts"].as_array().unwrap().iter();
    let previewed = previewed.filter(|part| part["type"] == "text/html");
    // Its foot says when it was made.
    let timeless = |html: &str| html.rsplit_once("Peaks are over").unwrap().0.to_owned();
    for part in previewed {
        assert_eq!(timeless(part["text"].as_str().unwrap()), timeless(html));
    }
    // The last day that has anything; who is no terminal gets the message.
    let last = lab.run(&["email", "preview"]).done().said;
    assert!(
        last.contains("Subject: lab 21 Nov") && last.contains("\nMIME-Version: "),
        "{last}"
    );
    let ran = lab.run(&["email", "preview", "--date", "20190101"]);
    assert_eq!(ran.code, 1, "{}", ran.complained);
}
