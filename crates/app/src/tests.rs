//! A whole machine in a temporary folder, for the tests of this crate.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use lifecycle::Unwatched;
use settings::{Environment, Settings};

use crate::error::Result;
use crate::report_run::{ReportRequest, ReportRun, report_run};

/// Noon of 2026-11-23.
pub(crate) const NOW: i64 = 1_795_435_200;
/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;
/// First second of 2026-11-22.
pub(crate) const START: i64 = 1_795_305_600;

/// A machine in UTC called `web1`.
pub(crate) struct Lab {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) settings: Settings,
}

impl Lab {
    /// A machine whose log folder is empty, with more settings.
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

    /// A machine with a log of three refreshes of 1100 bytes on 2026-11-22.
    pub(crate) fn with_log(more: &str) -> Self {
        let lab = Self::new(more);
        lab.put("logs/a.log", &log(START + 3_600));
        lab
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that was last written to an hour before [`NOW`].
    pub(crate) fn put(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        let then = UNIX_EPOCH + Duration::from_secs((NOW - 3_600).unsigned_abs());
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(then).unwrap();
        path
    }

    /// A run of `report` for all news.
    pub(crate) fn run(&self) -> ReportRun {
        self.run_at(&ReportRequest::default(), NOW).unwrap()
    }

    pub(crate) fn run_at(&self, request: &ReportRequest, now: i64) -> Result<ReportRun> {
        report_run(request, &self.settings, now, &Unwatched, &mut |_| {})
    }
}

/// Three refreshes from a second on.
pub(crate) fn log(start: i64) -> String {
    let frame = |second| {
        format!(
            "Refreshing:\n\
             process: <{second}> \"curl\" up/down Bps: 100/1000 connections: 1\n\
             connection: <{second}> <eth0>:40000 => 192.0.2.1:443 (tcp) up/down Bps: 100/1000 process: \"curl\"\n\n"
        )
    };
    (start..start + 3).map(frame).collect()
}
