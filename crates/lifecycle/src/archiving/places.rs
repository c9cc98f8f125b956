//! Where the archive of a host's day is, and what is known of the one that lies there.

use std::io;
use std::path::{Path, PathBuf};

use archive::{Document, FoundArchive, digest_of_file};
use jiff::civil::Date;
use store::{ArchiveRecord, Store};

use crate::archives::lacks_originals;
use crate::error::Result;
use crate::newer_archives;
use settings::{CompressFormat, HostLayout, Settings};

/// What the catalogue keeps of an archive.
pub(crate) fn record_of(archive: &FoundArchive, document: &Document) -> ArchiveRecord {
    ArchiveRecord {
        file: archive.relative.to_string_lossy().into_owned(),
        checksum: document.archive.sha256.clone(),
        document: document.to_json(),
    }
}

/// An archive and what it holds; or a path, and why nothing can join it.
pub(super) type ArchivePlace = Result<(FoundArchive, Option<Document>), (PathBuf, String)>;

/// The archive of a host's day: in the archive folder itself where all logs are of one machine, else
/// in a folder of the host's name.
pub(super) fn place_of(
    store: &Store,
    settings: &Settings,
    host: &str,
    day: Date,
) -> Result<ArchivePlace> {
    let format = match settings.archive.compress_format {
        CompressFormat::Zip => archive::Format::Zip,
        CompressFormat::TarGz => archive::Format::TarGz,
    };
    let root = &settings.paths.archive_dir;
    let of_host = PathBuf::from(store::folder_name(host));
    let mut folders = vec![of_host];
    if settings.input.hosts == HostLayout::Single {
        folders.insert(0, PathBuf::new());
    }
    for folder in folders {
        let archive = match archive::locate(root, &folder, day, format) {
            Ok(archive) => archive,
            Err(error) => return Ok(Err((root.clone(), error.to_string()))),
        };
        match known_document(store, &archive, &settings.paths.log_dir)? {
            // The machine had another name before.
            Ok(Some(document)) if document.host != host => {}
            Ok(document) => return Ok(Ok((archive, document))),
            Err(reason) => return Ok(Err((archive.path, reason))),
        }
    }
    let reason = format!("the archive of {day} there is of another machine than {host}");
    Ok(Err((root.clone(), reason)))
}

/// What the archive that lies there holds, by its checksum; `None` if there is none. Mends what a
/// crash left half done. Says why where the archive is not ours. One that is gone is noted as lost.
pub(crate) fn known_document(
    store: &Store,
    archive: &FoundArchive,
    log_dir: &Path,
) -> Result<Result<Option<Document>, String>> {
    let file = archive.relative.to_string_lossy().into_owned();
    let records = store.archives_of(&file)?;
    match std::fs::symlink_metadata(&archive.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // One that never took its place took no log away.
            for record in &records {
                if Document::parse(&record.document)
                    .is_ok_and(|document| lacks_originals(&document, log_dir))
                {
                    store.note_lost_archive(record)?;
                }
            }
            store.forget_archive(&file)?;
            return Ok(Ok(None));
        }
        Err(error) => return Ok(Err(files::describe(&error))),
        Ok(there) if !there.is_file() => return Ok(Err("it is not a regular file".to_owned())),
        Ok(_) => {}
    }
    let checksum = match digest_of_file(&archive.path) {
        Ok(digest) => digest.sha256,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let beside = Document::read(&archive.metadata());
    if let Some(record) = records.iter().find(|record| record.checksum == checksum) {
        let document = match Document::parse(&record.document) {
            Ok(document) => document,
            Err(reason) => return Ok(Err(format!("what the catalogue knows of it: {reason}"))),
        };
        if !beside.is_ok_and(|beside| beside.as_ref() == Some(&document))
            && let Err(error) = document.write(&archive.metadata())
        {
            return Ok(Err(error.to_string()));
        }
        store.keep_archive(&file, &checksum)?;
        return Ok(Ok(Some(document)));
    }
    let is_described = matches!(&beside, Ok(Some(beside)) if beside.archive.sha256 == checksum);
    if !records.is_empty() && is_described {
        return Ok(Err(format!(
            "the catalogue knows an older archive of that name only, as if it came from a backup; {}",
            newer_archives::CURE
        )));
    }
    if !records.is_empty() {
        return Ok(Err(
            "it is not as this program left it; check it with `network-monitor archive verify` and move \
             it away"
                .to_owned(),
        ));
    }
    match beside {
        Ok(Some(document)) if document.archive.sha256 == checksum => {
            if !newer_archives::holds_sources(store, &document)? {
                return Ok(Err(format!(
                    "the history does not hold the logs in it; {}",
                    newer_archives::CURE
                )));
            }
            store.note_archive(&record_of(archive, &document))?;
            Ok(Ok(Some(document)))
        }
        Ok(Some(_)) => Ok(Err(no_joining("its metadata are of another file"))),
        Ok(None) => Ok(Err(no_joining("its metadata are missing"))),
        Err(error) => Ok(Err(no_joining(&format!(
            "its metadata cannot be read: {error}"
        )))),
    }
}

/// Why nothing joins an archive that may be ours, and how that ends.
fn no_joining(reason: &str) -> String {
    format!(
        "{reason}, so nothing is added to it; take its logs out with `network-monitor archive restore`, \
         if it holds any, and move it away"
    )
}
