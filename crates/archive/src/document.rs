//! `metadata_YYYYMMDD.json`: what is in an archive. Its schema is `docs/schema/archive.schema.json`.

use std::io::Read as _;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Error, Format, Result};

/// The version of the metadata.
const VERSION: u32 = 1;
/// No metadata is larger: half a million logs in a day.
const LARGEST: u64 = 256 << 20;

/// What is in an archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Version of this form.
    pub schema_version: u32,
    /// The day of the logs, by the middle of each one's time in the zone of the settings.
    pub day: Date,
    /// The machine whose logs these are.
    pub host: String,
    /// The archive itself.
    pub archive: ArchiveFile,
    /// Bytes of all members as they were.
    pub original_bytes: u64,
    /// Bytes of all members for each byte of the archive.
    pub compression_ratio: f64,
    /// The logs, in the order of the archive.
    pub members: Vec<Member>,
}

/// The archive as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveFile {
    /// Its name; it lies beside the metadata.
    pub file: String,
    /// How it is packed.
    pub format: Format,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// A log in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name in the archive.
    pub name: String,
    /// Where it lay below the log folder, and where else the same bytes were found.
    pub found_as: Vec<String>,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// When it was last written.
    pub modified: Timestamp,
    /// The sources of the store that hold its runs; empty if it holds none.
    pub sources: Vec<String>,
}

impl Document {
    /// Describes an archive and its members.
    pub(crate) fn new(host: &str, day: Date, archive: ArchiveFile, members: Vec<Member>) -> Self {
        let original_bytes: u64 = members.iter().map(|member| member.size).sum();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a ratio needs no more than 53 bits"
        )]
        let ratio = original_bytes as f64 / archive.size.max(1) as f64;
        Document {
            schema_version: VERSION,
            day,
            host: host.to_owned(),
            archive,
            original_bytes,
            compression_ratio: (ratio * 100.0).round() / 100.0,
            members,
        }
    }

    /// The member that holds these bytes.
    pub fn member_of(&self, sha256: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.sha256 == sha256)
    }

    /// Writes it as JSON.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).expect("text and numbers become JSON");
        json.push('\n');
        json
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// If it is something else, or of a newer version.
    pub fn parse(json: &str) -> std::result::Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            schema_version: u32,
        }
        let head: Head = serde_json::from_str(json).map_err(|error| error.to_string())?;
        if head.schema_version > VERSION {
            return Err(format!(
                "written by a newer version of this program (schema {}, this one knows up to {VERSION})",
                head.schema_version
            ));
        }
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    /// Reads the file; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read, or is no metadata.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        // Nothing else is opened: a pipe would be waited for.
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Ok(there) if !there.is_file() => {
                return Err(Error::damaged(path, "not a regular file"));
            }
            _ => {}
        }
        let file = std::fs::File::open(path).map_err(files::Error::context("open", path))?;
        let mut json = String::new();
        file.take(LARGEST)
            .read_to_string(&mut json)
            .map_err(files::Error::context("read", path))?;
        let document = Document::parse(&json).map_err(|reason| Error::damaged(path, reason))?;
        Ok(Some(document))
    }

    /// Writes the file whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let json = self.to_json();
        Ok(files::write_atomically(path, None, |out| {
            out.write_all(json.as_bytes())
        })?)
    }
}
