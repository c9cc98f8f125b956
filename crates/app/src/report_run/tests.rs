use std::fs;

use lifecycle::Unwatched;

use super::*;
use crate::tests::{DAY, Lab, NOW, START, log};

/// A request for a day or period.
fn of(when: &str) -> ReportRequest {
    ReportRequest {
        when: Some(when.parse().unwrap()),
        ..ReportRequest::default()
    }
}

#[test]
fn each_report_is_handed_over_as_soon_as_it_is_written() {
    let lab = Lab::with_log("");
    lab.put("logs/b.log", &log(START - DAY));
    let mut finished = Vec::new();
    let mut listen = |report: &FinishedReport<'_>| {
        let is_there = report
            .files
            .iter()
            .all(|file| Path::new(&file.path).is_file());
        let bytes = report.report.total_bytes();
        finished.push((report.period.stamp(), report.planned, bytes, is_there));
    };
    let request = ReportRequest::default();
    let run = report_run(&request, &lab.settings, NOW, &Unwatched, &mut listen).unwrap();
    let expected = [
        ("20261121".to_owned(), 2, 3_300, true),
        ("20261122".to_owned(), 2, 3_300, true),
    ];
    assert_eq!(finished, expected);
    assert_eq!(run.outcome, RunOutcome::Done);
    assert_eq!(run.result.reports.len(), 2);
    assert!(!run.result.nothing_new && run.mail_failure.is_none());
    assert_eq!(run.result.archive.unwrap().removed, 2);
}

#[test]
fn a_second_run_has_nothing_to_do() {
    let lab = Lab::with_log("");
    lab.run();
    let run = lab.run();
    assert_eq!(run.outcome, RunOutcome::Done);
    assert!(run.result.nothing_new && run.result.reports.is_empty());
    // A report that is asked for is made again, and changes nothing.
    let run = lab.run_at(&of("2026-11-22"), NOW).unwrap();
    assert_eq!(run.result.reports.len(), 1);
    assert!(run.result.nothing_new);
    let forced = ReportRequest {
        force: true,
        ..of("2026-11-22")
    };
    assert!(!lab.run_at(&forced, NOW).unwrap().result.nothing_new);
}

#[test]
fn a_day_that_is_not_over_is_reported_again_once_it_is() {
    let lab = Lab::new("");
    lab.put("logs/a.log", &log(NOW - 600));
    let reports = lab.run().result.reports;
    assert_eq!(reports.len(), 1);
    assert_eq!(lab.run().result.reports.len(), 0);
    let later = lab.run_at(&ReportRequest::default(), NOW + DAY).unwrap();
    assert_eq!(later.result.reports.len(), 1);
    let last = lab.run_at(&ReportRequest::default(), NOW + DAY).unwrap();
    assert_eq!(last.result.reports.len(), 0);
}

#[test]
fn a_log_that_cannot_be_read_needs_attention_and_keeps_no_report_back() {
    let lab = Lab::with_log("");
    std::os::unix::fs::symlink("/nowhere/b.log", lab.path("logs/b.log")).unwrap();
    let run = lab.run();
    assert_eq!(run.outcome, RunOutcome::Attention);
    assert_eq!(
        (run.result.reports.len(), run.result.ingest.unreadable.len()),
        (1, 1)
    );
}

#[test]
fn a_quota_that_is_used_up_takes_precedence_over_attention() {
    let lab = Lab::with_log("quota: [{name: uplink, bytes: 3 kB, per: month}]\n");
    std::os::unix::fs::symlink("/nowhere/b.log", lab.path("logs/b.log")).unwrap();
    let with = |check_quota| {
        let request = ReportRequest {
            check_quota,
            ..ReportRequest::default()
        };
        lab.run_at(&request, NOW).unwrap().outcome
    };
    assert_eq!(with(Some(100)), RunOutcome::Threshold);
    assert_eq!(
        with(Some(110)),
        RunOutcome::Threshold,
        "exactly so much is used"
    );
    assert_eq!(with(Some(111)), RunOutcome::Attention);
    assert_eq!(with(None), RunOutcome::Attention);
}

#[test]
fn a_host_that_is_not_known_is_named_with_those_that_are() {
    let lab = Lab::with_log("");
    let request = ReportRequest {
        host: Some("web2".to_owned()),
        ..ReportRequest::default()
    };
    let error = lab.run_at(&request, NOW).unwrap_err();
    assert_eq!(error.outcome(), RunOutcome::Usage);
    assert_eq!(
        error.to_string(),
        "the store has no data of host \"web2\"; it knows web1"
    );
}

