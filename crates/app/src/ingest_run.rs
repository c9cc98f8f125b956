//! A whole run of `ingest`.

use std::path::PathBuf;

use lifecycle::{IngestSummary, Progress, ingest_folder, ingest_paths, own_host};
use settings::Settings;
use store::Store;

use crate::error::Result;
use crate::last_run::forget_abandoned;

/// Brings the named logs, or those of the log folder if none is named, into the store. `is_foreign` says that
/// they are logs of another machine than the history's.
///
/// # Errors
/// If the store cannot be written. A log that cannot be read is named in the summary.
pub fn ingest_run(
    paths: &[PathBuf],
    is_foreign: bool,
    settings: &Settings,
    now: i64,
    progress: &dyn Progress,
) -> Result<IngestSummary> {
    let settings = if is_foreign {
        settings.clone()
    } else {
        own_host::settled(settings)?
    };
    let mut store = Store::open(&settings.paths.store_dir, &settings::started(now), "ingest")?;
    if !is_foreign {
        own_host::record(&store, &settings)?;
    }
    let summary = if paths.is_empty() {
        ingest_folder(&mut store, &settings, now, progress)?
    } else {
        ingest_paths(&mut store, &settings, paths, now, progress)?
    };
    lifecycle::compact_some(&mut store, &settings, now)?;
    forget_abandoned(&mut store, "ingest");
    Ok(summary)
}
