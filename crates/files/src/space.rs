//! Room on a disk.

use std::path::Path;

use crate::error::{Error, Result};

/// Bytes of a filesystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Those that this user may still write.
    pub free: u64,
    /// All.
    pub all: u64,
}

/// The room on the disk that holds a path. `None` where the system does not tell.
#[cfg(unix)]
pub fn space(path: &Path) -> Option<Space> {
    let found = rustix::fs::statvfs(path).ok()?;
    Some(Space {
        free: found.f_bavail.saturating_mul(found.f_frsize),
        all: found.f_blocks.saturating_mul(found.f_frsize),
    })
}

/// Only Unix is asked.
#[cfg(not(unix))]
pub fn space(_: &Path) -> Option<Space> {
    None
}

/// The bytes of all files below a folder. Links are not followed, and what goes away meanwhile is not
/// counted.
///
/// # Errors
/// Where the folder cannot be listed.
pub fn folder_size(path: &Path) -> Result<u64> {
    let mut bytes = 0u64;
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            entries => entries.map_err(Error::context("list", &folder))?,
        };
        for entry in entries {
            let entry = entry.map_err(Error::context("list", &folder))?;
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) => bytes = bytes.saturating_add(metadata.len()),
                Err(_) => {}
            }
        }
    }
    Ok(bytes)
}