#[test]
fn a_period_that_the_history_dropped_keeps_the_report_that_was_written() {
    let lab = Lab::with_log("store: {retention_days: 30}\n");
    lab.run();
    let report = lab.path("reports/report_20261122.json");
    let written = fs::read(&report).unwrap();
    let late = NOW + 30 * DAY;
    let run = lab.run_at(&ReportRequest::default(), late).unwrap();
    assert_eq!(run.result.archive.unwrap().dropped.len(), 1);
    let run = lab.run_at(&of("2026-11-22"), late).unwrap();
    assert_eq!(run.result.reports.len(), 0);
    assert_eq!(run.result.dropped.len(), 1);
    let dropped = &run.result.dropped[0];
    assert_eq!(
        (&*dropped.host, &*dropped.first_day),
        ("web1", "2026-11-22")
    );
    assert_eq!(
        dropped.consequence,
        "the store no longer holds it, because of its age"
    );
    // A day beside one that is gone: only a part of the period can be told.
    lab.put("logs/c.log", &log(START + DAY));
    lab.run_at(&of("2026-11-23"), late).unwrap();
    let run = lab.run_at(&of("2026-11-22..2026-11-23"), late).unwrap();
    let consequence = run.result.dropped[0].consequence;
    assert!(
        consequence.starts_with("the store holds only a part of it"),
        "{consequence}"
    );
    assert_eq!(fs::read(&report).unwrap(), written);
}

#[test]
fn a_larger_report_of_another_store_stays_until_it_is_moved_away() {
    let lab = Lab::with_log("");
    let larger = r#"{"total_upload_bytes": 3000, "total_download_bytes": 301}"#;
    let report = lab.put("reports/report_20261122.json", larger);
    let run = lab.run();
    assert_eq!(run.outcome, RunOutcome::Attention);
    assert_eq!((run.result.reports.len(), run.result.damage.len()), (0, 1));
    let reason = &run.result.damage[0].reason;
    assert!(reason.contains("counts 3.3 kB (3301 bytes)"), "{reason}");
    assert_eq!(fs::read_to_string(&report).unwrap(), larger);
    // The news is not forgotten, and the log waits for its report.
    assert!(lab.path("logs/a.log").exists());
    fs::remove_file(&report).unwrap();
    let run = lab.run();
    assert_eq!(
        (run.outcome, run.result.reports.len()),
        (RunOutcome::Done, 1)
    );
}

#[test]
fn a_report_of_another_store_that_counts_no_more_is_replaced() {
    let lab = Lab::with_log("");
    let equal = r#"{"total_upload_bytes": 3000, "total_download_bytes": 300}"#;
    lab.put("reports/report_20261122.json", equal);
    let run = lab.run();
    assert_eq!(
        (run.outcome, run.result.reports.len()),
        (RunOutcome::Done, 1)
    );
}

#[test]
fn a_letter_that_cannot_be_sent_waits_and_keeps_nothing_back() {
    let lab = Lab::with_log(
        "email: {smtp_server: 127.0.0.1, smtp_port: 1, use_tls: false, from_addr: a@example.org, \
         to_addrs: [b@example.org]}\n",
    );
    let run = lab.run();
    assert_eq!(run.outcome, RunOutcome::Attention);
    assert_eq!(run.result.reports.len(), 1);
    assert_eq!(run.result.mail.unwrap().waiting.len(), 1);
    assert!(
        !lab.path("logs/a.log").exists(),
        "it is archived all the same"
    );
}

#[test]
fn a_damaged_history_reports_the_other_days() {
    let lab = Lab::new("");
    for (name, start) in [("a.log", START), ("b.log", START - 3 * DAY)] {
        lab.put(&format!("logs/{name}"), &log(start));
    }
    lab.run();
    let is_of_day = |path: &Path| path.to_string_lossy().contains("2026-11-22");
    let mut damaged = 0;
    let mut folders = vec![lab.path("store")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if is_of_day(&path) && path.extension().is_some_and(|end| end == "parquet") {
                fs::write(&path, "spoilt").unwrap();
                damaged += 1;
            }
        }
    }
    assert!(damaged > 0);
    for (day, count) in [("2026-11-22", 0), ("2026-11-19", 1)] {
        let forced = ReportRequest {
            force: true,
            ..of(day)
        };
        let run = lab.run_at(&forced, NOW).unwrap();
        assert_eq!(run.result.reports.len(), count, "{day}");
        assert_eq!(run.outcome == RunOutcome::Attention, count == 0, "{day}");
    }
}
