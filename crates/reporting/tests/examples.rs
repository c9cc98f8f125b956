//! The example of this crate reports a day that was recorded.

use std::fs;
use std::path::Path;

use settings::{Environment, Settings};
use store::{Store, Tuning, fold_log};

#[expect(dead_code, reason = "its `main` takes the settings of this machine")]
#[path = "../examples/yesterday.rs"]
mod yesterday;

/// Noon of 2026-11-23.
const NOW: i64 = 1_795_435_200;

#[test]
fn yesterday_is_reported_and_judged_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let text = "timezone: UTC\npaths: {report_dir: reports, store_dir: store}\n";
    let path = folder.path().join("settings.yaml");
    let settings = Settings::of_text(text, &path, &Environment::for_tests()).unwrap();
    assert!(
        yesterday::yesterday(&settings, "lab", NOW)
            .unwrap()
            .is_none()
    );
    let log = "../store/tests/recordings/bandwhich_20261122_0843.log";
    let log = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(log)).unwrap();
    let mut store = Store::open(&settings.paths.store_dir, "now", "test").unwrap();
    let root = store.root();
    let folded = fold_log(root, "lab", "a.log", log.as_slice(), &Tuning::default()).unwrap();
    store.ingest(vec![folded]).unwrap();
    drop(store);
    let (report, judged) = yesterday::yesterday(&settings, "lab", NOW)
        .unwrap()
        .unwrap();
    // What tcpdump saw, by the manifest of the recordings.
    let off = report.total_bytes().abs_diff(4_096_684 + 3_541_531);
    assert!(off < 1_000, "{} bytes", report.total_bytes());
    assert_eq!(
        report.period.start.civil().date(),
        jiff::civil::date(2026, 11, 22)
    );
    // One day is not enough to call anything unusual.
    assert_eq!(judged.host, "lab");
    assert!(judged.told.findings().is_empty());
    assert!(!settings.paths.report_dir.exists());
}
