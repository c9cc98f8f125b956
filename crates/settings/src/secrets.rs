//! Who else can read a file that holds a password.

use std::fs::Metadata;

/// Tells whether group or others can read a regular file. Pipes and devices are never exposed:
/// what a shell hands over by `<(…)` is gone once read.
#[cfg(unix)]
pub(crate) fn is_exposed(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.is_file() && metadata.permissions().mode() & 0o044 != 0
}

/// Only Unix has the permission bits this looks at.
#[cfg(not(unix))]
pub(crate) fn is_exposed(_: &Metadata) -> bool {
    false
}
