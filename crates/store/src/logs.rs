//! What is known of log files: which were read, as they were then.

use std::path::Path;

use files::FoundLog;
use rusqlite::{OptionalExtension as _, params};

use crate::query::{Span, is_gone};
use crate::{Result, Store};

/// What the catalogue remembers of a log file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// Whose traffic it tells of.
    pub host: String,
    /// What is wrong with it.
    pub damage: Option<String>,
    /// Earliest and latest frame. `None` if no frame has a time.
    pub span: Option<Span>,
    /// Whether it was read to its end, and ends with a whole frame.
    pub whole: bool,
    /// The archive that holds it, below the archive folder.
    pub archived: Option<String>,
}

impl Store {
    /// Whether a log with this identity was ingested to its end already.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn has_read(&self, log: &FoundLog) -> Result<bool> {
        Ok(self.log_record(log)?.is_some())
    }

    /// What is known of a log with this identity. `None` if it is new or has changed.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn log_record(&self, log: &FoundLog) -> Result<Option<LogRecord>> {
        let sql = "SELECT host, damage, first, last, whole, archived FROM log \
             WHERE path = ?1 AND size = ?2 AND modified = ?3 AND identity = ?4";
        let (size, modified, inode) = stat(log);
        let mut query = self.catalog.prepare_cached(sql)?;
        let record = query.query_row(params![path(log), size, modified, inode], |row| {
            let (first, last): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
            Ok(LogRecord {
                host: row.get(0)?,
                damage: row.get(1)?,
                span: first.zip(last).map(|(first, last)| Span { first, last }),
                whole: row.get(4)?,
                archived: row.get(5)?,
            })
        });
        Ok(record.optional()?)
    }

    /// Notes which files were ingested, so that they are not read again before they change.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn mark_read<'a>(
        &mut self,
        logs: impl IntoIterator<Item = (&'a FoundLog, LogRecord)>,
    ) -> Result<()> {
        let transaction = self.catalog.transaction()?;
        for (log, record) in logs {
            let (size, modified, inode) = stat(log);
            transaction.execute(
                "INSERT OR REPLACE INTO log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    path(log),
                    record.host,
                    size,
                    modified,
                    inode,
                    record.damage,
                    record.span.map(|span| span.first),
                    record.span.map(|span| span.last),
                    record.whole,
                    record.archived
                ],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Forgets that a log file was read: it is read again.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn forget_log(&self, log: &FoundLog) -> Result<()> {
        let sql = "DELETE FROM log WHERE path = ?1";
        self.catalog.execute(sql, [path(log)])?;
        Ok(())
    }

    /// Forgets what was wrong with log files that are no longer there. If they come back they are read again, and
    /// count once.
    ///
    /// # Errors
    /// If the catalogue cannot be read or written.
    pub fn forget_gone_logs(&self) -> Result<()> {
        let sql = "SELECT path FROM log WHERE damage IS NOT NULL";
        let mut query = self.catalog.prepare(sql)?;
        let paths = query.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
        for path in paths.collect::<rusqlite::Result<Vec<_>>>()? {
            if is_gone(&path) {
                self.catalog
                    .execute("DELETE FROM log WHERE path = ?1", [path])?;
            }
        }
        Ok(())
    }

    /// Whether a log file with this path was read.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn knows_path(&self, path: &Path) -> Result<bool> {
        let sql = "SELECT 1 FROM log WHERE path = ?1";
        let mut query = self.catalog.prepare_cached(sql)?;
        Ok(query.exists([path.as_os_str().as_encoded_bytes()])?)
    }

    /// Forgets that a log file was read, by its path.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn forget_path(&self, path: &Path) -> Result<()> {
        let sql = "DELETE FROM log WHERE path = ?1";
        let path = path.as_os_str().as_encoded_bytes();
        self.catalog.execute(sql, [path])?;
        Ok(())
    }

    /// Notes which archive holds a log file.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn mark_archived(&self, log: &FoundLog, archive: &str) -> Result<()> {
        let sql = "UPDATE log SET archived = ?2 WHERE path = ?1";
        self.catalog.execute(sql, params![path(log), archive])?;
        Ok(())
    }
}

fn path(log: &FoundLog) -> &[u8] {
    log.path.as_os_str().as_encoded_bytes()
}

fn stat(log: &FoundLog) -> (i64, i64, i64) {
    let number = |value: u64| i64::from_ne_bytes(value.to_ne_bytes());
    let modified = log
        .modified
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    (
        number(log.size),
        i64::try_from(modified.as_nanos()).unwrap_or(i64::MAX),
        log.identity.map_or(0, |identity| number(identity.inode)),
    )
}
