//! Archived logs, back into the history; and archives that a rebuilt catalogue has to learn of.

use std::io::Read;

use archive::Document;
use settings::Settings;
use store::{Store, fold_log};

use crate::archives::{self, known_archives, undescribed};
use crate::archiving::{fold_through_pipe, known_document, record_of};
use crate::error::{Error, Result};
use crate::rename_host::rename_in_archive;
use crate::tuning::tuning;

/// Notes all archives that their metadata describe, as after a rebuild the catalogue knows none. Gives what
/// is wrong with the others.
///
/// # Errors
/// If the catalogue cannot be written.
pub fn adopt(store: &Store, settings: &Settings) -> Result<Vec<String>> {
    let archive_dir = &settings.paths.archive_dir;
    let mut trouble = Vec::new();
    for archive in archive::find(archive_dir)? {
        if std::fs::symlink_metadata(&archive.path).is_err() {
            // Only its metadata are there.
            if let Ok(Some(document)) = Document::read(&archive.metadata()) {
                store.note_lost_archive(&record_of(&archive, &document))?;
            }
            continue;
        }
        if let Err(reason) = known_document(store, &archive, &settings.paths.log_dir)? {
            trouble.push(format!("{}: {reason}", files::show(&archive.path)));
        }
        files::check_interrupted()?;
    }
    for lost in archives::replaced_archives(store)? {
        trouble.push(lost.told(archive_dir));
    }
    Ok(trouble)
}

/// What was brought back from archives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Logs that were read.
    pub logs: u64,
    /// What was wrong, each with its path.
    pub faults: Vec<String>,
}

/// Brings all archived logs back into the history.
///
/// # Errors
/// If the store cannot be written. What cannot be read is one of the faults.
pub fn ingest_archives(store: &mut Store, settings: &Settings) -> Result<Recovered> {
    let mut recovered = Recovered::default();
    let tuning = tuning(settings);
    let (hosts, former) = (store.hosts()?, store.former_names()?);
    for known in known_archives(Some(store), &settings.paths.archive_dir)? {
        let path = files::show(&known.archive.path).to_string();
        let digest = archive::digest_of_file(&known.archive.path);
        files::check_interrupted()?;
        let checksum = match digest {
            Ok(digest) => digest.sha256,
            Err(error) => {
                recovered.faults.push(error.to_string());
                continue;
            }
        };
        let document = known.document(Some(&checksum));
        let host = match &document {
            Ok(document) => document.host.clone(),
            Err(_) => known.host_by_place(&hosts, settings),
        };
        let renamed = former.iter().find(|(name, _)| *name == host);
        let host = renamed.map_or(host, |(_, now)| now.clone());
        let root = store.root().to_owned();
        let mut failed: Option<Error> = None;
        let mut ingest = |member: &str, content: &mut dyn Read| {
            if failed.is_some() {
                return;
            }
            let name = format!("{path}: {member}");
            let folded =
                fold_through_pipe(content, |log| fold_log(&root, &host, &name, log, &tuning));
            let ingested = match folded {
                Ok(Ok(folded)) => store.ingest(vec![folded]).map(|_| recovered.logs += 1),
                Ok(Err(error)) => Err(error),
                // The check says what is wrong with the member.
                Err(_) => Ok(()),
            };
            failed = ingested.err().map(Error::from);
        };
        let found = match &document {
            Ok(document) => archive::check(&known.archive.path, document, |member, content| {
                ingest(&member.name, content);
            })?,
            Err(reason) => {
                let reason = undescribed(reason);
                recovered.faults.push(format!("{path}: {reason}"));
                known.read_undescribed(ingest)?.1
            }
        };
        if let Some(failure) = failed {
            return Err(failure);
        }
        files::check_interrupted()?;
        for fault in &found {
            let fault = archives::fault_text(fault);
            recovered.faults.push(format!("{path}: {fault}"));
        }
        if let Ok(document) = document
            && found.is_empty()
            && document.archive.sha256 == checksum
        {
            // What it holds is in the history: it is known from now on.
            if document.host == host {
                store.note_archive(&record_of(&known.archive, &document))?
            } else {
                let archive = &known.archive;
                let kept = rename_in_archive(store, settings, archive, document, &host)?;
                if let Some(reason) = kept {
                    recovered.faults.push(format!("{path}: {reason}"));
                }
            }
        }
    }
    Ok(recovered)
}
