//! How it ends: what was typed wrong, what is missing, who holds the lock.

use std::fs;

use crate::lab::{Lab, recording};

const LOG: &str = "bandwhich_20201122_0919.log";

#[test]
fn every_form_of_when_is_understood() {
    let lab = Lab::new();
    for when in [
        "today",
        "yesterday",
        "week",
        "month",
        "20261122",
        "2026-11-22",
        "202611",
        "2026-11",
        "2026-11-20..2026-11-22",
        "20261120..20261122",
        "30d",
        "last-week",
        "last-month",
        "2026-W47",
        "2026",
        "2026-11-22..",
        "2026-11-22..today",
        "..2026-11-22",
    ] {
        let ran = lab.run(&["report", "--date", when]).done();
        assert!(ran.said.contains("Nothing to do"), "{when}: {}", ran.said);
    }
}

#[test]
fn another_form_of_when_is_a_usage_error_that_lists_the_forms() {
    let lab = Lab::new();
    for when in [
        "",
        "tomorrow",
        "last week",
        "2026-13",
        "2026-02-29",
        "20261131",
        "..",
        "today..",
        "2026-11..2026-12",
        "22.11.2026",
        "-1",
        "٢٠٢٦١١٢٢",
        "\u{1b}[31m",
    ] {
        let ran = lab.run(&["report", &format!("--date={when}")]);
        assert_eq!(ran.code, 2, "{when:?}: {}{}", ran.said, ran.complained);
        assert_eq!(ran.said, "");
        for form in [
            "today",
            "yesterday",
            "week",
            "month",
            "YYYYMMDD",
            "YYYY-MM-DD",
            "YYYYMM",
            "YYYY-MM",
            "A..B",
        ] {
            assert!(ran.complained.contains(form), "{when}: {}", ran.complained);
        }
    }
    // A wrong date is found before anything is done.
    assert!(!lab.path("store").exists() && !lab.path("reports").exists());
}

#[test]
fn an_unknown_key_is_an_error_with_its_line_and_the_nearest_key() {
    let lab = Lab::with("timezone: UTC\ninput: {resolutoin: 60s}\n");
    let ran = lab.run(&["report"]);
    assert_eq!(ran.code, 2);
    for part in ["settings.yaml:2:", "resolutoin", "did you mean resolution?"] {
        assert!(ran.complained.contains(part), "{}", ran.complained);
    }
    assert!(!lab.path("store").exists());
}

#[test]
fn a_second_run_ends_at_once_while_the_first_holds_the_lock() {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    fs::create_dir(lab.path("store")).unwrap();
    let lock = files::Lock::acquire(&lab.path("store/lock"), "today", "a test").unwrap();
    for command in ["report", "ingest"] {
        let ran = lab.run(&[command]);
        assert_eq!(ran.code, 5, "{}", ran.complained);
        assert!(ran.complained.contains("a test"), "{}", ran.complained);
    }
    // Looking on is no second run.
    lab.run(&["status"]).done();
    assert!(!lab.path("reports").exists());
    drop(lock);
    lab.run(&["report"]).done();
}

#[test]
fn a_missing_log_folder_is_named() {
    let lab = Lab::new();
    fs::remove_dir(lab.logs()).unwrap();
    for command in ["report", "ingest"] {
        let ran = lab.run(&[command]);
        assert_eq!(ran.code, 1, "{}", ran.said);
        assert!(
            ran.complained.contains(lab.logs().to_str().unwrap()),
            "{}",
            ran.complained
        );
    }
    assert_eq!(lab.run(&["status"]).code, 3);
}

#[test]
fn a_folder_without_logs_is_nothing_to_do() {
    let lab = Lab::new();
    fs::write(lab.logs().join("readme.txt"), "no log").unwrap();
    let ran = lab.run(&["report"]).done();
    assert!(
        ran.said.contains("Nothing to do: no logs in "),
        "{}",
        ran.said
    );
    let (code, result) = lab.report(&[]);
    assert_eq!((code, &result["nothing_new"]), (0, &true.into()));
    assert!(!lab.path("reports").exists());
}

