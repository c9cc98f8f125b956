//! Room on a disk.

use std::path::Path;

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
