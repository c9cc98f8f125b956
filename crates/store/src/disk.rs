//! Files of the store on the disk: their checksums, and removing them.

use std::path::Path;

use twox_hash::XxHash3_128;

use crate::{Error, Result};

/// Removes a file; one that is not there is fine.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(files::Error::new("remove", path, error).into())
        }
        _ => Ok(()),
    }
}

/// Moves a file of the store to its folder `damaged`. One that is not there is fine.
pub(crate) fn set_aside(root: &Path, path: &Path) -> Result<()> {
    let Ok(below) = path.strip_prefix(root) else {
        return Ok(());
    };
    let to = root.join("damaged").join(below);
    files::create_folder(to.parent().unwrap_or(root))?;
    match std::fs::rename(path, &to) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        outcome => Ok(outcome.map_err(files::Error::context("set aside", path))?),
    }
}

/// The XXH3 hash of a file's bytes.
pub(crate) fn checksum(path: &Path) -> files::Result<String> {
    let hash = || -> std::io::Result<String> {
        let mut hasher = XxHash3_128::new();
        std::io::copy(
            &mut std::fs::File::open(path)?,
            &mut HashWriter(&mut hasher),
        )?;
        Ok(format!("{:032x}", hasher.finish_128()))
    };
    hash().map_err(files::Error::context("read", path))
}

/// Holds that a file is what was written.
pub(crate) fn verify(path: &Path, expected: &str) -> Result<()> {
    if checksum(path)? == expected {
        Ok(())
    } else {
        Err(Error::damaged(path, "its checksum differs"))
    }
}

struct HashWriter<'a>(&'a mut XxHash3_128);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
