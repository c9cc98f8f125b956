//! Which archives lie in a folder: in itself and in the folders of hosts below it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::name::{Format, archive_name, metadata_name, parse_archive_name, parse_metadata_name};
use crate::{Document, Error, Result};

/// A file with an archive's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundArchive {
    /// The day in its name.
    pub day: Date,
    /// Its path below the archive folder.
    pub relative: PathBuf,
    /// Where it is.
    pub path: PathBuf,
}

impl FoundArchive {
    /// How it is packed, by its name.
    pub fn format(&self) -> Format {
        match self.path.extension() {
            Some(extension) if extension == "zip" => Format::Zip,
            _ => Format::TarGz,
        }
    }

    /// Where its metadata lies.
    pub fn metadata(&self) -> PathBuf {
        self.path.with_file_name(metadata_name(self.day))
    }

    /// An archive by its path below the archive folder; `None` if that is no archive's name.
    pub fn at(archive_dir: &Path, relative: &Path) -> Option<Self> {
        let (day, _) = parse_archive_name(relative.file_name()?.to_str()?)?;
        Some(FoundArchive {
            day,
            relative: relative.to_owned(),
            path: archive_dir.join(relative),
        })
    }
}

/// Finds the archives of a folder, by day and name: those that are there, and those of which only the
/// metadata are. A folder that is not there holds none. Links are not followed: one with an archive's
/// name is found, and whoever reads it learns that it is no regular file.
///
/// # Errors
/// If a folder cannot be listed.
pub fn find(archive_dir: &Path) -> Result<Vec<FoundArchive>> {
    let mut found = Vec::new();
    let mut metadata = Vec::new();
    let mut folders = vec![(PathBuf::new(), 0)];
    while let Some((below, depth)) = folders.pop() {
        let folder = archive_dir.join(&below);
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            outcome => outcome.map_err(files::Error::context("list", &folder))?,
        };
        for entry in entries {
            let entry = entry.map_err(files::Error::context("list", &folder))?;
            let kind = entry
                .file_type()
                .map_err(files::Error::context("list", &folder))?;
            let relative = below.join(entry.file_name());
            if kind.is_dir() && depth == 0 {
                folders.push((relative, depth + 1));
            } else if !kind.is_dir() {
                found.extend(FoundArchive::at(archive_dir, &relative));
                let name = relative.file_name().and_then(|name| name.to_str());
                metadata.extend(
                    name.and_then(parse_metadata_name)
                        .map(|day| (below.clone(), day)),
                );
            }
        }
    }
    found.extend(lost(archive_dir, &found, metadata));
    found.sort();
    Ok(found)
}

/// The archives of which only the metadata are there.
fn lost(
    archive_dir: &Path,
    found: &[FoundArchive],
    metadata: Vec<(PathBuf, Date)>,
) -> Vec<FoundArchive> {
    let there: HashSet<(&Path, Date)> = (found.iter())
        .filter_map(|archive| Some((archive.relative.parent()?, archive.day)))
        .collect();
    let alone = (metadata.into_iter())
        .filter(|(folder, day)| !there.contains(&(folder.as_path(), *day)))
        .map(|(folder, day)| {
            let document = Document::read(&archive_dir.join(&folder).join(metadata_name(day)));
            let format = match document {
                Ok(Some(document)) => document.archive.format,
                _ => Format::Zip,
            };
            let relative = folder.join(archive_name(day, format));
            FoundArchive {
                day,
                path: archive_dir.join(&relative),
                relative,
            }
        });
    alone.collect()
}

/// The archive of a day in a folder: the one that is there, whatever it is packed with, or the one
/// to be made.
///
/// # Errors
/// If there are two.
pub fn locate(
    archive_dir: &Path,
    host_folder: &Path,
    day: Date,
    format: Format,
) -> Result<FoundArchive> {
    let place = |format| {
        let relative = host_folder.join(archive_name(day, format));
        FoundArchive {
            day,
            path: archive_dir.join(&relative),
            relative,
        }
    };
    let there: Vec<FoundArchive> = Format::ALL
        .into_iter()
        .map(place)
        .filter(|archive| std::fs::symlink_metadata(&archive.path).is_ok())
        .collect();
    match there.as_slice() {
        [] => Ok(place(format)),
        [one] => Ok(one.clone()),
        [one, other, ..] => Err(Error::damaged(
            &one.path,
            format!(
                "there is {} too; a day has one archive: move one away",
                files::show(&other.path)
            ),
        )),
    }
}
