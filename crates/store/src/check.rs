//! Whether the files of a store are what the catalogue says, and the catalogue made anew.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::commit::checksum;
use crate::links::{self, Ends};
use crate::partition::parse_folder;
use crate::sidecar::{Segment, Source};
use crate::{Result, Store, catalog};

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
    /// The log that it was made from; reading it again mends the file.
    pub log: String,
}

impl Store {
    /// Reads every file and compares it with its checksum.
    ///
    /// # Errors
    /// Where the catalogue cannot be read.
    pub fn check(&self) -> Result<CheckReport> {
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
            .prepare("SELECT name, generation, log FROM source ORDER BY name")?;
        let sources = query.query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, String>(2)?,
            ))
        })?;
        for row in sources {
            let (name, generation, log) = row?;
            files += 1;
            let file = Source::file(&name, generation);
            if let Err(error) = Source::read(&self.root.join(&file)) {
                damage(&file.to_string_lossy(), &log, error.to_string());
            }
        }
        report.files = files;
        Ok(report)
    }

    /// Makes the catalogue anew from the files of the store. Which log files were read and which
    /// reports were written is forgotten, which costs time and nothing else.
    ///
    /// What is left of a source with missing files is kept, and given back by name: where its log is
    /// met again, it is read anew.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn rebuild(root: &Path, started: &str, command: &str) -> Result<(Self, Vec<Damage>)> {
        files::create_folder(root)?;
        let lock = files::Lock::acquire(&root.join("lock"), started, command)?;
        let (sources, missing) = newest_sources(root)?;
        catalog::forget(root)?;
        let mut store = Store {
            root: root.to_owned(),
            catalog: catalog::open(root)?,
            lock: Some(lock),
        };
        store.adopt(&sources)?;
        crate::commit::sweep(&store)?;
        Ok((store, missing))
    }

    /// Enters sources and settles the ends of their runs anew.
    fn adopt(&mut self, sources: &[Adopted]) -> Result<()> {
        let root = self.root.clone();
        files::create_folder(&crate::commit::staging(&root))?;
        let transaction = self
            .catalog
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut batch = crate::ingest::Batch::new(&root, &transaction);
        let mut ends = Ends::default();
        for (source, damaged) in sources {
            catalog::insert_source(&transaction, source, *damaged)?;
            for run in &source.runs {
                ends.touch(&source.host, &run.summary);
            }
        }
        batch.moves.take_away = strangers(&root, &transaction)?;
        links::settle(&mut batch, ends)?;
        let moves = std::mem::take(&mut batch.moves);
        drop(batch);
        moves.place(&root)?;
        transaction.commit()?;
        moves.clear(&root)
    }
}

/// A source, and whether files of it are missing.
type Adopted = (Source, bool);

/// The sources, and the files of them that are missing. Of several generations
/// of one, a whole one goes before a damaged one, then the newest.
fn newest_sources(root: &Path) -> Result<(Vec<Adopted>, Vec<Damage>)> {
    let mut sources: Vec<(Source, Vec<String>)> = Vec::new();
    for file in list(&root.join("sources"))? {
        if file
            .extension()
            .is_none_or(|extension| extension != "source")
        {
            continue;
        }
        let mut source = Source::read(&file)?;
        let (there, missing): (Vec<Segment>, Vec<Segment>) = source
            .segments
            .into_iter()
            .partition(|segment| root.join(&segment.file).is_file());
        source.segments = there;
        sources.push((
            source,
            missing.into_iter().map(|segment| segment.file).collect(),
        ));
    }
    sources.sort_by(|(a, a_missing), (b, b_missing)| {
        (&a.name, !a_missing.is_empty(), b.generation).cmp(&(
            &b.name,
            !b_missing.is_empty(),
            a.generation,
        ))
    });
    sources
        .dedup_by(|(later, _), (first, _)| later.name == first.name && shares_runs(later, first));
    let mut damage = Vec::new();
    for (source, missing) in &sources {
        damage.extend(missing.iter().map(|file| Damage {
            path: root.join(file),
            reason: "is missing".to_owned(),
            log: source.log.clone(),
        }));
    }
    let sources = sources
        .into_iter()
        .map(|(source, missing)| (source, !missing.is_empty()));
    Ok((sources.collect(), damage))
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

/// Parquet files of the store that the catalogue does not name.
fn strangers(root: &Path, catalog: &rusqlite::Connection) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for kind in crate::partition::Kind::ALL {
        for date in list(&root.join(kind.as_str()))? {
            for host in list(&date)? {
                for path in list(&host)? {
                    let Ok(below) = path.strip_prefix(root) else {
                        continue;
                    };
                    let file = below.to_string_lossy().into_owned();
                    if parse_folder(below).is_some() && !catalog::names_file(catalog, &file)? {
                        out.push(file);
                    }
                }
            }
        }
    }
    for path in list(&root.join("sources"))? {
        let Ok(below) = path.strip_prefix(root) else {
            continue;
        };
        let file = below.to_string_lossy().into_owned();
        if catalog::source_of_file(&file).is_some() && !catalog::names_file(catalog, &file)? {
            out.push(file);
        }
    }
    Ok(out)
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
