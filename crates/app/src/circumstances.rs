//! What a letter says beside its report, from the store and the run.

use lifecycle::IngestSummary;
use mailing::{Circumstances, HostLastSeen, UnreadableLog};
use settings::Settings;
use store::Store;

use crate::error::Result;

/// When each host was last seen.
///
/// # Errors
/// If the catalogue cannot be read.
pub(crate) fn last_seen(store: &Store) -> Result<Vec<HostLastSeen>> {
    let hosts = store.last_seen()?.into_iter();
    Ok(hosts
        .map(|(host, last_seen)| HostLastSeen { host, last_seen })
        .collect())
}

/// What a letter says beside its report.
pub(crate) fn circumstances(
    settings: &Settings,
    last_seen: Vec<HostLastSeen>,
    ingest: &IngestSummary,
) -> Circumstances {
    let unreadable = ingest.unreadable.iter().map(|log| UnreadableLog {
        path: log.path.clone(),
        reason: log.reason.clone(),
    });
    Circumstances {
        last_seen,
        unreadable: unreadable.collect(),
        diverged_frames: ingest.diverged_frames,
        disk: files::space(&settings.paths.store_dir),
    }
}
