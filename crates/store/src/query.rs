//! What the history holds, read back.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;

use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;
use traffic::{
    BucketFacts, DamagedLine, InterfaceCount, Mode, Noted, RowView, Table, UtcDay, Volume,
    observed_seconds,
};

use crate::archives::path_of_bytes;
use crate::disk::verify;
use crate::pack::{Input, read_in_order};
use crate::partition::Kind;
use crate::retention::visit_facts;
use crate::sidecar::SourceFacts;
use crate::{Error, Result, Store, Stretch, catalog, commit, facts, readers, segment};

display::dated!(first: i64);
display::dated!(last: i64);

/// A stretch of time, both ends included, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Start of the first bucket.
    #[serde(flatten, with = "first")]
    pub first: i64,
    /// The last refresh.
    #[serde(flatten, with = "last")]
    pub last: i64,
}

/// What the logs of a period held besides traffic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InputFacts {
    /// Logs by content.
    pub logs: u64,
    /// Bytes of these logs.
    pub bytes: u64,
    /// Lines of these logs.
    pub lines: u64,
    /// Frames of these logs.
    pub frames: u64,
    /// Frames without traffic.
    pub idle_frames: u64,
    /// Runs of bandwhich that touch the period.
    pub runs: u64,
    /// Damaged lines of these logs.
    pub damaged_lines: u64,
    /// The first of them, each with its log.
    pub damaged: Vec<(String, DamagedLine)>,
    /// Frames cut off in the middle.
    pub cut_frames: u64,
    /// Frames whose time is impossible, and what they claim.
    pub undated_frames: u64,
    /// Bytes that frames with an impossible time claim.
    pub undated_bytes: u64,
    /// Bytes by which row families differ beyond rounding.
    pub disagreement: u64,
    /// Bytes that another connection shows as well.
    pub doubled: Volume,
    /// Bytes that were printed as received from an own address and were sent.
    pub turned: Volume,
    /// Steps of the clock: (time after it, seconds).
    pub clock_steps: Vec<(i64, i64)>,
    /// Logs without frame heads (up to 0.16.0).
    pub unframed_runs: u64,
    /// Logs of running sums.
    pub cumulative_runs: u64,
    /// Logs in which more than one bandwhich wrote, by the look of it.
    pub crowded_logs: BTreeSet<String>,
    /// What the kernel counted on interfaces, each count with its log.
    pub interfaces: Vec<(String, InterfaceCount)>,
    /// What else collectors noted, of each log.
    pub noted: Vec<(String, Noted)>,
    /// Days (since 1970, UTC) of which something was dropped.
    pub dropped_days: BTreeSet<i64>,
}

/// The sum of a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes.
    pub volume: Volume,
    /// Seconds observed.
    pub observed_seconds: u64,
}

/// A log that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogState {
    /// Where it is.
    pub path: String,
    /// What is wrong with it.
    pub damage: Option<String>,
}

/// The state of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StoreStatus {
    /// Hosts.
    pub hosts: Vec<String>,
    /// Logs by content.
    pub sources: u64,
    /// Runs of bandwhich.
    pub runs: u64,
    /// Files of the store.
    pub segments: u64,
    /// Rows.
    pub rows: u64,
    /// First bucket and last refresh.
    pub span: Option<Span>,
    /// Log files that were read.
    pub logs: u64,
    /// Log files with something wrong, as far as they are still there.
    pub damaged_logs: Vec<LogState>,
    /// Days with new data that is not in any report yet.
    pub pending_days: u64,
    /// Old files that readers keep from being removed. `None` if nothing is kept.
    pub kept_files: Option<KeptFiles>,
}

/// Files that commits replaced, and the processes for whose sake they are still there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptFiles {
    /// How many.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// Ids of the processes that read the store.
    pub readers: Vec<u32>,
}

/// In which order rows are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// As they lie in the files, which costs least.
    Any,
    /// Each table day by day (UTC), each day by process, peer, ports and time: the same before and after its
    /// files are compacted, unless it has hundreds of thousands of rows.
    Sorted,
}

/// Damaged lines that are kept as samples of a period.
const SAMPLES: usize = 20;

