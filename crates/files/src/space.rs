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

/// Free bytes below which any disk is nearly full, and below which one that is 95 % full is.
const LITTLE: u64 = 1_000_000_000;
const SOME: u64 = 20_000_000_000;

impl Space {
    /// Whether the disk will soon be full.
    pub fn is_nearly_full(&self) -> bool {
        self.free < LITTLE || (self.free < SOME && self.free < self.all / 20)
    }
}

/// The room on the disk that holds a path. `None` if the system does not tell.
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
/// If the folder cannot be listed.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_nearly_full_by_its_size_and_by_what_is_left() {
        const GB: u64 = 1_000_000_000;
        for (free, all, full) in [
            (GB / 2, 8 * GB, true),
            (2 * GB, 8 * GB, false),
            (4 * GB, 100 * GB, true),
            (6 * GB, 100 * GB, false),
            (100 * GB, 10_000 * GB, false),
        ] {
            let space = Space { free, all };
            assert_eq!(space.is_nearly_full(), full, "{free} of {all}");
        }
    }
}
