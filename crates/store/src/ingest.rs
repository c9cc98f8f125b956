//! Folded logs → the live history, each run exactly once.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use traffic::{Accounting, RunSummary};

use crate::batch::{Batch, source_name};
use crate::catalog::{self, LiveRun, Part};
use crate::commit::{remove_replaced, staging};
use crate::disk::remove;
use crate::ends::Ends;
use crate::fold::{FoldedLog, Staged};
use crate::identity::{Relation, has_same_frames, relation};
use crate::rewrite::keep_runs;
use crate::sidecar::{FORMAT, RunRecord, Source};
use crate::{Result, Store, links};

/// What became of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestReport {
    /// The log, as it is shown.
    pub name: String,
    /// Whose traffic it tells of.
    pub host: String,
    /// Whether it brought anything.
    pub outcome: Outcome,
    /// Where its bytes went, those already known apart.
    pub accounting: Accounting,
    /// Bytes in runs that the store held before.
    pub known_bytes: u64,
    /// Bytes read, decompressed.
    pub bytes: u64,
    /// Lines read.
    pub lines: u64,
    /// Runs that are new, or longer than before.
    pub new_runs: usize,
    /// Frames shared with a run that went on differently: counted twice.
    pub diverged_frames: usize,
}

/// Whether a log brought anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it is new.
    New,
    /// Some runs are new or longer.
    Grown,
    /// The store held all of it.
    Known,
    /// It holds nothing that can be counted.
    Empty,
}

/// A run of the batch at hand.
struct Candidate {
    host: String,
    log: usize,
    run: RunSummary,
    kept: bool,
    /// Runs with the very same frames.
    same: Vec<(Owner, i64)>,
    /// Days that runs lost whose place it takes: they do not come back.
    dropped: BTreeSet<i64>,
}

/// Where a run was met before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    /// In a live source, by its number in the catalogue.
    Live(i64),
    /// In a log of the same batch.
    Log(usize),
}

impl Store {
    /// Makes folded logs part of the history, in one transaction. Doing so twice is harmless: a
    /// run is known by its frames.
    ///
    /// # Errors
    /// Nothing of the batch is live then.
    pub fn ingest(&mut self, logs: Vec<FoldedLog>) -> Result<Vec<IngestReport>> {
        let root = self.root.clone();
        let transaction = self
            .catalog
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut ingestion = Ingestion {
            batch: Batch::new(&root, &transaction),
            superseded: BTreeMap::new(),
            diverged: vec![0; logs.len()],
        };
        let (logs, candidates) = ingestion.recognise(logs)?;
        let reports = report(&logs, &candidates, &ingestion.diverged);
        let mut ends = Ends::default();
        ingestion.withdraw(&mut ends)?;
        ingestion.add(logs, candidates, &mut ends)?;
        let mut batch = ingestion.batch;
        if batch.moves.bring.is_empty() && batch.moves.take_away.is_empty() {
            return Ok(reports);
        }
        links::settle(&mut batch, ends)?;
        let moves = batch.close()?;
        moves.place(&root, &transaction)?;
        transaction.commit()?;
        remove_replaced(&root, &self.catalog)?;
        Ok(reports)
    }
}

/// The logs of one transaction, compared with what is stored.
struct Ingestion<'a> {
    batch: Batch<'a>,
    /// Runs that longer ones replace, by source.
    superseded: BTreeMap<i64, (LiveRun, BTreeSet<i64>)>,
    /// Frames that each log shares with runs that went on differently.
    diverged: Vec<usize>,
}