impl Store {
    /// Calls `visit` with each row of a host whose bucket lies in a stretch of time.
    ///
    /// # Errors
    /// If a segment cannot be read, or `visit` fails.
    pub fn read_rows<E: From<crate::Error>>(
        &self,
        host: &str,
        seconds: Range<i64>,
        mut visit: impl FnMut(&RowView<'_>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        for table in Table::ALL {
            for path in self.segments(host, Kind::Rows(table), &seconds)? {
                let mut failed = None;
                segment::read(&path?, table, |row| {
                    if failed.is_none() && seconds.contains(&row.bucket) {
                        failed = visit(&row).err();
                    }
                    Ok(())
                })
                .map_err(E::from)?;
                if let Some(error) = failed {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// The same, in an order.
    ///
    /// # Errors
    /// As [`read_rows`](Self::read_rows).
    pub fn read_rows_in<E: From<crate::Error>>(
        &self,
        order: RowOrder,
        host: &str,
        seconds: Range<i64>,
        mut visit: impl FnMut(&RowView<'_>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        if order == RowOrder::Any {
            return self.read_rows(host, seconds, visit);
        }
        self.require_whole(host, &seconds)?;
        let mut failed = None;
        for table in Table::ALL {
            for day in self.days_of(host, Kind::Rows(table), &seconds)? {
                let inputs = self.inputs_of(host, Kind::Rows(table), day)?;
                let mut take = |row: RowView<'_>| {
                    if failed.is_none() && seconds.contains(&row.bucket) {
                        failed = visit(&row).err();
                    }
                    Ok(())
                };
                match inputs.as_slice() {
                    [
                        Input {
                            path, part: None, ..
                        },
                    ] => segment::read(path, table, &mut take)?,
                    _ => read_in_order(&inputs, table, &mut take)?,
                }
                if let Some(error) = failed {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// The days (since 1970, UTC) of which a host has something of a kind in a stretch of time.
    fn days_of(&self, host: &str, kind: Kind, seconds: &Range<i64>) -> Result<Vec<i64>> {
        let mut query = self.catalog.prepare_cached(
            "SELECT DISTINCT day FROM segment WHERE host = ?1 AND kind = ?2 \
             AND day BETWEEN ?3 AND ?4 AND last >= ?5 AND first < ?6 ORDER BY day",
        )?;
        let days = UtcDay::of_seconds(seconds);
        let days = query.query_map(
            params![
                host,
                kind.as_str(),
                days.start().number(),
                days.end().number(),
                seconds.start,
                seconds.end
            ],
            |row| row.get(0),
        )?;
        Ok(days.collect::<rusqlite::Result<_>>()?)
    }

    /// What is stored of a kind and a host's day, compared with its checksums.
    fn inputs_of(&self, host: &str, kind: Kind, day: i64) -> Result<Vec<Input>> {
        let stored = catalog::segments_of_day(&self.catalog, host, day)?.into_iter();
        let of_kind = stored.filter(|stored| stored.segment.kind == kind.as_str());
        of_kind
            .map(|stored| {
                let path = self.root.join(&stored.segment.file);
                Input::checked(&self.catalog, &stored, path)
            })
            .collect()
    }

    /// Calls `visit` with each row of a host and a table whose bucket lies in a stretch of time, as far
    /// as it tells when who was talked to. Much of a row is not read.
    ///
    /// # Errors
    /// If a segment cannot be read, or `visit` fails.
    pub fn read_stretches<E: From<crate::Error>>(
        &self,
        host: &str,
        table: Table,
        seconds: Range<i64>,
        mut visit: impl FnMut(&Stretch<'_>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        for path in self.segments(host, Kind::Rows(table), &seconds)? {
            segment::read_stretches(&path?, |row| {
                if seconds.contains(&row.bucket) {
                    visit(row)
                } else {
                    Ok(())
                }
            })?;
        }
        Ok(())
    }

    /// Facts of a host's buckets in a stretch of time.
    ///
    /// # Errors
    /// If a segment cannot be read.
    pub fn read_facts(&self, host: &str, seconds: Range<i64>) -> Result<Vec<BucketFacts>> {
        let mut out = Vec::new();
        for path in self.segments(host, Kind::Buckets, &seconds)? {
            let facts = facts::read(&path?, None)?
                .into_iter()
                .map(|(_, facts)| facts);
            out.extend(facts.filter(|facts| seconds.contains(&facts.bucket)));
        }
        out.sort_by_key(|facts| (facts.bucket, facts.first));
        Ok(out)
    }

    /// Whether anything of a host was observed in a stretch of time. A segment is opened only where the
    /// catalogue cannot tell.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn has_facts(&self, host: &str, seconds: Range<i64>) -> Result<bool> {
        // Its first and its last bucket are known of each segment.
        let mut query = self.catalog.prepare_cached(
            "SELECT 1 FROM segment WHERE host = ?1 AND kind = ?2 AND day BETWEEN ?3 AND ?4 \
             AND (first >= ?5 AND first < ?6 OR last >= ?5 AND last < ?6)",
        )?;
        let known = query.exists(params![
            host,
            Kind::Buckets.as_str(),
            UtcDay::of(seconds.start).number(),
            UtcDay::of(seconds.end.saturating_sub(1)).number(),
            seconds.start,
            seconds.end
        ])?;
        Ok(known || !self.read_facts(host, seconds)?.is_empty())
    }

    /// The sum of a stretch of time, `None` if nothing of it was observed. It is kept until the
    /// stretch gets news, so that a comparison costs little.
    ///
    /// # Errors
    /// If a segment cannot be read.
    pub fn totals(
        &self,
        host: &str,
        seconds: Range<i64>,
        resolution: i64,
        loopback: bool,
    ) -> Result<Option<Totals>> {
        if let Some(known) = self.known_totals(host, &seconds, loopback)? {
            return Ok((known.observed_seconds > 0).then_some(known));
        }
        let mut totals = Totals::default();
        let bucket = u64::try_from(resolution).unwrap_or(1);
        let mut facts = self.read_facts(host, seconds.clone())?;
        for facts in facts.chunk_by_mut(|one, next| one.bucket == next.bucket) {
            totals.observed_seconds += observed_seconds(facts).min(bucket);
        }
        self.read_rows::<crate::Error>(host, seconds.clone(), |row| {
            if row.table == Table::Traffic || (loopback && row.table == Table::Loopback) {
                totals.volume.add(row.volume);
            }
            Ok(())
        })?;
        if self.is_writable() {
            let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
            self.catalog.execute(
                "INSERT OR REPLACE INTO total VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    host,
                    seconds.start,
                    seconds.end,
                    loopback,
                    number(totals.volume.up),
                    number(totals.volume.down),
                    number(totals.observed_seconds)
                ],
            )?;
        }
        Ok((totals.observed_seconds > 0).then_some(totals))
    }

    fn known_totals(
        &self,
        host: &str,
        seconds: &Range<i64>,
        loopback: bool,
    ) -> Result<Option<Totals>> {
        let sql = "SELECT up, down, observed FROM total \
             WHERE host = ?1 AND first = ?2 AND past = ?3 AND loopback = ?4";
        let mut query = self.catalog.prepare_cached(sql)?;
        let number = |value: i64| u64::try_from(value).unwrap_or(0);
        let known = query.query_row(params![host, seconds.start, seconds.end, loopback], |row| {
            Ok(Totals {
                volume: Volume {
                    up: number(row.get(0)?),
                    down: number(row.get(1)?),
                },
                observed_seconds: number(row.get(2)?),
            })
        });
        Ok(known.optional()?)
    }

    /// Holds that no log that tells of a stretch of time lost files to a rebuild: what is left of it
    /// would pass for all there was.
    fn require_whole(&self, host: &str, seconds: &Range<i64>) -> Result<()> {
        let mut query = self.catalog.prepare_cached(
            "SELECT source.log FROM source JOIN run ON run.source = source.id \
             WHERE source.damaged AND source.host = ?1 AND earliest < ?3 AND latest >= ?2 LIMIT 1",
        )?;
        let log: Option<String> = query
            .query_row(params![host, seconds.start, seconds.end], |row| row.get(0))
            .optional()?;
        match log {
            Some(log) => Err(Error::damaged(
                &self.root,
                format!(
                    "files made from {log:?} were set aside; reading that log again repairs them"
                ),
            )),
            None => Ok(()),
        }
    }

    /// Live segments that may hold something of a stretch of time, in the order of their names.
    /// Each is compared with its checksum before it is given.
    pub(crate) fn segments(
        &self,
        host: &str,
        kind: Kind,
        seconds: &Range<i64>,
    ) -> Result<impl Iterator<Item = Result<PathBuf>>> {
        self.require_whole(host, seconds)?;
        let mut query = self.catalog.prepare_cached(
            "SELECT file, checksum FROM segment WHERE host = ?1 AND kind = ?2 AND day BETWEEN ?3 AND ?4 \
             AND last >= ?5 AND first < ?6 ORDER BY day, file",
        )?;
        let last = seconds.end.saturating_sub(1);
        let files = query.query_map(
            params![
                host,
                kind.as_str(),
                UtcDay::of(seconds.start).number(),
                UtcDay::of(last).number(),
                seconds.start,
                seconds.end
            ],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        )?;
        let files: Vec<_> = files.collect::<rusqlite::Result<_>>()?;
        Ok(files.into_iter().map(|(file, expected)| {
            let path = self.root.join(file);
            verify(&path, &expected).map(|()| path)
        }))
    }

    /// What the logs that touch a stretch of time held.
    ///
    /// # Errors
    /// If the catalogue or a source cannot be read.
    pub fn input_facts(&self, host: &str, seconds: Range<i64>) -> Result<InputFacts> {
        let mut facts = InputFacts::default();
        let last = seconds.end.saturating_sub(1);
        let runs = catalog::runs_within(&self.catalog, host, seconds.start, last)?;
        visit_facts(&self.root, &runs, |source| facts.add(source, &seconds))?;
        Ok(facts)
    }

    /// All hosts.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn hosts(&self) -> Result<Vec<String>> {
        let mut query = self
            .catalog
            .prepare("SELECT DISTINCT host FROM source ORDER BY host")?;
        let hosts = query.query_map([], |row| row.get(0))?;
        Ok(hosts.collect::<rusqlite::Result<_>>()?)
    }

    /// Hosts with the second, since 1970, of their last refresh.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn last_seen(&self) -> Result<Vec<(String, i64)>> {
        let mut query = self
            .catalog
            .prepare("SELECT host, max(latest) FROM run GROUP BY host ORDER BY host")?;
        let hosts = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(hosts.collect::<rusqlite::Result<_>>()?)
    }

    /// The first refresh of a host, in seconds since 1970. `None` of a host that is not known.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn first_seen(&self, host: &str) -> Result<Option<i64>> {
        let sql = "SELECT min(earliest) FROM run WHERE host = ?1";
        Ok(self.catalog.query_row(sql, [host], |row| row.get(0))?)
    }

    /// Days (since 1970, UTC) of a host with news that no report tells yet.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn pending_days(&self, host: &str) -> Result<Vec<i64>> {
        let mut query = self
            .catalog
            .prepare("SELECT day FROM pending WHERE host = ?1 ORDER BY day")?;
        let days = query.query_map([host], |row| row.get(0))?;
        Ok(days.collect::<rusqlite::Result<_>>()?)
    }

    /// Notes that reports tell all news of these days.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn mark_reported(&mut self, host: &str, days: &[i64]) -> Result<()> {
        let transaction = self.own_transaction()?;
        for day in days {
            self.catalog.execute(
                "DELETE FROM pending WHERE host = ?1 AND day = ?2",
                params![host, day],
            )?;
        }
        if let Some(transaction) = transaction {
            transaction.commit()?;
        }
        Ok(())
    }

