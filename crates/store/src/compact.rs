//! Compaction: a day that is over becomes one file of each kind, and so do the sidecars of the logs that begin
//! on it.
//!
//! As in any commit, new files are put in place, one transaction makes them live, then those that they replaced
//! go: killed anywhere, the store holds the old files or the new ones. Reports do not change, so that the day has
//! no news afterwards.

use std::collections::BTreeMap;

use rusqlite::{TransactionBehavior, params};

use crate::batch::Batch;
use crate::commit::{remove_replaced, staging};
use crate::pack::{Target, pack};
use crate::partition::Kind;
use crate::sidecar::{FORMAT, Source};
use crate::sources::read_all;
use crate::{Error, Result, Store, catalog};

/// A day is also compacted before it is over if it has more files of a kind that are not packed.
const MOST_LOOSE: i64 = 48;

/// Free pages of the catalogue that are not worth the work: 2 MiB.
const FREE_PAGES: i64 = 512;

/// A day of a host that is to be compacted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LooseDay {
    /// Days since 1970, UTC.
    pub day: i64,
    /// Host.
    pub host: String,
    /// Its files that would be replaced.
    pub files: u64,
    /// The rows that would be written.
    pub rows: u64,
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Files that were replaced.
    pub replaced: u64,
    /// Files that took their place.
    pub written: u64,
}

impl Store {
    /// The days that are worth compacting, the oldest first: those before a day (since 1970, UTC), and those
    /// with many files. `None` instead of a day finds only the latter.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn loose_days(&self, before: Option<i64>) -> Result<Vec<LooseDay>> {
        let before = before.unwrap_or(i64::MIN);
        let mut days: BTreeMap<(i64, String), (u64, u64)> = BTreeMap::new();
        let mut add = |sql: &str, bound: i64| -> Result<()> {
            let mut query = self.catalog.prepare_cached(sql)?;
            let found = query.query_map([bound], |row| {
                Ok((
                    (row.get(0)?, row.get(1)?),
                    (row.get::<_, i64>(2)?, row.get::<_, i64>(3)?),
                ))
            })?;
            for found in found {
                let (day, (files, rows)) = found?;
                let sums = days.entry(day).or_default();
                sums.0 += u64::try_from(files).unwrap_or(0);
                sums.1 += u64::try_from(rows).unwrap_or(0);
            }
            Ok(())
        };
        add(
            "SELECT day, host, count(*), sum(rows) FROM segment \
             WHERE NOT packed AND day < ?1 GROUP BY host, day",
            before,
        )?;
        add(
            "SELECT day, host, count(*), 0 FROM source \
             WHERE container IS NULL AND day < ?1 GROUP BY host, day",
            before,
        )?;
        add(
            "SELECT day, host, max(count), sum(rows) FROM \
             (SELECT day, host, count(*) AS count, sum(rows) AS rows FROM segment WHERE NOT packed \
             GROUP BY host, day, kind) GROUP BY host, day HAVING max(count) > ?1",
            MOST_LOOSE,
        )?;
        let days = days.into_iter();
        Ok(days
            .map(|((day, host), (files, rows))| LooseDay {
                day,
                host,
                files,
                rows,
            })
            .collect())
    }

    /// Makes one file of each kind of what is stored of a host's day: see [`compact_days`](Self::compact_days).
    ///
    /// # Errors
    /// As there.
    pub fn compact(&mut self, host: &str, day: i64) -> Result<Compacted> {
        self.compact_days([(host, day)])
    }

    /// Makes one file of each kind of what is stored of each of these days, given by host and number since 1970
    /// (UTC). All are one transaction, so that they share the waiting for the disk.
    ///
    /// # Errors
    /// Nothing has changed then. [`Error::is_damaged_file`] if a file of one of these days is damaged.
    pub fn compact_days<'a>(
        &mut self,
        days: impl IntoIterator<Item = (&'a str, i64)>,
    ) -> Result<Compacted> {
        let root = self.root.clone();
        files::create_folder(&staging(&root))?;
        let transaction = self
            .catalog
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut batch = Batch::new(&root, &transaction);
        for (host, day) in days {
            pack_segments(&mut batch, host, day)?;
            gather_sidecars(&mut batch, host, day)?;
        }
        let moves = batch.finish()?;
        let done = Compacted {
            replaced: moves.take_away.len() as u64,
            written: moves.bring.len() as u64,
        };
        if done == Compacted::default() {
            return Ok(done);
        }
        moves.place(&root, &transaction)?;
        transaction.commit()?;
        remove_replaced(&root, &self.catalog)?;
        Ok(done)
    }

    /// Gives the room back to the disk that the catalogue no longer needs, if that is much: after many files
    /// became few, it would otherwise be read and compared for ever.
    ///
    /// # Errors
    /// If the catalogue cannot be written. Nothing has changed then.
    pub fn shrink_catalog(&self) -> Result<()> {
        let pages = |pragma| -> Result<i64> {
            Ok(self
                .catalog
                .pragma_query_value(None, pragma, |row| row.get(0))?)
        };
        let free = pages("freelist_count")?;
        if free > FREE_PAGES && free * 2 > pages("page_count")? {
            self.catalog.execute_batch("VACUUM")?;
        }
        Ok(())
    }
}

