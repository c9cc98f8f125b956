//! Which sources are alive, in which files they are, and days with news.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};
use traffic::UtcDay;

use super::segments::{insert_part, insert_segment};
use crate::Result;
use crate::container;
use crate::sidecar::{Segment, Source};

/// A generation of a source's name that no file has, be it a segment that is older than its
/// sidecar, or a version that goes with this commit.
pub(crate) fn next_generation(
    root: &Path,
    catalog: &Connection,
    name: &str,
    going: &[(String, i64)],
) -> Result<i64> {
    let sql = "SELECT max(generation) FROM source WHERE name = ?1";
    let newest: Option<i64> = catalog.query_row(sql, [name], |row| row.get(0))?;
    let going = going
        .iter()
        .filter(|(its, _)| its == name)
        .map(|(_, generation)| *generation);
    let mut generation = going.chain(newest).max().unwrap_or(0) + 1;
    while root.join(Source::file(name, generation)).exists() {
        generation += 1;
    }
    Ok(generation)
}

/// Where a source is kept: its name and generation, and the container that holds its sidecar.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) generation: i64,
    pub(crate) label: String,
    pub(crate) container: Option<i64>,
    /// The file below the store.
    pub(crate) file: String,
}

/// The file of a source's sidecar, in SQL.
pub(super) const SIDECAR: &str = "coalesce((SELECT file FROM container WHERE id = source.container), \
     'sources/' || source.name || '-' || source.generation || '.source')";

/// Where a source is kept.
pub(crate) fn place_of(catalog: &Connection, source: i64) -> Result<Place> {
    let sql =
        format!("SELECT name, generation, label, container, {SIDECAR} FROM source WHERE id = ?1");
    let mut query = catalog.prepare_cached(&sql)?;
    Ok(query.query_row([source], |row| {
        Ok(Place {
            name: row.get(0)?,
            generation: row.get(1)?,
            label: row.get(2)?,
            container: row.get(3)?,
            file: row.get(4)?,
        })
    })?)
}

/// Makes a source live, with its runs and those of its segments that are not packed.
/// `damaged` tells that some of its files are missing: its log, met again, replaces it.
pub(crate) fn insert_source(
    catalog: &Connection,
    source: &Source,
    segments: &[Segment],
    damaged: bool,
    container: Option<i64>,
) -> Result<i64> {
    catalog.execute(
        "INSERT INTO source (name, generation, host, log, damaged, label, day, container) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            source.name,
            source.generation,
            source.host,
            source.log,
            damaged,
            source.label(),
            source.day(),
            container
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
    for segment in segments {
        let number = insert_segment(catalog, &source.host, segment, false)?;
        insert_part(catalog, id, number, None, segment.rows)?;
    }
    Ok(id)
}

/// Whether a transaction made the file live.
pub(crate) fn names_file(catalog: &Connection, file: &str) -> Result<bool> {
    let is_live = |sql: &str| -> Result<bool> { Ok(catalog.prepare_cached(sql)?.exists([file])?) };
    if let Some((name, generation)) = source_of_file(file) {
        let sql = "SELECT 1 FROM source WHERE name = ?1 AND generation = ?2 AND container IS NULL";
        let mut query = catalog.prepare_cached(sql)?;
        return Ok(query.exists(params![name, generation])?);
    }
    if container::is_container(file) {
        return is_live("SELECT 1 FROM container WHERE file = ?1");
    }
    is_live("SELECT 1 FROM segment WHERE file = ?1")
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

/// The container of a host and day, if there is one: its number and its file.
pub(crate) fn container_of(
    catalog: &Connection,
    host: &str,
    day: i64,
) -> Result<Option<(i64, String)>> {
    let sql = "SELECT id, file FROM container WHERE host = ?1 AND day = ?2";
    let found = catalog.query_row(sql, params![host, day], |row| {
        Ok((row.get(0)?, row.get(1)?))
    });
    Ok(found.optional()?)
}

/// Makes a container live.
pub(crate) fn insert_container(
    catalog: &Connection,
    file: &str,
    host: &str,
    day: i64,
) -> Result<i64> {
    catalog.execute(
        "INSERT INTO container (file, host, day) VALUES (?1, ?2, ?3)",
        params![file, host, day],
    )?;
    Ok(catalog.last_insert_rowid())
}

/// Host, day and file of a container.
pub(crate) fn container(catalog: &Connection, id: i64) -> Result<(String, i64, String)> {
    let sql = "SELECT host, day, file FROM container WHERE id = ?1";
    Ok(catalog.query_row(sql, [id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?)
}

/// Notes that another file has what a container holds.
pub(crate) fn move_container(catalog: &Connection, id: i64, file: &str) -> Result<()> {
    let sql = "UPDATE container SET file = ?2 WHERE id = ?1";
    catalog.execute(sql, params![id, file])?;
    Ok(())
}

/// Takes an empty container out of the catalogue.
pub(crate) fn delete_container(catalog: &Connection, id: i64) -> Result<()> {
    catalog.execute("DELETE FROM container WHERE id = ?1", [id])?;
    Ok(())
}

/// The sources in a container: number, name and generation.
pub(crate) fn sources_in(catalog: &Connection, container: i64) -> Result<Vec<(i64, String, i64)>> {
    let sql =
        "SELECT id, name, generation FROM source WHERE container = ?1 ORDER BY name, generation";
    let mut query = catalog.prepare_cached(sql)?;
    let sources = query.query_map([container], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(sources.collect::<rusqlite::Result<_>>()?)
}

/// The sources of a host that begin on a day and have a sidecar of their own: number, name and generation.
pub(crate) fn sources_alone(
    catalog: &Connection,
    host: &str,
    day: i64,
) -> Result<Vec<(i64, String, i64)>> {
    let sql = "SELECT id, name, generation FROM source \
         WHERE container IS NULL AND host = ?1 AND day = ?2 ORDER BY name, generation";
    let mut query = catalog.prepare_cached(sql)?;
    let sources = query.query_map(params![host, day], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(sources.collect::<rusqlite::Result<_>>()?)
}

/// A source in a file.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) generation: i64,
    pub(crate) log: String,
    pub(crate) damaged: bool,
}

/// All sidecars and containers, each with the sources in it.
pub(crate) fn sidecar_files(catalog: &Connection) -> Result<BTreeMap<String, Vec<Member>>> {
    let sql = format!("SELECT {SIDECAR}, name, generation, log, damaged FROM source ORDER BY id");
    let mut query = catalog.prepare(&sql)?;
    let rows = query.query_map([], |row| {
        let member = Member {
            name: row.get(1)?,
            generation: row.get(2)?,
            log: row.get(3)?,
            damaged: row.get(4)?,
        };
        Ok((row.get(0)?, member))
    })?;
    let mut files: BTreeMap<String, Vec<Member>> = BTreeMap::new();
    for row in rows {
        let (file, member): (String, Member) = row?;
        files.entry(file).or_default().push(member);
    }
    Ok(files)
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
