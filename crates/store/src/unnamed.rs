//! Files of the store that no transaction names: what a crash left, or a catalogue that is not theirs.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::partition::{Kind, parse_folder};
use crate::{Result, catalog, container, sources};

/// Files of the store that the catalogue does not name.
pub(crate) fn unnamed_files(root: &Path, catalog: &Connection) -> Result<Vec<String>> {
    let mut unnamed = unnamed_sources(root, catalog)?;
    for path in segment_files(root)? {
        let below = path.strip_prefix(root).unwrap_or(&path);
        let file = below.to_string_lossy().into_owned();
        if parse_folder(below).is_some() && !catalog::names_file(catalog, &file)? {
            unnamed.push(file);
        }
    }
    Ok(unnamed)
}

/// All files in the folders of segments.
pub(crate) fn segment_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for kind in Kind::ALL {
        for date in list(&root.join(kind.as_str()))? {
            for host in list(&date)? {
                files.extend(list(&host)?);
            }
        }
    }
    Ok(files)
}

/// What a folder holds, sorted; nothing if there is no folder.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        outcome => outcome.map_err(files::Error::context("list", folder))?,
    };
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(files::Error::context("list", folder))?;
    paths.sort();
    Ok(paths)
}

/// Those of some sidecars and containers that are whole, and have a log of which the catalogue knows no version.
pub(crate) fn unknown_logs(
    root: &Path,
    catalog: &Connection,
    sidecars: Vec<String>,
) -> Result<Vec<String>> {
    let mut query = catalog.prepare_cached("SELECT 1 FROM source WHERE name = ?1")?;
    let mut unknown = Vec::new();
    for file in sidecars {
        let Ok(sources) = sources::read_all(&root.join(&file)) else {
            continue;
        };
        for source in sources {
            if !query.exists([&source.name])? {
                unknown.push(file);
                break;
            }
        }
    }
    Ok(unknown)
}

/// All sidecars and containers, below the store. Programs that copy folders leave files of other names beside
/// them.
pub(crate) fn sidecars(root: &Path) -> Result<Vec<String>> {
    let files = list(&root.join("sources"))?.into_iter();
    let below = files.filter_map(|file| {
        let below = file.strip_prefix(root).ok()?.to_str()?.to_owned();
        let is_ours = catalog::source_of_file(&below).is_some() || container::is_container(&below);
        (is_ours && file.is_file()).then_some(below)
    });
    Ok(below.collect())
}

/// Sidecars and containers that lie in the store and that no transaction made live.
pub(crate) fn unnamed_sources(root: &Path, catalog: &Connection) -> Result<Vec<String>> {
    let mut unnamed = Vec::new();
    for file in sidecars(root)? {
        if !catalog::names_file(catalog, &file)? {
            unnamed.push(file);
        }
    }
    Ok(unnamed)
}
