//! A machine's new name: first in the history, in one transaction, then in what is said of the archives.
//! Where a crash comes between the two, the same command again does the rest.

use std::collections::BTreeSet;
use std::io::Write;

use archive::{Document, FoundArchive};
use store::Store;

use crate::archiving::{read_back, record_of};
use crate::failure::{Ending, Failure};
use crate::pipeline::tuning;
use crate::terminal::World;
use settings::{HostLayout, Settings, check_host};

/// Gives a host another name.
///
/// # Errors
/// If the new name is none, the folder of the old one's logs is still there, the store refuses, or an
/// archive cannot be read.
pub fn run(
    old: &str,
    new: &str,
    settings: &Settings,
    world: &World,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    check_host(new).map_err(|fault| Failure::Usage(format!("the new name {fault}")))?;
    let folder = settings.paths.log_dir.join(old);
    if settings.input.hosts == HostLayout::Directories && folder.is_dir() {
        return Err(Failure::Usage(format!(
            "{} is still there: its logs would be read again as those of {old:?}; rename the folder first",
            files::show(&folder)
        )));
    }
    let root = &settings.paths.store_dir;
    let mut store = Store::open(root, &world.started(), "store rename-host")?;
    let is_done = !store.hosts()?.iter().any(|host| host == old)
        && (store.former_names()?).contains(&(old.to_owned(), new.to_owned()));
    if !is_done {
        let logs = store.rename_host(old, new)?;
        writeln!(
            out,
            "{} of {} are now of {}. The next `network-monitor report` writes their reports again.",
            display::counted(logs, "log", "logs"),
            display::printable(old),
            display::printable(new)
        )?;
    }
    let mut faults = 0;
    for archive in archive::find(&settings.paths.archive_dir)? {
        let path = files::show(&archive.path).to_string();
        let Ok(Some(document)) = Document::read(&archive.metadata()) else {
            continue;
        };
        if document.host != old {
            continue;
        }
        match rename_in_archive(&store, settings, &archive, document, new)? {
            None => writeln!(out, "{path}: now of {}", display::printable(new))?,
            Some(reason) => {
                faults += 1;
                writeln!(out, "Attention: {path}: {}", display::printable(&reason))?;
            }
        }
        Failure::if_interrupted()?;
    }
    Ok(match faults {
        0 => Ending::Done,
        _ => Ending::Attention,
    })
}

/// Says of an archive that its logs are those of another name, under which the history holds them. Gives the
/// reason if it does not.
///
/// # Errors
/// If the catalogue or the metadata cannot be written.
pub fn rename_in_archive(
    store: &Store,
    settings: &Settings,
    archive: &FoundArchive,
    mut document: Document,
    new: &str,
) -> Result<Option<String>, Failure> {
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
