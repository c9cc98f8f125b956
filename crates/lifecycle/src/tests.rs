//! A log folder, a history and an archive in a temporary folder, for the tests of this crate.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use settings::{Environment, Settings};
use store::Store;

use crate::progress::Unwatched;
use crate::summary::IngestSummary;

/// 2026-12-01.
pub(crate) const NOW: i64 = 1_796_083_200;
/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;
/// A recording of 2026-11-22.
pub(crate) const RECORDING: &str = "bandwhich_20261122_0843.log";

/// A machine.
pub(crate) struct Lab {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) settings: Settings,
}

impl Lab {
    /// A machine in UTC whose log folder is empty, with more settings.
    pub(crate) fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "timezone: UTC\nhost: web1\n\
             paths: {{log_dir: logs, report_dir: reports, archive_dir: archive, store_dir: store}}\n{more}"
        );
        let path = folder.path().join("settings.yaml");
        let settings = Settings::of_text(&text, &path, &Environment::for_tests()).unwrap();
        fs::create_dir_all(&settings.paths.log_dir).unwrap();
        Self { folder, settings }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that was last written to a day before [`NOW`].
    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        let then = UNIX_EPOCH + Duration::from_secs((NOW - DAY).unsigned_abs());
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(then).unwrap();
        path
    }

    /// Puts a recording of a real bandwhich into the log folder.
    pub(crate) fn record(&self) -> PathBuf {
        let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/tests/recordings");
        let log = fs::read(recordings.join(RECORDING)).unwrap();
        self.put(&format!("logs/{RECORDING}"), log)
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&self.settings.paths.store_dir, "now", "test").unwrap()
    }

    /// Ingests the log folder.
    pub(crate) fn ingest(&self, store: &mut Store) -> IngestSummary {
        crate::ingest_folder(store, &self.settings, NOW, &Unwatched).unwrap()
    }
}

/// So many refreshes from a second on.
pub(crate) fn log(start: i64, seconds: i64) -> String {
    let frame = |second| {
        format!(
            "Refreshing:\n\
             process: <{second}> \"curl\" up/down Bps: 100/1000 connections: 1\n\
             connection: <{second}> <eth0>:40000 => 192.0.2.1:443 (tcp) up/down Bps: 100/1000 process: \"curl\"\n\n"
        )
    };
    (start..start + seconds).map(frame).collect()
}