impl Ingestion<'_> {
    /// Tells which runs are new.
    fn recognise(&mut self, mut logs: Vec<FoldedLog>) -> Result<(Vec<FoldedLog>, Vec<Candidate>)> {
        let mut candidates: Vec<Candidate> = Vec::new();
        for (log, folded) in logs.iter_mut().enumerate() {
            for run in std::mem::take(&mut folded.runs) {
                let host = folded.host.clone();
                let mut candidate = Candidate {
                    host,
                    log,
                    run,
                    kept: true,
                    same: Vec::new(),
                    dropped: BTreeSet::new(),
                };
                self.compare(&mut candidate, &mut candidates)?;
                candidates.push(candidate);
            }
            self.replace_shorter_logs(log, &mut candidates)?;
        }
        Ok((logs, candidates))
    }

    /// Compares a run with all that were met before, and withdraws those it makes obsolete.
    fn compare(&mut self, new: &mut Candidate, others: &mut [Candidate]) -> Result<()> {
        let Some((first, last)) = new.run.extremes else {
            new.kept = false;
            return Ok(());
        };
        let mut diverged = 0;
        for other in others.iter_mut().filter(|other| other.kept) {
            let overlaps = |(start, end): (i64, i64)| start <= last && first <= end;
            if other.host != new.host || !other.run.extremes.is_some_and(overlaps) {
                continue;
            }
            match relation(&new.run, &other.run, None) {
                Relation::Known => {
                    new.kept = false;
                    if new.run.hashes == other.run.hashes {
                        new.same
                            .push((Owner::Log(other.log), i64::from(other.run.run)));
                        new.dropped.extend(&other.dropped);
                    }
                }
                Relation::Longer => {
                    other.kept = false;
                    new.dropped.extend(&other.dropped);
                }
                Relation::Diverged(frames) => diverged = diverged.max(frames),
                Relation::Apart => {}
            }
        }
        for live in catalog::runs_within(self.batch.catalog, &new.host, first, last)? {
            if self.is_superseded(&live) {
                continue;
            }
            let source =
                self.batch
                    .sources
                    .get(self.batch.root, &live.name, live.generation, &live.file)?;
            let Some(known) = source.run(live.number) else {
                continue;
            };
            let short = known.short.as_ref();
            let is_same = has_same_frames(&new.run, &known.summary, short);
            match relation(&new.run, &known.summary, short) {
                Relation::Known if live.damaged && is_same => {
                    new.dropped.extend(&known.dropped);
                    self.supersede(live);
                }
                Relation::Known => {
                    new.kept = false;
                    if is_same {
                        new.same.push((Owner::Live(live.source), live.number));
                        new.dropped.extend(&known.dropped);
                    }
                }
                Relation::Longer if new.kept => {
                    new.dropped.extend(&known.dropped);
                    self.supersede(live);
                }
                Relation::Longer => {}
                Relation::Diverged(frames) => diverged = diverged.max(frames),
                Relation::Apart => {}
            }
        }
        self.diverged[new.log] += diverged;
        Ok(())
    }

    fn is_superseded(&self, live: &LiveRun) -> bool {
        self.superseded
            .get(&live.source)
            .is_some_and(|(_, runs)| runs.contains(&live.number))
    }

    fn supersede(&mut self, live: LiveRun) {
        let number = live.number;
        self.superseded
            .entry(live.source)
            .or_insert_with(|| (live, BTreeSet::new()))
            .1
            .insert(number);
    }

    /// A log that grew begins with runs that are known as they are. Where it holds all that a
    /// shorter version held, it replaces that version whole, so that it is one source again.
    fn replace_shorter_logs(&mut self, log: usize, candidates: &mut [Candidate]) -> Result<()> {
        if !candidates.iter().any(|run| run.log == log && run.kept) {
            return Ok(());
        }
        let owners: BTreeSet<Owner> = candidates
            .iter()
            .filter(|run| run.log == log)
            .flat_map(|run| run.same.iter().map(|(owner, _)| *owner))
            .filter(|owner| *owner != Owner::Log(log))
            .collect();
        for owner in owners {
            let same: BTreeSet<i64> = candidates
                .iter()
                .filter(|run| run.log == log)
                .flat_map(|run| run.same.iter().filter(|(other, _)| *other == owner))
                .map(|(_, number)| *number)
                .collect();
            let whole = match owner {
                Owner::Live(source) => {
                    let runs = catalog::runs_of(self.batch.catalog, source)?;
                    let covered =
                        |run: &LiveRun| same.contains(&run.number) || self.is_superseded(run);
                    let whole = runs.iter().all(covered);
                    if whole {
                        runs.into_iter().for_each(|run| self.supersede(run));
                    }
                    whole
                }
                Owner::Log(other) => {
                    let of_other = |run: &&mut Candidate| run.log == other && run.kept;
                    let runs = || candidates.iter().filter(|run| run.log == other && run.kept);
                    let whole = runs().all(|run| same.contains(&i64::from(run.run.run)));
                    if whole {
                        candidates
                            .iter_mut()
                            .filter(of_other)
                            .for_each(|run| run.kept = false);
                    }
                    whole
                }
            };
            if whole {
                for run in candidates.iter_mut().filter(|run| run.log == log) {
                    if run.same.iter().any(|(other, _)| *other == owner) {
                        run.kept = true;
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes superseded runs out of the history.
    fn withdraw(&mut self, ends: &mut Ends) -> Result<()> {
        for (id, (live, runs)) in std::mem::take(&mut self.superseded) {
            let source =
                self.batch
                    .sources
                    .get(self.batch.root, &live.name, live.generation, &live.file)?;
            let parts = self.batch.take_away(id)?;
            let days = parts.iter().map(|part| (source.host.clone(), part.day));
            self.batch.days.extend(days);
            for run in &source.runs {
                ends.touch(&source.host, &run.summary);
            }
            self.keep_rest(&source, &parts, &runs)?;
        }
        Ok(())
    }

    /// Writes what remains of a source without some of its runs as its next generation.
    fn keep_rest(
        &mut self,
        source: &Rc<Source>,
        parts: &[Part],
        gone: &BTreeSet<i64>,
    ) -> Result<()> {
        let mut rest = Source::clone(source);
        rest.runs
            .retain(|run| !gone.contains(&i64::from(run.summary.run)));
        if rest.runs.is_empty() {
            return Ok(());
        }
        let keep = |run: i32| !gone.contains(&i64::from(run));
        let staged = self.batch.copy_parts(&mut rest, parts, keep)?;
        rest.label = None;
        rest.segments.clear();
        self.batch.store(rest, staged).map(drop)
    }

    /// Makes the new runs of each log live.
    fn add(
        &mut self,
        logs: Vec<FoldedLog>,
        candidates: Vec<Candidate>,
        ends: &mut Ends,
    ) -> Result<()> {
        let mut runs: Vec<Vec<Candidate>> = logs.iter().map(|_| Vec::new()).collect();
        for candidate in candidates {
            runs[candidate.log].push(candidate);
        }
        for (log, runs) in logs.into_iter().zip(runs) {
            let all = runs.iter().all(|run| run.kept && run.dropped.is_empty());
            let kept: Vec<RunRecord> = runs
                .into_iter()
                .filter(|run| run.kept)
                .map(|run| RunRecord {
                    hashes: run.run.hashes.len(),
                    dropped: run.dropped,
                    short: None,
                    summary: run.run,
                })
                .collect();
            if kept.is_empty() {
                for staged in &log.staged {
                    remove(&staged.path)?;
                }
                continue;
            }
            let mut staged = Vec::new();
            for segment in log.staged {
                if all {
                    staged.push(segment);
                    continue;
                }
                let Staged {
                    kind, day, path, ..
                } = &segment;
                let keep = |run: i32| {
                    let is_it = |kept: &&RunRecord| i64::from(kept.summary.run) == i64::from(run);
                    let kept = kept.iter().find(is_it);
                    kept.is_some_and(|kept| !kept.dropped.contains(day))
                };
                staged.extend(keep_runs(
                    path,
                    None,
                    *kind,
                    *day,
                    &staging(self.batch.root),
                    keep,
                )?);
                remove(path)?;
            }
            for run in &kept {
                ends.touch(&log.host, &run.summary);
            }
            let source = Source {
                format: FORMAT,
                name: source_name(&log.host, kept[0].first_hash(), kept[0].summary.first),
                generation: 0,
                label: None,
                host: log.host,
                resolution: log.resolution,
                log: log.name,
                bytes: log.extent.bytes,
                lines: log.extent.lines,
                summary: log.summary,
                runs: kept,
                segments: Vec::new(),
            };
            self.batch.store(source, staged)?;
        }
        Ok(())
    }
}

fn report(logs: &[FoldedLog], candidates: &[Candidate], diverged: &[usize]) -> Vec<IngestReport> {
    logs.iter()
        .enumerate()
        .map(|(log, folded)| {
            let runs = || {
                candidates
                    .iter()
                    .filter(move |candidate| candidate.log == log)
            };
            let new_runs = runs().filter(|run| run.kept).count();
            let known_bytes = runs()
                .filter(|run| !run.kept)
                .map(|run| run.run.text_bytes)
                .sum::<u64>();
            let mut accounting = folded.summary.accounting;
            let from_frames = known_bytes.min(accounting.frames);
            accounting.frames -= from_frames;
            accounting.idle = accounting.idle.saturating_sub(known_bytes - from_frames);
            IngestReport {
                name: folded.name.clone(),
                host: folded.host.clone(),
                outcome: match (new_runs, known_bytes) {
                    (0, 0) => Outcome::Empty,
                    (0, _) => Outcome::Known,
                    (_, 0) => Outcome::New,
                    _ => Outcome::Grown,
                },
                accounting,
                known_bytes,
                bytes: folded.extent.bytes,
                lines: folded.extent.lines,
                new_runs,
                diverged_frames: diverged[log],
            }
        })
        .collect()
}
