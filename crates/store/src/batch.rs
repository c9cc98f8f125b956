//! One transaction in the making: the files and entries that it brings and takes away.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use rusqlite::params;
use traffic::{BucketFacts, UtcDay};
use twox_hash::XxHash3_64;

use crate::catalog::{LiveSegment, Part};
use crate::commit::{Moves, staging};
use crate::disk::{checksum, verify};
use crate::fold::{Staged, stage_file};
use crate::pack::{Input, Packed, Target, pack};
use crate::partition::{Kind, folder};
use crate::rewrite::keep_runs;
use crate::sidecar::{FORMAT, Segment, Source};
use crate::sorter::PartKey;
use crate::sources::{Sources, read_all};
use crate::{Error, Result, catalog, container, facts};

/// One transaction in the making.
pub(crate) struct Batch<'a> {
    pub(crate) root: &'a Path,
    pub(crate) catalog: &'a rusqlite::Connection,
    pub(crate) sources: Sources,
    pub(crate) moves: Moves,
    pub(crate) days: BTreeSet<(String, i64)>,
    /// Name and generation of sources that go.
    going: Vec<(String, i64)>,
    /// Packed segments that are still staged: their names below the store, and where they are.
    staged: HashMap<String, PathBuf>,
    /// Packed segments that lose parts.
    repacked: BTreeSet<i64>,
    /// Containers that lose sources, or whose sources change.
    rewritten: BTreeSet<i64>,
    /// Sources that change, by their number: they stay in their container.
    changed: HashMap<i64, Source>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(root: &'a Path, catalog: &'a rusqlite::Connection) -> Self {
        Batch {
            root,
            catalog,
            sources: Sources::default(),
            moves: Moves::default(),
            days: BTreeSet::new(),
            going: Vec::new(),
            staged: HashMap::new(),
            repacked: BTreeSet::new(),
            rewritten: BTreeSet::new(),
            changed: HashMap::new(),
        }
    }

    /// Notes which days have news. Gives the files that have to move before the transaction is committed.
    pub(crate) fn close(self) -> Result<Moves> {
        for (host, day) in &self.days {
            catalog::insert_pending(self.catalog, host, *day)?;
        }
        self.finish()
    }

    /// Writes files again that have lost something. Gives the files that have to move before the transaction is
    /// committed.
    pub(crate) fn finish(mut self) -> Result<Moves> {
        for segment in std::mem::take(&mut self.repacked) {
            self.repack(segment)?;
        }
        for container in std::mem::take(&mut self.rewritten) {
            self.rewrite_container(container)?;
        }
        Ok(self.moves)
    }

    /// Takes a source and its files out of the history. Gives what was stored of it.
    pub(crate) fn take_away(&mut self, id: i64) -> Result<Vec<Part>> {
        let parts = catalog::parts_of(self.catalog, id)?;
        for part in &parts {
            self.take_part(id, part)?;
        }
        let place = catalog::place_of(self.catalog, id)?;
        match place.container {
            Some(container) => drop(self.rewritten.insert(container)),
            None => self.moves.take_away.push(place.file),
        }
        self.going.push((place.name, place.generation));
        self.catalog
            .execute("DELETE FROM source WHERE id = ?1", [id])?;
        Ok(parts)
    }

    /// Where a live segment is: one that this batch packed is still staged.
    pub(crate) fn path_of(&self, file: &str) -> PathBuf {
        let staged = self.staged.get(file).cloned();
        staged.unwrap_or_else(|| self.root.join(file))
    }

    /// Takes a part out of the history: a segment goes with its only part, a packed one is written again.
    pub(crate) fn take_part(&mut self, source: i64, part: &Part) -> Result<()> {
        if part.packed {
            self.repacked.insert(part.segment);
            return catalog::delete_part(self.catalog, source, part);
        }
        self.moves.take_away.push(part.file.clone());
        catalog::delete_segment(self.catalog, part.segment)
    }

    /// Puts the next version of a source in the place of the one that is stored; its rows are as they were.
    pub(crate) fn replace(&mut self, id: i64, mut source: Source) -> Result<()> {
        let place = catalog::place_of(self.catalog, id)?;
        source.label = Some(place.label);
        source.format = FORMAT;
        source.generation =
            catalog::next_generation(self.root, self.catalog, &place.name, &self.going)?;
        self.catalog.execute(
            "UPDATE source SET generation = ?2 WHERE id = ?1",
            params![id, source.generation],
        )?;
        let Some(container) = place.container else {
            self.moves.take_away.push(place.file);
            return self.bring_sidecar(&source);
        };
        self.rewritten.insert(container);
        self.changed.insert(id, source);
        Ok(())
    }

    /// Writes the rows of a source again without some of its runs, and its facts into its runs.
    pub(crate) fn copy_parts(
        &self,
        source: &mut Source,
        parts: &[Part],
        keep: impl Fn(i32) -> bool,
    ) -> Result<Vec<Staged>> {
        let mut staged = Vec::new();
        for part in parts.iter().filter(|part| part.tail_of.is_none()) {
            let path = self.path_of(&part.file);
            verify(&path, &part.checksum)?;
            let label = source.label();
            let label = part.packed.then_some(label.as_str());
            match Kind::parse(&part.kind) {
                Some(Kind::Buckets) => add_facts(source, &path, label)?,
                Some(kind) => {
                    let staging = staging(self.root);
                    staged.extend(keep_runs(&path, label, kind, part.day, &staging, &keep)?);
                }
                None => {}
            }
        }
        Ok(staged)
    }

    /// Enters a source under the name of another host. Its packed rows are left where they are.
    pub(crate) fn enter_as(&mut self, host: &str, source: &Source, parts: &[Part]) -> Result<i64> {
        let mut renamed = source.clone();
        renamed.host = host.to_owned();
        if let (Some(first), Some(run)) = (source.runs.first(), renamed.runs.first()) {
            let begins = run.summary.first;
            renamed.name = source_name(host, first.first_hash(), begins);
        }
        let unpacked: Vec<Part> = parts.iter().filter(|part| !part.packed).cloned().collect();
        let staged = self.copy_parts(&mut renamed, &unpacked, |_| true)?;
        renamed.label = Some(source.label());
        // What is in packed files stays on record.
        renamed.segments.retain(|segment| {
            let is_it = |part: &Part| (&part.kind, part.day) == (&segment.kind, segment.day);
            parts.iter().any(|part| part.packed && is_it(part))
        });
        self.store(renamed, staged)
    }

    /// Names the staged segments of a source, adds its facts, and enters it into the catalogue.
    pub(crate) fn store(&mut self, mut source: Source, mut staged: Vec<Staged>) -> Result<i64> {
        source.format = FORMAT;
        let going = &self.going;
        source.generation = catalog::next_generation(self.root, self.catalog, &source.name, going)?;
        staged.extend(self.stage_facts(&source)?);
        let stem = format!("{}-{}", source.name, source.generation);
        let mut parts: BTreeMap<(Kind, i64), usize> = BTreeMap::new();
        let mut placed = Vec::new();
        for staged in staged {
            // A day that was left and met again has several parts.
            let part = parts.entry((staged.kind, staged.day)).or_default();
            let file = match *part {
                0 => format!("{stem}.parquet"),
                part => format!("{stem}-part{part}.parquet"),
            };
            *part += 1;
            placed.push(self.place(&source.host, &staged, &file)?);
        }
        source.segments.extend(placed.iter().cloned());
        self.bring_sidecar(&source)?;
        let id = catalog::insert_source(self.catalog, &source, &placed, false, None)?;
        self.sources.put(source);
        Ok(id)
    }

    /// Stages the sidecar of a source.
    fn bring_sidecar(&mut self, source: &Source) -> Result<()> {
        let (file, path) = stage_file(&staging(self.root))?;
        source.write(&file, &path)?;
        let sidecar = Source::file(&source.name, source.generation);
        self.moves
            .bring
            .push((path, sidecar.to_string_lossy().into_owned()));
        Ok(())
    }

    /// Writes a packed segment without the parts that it lost.
    fn repack(&mut self, id: i64) -> Result<()> {
        let Some(old) = catalog::segment(self.catalog, id)? else {
            return Ok(());
        };
        let parts = catalog::parts_in(self.catalog, id)?;
        self.pack_again(&old, &old.host, &parts)
    }

    /// Puts a packed segment with some of its parts in the place of another one, be it another host's. Parts are
    /// given by source, label and tail.
    pub(crate) fn pack_again(
        &mut self,
        old: &LiveSegment,
        host: &str,
        parts: &[(i64, String, Option<i64>)],
    ) -> Result<()> {
        if let Some(kind) = Kind::parse(&old.segment.kind).filter(|_| !parts.is_empty()) {
            let target = Target {
                root: self.root,
                host,
                kind,
                day: old.segment.day,
            };
            let inputs = [self.input_of(old)?];
            let kept: HashSet<PartKey> = (parts.iter())
                .map(|(_, label, tail_of)| (label.clone(), *tail_of))
                .collect();
            if let Some(packed) = pack(&target, &inputs, |part| kept.contains(part))? {
                self.enter_packed(host, packed, parts)?;
            }
        }
        self.moves.take_away.push(old.segment.file.clone());
        catalog::delete_segment(self.catalog, old.id)
    }

    /// A stored segment as something to be packed, once its checksum was compared.
    pub(crate) fn input_of(&self, stored: &LiveSegment) -> Result<Input> {
        Input::checked(self.catalog, stored, self.path_of(&stored.segment.file))
    }

    /// Makes a packed segment live, with its parts, given by source, label and tail.
    pub(crate) fn enter_packed(
        &mut self,
        host: &str,
        packed: Packed,
        parts: &[(i64, String, Option<i64>)],
    ) -> Result<()> {
        let segment = catalog::insert_segment(self.catalog, host, &packed.segment, true)?;
        for (source, label, tail_of) in parts {
            if let Some(rows) = packed.parts.get(&(label.clone(), *tail_of)) {
                catalog::insert_part(self.catalog, *source, segment, *tail_of, *rows)?;
            }
        }
        let file = packed.segment.file;
        self.staged.insert(file.clone(), packed.path.clone());
        self.moves.bring.push((packed.path, file));
        Ok(())
    }

    /// Has a container written again, with the sources that are in it then.
    pub(crate) fn rewrite(&mut self, container: i64) {
        self.rewritten.insert(container);
    }

    /// Writes a container again, with the sources that are still in it.
    fn rewrite_container(&mut self, id: i64) -> Result<()> {
        let (host, day, old) = catalog::container(self.catalog, id)?;
        let members = catalog::sources_in(self.catalog, id)?;
        self.moves.take_away.push(old.clone());
        if members.is_empty() {
            return catalog::delete_container(self.catalog, id);
        }
        let stored = read_all(&self.root.join(&old))?;
        let mut stored: HashMap<(String, i64), Source> = (stored.into_iter())
            .map(|source| ((source.name.clone(), source.generation), source))
            .collect();
        let mut sources = Vec::new();
        for (member, name, generation) in members {
            let key = (name, generation);
            let source = self.changed.remove(&member).or_else(|| stored.remove(&key));
            let missing = || Error::damaged(&self.root.join(&old), "it does not hold all sources");
            sources.push(source.ok_or_else(missing)?);
        }
        let file = self.bring_container(&host, day, &sources)?;
        catalog::move_container(self.catalog, id, &file)
    }

    /// Stages a container. Gives its name below the store.
    pub(crate) fn bring_container(
        &mut self,
        host: &str,
        day: i64,
        sources: &[Source],
    ) -> Result<String> {
        let (file, path) = stage_file(&staging(self.root))?;
        let content = container::write(&file, &path, sources)?;
        let name = container::name(host, day, content);
        self.moves.bring.push((path, name.clone()));
        Ok(name)
    }

    /// Says where a staged segment goes, and its checksum.
    pub(crate) fn place(&mut self, host: &str, staged: &Staged, file: &str) -> Result<Segment> {
        let checksum = checksum(&staged.path)?;
        let file = folder(staged.kind, staged.day, host).join(file);
        let file = file.to_string_lossy().into_owned();
        self.moves.bring.push((staged.path.clone(), file.clone()));
        self.days.insert((host.to_owned(), staged.day));
        Ok(Segment {
            kind: staged.kind.as_str().to_owned(),
            day: staged.day,
            file,
            rows: staged.rows,
            first: staged.span.0,
            last: staged.span.1,
            checksum,
        })
    }

    fn stage_facts(&self, source: &Source) -> Result<Vec<Staged>> {
        let mut days: BTreeMap<i64, Vec<(i32, BucketFacts)>> = BTreeMap::new();
        for run in &source.runs {
            let number = i32::try_from(run.summary.run).unwrap_or(i32::MAX);
            for facts in &run.summary.facts {
                let day = UtcDay::of(facts.bucket).number();
                if !run.dropped.contains(&day) {
                    days.entry(day).or_default().push((number, *facts));
                }
            }
        }
        let mut staged = Vec::new();
        for (day, facts) in days {
            let (file, path) = stage_file(&staging(self.root))?;
            facts::write(file, &path, &facts)?;
            let buckets = || facts.iter().map(|(_, facts)| facts.bucket);
            let span = (buckets().min().unwrap_or(0), buckets().max().unwrap_or(0));
            staged.push(Staged {
                kind: Kind::Buckets,
                day,
                path,
                rows: facts.len() as u64,
                span,
            });
        }
        Ok(staged)
    }
}

/// Adds the facts of a stored segment to the runs of a source that is written again. `label` is its own in a
/// packed segment.
fn add_facts(source: &mut Source, path: &Path, label: Option<&str>) -> Result<()> {
    for (run, facts) in facts::read(path, label)? {
        let mut runs = source.runs.iter_mut();
        let run = runs.find(|kept| i64::from(kept.summary.run) == i64::from(run));
        run.into_iter()
            .for_each(|run| run.summary.facts.push(facts));
    }
    Ok(())
}

/// The name of a source: by its host and the hash of the first frame of its first run, so that a log that
/// grew keeps it. A run of idle frames alone is known by its beginning.
pub(crate) fn source_name(host: &str, first_hash: Option<u64>, begins: Option<i64>) -> String {
    let head = first_hash.unwrap_or_else(|| begins.unwrap_or_default().cast_unsigned());
    let hash = XxHash3_64::oneshot(format!("{host}\0{head:016x}").as_bytes());
    format!("{hash:016x}")
}
