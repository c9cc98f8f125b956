//! What a killed run left outside of the store.

use std::path::Path;

use settings::Settings;
use tracing::warn;

/// Removes temporary files that a killed run left where this program writes outside of its store, also
/// where this run has nothing to write.
pub fn sweep(settings: &Settings) {
    let paths = &settings.paths;
    let mut folders = vec![paths.report_dir.clone(), paths.archive_dir.clone()];
    for root in folders.clone() {
        // Each host has a folder of its own.
        let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
        let hosts = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(hosts.map(|entry| entry.path()));
    }
    folders.extend(paths.temp_dir.clone());
    let metrics = settings.metrics_textfile.as_deref().and_then(Path::parent);
    folders.extend(metrics.map(Path::to_owned));
    for folder in folders {
        if let Err(error) = files::sweep_temporaries(&folder) {
            warn!("{error}");
        }
    }
}

#[cfg(test)]
mod tests;
