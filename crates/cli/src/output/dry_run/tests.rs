use app::{PlannedLetter, PlannedLog, PlannedReport};
use lifecycle::{DroppedDay, Unreadable};

use super::*;

fn shown(planned: &DryRun) -> String {
    let mut out = Vec::new();
    show(planned, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_run_without_work_prints_nothing() {
    assert_eq!(shown(&DryRun::default()), "");
}

#[test]
fn each_thing_that_would_be_done_has_a_line() {
    let report = |first: &str, last: &str| PlannedReport {
        host: "web1\u{1b}".to_owned(),
        first_day: first.to_owned(),
        last_day: last.to_owned(),
    };
    let planned = DryRun {
        logs_found: 3,
        would_read: vec!["/logs/a.log".to_owned()],
        would_report: vec![
            report("2026-11-22", "2026-11-22"),
            report("2026-11-16", "2026-11-22"),
        ],
        would_mail: vec![
            PlannedLetter {
                report: report("2026-11-22", "2026-11-22"),
                recipients: vec!["ada@example.org".to_owned(), "bob@example.org".to_owned()],
                condition: "always",
            },
            PlannedLetter {
                report: report("2026-11-23", "2026-11-23"),
                recipients: vec!["ada@example.org".to_owned()],
                condition: "problems",
            },
        ],
        would_mail_new_days_to: vec!["ada@example.org".to_owned()],
        would_delete: vec!["/archive/logs_20200101.zip".to_owned()],
        would_drop: vec![DroppedDay {
            host: "web1".to_owned(),
            day: "2020-01-01".to_owned(),
            bytes: 3_000,
        }],
        would_archive: vec![PlannedLog {
            path: "/logs/b.log".to_owned(),
            host: "web1".to_owned(),
            day: "2026-11-21".to_owned(),
        }],
        would_leave: vec![Unreadable {
            path: "/logs/c.log".to_owned(),
            reason: "its day is not over".to_owned(),
        }],
    };
    assert_eq!(
        shown(&planned),
        "would read    /logs/a.log\n\
         would report  2026-11-22 of web1\\u{1b}\n\
         would report  2026-11-16..2026-11-22 of web1\\u{1b}\n\
         would report  the days of the logs to be read\n\
         would mail    2026-11-22 of web1\\u{1b} to ada@example.org, bob@example.org\n\
         would mail    2026-11-23 of web1\\u{1b} to ada@example.org, if there is a warning or a problem\n\
         would mail    the days of the logs to be read that are over to ada@example.org\n\
         would delete  /archive/logs_20200101.zip\n\
         would drop    2020-01-01 of web1 from the history, 3.0 kB\n\
         would archive /logs/b.log with 2026-11-21 of web1\n\
         would leave   /logs/c.log: its day is not over\n"
    );
}
