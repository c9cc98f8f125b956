//! `index.html` over the pages in the report folder, and over those of each host that has a folder of its own.
//!
//! It follows from what lies there alone: each page says at its head what it is about, so pages that were deleted
//! are gone from the index, and what is no page of this program never gets into it. It is no report: its name is
//! no report's, the catalogue does not know it, and retention leaves it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use files::AtomicFile;
use report::{Index, IndexedHost, IndexedPage, PageHead};
use settings::Settings;
use tracing::info;

use crate::error::{Error, Result};
use crate::folder::folder_of;

const NAME: &str = "index.html";
/// Pages of a folder that are listed: more than ten years.
const MOST_PAGES: usize = 4_000;
/// Bytes of a page in which its head is.
const HEAD: u64 = 16 << 10;

/// Writes the indexes of the reports of all hosts; those that do not change stay. Gives those that were written.
///
/// # Errors
/// If a folder cannot be read or an index not be written.
pub fn write_indexes(settings: &Settings, hosts: &[String]) -> Result<Vec<PathBuf>> {
    let root = &settings.paths.report_dir;
    let mut written = Vec::new();
    let mut own = None;
    let mut others = Vec::new();
    for host in hosts {
        let folder = folder_of(settings, host);
        if folder == *root {
            own = Some(host.clone());
            continue;
        }
        let index = read(&folder, Some(host.clone()))?;
        if index.pages.is_empty() {
            continue;
        }
        let days = index.pages.iter().map(|page| &page.head);
        others.push(IndexedHost {
            host: host.clone(),
            folder: store::folder_name(host),
            newest: days.max_by_key(|head| head.start.as_second()).cloned(),
            pages: index.pages.len() + index.left_out,
        });
        written.extend(write(&folder, &index, settings)?);
    }
    let index = Index {
        hosts: others,
        ..read(root, own)?
    };
    let is_empty = index.pages.is_empty() && index.hosts.is_empty();
    // Of an index over nothing only its end is of interest.
    if !is_empty || root.join(NAME).exists() {
        written.extend(write(root, &index, settings)?);
    }
    Ok(written)
}

/// Whether the reports have an index.
pub fn has_index(settings: &Settings) -> bool {
    settings.paths.report_dir.join(NAME).exists()
}

/// The pages of a folder.
fn read(folder: &Path, host: Option<String>) -> Result<Index> {
    let mut index = Index {
        host,
        ..Index::default()
    };
    if !folder.is_dir() {
        return Ok(index);
    }
    let failed = files::Error::context("read", folder);
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let names = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| is_page(name)).collect();
    // Their names are in the order of their first days.
    names.sort_unstable_by(|one, other| other.cmp(one));
    for file in names {
        if index.pages.len() == MOST_PAGES {
            index.left_out += 1;
            continue;
        }
        let head = read_head(&folder.join(&file));
        if let Some(head) = head.as_deref().and_then(PageHead::read) {
            index.pages.push(IndexedPage { file, head });
        }
    }
    Ok(index)
}

/// Whether a file has the name of a report's page: `report_YYYYMMDD.html`, `report_YYYYMMDD-YYYYMMDD.html`.
fn is_page(name: &str) -> bool {
    let stem = name
        .strip_prefix("report_")
        .and_then(|rest| rest.strip_suffix(".html"));
    let is_date = |text: &str| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    stem.is_some_and(|stem| match stem.split_once('-') {
        Some((first, last)) => is_date(first) && is_date(last),
        None => is_date(stem),
    })
}

/// The first bytes of a file. `None` if it is no file, or cannot be read.
fn read_head(path: &Path) -> Option<String> {
    // Nothing else is opened: a pipe would be waited for, and a link may lead anywhere.
    if !std::fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path)
        .ok()?
        .take(HEAD)
        .read_to_end(&mut bytes)
        .ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes an index, unless the same is there, or something else that has its name.
fn write(folder: &Path, index: &Index, settings: &Settings) -> Result<Option<PathBuf>> {
    let target = folder.join(NAME);
    if std::fs::symlink_metadata(&target).is_ok()
        && !read_head(&target).is_some_and(|head| Index::is_index(&head))
    {
        info!(
            "{}: not written by this program; it stays",
            files::show(&target)
        );
        return Ok(None);
    }
    let html = index.to_html().map_err(|error| Error::Render {
        path: files::show(&target).to_string(),
        reason: error.to_string(),
    })?;
    if std::fs::read(&target).is_ok_and(|old| old == html.as_bytes()) {
        return Ok(None);
    }
    let file = AtomicFile::create(&target, settings.paths.temp_dir.as_deref())?;
    // The services write it later.
    files::give_to_owner_of(folder, file.file())?;
    let mut out = file.file();
    out.write_all(html.as_bytes())
        .map_err(files::Error::context("write", &target))?;
    file.commit()?;
    Ok(Some(target))
}

#[cfg(test)]
mod tests;
