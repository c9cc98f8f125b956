//! The example of this crate ingests a folder once.

use std::fs;
use std::path::Path;

use settings::{Environment, Settings};

#[expect(dead_code, reason = "its `main` takes the settings of this machine")]
#[path = "../examples/ingest.rs"]
mod ingest;

/// 2026-12-01.
const NOW: i64 = 1_796_083_200;

#[test]
fn a_folder_is_ingested_once() {
    let folder = tempfile::tempdir().unwrap();
    let text = "timezone: UTC\npaths: {log_dir: logs, store_dir: store}\n";
    let path = folder.path().join("settings.yaml");
    let settings = Settings::of_text(text, &path, &Environment::for_tests()).unwrap();
    fs::create_dir(&settings.paths.log_dir).unwrap();
    let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/tests/recordings");
    for name in ["bandwhich_20261122_0843.log", "bandwhich_20261122_0919.log"] {
        fs::copy(recordings.join(name), settings.paths.log_dir.join(name)).unwrap();
    }
    let first = ingest::ingest(&settings, NOW).unwrap();
    assert_eq!((first.files, first.new), (2, 2));
    assert!(first.is_balanced() && !first.needs_attention());
    let second = ingest::ingest(&settings, NOW).unwrap();
    assert_eq!((second.new, second.unchanged, second.bytes_read), (0, 2, 0));
}
