use std::fs;

use store::LogState;

use super::*;
use crate::tests::{Lab, NOW};

/// The sentences about a state that is made up.
fn sentences(status: Status) -> Vec<String> {
    let lab = Lab::new("");
    let mut status = status;
    judge(&mut status, &lab.settings);
    status.attention
}

fn failed(error: Option<&str>) -> LastRun {
    LastRun {
        command: "report".to_owned(),
        started: NOW,
        duration_seconds: 1.0,
        exit_code: 1,
        error: error.map(str::to_owned),
        last_success: None,
    }
}

#[test]
fn nothing_needs_attention_where_nothing_was_done() {
    let lab = Lab::new("");
    let (status, failure) = status(&lab.settings, NOW);
    assert!(failure.is_none());
    assert_eq!(status.attention, Vec::<String>::new());
    assert!(status.store.is_none() && status.last_run.is_none());
    assert!(!lab.path("store").exists(), "looking makes nothing");
}

#[test]
fn each_thing_that_needs_attention_has_a_sentence() {
    let letter = |attempts| WaitingLetter {
        subject: "web1, 2026-11-22".to_owned(),
        recipients: vec!["ada@example.org".to_owned()],
        trouble: Some("connection refused".to_owned()),
        attempts,
        next_attempt: NOW,
    };
    let log = LogState {
        path: "/logs/a.log".to_owned(),
        damage: Some("could be read only up to byte 7".to_owned()),
    };
    let status = Status {
        last_run: Some(failed(Some("no space left on device"))),
        abandoned_runs: vec![AbandonedRun {
            command: "ingest".to_owned(),
            started: None,
        }],
        store: Some(StoreStatus {
            damaged_logs: vec![log],
            ..StoreStatus::default()
        }),
        // A letter that was never tried is only on its way.
        outbox: vec![letter(0), letter(2)],
        ..Status::default()
    };
    assert_eq!(
        sentences(status),
        [
            "the last report (2026-11-23T12:00:00+00:00) failed: no space left on device",
            "the ingest did not finish: it was killed, or the machine went down",
            "/logs/a.log: could be read only up to byte 7",
            "not sent: web1, 2026-11-22: connection refused",
        ]
    );
    let well = Status {
        last_run: Some(failed(None)),
        ..Status::default()
    };
    assert_eq!(sentences(well), Vec::<String>::new());
}

#[test]
fn the_last_seven_days_of_a_host_are_covered() {
    let lab = Lab::with_log("quota: [{name: uplink, bytes: 3300 B, per: month}]\n");
    lab.run();
    let (status, failure) = status(&lab.settings, NOW);
    assert!(
        failure.is_none() && status.attention.is_empty(),
        "{:?}",
        status.attention
    );
    let host = &status.coverage[0];
    assert_eq!((host.host.as_str(), host.days.len()), ("web1", 7));
    let yesterday = host.last_whole_day().unwrap();
    assert_eq!(yesterday.day, "2026-11-22");
    assert_eq!(
        (yesterday.upload_bytes, yesterday.download_bytes),
        (300, 3_000)
    );
    assert_eq!(
        (yesterday.observed_seconds, yesterday.expected_seconds),
        (3, 86_400)
    );
    assert_eq!(host.days[0].ratio, 0.0);
    assert_eq!(status.quotas[0].used_ratio, 1.0);
    assert!(status.store_bytes.unwrap() > 0);
}

#[test]
fn a_catalogue_that_cannot_be_read_takes_nothing_else_away() {
    let lab = Lab::with_log("");
    lab.run();
    let last = failed(Some("no space left on device"));
    last.write(&lab.settings.paths.store_dir).unwrap();
    fs::write(store::catalog_path(&lab.settings.paths.store_dir), "spoilt").unwrap();
    let (status, failure) = status(&lab.settings, NOW);
    assert!(failure.is_some() && status.store.is_none());
    assert_eq!(status.last_run, Some(last));
    assert_eq!(status.attention.len(), 1);
}

#[test]
fn an_archive_that_is_gone_is_missed() {
    let lab = Lab::with_log("");
    lab.run();
    for entry in fs::read_dir(lab.path("archive")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "zip") {
            fs::remove_file(path).unwrap();
        }
    }
    let (status, _) = status(&lab.settings, NOW);
    assert_eq!(status.attention.len(), 1, "{:?}", status.attention);
    assert!(status.attention[0].contains("logs_20261122.zip"));
}

#[test]
fn who_keeps_old_files_is_named() {
    let kept = |readers: &[u32]| {
        kept_sentence(&KeptFiles {
            files: 2,
            bytes: 3_000,
            readers: readers.to_vec(),
        })
    };
    let of = "2 old files of the history (3.0 kB), as";
    assert_eq!(kept(&[7]), format!("{of} process 7 may still read them"));
    assert_eq!(
        kept(&[7, 8]),
        format!("{of} processes 7, 8 may still read them")
    );
}
