//! Attributes that the kernel keeps beside a file.

use std::path::Path;

/// An extended attribute, such as `security.capability`. `None` if there is none, or it cannot be
/// read.
#[cfg(target_os = "linux")]
pub fn extended_attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = vec![0; 4096];
    let length = rustix::fs::getxattr(path, name, &mut value[..]).ok()?;
    value.truncate(length);
    Some(value)
}

/// Only Linux is asked.
#[cfg(not(target_os = "linux"))]
pub fn extended_attribute(_: &Path, _: &str) -> Option<Vec<u8>> {
    None
}
