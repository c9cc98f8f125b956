//! The catalogue: which segments and runs are alive, and which logs were read.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _};

use crate::disk::remove;
use crate::readers::wait_for_readers;
use crate::sidecar::FORMAT;
use crate::{Error, Result};

mod connect;
mod files;
mod meta;
mod migrate;
mod runs;
mod segments;
mod tables;

use connect::{NAME, require_writable, with_sums};
pub(crate) use connect::{connect, connect_to_read, path};
pub(crate) use files::{
    Member, container, container_of, delete_container, forget_sums, insert_container,
    insert_pending, insert_source, move_container, names_file, next_generation, place_of,
    sidecar_files, source_of_file, sources_alone, sources_in,
};
pub use meta::Owner;
pub(crate) use meta::{
    commits, former_names, has_meta, id, later_state, owner, read_all, rename, set_commits,
    set_later_state, set_owner, sole_host, take_over,
};
pub(crate) use runs::{LiveRun, ends_within, runs_of, runs_within, starts_within};
pub(crate) use segments::{
    LiveSegment, Part, delete_part, delete_segment, has_damaged, insert_part, insert_segment,
    packed_segments, parts_in, parts_of, segment, segments_of_day,
};
use tables::{FILES, REST, SUMS};

const REBUILT: &str = "catalog-rebuilt.sqlite";

/// Opens the catalogue and makes it if there is no store yet.
///
/// One of an earlier format is migrated, in a transaction of its own, once it was verified: afterwards nothing
/// would tell what was damaged.
pub(crate) fn open(root: &Path) -> Result<Connection> {
    require_writable(root)?;
    let mut catalog = connect(root)?;
    let version = version(root, &catalog)?;
    let is_new = version == 0;
    if version == migrate::FROM {
        verify(root, &catalog)?;
        migrate::migrate(&mut catalog)?;
    }
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
    let mut catalog = connect(root).ok()?;
    let version = version(root, &catalog).ok()?;
    if version == 0 || verify(root, &catalog).is_err() {
        return None;
    }
    if version == migrate::FROM {
        migrate::migrate(&mut catalog).ok()?;
    }
    Some(catalog)
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
    match version(root, &catalog)? {
        0 => require_no_sources(root).map(|()| None),
        migrate::FROM => migrated_copy(root, &catalog).map(Some),
        _ => Ok(Some(catalog)),
    }
}

/// A copy in memory of a catalogue of an earlier format, migrated: the file stays as it is until a run that
/// writes opens it.
fn migrated_copy(root: &Path, catalog: &Connection) -> Result<Connection> {
    verify(root, catalog)?;
    let mut copy = Connection::open_in_memory()?;
    with_sums(&copy)?;
    Backup::new(catalog, &mut copy)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    migrate::migrate(&mut copy)?;
    Ok(copy)
}

/// Makes the tables of an empty catalogue, within a transaction of the caller's.
pub(crate) fn create(catalog: &Connection) -> Result<()> {
    catalog.execute_batch(&format!("{FILES} {REST} PRAGMA user_version = {FORMAT};"))?;
    Ok(meta::add(catalog)?)
}

/// The format of the catalogue; 0 if it is empty.
fn version(root: &Path, catalog: &Connection) -> Result<i64> {
    let found = catalog.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match found {
        0 | migrate::FROM..=FORMAT => Ok(found),
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
    let is_old = version(root, catalog)? == migrate::FROM;
    for (table, columns) in SUMS {
        let earlier = migrate::SUMS.iter().find(|(earlier, _)| *earlier == table);
        let columns = match earlier {
            Some((_, earlier)) if is_old => earlier,
            _ if is_old && ["container", "part"].contains(&table) => continue,
            _ => columns,
        };
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
