//! The examples of this crate do a whole run, and ask what it brought.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use app::RunOutcome;
use settings::{Environment, Settings};

#[expect(dead_code, reason = "its `main` takes the settings of this machine")]
#[path = "../examples/daily_run.rs"]
mod daily_run;

#[expect(dead_code, reason = "its `main` takes the settings of this machine")]
#[path = "../examples/who_was_talked_to.rs"]
mod who_was_talked_to;

/// Noon of 2026-11-23.
const NOW: i64 = 1_795_435_200;

#[test]
fn a_run_tells_of_each_report_and_leaves_nothing_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let text = "timezone: UTC\n\
        paths: {log_dir: logs, report_dir: reports, store_dir: store, archive_dir: archive}\n";
    let path = folder.path().join("settings.yaml");
    let settings = Settings::of_text(text, &path, &Environment::for_tests()).unwrap();
    fs::create_dir(&settings.paths.log_dir).unwrap();
    let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/tests/recordings");
    let name = "bandwhich_20261122_0843.log";
    let log = settings.paths.log_dir.join(name);
    fs::copy(recordings.join(name), &log).unwrap();
    // Nobody writes to it, and has not for a day: it ends within a frame that nobody will finish.
    let then = UNIX_EPOCH + Duration::from_secs((NOW - 90_000).unsigned_abs());
    let file = File::options().write(true).open(&log).unwrap();
    file.set_modified(then).unwrap();
    drop(file);

    let mut lines = Vec::new();
    let (run, status) = daily_run::daily_run(&settings, NOW, |line| lines.push(line)).unwrap();
    assert_eq!(lines, ["20261122: 7.6 MB"]);
    assert_eq!(run.outcome, RunOutcome::Done);
    assert_eq!(status.attention, Vec::<String>::new());
    assert_eq!(
        (status.logs_found, status.logs_pending),
        (0, 0),
        "it is archived"
    );

    let day = traffic::Period::day(jiff::civil::date(2026, 11, 22));
    let asked = |filter| who_was_talked_to::remotes(&settings, filter, day, NOW).unwrap();
    let remotes = asked(reporting::Filter::default());
    // It is the first day: nothing tells who is new.
    assert!(!remotes.is_empty() && remotes.iter().all(|line| !line.contains("(new)")));
    let nobody = reporting::Filter {
        process: "nobody".parse().ok(),
        ..reporting::Filter::default()
    };
    assert!(asked(nobody).is_empty());

    lines.clear();
    let (run, _) = daily_run::daily_run(&settings, NOW, |line| lines.push(line)).unwrap();
    assert_eq!(lines, Vec::<String>::new());
    assert!(run.result.nothing_new);
}
