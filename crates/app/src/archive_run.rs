//! A whole run of `archive`.

use lifecycle::claims::{self, Standing};
use lifecycle::{ArchiveScope, ArchiveSummary, archive_logs, own_host};
use settings::Settings;
use store::Store;

use crate::error::Result;
use crate::last_run::forget_abandoned;

/// Archives the logs that are in the history and finished, and deletes what is past its time.
///
/// # Errors
/// If the catalogue cannot be read or written.
pub fn archive_run(settings: &Settings, now: i64) -> Result<ArchiveSummary> {
    let started = settings::started(now);
    let mut store = Store::open(&settings.paths.store_dir, &started, "archive")?;
    own_host::record(&store, settings)?;
    let standing = claims::examine(&store, settings)?;
    lifecycle::sweep(settings);
    let summary = archive_logs(&mut store, settings, now, ArchiveScope::Ingested, &[])?;
    if standing == Standing::Current {
        claims::claim(&store, settings, !summary.written.is_empty())?;
    }
    forget_abandoned(&mut store, "archive");
    Ok(summary)
}
