//! A settings file, a history and reports in a temporary folder, for the tests of this crate.

use std::fs;
use std::path::PathBuf;

use jiff::civil::{Date, date};
use settings::{Environment, Settings};
use store::{Store, Tuning, fold_log};
use traffic::Period;

/// The day of most logs, and its first second in UTC.
pub(crate) const DAY: Date = date(2026, 11, 22);
pub(crate) const START: i64 = 1_795_305_600;
/// Seconds of a day.
pub(crate) const DAY_SECONDS: i64 = 86_400;
/// Noon of the day after.
pub(crate) const NOW: i64 = START + DAY_SECONDS * 3 / 2;

/// A machine whose history is written by the tests.
pub(crate) struct Lab {
    _folder: tempfile::TempDir,
    pub(crate) settings: Settings,
    pub(crate) store: Store,
}

impl Lab {
    /// An empty history in UTC, with more settings.
    pub(crate) fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "timezone: UTC\nhost: web1\npaths: {{log_dir: logs, report_dir: reports, store_dir: store}}\n{more}"
        );
        let path = folder.path().join("settings.yaml");
        let settings = Settings::of_text(&text, &path, &Environment::for_tests()).unwrap();
        let store = Store::open(&settings.paths.store_dir, "now", "test").unwrap();
        Self {
            _folder: folder,
            settings,
            store,
        }
    }

    /// Brings a log into the history.
    pub(crate) fn ingest(&mut self, host: &str, log: &str) {
        self.ingest_all(&[host.to_owned()], log);
    }

    /// Brings the same log of many hosts into the history.
    pub(crate) fn ingest_all(&mut self, hosts: &[String], log: &str) {
        let (root, tuning) = (self.store.root(), Tuning::default());
        let fold = |host| fold_log(root, host, "a.log", log.as_bytes(), &tuning).unwrap();
        let folded = hosts.iter().map(|host| fold(host)).collect();
        self.store.ingest(folded).unwrap();
    }

    /// The history, only to be read: what is worked out of it is not kept, which saves many small writes.
    pub(crate) fn reader(&self) -> Store {
        let reader = Store::open_to_read(&self.settings.paths.store_dir);
        reader.unwrap().unwrap()
    }

    /// The files of the history's rows and facts.
    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.store.root().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "parquet") {
                    found.push(path);
                }
            }
        }
        found
    }
}

/// A period of one day, so many days after [`DAY`].
pub(crate) fn day(after: i64) -> Period {
    let days = jiff::ToSpan::days(after);
    Period::day(DAY.checked_add(days).unwrap())
}

/// Three refreshes in which a process moves 100 bytes up and 1000 down a second.
pub(crate) fn log(start: i64, process: &str) -> String {
    log_of(start, 3, process, "192.0.2.1")
}

/// So many refreshes in which a process talks to a peer.
pub(crate) fn log_of(start: i64, seconds: i64, process: &str, remote: &str) -> String {
    (start..start + seconds)
        .map(|second| {
            format!(
                "Refreshing:\n\
                 process: <{second}> \"{process}\" up/down Bps: 100/1000 connections: 1\n\
                 connection: <{second}> <eth0>:40000 => {remote}:443 (tcp) up/down Bps: 100/1000 process: \"{process}\"\n\
                 remote_address: <{second}> {remote} up/down Bps: 100/1000 connections: 1\n\n"
            )
        })
        .collect()
}

/// So many hosts.
pub(crate) fn hosts(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("host{number}")).collect()
}
