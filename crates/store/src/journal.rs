//! Which files of the store move. An entry is written before the files of a commit move, and stays until
//! those that the commit replaced are removed.
//!
//! Each commit has a number, in its entry and in the catalogue that its transaction leaves. So an entry of a
//! later commit than the catalogue's next one tells that the catalogue is older than the files.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use crate::partition::parse_folder;
use crate::{Result, catalog, container, disk};

const NAME: &str = "journal";

/// The files of one commit, below the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) commit: i64,
    pub(crate) bring: BTreeSet<String>,
    pub(crate) remove: BTreeSet<String>,
    /// Its transaction is known to be committed.
    pub(crate) decided: bool,
}

/// What the journal says.
pub(crate) enum Journal {
    /// The files of these commits move or moved.
    Entries(Vec<Entry>),
    /// Files move, but it is not known which: earlier versions of this program did not say, and a journal
    /// may be damaged.
    Unlisted,
}

/// Reads the journal. `None` if nothing moves.
pub(crate) fn read(root: &Path) -> Result<Option<Journal>> {
    let path = root.join(NAME);
    let bytes = match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        outcome => outcome.map_err(files::Error::context("read", &path))?,
    };
    let Ok(mut entries) = serde_json::from_slice::<Vec<Entry>>(&bytes) else {
        return Ok(Some(Journal::Unlisted));
    };
    for entry in &mut entries {
        entry.bring.retain(|file| is_ours(file));
        entry.remove.retain(|file| is_ours(file));
    }
    Ok(Some(Journal::Entries(entries)))
}

/// Replaces the journal.
pub(crate) fn write(root: &Path, entries: &[Entry]) -> Result<()> {
    files::write_atomically(&root.join(NAME), None, |out| {
        Ok(serde_json::to_writer(out, entries)?)
    })?;
    Ok(())
}

/// Removes the journal: nothing moves any more.
pub(crate) fn remove(root: &Path) -> Result<()> {
    disk::remove(&root.join(NAME))
}

/// Whether a path below the store is that of a segment, a sidecar or a container.
fn is_ours(file: &str) -> bool {
    let is_plain = |part| matches!(part, Component::Normal(_));
    let parts = Path::new(file).components();
    if !parts.clone().all(is_plain) {
        return false;
    }
    if parts.count() == 4 {
        parse_folder(Path::new(file)).is_some()
    } else {
        catalog::source_of_file(file).is_some() || container::is_container(file)
    }
}

/// All files that entries list.
pub(crate) fn files(entries: &[Entry]) -> BTreeSet<&String> {
    let all = entries
        .iter()
        .flat_map(|entry| [&entry.bring, &entry.remove]);
    all.flatten().collect()
}

/// The files that are not alive, if no catalogue can tell which commits were made. A commit all of whose
/// files are in place counts as made.
pub(crate) fn dead(root: &Path, entries: &[Entry]) -> BTreeSet<String> {
    let mut dead = BTreeSet::new();
    for entry in entries {
        let removed = |file: &String| dead.contains(file) || root.join(file).exists();
        let is_made = entry.decided || entry.bring.iter().all(removed);
        dead.extend(if is_made {
            entry.remove.clone()
        } else {
            entry.bring.clone()
        });
    }
    dead
}
