//! Which archives there are or should be, what is known of each, and which are gone.
//!
//! An archive is described by the catalogue, or by the metadata beside it. One that nothing describes is
//! trouble, and is read all the same: see [`KnownArchive::document`].

use std::collections::{BTreeSet, HashSet};
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use archive::{Document, Fault, FoundArchive};
use jiff::ToSpan as _;
use store::{ArchiveRecord, Store};
use tracing::info;

use crate::error::Result;
use crate::newer_archives;
use settings::Settings;

/// How often an archive in doubt is looked at again while a run may be replacing it, and the pause before.
const LOOKS: usize = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// An archive that is there or is known, and what the catalogue says of it.
pub struct KnownArchive {
    /// Where it is.
    pub archive: FoundArchive,
    /// What the catalogue says of it.
    pub records: Vec<ArchiveRecord>,
}

/// Archives that are there, and those that should be.
///
/// # Errors
/// If the folder cannot be listed, or the catalogue not be read.
pub fn known_archives(store: Option<&Store>, archive_dir: &Path) -> Result<Vec<KnownArchive>> {
    let records = store.map(Store::archives).transpose()?.unwrap_or_default();
    let mut archives: BTreeSet<FoundArchive> = archive::find(archive_dir)?.into_iter().collect();
    let noted = records.iter().map(|record| Path::new(&record.file));
    archives.extend(noted.filter_map(|file| FoundArchive::at(archive_dir, file)));
    let known = archives.into_iter().map(|archive| {
        let is_its = |record: &&ArchiveRecord| Path::new(&record.file) == archive.relative;
        KnownArchive {
            records: records.iter().filter(is_its).cloned().collect(),
            archive,
        }
    });
    Ok(known.collect())
}

impl KnownArchive {
    /// What the archive should hold, best known: by the catalogue if the checksum is known there, by the
    /// metadata beside it, by the catalogue all the same. Says why if nothing describes it.
    pub fn document(&self, checksum: Option<&str>) -> Result<Document, String> {
        let parse = |record: &ArchiveRecord| Document::parse(&record.document).ok();
        let exact = self
            .records
            .iter()
            .find(|record| Some(record.checksum.as_str()) == checksum);
        if let Some(document) = exact.and_then(parse) {
            return Ok(document);
        }
        let reason = match Document::read(&self.archive.metadata()) {
            Ok(Some(document)) => return Ok(document),
            Ok(None) => "its metadata are missing".to_owned(),
            Err(error) => format!("its metadata cannot be read: {error}"),
        };
        self.records.first().and_then(parse).ok_or(reason)
    }

    /// What is wrong with it, and the number of its logs.
    pub fn faults(&self) -> (usize, Vec<String>) {
        let checksum = match archive::digest_of_file(&self.archive.path) {
            Ok(digest) => digest.sha256,
            Err(error) => {
                let is_gone = std::fs::symlink_metadata(&self.archive.path).is_err();
                return match self.document(None) {
                    Ok(document) if is_gone => (0, vec![gone(&document)]),
                    _ => (0, vec![error.to_string()]),
                };
            }
        };
        let document = match self.document(Some(&checksum)) {
            Ok(document) => document,
            Err(reason) => return self.faults_undescribed(reason),
        };
        let mut faults = Vec::new();
        let is_known = self
            .records
            .iter()
            .any(|record| record.checksum == checksum);
        let beside = Document::read(&self.archive.metadata());
        let is_described = matches!(&beside, Ok(Some(beside)) if beside.archive.sha256 == checksum);
        if !self.records.is_empty() && !is_known && is_described {
            faults.push(format!(
                "it is newer than the catalogue, as if that came from a backup; {}",
                newer_archives::CURE
            ));
        } else if !self.records.is_empty() && !is_known {
            faults.push("its checksum is not the one in the catalogue".to_owned());
        }
        match beside {
            Ok(Some(beside)) if beside.archive.sha256 != checksum => {
                faults.push("its checksum is not the one in its metadata".to_owned());
            }
            Ok(Some(beside)) if is_known && beside != document => {
                faults.push("its metadata are not those in the catalogue".to_owned());
            }
            Ok(Some(_)) => {}
            Ok(None) => faults.push("its metadata are missing".to_owned()),
            Err(error) => faults.push(error.to_string()),
        }
        match archive::check(&self.archive.path, &document, |_, _| {}) {
            Ok(found) => faults.extend(found.iter().map(fault_text)),
            Err(error) => faults.push(error.to_string()),
        }
        (document.members.len(), faults)
    }

