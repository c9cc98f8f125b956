//! Archives that are gone though nobody settled it: another archive of the day may have taken the name
//! since. They lie in a file of their own, for nothing else knows them: `store rebuild` leaves it as it is.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{ArchiveRecord, Error, Result, Store};

const NAME: &str = "lost_archives.json";
/// The only form of the file there is so far.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    archives: Vec<ArchiveRecord>,
}

impl Store {
    /// The archives that are gone, by their names.
    ///
    /// # Errors
    /// If the file that keeps them cannot be read, or is none of this program's.
    pub fn lost_archives(&self) -> Result<Vec<ArchiveRecord>> {
        let path = self.root().join(NAME);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            outcome => outcome.map_err(files::Error::context("read", &path))?,
        };
        match serde_json::from_slice::<File>(&text) {
            Ok(file) if file.version == VERSION => Ok(file.archives),
            Ok(file) => Err(damaged(&path, format!("its version is {}", file.version))),
            Err(error) => Err(damaged(&path, error.to_string())),
        }
    }

    /// Notes that an archive is gone; the catalogue may forget it then.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn note_lost_archive(&self, record: &ArchiveRecord) -> Result<()> {
        let mut archives = self.lost_archives()?;
        if archives.contains(record) {
            return Ok(());
        }
        archives.push(record.clone());
        archives.sort_by(|a, b| (&a.file, &a.checksum).cmp(&(&b.file, &b.checksum)));
        self.write_lost_archives(archives)
    }

    /// Keeps only those lost archives that `keep` wants. Gives those that were settled by it.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn settle_lost_archives(
        &self,
        mut keep: impl FnMut(&ArchiveRecord) -> bool,
    ) -> Result<Vec<ArchiveRecord>> {
        let (kept, settled): (Vec<_>, Vec<_>) = self
            .lost_archives()?
            .into_iter()
            .partition(|record| keep(record));
        if !settled.is_empty() {
            self.write_lost_archives(kept)?;
        }
        Ok(settled)
    }

    fn write_lost_archives(&self, archives: Vec<ArchiveRecord>) -> Result<()> {
        let path = self.root().join(NAME);
        if archives.is_empty() {
            std::fs::remove_file(&path).map_err(files::Error::context("remove", &path))?;
            return Ok(files::sync_folder(self.root())?);
        }
        let file = File {
            version: VERSION,
            archives,
        };
        let text = serde_json::to_vec_pretty(&file).expect("text and numbers become JSON");
        Ok(files::write_atomically(&path, None, |out| {
            out.write_all(&text)
        })?)
    }
}

fn damaged(path: &Path, reason: String) -> Error {
    Error::LostArchivesDamaged {
        path: path.to_owned(),
        reason,
    }
}
