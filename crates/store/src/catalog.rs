//! The catalogue: which segments and runs are alive, and which logs were read.
//!
//! Each row has a checksum of its own: SQLite finds a damaged page only where its structure
//! breaks, and a changed number would be believed.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _};

use crate::disk::remove;
use crate::readers::wait_for_readers;
use crate::sidecar::FORMAT;
use crate::{Error, Result};

mod connect;
mod files;
mod meta;
mod runs;

use connect::{NAME, connect_to_read, require_writable, with_sums};
pub(crate) use connect::{connect, path};
pub(crate) use files::{
    forget_sums, insert_pending, insert_segment, insert_source, name_of, names_file,
    next_generation, segments_of, segments_of_day, source_of_file,
};
pub use meta::Owner;
pub(crate) use meta::{
    commits, former_names, has_meta, id, later_state, owner, read_all, rename, set_commits,
    set_later_state, set_owner, sole_host, take_over,
};
pub(crate) use runs::{LiveRun, ends_within, runs_of, runs_within, starts_within};

const REBUILT: &str = "catalog-rebuilt.sqlite";

const TABLES: &str = "
    CREATE TABLE source (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        generation INTEGER NOT NULL,
        host TEXT NOT NULL,
        log TEXT NOT NULL,
        damaged INTEGER NOT NULL,
        sum INTEGER AS (row_sum(name, generation, host, log, damaged)) STORED,
        UNIQUE (name, generation)
    ) STRICT;
    CREATE TABLE run (
        source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
        number INTEGER NOT NULL,
        host TEXT NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        earliest INTEGER NOT NULL,
        latest INTEGER NOT NULL,
        style TEXT NOT NULL,
        may_continue INTEGER NOT NULL,
        may_go_on INTEGER NOT NULL,
        owes INTEGER NOT NULL,
        sum INTEGER AS (row_sum(source, number, host, first, last, earliest, latest, style,
            may_continue, may_go_on, owes)) STORED,
        PRIMARY KEY (source, number)
    ) STRICT;
    CREATE INDEX run_by_end ON run (host, last);
    CREATE INDEX run_by_latest ON run (host, latest);
    CREATE INDEX run_by_start ON run (host, first);
    CREATE TABLE segment (
        file TEXT PRIMARY KEY,
        source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
        host TEXT NOT NULL,
        kind TEXT NOT NULL,
        day INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        checksum TEXT NOT NULL,
        tail_of INTEGER,
        sum INTEGER AS (row_sum(file, source, host, kind, day, rows, first, last, checksum,
            tail_of)) STORED
    ) STRICT;
    CREATE INDEX segment_by_day ON segment (host, kind, day);
    CREATE INDEX segment_by_source ON segment (source);
    CREATE TABLE pending (
        host TEXT NOT NULL,
        day INTEGER NOT NULL,
        sum INTEGER AS (row_sum(host, day)) STORED,
        PRIMARY KEY (host, day)
    ) STRICT;
    CREATE TABLE unfinished (
        host TEXT NOT NULL,
        day TEXT NOT NULL,
        sum INTEGER AS (row_sum(host, day)) STORED,
        PRIMARY KEY (host, day)
    ) STRICT;
    CREATE TABLE total (
        host TEXT NOT NULL,
        first INTEGER NOT NULL,
        past INTEGER NOT NULL,
        loopback INTEGER NOT NULL,
        up INTEGER NOT NULL,
        down INTEGER NOT NULL,
        observed INTEGER NOT NULL,
        sum INTEGER AS (row_sum(host, first, past, loopback, up, down, observed)) STORED,
        PRIMARY KEY (host, first, past, loopback)
    ) STRICT;
    CREATE TABLE log (
        path BLOB PRIMARY KEY,
        host TEXT NOT NULL,
        size INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        identity INTEGER NOT NULL,
        damage TEXT,
        first INTEGER,
        last INTEGER,
        whole INTEGER NOT NULL,
        archived TEXT,
        sum INTEGER AS (row_sum(path, host, size, modified, identity, damage, first, last, whole,
            archived)) STORED
    ) STRICT;
    CREATE TABLE archive (
        file TEXT NOT NULL,
        checksum TEXT NOT NULL,
        document TEXT NOT NULL,
        sum INTEGER AS (row_sum(file, checksum, document)) STORED,
        PRIMARY KEY (file, checksum)
    ) STRICT;
    CREATE TABLE report (
        path BLOB PRIMARY KEY,
        last_day TEXT NOT NULL,
        sum INTEGER AS (row_sum(path, last_day)) STORED
    ) STRICT;
    CREATE TABLE digest (
        host TEXT NOT NULL,
        day INTEGER NOT NULL,
        loopback INTEGER NOT NULL,
        content TEXT NOT NULL,
        sum INTEGER AS (row_sum(host, day, loopback, content)) STORED,
        PRIMARY KEY (host, day, loopback)
    ) STRICT;
";

/// The tables, and the columns that their checksums cover.
const SUMS: [(&str, &str); 11] = [
    ("meta", "key, value"),
    ("source", "name, generation, host, log, damaged"),
    (
        "run",
        "source, number, host, first, last, earliest, latest, style, may_continue, may_go_on, owes",
    ),
    (
        "segment",
        "file, source, host, kind, day, rows, first, last, checksum, tail_of",
    ),
    (
        "log",
        "path, host, size, modified, identity, damage, first, last, whole, archived",
    ),
    ("archive", "file, checksum, document"),
    ("report", "path, last_day"),
    ("digest", "host, day, loopback, content"),
    ("pending", "host, day"),
    ("unfinished", "host, day"),
    ("total", "host, first, past, loopback, up, down, observed"),
];

