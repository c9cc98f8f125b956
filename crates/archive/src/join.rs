//! A day's archive with more logs in it, written beside the one that is there.

use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use files::{AtomicFile, FileIdentity};
use jiff::Timestamp;

use crate::digest::{Digest, Digesting, digest_of};
use crate::document::{ArchiveFile, Document, Member};
use crate::find::FoundArchive;
use crate::name::free_name;
use crate::pack::Packer;
use crate::{Error, Result, digest_of_file};

/// A log that is to be archived, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Where it is.
    pub path: PathBuf,
    /// Its name in the archive, if that is not taken.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: SystemTime,
    /// Which file it is.
    pub identity: Option<FileIdentity>,
}

impl Log {
    /// Whether what the system says of a file is what was seen.
    fn is(&self, found: &Metadata) -> bool {
        found.is_file()
            && found.len() == self.size
            && found.modified().ok() == Some(self.modified)
            && FileIdentity::of(found) == self.identity
    }

    fn open(&self) -> Result<File> {
        let file = File::open(&self.path).map_err(files::Error::context("open", &self.path))?;
        let found = file
            .metadata()
            .map_err(files::Error::context("read", &self.path))?;
        if self.is(&found) {
            Ok(file)
        } else {
            Err(self.changed())
        }
    }

    fn changed(&self) -> Error {
        Error::Changed {
            path: self.path.clone(),
        }
    }

    /// Removes the log, if it is still the very file that was seen, untouched. The caller syncs the
    /// folder, and calls this only once the log was read back from an archive that is synced.
    ///
    /// # Errors
    /// If it changed, or cannot be removed: it stays.
    pub fn remove(&self) -> Result<()> {
        let found = std::fs::symlink_metadata(&self.path)
            .map_err(files::Error::context("read", &self.path))?;
        if !self.is(&found) {
            return Err(self.changed());
        }
        Ok(
            std::fs::remove_file(&self.path)
                .map_err(files::Error::context("remove", &self.path))?,
        )
    }
}

/// Where a log is in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The archive holds these bytes already, under this name.
    Known(String),
    /// It was added under this name.
    New(String),
}

/// An archive that logs are being added to.
pub struct Joining {
    archive: FoundArchive,
    host: String,
    old: Option<Document>,
    members: Vec<Member>,
    packer: Option<Packer>,
    changed: bool,
}

impl Joining {
    /// Begins with what the archive holds: `old` describes it, and is `None` if there is none.
    pub fn new(archive: FoundArchive, host: &str, old: Option<Document>) -> Self {
        Joining {
            archive,
            host: host.to_owned(),
            members: old
                .as_ref()
                .map(|old| old.members.clone())
                .unwrap_or_default(),
            old,
            packer: None,
            changed: false,
        }
    }

    /// Adds a log. The same bytes are stored once, and equal names with different content both stay.
    ///
    /// The log is read twice: for its checksum, which tells whether the archive holds it, and to be
    /// packed, when the checksum has to come out the same.
    ///
    /// # Errors
    /// If the log cannot be read or is no longer what was seen, before anything was written of
    /// it; after any other error this archive must not be finished.
    pub fn add(&mut self, log: &Log) -> Result<Place> {
        let digest = digest_of(log.open()?).map_err(files::Error::context("read", &log.path))?;
        if digest.size != log.size {
            return Err(log.changed());
        }
        let held = |member: &&mut Member| member.sha256 == digest.sha256;
        if let Some(member) = self.members.iter_mut().find(held) {
            if !member.found_as.contains(&log.name) {
                member.found_as.push(log.name.clone());
                self.changed = true;
            }
            return Ok(Place::Known(member.name.clone()));
        }
        let taken: HashSet<&str> = self.members.iter().map(|member| &*member.name).collect();
        let name = free_name(&log.name, &taken);
        let modified = Timestamp::try_from(log.modified).unwrap_or_default();
        let packed = self.pack(log, &name, modified)?;
        if packed != digest {
            return Err(log.changed());
        }
        self.members.push(Member {
            name: name.clone(),
            found_as: vec![log.name.clone()],
            size: digest.size,
            sha256: digest.sha256,
            modified,
            sources: Vec::new(),
        });
        self.changed = true;
        Ok(Place::New(name))
    }

    fn pack(&mut self, log: &Log, name: &str, modified: Timestamp) -> Result<Digest> {
        if self.packer.is_none() {
            self.packer = Some(self.begin()?);
        }
        let packer = self.packer.as_mut().expect("it was just begun");
        let mut content = Digesting::new(log.open()?);
        packer
            .add(name, log.size, modified, &mut content)
            .map_err(files::Error::context("archive", &log.path))?;
        Ok(content.sum())
    }

    fn begin(&self) -> Result<Packer> {
        let path = &self.archive.path;
        let file = AtomicFile::create(path, None)?;
        let old = self.old.as_ref().map(|_| path.as_path());
        Packer::begin(file, self.archive.format(), old)
    }

    /// Writes the end of the archive. `None` if it holds all that was added already.
    ///
    /// # Errors
    /// If it cannot be written; what was there is untouched.
    pub fn finish(mut self) -> Result<Option<ArchiveDraft>> {
        if !self.changed {
            return Ok(None);
        }
        let path = self.archive.path.clone();
        let (file, size, sha256) = match self.packer.take() {
            Some(packer) => {
                let file = packer
                    .finish()
                    .map_err(files::Error::context("write", &path))?;
                let Digest { size, sha256 } = digest_of_file(file.temporary_path())?;
                (Some(file), size, sha256)
            }
            // Only another name of a log came to be known.
            None => match &self.old {
                Some(old) => (None, old.archive.size, old.archive.sha256.clone()),
                None => return Ok(None),
            },
        };
        let archive = ArchiveFile {
            file: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            format: self.archive.format(),
            size,
            sha256,
        };
        Ok(Some(ArchiveDraft {
            file,
            document: Document::new(&self.host, self.archive.day, archive, self.members),
            archive: self.archive,
        }))
    }
}

/// An archive that is written and synced, and has not taken its name.
pub struct ArchiveDraft {
    file: Option<AtomicFile>,
    archive: FoundArchive,
    /// What it holds.
    pub document: Document,
}

impl ArchiveDraft {
    /// Where it can be read back from, until it takes its name.
    pub fn path(&self) -> &Path {
        match &self.file {
            Some(file) => file.temporary_path(),
            None => &self.archive.path,
        }
    }

    /// Gives the archive its name in place of the one before. Once this returns, it is on the disk.
    ///
    /// # Errors
    /// If it cannot be renamed.
    pub fn commit(self) -> Result<Document> {
        if let Some(file) = self.file {
            file.commit()?;
        }
        Ok(self.document)
    }
}
