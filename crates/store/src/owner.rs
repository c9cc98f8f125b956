//! Whose history this is: the machine that a store belongs to, and its name. A machine that is renamed
//! keeps one history, and another machine's settings do not write into it by accident.

use std::collections::HashMap;

use rusqlite::{Connection, TransactionBehavior};

use crate::batch::Batch;
use crate::catalog::Owner;
use crate::commit::{remove_replaced, staging};
use crate::ends::Ends;
use crate::{Error, Result, Store, catalog, links};

impl Store {
    /// The machine that the store belongs to. `None` if that was never noted.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn owner(&self) -> Result<Option<Owner>> {
        Ok(catalog::owner(&self.catalog)?)
    }

    /// Notes the machine that the store belongs to.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn set_owner(&self, owner: &Owner) -> Result<()> {
        let transaction = self.catalog.unchecked_transaction()?;
        catalog::set_owner(&transaction, owner)?;
        Ok(transaction.commit()?)
    }

    /// The only host of a store that was last written before owners were noted.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn sole_host(&self) -> Result<Option<String>> {
        Ok(catalog::sole_host(&self.catalog)?)
    }

    /// Names that hosts had once, each with the name that the host has now.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn former_names(&self) -> Result<Vec<(String, String)>> {
        Ok(catalog::former_names(&self.catalog)?)
    }

    /// The id of the store, which its backups and a rebuild keep. `None` of one that was last written before
    /// stores had ids.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn id(&self) -> Result<Option<String>> {
        Ok(catalog::id(&self.catalog)?)
    }

    /// How often the store brought files or took them away: of two states of a store, the later one has
    /// the larger number.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn commits(&self) -> Result<i64> {
        Ok(catalog::commits(&self.catalog)?)
    }

    /// The commits of a later state of the store, if this one came from a backup and was not completed
    /// since.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn later_state(&self) -> Result<Option<i64>> {
        Ok(catalog::later_state(&self.catalog)?)
    }

    /// Notes that there was a later state of the store, so that it is known when this one has as many
    /// commits.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn note_later_state(&self, commits: i64) -> Result<()> {
        Ok(catalog::set_later_state(&self.catalog, Some(commits))?)
    }

    /// Notes that all of a later state, of so many commits, is in this one now.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn complete(&self, commits: i64) -> Result<()> {
        let transaction = self.catalog.unchecked_transaction()?;
        if commits > catalog::commits(&transaction)? {
            catalog::set_commits(&transaction, commits)?;
        }
        catalog::set_later_state(&transaction, None)?;
        Ok(transaction.commit()?)
    }

    /// Gives all that is stored of a host another name, in one transaction. Returns the number of logs.
    /// The days of the host have news afterwards: their reports have the old name.
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
        if old == new {
            return refuse("both names are the same".to_owned());
        }
        if sources.is_empty() {
            return refuse(format!("the store holds nothing of {old:?}"));
        }
        if overlap(&transaction, old, new)? {
            return refuse(format!(
                "the store holds traffic of {old:?} and of {new:?} from the same time"
            ));
        }
        let mut batch = Batch::new(&root, &transaction);
        let mut ends = Ends::default();
        let packed = catalog::packed_segments(&transaction, old)?;
        let in_packed = (packed.iter())
            .map(|segment| catalog::parts_in(&transaction, segment.id))
            .collect::<Result<Vec<_>>>()?;
        let mut renamed = HashMap::new();
        for (id, damaged) in &sources {
            let place = catalog::place_of(&transaction, *id)?;
            let (name, generation) = (&place.name, place.generation);
            let source = batch.sources.get(&root, name, generation, &place.file)?;
            if *damaged {
                return refuse(format!(
                    "files of the log {:?} are damaged; ingest that log again first",
                    source.log
                ));
            }
            let parts = batch.take_away(*id)?;
            renamed.insert(*id, batch.enter_as(new, &source, &parts)?);
            for run in &source.runs {
                ends.touch(new, &run.summary);
            }
        }
        for (segment, mut parts) in packed.iter().zip(in_packed) {
            for (source, ..) in &mut parts {
                *source = renamed.get(source).copied().unwrap_or(*source);
            }
            batch.pack_again(segment, new, &parts)?;
            batch.days.insert((new.to_owned(), segment.segment.day));
        }
        links::settle(&mut batch, ends)?;
        for table in ["pending", "unfinished", "total", "digest"] {
            let sql = format!("DELETE FROM {table} WHERE host = ?1");
            transaction.execute(&sql, [old])?;
        }
        transaction.execute("UPDATE log SET host = ?2 WHERE host = ?1", [old, new])?;
        let moves = batch.close()?;
        catalog::rename(&transaction, old, new)?;
        moves.place(&root, &transaction)?;
        transaction.commit()?;
        remove_replaced(&root, &self.catalog)?;
        Ok(sources.len() as u64)
    }
}

/// The numbers of a host's sources, and whether files of them are missing.
fn sources_of(catalog: &Connection, host: &str) -> Result<Vec<(i64, bool)>> {
    let sql = "SELECT id, damaged FROM source WHERE host = ?1 ORDER BY id";
    let mut query = catalog.prepare(sql)?;
    let sources = query.query_map([host], |row| Ok((row.get(0)?, row.get(1)?)))?;
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
