//! Days that are past their time. Their rows and facts go; by which frames a run is known stays, so
//! that a log that is met again is known, and a longer version of it brings its other days only.
//!
//! A source that loses days gets its next generation: a sidecar beside the old one, in which each run
//! names the days it lost. Segments of other days keep their names. As in any commit, the sidecar is
//! put in place, one transaction makes it live and forgets the segments, then old files go:
//!
//! - killed before the transaction: the day is there whole, and the new sidecar is swept;
//! - killed after it: the day is gone, and what is left of its files is swept.
//!
//! A rebuild finds the days in the sidecars. If a kill left both generations and the catalogue is
//! lost, the newer goes before.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

use rusqlite::TransactionBehavior;
use traffic::UtcDay;

use crate::batch::Batch;
use crate::catalog::LiveRun;
use crate::commit::{remove_replaced, staging};
use crate::sidecar::{RunRecord, Source, SourceFacts};
use crate::{Result, Store, catalog, sources};

/// A day of a host that the store holds something of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDay {
    /// Host.
    pub host: String,
    /// Days since 1970, UTC.
    pub day: i64,
    /// Bytes of its files.
    pub bytes: u64,
}

impl Store {
    /// The days before a day (since 1970, UTC) that the store holds and whose news reports tell, by
    /// host.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn days_before(&self, day: i64) -> Result<Vec<StoredDay>> {
        let mut query = self.catalog.prepare_cached(
            "SELECT host, day, file FROM segment WHERE day < ?1 AND NOT EXISTS \
             (SELECT 1 FROM pending WHERE pending.host = segment.host AND pending.day = segment.day) \
             ORDER BY host, day",
        )?;
        let files = query.query_map([day], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))
        })?;
        let mut days: Vec<StoredDay> = Vec::new();
        for file in files {
            let (host, day, file): (String, i64, String) = file?;
            let size = std::fs::metadata(self.root.join(file)).map_or(0, |file| file.len());
            match days.last_mut() {
                Some(last) if (&last.host, last.day) == (&host, day) => last.bytes += size,
                _ => days.push(StoredDay {
                    host,
                    day,
                    bytes: size,
                }),
            }
        }
        Ok(days)
    }

    /// Drops days, all in one transaction. They have no news, so that no report is written again.
    ///
    /// # Errors
    /// All days are there then. [`crate::Error::is_damaged_file`] where a source cannot be read.
    pub fn drop_days(&mut self, days: &[StoredDay]) -> Result<()> {
        if days.is_empty() {
            return Ok(());
        }
        let root = self.root.clone();
        files::create_folder(&staging(&root))?;
        let transaction = self
            .catalog
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut batch = Batch::new(&root, &transaction);
        let mut sources: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for StoredDay { host, day, .. } in days {
            for stored in catalog::segments_of_day(&transaction, host, *day)? {
                for (source, ..) in catalog::parts_in(&transaction, stored.id)? {
                    sources.entry(source).or_default().insert(*day);
                }
                catalog::delete_segment(&transaction, stored.id)?;
                batch.moves.take_away.push(stored.segment.file);
            }
            catalog::forget_sums(&transaction, host, *day)?;
        }
        for (source, days) in sources {
            drop_from_source(&mut batch, source, &days)?;
        }
        let moves = batch.finish()?;
        moves.place(&root, &transaction)?;
        transaction.commit()?;
        remove_replaced(&root, &self.catalog)
    }

    /// The days (since 1970, UTC) in a stretch of time of which something was dropped.
    ///
    /// # Errors
    /// If the catalogue or a source cannot be read.
    pub fn dropped_days(&self, host: &str, seconds: Range<i64>) -> Result<BTreeSet<i64>> {
        let (first, last) = (seconds.start, seconds.end.saturating_sub(1));
        let mut dropped = BTreeSet::new();
        let runs = catalog::runs_within(&self.catalog, host, first, last)?;
        visit_facts(&self.root, &runs, |source| {
            dropped.extend(source.dropped_within(&seconds));
        })?;
        Ok(dropped)
    }
}

impl SourceFacts {
    /// The days in a stretch of time that its runs lost.
    pub(crate) fn dropped_within(&self, seconds: &Range<i64>) -> impl Iterator<Item = i64> {
        let days = UtcDay::of_seconds(seconds);
        let dropped = self.runs.iter().flat_map(|run| &run.dropped).copied();
        dropped.filter(move |day| days.contains(&UtcDay::from_number(*day)))
    }
}

impl RunRecord {
    /// Notes which of some days it loses.
    fn drop_days(&mut self, days: &BTreeSet<i64>) {
        if let Some((first, last)) = self.summary.extremes {
            let lost = days.range(UtcDay::of(first).number()..=UtcDay::of(last).number());
            self.dropped.extend(lost);
        }
    }
}

/// Calls `visit` with the facts of each source of some runs; each file is read once.
pub(crate) fn visit_facts(
    root: &Path,
    runs: &[LiveRun],
    mut visit: impl FnMut(&SourceFacts),
) -> Result<()> {
    let mut files: BTreeMap<&str, BTreeSet<(&str, i64)>> = BTreeMap::new();
    for run in runs {
        let sources = files.entry(&run.file).or_default();
        sources.insert((&run.name, run.generation));
    }
    for (file, wanted) in files {
        let all = sources::read_facts(&root.join(file))?;
        let is_wanted =
            |facts: &&SourceFacts| wanted.contains(&(facts.name.as_str(), facts.generation));
        all.iter().filter(is_wanted).for_each(&mut visit);
    }
    Ok(())
}

/// Puts the next generation of a source, without some days, in its place.
fn drop_from_source(batch: &mut Batch<'_>, id: i64, days: &BTreeSet<i64>) -> Result<()> {
    let place = catalog::place_of(batch.catalog, id)?;
    let (name, generation) = (&place.name, place.generation);
    let source = (batch.sources).get(batch.root, name, generation, &place.file)?;
    let mut source = Source::clone(&source);
    source.runs.iter_mut().for_each(|run| run.drop_days(days));
    source
        .segments
        .retain(|segment| !days.contains(&segment.day));
    batch.replace(id, source)
}
