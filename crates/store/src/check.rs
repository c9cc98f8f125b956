//! Whether the files of a store are what the catalogue says, and the catalogue made anew.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::commit::{self, checksum};
use crate::links::{self, Ends};
use crate::partition::parse_folder;
use crate::sidecar::Source;
use crate::{Error, Result, Store, catalog};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Files that were read.
    pub files: u64,
    /// Files that are damaged or missing.
    pub damaged: Vec<Damage>,
}

/// A file that is damaged or missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// Its path.
    pub path: PathBuf,
    /// What is wrong.
    pub reason: String,
    /// The log that it was made from; reading it again mends the file. Empty where that is lost.
    pub log: String,
}

impl Store {
    /// Reads the catalogue and every file, and compares them with their checksums.
    ///
    /// # Errors
    /// Where the catalogue cannot be read.
    pub fn check(&self) -> Result<CheckReport> {
        catalog::verify(&self.root, &self.catalog)?;
        let mut report = CheckReport::default();
        let mut damage = |file: &str, log: &str, reason: String| {
            let path = self.root.join(file);
            report.damaged.push(Damage {
                path,
                reason,
                log: log.to_owned(),
            });
        };
        let mut files = 0;
        let mut query = self.catalog.prepare(
            "SELECT segment.file, segment.checksum, source.log FROM segment \
             JOIN source ON source.id = segment.source ORDER BY segment.file",
        )?;
        let rows = query.query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
            ))
        })?;
        for row in rows {
            let (file, expected, log) = row?;
            files += 1;
            match checksum(&self.root.join(&file)) {
                Ok(found) if found == expected => {}
                Ok(_) => damage(&file, &log, "its checksum differs".to_owned()),
                Err(error) => damage(&file, &log, files::describe(error.cause())),
            }
        }
        let mut query = self
            .catalog
            .prepare("SELECT name, generation, log, damaged FROM source ORDER BY name")?;
        let sources = query.query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, bool>(3)?,
            ))
        })?;
        for row in sources {
            let (name, generation, log, is_damaged) = row?;
            files += 1;
            let file = Source::file(&name, generation);
            if let Err(error) = Source::read(&self.root.join(&file)) {
                damage(&file.to_string_lossy(), &log, error.to_string());
            } else if is_damaged {
                let reason = "a rebuild set aside other files of its log; until that is read again, \
                              its days have no report";
                damage(&file.to_string_lossy(), &log, reason.to_owned());
            }
        }
        if self.is_protected() {
            for file in commit::unlisted(&self.root, strangers(&self.root, &self.catalog)?)? {
                let reason = "the catalogue does not know it, but other programs that read the folder \
                              would count it";
                damage(&file, "", reason.to_owned());
            }
        }
        report.files = files;
        Ok(report)
    }

    /// Makes the catalogue anew from the files of the store. Which log files were read and which
    /// reports were written is forgotten, which costs time and nothing else: all days have news. The new
    /// catalogue takes the place of the old one when it is complete.
    ///
    /// What is left of a source with missing or damaged files is kept, and given back by name: where
    /// its log is met again, it is read anew. Nothing that is damaged is deleted: it is set aside in
    /// the store's folder `damaged`.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn rebuild(root: &Path, started: &str, command: &str) -> Result<(Self, Vec<Damage>)> {
        files::create_folder(root)?;
        let lock = files::Lock::acquire(&root.join("lock"), started, command)?;
        let (sources, damage) = newest_sources(root)?;
        set_aside(root, &damage, &sources)?;
        let owner = catalog::owner_before(root);
        let mut store = Store {
            root: root.to_owned(),
            catalog: catalog::begin_rebuilt(root)?,
            lock: Some(lock),
            reading: None,
        };
        store.adopt(&sources)?;
        if let Some(owner) = &owner {
            store.set_owner(owner)?;
        }
        store.catalog = catalog::replace_by_rebuilt(root, store.catalog)?;
        commit::sweep(&store)?;
        Ok((store, damage))
    }

    /// Enters sources and settles the ends of their runs anew.
    fn adopt(&mut self, sources: &[Adopted]) -> Result<()> {
        let root = self.root.clone();
        files::create_folder(&commit::staging(&root))?;
        let transaction = self
            .catalog
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        catalog::create(&transaction)?;
        let mut batch = crate::ingest::Batch::new(&root, &transaction);
        let mut ends = Ends::default();
        for (source, damaged) in sources {
            catalog::insert_source(&transaction, source, *damaged)?;
            for run in &source.runs {
                ends.touch(&source.host, &run.summary);
            }
            let days = source.segments.iter().map(|segment| segment.day);
            batch
                .days
                .extend(days.map(|day| (source.host.clone(), day)));
        }
        batch.moves.take_away = strangers(&root, &transaction)?;
        links::settle(&mut batch, ends)?;
        for (host, day) in &batch.days {
            catalog::insert_pending(&transaction, host, *day)?;
        }
        let moves = std::mem::take(&mut batch.moves);
        drop(batch);
        moves.place(&root)?;
        transaction.commit()?;
        Ok(())
    }
}

