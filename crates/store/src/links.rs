//! Runs that go on in the next log, and what the end of each chain of them owes.
//!
//! A rotated pipe cuts one run of bandwhich into several logs. A log that begins with traffic right
//! after the last frame of another continues its run: its windows reach back into that log, and the
//! end of that log is no end. Which logs are linked depends only on which logs are live, never on
//! the order in which they came.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use rusqlite::Connection;
use traffic::{Carry, Row, Strings, Table, UtcDay, tail_rows};

use crate::batch::Batch;
use crate::catalog::{self, LiveRun, Part};
use crate::commit::staging;
use crate::disk::{remove, verify};
use crate::ends::Ends;
use crate::fold::{Staged, stage_file};
use crate::partition::Kind;
use crate::segment::SegmentWriter;
use crate::{Result, Tuning, segment};

/// Seconds between the last frame of a log and the first of the one that continues it: neighbours
/// are nearly always one second apart, rarely none or two.
const NEIGHBOURS: i64 = 2;

/// Writes what the ends owe, where they may have changed.
pub(crate) fn settle(batch: &mut Batch<'_>, ends: Ends) -> Result<()> {
    let mut runs: BTreeMap<(i64, i64), LiveRun> = BTreeMap::new();
    let mut chains = Chains {
        catalog: batch.catalog,
        next: HashMap::new(),
    };
    for (host, time) in ends.times {
        let (from, to) = (time - NEIGHBOURS, time + NEIGHBOURS);
        let near = catalog::ends_within(batch.catalog, &host, from, to)?;
        let starts = catalog::starts_within(batch.catalog, &host, from, to)?;
        for run in near.iter().chain(&starts) {
            let end = chains.end(run)?;
            runs.insert((end.source, end.number), end);
        }
        // Runs inside a chain owe nothing, whatever they owed before.
        runs.extend(near.into_iter().map(|run| ((run.source, run.number), run)));
    }
    for run in runs.into_values() {
        let goes_on = chains.next(&run)?.is_some();
        settle_end(batch, &run, goes_on)?;
    }
    Ok(())
}

fn settle_end(batch: &mut Batch<'_>, run: &LiveRun, goes_on: bool) -> Result<()> {
    let mut before = catalog::parts_of(batch.catalog, run.source)?;
    before.retain(|part| part.tail_of == Some(run.number));
    let carry = if goes_on {
        Carry::default()
    } else {
        chain_carry(batch, run)?
    };
    let source = batch
        .sources
        .get(batch.root, &run.name, run.generation, &run.file)?;
    let is_dropped = |day| {
        source
            .run(run.number)
            .is_some_and(|run| run.dropped.contains(&day))
    };
    let staged = stage_tail(batch, run, &carry, is_dropped)?;
    if before.iter().any(|part| part.packed)
        && holds_same(batch, &source.label(), &before, &staged)?
    {
        // A packed segment is not written again for nothing.
        return staged.iter().try_for_each(|staged| remove(&staged.path));
    }
    for part in before {
        batch.take_part(run.source, &part)?;
        batch.days.insert((run.host.clone(), part.day));
    }
    for staged in staged {
        let stem = format!("{}-{}-end{}", run.name, run.generation, run.number);
        let file = free_name(batch, &staged, run, &stem);
        let segment = batch.place(&run.host, &staged, &file)?;
        let number = catalog::insert_segment(batch.catalog, &run.host, &segment, false)?;
        let tail_of = Some(run.number);
        catalog::insert_part(batch.catalog, run.source, number, tail_of, segment.rows)?;
    }
    Ok(())
}

/// Whether stored parts have the rows of staged segments.
fn holds_same(batch: &Batch<'_>, label: &str, before: &[Part], staged: &[Staged]) -> Result<bool> {
    let mut there = Vec::new();
    for part in before {
        let path = batch.path_of(&part.file);
        if verify(&path, &part.checksum).is_err() {
            return Ok(false);
        }
        let wanted = part.packed.then_some((label, part.tail_of));
        gather_rows(&path, &part.kind, wanted, &mut there)?;
    }
    let mut new = Vec::new();
    for staged in staged {
        gather_rows(&staged.path, staged.kind.as_str(), None, &mut new)?;
    }
    there.sort_unstable();
    new.sort_unstable();
    Ok(there == new)
}

/// Adds the rows of a segment to a list, as texts that can be compared.
fn gather_rows(
    path: &Path,
    kind: &str,
    wanted: Option<(&str, Option<i64>)>,
    rows: &mut Vec<String>,
) -> Result<()> {
    match Kind::parse(kind) {
        Some(Kind::Rows(table)) => segment::read_part(path, table, wanted, |row| {
            rows.push(format!("{row:?}"));
            Ok(())
        }),
        _ => Ok(()),
    }
}

/// A name that no file has, not even one that goes with this commit.
fn free_name(batch: &Batch<'_>, staged: &Staged, run: &LiveRun, stem: &str) -> String {
    let folder = crate::partition::folder(staged.kind, staged.day, &run.host);
    let mut number = 0;
    loop {
        let name = format!("{stem}-{number}.parquet");
        if !batch.root.join(folder.join(&name)).exists() {
            return name;
        }
        number += 1;
    }
}

