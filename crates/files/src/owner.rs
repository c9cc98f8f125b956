//! Whose a new file is: what root makes in a folder of somebody else belongs to whom the folder belongs to, so that
//! one run by hand takes nothing from the services that come after it.

use std::fs::{self, File};
use std::path::Path;

use crate::error::{Error, Result};

/// Gives a new file to the owner and group of a folder, if root made it and the folder is not root's.
///
/// # Errors
/// If the system refuses.
#[cfg(unix)]
pub fn give_to_owner_of(folder: &Path, file: &File) -> Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let found = fs::metadata(folder).map_err(Error::context("look at", folder))?;
    if found.uid() == 0 {
        return Ok(());
    }
    fchown(file, Some(found.uid()), Some(found.gid()))
        .map_err(Error::context("give a file to the owner of", folder))
}

/// Only Unix has owners that matter here.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn give_to_owner_of(_: &Path, _: &File) -> Result<()> {
    Ok(())
}

/// Gives a folder that was just made to the owner of the one above it.
pub(crate) fn give_to_owner_above(made: &Path) -> Result<()> {
    let Some(above) = made.parent().filter(|above| above.is_dir()) else {
        return Ok(());
    };
    let folder = File::open(made).map_err(Error::context("open", made))?;
    give_to_owner_of(above, &folder)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, chown};

    use super::*;

    #[test]
    fn what_root_makes_in_anothers_folder_is_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let is_root = rustix::process::geteuid().is_root();
        if is_root {
            chown(folder.path(), Some(12_345), Some(12_346)).unwrap();
        }
        let owner = |path: &Path| {
            let found = fs::metadata(path).unwrap();
            (found.uid(), found.gid())
        };
        let deep = folder.path().join("reports/web1");
        for made in [folder.path().join("reports"), deep.clone()] {
            fs::create_dir(&made).unwrap();
            give_to_owner_above(&made).unwrap();
        }
        let path = deep.join("report.json");
        let file = File::create(&path).unwrap();
        give_to_owner_of(&deep, &file).unwrap();
        for path in [&path, &deep, &folder.path().join("reports")] {
            assert_eq!(owner(path), owner(folder.path()), "{}", path.display());
        }
        // Elsewhere nothing changes hands.
        if !is_root {
            assert_eq!(owner(&path).0, rustix::process::geteuid().as_raw());
        }
    }
}