    fn faults_undescribed(&self, reason: String) -> (usize, Vec<String>) {
        let mut faults = vec![undescribed(&reason)];
        let read = self.read_undescribed(|_, _| {});
        match read {
            Ok((count, found)) => {
                faults.extend(found.iter().map(fault_text));
                (count, faults)
            }
            Err(error) => {
                faults.push(error.to_string());
                (0, faults)
            }
        }
    }

    /// Reads an archive that nothing describes.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn read_undescribed(
        &self,
        mut look: impl FnMut(&str, &mut dyn Read),
    ) -> archive::Result<(usize, Vec<Fault>)> {
        let format = self.archive.format();
        archive::check_undescribed(&self.archive.path, format, |entry, content| {
            look(&entry.name, content);
        })
    }

    /// The machine whose logs it holds, if nothing says it: by the folder in which it lies.
    pub fn host_by_place(&self, hosts: &[String], settings: &Settings) -> String {
        let folder = self.archive.relative.parent().and_then(Path::file_name);
        let Some(folder) = folder.map(|folder| folder.to_string_lossy()) else {
            return settings.host.clone();
        };
        let known = hosts.iter().find(|host| store::folder_name(host) == folder);
        known
            .cloned()
            .or_else(|| store::host_of_folder(&folder))
            .unwrap_or_else(|| folder.into_owned())
    }
}

/// What is wrong with an archive, and the number of its logs. One that a run replaces meanwhile is looked
/// at again.
///
/// # Errors
/// If the archives cannot be listed again.
pub fn faults_at_rest(
    mut known: KnownArchive,
    store: Option<&Store>,
    settings: &Settings,
) -> Result<(usize, Vec<String>)> {
    let mut found = known.faults();
    for _ in 0..LOOKS {
        if found.1.is_empty()
            || files::lock_holder(&settings.paths.store_dir.join("lock")).is_none()
        {
            break;
        }
        std::thread::sleep(PAUSE);
        let mut all = known_archives(store, &settings.paths.archive_dir)?.into_iter();
        let Some(now) = all.find(|other| other.archive == known.archive) else {
            // Its time was over.
            return Ok((0, Vec::new()));
        };
        known = now;
        found = known.faults();
    }
    Ok(found)
}

/// What is said of an archive that nothing describes.
pub fn undescribed(reason: &str) -> String {
    format!("{reason}; its logs are read by what the archive itself says")
}

/// A fault in words, with its member.
pub fn fault_text(fault: &Fault) -> String {
    match &fault.member {
        Some(member) => format!("{member}: {}", fault.reason),
        None => fault.reason.clone(),
    }
}

/// An archive that is gone, and its logs with it.
pub struct LostArchive {
    /// Its path below the archive folder.
    pub file: String,
    /// What it held.
    pub document: Document,
}

impl LostArchive {
    fn of(record: &ArchiveRecord) -> Option<Self> {
        Some(LostArchive {
            file: record.file.clone(),
            document: Document::parse(&record.document).ok()?,
        })
    }

    /// What is to be said of it.
    pub fn told(&self, archive_dir: &Path) -> String {
        format!(
            "{}: {}",
            files::show(&archive_dir.join(&self.file)),
            gone(&self.document)
        )
    }
}

fn gone(document: &Document) -> String {
    format!(
        "it is gone, and with it {} of {}: put it back, or its logs into the log folder, or drop it with \
         `network-monitor archive forget {}`",
        display::counted(document.members.len() as u64, "log", "logs"),
        document.host,
        document.day
    )
}

