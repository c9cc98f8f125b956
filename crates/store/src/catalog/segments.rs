//! The live segments, and whose rows they hold: a part is what a segment holds of one source. A packed
//! segment has many parts, any other has one.

use rusqlite::{Connection, params};

use crate::Result;
use crate::sidecar::Segment;

/// Stands in the table for a part that is no tail.
const NO_TAIL: i64 = -1;

/// What a segment holds of one source.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) segment: i64,
    pub(crate) file: String,
    pub(crate) kind: String,
    pub(crate) day: i64,
    pub(crate) checksum: String,
    pub(crate) packed: bool,
    /// The run whose end it settles. `None` if it holds the source's own rows.
    pub(crate) tail_of: Option<i64>,
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Makes a segment live. Gives its number, for its parts.
pub(crate) fn insert_segment(
    catalog: &Connection,
    host: &str,
    segment: &Segment,
    packed: bool,
) -> Result<i64> {
    catalog.execute(
        "INSERT INTO segment (file, host, kind, day, rows, first, last, checksum, packed) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            segment.file,
            host,
            segment.kind,
            segment.day,
            number(segment.rows),
            segment.first,
            segment.last,
            segment.checksum,
            packed
        ],
    )?;
    Ok(catalog.last_insert_rowid())
}

/// Notes what a segment holds of a source.
pub(crate) fn insert_part(
    catalog: &Connection,
    source: i64,
    segment: i64,
    tail_of: Option<i64>,
    rows: u64,
) -> Result<()> {
    catalog.execute(
        "INSERT INTO part (source, segment, tail_of, rows) VALUES (?1, ?2, ?3, ?4)",
        params![source, segment, tail_of.unwrap_or(NO_TAIL), number(rows)],
    )?;
    Ok(())
}

/// Takes a part out of the history. Its segment may have others.
pub(crate) fn delete_part(catalog: &Connection, source: i64, part: &Part) -> Result<()> {
    catalog.execute(
        "DELETE FROM part WHERE source = ?1 AND segment = ?2 AND tail_of = ?3",
        params![source, part.segment, part.tail_of.unwrap_or(NO_TAIL)],
    )?;
    Ok(())
}

/// Takes a segment out of the history, with its parts.
pub(crate) fn delete_segment(catalog: &Connection, segment: i64) -> Result<()> {
    catalog.execute("DELETE FROM segment WHERE id = ?1", [segment])?;
    Ok(())
}

/// What is stored of a source, in the order of the files' names.
pub(crate) fn parts_of(catalog: &Connection, source: i64) -> Result<Vec<Part>> {
    let mut query = catalog.prepare_cached(
        "SELECT segment, file, kind, day, checksum, packed, tail_of \
         FROM part JOIN segment ON segment.id = part.segment \
         WHERE source = ?1 ORDER BY file, tail_of",
    )?;
    let parts = query.query_map([source], |row| {
        let tail_of: i64 = row.get(6)?;
        Ok(Part {
            segment: row.get(0)?,
            file: row.get(1)?,
            kind: row.get(2)?,
            day: row.get(3)?,
            checksum: row.get(4)?,
            packed: row.get(5)?,
            tail_of: (tail_of != NO_TAIL).then_some(tail_of),
        })
    })?;
    Ok(parts.collect::<rusqlite::Result<_>>()?)
}

/// The parts of a segment: source, its label, and the run whose end is settled.
pub(crate) fn parts_in(
    catalog: &Connection,
    segment: i64,
) -> Result<Vec<(i64, String, Option<i64>)>> {
    let mut query = catalog.prepare_cached(
        "SELECT source, label, tail_of FROM part JOIN source ON source.id = part.source \
         WHERE segment = ?1 ORDER BY label, tail_of",
    )?;
    let parts = query.query_map([segment], |row| {
        let tail_of: i64 = row.get(2)?;
        Ok((
            row.get(0)?,
            row.get(1)?,
            (tail_of != NO_TAIL).then_some(tail_of),
        ))
    })?;
    Ok(parts.collect::<rusqlite::Result<_>>()?)
}

/// A live segment.
#[derive(Clone, Debug)]
pub(crate) struct LiveSegment {
    pub(crate) id: i64,
    pub(crate) host: String,
    pub(crate) packed: bool,
    pub(crate) segment: Segment,
}

fn live_segments(
    catalog: &Connection,
    rest: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<LiveSegment>> {
    let mut query = catalog.prepare_cached(&format!(
        "SELECT id, host, packed, file, kind, day, rows, first, last, checksum FROM segment {rest}"
    ))?;
    let segments = query.query_map(params, |row| {
        Ok(LiveSegment {
            id: row.get(0)?,
            host: row.get(1)?,
            packed: row.get(2)?,
            segment: Segment {
                file: row.get(3)?,
                kind: row.get(4)?,
                day: row.get(5)?,
                rows: u64::try_from(row.get::<_, i64>(6)?).unwrap_or(0),
                first: row.get(7)?,
                last: row.get(8)?,
                checksum: row.get(9)?,
            },
        })
    })?;
    Ok(segments.collect::<rusqlite::Result<_>>()?)
}

/// A segment by its number.
pub(crate) fn segment(catalog: &Connection, id: i64) -> Result<Option<LiveSegment>> {
    Ok(live_segments(catalog, "WHERE id = ?1", [id])?.pop())
}

/// All segments of a host's day, in the order of their names.
pub(crate) fn segments_of_day(
    catalog: &Connection,
    host: &str,
    day: i64,
) -> Result<Vec<LiveSegment>> {
    let rest = "WHERE host = ?1 AND day = ?2 ORDER BY file";
    live_segments(catalog, rest, params![host, day])
}

/// Whether a host's day has something of a source of which files are missing.
pub(crate) fn has_damaged(catalog: &Connection, host: &str, day: i64) -> Result<bool> {
    let mut query = catalog.prepare_cached(
        "SELECT 1 FROM segment JOIN part ON part.segment = segment.id \
         JOIN source ON source.id = part.source \
         WHERE segment.host = ?1 AND segment.day = ?2 AND source.damaged",
    )?;
    Ok(query.exists(params![host, day])?)
}

/// The packed segments of a host, in the order of their names.
pub(crate) fn packed_segments(catalog: &Connection, host: &str) -> Result<Vec<LiveSegment>> {
    live_segments(catalog, "WHERE host = ?1 AND packed ORDER BY file", [host])
}
