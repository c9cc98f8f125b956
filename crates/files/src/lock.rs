//! One run at a time.
//!
//! The lock is the kernel's, on an open file, so it dies with its process whatever kills it. What
//! the file says is only for the message, and the file is never deleted: deleting a lock file
//! lets two runs lock two files of one name.
//!
//! A holder that ends clears its line. A line without a holder is therefore the trace of a run that
//! was killed, or whose machine went down: [`abandoned`] reads it, and the next holder carries it along.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::{self, Error, show};

// Longer than any text we write; a foreign file behind the name must not fill the message.
const HOLDER_LIMIT: u64 = 4096;

/// Traces that are carried along, the newest.
const MOST_TRACES: usize = 5;
/// Characters of a trace.
const LONGEST_TRACE: usize = 200;

/// A held lock; dropping it, or the end of the process, lets go.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
    traces: Vec<String>,
    keeps_traces: bool,
}

/// Why a lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run holds it.
    #[error("{} is locked by another run: {holder}", show(path))]
    Held {
        /// The lock file.
        path: PathBuf,
        /// Who holds it, as the holder wrote it, fit for a terminal: `pid 812, started …: command`.
        holder: String,
    },
    /// The lock file could not be opened or locked.
    #[error(transparent)]
    Io(#[from] Error),
}

impl Lock {
    /// Takes the lock at `path` without waiting, creating the file if there is none.
    ///
    /// `started` and `command` say to the next one who holds it; they are written beside the
    /// process id. A command that carries a secret has to be masked by the caller.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] if another open file holds it, also one of this process;
    /// [`LockError::Io`] where the file cannot be opened, is a link, or its filesystem has no locks.
    pub fn acquire(path: &Path, started: &str, command: &str) -> Result<Self, LockError> {
        let mut file = open(path).map_err(Error::context("open the lock file", path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held {
                    path: path.to_owned(),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(cause)) => {
                return Err(Error::new("lock", path, cause).into());
            }
        }
        let lock = Self {
            traces: traces(&read(&mut file)),
            file,
            path: path.to_owned(),
            keeps_traces: false,
        };
        let text = format!("pid {}, started {started}: {command}", std::process::id());
        lock.write(&error::escaped(&text));
        Ok(lock)
    }

    /// Leaves the traces of earlier holders in the file when this one ends, until they are forgotten.
    #[must_use]
    pub fn keeping_traces(mut self) -> Self {
        self.keeps_traces = true;
        self
    }

    /// What earlier holders wrote that did not come to their end, the newest last.
    pub fn traces(&self) -> &[String] {
        &self.traces
    }

    /// Forgets the traces of earlier holders for which this holds.
    pub fn forget_traces(&mut self, is_done: impl Fn(&str) -> bool) {
        self.traces.retain(|trace| !is_done(trace));
    }

    /// Whether its path still leads to the lock file. Where it was deleted, another run can lock another
    /// file of this name.
    pub fn is_in_place(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let own = self.file.metadata();
            let named = std::fs::symlink_metadata(&self.path);
            own.and_then(|own| Ok((own, named?)))
                .is_ok_and(|(own, named)| (own.dev(), own.ino()) == (named.dev(), named.ino()))
        }
        #[cfg(not(unix))]
        self.path.exists()
    }

    /// The lock file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    // The lock holds without its text, so a full disk is no reason to refuse the run. Nothing is cut off
    // before it is written over: on a full disk what is there may be all that fits.
    fn write(&self, holder: &str) {
        let mut text = format!("{holder}\n");
        for trace in &self.traces {
            text.push_str(trace);
            text.push('\n');
        }
        let mut file = &self.file;
        let _ = file
            .rewind()
            .and_then(|()| file.write_all(text.as_bytes()))
            .and_then(|()| file.set_len(text.len() as u64));
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A run that panics did not come to its end: what it wrote stays, as after a kill.
        if std::thread::panicking() {
            return;
        }
        // Cleared while still held, so that nobody reads the name of one who has gone.
        if self.keeps_traces && !self.traces.is_empty() {
            self.write("");
        } else {
            let _ = self.file.set_len(0);
        }
        let _ = self.file.unlock();
    }
}

/// What holders of the lock at `path` wrote that did not come to their end, the newest last. Works while
/// somebody holds it, and takes no lock.
pub fn abandoned(path: &Path) -> Vec<String> {
    let Ok(mut file) = File::open(path) else {
        return Vec::new();
    };
    let mut traces = traces(&read(&mut file));
    // The newest is the one that holds it.
    if lock_holder(path).is_some() {
        traces.pop();
    }
    traces
}

/// Who holds the lock at `path`, as it wrote it. `None` if nobody does. Asking takes no lock, so it
/// is in nobody's way; where a run was killed, the kernel's list of locks tells.
pub fn lock_holder(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let text = holder(&mut file);
    let pid = text.strip_prefix("pid ")?.split(',').next()?;
    (!is_gone(pid, &file)).then_some(text)
}