/// The run's end, seen from the start of its chain.
fn chain_carry(batch: &mut Batch<'_>, run: &LiveRun) -> Result<Carry> {
    let mut carry = carry_of(batch, run)?;
    let mut at = run.clone();
    let mut seen = BTreeSet::from([(run.source, run.number)]);
    while carry.keys.iter().any(|key| key.since_start) {
        let Some(earlier) = predecessor(batch.catalog, &at)? else {
            break;
        };
        if !seen.insert((earlier.source, earlier.number)) {
            // A clock that was set back may lead in a circle.
            break;
        }
        carry = carry.after(&carry_of(batch, &earlier)?);
        at = earlier;
    }
    Ok(carry)
}

fn carry_of(batch: &mut Batch<'_>, run: &LiveRun) -> Result<Carry> {
    let source = batch
        .sources
        .get(batch.root, &run.name, run.generation, &run.file)?;
    Ok(source
        .run(run.number)
        .map(|run| run.summary.carry.clone())
        .unwrap_or_default())
}

/// The run that this one continues.
fn predecessor(catalog: &Connection, run: &LiveRun) -> Result<Option<LiveRun>> {
    if !run.may_continue {
        return Ok(None);
    }
    let ends = catalog::ends_within(catalog, &run.host, run.first - NEIGHBOURS, run.first)?;
    let Some(end) = ends.into_iter().find(|end| may_link(end, run)) else {
        return Ok(None);
    };
    // One log continues another only if that one is not continued by a nearer log.
    let next = successor_of(catalog, &end)?;
    Ok(next.is_some_and(|next| same(&next, run)).then_some(end))
}

/// The run that continues this one.
fn successor(catalog: &Connection, run: &LiveRun) -> Result<Option<LiveRun>> {
    match successor_of(catalog, run)? {
        Some(next) if predecessor(catalog, &next)?.is_some_and(|end| same(&end, run)) => {
            Ok(Some(next))
        }
        _ => Ok(None),
    }
}

/// The nearest run that may continue this one.
fn successor_of(catalog: &Connection, run: &LiveRun) -> Result<Option<LiveRun>> {
    if !run.may_go_on {
        return Ok(None);
    }
    let starts = catalog::starts_within(catalog, &run.host, run.last, run.last + NEIGHBOURS)?;
    Ok(starts.into_iter().find(|start| may_link(run, start)))
}

fn may_link(earlier: &LiveRun, later: &LiveRun) -> bool {
    // The clock was set back within a run that ends before it began.
    let is_set_back = |run: &LiveRun| run.last < run.first;
    earlier.may_go_on
        && earlier.source != later.source
        && earlier.style == later.style
        && (earlier.first < later.first || is_set_back(earlier))
        && (earlier.last < later.last || is_set_back(later))
}

fn same(one: &LiveRun, other: &LiveRun) -> bool {
    one.source == other.source && one.number == other.number
}

/// Chains of runs, each link looked up once.
struct Chains<'a> {
    catalog: &'a Connection,
    next: HashMap<(i64, i64), Option<LiveRun>>,
}

impl Chains<'_> {
    fn next(&mut self, run: &LiveRun) -> Result<Option<LiveRun>> {
        let key = (run.source, run.number);
        if !self.next.contains_key(&key) {
            self.next.insert(key, successor(self.catalog, run)?);
        }
        Ok(self.next[&key].clone())
    }

    /// The last run of the chain that begins here.
    fn end(&mut self, run: &LiveRun) -> Result<LiveRun> {
        let mut end = run.clone();
        let mut seen = BTreeSet::from([(run.source, run.number)]);
        while let Some(next) = self.next(&end)?
            && seen.insert((next.source, next.number))
        {
            end = next;
        }
        Ok(end)
    }
}

fn stage_tail(
    batch: &Batch<'_>,
    run: &LiveRun,
    carry: &Carry,
    is_dropped: impl Fn(i64) -> bool,
) -> Result<Vec<Staged>> {
    let mut strings = Strings::default();
    let rows = tail_rows(carry, &mut strings);
    let places: BTreeSet<(Table, i64)> = rows
        .iter()
        .map(|row| (row.table, UtcDay::of(row.bucket).number()))
        .filter(|(_, day)| !is_dropped(*day))
        .collect();
    let mut staged = Vec::new();
    for (table, day) in places {
        let part: Vec<&Row> = rows
            .iter()
            .filter(|row| (row.table, UtcDay::of(row.bucket).number()) == (table, day))
            .collect();
        let (file, path) = stage_file(&staging(batch.root))?;
        let mut writer = SegmentWriter::new(file, &path, Tuning::default().batch_rows)?;
        writer.write(
            &path,
            u32::try_from(run.number).unwrap_or(0),
            &part,
            &strings,
        )?;
        let (rows, span) = (writer.rows, writer.span.unwrap_or_default());
        writer.finish(&path)?;
        staged.push(Staged {
            kind: Kind::Rows(table),
            day,
            path,
            rows,
            span,
        });
    }
    Ok(staged)
}
