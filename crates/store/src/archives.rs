//! What is known of files that the program wrote outside of the store: archives and reports. Nothing
//! that is not known here is ever deleted by its age.
//!
//! An archive is known by its bytes. Before a new one takes the place of an old one, both are noted;
//! afterwards the checksum tells which of them is there, wherever a crash came in between.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rusqlite::params;
use serde::{Deserialize, Serialize};

use crate::{Result, Store};

/// An archive that was written, or is about to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveRecord {
    /// Its path below the archive folder.
    pub file: String,
    /// The checksum of its bytes.
    pub checksum: String,
    /// Its metadata, as they were written.
    pub document: String,
}

impl Store {
    /// Archives that were noted, by their names; of one name, each that may be there.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn archives(&self) -> Result<Vec<ArchiveRecord>> {
        self.archives_where("1", [])
    }

    /// Archives of a name: each that may be there.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn archives_of(&self, file: &str) -> Result<Vec<ArchiveRecord>> {
        self.archives_where("file = ?1", [file])
    }

    fn archives_where(
        &self,
        condition: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<ArchiveRecord>> {
        let sql = format!(
            "SELECT file, checksum, document FROM archive WHERE {condition} ORDER BY file, checksum"
        );
        let mut query = self.catalog.prepare_cached(&sql)?;
        let records = query.query_map(params, |row| {
            Ok(ArchiveRecord {
                file: row.get(0)?,
                checksum: row.get(1)?,
                document: row.get(2)?,
            })
        })?;
        Ok(records.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether a log by content is stored: by its name, as [`Content`](crate::Content) gives it.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn has_source(&self, name: &str) -> Result<bool> {
        let sql = "SELECT 1 FROM source WHERE name = ?1";
        Ok(self.catalog.prepare_cached(sql)?.exists([name])?)
    }

    /// Notes an archive, beside others of its name.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn note_archive(&self, record: &ArchiveRecord) -> Result<()> {
        self.catalog.execute(
            "INSERT OR REPLACE INTO archive VALUES (?1, ?2, ?3)",
            params![record.file, record.checksum, record.document],
        )?;
        Ok(())
    }

    /// Forgets the archives of a name but the one with this checksum.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn keep_archive(&self, file: &str, checksum: &str) -> Result<()> {
        self.catalog.execute(
            "DELETE FROM archive WHERE file = ?1 AND checksum != ?2",
            params![file, checksum],
        )?;
        Ok(())
    }

    /// Forgets the archives of a name.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn forget_archive(&self, file: &str) -> Result<()> {
        self.catalog
            .execute("DELETE FROM archive WHERE file = ?1", [file])?;
        Ok(())
    }

    /// Notes the files of a report and the last day it tells of (`YYYY-MM-DD`).
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn note_report<'a>(
        &self,
        paths: impl IntoIterator<Item = &'a Path>,
        last_day: &str,
    ) -> Result<()> {
        for path in paths {
            self.catalog.execute(
                "INSERT OR REPLACE INTO report VALUES (?1, ?2)",
                params![path.as_os_str().as_encoded_bytes(), last_day],
            )?;
        }
        Ok(())
    }

    /// Whether a file of a report was noted: then this store has written it.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn has_noted_report(&self, path: &Path) -> Result<bool> {
        let mut query = self
            .catalog
            .prepare_cached("SELECT 1 FROM report WHERE path = ?1")?;
        Ok(query.exists([path.as_os_str().as_encoded_bytes()])?)
    }

    /// Files of reports whose last day lies before a day (`YYYY-MM-DD`), by that day.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn reports_before(&self, day: &str) -> Result<Vec<PathBuf>> {
        let sql = "SELECT path FROM report WHERE last_day < ?1 ORDER BY last_day, path";
        let mut query = self.catalog.prepare_cached(sql)?;
        let paths = query.query_map([day], |row| Ok(path_of_bytes(row.get(0)?)))?;
        Ok(paths.collect::<rusqlite::Result<_>>()?)
    }

    /// Forgets a file of a report.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn forget_report(&self, path: &Path) -> Result<()> {
        self.catalog.execute(
            "DELETE FROM report WHERE path = ?1",
            [path.as_os_str().as_encoded_bytes()],
        )?;
        Ok(())
    }
}

/// A path by its bytes, as the system encodes them.
#[cfg(unix)]
pub fn path_of_bytes(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    PathBuf::from(OsString::from_vec(bytes))
}

/// A path by its bytes, as the system encodes them.
#[cfg(not(unix))]
pub fn path_of_bytes(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(OsString::from(String::from_utf8_lossy(&bytes).into_owned()))
}