/// How often the kernel's list of locks is read before a lock counts as gone.
const LOOKS: usize = 3;

/// Whether the process that signed has ended. Its number may be another's by now, which holds no lock.
fn is_gone(pid: &str, file: &File) -> bool {
    if !cfg!(target_os = "linux") {
        return false;
    }
    if !Path::new("/proc").join(pid).exists() {
        return true;
    }
    // The kernel hands its list out in pieces: while other locks come and go, a line may be missed.
    (0..LOOKS).all(|_| locks_of(file).is_some_and(|locks| locks.is_empty()))
}

/// The process ids in the kernel's list of locks of a file; 0 for what no process of this machine's view holds.
/// `None` if there is no such list.
fn locks_of(file: &File) -> Option<Vec<u32>> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        // The sixth word of a line is DEVICE:DEVICE:INODE, the one before it the process. Devices are not those
        // that `stat` gives on some filesystems, and inodes hardly ever meet.
        let inode = format!(":{}", file.metadata().ok()?.ino());
        let locks = std::fs::read_to_string("/proc/locks").ok()?;
        let of_line = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let at = words.iter().position(|word| word.split(':').count() == 3)?;
            let pid = words.get(at.checked_sub(1)?)?;
            words[at]
                .ends_with(&inode)
                .then(|| pid.parse().unwrap_or(0))
        };
        Some(locks.lines().filter_map(of_line).collect())
    }
    #[cfg(not(unix))]
    None
}

/// The other processes that hold a lock of a file, or wait for one, in order. Empty if the system does not say.
pub fn lock_processes(path: &Path) -> Vec<u32> {
    let mut processes = File::open(path)
        .ok()
        .and_then(|file| locks_of(&file))
        .unwrap_or_default();
    processes.retain(|process| *process != 0 && *process != std::process::id());
    processes.sort_unstable();
    processes.dedup();
    processes
}

fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // The text is written over what is there: a planted link must not choose what that is.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            "not a regular file",
        ))
    }
}

fn holder(file: &mut File) -> String {
    let text = read(file);
    let holder = text.lines().next().unwrap_or_default().trim();
    // Empty between taking the lock and signing it, and where the disk was full.
    if holder.is_empty() {
        return "one that did not sign".to_owned();
    }
    error::escaped(holder)
}

/// The lines that holders wrote, the newest last: the first line is the last holder's.
fn traces(text: &str) -> Vec<String> {
    let mut lines = text.lines();
    let last = lines.next();
    let traces: Vec<String> = lines
        .chain(last)
        .filter(|line| line.starts_with("pid "))
        .map(|line| error::escaped(line).chars().take(LONGEST_TRACE).collect())
        .collect();
    let older = traces.len().saturating_sub(MOST_TRACES);
    traces[older..].to_vec()
}

