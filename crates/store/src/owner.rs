//! Whose history this is: the machine that a store belongs to, and its name. A machine that is renamed
//! keeps one history, and another machine's settings do not write into it by accident.

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use crate::commit::{remove_replaced, staging};
use crate::ingest::Batch;
use crate::links::{self, Ends};
use crate::sidecar::Source;
use crate::{Error, Result, Store, catalog};

/// The machine that a store belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its name, under which the history keeps its traffic.
    pub host: String,
    /// What tells it from other machines of the same name. `None` if the machine has nothing like that.
    pub machine: Option<String>,
}

impl Store {
    /// The machine that the store belongs to. `None` if that was never noted.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn owner(&self) -> Result<Option<Owner>> {
        Ok(read(&self.catalog)?)
    }

    /// Whether the store was last written by a version of this program that noted no owner.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn predates_owners(&self) -> Result<bool> {
        Ok(!catalog::has_owner_table(&self.catalog)?)
    }

    /// Notes the machine that the store belongs to.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn set_owner(&self, owner: &Owner) -> Result<()> {
        Ok(write(&self.catalog, owner)?)
    }

    /// Gives all that is stored of a host another name, in one transaction. Returns the number of logs.
    /// The days of the host have news afterwards: their reports bear the old name.
    ///
    /// # Errors
    /// [`Error::CannotRename`] if the store does not know the host, or holds traffic of both names from
    /// the same time: which log is whose cannot be told then. Nothing has changed after an error.
    pub fn rename_host(&mut self, old: &str, new: &str) -> Result<u64> {
        let refuse = |reason: String| Err(Error::CannotRename { reason });
        let root = self.root.clone();
        files::create_folder(&staging(&root))?;
        let transaction = self
            .catalog
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sources = sources_of(&transaction, old)?;
        if sources.is_empty() {
            return refuse(format!("the store holds nothing of {old:?}"));
        }
        if old == new || overlap(&transaction, old, new)? {
            return refuse(format!(
                "the store holds traffic of {old:?} and of {new:?} from the same time"
            ));
        }
        let mut batch = Batch::new(&root, &transaction);
        let mut ends = Ends::default();
        for (id, name, generation, damaged) in &sources {
            let source = Source::read(&root.join(Source::file(name, *generation)))?;
            if *damaged {
                return refuse(format!(
                    "files of the log {:?} are damaged; ingest that log again first",
                    source.log
                ));
            }
            batch.take_away(*id, &source)?;
            batch.enter_as(new, &source)?;
            for run in &source.runs {
                ends.touch(new, &run.summary);
            }
        }
        links::settle(&mut batch, ends)?;
        for table in ["pending", "unfinished", "total", "digest"] {
            let sql = format!("DELETE FROM {table} WHERE host = ?1");
            transaction.execute(&sql, [old])?;
        }
        transaction.execute("UPDATE log SET host = ?2 WHERE host = ?1", [old, new])?;
        for (host, day) in &batch.days {
            catalog::insert_pending(&transaction, host, *day)?;
        }
        if let Some(owner) = read(&transaction)?.filter(|owner| owner.host == old) {
            let host = new.to_owned();
            write(&transaction, &Owner { host, ..owner })?;
        }
        let moves = std::mem::take(&mut batch.moves);
        drop(batch);
        moves.place(&root)?;
        transaction.commit()?;
        remove_replaced(&root, &self.catalog)?;
        Ok(sources.len() as u64)
    }
}

/// The owner that a catalogue names. Those of earlier versions have no table for it.
pub(crate) fn read(catalog: &Connection) -> rusqlite::Result<Option<Owner>> {
    if !catalog::has_owner_table(catalog)? {
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

pub(crate) fn write(catalog: &Connection, owner: &Owner) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO owner VALUES (0, ?1, ?2)";
    catalog.execute(sql, params![owner.host, owner.machine])?;
    Ok(())
}

/// Number, name and generation of a host's sources, and whether files of them are missing.
fn sources_of(catalog: &Connection, host: &str) -> Result<Vec<(i64, String, i64, bool)>> {
    let sql = "SELECT id, name, generation, damaged FROM source WHERE host = ?1 ORDER BY id";
    let mut query = catalog.prepare(sql)?;
    let sources = query.query_map([host], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    Ok(sources.collect::<rusqlite::Result<_>>()?)
}

/// Whether runs of two hosts overlap in time.
fn overlap(catalog: &Connection, one: &str, other: &str) -> Result<bool> {
    let mut query = catalog.prepare(
        "SELECT 1 FROM run AS a JOIN run AS b ON b.host = ?2 \
         AND a.earliest <= b.latest AND b.earliest <= a.latest WHERE a.host = ?1",
    )?;
    Ok(query.exists([one, other])?)
}
