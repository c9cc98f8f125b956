use super::*;

/// What is read from a record with this content.
fn read(json: &str) -> Option<LastRun> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(path(folder.path()), json).unwrap();
    LastRun::read(folder.path())
}

/// A record of a run that ended with this code.
fn record(exit_code: u8, error: &str) -> LastRun {
    let json = format!(
        "{{\"command\": \"report\", \"started\": 7, \"duration_seconds\": 0.5, \
          \"exit_code\": {exit_code}, \"error\": {error}, \"last_success\": null}}"
    );
    read(&json).unwrap()
}

#[test]
fn a_record_is_judged_by_its_exit_code_and_its_error() {
    assert!(!record(0, "null").needed_attention());
    assert!(record(3, "null").needed_attention());
    assert!(record(3, "null").did_its_work());
    assert!(!record(1, "\"disk full\"").did_its_work());
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(LastRun::read(folder.path()), None);
    for outcome in [
        RunOutcome::Attention,
        RunOutcome::Interrupted { signal: 15 },
        RunOutcome::Held,
    ] {
        let run = record(outcome.exit_code(), "null");
        run.write(folder.path()).unwrap();
        assert_eq!(LastRun::read(folder.path()), Some(run));
    }
}

#[test]
fn a_record_that_is_damaged_or_of_a_later_version_is_none() {
    for json in ["", "{}", "[1]", "\u{0}\u{0}"] {
        assert_eq!(read(json), None, "{json:?}");
    }
}

#[test]
fn a_trace_is_read_as_far_as_it_goes() {
    let parse = AbandonedRun::parse;
    let run = parse("pid 812, started 2026-11-21T00:10:00Z: report").unwrap();
    assert_eq!(
        (run.command.as_str(), run.started),
        ("report", Some(1_795_219_800))
    );
    assert_eq!(
        run.sentence(&TimeZone::UTC),
        "the report that began at 2026-11-21T00:10:00+00:00 did not finish: it was killed, or the \
         machine went down"
    );
    let run = parse("pid 812, started at noon: ingest").unwrap();
    assert_eq!((run.command.as_str(), run.started), ("ingest", None));
    assert_eq!(parse("pid 812"), None);
}
