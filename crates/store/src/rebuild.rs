//! The catalogue of a store made again from its files.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use crate::batch::Batch;
use crate::check::Damage;
use crate::disk::{self, checksum};
use crate::ends::Ends;
use crate::journal::{self, Journal};
use crate::sidecar::Source;
use crate::unnamed::{segment_files, sidecars, unnamed_files};
use crate::{Error, Result, Store, catalog, commit, links, readers};

impl Store {
    /// Makes the catalogue again from the files of the store. Which log files were read and which
    /// reports were written is forgotten, which costs time and nothing else: all days have news. The new
    /// catalogue takes the place of the old one when it is complete.
    ///
    /// What is left of a source with missing or damaged files is kept, and given back by name: if its log
    /// is met again, it is read again. Nothing that is damaged, or that belongs to nothing, is deleted: it
    /// is set aside in the store's folder `damaged`.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn rebuild(root: &Path, started: &str, command: &str) -> Result<(Self, Vec<Damage>)> {
        files::create_folder(root)?;
        let lock = files::Lock::acquire(&root.join("lock"), started, command)?.keeping_traces();
        readers::create(root)?;
        let dead = dead_files(root)?;
        let (sources, mut damage) = newest_sources(root, &dead)?;
        let strays = strays(root, &sources, &dead)?;
        set_aside(root, &damage, &strays, &sources)?;
        damage.extend(strays);
        damage.sort_by(|one, other| (&one.path, &one.reason).cmp(&(&other.path, &other.reason)));
        damage.dedup_by(|one, other| one.path == other.path);
        let mut store = Store {
            root: root.to_owned(),
            catalog: catalog::begin_rebuilt(root)?,
            lock: Some(lock),
            reading: None,
        };
        store.adopt(&sources)?;
        store.catalog = catalog::replace_by_rebuilt(root, store.catalog)?;
        commit::sweep(root, &store.catalog)?;
        Ok((store, damage))
    }

    /// Enters sources and settles the ends of their runs again.
    fn adopt(&mut self, sources: &[Adopted]) -> Result<()> {
        let root = self.root.clone();
        files::create_folder(&commit::staging(&root))?;
        let transaction = self
            .catalog
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        catalog::create(&transaction)?;
        catalog::take_over(&transaction, &catalog::read_all(&root))?;
        if let Some(Journal::Entries(entries)) = journal::read(&root)? {
            let last = entries.iter().map(|entry| entry.commit).max();
            let commits = catalog::commits(&transaction)?.max(last.unwrap_or(0));
            catalog::set_commits(&transaction, commits)?;
        }
        let mut batch = Batch::new(&root, &transaction);
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
        batch.moves.take_away = unnamed_files(&root, &transaction)?;
        links::settle(&mut batch, ends)?;
        let moves = batch.close()?;
        moves.place(&root, &transaction)?;
        transaction.commit()?;
        Ok(())
    }
}

/// The files that commits took away or did not bring: the old catalogue tells, if it can be believed, else
/// the journal alone. What SQLite keeps beside the old catalogue is brought into it.
fn dead_files(root: &Path) -> Result<BTreeSet<String>> {
    let entries = match journal::read(root)? {
        Some(Journal::Entries(entries)) => entries,
        // Of two versions of a source the newer one counts then.
        None | Some(Journal::Unlisted) => Vec::new(),
    };
    let Some(old) = catalog::open_to_replace(root) else {
        return Ok(journal::dead(root, &entries));
    };
    catalog::checkpoint(&old)?;
    let commits = catalog::commits(&old)?;
    // A catalogue that lacks the last commit may come from a backup.
    let is_ahead = entries.iter().any(|entry| entry.commit > commits);
    if is_ahead || commit::require_current(root, &old, commit::listed(root)?).is_err() {
        return Ok(journal::dead(root, &entries));
    }
    let mut dead = BTreeSet::new();
    for file in journal::files(&entries) {
        if !catalog::names_file(&old, file)? {
            dead.insert(file.clone());
        }
    }
    Ok(dead)
}

/// A source, and whether files of it are missing.
type Adopted = (Source, bool);

/// The sources, and the files of them that are missing or damaged. Of several generations
/// of one, a whole one goes before a damaged one, then the newest.
fn newest_sources(root: &Path, dead: &BTreeSet<String>) -> Result<(Vec<Adopted>, Vec<Damage>)> {
    let mut sources: Vec<(Source, Vec<Damage>)> = Vec::new();
    let mut damage = Vec::new();
    for file in sidecars(root)?.iter().filter(|file| !dead.contains(*file)) {
        match Source::read(&root.join(file)) {
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

/// Files that belong to nothing: neither to a source, nor to the ends of its runs, which are written again,
/// nor to a commit.
fn strays(root: &Path, sources: &[Adopted], dead: &BTreeSet<String>) -> Result<Vec<Damage>> {
    let mut alive: HashSet<PathBuf> = HashSet::new();
    let mut names: HashSet<&str> = HashSet::new();
    for (source, _) in sources {
        alive.insert(root.join(Source::file(&source.name, source.generation)));
        alive.extend((source.segments.iter()).map(|segment| root.join(&segment.file)));
        names.insert(&source.name);
    }
    let is_end = |file: &Path| {
        let name = name_in_file(file).unwrap_or_default();
        names.contains(name) && file.to_string_lossy().contains("-end")
    };
    let mut files: Vec<PathBuf> = (sidecars(root)?.iter())
        .map(|file| root.join(file))
        .collect();
    files.extend(segment_files(root)?);
    files.retain(|file| {
        let below = file.strip_prefix(root).unwrap_or(file).to_string_lossy();
        !alive.contains(file) && !dead.contains(&*below) && !is_end(file)
    });
    let stray = |path| Damage {
        path,
        reason: "belongs to no log that the store knows".to_owned(),
        log: String::new(),
    };
    Ok(files.into_iter().map(stray).collect())
}

/// Moves damaged files, and the segments of sources that cannot be read, to the folder `damaged`.
/// Segments have the generation in which they were written, which may be an earlier one: those go that
/// have the source's name and that no other source names.
fn set_aside(root: &Path, damage: &[Damage], strays: &[Damage], sources: &[Adopted]) -> Result<()> {
    let all = damage.iter().chain(strays);
    let mut paths: Vec<PathBuf> = all.map(|damage| damage.path.clone()).collect();
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
    paths
        .iter()
        .try_for_each(|path| disk::set_aside(root, path))
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
