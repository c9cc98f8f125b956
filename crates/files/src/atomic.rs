//! Files that appear whole or not at all.
//!
//! New content goes to a temporary file, is synced, takes its name by a rename, and the folder is
//! synced. What that promises, and what a crash can still lose:
//!
//! - Whoever opens the name sees the old content or the new one, never a part.
//! - Once [`AtomicFile::commit`] has returned, the new content outlives a power cut, as far as
//!   the disk tells the truth about its cache.
//! - A crash before that leaves the old content or the new one under the name, and perhaps a
//!   temporary file, which [`sweep_temporaries`] removes later.
//! - Where syncing the folder is what fails, the new content has its name, but a power cut may
//!   bring the old one back.
//!
//! A file that is replaced hands on its permissions, not its owner (see `owner.rs`); a link is
//! replaced, not followed.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

const PREFIX: &str = ".network-monitor-";
const SUFFIX: &str = ".tmp";
const RANDOM: usize = 12;

/// Writes a file at once: `write` fills a temporary file, which then takes the name `path`.
///
/// The temporary file lies beside `path`, or in `temp_dir`, which must be on the same filesystem.
/// The module's head says what a crash can lose; running it twice is harmless.
///
/// # Errors
///
/// Any failure, also one that `write` returns, removes the temporary file and leaves what was at
/// `path` untouched; only a failed sync of the folder comes after the rename.
pub fn write_atomically(
    path: &Path,
    temp_dir: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let mut buffered = BufWriter::with_capacity(64 << 10, AtomicFile::create(path, temp_dir)?);
    write(&mut buffered)
        .and_then(|()| buffered.flush())
        .map_err(Error::context("write", path))?;
    let (file, _) = buffered.into_parts();
    file.commit()
}

/// A file under a temporary name that takes its own name with [`commit`](Self::commit).
///
/// It is for writers that need a `File`, or `Write` with `Seek`, as Parquet and zip do. Dropped
/// without a commit, it is gone. It does not buffer.
#[derive(Debug)]
pub struct AtomicFile {
    temporary: NamedTempFile,
    target: PathBuf,
    // Of the file that will be replaced; `None` if there is none.
    permissions: Option<Permissions>,
}

impl AtomicFile {
    /// Creates the temporary file for `path`, beside it or in `temp_dir`.
    ///
    /// # Errors
    ///
    /// If the folder is missing or not writable, or `temp_dir` is on another filesystem.
    pub fn create(path: &Path, temp_dir: Option<&Path>) -> Result<Self> {
        let folder = folder_of(path);
        if let Some(temp_dir) = temp_dir {
            // Said now, not at the rename after an hour of writing.
            require_same_filesystem(temp_dir, folder)?;
        }
        let permissions = match fs::symlink_metadata(path) {
            Ok(old) if old.is_file() => Some(old.permissions()),
            _ => None,
        };
        let temporary = create_locked(temp_dir.unwrap_or(folder), permissions.as_ref())?;
        Ok(Self {
            temporary,
            target: path.to_owned(),
            permissions,
        })
    }

    /// The temporary file, open for reading and writing.
    pub fn file(&self) -> &File {
        self.temporary.as_file()
    }

    /// The name the file will have.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The name the file has until the commit, to read back what was written before it counts.
    pub fn temporary_path(&self) -> &Path {
        self.temporary.path()
    }

    /// Syncs the content, renames it to its own name and syncs the folder.
    ///
    /// # Errors
    ///
    /// As for [`write_atomically`].
    pub fn commit(self) -> Result<()> {
        self.sync()?;
        let target = self.rename()?;
        sync_folder(folder_of(&target))
    }

    /// Syncs the content, with the permissions that the file will have.
    pub(crate) fn sync(&self) -> Result<()> {
        let file = self.temporary.as_file();
        if let Some(permissions) = &self.permissions {
            file.set_permissions(permissions.clone())
                .map_err(Error::context("set the permissions of", &self.target))?;
        }
        file.sync_all()
            .map_err(Error::context("sync", &self.target))
    }

    /// Gives the synced file its own name, and gives that back. The folder is not synced.
    pub(crate) fn rename(self) -> Result<PathBuf> {
        let Self {
            temporary, target, ..
        } = self;
        // A refused rename hands the temporary file back inside the error; dropping it removes it.
        temporary
            .persist(&target)
            .map_err(|refused| Error::new("replace", &target, refused.error))?;
        Ok(target)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.as_file_mut().flush()
    }
}

impl Read for AtomicFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.temporary.as_file_mut().read(buffer)
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.temporary.as_file_mut().seek(to)
    }
}

/// Makes the names in a folder outlive a power cut: files created, renamed and deleted there.
///
/// # Errors
///
/// If the folder cannot be opened or synced. Windows has no such call; there it does nothing.
pub fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|opened| opened.sync_all());
        match synced {
            // Some network and FUSE filesystems cannot sync a folder; there is nothing to wait for.
            Err(cause)
                if matches!(
                    cause.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
                ) => {}
            other => other.map_err(Error::context("sync the folder", folder))?,
        }
    }
    Ok(())
}

