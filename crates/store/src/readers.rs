//! Readers beside a writer.
//!
//! A reader works on one snapshot: it takes the lock of the file `readers`, shared with other readers,
//! and then begins a transaction of SQLite, so that all it asks the catalogue is answered as of that
//! moment. A writer never waits for readers. It commits, and before it removes the files that the commit
//! replaced, it tries to get the same lock alone. If somebody reads, the files stay, the journal still
//! lists them, and the next commit or the next run removes them. So no file that a snapshot names goes
//! away under its reader.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Result;

const NAME: &str = "readers";
/// How long a reader waits while a writer removes files. Longer than it takes, so that only a writer
/// that was stopped in the middle is ever met.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a rebuild waits for readers before it replaces the catalogue.
const LONG_PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(5);

/// Held while a reader reads; dies with the process.
#[derive(Debug)]
pub(crate) struct Reading(
    #[expect(dead_code, reason = "the lock is held as long as its file is open")] File,
);

/// Held while a writer removes files that no reader needs.
#[derive(Debug)]
pub(crate) struct Alone(
    #[expect(dead_code, reason = "the lock is held as long as its file is open")] File,
);

/// Keeps the files of the current snapshot from being removed. `None` if the file system has no locks,
/// or no writer has made the lock file yet: the reader is not protected then.
pub(crate) fn begin_reading(root: &Path) -> Option<Reading> {
    let file = File::open(root.join(NAME)).ok()?;
    retry(PATIENCE, || file.try_lock_shared().is_ok()).then_some(Reading(file))
}

/// Keeps new readers out, if nobody reads.
pub(crate) fn nobody_reads(root: &Path) -> Result<Option<Alone>> {
    let file = create(root)?;
    Ok(is_free(&file).then_some(Alone(file)))
}

/// The same, after waiting for readers to end. `None` if they do not end in a minute.
pub(crate) fn wait_for_readers(root: &Path) -> Result<Option<Alone>> {
    let file = create(root)?;
    Ok(retry(LONG_PATIENCE, || is_free(&file)).then_some(Alone(file)))
}

/// Other processes that read, or remove files that nobody reads. Empty if the system does not say.
pub(crate) fn processes(root: &Path) -> Vec<u32> {
    files::lock_processes(&root.join(NAME))
}

/// Takes the lock, unless somebody holds it. A file system without locks has no readers that could be
/// seen.
fn is_free(file: &File) -> bool {
    !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

fn retry(patience: Duration, mut attempt: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + patience;
    loop {
        if attempt() {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
}

/// Opens the lock file, which is never written and never removed, and makes it if there is none. Only
/// writers make it, so that it is theirs; who reads needs no more than to open it.
pub(crate) fn create(root: &Path) -> Result<File> {
    let path = root.join(NAME);
    let open = || match File::open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path),
        opened => opened,
    };
    Ok(open().map_err(files::Error::context("open the lock file", &path))?)
}
