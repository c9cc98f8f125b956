//! The log that is being written: its name, when the next one begins, and what a full disk does.
//!
//! Whole frames go in, at the end of one file that nobody else writes. What could not be written
//! whole is taken out again, so that nothing is ever put behind a cut frame.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// When a new log is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotate {
    /// With each hour of local time.
    Hourly,
    /// With each day of local time.
    Daily,
}

impl Rotate {
    /// The hour or day that holds a time.
    fn part(self, time: DateTime) -> (jiff::civil::Date, i8) {
        match self {
            Rotate::Hourly => (time.date(), time.hour()),
            Rotate::Daily => (time.date(), 0),
        }
    }
}

/// Writes logs into a folder, one after the other.
pub(crate) struct Spool {
    folder: PathBuf,
    rotate: Rotate,
    zone: TimeZone,
    log: Option<Log>,
}

struct Log {
    file: File,
    path: PathBuf,
    /// Bytes of whole pieces.
    length: u64,
    begun: DateTime,
    unsynced_since: Option<Instant>,
}

impl Spool {
    pub(crate) fn new(folder: PathBuf, rotate: Rotate, zone: TimeZone) -> Self {
        Spool {
            folder,
            rotate,
            zone,
            log: None,
        }
    }

    /// The log that is written.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.log.as_ref().map(|log| log.path.as_path())
    }

    /// Whether the log at hand is of another hour or day, or there is none.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        let now = now.to_zoned(self.zone.clone()).datetime();
        let part = |time| self.rotate.part(time);
        (self.log.as_ref()).is_none_or(|log| part(log.begun) != part(now))
    }

    /// Begins a log. Its name is one that no file has yet.
    pub(crate) fn begin(&mut self, now: Timestamp) -> files::Result<()> {
        self.end()?;
        files::create_folder(&self.folder)?;
        let begun = now.to_zoned(self.zone.clone()).datetime();
        let stem = format!("bandwhich_{}", begun.strftime("%Y%m%d_%H%M"));
        let mut number = 1;
        let (file, path) = loop {
            let name = match number {
                1 => format!("{stem}.log"),
                number => format!("{stem}_{number}.log"),
            };
            let path = self.folder.join(name);
            match OpenOptions::new().append(true).create_new(true).open(&path) {
                Ok(file) => break (file, path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(files::Error::new("begin", &path, error)),
            }
        };
        files::sync_folder(&self.folder)?;
        self.log = Some(Log {
            file,
            path,
            length: 0,
            begun,
            unsynced_since: None,
        });
        Ok(())
    }

    /// Appends all or nothing.
    pub(crate) fn append(&mut self, text: &[u8], now: Instant) -> files::Result<()> {
        let Some(log) = &mut self.log else {
            return Ok(());
        };
        match log.file.write_all(text) {
            Ok(()) => {
                log.length += text.len() as u64;
                log.unsynced_since.get_or_insert(now);
                Ok(())
            }
            Err(error) => {
                let error = files::Error::new("write", &log.path, error);
                if log.file.set_len(log.length).is_err() {
                    // It may end within a frame: nothing may follow.
                    self.log = None;
                }
                Err(error)
            }
        }
    }

    /// Whether there is a log that holds nothing yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.log.as_ref().is_some_and(|log| log.length == 0)
    }

    /// Whether something was written longer than so ago and is not synced.
    pub(crate) fn must_sync(&self, after: Duration, now: Instant) -> bool {
        let since = self.log.as_ref().and_then(|log| log.unsynced_since);
        since.is_some_and(|since| now.duration_since(since) >= after)
    }

    /// Gives up the log if its name no longer leads to it: it, or a folder above, was deleted or moved.
    /// Gives its path then.
    pub(crate) fn give_up_lost(&mut self) -> Option<PathBuf> {
        let log = self.log.as_ref()?;
        let is_lost = match std::fs::symlink_metadata(&log.path) {
            Ok(named) => log.file.metadata().is_ok_and(|own| !is_same(&named, &own)),
            Err(error) => matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ),
        };
        is_lost
            .then(|| self.log.take())
            .flatten()
            .map(|log| log.path)
    }

    /// Syncs what was written.
    pub(crate) fn sync(&mut self) -> files::Result<()> {
        let Some(log) = &mut self.log else {
            return Ok(());
        };
        if log.unsynced_since.take().is_none() {
            return Ok(());
        }
        log.file
            .sync_data()
            .map_err(files::Error::context("sync", &log.path))
    }

    /// Ends the log at hand.
    pub(crate) fn end(&mut self) -> files::Result<()> {
        self.sync()?;
        self.log = None;
        Ok(())
    }
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_log_is_due_with_the_hour_or_day_of_the_zone() {
        let folder = tempfile::tempdir().unwrap();
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        for (rotate, same, next) in [
            (
                Rotate::Hourly,
                "2026-03-01T18:29:59Z",
                "2026-03-01T18:30:00Z",
            ),
            (
                Rotate::Daily,
                "2026-03-01T18:29:59Z",
                "2026-03-01T18:30:00Z",
            ),
        ] {
            let mut spool = Spool::new(folder.path().to_owned(), rotate, zone.clone());
            assert!(spool.is_due(at(same)));
            spool.begin(at("2026-03-01T17:31:00Z")).unwrap();
            assert!(!spool.is_due(at(same)) && spool.is_due(at(next)));
            // A clock that is set back.
            assert!(spool.is_due(at("2026-02-01T17:31:00Z")));
        }
    }

    #[test]
    fn two_logs_of_one_minute_have_two_names() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path().to_owned(), Rotate::Daily, TimeZone::UTC);
        let now = at("2026-03-01T17:31:00Z");
        let mut names = Vec::new();
        for _ in 0..3 {
            spool.begin(now).unwrap();
            spool.append(b"x", Instant::now()).unwrap();
            let name = spool.path().unwrap().file_name().unwrap();
            names.push(name.to_string_lossy().into_owned());
        }
        let expected = ["", "_2", "_3"].map(|end| format!("bandwhich_20260301_1731{end}.log"));
        assert_eq!(names, expected);
        spool.end().unwrap();
        assert!(
            expected
                .iter()
                .all(|name| std::fs::read(folder.path().join(name)).unwrap() == b"x")
        );
    }

    #[test]
    fn a_log_that_was_deleted_or_moved_is_given_up_and_its_folder_is_made_again() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("host/log");
        let mut spool = Spool::new(folder.clone(), Rotate::Daily, TimeZone::UTC);
        let now = at("2026-03-01T17:31:00Z");
        let path = folder.join("bandwhich_20260301_1731.log");
        type Harm = fn(&Path, &Path);
        let harms: [Harm; 4] = [
            |_, log| std::fs::remove_file(log).unwrap(),
            |_, log| std::fs::rename(log, log.with_extension("old")).unwrap(),
            |folder, _| std::fs::remove_dir_all(folder.parent().unwrap()).unwrap(),
            // Another file by its name.
            |_, log| {
                std::fs::remove_file(log).unwrap();
                std::fs::write(log, "x").unwrap();
                std::fs::rename(log, log.with_extension("x")).unwrap();
                std::fs::copy(log.with_extension("x"), log).unwrap();
            },
        ];
        for harm in harms {
            spool.begin(now).unwrap();
            spool.append(b"frame", Instant::now()).unwrap();
            assert_eq!(spool.give_up_lost(), None);
            harm(&folder, &path);
            assert_eq!(spool.give_up_lost().as_deref(), Some(&*path));
            assert!(spool.path().is_none());
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_that_names_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let folder = file.path().join("log");
        let mut spool = Spool::new(folder, Rotate::Daily, TimeZone::UTC);
        let error = spool.begin(at("2026-03-01T17:31:00Z")).unwrap_err();
        assert!(
            error.to_string().starts_with("cannot create the folder "),
            "{error}"
        );
    }
}