#[test]
fn a_dry_run_shows_what_would_be_done_and_does_nothing() {
    let lab = Lab::with("timezone: UTC\narchive: {settle_minutes: 10}\n");
    lab.put(LOG, &recording(LOG));
    let ran = lab.run(&["report", "--dry-run"]).done();
    assert!(ran.said.contains(LOG), "{}", ran.said);
    assert!(!lab.path("store").exists() && !lab.path("reports").exists());
    lab.run(&["ingest"]).done();
    let ran = lab.run(&["report", "--dry-run", "--json"]).done();
    let planned = ran.json();
    let log = &planned["would_leave"][0];
    assert!(log["path"].as_str().unwrap().ends_with(LOG), "{planned}");
    assert_eq!(planned["would_report"][0]["first_day"], "2020-11-22");
    assert_eq!(planned["would_read"], serde_json::json!([]));
    assert!(!lab.path("reports").exists());
}

#[test]
fn a_letter_is_previewed_before_anything_is_set_and_its_sending_names_all_that_is_missing() {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    lab.run(&["ingest"]).done();
    let preview = [
        "email",
        "preview",
        "--date",
        "20201122",
        "--output",
        "letter.eml",
    ];
    lab.run(&preview).done();
    let letter = fs::read_to_string(lab.path("letter.eml")).unwrap();
    assert!(letter.contains("To: recipient@example.org"));
    let ran = lab.run(&["email", "test"]);
    assert_eq!(ran.code, 2, "{}", ran.complained);
    let missing = "no email.smtp_server, no email.from_addr, no email.to_addrs";
    assert!(ran.complained.contains(missing), "{}", ran.complained);
}

#[cfg(target_os = "linux")]
#[test]
fn a_previewed_letter_is_opened_by_the_desktop() {
    use std::os::unix::fs::PermissionsExt as _;
    let lab = Lab::with(
        "timezone: UTC\nemail: {enabled: false, from_addr: reports@example.org, to_addrs: ada@example.org}\n",
    );
    lab.put(LOG, &recording(LOG));
    lab.run(&["ingest"]).done();
    // What a desktop has: it gets the letter's path, and shows it.
    let desktop = lab.path("bin/xdg-open");
    fs::create_dir(lab.path("bin")).unwrap();
    fs::write(&desktop, "#!/bin/sh\n/bin/cp \"$1\" opened.eml\n").unwrap();
    fs::set_permissions(&desktop, fs::Permissions::from_mode(0o755)).unwrap();
    let path = lab.path("bin").display().to_string();
    let preview = ["email", "preview", "--date", "2020-11-22", "--open"];
    let ran = lab.run_in(&[("PATH", &path)], &preview, b"").done();
    let letter = fs::read_to_string(lab.path("opened.eml")).unwrap();
    assert!(letter.contains("To: ada@example.org"), "{letter}");
    fs::remove_file(ran.said.trim_end()).unwrap();
    // If there is no desktop, the file is named.
    let ran = lab.run_in(&[("PATH", "/nowhere")], &preview, b"");
    assert!(
        ran.complained.contains("xdg-open does not open "),
        "{}",
        ran.complained
    );
}

#[test]
fn what_archive_did_or_would_do_is_printed_as_json() {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    lab.run(&["ingest"]).done();
    let planned = lab.run(&["archive", "--dry-run", "--json"]).done().json();
    assert!(planned["would_archive"].is_array(), "{planned}");
    let done = lab.run(&["archive", "--json"]).json();
    let left = done["waiting"].as_array().unwrap().len() as u64;
    assert_eq!(done["archived"].as_u64().unwrap() + left, 1, "{done}");
    assert_eq!(lab.run(&["archive", "--json", "verify"]).code, 2);
}
