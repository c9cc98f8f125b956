//! A log file that is set aside when it is full: `monitor.log`, `monitor.log.1`, `monitor.log.2`.
//!
//! Several runs may write the same file, such as a collector that runs for months and a daily
//! report. So a writer whose file was set aside by another follows to the new one, and only one
//! rotates at a time. The crates at hand assume a single writer: `file-rotate` asserts that no
//! file is in its way, and so panics once a second writer has rotated.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A log file with its rotated predecessors.
pub(crate) struct RotatingFile {
    path: PathBuf,
    file: File,
    limit: u64,
    backup_count: usize,
}

impl RotatingFile {
    /// Opens the file for appending; its folder is made if it is missing.
    pub(crate) fn open(path: &Path, limit: u64, backup_count: usize) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file: open(path)?,
            limit,
            backup_count,
        })
    }

    /// Sets the file aside if `more` bytes would make it too long. A single message that is
    /// longer than the limit gets a file of its own.
    fn make_room(&mut self, more: u64) -> io::Result<()> {
        if !self.is_current()? {
            self.file = open(&self.path)?;
        }
        if !self.is_full(more)? {
            return Ok(());
        }
        // Held until the old file is dropped. Another run may have rotated while this one waited.
        self.file.lock()?;
        if self.is_current()? && self.is_full(more)? {
            self.rotate()?;
        }
        self.file = open(&self.path)?;
        Ok(())
    }

    fn is_full(&self, more: u64) -> io::Result<bool> {
        let length = self.file.metadata()?.len();
        Ok(length > 0 && length + more > self.limit)
    }

    /// Whether the open file still is the one that the path names.
    fn is_current(&self) -> io::Result<bool> {
        match fs::metadata(&self.path) {
            Ok(named) => Ok(is_same_file(&named, &self.file.metadata()?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Renames every file to the next number; the last one falls off.
    fn rotate(&self) -> io::Result<()> {
        if self.backup_count == 0 {
            return fs::remove_file(&self.path);
        }
        for number in (1..=self.backup_count).rev() {
            let from = if number == 1 {
                self.path.clone()
            } else {
                self.backup(number - 1)
            };
            match fs::rename(from, self.backup(number)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn backup(&self, number: usize) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

impl Write for RotatingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A file that cannot be rotated grows; that is better than a lost message.
        let _ = self.make_room(bytes.len() as u64);
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Elsewhere an open file cannot be renamed, so it always is the one that its path names.
#[cfg(not(unix))]
fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(folder: &Path, name: &str) -> Option<String> {
        fs::read_to_string(folder.join(name)).ok()
    }

    #[test]
    fn a_full_file_is_set_aside_and_the_oldest_falls_off() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = RotatingFile::open(&folder.path().join("m.log"), 10, 2).unwrap();
        for message in [
            "one\n",
            "two\n",
            "three\n",
            "four\n",
            "five\n",
            "six seven\n",
            "eight\n",
        ] {
            log.write_all(message.as_bytes()).unwrap();
        }
        assert_eq!(read(folder.path(), "m.log").unwrap(), "eight\n");
        assert_eq!(read(folder.path(), "m.log.1").unwrap(), "six seven\n");
        assert_eq!(read(folder.path(), "m.log.2").unwrap(), "four\nfive\n");
        assert_eq!(read(folder.path(), "m.log.3"), None);
    }

    #[test]
    fn without_backups_a_full_file_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = RotatingFile::open(&folder.path().join("m.log"), 8, 0).unwrap();
        log.write_all(b"one\ntwo\n").unwrap();
        log.write_all(b"three\n").unwrap();
        assert_eq!(read(folder.path(), "m.log").unwrap(), "three\n");
        assert_eq!(read(folder.path(), "m.log.1"), None);
    }

    #[test]
    fn a_message_longer_than_the_limit_stays_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = RotatingFile::open(&folder.path().join("m.log"), 4, 1).unwrap();
        log.write_all(b"a\n").unwrap();
        log.write_all(b"a long message\n").unwrap();
        assert_eq!(read(folder.path(), "m.log").unwrap(), "a long message\n");
        assert_eq!(read(folder.path(), "m.log.1").unwrap(), "a\n");
    }

    #[test]
    fn two_writers_share_a_file_and_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.log");
        let write = |name: &str| {
            let mut log = RotatingFile::open(&path, 64, 1_000).unwrap();
            for number in 0..200 {
                log.write_all(format!("{name} {number}\n").as_bytes())
                    .unwrap();
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| write("a"));
            scope.spawn(|| write("b"));
        });
        let mut lines = Vec::new();
        for entry in fs::read_dir(folder.path()).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            lines.extend(text.lines().map(str::to_owned));
        }
        lines.sort();
        lines.dedup();
        assert_eq!(lines.len(), 400);
    }
}
