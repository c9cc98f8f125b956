//! What lies in the log folder. The only place that knows.

use std::path::{Path, PathBuf};

use files::{FoundLog, Skipped};
use settings::{HostLayout, Settings};
use store::Store;

use crate::error::{Error, Result};
use crate::passed_over;
use crate::summary::IngestSummary;

/// A log to be read.
pub(crate) struct Pending {
    pub(crate) host: String,
    pub(crate) log: FoundLog,
}

pub(crate) fn find(settings: &Settings, summary: &mut IngestSummary) -> Result<Vec<Pending>> {
    let mut found = Vec::new();
    let log_dir = &settings.paths.log_dir;
    discover(log_dir, &settings.host, settings, &mut found, summary)?;
    if settings.input.hosts == HostLayout::Directories {
        for pending in &mut found {
            // Each folder of the log folder is a host; what lies beside them is this machine's.
            let mut parts = pending.log.relative.iter();
            if let (Some(folder), Some(_)) = (parts.next(), parts.next()) {
                pending.host = host_of_folder(folder);
            }
        }
    }
    Ok(found)
}

/// A folder's name as a host: what is not UTF-8 in it is written as `\xFF`, and so is the backslash of
/// what only looks like that, so that no two folders become one host.
fn host_of_folder(folder: &std::ffi::OsStr) -> String {
    let mut host = String::new();
    let escape = |host: &mut String, byte: u8| host.push_str(&format!("\\x{byte:02X}"));
    for chunk in folder.as_encoded_bytes().utf8_chunks() {
        let valid = chunk.valid();
        for (place, letter) in valid.char_indices() {
            if letter == '\\' && looks_escaped(&valid.as_bytes()[place..]) {
                escape(&mut host, b'\\');
            } else {
                host.push(letter);
            }
        }
        chunk
            .invalid()
            .iter()
            .for_each(|byte| escape(&mut host, *byte));
    }
    host
}

/// Whether text begins with what stands for a byte: a backslash, `x` and two hexadecimal digits.
fn looks_escaped(text: &[u8]) -> bool {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
    matches!(text, [b'\\', b'x', one, two, ..] if is_digit(one) && is_digit(two))
}

/// What lies in the log folder.
#[derive(Default)]
pub struct LogFolder {
    /// How many logs there are.
    pub found: usize,
    /// Those that are new or have changed.
    pub pending: Vec<FoundLog>,
    /// What was passed over.
    pub skipped: Vec<Skipped>,
}

/// Looks at the settings' log folder, and reads nothing in it.
///
/// # Errors
/// If the folder or the store cannot be read.
pub fn look_for_logs(store: Option<&Store>, settings: &Settings) -> Result<LogFolder> {
    let discovery = files::discover(&settings.paths.log_dir, &exclusions(settings))?;
    let found = discovery.logs.len();
    let mut pending = Vec::new();
    for log in discovery.logs {
        if !store
            .map(|store| store.has_read(&log))
            .transpose()?
            .unwrap_or(false)
        {
            pending.push(log);
        }
    }
    Ok(LogFolder {
        found,
        pending,
        skipped: discovery.skipped,
    })
}

/// The folder that this machine's collector writes into.
///
/// # Errors
/// [`Error::FolderName`] if each host has a folder, and this one's name cannot be one's.
pub fn collector_folder(settings: &Settings) -> Result<PathBuf> {
    let host = settings.host.as_str();
    if settings.input.hosts == HostLayout::Single {
        return Ok(settings.paths.log_dir.clone());
    }
    if host.is_empty() || host.starts_with('.') || host.contains(['/', '\\']) {
        return Err(Error::FolderName(host.to_owned()));
    }
    Ok(settings.paths.log_dir.join(host))
}

/// What lies in a log folder without being a log: what the program writes itself.
pub fn exclusions(settings: &Settings) -> Vec<PathBuf> {
    let paths = &settings.paths;
    let mut exclude = vec![
        paths.report_dir.clone(),
        paths.archive_dir.clone(),
        paths.store_dir.clone(),
    ];
    if let Some(file) = &settings.logging.file {
        exclude.push(file.clone());
        exclude.extend((1..=settings.logging.backup_count).map(|number| {
            let mut rotated = file.clone().into_os_string();
            rotated.push(format!(".{number}"));
            PathBuf::from(rotated)
        }));
    }
    exclude
}

pub(crate) fn discover(
    folder: &Path,
    host: &str,
    settings: &Settings,
    found: &mut Vec<Pending>,
    summary: &mut IngestSummary,
) -> Result<()> {
    let discovery = files::discover(folder, &exclusions(settings))?;
    for skipped in &discovery.skipped {
        if skipped.reason.needs_attention() {
            let path = files::show(&skipped.path).to_string();
            summary.unreadable(&path, &skipped.reason.to_string());
        }
    }
    summary
        .unnamed
        .extend(passed_over::tell(folder, &discovery));
    found.extend(discovery.logs.into_iter().map(|log| Pending {
        host: host.to_owned(),
        log,
    }));
    Ok(())
}

#[cfg(test)]
mod tests;
