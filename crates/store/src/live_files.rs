//! The files that hold the history at one moment, for programs that read them themselves.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use rusqlite::params;
use serde::Serialize;

use crate::{Result, Store};

/// A segment that is alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LiveFile {
    /// Where it is.
    pub path: PathBuf,
    /// `traffic`, `loopback`, `apart`, `peers` or `buckets`.
    pub table: String,
    /// Host.
    pub host: String,
    /// Days since 1970, UTC.
    #[serde(skip)]
    pub day: i64,
    /// Rows in it.
    pub rows: u64,
}

impl Store {
    /// The files of a table, in the order of days: reading exactly these counts nothing twice. They stay as long
    /// as the store is open to read, or somebody else holds a shared lock on its file `readers` since before.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn live_files(
        &self,
        table: &str,
        host: Option<&str>,
        days: RangeInclusive<i64>,
    ) -> Result<Vec<LiveFile>> {
        let mut query = self.catalog.prepare(
            "SELECT file, kind, host, day, rows FROM segment \
             WHERE kind = ?1 AND (?2 IS NULL OR host = ?2) AND day BETWEEN ?3 AND ?4 \
             ORDER BY day, host, file",
        )?;
        let files = query.query_map(params![table, host, days.start(), days.end()], |row| {
            Ok(LiveFile {
                path: self.root.join(row.get::<_, String>(0)?),
                table: row.get(1)?,
                host: row.get(2)?,
                day: row.get(3)?,
                rows: u64::try_from(row.get::<_, i64>(4)?).unwrap_or(0),
            })
        })?;
        Ok(files.collect::<rusqlite::Result<_>>()?)
    }
}