/// A source, and whether files of it are missing.
type Adopted = (Source, bool);

/// The sources, and the files of them that are missing or damaged. Of several generations
/// of one, a whole one goes before a damaged one, then the newest.
fn newest_sources(root: &Path) -> Result<(Vec<Adopted>, Vec<Damage>)> {
    let mut sources: Vec<(Source, Vec<Damage>)> = Vec::new();
    let mut damage = Vec::new();
    for file in list(&root.join("sources"))? {
        if file
            .extension()
            .is_none_or(|extension| extension != "source")
        {
            continue;
        }
        match Source::read(&file) {
            Ok(mut source) => {
                let damaged = take_damaged(root, &mut source);
                sources.push((source, damaged));
            }
            Err(Error::Damaged { path, reason }) => damage.push(Damage {
                path,
                reason,
                log: String::new(),
            }),
            Err(error) => return Err(error),
        }
    }
    sources.sort_by(|(a, a_damage), (b, b_damage)| {
        (&a.name, !a_damage.is_empty(), b.generation).cmp(&(
            &b.name,
            !b_damage.is_empty(),
            a.generation,
        ))
    });
    sources
        .dedup_by(|(later, _), (first, _)| later.name == first.name && shares_runs(later, first));
    let adopted = sources.into_iter().map(|(source, damaged)| {
        let is_damaged = !damaged.is_empty();
        damage.extend(damaged);
        (source, is_damaged)
    });
    Ok((adopted.collect(), damage))
}

/// Takes segments that are not what was written out of a source.
fn take_damaged(root: &Path, source: &mut Source) -> Vec<Damage> {
    let mut damage = Vec::new();
    source.segments.retain(|segment| {
        let path = root.join(&segment.file);
        let reason = match checksum(&path) {
            Ok(found) if found == segment.checksum => return true,
            Ok(_) => "its checksum differs".to_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => "is missing".to_owned(),
            Err(error) => files::describe(error.cause()),
        };
        damage.push(Damage {
            path,
            reason,
            log: source.log.clone(),
        });
        false
    });
    damage
}

/// Moves damaged files, and the segments of sources that cannot be read, to the folder `damaged`.
/// Segments bear the generation in which they were written, which may be an earlier one: those go that
/// bear the source's name and that no other source names.
fn set_aside(root: &Path, damage: &[Damage], sources: &[Adopted]) -> Result<()> {
    let mut paths: Vec<PathBuf> = damage.iter().map(|damage| damage.path.clone()).collect();
    let segments = sources.iter().flat_map(|(source, _)| &source.segments);
    let named: HashSet<PathBuf> = segments.map(|segment| root.join(&segment.file)).collect();
    for source in damage.iter().filter(|damage| damage.log.is_empty()) {
        let name = name_in_file(&source.path);
        let files = segment_files(root)?.into_iter();
        paths.extend(
            files.filter(|file| {
                name.is_some() && name_in_file(file) == name && !named.contains(file)
            }),
        );
    }
    for path in paths {
        let Ok(below) = path.strip_prefix(root) else {
            continue;
        };
        let to = root.join("damaged").join(below);
        files::create_folder(to.parent().unwrap_or(root))?;
        match std::fs::rename(&path, &to) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            outcome => outcome.map_err(files::Error::context("set aside", &path))?,
        }
    }
    Ok(())
}

/// The name of the source that a file belongs to.
fn name_in_file(path: &Path) -> Option<&str> {
    Some(path.file_name()?.to_str()?.split_once('-')?.0)
}

/// Whether a run of one source is a run of the other.
fn shares_runs(one: &Source, other: &Source) -> bool {
    one.runs.iter().any(|run| {
        let head = run.summary.hashes.first();
        other
            .runs
            .iter()
            .any(|other| other.summary.hashes.first() == head)
    })
}

/// Files of the store that the catalogue does not name.
pub(crate) fn strangers(root: &Path, catalog: &rusqlite::Connection) -> Result<Vec<String>> {
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
fn segment_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for kind in crate::partition::Kind::ALL {
        for date in list(&root.join(kind.as_str()))? {
            for host in list(&date)? {
                files.extend(list(&host)?);
            }
        }
    }
    Ok(files)
}

/// What a folder holds, sorted; nothing where there is no folder.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
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