    /// Days (as they were noted) whose report was written before they were over.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn unfinished_days(&self, host: &str) -> Result<Vec<String>> {
        let mut query = self
            .catalog
            .prepare("SELECT day FROM unfinished WHERE host = ?1 ORDER BY day")?;
        let days = query.query_map([host], |row| row.get(0))?;
        Ok(days.collect::<rusqlite::Result<_>>()?)
    }

    /// Notes whether a day's report was written before the day was over.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn mark_unfinished(&mut self, host: &str, day: &str, unfinished: bool) -> Result<()> {
        let sql = if unfinished {
            "INSERT OR IGNORE INTO unfinished VALUES (?1, ?2)"
        } else {
            "DELETE FROM unfinished WHERE host = ?1 AND day = ?2"
        };
        self.catalog.execute(sql, params![host, day])?;
        Ok(())
    }

    /// The state of the store.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn status(&self) -> Result<StoreStatus> {
        let count = |sql: &str| -> Result<u64> {
            let number: i64 = self.catalog.query_row(sql, [], |row| row.get(0))?;
            Ok(u64::try_from(number).unwrap_or(0))
        };
        // Runs know their last second, segments the start of their last bucket; runs stay when days of
        // theirs are dropped.
        let span: (Option<i64>, Option<i64>) = self.catalog.query_row(
            "SELECT min(first), (SELECT max(latest) FROM run) FROM segment WHERE kind = 'buckets'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let mut query = self
            .catalog
            .prepare("SELECT path, damage FROM log WHERE damage IS NOT NULL ORDER BY path")?;
        let damaged = query.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))?;
        let damaged = damaged.collect::<rusqlite::Result<Vec<_>>>()?.into_iter();
        // Nobody can do anything about a log that is gone.
        let damaged = damaged.filter(|(path, _)| !is_gone(path));
        let damaged_logs = damaged.map(|(path, damage)| LogState {
            path: String::from_utf8_lossy(&path).into_owned(),
            damage,
        });
        let (files, bytes) = commit::replaced(&self.root, &self.catalog)?;
        let readers = readers::processes(&self.root);
        // Without a reader, they go with the next commit.
        let is_kept = files > 0 && !readers.is_empty();
        Ok(StoreStatus {
            kept_files: is_kept.then_some(KeptFiles {
                files,
                bytes,
                readers,
            }),
            hosts: self.hosts()?,
            sources: count("SELECT count(*) FROM source")?,
            runs: count("SELECT count(*) FROM run")?,
            segments: count("SELECT count(*) FROM segment")?,
            rows: count("SELECT coalesce(sum(rows), 0) FROM segment WHERE kind != 'buckets'")?,
            span: span.0.zip(span.1).map(|(first, last)| Span { first, last }),
            logs: count("SELECT count(*) FROM log")?,
            damaged_logs: damaged_logs.collect(),
            pending_days: count("SELECT count(*) FROM pending")?,
        })
    }
}

