use std::path::Path;

use super::*;
use crate::progress::Unwatched;
use settings::Environment;

const LOG: &str = "Refreshing:\n\
    process: <1605866400> \"curl\" up/down Bps: 100/1000 connections: 1\n\
    connection: <1605866400> <eth0>:40000 => 192.0.2.1:443 (tcp) up/down Bps: 100/1000 process: \"curl\"\n\n";

fn settings(root: &Path) -> Settings {
    let text = "host: lab\npaths: {log_dir: logs, store_dir: store}\n";
    let environment = Environment::for_tests();
    Settings::of_text(text, &root.join("settings.yaml"), &environment).unwrap()
}

/// Renames a log after it was found and before it is read, as a rotation may do.
#[test]
fn a_log_that_is_renamed_between_finding_and_reading_is_no_trouble() {
    let root = tempfile::tempdir().unwrap();
    let settings = settings(root.path());
    let logs = &settings.paths.log_dir;
    std::fs::create_dir(logs).unwrap();
    for name in ["a.log", "b.log"] {
        std::fs::write(
            logs.join(name),
            LOG.replace("40000", &format!("{}", name.len())),
        )
        .unwrap();
    }
    let mut store = Store::open(&settings.paths.store_dir, "now", "test").unwrap();
    let mut summary = IngestSummary::default();
    let found = find(&settings, &mut summary).unwrap();
    assert_eq!(found.len(), 2);
    std::fs::rename(logs.join("b.log"), logs.join("b.log.1")).unwrap();
    let progress = Unwatched;
    let now = 1_700_000_000;
    let summary = ingest_found(
        &mut store,
        &settings,
        found,
        Named::BySettings,
        now,
        &progress,
        summary,
    )
    .unwrap();
    assert!(!summary.needs_attention(), "{summary:?}");
    assert_eq!(summary.new, 1);
    // A link that leads nowhere is trouble: it will not come back by itself.
    let found = find(&settings, &mut IngestSummary::default()).unwrap();
    std::fs::remove_file(logs.join("b.log.1")).unwrap();
    std::os::unix::fs::symlink("nowhere", logs.join("b.log.1")).unwrap();
    let summary = IngestSummary::default();
    let summary = ingest_found(
        &mut store,
        &settings,
        found,
        Named::BySettings,
        now,
        &progress,
        summary,
    )
    .unwrap();
    assert!(summary.needs_attention(), "{summary:?}");
}
