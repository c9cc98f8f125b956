//! Files of the store that no transaction names: what a crash left, or a catalogue that is not theirs.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::partition::{Kind, parse_folder};
use crate::sidecar::Source;
use crate::{Result, catalog};

/// Files of the store that the catalogue does not name.
pub(crate) fn unnamed_files(root: &Path, catalog: &Connection) -> Result<Vec<String>> {
    let mut out = Vec::new();
    let mut sources = list(&root.join("sources"))?;
    sources.extend(segment_files(root)?);
    for path in sources {
        let Ok(below) = path.strip_prefix(root) else {
            continue;
        };
        let file = below.to_string_lossy().into_owned();
        let is_ours = parse_folder(below).is_some() || catalog::source_of_file(&file).is_some();
        if is_ours && !catalog::names_file(catalog, &file)? {
            out.push(file);
        }
    }
    Ok(out)
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

/// What a folder holds, sorted; nothing where there is no folder.
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

/// Sidecars that lie in the store and that no transaction made live.
pub(crate) fn unnamed_sources(root: &Path, catalog: &Connection) -> Result<Vec<String>> {
    let mut query = catalog.prepare_cached("SELECT name, generation FROM source")?;
    let named = query.query_map([], |row| {
        Ok(Source::file(&row.get::<_, String>(0)?, row.get(1)?))
    })?;
    let named: HashSet<PathBuf> = named.collect::<rusqlite::Result<_>>()?;
    let folder = root.join("sources");
    let entries = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        outcome => outcome.map_err(files::Error::context("list", &folder))?,
    };
    let mut unnamed = Vec::new();
    for entry in entries {
        let name = entry
            .map_err(files::Error::context("list", &folder))?
            .file_name();
        let file = Path::new("sources").join(&name);
        let is_source = name.to_str().is_some_and(|name| name.ends_with(".source"));
        if is_source && !named.contains(&file) {
            unnamed.push(file.to_string_lossy().into_owned());
        }
    }
    Ok(unnamed)
}
