//! What is known of a log is forgotten: somebody named a file that is none, or has seen to what was wrong with it.

use std::path::{Path, PathBuf};

use settings::Settings;
use store::Store;

use crate::error::{Error, Result};

/// Forgets logs, by the paths that the status shows. What the history holds of them stays. Gives the paths as they
/// were known.
///
/// # Errors
/// If one of them is not known; then none is forgotten. If the store cannot be written.
pub fn forget_logs(paths: &[PathBuf], settings: &Settings, now: i64) -> Result<Vec<PathBuf>> {
    let folder = &settings.paths.store_dir;
    let unknown = |path: &Path| {
        let path = files::show(path);
        Error::NotThere(format!("{path}: nothing is known of a log with this path"))
    };
    let named: Vec<PathBuf> = (paths.iter())
        .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()))
        .collect();
    if let (Some(first), false) = (named.first(), folder.is_dir()) {
        return Err(unknown(first));
    }
    let store = Store::open(folder, &settings::started(now), "status --forget")?;
    for path in &named {
        if !store.knows_path(path)? {
            return Err(unknown(path));
        }
    }
    for path in &named {
        store.forget_path(path)?;
    }
    Ok(named)
}