/// Opens the catalogue and makes it if there is no store yet.
pub(crate) fn open(root: &Path) -> Result<Connection> {
    require_writable(root)?;
    let mut catalog = connect(root)?;
    let is_new = version(root, &catalog)? == 0;
    if is_new {
        require_no_sources(root)?;
    }
    if is_new || !has_meta(&catalog)? {
        let transaction =
            catalog.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        if is_new {
            create(&transaction)?
        } else {
            meta::add(&transaction)?
        }
        transaction.commit()?;
    }
    Ok(catalog)
}

/// Opens the catalogue that a rebuild is to replace, if it can be believed.
pub(crate) fn open_to_replace(root: &Path) -> Option<Connection> {
    if !path(root).is_file() {
        return None;
    }
    let catalog = connect(root).ok()?;
    let is_known = version(root, &catalog).ok()? == FORMAT;
    (is_known && verify(root, &catalog).is_ok()).then_some(catalog)
}

/// Opens the catalogue to read it. `None` if there is no store yet.
pub(crate) fn open_to_read(root: &Path) -> Result<Option<Connection>> {
    let catalog = if path(root).is_file() {
        connect(root).or_else(|error| match error.sqlite_error_code() {
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => connect_to_read(root),
            _ => Err(error),
        })?
    } else {
        return require_no_sources(root).map(|()| None);
    };
    // One transaction for all that is asked: all answers are as of its first read, which is the next line.
    catalog.execute_batch("BEGIN")?;
    if version(root, &catalog)? == 0 {
        return require_no_sources(root).map(|()| None);
    }
    Ok(Some(catalog))
}

/// Makes the tables of an empty catalogue, within a transaction of the caller's.
pub(crate) fn create(catalog: &Connection) -> Result<()> {
    catalog.execute_batch(&format!("{TABLES} PRAGMA user_version = {FORMAT};"))?;
    Ok(meta::add(catalog)?)
}

/// The format of the catalogue; 0 if it is empty.
fn version(root: &Path, catalog: &Connection) -> Result<i64> {
    let found = catalog.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match found {
        0 | FORMAT => Ok(found),
        _ => Err(Error::OtherFormat {
            path: path(root),
            found,
            known: FORMAT,
        }),
    }
}

/// Holds that a store without a catalogue is a new one: else its history would be out of sight,
/// and what is written would go beside it.
fn require_no_sources(root: &Path) -> Result<()> {
    let folder = root.join("sources");
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::CatalogDamaged {
            path: path(root),
            reason: "it is missing, or its rebuild was not finished".to_owned(),
        });
    }
    Ok(())
}

/// Holds that the catalogue is as it was written.
pub(crate) fn verify(root: &Path, catalog: &Connection) -> Result<()> {
    let damaged = |reason: String| Error::CatalogDamaged {
        path: path(root),
        reason,
    };
    let found: String = catalog.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(damaged(found.replace('\n', ": ")));
    }
    for (table, columns) in SUMS {
        // Catalogues of earlier versions that are only read have none.
        if table == "meta" && !has_meta(catalog)? {
            continue;
        }
        let sql = format!("SELECT 1 FROM {table} WHERE sum IS NOT row_sum({columns}) LIMIT 1");
        let row = catalog.query_row(&sql, [], |_| Ok(())).optional()?;
        if row.is_some() {
            return Err(damaged(format!("a checksum in its table {table} differs")));
        }
    }
    Ok(())
}

/// Brings what SQLite keeps beside a catalogue into it.
pub(crate) fn checkpoint(catalog: &Connection) -> Result<()> {
    // A row of numbers, of which the first tells whether a reader was in the way.
    catalog.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Begins a new catalogue beside the one in use, for a rebuild.
pub(crate) fn begin_rebuilt(root: &Path) -> Result<Connection> {
    remove_rebuilt(root)?;
    let catalog = Connection::open(root.join(REBUILT))?;
    catalog.pragma_update(None, "synchronous", "FULL")?;
    catalog.pragma_update(None, "foreign_keys", true)?;
    with_sums(&catalog)?;
    Ok(catalog)
}

/// Removes what a rebuild left that did not come to its end.
pub(crate) fn remove_rebuilt(root: &Path) -> Result<()> {
    for suffix in ["", "-journal"] {
        remove(&root.join(format!("{REBUILT}{suffix}")))?;
    }
    Ok(())
}

/// Puts the new catalogue in the place of the old one, and opens it. Readers of the old one are waited
/// for; whoever reads longer than that keeps reading the old file.
///
/// What SQLite keeps beside the old catalogue goes first, because it must not be taken for the new one's.
/// The caller has brought all of it into the old catalogue that can be ([`checkpoint`]).
pub(crate) fn replace_by_rebuilt(root: &Path, rebuilt: Connection) -> Result<Connection> {
    rebuilt.close().map_err(|(_, error)| error)?;
    let _alone = wait_for_readers(root)?;
    for suffix in ["-wal", "-shm"] {
        remove(&root.join(format!("{NAME}{suffix}")))?;
    }
    let path = path(root);
    std::fs::rename(root.join(REBUILT), &path)
        .map_err(::files::Error::context("put in place", &path))?;
    ::files::sync_folder(root)?;
    Ok(connect(root)?)
}
