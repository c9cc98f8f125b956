//! The catalogue of a store made again from its files.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::batch::Batch;
use crate::check::Damage;
use crate::disk::{self, checksum};
use crate::ends::Ends;
use crate::journal::{self, Journal};
use crate::pack::parse_name;
use crate::partition::Kind;
use crate::seal::Seal;
use crate::sidecar::Source;
use crate::sources::read_all;
use crate::unnamed::{segment_files, sidecars, unnamed_files};
use crate::{Error, Result, Store, catalog, commit, container, links, partition, readers, seal};

mod packed;

use packed::PackedFiles;

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
        let packed = PackedFiles::find(root, &dead)?;
        let (sources, mut damage) = newest_sources(root, &dead, &packed)?;
        let strays = strays(root, &sources, &dead)?;
        set_aside(root, &damage, &strays, &sources)?;
        damage.extend(strays);
        damage.sort_by(|one, other| (&one.path, &one.reason).cmp(&(&other.path, &other.reason)));
        damage.dedup_by(|one, other| {
            let is_same = one.path == other.path;
            if is_same && other.log.is_empty() {
                other.log = std::mem::take(&mut one.log);
            } else if is_same && !one.log.is_empty() && one.log != other.log {
                other.log = format!("{}, {}", other.log, one.log);
            }
            is_same
        });
        let mut store = Store {
            root: root.to_owned(),
            catalog: catalog::begin_rebuilt(root)?,
            seal: None,
            lock: Some(lock),
            reading: None,
        };
        store.adopt(&sources, packed)?;
        store.catalog = catalog::replace_by_rebuilt(root, store.catalog)?;
        commit::sweep(root, &store.catalog)?;
        store.seal = Some(Seal::new(root));
        Ok((store, damage))
    }

    /// Enters sources and settles the ends of their runs again.
    fn adopt(&mut self, sources: &[Adopted], packed: PackedFiles) -> Result<()> {
        let root = self.root.clone();
        files::create_folder(&commit::staging(&root))?;
        let transaction = self
            .catalog
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        catalog::create(&transaction)?;
        catalog::take_over(&transaction, &catalog::read_all(&root))?;
        let mut commits = catalog::commits(&transaction)?.max(seal::commits(&root));
        if let Some(Journal::Entries(entries)) = journal::read(&root)? {
            let last = entries.iter().map(|entry| entry.commit).max();
            commits = commits.max(last.unwrap_or(0));
        }
        catalog::set_commits(&transaction, commits)?;
        let mut batch = Batch::new(&root, &transaction);
        let mut ends = Ends::default();
        let mut adopted_from: HashMap<&str, usize> = HashMap::new();
        for adopted in sources {
            *adopted_from.entry(&adopted.file).or_default() += 1;
        }
        let mut containers: HashMap<&str, i64> = HashMap::new();
        let mut claims = HashMap::new();
        let mut labels = HashMap::new();
        for adopted in sources {
            let source = &adopted.source;
            let container = match (containers.get(adopted.file.as_str()), source.day()) {
                (Some(id), _) => Some(*id),
                (None, Some(day)) if container::is_container(&adopted.file) => {
                    let (host, file) = (&source.host, &adopted.file);
                    let id = catalog::insert_container(&transaction, file, host, day)?;
                    containers.insert(file, id);
                    if adopted_from[file.as_str()] < adopted.siblings {
                        batch.rewrite(id);
                    }
                    Some(id)
                }
                _ => None,
            };
            let (segments, damaged) = (&source.segments, adopted.is_damaged);
            let id = catalog::insert_source(&transaction, source, segments, damaged, container)?;
            for run in &source.runs {
                ends.touch(&source.host, &run.summary);
            }
            let days = source.segments.iter().map(|segment| segment.day);
            batch
                .days
                .extend(days.map(|day| (source.host.clone(), day)));
            for (kind, day, rows) in &adopted.packed {
                let folder = partition::folder(*kind, *day, &source.host);
                claims.insert((folder, source.label()), (id, *rows));
            }
            labels.insert((source.host.as_str(), source.label()), (id, source));
        }
        let tail_source = |host: &str, label: &str, day: i64, run: i64| {
            let (id, source) = labels.get(&(host, label.to_owned()))?;
            let run = source.run(run)?;
            (!run.dropped.contains(&day)).then_some(*id)
        };
        packed.enter(&mut batch, &claims, tail_source)?;
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

/// A source that is entered again.
struct Adopted {
    source: Source,
    /// The file that has its sidecar, below the store.
    file: String,
    /// How many sources that file has.
    siblings: usize,
    /// Whether files of it are missing.
    is_damaged: bool,
    /// What packed files hold of it: kind, day and rows.
    packed: Vec<(Kind, i64, u64)>,
}

/// The sources, and the files of them that are missing or damaged. Of several generations
/// of one, a whole one goes before a damaged one, then the newest.
fn newest_sources(
    root: &Path,
    dead: &BTreeSet<String>,
    packed: &PackedFiles,
) -> Result<(Vec<Adopted>, Vec<Damage>)> {
    let mut sources: Vec<(Adopted, Vec<Damage>)> = Vec::new();
    let mut damage: Vec<Damage> = (packed.all_damaged())
        .map(|(path, reason)| Damage {
            path: path.clone(),
            reason: reason.clone(),
            log: String::new(),
        })
        .collect();
    for file in sidecars(root)?.iter().filter(|file| !dead.contains(*file)) {
        match read_all(&root.join(file)) {
            Ok(all) => {
                let siblings = all.len();
                for mut source in all {
                    let found = find_packed(&mut source, packed);
                    let damaged = take_damaged(root, &mut source, packed);
                    let adopted = Adopted {
                        source,
                        file: file.clone(),
                        siblings,
                        is_damaged: !damaged.is_empty(),
                        packed: found,
                    };
                    sources.push((adopted, damaged));
                }
            }
            Err(Error::Damaged { path, reason }) => damage.push(Damage {
                path,
                reason,
                log: String::new(),
            }),
            Err(error) => return Err(error),
        }
    }
    sources.sort_by(|(a, _), (b, _)| {
        (&a.source.name, a.is_damaged, b.source.generation).cmp(&(
            &b.source.name,
            b.is_damaged,
            a.source.generation,
        ))
    });
    sources.dedup_by(|(later, _), (first, _)| {
        later.source.name == first.source.name && shares_runs(&later.source, &first.source)
    });
    let adopted = sources.into_iter().map(|(adopted, damaged)| {
        damage.extend(damaged);
        adopted
    });
    Ok((adopted.collect(), damage))
}

/// Takes those segments out of a source whose rows are in packed files. Gives kind, day and rows.
fn find_packed(source: &mut Source, packed: &PackedFiles) -> Vec<(Kind, i64, u64)> {
    let mut rows: BTreeMap<(Kind, i64), u64> = BTreeMap::new();
    for segment in &source.segments {
        if let Some(kind) = Kind::parse(&segment.kind) {
            *rows.entry((kind, segment.day)).or_default() += segment.rows;
        }
    }
    rows.retain(|(kind, day), rows| packed.holds(source, *kind, *day, *rows));
    source.segments.retain(|segment| {
        let kind = Kind::parse(&segment.kind);
        !kind.is_some_and(|kind| rows.contains_key(&(kind, segment.day)))
    });
    (rows.into_iter())
        .map(|((kind, day), rows)| (kind, day, rows))
        .collect()
}

/// Takes segments that are not what was written out of a source.
fn take_damaged(root: &Path, source: &mut Source, packed: &PackedFiles) -> Vec<Damage> {
    let mut damage = Vec::new();
    for segment in std::mem::take(&mut source.segments) {
        let path = root.join(&segment.file);
        let reason = match checksum(&path) {
            Ok(found) if found == segment.checksum => {
                source.segments.push(segment);
                continue;
            }
            Ok(_) => "its checksum differs".to_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => "is missing".to_owned(),
            Err(error) => files::describe(error.cause()),
        };
        let kind = Kind::parse(&segment.kind);
        let packed = kind.and_then(|kind| packed.damaged(source, kind, segment.day));
        let (path, reason) = packed.unwrap_or((path, reason));
        damage.push(Damage {
            path,
            reason,
            log: source.log.clone(),
        });
    }
    damage
}

/// Files that belong to nothing: neither to a source, nor to the ends of its runs, which are written again,
/// nor to a commit.
fn strays(root: &Path, sources: &[Adopted], dead: &BTreeSet<String>) -> Result<Vec<Damage>> {
    let mut alive: HashSet<PathBuf> = HashSet::new();
    let mut names: HashSet<&str> = HashSet::new();
    let mut packed: HashSet<PathBuf> = HashSet::new();
    for Adopted {
        source,
        file,
        packed: mine,
        ..
    } in sources
    {
        alive.insert(root.join(file));
        alive.extend((source.segments.iter()).map(|segment| root.join(&segment.file)));
        names.insert(&source.name);
        let folders = mine
            .iter()
            .map(|(kind, day, _)| partition::folder(*kind, *day, &source.host));
        packed.extend(folders.map(|folder| root.join(folder)));
    }
    // Those that turn out to hold nothing that is alive are taken away by the commit.
    let is_packed = |file: &Path| {
        parse_name(file).is_some() && file.parent().is_some_and(|folder| packed.contains(folder))
    };
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
        let is_known = alive.contains(file) || dead.contains(&*below);
        !is_known && !is_end(file) && !is_packed(file)
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
    let segments = sources.iter().flat_map(|adopted| &adopted.source.segments);
    let named: HashSet<PathBuf> = segments.map(|segment| root.join(&segment.file)).collect();
    let is_sidecar = |damage: &&Damage| damage.path.parent() == Some(&root.join("sources"));
    for source in damage.iter().filter(is_sidecar) {
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
        let head = run.first_hash();
        other.runs.iter().any(|other| other.first_hash() == head)
    })
}
