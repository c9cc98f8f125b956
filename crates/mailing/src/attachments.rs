//! The files of a report beside its letter.

use std::path::PathBuf;

use mail::Attachment;
use settings::{Email, Settings, Word as _};

use crate::data;
use crate::error::Result;

/// A file of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    /// Where it is read.
    pub path: PathBuf,
    /// Where the letter says that it is.
    pub shown: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The files that are attached, and what the letter says of each file of the report.
pub(crate) fn attachments(
    files: &[ReportFile],
    settings: &Settings,
) -> Result<(Vec<Attachment>, Vec<data::File>)> {
    let email = &settings.email;
    let mut room = u64::from(email.max_attachment_mb) * 1_000_000;
    let mut attachments = Vec::new();
    let mut listed = Vec::new();
    for file in files {
        let path = &file.path;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_wanted = is_wanted(&name, email);
        let is_attached = is_wanted && file.bytes <= room;
        if is_attached {
            let bytes = std::fs::read(path).map_err(::files::Error::context("read", path))?;
            room -= file.bytes;
            attachments.push(Attachment {
                name: name.clone().into_owned(),
                bytes,
            });
        }
        listed.push(data::File {
            name: display::printable(&name).into_owned(),
            path: ::files::show(&file.shown).to_string(),
            size: display::approximate_bytes(file.bytes as f64),
            attached: is_attached,
            left_out: is_wanted && !is_attached,
        });
    }
    Ok((attachments, listed))
}

/// Whether the settings ask for a file of a report beside the letter.
fn is_wanted(name: &str, email: &Email) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    name.starts_with("report_")
        && (email.attachments.iter()).any(|format| format.word() == extension)
}
