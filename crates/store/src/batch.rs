//! One transaction in the making: the files and entries that it brings and takes away.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use traffic::{BucketFacts, RunSummary, UtcDay};
use twox_hash::XxHash3_64;

use crate::commit::{Moves, staging};
use crate::disk::{checksum, verify};
use crate::fold::{Staged, stage_file};
use crate::partition::{Kind, folder};
use crate::sidecar::{Segment, Source, Sources};
use crate::{Result, catalog, facts};

/// One transaction in the making.
pub(crate) struct Batch<'a> {
    pub(crate) root: &'a Path,
    pub(crate) catalog: &'a rusqlite::Connection,
    pub(crate) sources: Sources,
    pub(crate) moves: Moves,
    pub(crate) days: BTreeSet<(String, i64)>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(root: &'a Path, catalog: &'a rusqlite::Connection) -> Self {
        Batch {
            root,
            catalog,
            sources: Sources::default(),
            moves: Moves::default(),
            days: BTreeSet::new(),
        }
    }

    /// Notes which days have news. Gives the files that have to move before the transaction is committed.
    pub(crate) fn close(self) -> Result<Moves> {
        for (host, day) in &self.days {
            catalog::insert_pending(self.catalog, host, *day)?;
        }
        Ok(self.moves)
    }

    /// Takes a source and its files out of the history. Gives the days (since 1970, UTC) of its segments.
    pub(crate) fn take_away(&mut self, id: i64, source: &Source) -> Result<BTreeSet<i64>> {
        let (files, days): (Vec<String>, BTreeSet<i64>) =
            catalog::segments_of(self.catalog, id, None)?
                .into_iter()
                .unzip();
        self.moves.take_away.extend(files);
        let sidecar = Source::file(&source.name, source.generation);
        (self.moves.take_away).push(sidecar.to_string_lossy().into_owned());
        self.catalog
            .execute("DELETE FROM source WHERE id = ?1", [id])?;
        Ok(days)
    }

    /// Enters a source whose rows and facts are as they were, under the name of another host.
    pub(crate) fn enter_as(&mut self, host: &str, source: &Source) -> Result<()> {
        let mut renamed = source.clone();
        renamed.host = host.to_owned();
        if let Some(first) = source.runs.first() {
            renamed.name = source_name(host, &first.summary);
        }
        let mut staged = Vec::new();
        for segment in &source.segments {
            match Kind::parse(&segment.kind) {
                Some(Kind::Buckets) => self.add_facts(&mut renamed, segment)?,
                Some(kind) => staged.push(stage_copy(self.root, segment, kind)?),
                None => {}
            }
        }
        renamed.segments.clear();
        self.store(renamed, staged)
    }

    /// Adds the facts of a stored segment to the runs of a source that is written again.
    pub(crate) fn add_facts(&self, source: &mut Source, segment: &Segment) -> Result<()> {
        let path = self.root.join(&segment.file);
        verify(&path, &segment.checksum)?;
        for (run, facts) in facts::read(&path)? {
            let mut runs = source.runs.iter_mut();
            let run = runs.find(|kept| i64::from(kept.summary.run) == i64::from(run));
            run.into_iter()
                .for_each(|run| run.summary.facts.push(facts));
        }
        Ok(())
    }

    /// Names the staged segments of a source, adds its facts, and enters it into the catalogue.
    pub(crate) fn store(&mut self, mut source: Source, mut staged: Vec<Staged>) -> Result<()> {
        let going = &self.moves.take_away;
        source.generation = catalog::next_generation(self.root, self.catalog, &source.name, going)?;
        staged.extend(self.stage_facts(&source)?);
        let stem = format!("{}-{}", source.name, source.generation);
        let mut parts: BTreeMap<(Kind, i64), usize> = BTreeMap::new();
        for staged in staged {
            // A day that was left and met again has several parts.
            let part = parts.entry((staged.kind, staged.day)).or_default();
            let file = match *part {
                0 => format!("{stem}.parquet"),
                part => format!("{stem}-part{part}.parquet"),
            };
            *part += 1;
            let segment = self.place(&source.host, &staged, &file)?;
            source.segments.push(segment);
        }
        let (file, path) = stage_file(&staging(self.root))?;
        source.write(&file, &path)?;
        let sidecar = Source::file(&source.name, source.generation);
        self.moves
            .bring
            .push((path, sidecar.to_string_lossy().into_owned()));
        catalog::insert_source(self.catalog, &source, false)?;
        self.sources.put(source);
        Ok(())
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

/// The name of a source: by its host and the hash of the first frame of its first run, so that a log that
/// grew keeps it. A run of idle frames alone is known by its beginning.
pub(crate) fn source_name(host: &str, first: &RunSummary) -> String {
    let beginning = || first.first.unwrap_or_default().cast_unsigned();
    let head = first.hashes.first().copied().unwrap_or_else(beginning);
    let hash = XxHash3_64::oneshot(format!("{host}\0{head:016x}").as_bytes());
    format!("{hash:016x}")
}

/// Stages a stored segment as it is.
fn stage_copy(root: &Path, segment: &Segment, kind: Kind) -> Result<Staged> {
    let from = root.join(&segment.file);
    verify(&from, &segment.checksum)?;
    let (mut file, path) = stage_file(&staging(root))?;
    std::fs::File::open(&from)
        .and_then(|mut from| std::io::copy(&mut from, &mut file))
        .map_err(files::Error::context("copy", &from))?;
    Ok(Staged {
        kind,
        day: segment.day,
        path,
        rows: segment.rows,
        span: (segment.first, segment.last),
    })
}
