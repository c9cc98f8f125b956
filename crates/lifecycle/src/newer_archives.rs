//! Archives that hold logs which the history does not: a store from a backup is older than the archives
//! that were written since. What it says of their days would be too little.

use std::collections::BTreeSet;
use std::path::PathBuf;

use archive::Document;
use store::Store;

use crate::error::Result;
use settings::{HostLayout, Settings};

/// What mends a history that is older than the archives.
pub const CURE: &str = "`network-monitor store rebuild --from-archives` reads them";

/// The archives whose logs the history does not hold, by their metadata. An archive that cannot be read is
/// no matter of this: `archive verify` names it.
///
/// # Errors
/// If the catalogue cannot be read.
pub fn newer_archives(store: &Store, settings: &Settings) -> Result<Vec<PathBuf>> {
    let known: BTreeSet<(String, String)> = (store.archives()?.into_iter())
        .map(|record| (record.file, record.checksum))
        .collect();
    let (hosts, former) = (store.hosts()?, store.former_names()?);
    // Archives of another machine that were copied here are no later state of this history.
    let is_ours = |document: &Document| {
        settings.input.hosts == HostLayout::Directories
            || document.host == settings.host
            || hosts.contains(&document.host)
            || former.iter().any(|(name, _)| *name == document.host)
    };
    let mut newer = Vec::new();
    // Archiving names a folder that cannot be read.
    for archive in archive::find(&settings.paths.archive_dir).unwrap_or_default() {
        let Ok(Some(document)) = Document::read(&archive.metadata()) else {
            continue;
        };
        // Only its metadata are there: `archive verify` names that, too.
        if std::fs::symlink_metadata(&archive.path).is_err() {
            continue;
        }
        if !is_ours(&document) {
            continue;
        }
        let file = archive.relative.to_string_lossy().into_owned();
        if known.contains(&(file, document.archive.sha256.clone())) {
            continue;
        }
        if !holds_sources(store, &document)? {
            newer.push(archive.path);
        }
    }
    Ok(newer)
}

/// Whether the history holds the logs of an archive, by the names that its metadata have for them.
///
/// # Errors
/// If the catalogue cannot be read.
pub fn holds_sources(store: &Store, document: &Document) -> Result<bool> {
    for name in document.members.iter().flat_map(|member| &member.sources) {
        if !store.has_source(name)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Says that the store is an earlier state of itself.
pub fn older_sentence(settings: &Settings) -> String {
    format!(
        "the store is older than the files in {} or {}, as if it came from a backup; {CURE}. Reports that are \
         there stay until then, or until the file .network-monitor there is removed",
        files::show(&settings.paths.report_dir),
        files::show(&settings.paths.archive_dir)
    )
}

/// A sentence about them; `None` if there are none.
pub fn sentence(newer: &[String]) -> Option<String> {
    let first = newer.first()?;
    let more = match newer.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    Some(format!(
        "{first}{more}: the history does not hold the logs in it, as if it came from a backup; {CURE}"
    ))
}
