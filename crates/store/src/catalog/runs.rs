//! The live runs.

use rusqlite::{Connection, params};

use super::files::SIDECAR;
use crate::Result;

/// A live run, as far as the catalogue knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveRun {
    pub(crate) source: i64,
    pub(crate) name: String,
    pub(crate) generation: i64,
    /// The file, below the store, that has the sidecar of its source.
    pub(crate) file: String,
    pub(crate) number: i64,
    pub(crate) host: String,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) style: String,
    pub(crate) may_continue: bool,
    pub(crate) may_go_on: bool,
    /// Some files of its source are missing.
    pub(crate) damaged: bool,
}

const RUN: &str = "run.source, source.name, source.generation, run.number, run.host, \
     run.first, run.last, run.style, run.may_continue, run.may_go_on, source.damaged";

fn live_run(row: &rusqlite::Row<'_>) -> rusqlite::Result<LiveRun> {
    Ok(LiveRun {
        source: row.get(0)?,
        name: row.get(1)?,
        generation: row.get(2)?,
        number: row.get(3)?,
        host: row.get(4)?,
        first: row.get(5)?,
        last: row.get(6)?,
        style: row.get(7)?,
        may_continue: row.get(8)?,
        may_go_on: row.get(9)?,
        damaged: row.get(10)?,
        file: row.get(11)?,
    })
}

/// Live runs by a condition and an order.
fn live_runs(
    catalog: &Connection,
    rest: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<LiveRun>> {
    let mut query = catalog.prepare_cached(&format!(
        "SELECT {RUN}, {SIDECAR} FROM run JOIN source ON source.id = run.source {rest}"
    ))?;
    let runs = query.query_map(params, live_run)?;
    Ok(runs.collect::<rusqlite::Result<_>>()?)
}

/// Live runs of a host that overlap a stretch of time.
pub(crate) fn runs_within(
    catalog: &Connection,
    host: &str,
    first: i64,
    last: i64,
) -> Result<Vec<LiveRun>> {
    let rest = "WHERE run.host = ?1 AND run.latest >= ?2 AND run.earliest <= ?3 \
         ORDER BY run.first, source.name, run.number";
    live_runs(catalog, rest, params![host, first, last])
}

/// All runs of a source.
pub(crate) fn runs_of(catalog: &Connection, source: i64) -> Result<Vec<LiveRun>> {
    live_runs(
        catalog,
        "WHERE run.source = ?1 ORDER BY run.number",
        [source],
    )
}

/// Runs whose end depends on another log, and that end within a stretch of time.
pub(crate) fn ends_within(
    catalog: &Connection,
    host: &str,
    from: i64,
    to: i64,
) -> Result<Vec<LiveRun>> {
    let rest = "WHERE run.host = ?1 AND run.last BETWEEN ?2 AND ?3 AND run.owes \
         ORDER BY run.last DESC, source.name, source.generation";
    live_runs(catalog, rest, params![host, from, to])
}

/// Runs that may continue another log's and begin within a stretch of time.
pub(crate) fn starts_within(
    catalog: &Connection,
    host: &str,
    from: i64,
    to: i64,
) -> Result<Vec<LiveRun>> {
    let rest = "WHERE run.host = ?1 AND run.first BETWEEN ?2 AND ?3 AND run.may_continue \
         ORDER BY run.first, source.name, source.generation";
    live_runs(catalog, rest, params![host, from, to])
}