/// Creates a folder and those above it that are missing, and syncs each name. An existing folder
/// is fine.
///
/// # Errors
///
/// If one cannot be created, or a file is in the way.
pub fn create_folder(folder: &Path) -> Result<()> {
    create_missing(folder, |new| sync_folder(folder_of(new)))
}

/// Creates a folder and those above it that are missing, and gives each that is new to `on_new`.
pub(crate) fn create_missing(
    folder: &Path,
    mut on_new: impl FnMut(&Path) -> Result<()>,
) -> Result<()> {
    let mut missing = Vec::new();
    for above in folder.ancestors() {
        if above.as_os_str().is_empty() || above.is_dir() {
            break;
        }
        missing.push(above);
    }
    for new in missing.into_iter().rev() {
        match fs::create_dir(new) {
            // Another process was quicker.
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists && new.is_dir() => {}
            other => other.map_err(Error::context("create the folder", new))?,
        }
        on_new(new)?;
    }
    Ok(())
}

/// Removes temporary files that a crash left in `folder`, and returns their paths in order.
///
/// Only regular files whose whole name has our pattern go, and only those that no living process
/// is writing: a writer holds a lock on its temporary file. If a filesystem has no locks they
/// stay. A missing folder has none.
///
/// # Errors
///
/// If the folder cannot be read, or a file not removed; the others are removed first.
pub fn sweep_temporaries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(Error::new("read the folder", folder, cause)),
    };
    let mut strays = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::context("read the folder", folder))?;
        if is_temporary_name(&entry.file_name())
            && entry.file_type().is_ok_and(|kind| kind.is_file())
        {
            strays.push(entry.path());
        }
    }
    strays.sort();
    let mut first_failure = None;
    strays.retain(|path| match remove_if_abandoned(path) {
        Ok(removed) => removed,
        Err(cause) => {
            first_failure.get_or_insert_with(|| Error::new("remove", path, cause));
            false
        }
    });
    first_failure.map_or(Ok(strays), Err)
}

fn remove_if_abandoned(path: &Path) -> io::Result<bool> {
    let file = match open_as_is(path) {
        Ok(file) => file,
        // Its writer committed or dropped it meanwhile.
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(cause) => return Err(cause),
    };
    if file.try_lock().is_err() {
        return Ok(false);
    }
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(cause),
    }
}

fn open_as_is(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

fn is_temporary_name(name: &OsStr) -> bool {
    name.to_str()
        .and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX))
        .is_some_and(|random| {
            random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

// The lock tells a sweep that somebody is still writing; it dies with the process.
fn create_locked(folder: &Path, permissions: Option<&Permissions>) -> Result<NamedTempFile> {
    // Each new try needs a sweep to fall into the instant between creating and locking.
    const TRIES: usize = 100;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        // Narrowed by the umask, as for any new file; tempfile alone would make it the owner's
        // only, and nobody else could read a report. Never wider than what will be replaced.
        options.mode(permissions.map_or(0o666, |old| old.mode() & 0o777) | 0o600);
    }
    for _ in 0..TRIES {
        // tempfile adds the path to the system's words; we have our own way of saying it.
        let mut number = None;
        let temporary = tempfile::Builder::new()
            .prefix(PREFIX)
            .suffix(SUFFIX)
            .rand_bytes(RANDOM)
            .make_in(folder, |path| {
                options
                    .open(path)
                    .inspect_err(|cause| number = cause.raw_os_error())
            })
            .map_err(|cause| number.map_or(cause, io::Error::from_raw_os_error))
            .map_err(Error::context("create a temporary file in", folder))?;
        match temporary.as_file().try_lock() {
            Err(TryLockError::WouldBlock) => continue,
            // A filesystem without locks is one where a sweep removes nothing.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        if temporary
            .as_file()
            .metadata()
            .is_ok_and(|found| is_linked(&found))
        {
            return Ok(temporary);
        }
    }
    let cause = io::Error::other("it is removed again and again");
    Err(Error::new("create a temporary file in", folder, cause))
}

#[cfg(unix)]
fn is_linked(metadata: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) > 0
}

#[cfg(not(unix))]
fn is_linked(_: &Metadata) -> bool {
    true
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn require_same_filesystem(temp_dir: &Path, folder: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let device = |path| {
        fs::metadata(path)
            .map(|found| found.dev())
            .map_err(Error::context("find the folder", path))
    };
    if device(temp_dir)? == device(folder)? {
        return Ok(());
    }
    let cause = io::Error::new(
        io::ErrorKind::CrossesDevices,
        format!(
            "it is not on the filesystem of {}",
            crate::error::show(folder)
        ),
    );
    Err(Error::new("write temporary files in", temp_dir, cause))
}

#[cfg(not(unix))]
fn require_same_filesystem(_: &Path, _: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