/// Lost archives whose names another archive may have by now.
///
/// # Errors
/// If they cannot be read.
pub fn replaced_archives(store: &Store) -> Result<Vec<LostArchive>> {
    let records = store.lost_archives()?;
    Ok(records.iter().filter_map(LostArchive::of).collect())
}

/// All archives that are gone: also those that the catalogue still expects.
///
/// # Errors
/// If the store cannot be read.
pub fn lost_archives(store: &Store, archive_dir: &Path) -> Result<Vec<LostArchive>> {
    let mut lost = replaced_archives(store)?;
    let known = store.archives()?;
    let gone = known.iter().filter(|record| !is_there(archive_dir, record));
    lost.extend(gone.filter_map(LostArchive::of));
    lost.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(lost)
}

/// Stops asking for the lost archives that `wanted` names. Gives their paths below the archive folder.
///
/// # Errors
/// If the store or the metadata of such an archive cannot be written.
pub fn forget_lost(
    store: &Store,
    archive_dir: &Path,
    wanted: impl Fn(&Document) -> bool,
) -> Result<Vec<String>> {
    let is_wanted = |record: &ArchiveRecord| {
        Document::parse(&record.document).is_ok_and(|document| wanted(&document))
    };
    let settled = store.settle_lost_archives(|record| !is_wanted(record))?;
    let mut forgotten: Vec<String> = settled.into_iter().map(|record| record.file).collect();
    for archive in archive::find(archive_dir)? {
        // Metadata without an archive.
        if std::fs::symlink_metadata(&archive.path).is_err()
            && let Ok(Some(document)) = Document::read(&archive.metadata())
            && wanted(&document)
        {
            let path = archive.metadata();
            std::fs::remove_file(&path).map_err(files::Error::context("remove", &path))?;
            forgotten.push(archive.relative.to_string_lossy().into_owned());
        }
    }
    for record in store.archives()? {
        if is_wanted(&record) && !is_there(archive_dir, &record) {
            store.forget_archive(&record.file)?;
            forgotten.push(record.file);
        }
    }
    forgotten.sort();
    forgotten.dedup();
    Ok(forgotten)
}

fn is_there(archive_dir: &Path, record: &ArchiveRecord) -> bool {
    std::fs::symlink_metadata(archive_dir.join(&record.file)).is_ok()
}

/// Whether a log that an archive should hold is nowhere else known: an archive that never took its place
/// took no log away.
pub fn lacks_originals(document: &Document, log_dir: &Path) -> bool {
    document.members.iter().any(|member| {
        !member.found_as.iter().any(|name| {
            let there = std::fs::metadata(log_dir.join(name));
            there.is_ok_and(|there| there.is_file() && there.len() >= member.size)
        })
    })
}

/// Forgets the lost archives whose logs are all in other archives by now, and those past their time.
///
/// # Errors
/// If the store cannot be read or written.
pub fn settle_lost(store: &Store, settings: &Settings, now: i64) -> Result<()> {
    if store.lost_archives()?.is_empty() {
        return Ok(());
    }
    let archive_dir = &settings.paths.archive_dir;
    let held: HashSet<String> = (store.archives()?.iter())
        .filter(|record| is_there(archive_dir, record))
        .filter_map(|record| Document::parse(&record.document).ok())
        .flat_map(|document| document.members.into_iter().map(|member| member.sha256))
        .collect();
    let today = settings.today(now);
    let oldest = if settings.archive.clean_old_archives {
        today
            .checked_sub(i64::from(settings.archive.retention_days).days())
            .ok()
    } else {
        None
    };
    let settled = store.settle_lost_archives(|record| {
        Document::parse(&record.document).is_ok_and(|document| {
            oldest.is_none_or(|oldest| document.day >= oldest)
                && (document.members.iter()).any(|member| !held.contains(&member.sha256))
        })
    })?;
    for record in settled {
        info!(
            "{}: no longer reported as gone",
            files::show(&archive_dir.join(&record.file))
        );
    }
    Ok(())
}
