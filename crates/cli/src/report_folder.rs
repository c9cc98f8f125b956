//! Whose reports lie in the report folder. Reports of one day have one name whatever store they are made
//! from, so two settings files with one `paths.report_dir` would overwrite each other's.
//!
//! The file `.network-monitor` in the folder holds the path of the store.

use std::path::{Path, PathBuf};

use tracing::info;

use crate::failure::Failure;
use crate::settings::Settings;

const NAME: &str = ".network-monitor";
const HEAD: &[u8] = b"The reports in this folder are written from the store in\n";

/// Ensures that the reports in the report folder are those of the settings' store. A folder whose store is
/// gone belongs to nobody.
///
/// # Errors
/// [`Failure::OtherStore`] if they are written from another store.
pub fn require_own(settings: &Settings) -> Result<(), Failure> {
    let reports = &settings.paths.report_dir;
    match owner(reports) {
        Some(owner) if owner == store_of(settings) => {}
        Some(owner) if store::catalog_path(&owner).exists() => {
            return Err(Failure::OtherStore {
                reports: files::show(reports).to_string(),
                store: files::show(&owner).to_string(),
                claim: files::show(&reports.join(NAME)).to_string(),
            });
        }
        Some(owner) => info!(
            "{}: written from {} before, which is gone",
            files::show(reports),
            files::show(&owner)
        ),
        None => {}
    }
    Ok(())
}

/// The store of the settings by its real path.
fn store_of(settings: &Settings) -> PathBuf {
    let store = &settings.paths.store_dir;
    std::fs::canonicalize(store).unwrap_or_else(|_| store.clone())
}

/// Notes that the reports in the report folder are those of the settings' store.
///
/// # Errors
/// If the folder cannot be written.
pub fn claim(settings: &Settings) -> Result<(), Failure> {
    let (reports, store) = (&settings.paths.report_dir, store_of(settings));
    if owner(reports).as_ref() == Some(&store) {
        return Ok(());
    }
    files::create_folder(reports)?;
    files::write_atomically(&reports.join(NAME), None, |out| {
        out.write_all(HEAD)?;
        out.write_all(store.as_os_str().as_encoded_bytes())?;
        out.write_all(b"\n")
    })?;
    Ok(())
}

/// The store that reports in a folder are written from. `None` if nothing readable tells.
fn owner(reports: &Path) -> Option<PathBuf> {
    let text = std::fs::read(reports.join(NAME)).ok()?;
    let path = text.strip_prefix(HEAD)?.strip_suffix(b"\n")?;
    Some(store::path_of_bytes(path.to_vec())).filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Surroundings;

    fn settings(root: &Path, store: &str) -> Settings {
        let text = format!("paths: {{report_dir: reports, store_dir: {store}}}\n");
        let file = root.join("settings.yaml");
        Settings::of_text(&text, &file, &Surroundings::for_tests()).unwrap()
    }

    #[test]
    fn a_folder_belongs_to_one_store_until_that_is_gone() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let (one, other) = (settings(root, "one"), settings(root, "other"));
        std::fs::create_dir(root.join("one")).unwrap();
        std::fs::write(root.join("one/catalog.sqlite"), "").unwrap();
        for _ in 0..2 {
            require_own(&one).unwrap();
            claim(&one).unwrap();
        }
        let error = require_own(&other).unwrap_err();
        assert_eq!(error.code(), 2, "{error}");
        assert!(error.to_string().contains("/one"), "{error}");
        std::fs::remove_dir_all(root.join("one")).unwrap();
        require_own(&other).unwrap();
        claim(&other).unwrap();
        require_own(&one).unwrap();
    }

    #[test]
    fn a_damaged_note_claims_nothing() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let settings = settings(root, "one");
        std::fs::create_dir(root.join("reports")).unwrap();
        for text in [
            &b""[..],
            b"x",
            b"\xff\n",
            HEAD,
            &[HEAD, b"relative\n"].concat(),
        ] {
            std::fs::write(root.join("reports").join(NAME), text).unwrap();
            require_own(&settings).unwrap();
            claim(&settings).unwrap();
        }
    }
}
