//! What a catalogue says of the store as a whole: its id, how often it was committed, and the machine that
//! it belongs to.

use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use super::connect::{path, with_sums};

/// Catalogues of earlier versions get this table when they are next opened for writing.
pub(super) const TABLE: &str = "
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL,
        sum INTEGER AS (row_sum(key, value)) STORED
    ) STRICT;
";

const ID: &str = "id";
const COMMITS: &str = "commits";
const LATER_STATE: &str = "later_state";
const OWNER: &str = "owner";
const MACHINE: &str = "machine";
/// The only host of a catalogue from before owners were noted.
const SOLE_HOST: &str = "sole_host";
/// Stands before a name that a host had once; the value is the name that it got.
const FORMER: &str = "former ";

/// The machine that a store belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its name, under which the history keeps its traffic.
    pub host: String,
    /// What tells it from other machines of the same name. `None` if the machine has nothing like that.
    pub machine: Option<String>,
}

/// Whether the catalogue has the table.
pub(crate) fn has_meta(catalog: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'";
    catalog.prepare(sql)?.exists([])
}

/// Adds the table to a catalogue without it, in a transaction of the caller's.
pub(super) fn add(catalog: &Connection) -> rusqlite::Result<()> {
    catalog.execute_batch(TABLE)?;
    let random = || RandomState::new().hash_one(std::process::id());
    set(catalog, ID, &format!("{:016x}{:016x}", random(), random()))?;
    let mut hosts = catalog.prepare("SELECT DISTINCT host FROM source LIMIT 2")?;
    let hosts = hosts.query_map([], |row| row.get(0))?;
    if let [host] = hosts.collect::<rusqlite::Result<Vec<String>>>()?.as_slice() {
        set(catalog, SOLE_HOST, host)?;
    }
    Ok(())
}

fn get(catalog: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    if !has_meta(catalog)? {
        return Ok(None);
    }
    let sql = "SELECT value FROM meta WHERE key = ?1";
    catalog.query_row(sql, [key], |row| row.get(0)).optional()
}

fn set(catalog: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    catalog.execute(
        "INSERT OR REPLACE INTO meta VALUES (?1, ?2)",
        params![key, value],
    )?;
    Ok(())
}

fn remove(catalog: &Connection, key: &str) -> rusqlite::Result<()> {
    catalog.execute("DELETE FROM meta WHERE key = ?1", [key])?;
    Ok(())
}

/// The id of the store, which a backup and a rebuild keep. `None` of a catalogue without the table.
pub(crate) fn id(catalog: &Connection) -> rusqlite::Result<Option<String>> {
    get(catalog, ID)
}

/// How often files were brought or taken away.
pub(crate) fn commits(catalog: &Connection) -> rusqlite::Result<i64> {
    let commits = get(catalog, COMMITS)?;
    Ok(commits
        .and_then(|commits| commits.parse().ok())
        .unwrap_or(0))
}

pub(crate) fn set_commits(catalog: &Connection, commits: i64) -> rusqlite::Result<()> {
    set(catalog, COMMITS, &commits.to_string())
}

/// The commits of a later state of the store, if this one came from a backup.
pub(crate) fn later_state(catalog: &Connection) -> rusqlite::Result<Option<i64>> {
    Ok(get(catalog, LATER_STATE)?.and_then(|commits| commits.parse().ok()))
}

pub(crate) fn set_later_state(catalog: &Connection, commits: Option<i64>) -> rusqlite::Result<()> {
    match commits {
        Some(commits) => set(catalog, LATER_STATE, &commits.to_string()),
        None => remove(catalog, LATER_STATE),
    }
}

/// The owner that the catalogue names.
pub(crate) fn owner(catalog: &Connection) -> rusqlite::Result<Option<Owner>> {
    let host = get(catalog, OWNER)?;
    let machine = get(catalog, MACHINE)?;
    Ok(host.map(|host| Owner { host, machine }))
}

pub(crate) fn set_owner(catalog: &Connection, owner: &Owner) -> rusqlite::Result<()> {
    set(catalog, OWNER, &owner.host)?;
    remove(catalog, SOLE_HOST)?;
    match &owner.machine {
        Some(machine) => set(catalog, MACHINE, machine),
        None => remove(catalog, MACHINE),
    }
}

/// The only host of a catalogue that was last written before owners were noted.
pub(crate) fn sole_host(catalog: &Connection) -> rusqlite::Result<Option<String>> {
    if has_meta(catalog)? {
        return get(catalog, SOLE_HOST);
    }
    let sql = "SELECT min(host) FROM source HAVING count(DISTINCT host) = 1";
    Ok(catalog
        .query_row(sql, [], |row| row.get(0))
        .optional()?
        .flatten())
}

/// Notes that a host has another name now.
pub(crate) fn rename(catalog: &Connection, old: &str, new: &str) -> rusqlite::Result<()> {
    for (former, _) in former_names(catalog)?.iter().filter(|(_, now)| now == old) {
        set(catalog, &format!("{FORMER}{former}"), new)?;
    }
    set(catalog, &format!("{FORMER}{old}"), new)?;
    remove(catalog, &format!("{FORMER}{new}"))?;
    if let Some(owner) = owner(catalog)?.filter(|owner| owner.host == old) {
        let host = new.to_owned();
        set_owner(catalog, &Owner { host, ..owner })?;
    }
    if sole_host(catalog)?.is_some_and(|host| host == old) {
        set(catalog, SOLE_HOST, new)?;
    }
    Ok(())
}

/// Names that hosts had once, each with the name that the host has now.
pub(crate) fn former_names(catalog: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    if !has_meta(catalog)? {
        return Ok(Vec::new());
    }
    let sql =
        "SELECT substr(key, ?2), value FROM meta WHERE substr(key, 1, ?2 - 1) = ?1 ORDER BY key";
    let mut query = catalog.prepare(sql)?;
    let names = query.query_map(params![FORMER, FORMER.len() as i64 + 1], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    names.collect()
}

/// All that a catalogue that is about to be replaced says of the store. Nothing if it cannot be read.
pub(crate) fn read_all(root: &Path) -> Vec<(String, String)> {
    let read = || -> rusqlite::Result<Vec<(String, String)>> {
        let path = path(root);
        let catalog = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        with_sums(&catalog)?;
        let sql = "SELECT key, value FROM meta WHERE sum IS row_sum(key, value)";
        let mut query = catalog.prepare(sql)?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    };
    read().unwrap_or_default()
}

/// Takes over what another catalogue said of the store.
pub(crate) fn take_over(catalog: &Connection, all: &[(String, String)]) -> rusqlite::Result<()> {
    all.iter()
        .try_for_each(|(key, value)| set(catalog, key, value))
}