fn read(file: &mut File) -> String {
    let mut bytes = Vec::new();
    let read = file
        .rewind()
        .and_then(|()| file.take(HOLDER_LIMIT).read_to_end(&mut bytes));
    match read {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_told_who_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first =
            Lock::acquire(&path, "2026-03-02T10:00:00+01:00", "network-monitor report").unwrap();
        let error = Lock::acquire(&path, "later", "network-monitor ingest").unwrap_err();
        let LockError::Held { holder, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(
            *holder,
            format!(
                "pid {}, started 2026-03-02T10:00:00+01:00: network-monitor report",
                std::process::id()
            )
        );
        assert!(
            error.to_string().contains("is locked by another run: pid "),
            "{error}"
        );
        drop(first);
    }

    #[test]
    fn a_dropped_lock_is_free_and_its_file_stays_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        drop(Lock::acquire(&path, "a", "a rather long command").unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        let second = Lock::acquire(&path, "b", "b").unwrap();
        assert_eq!(second.path(), path);
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_whose_file_was_deleted_is_not_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = Lock::acquire(&path, "a", "a").unwrap();
        assert!(lock.is_in_place());
        std::fs::remove_file(&path).unwrap();
        assert!(!lock.is_in_place());
        let other = Lock::acquire(&path, "b", "b").unwrap();
        assert!(other.is_in_place() && !lock.is_in_place());
    }

    #[test]
    fn what_a_dead_run_left_in_the_file_does_not_hold_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        std::fs::write(
            &path,
            "pid 1, started long ago: something with a longer text\n",
        )
        .unwrap();
        let _lock = Lock::acquire(&path, "now", "x").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            format!(
                "pid {}, started now: x\npid 1, started long ago: something with a longer text\n",
                std::process::id()
            )
        );
    }

    #[test]
    fn a_holder_that_did_not_end_leaves_a_trace_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let died = |number: usize| format!("pid {}, started then: report", 99_999_990 + number);
        std::fs::write(&path, died(0) + "\n").unwrap();
        assert_eq!(lock_holder(&path), None);
        assert_eq!(abandoned(&path), [died(0)]);
        let acquire = || Lock::acquire(&path, "now", "x").unwrap().keeping_traces();
        let lock = acquire();
        assert_eq!(lock.traces(), [died(0)]);
        assert_eq!(abandoned(&path), [died(0)], "the holder lives");
        drop(lock);
        assert_eq!(
            (abandoned(&path), lock_holder(&path)),
            (vec![died(0)], None)
        );
        // One after the other dies.
        for number in 1..10 {
            let text = std::fs::read_to_string(&path).unwrap();
            let older = text.split_once('\n').unwrap().1.to_owned();
            std::fs::write(&path, format!("{}\n{older}", died(number))).unwrap();
            drop(acquire());
        }
        let newest: Vec<String> = (5..10).map(died).collect();
        assert_eq!(abandoned(&path), newest);
        let mut lock = acquire();
        lock.forget_traces(|trace| trace.ends_with(": ingest"));
        assert_eq!(lock.traces(), newest);
        lock.forget_traces(|trace| trace.ends_with(": report"));
        drop(lock);
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        // Whoever does not keep them, does not.
        std::fs::write(&path, died(0)).unwrap();
        drop(Lock::acquire(&path, "now", "x").unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn a_holder_that_panics_leaves_a_trace_and_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = path.clone();
        let run = move || {
            let _lock = Lock::acquire(&held, "then", "report").unwrap();
            panic!("what no run should do");
        };
        std::thread::spawn(run).join().unwrap_err();
        let text = format!("pid {}, started then: report", std::process::id());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{text}\n"));
        assert_eq!(Lock::acquire(&path, "now", "x").unwrap().traces(), [text]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_number_that_another_process_has_by_now_holds_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let text = format!("pid {}, started then: report", std::process::id());
        std::fs::write(&path, &text).unwrap();
        assert_eq!(lock_holder(&path), None);
        assert_eq!(abandoned(&path), [text]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn other_processes_with_a_lock_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let own = File::create(&path).unwrap();
        own.lock_shared().unwrap();
        assert_eq!(lock_processes(&path), [0; 0]);
        // util-linux's flock takes the same kind of lock; without it there is nothing to show.
        let Ok(mut other) = std::process::Command::new("flock")
            .args(["--shared", "--no-fork"])
            .arg(&path)
            .args(["sleep", "60"])
            .spawn()
        else {
            return;
        };
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while lock_processes(&path).is_empty() && std::time::Instant::now() < until {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!(lock_processes(&path), [other.id()]);
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(lock_processes(&path), [0; 0]);
        assert_eq!(lock_processes(&folder.path().join("none")), [0; 0]);
    }

    #[test]
    fn a_hostile_lock_file_cannot_steer_the_terminal_or_flood_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let foreign = File::create(&path).unwrap();
        foreign.lock().unwrap();
        std::fs::write(
            &path,
            [b"\x1b[2J\xff".as_slice(), &[b'x'; 100_000]].concat(),
        )
        .unwrap();
        let Err(LockError::Held { holder, .. }) = Lock::acquire(&path, "", "") else {
            panic!()
        };
        assert!(holder.starts_with("\\u{1b}[2J\u{fffd}xxx") && holder.len() < 5000);
    }

    #[test]
    fn an_unsigned_lock_is_still_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let foreign = File::create(&path).unwrap();
        foreign.lock().unwrap();
        let Err(LockError::Held { holder, .. }) = Lock::acquire(&path, "", "") else {
            panic!()
        };
        assert_eq!(holder, "one that did not sign");
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_the_lock_file() {
        let error = Lock::acquire(Path::new("/nowhere/at/all/lock"), "", "").unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot open the lock file /nowhere/at/all/lock: no such file or directory"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed_and_its_target_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("precious");
        std::fs::write(&target, "keep me").unwrap();
        let path = folder.path().join("lock");
        std::os::unix::fs::symlink(&target, &path).unwrap();
        assert!(matches!(
            Lock::acquire(&path, "", ""),
            Err(LockError::Io(_))
        ));
        assert_eq!(std::fs::read_to_string(target).unwrap(), "keep me");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_lock_dies_with_the_process_that_held_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        // util-linux's flock takes the same kind of lock; without it there is nothing to show.
        let Ok(mut other) = std::process::Command::new("flock")
            .arg("--no-fork")
            .arg(&path)
            .args(["sleep", "60"])
            .spawn()
        else {
            return;
        };
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while Lock::acquire(&path, "", "").is_ok() && std::time::Instant::now() < until {
            std::thread::yield_now();
        }
        assert!(matches!(
            Lock::acquire(&path, "", ""),
            Err(LockError::Held { .. })
        ));
        other.kill().unwrap();
        other.wait().unwrap();
        Lock::acquire(&path, "", "").unwrap();
    }
}