/// Packs the segments of each kind, unless they are one packed file already.
fn pack_segments(batch: &mut Batch<'_>, host: &str, day: i64) -> Result<()> {
    let stored = catalog::segments_of_day(batch.catalog, host, day)?;
    // What is left of a log whose other files are damaged stays as it is until the log is met again.
    if catalog::has_damaged(batch.catalog, host, day)? {
        return Ok(());
    }
    for kind in Kind::ALL {
        let mine = || (stored.iter()).filter(|stored| stored.segment.kind == kind.as_str());
        if mine().all(|stored| stored.packed) && mine().count() < 2 {
            continue;
        }
        let mut parts = Vec::new();
        let mut inputs = Vec::new();
        for stored in mine() {
            parts.extend(catalog::parts_in(batch.catalog, stored.id)?);
            inputs.push(batch.input_of(stored)?);
        }
        parts.sort();
        parts.dedup();
        let target = Target {
            root: batch.root,
            host,
            kind,
            day,
        };
        let packed = pack(&target, &inputs, |_| true)?;
        let expected: u64 = mine().map(|stored| stored.segment.rows).sum();
        let found = packed.as_ref().map_or(0, |packed| packed.segment.rows);
        let counted = packed.as_ref().map_or(0, |packed| packed.parts.len());
        if (expected, parts.len()) != (found, counted) {
            let path = batch.root.join(&inputs[0].file);
            let reason = format!("it and others of its day hold {found} rows, not {expected}");
            return Err(Error::damaged(&path, reason));
        }
        for stored in mine() {
            batch.moves.take_away.push(stored.segment.file.clone());
            catalog::delete_segment(batch.catalog, stored.id)?;
        }
        if let Some(packed) = packed {
            batch.enter_packed(host, packed, &parts)?;
        }
    }
    Ok(())
}

/// Puts the sidecars of the logs that begin on a day into its container.
fn gather_sidecars(batch: &mut Batch<'_>, host: &str, day: i64) -> Result<()> {
    let alone = catalog::sources_alone(batch.catalog, host, day)?;
    if alone.is_empty() {
        return Ok(());
    }
    let old = catalog::container_of(batch.catalog, host, day)?;
    let mut sources = match &old {
        Some((_, file)) => read_all(&batch.root.join(file))?,
        None => Vec::new(),
    };
    for (_, name, generation) in &alone {
        let file = Source::file(name, *generation);
        let mut source = Source::read(&batch.root.join(&file))?;
        source.format = FORMAT;
        source.runs.iter_mut().for_each(|run| run.shorten());
        sources.push(source);
        let file = file.to_string_lossy().into_owned();
        batch.moves.take_away.push(file);
    }
    sources.sort_by(|one, other| (&one.name, one.generation).cmp(&(&other.name, other.generation)));
    let file = batch.bring_container(host, day, &sources)?;
    let container = match old {
        Some((id, old)) => {
            batch.moves.take_away.push(old);
            catalog::move_container(batch.catalog, id, &file)?;
            id
        }
        None => catalog::insert_container(batch.catalog, &file, host, day)?,
    };
    for (source, ..) in alone {
        batch.catalog.execute(
            "UPDATE source SET container = ?2 WHERE id = ?1",
            params![source, container],
        )?;
    }
    Ok(())
}
