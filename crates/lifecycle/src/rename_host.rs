//! A machine's new name: first in the history, in one transaction, then in what is said of the archives.
//! If a crash comes between the two, the same command again does the rest.

use std::collections::BTreeSet;
use std::path::PathBuf;

use archive::{Document, FoundArchive};
use store::Store;

use crate::archiving::{read_back, record_of};
use crate::error::{Error, Result};
use crate::tuning::tuning;
use settings::{HostLayout, Settings, check_host};

/// An archive whose logs are those of a renamed host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenamedArchive {
    /// The archive.
    pub path: PathBuf,
    /// Why it keeps the old name; `None` if it has the new one.
    pub trouble: Option<String>,
}

/// What became of a host that was renamed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RenamedHost {
    /// Its logs in the history; `None` if an earlier run renamed those.
    pub logs: Option<u64>,
    /// Its archives.
    pub archives: Vec<RenamedArchive>,
}

/// Gives a host another name.
///
/// # Errors
/// If the new name is none, the folder of the old one's logs is still there, the store refuses, or an
/// archive cannot be read.
pub fn rename_host(old: &str, new: &str, settings: &Settings, now: i64) -> Result<RenamedHost> {
    check_host(new).map_err(Error::NewName)?;
    let folder = settings.paths.log_dir.join(old);
    if settings.input.hosts == HostLayout::Directories && folder.is_dir() {
        return Err(Error::OldFolder {
            folder: files::show(&folder).to_string(),
            host: old.to_owned(),
        });
    }
    let root = &settings.paths.store_dir;
    let mut store = Store::open(root, &settings::started(now), "store rename-host")?;
    let is_done = !store.hosts()?.iter().any(|host| host == old)
        && (store.former_names()?).contains(&(old.to_owned(), new.to_owned()));
    let mut renamed = RenamedHost::default();
    if !is_done {
        renamed.logs = Some(store.rename_host(old, new)?);
    }
    for archive in archive::find(&settings.paths.archive_dir)? {
        let Ok(Some(document)) = Document::read(&archive.metadata()) else {
            continue;
        };
        if document.host != old {
            continue;
        }
        let trouble = rename_in_archive(&store, settings, &archive, document, new)?;
        renamed.archives.push(RenamedArchive {
            path: archive.path,
            trouble,
        });
        files::check_interrupted()?;
    }
    Ok(renamed)
}

/// Says of an archive that its logs are those of another name, under which the history holds them. Gives the
/// reason if it does not.
///
/// # Errors
/// If the catalogue or the metadata cannot be written.
pub(crate) fn rename_in_archive(
    store: &Store,
    settings: &Settings,
    archive: &FoundArchive,
    mut document: Document,
    new: &str,
) -> Result<Option<String>> {
    let names: Vec<String> = (document.members.iter().map(|member| member.name.clone())).collect();
    let wanted: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let read = read_back(
        store,
        &archive.path,
        &document,
        new,
        &wanted,
        &tuning(settings),
    )?;
    if let Some((_, reason)) = read.faults.into_iter().next() {
        return Ok(Some(reason));
    }
    for member in &mut document.members {
        match read.content.get(&member.name) {
            Some(Ok(sources)) => member.sources.clone_from(sources),
            Some(Err(reason)) => return Ok(Some(format!("{}: {reason}", member.name))),
            None => {
                return Ok(Some(format!(
                    "{}: it was not found in the archive",
                    member.name
                )));
            }
        }
    }
    document.host = new.to_owned();
    store.note_archive(&record_of(archive, &document))?;
    document.write(&archive.metadata())?;
    Ok(None)
}
