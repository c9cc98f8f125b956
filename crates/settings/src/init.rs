//! A new settings file.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use display::printable;

use crate::locate::Environment;

/// Why no settings file was written.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// A file is there.
    #[error("{}: already exists", printable(&.0.to_string_lossy()))]
    Exists(PathBuf),
    /// It cannot be written.
    #[error("{}: cannot be written: {source}", printable(&.path.to_string_lossy()))]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl InitError {
    /// What to do, if that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Exists(_) => Some("--force replaces it".to_owned()),
            Self::Unwritable { .. } => None,
        }
    }
}

/// Writes a file that only its owner may read: a password may be written into it.
///
/// # Errors
/// If a file is there and `force` is not given, or it cannot be written.
pub fn write_file(
    path: &Path,
    text: &str,
    force: bool,
    environment: &Environment,
) -> Result<(), InitError> {
    let unwritable = |source| InitError::Unwritable {
        path: path.into(),
        source,
    };
    let absolute = environment.current_folder.join(path);
    if let Some(folder) = absolute.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    if force {
        // A new file, so that an old one's permissions and links do not carry over.
        match fs::remove_file(&absolute) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritable(error)),
            _ => {}
        }
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options
        .open(&absolute)
        .map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => InitError::Exists(path.into()),
            _ => unwritable(error),
        })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(unwritable)
}