/// Whether no file has this path. Where that cannot be said, it may well be there.
pub(crate) fn is_gone(path: &[u8]) -> bool {
    let found = std::fs::symlink_metadata(path_of_bytes(path.to_owned()));
    found.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

impl InputFacts {
    fn add(&mut self, source: &SourceFacts, seconds: &Range<i64>) {
        let summary = &source.summary;
        self.dropped_days.extend(source.dropped_within(seconds));
        self.logs += 1;
        self.bytes += source.bytes;
        self.lines += source.lines;
        self.frames += summary.frames;
        self.idle_frames += summary.idle_frames;
        self.damaged_lines += summary.damaged_lines;
        self.cut_frames += summary.cut_frames;
        self.undated_frames += summary.undated_frames;
        self.undated_bytes = self.undated_bytes.saturating_add(summary.undated_bytes);
        for damaged in &summary.damaged {
            if self.damaged.len() < SAMPLES {
                self.damaged.push((source.log.clone(), damaged.clone()));
            }
        }
        let counts = summary.interfaces.iter();
        (self.interfaces).extend(counts.map(|count| (source.name.clone(), count.clone())));
        if !summary.noted.collectors.is_empty() {
            let noted = summary.noted.clone();
            self.noted.push((source.name.clone(), noted));
        }
        for run in &source.runs {
            let Some((first, last)) = run.extremes else {
                continue;
            };
            if last < seconds.start || first >= seconds.end {
                continue;
            }
            self.runs += 1;
            self.disagreement = self.disagreement.saturating_add(run.disagreement);
            self.doubled.add(run.doubled);
            self.turned.add(run.turned);
            self.unframed_runs += u64::from(!run.framed);
            self.cumulative_runs += u64::from(run.mode == Mode::Cumulative);
            let steps = run
                .clock_steps
                .iter()
                .filter(|(time, _)| seconds.contains(time));
            self.clock_steps.extend(steps);
        }
        // One bandwhich writes one frame a second; allow for what a restart or a coarse clock adds.
        let span: i64 = source
            .runs
            .iter()
            .filter_map(|run| run.extremes.map(|(first, last)| last - first + 1))
            .sum();
        let frames = i64::try_from(summary.frames).unwrap_or(i64::MAX);
        if frames > 20 && frames > span.saturating_mul(3) / 2 {
            self.crowded_logs.insert(source.log.clone());
        }
    }
}
