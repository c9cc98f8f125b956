//! The machine that a catalogue belongs to.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

/// The machine that a store belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its name, under which the history keeps its traffic.
    pub host: String,
    /// What tells it from other machines of the same name. `None` if the machine has nothing like that.
    pub machine: Option<String>,
}

/// The owner that a catalogue names. Those of earlier versions have no table for it.
pub(crate) fn read_owner(catalog: &Connection) -> rusqlite::Result<Option<Owner>> {
    if !has_owner_table(catalog)? {
        return Ok(None);
    }
    let row = catalog.query_row("SELECT host, machine FROM owner", [], |row| {
        Ok(Owner {
            host: row.get(0)?,
            machine: row.get(1)?,
        })
    });
    row.optional()
}

pub(crate) fn write_owner(catalog: &Connection, owner: &Owner) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO owner VALUES (0, ?1, ?2)";
    catalog.execute(sql, params![owner.host, owner.machine])?;
    Ok(())
}

/// Whether the catalogue has a table of the machine that the store belongs to.
pub(crate) fn has_owner_table(catalog: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'owner'";
    catalog.prepare(sql)?.exists([])
}

/// The owner by a catalogue that is about to be replaced. `None` if it cannot tell.
pub(crate) fn owner_before(root: &Path) -> Option<Owner> {
    let catalog =
        Connection::open_with_flags(super::path(root), OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    super::with_sums(&catalog).ok()?;
    read_owner(&catalog).ok()?
}
