use app::{Disk, LastLetter, OpenFinding};
use display::Colour;
use jiff::civil::date;
use settings::Environment;

use super::*;

/// 2026-11-29, 12:52 UTC.
const NOW: i64 = 1_795_956_720;

fn shown(status: &Status, terminal: &Terminal) -> String {
    let path = std::path::Path::new("/nowhere/settings.yaml");
    let text = "timezone: UTC\nhost: web1\npaths: {log_dir: /logs, store_dir: /nowhere/store}\n";
    let settings = Settings::of_text(text, path, &Environment::for_tests()).unwrap();
    let mut out = Vec::new();
    show(status, &settings, terminal, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn terminal() -> Terminal {
    Terminal {
        quiet: false,
        is_verbose: false,
        is_terminal: true,
        width: 80,
        colour: Colour::Plain,
    }
}

fn day(day: i8, ratio: f64) -> DayCoverage {
    DayCoverage {
        day: date(2026, 11, day).to_string(),
        ratio,
        ..DayCoverage::default()
    }
}

fn status() -> Status {
    let finding = OpenFinding {
        id: "51f0c2".to_owned(),
        severity: "warning".to_owned(),
        is_ongoing: true,
        message: "kworkerd\u{1b}[2J contacts 45.155.205.233:8443 every 5 min".to_owned(),
    };
    Status {
        timestamp: NOW,
        collector: Some(RunningCollector {
            pid: 7,
            started: NOW - 3 * 86_400 - 4 * 3600,
            interfaces: vec!["eth0".to_owned()],
            last_frame: Some(NOW - 1),
            starts: 1,
            packets: 10,
            dropped_packets: 0,
            trouble: None,
        }),
        reports: vec![LastReport {
            host: "web1".to_owned(),
            day: date(2026, 11, 28),
            upload_bytes: 6_300_000_000,
            download_bytes: 12_800_000_000,
            findings: vec![finding],
            findings_total: 1,
            letter: Some(LastLetter {
                state: LetterState::Delivered,
                at: Some(Moment::new(NOW - 45_600, &jiff::tz::TimeZone::UTC)),
            }),
        }],
        coverage: vec![HostDays {
            host: "web1".to_owned(),
            days: vec![day(26, 1.0), day(27, 0.5), day(28, 0.9999)],
            today: day(29, 1.0),
        }],
        store_bytes: Some(214_000_000),
        disk: Disk {
            free_bytes: Some(61_000_000_000),
            archive_bytes: Some(1_100_000_000),
        },
        ..Status::default()
    }
}

#[test]
fn a_glance_says_all_that_matters_with_dates() {
    insta::assert_snapshot!(shown(&status(), &terminal()), @r"
    web1 · Sun 29 Nov 2026 12:52
    State     ok, nothing needs attention
    Collector running since 26 Nov 08:52 on eth0; last frame 1 s ago; no packet lost
    Reports   yesterday: 12.8 GB ↓ 6.30 GB ↑, 1 warning · letter delivered 00:12
    Findings  warning (ongoing) kworkerd\u{1b}[2J contacts 45.155.205.233:8443 ever…
    Recorded  Thu 26  Fri 27  Sat 28  today
              100     50.0    99.9    100     %
    Disk      history 214 MB, archive 1.10 GB, 61.0 GB free
    ");
}

#[test]
fn trouble_comes_first_and_colours_say_no_more_than_words() {
    let mut status = status();
    status.attention.push("the last report failed".to_owned());
    let coloured = Terminal {
        colour: Colour::Ansi,
        ..terminal()
    };
    let text = shown(&status, &coloured);
    assert!(
        text.lines()
            .nth(1)
            .unwrap()
            .contains("the last report failed"),
        "{text}"
    );
    let mut plain = text.clone();
    for code in ["1;31", "33", "32", "1", "0"] {
        plain = plain.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(plain, shown(&status, &terminal()));
    assert_ne!(plain, text);
}

#[test]
fn more_is_said_if_it_is_asked_for() {
    let verbose = Terminal {
        is_verbose: true,
        ..terminal()
    };
    let text = shown(&status(), &verbose);
    assert!(
        text.contains("\nLogs      0 in /logs, 0 new or changed\n"),
        "{text}"
    );
    assert!(!shown(&status(), &terminal()).contains("/logs"));
}
