//! The live sources and segments, and days with news.

use std::ops::Range;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};
use traffic::UtcDay;

use crate::Result;
use crate::sidecar::{Segment, Source};

/// A generation of a source's name that no file has, be it a segment that is older than its
/// sidecar, or a file that goes with this commit.
pub(crate) fn next_generation(
    root: &Path,
    catalog: &Connection,
    name: &str,
    going: &[String],
) -> Result<i64> {
    let sql = "SELECT max(generation) FROM source WHERE name = ?1";
    let newest: Option<i64> = catalog.query_row(sql, [name], |row| row.get(0))?;
    let going = going
        .iter()
        .filter_map(|file| source_of_file(file))
        .filter(|(its, _)| *its == name)
        .map(|(_, generation)| generation);
    let mut generation = going.chain(newest).max().unwrap_or(0) + 1;
    while root.join(Source::file(name, generation)).exists() {
        generation += 1;
    }
    Ok(generation)
}

/// Name and generation of a source.
pub(crate) fn name_of(catalog: &Connection, source: i64) -> Result<(String, i64)> {
    let sql = "SELECT name, generation FROM source WHERE id = ?1";
    let mut query = catalog.prepare_cached(sql)?;
    Ok(query.query_row([source], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Makes a source live, with its runs and segments.
/// `damaged` tells that some of its files are missing: its log, met again, replaces it.
pub(crate) fn insert_source(catalog: &Connection, source: &Source, damaged: bool) -> Result<i64> {
    catalog.execute(
        "INSERT INTO source (name, generation, host, log, damaged) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            source.name,
            source.generation,
            source.host,
            source.log,
            damaged
        ],
    )?;
    let id = catalog.last_insert_rowid();
    for run in &source.runs {
        let summary = &run.summary;
        let (Some(first), Some(last)) = (summary.first, summary.last) else {
            continue;
        };
        let (earliest, latest) = summary.extremes.unwrap_or((first, last));
        let style = format!("{:?} {}", summary.mode, summary.framed);
        catalog.execute(
            "INSERT INTO run VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                id,
                summary.run,
                source.host,
                first,
                last,
                earliest,
                latest,
                style,
                summary.may_continue,
                summary.may_go_on && summary.framed,
                summary.may_go_on || summary.may_continue
            ],
        )?;
    }
    for segment in &source.segments {
        insert_segment(catalog, id, &source.host, segment, None)?;
    }
    Ok(id)
}

/// Makes a segment live. `tail_of` is the number of the run whose end it settles.
pub(crate) fn insert_segment(
    catalog: &Connection,
    source: i64,
    host: &str,
    segment: &Segment,
    tail_of: Option<i64>,
) -> Result<()> {
    catalog.execute(
        "INSERT INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            segment.file,
            source,
            host,
            segment.kind,
            segment.day,
            i64::try_from(segment.rows).unwrap_or(i64::MAX),
            segment.first,
            segment.last,
            segment.checksum,
            tail_of
        ],
    )?;
    Ok(())
}

/// Files and days of a source's segments; with `tail_of`, only of that run's tail.
pub(crate) fn segments_of(
    catalog: &Connection,
    source: i64,
    tail_of: Option<i64>,
) -> Result<Vec<(String, i64)>> {
    let mut query = catalog.prepare_cached(
        "SELECT file, day FROM segment WHERE source = ?1 AND (?2 IS NULL OR tail_of = ?2)",
    )?;
    let files = query.query_map(params![source, tail_of], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(files.collect::<rusqlite::Result<_>>()?)
}

/// Files of a host's day, each with its source.
pub(crate) fn segments_of_day(
    catalog: &Connection,
    host: &str,
    day: i64,
) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT file, source FROM segment WHERE host = ?1 AND day = ?2 ORDER BY file";
    let mut query = catalog.prepare_cached(sql)?;
    let files = query.query_map(params![host, day], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(files.collect::<rusqlite::Result<_>>()?)
}

/// Whether a transaction made the file live.
pub(crate) fn names_file(catalog: &Connection, file: &str) -> Result<bool> {
    let segment = catalog
        .query_row("SELECT 1 FROM segment WHERE file = ?1", [file], |_| Ok(()))
        .optional()?;
    if segment.is_some() {
        return Ok(true);
    }
    let Some((name, generation)) = source_of_file(file) else {
        return Ok(false);
    };
    let sql = "SELECT 1 FROM source WHERE name = ?1 AND generation = ?2";
    Ok(catalog
        .query_row(sql, params![name, generation], |_| Ok(()))
        .optional()?
        .is_some())
}

/// Name and generation of a sidecar's path.
pub(crate) fn source_of_file(file: &str) -> Option<(&str, i64)> {
    let (name, generation) = file
        .strip_prefix("sources/")?
        .strip_suffix(".source")?
        .rsplit_once('-')?;
    let is_plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_plain.then_some((name, generation.parse().ok()?))
}

/// Notes that a day of a host has news that no report tells yet. Totals that hold the day and
/// its digest are forgotten.
pub(crate) fn insert_pending(catalog: &Connection, host: &str, day: i64) -> Result<()> {
    catalog.execute(
        "INSERT OR IGNORE INTO pending VALUES (?1, ?2)",
        params![host, day],
    )?;
    forget_sums(catalog, host, day)
}

/// Forgets totals that hold a day, and its digest.
pub(crate) fn forget_sums(catalog: &Connection, host: &str, day: i64) -> Result<()> {
    let Range { start, end } = UtcDay::from_number(day).seconds();
    catalog.execute(
        "DELETE FROM total WHERE host = ?1 AND first < ?3 AND past > ?2",
        params![host, start, end],
    )?;
    catalog.execute(
        "DELETE FROM digest WHERE host = ?1 AND day = ?2",
        params![host, day],
    )?;
    Ok(())
}
