//! Whether the files of a store are what the catalogue says.

use std::path::PathBuf;

use serde::Serialize;

use crate::catalog::Member;
use crate::disk::checksum;
use crate::sidecar::Source;
use crate::unnamed::unnamed_files;
use crate::{Result, Store, catalog, commit, sources};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Files that were read.
    pub files: u64,
    /// Files that are damaged or missing.
    pub damaged: Vec<Damage>,
}

/// A file that is damaged or missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// Its path.
    pub path: PathBuf,
    /// What is wrong.
    pub reason: String,
    /// The log that it was made from; reading it again mends the file. Empty where that is lost.
    pub log: String,
}

impl Store {
    /// Reads the catalogue and every file, and compares them with their checksums.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn check(&self) -> Result<CheckReport> {
        catalog::verify(&self.root, &self.catalog)?;
        let mut report = CheckReport::default();
        let mut damage = |file: &str, log: &str, reason: String| {
            let path = self.root.join(file);
            report.damaged.push(Damage {
                path,
                reason,
                log: log.to_owned(),
            });
        };
        let mut files = 0;
        let mut query = self.catalog.prepare(
            "SELECT file, checksum, (SELECT group_concat(DISTINCT log) FROM part \
             JOIN source ON source.id = part.source WHERE part.segment = segment.id) \
             FROM segment ORDER BY file",
        )?;
        let rows = query.query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, Option<String>>(2)?.unwrap_or_default(),
            ))
        })?;
        for row in rows {
            let (file, expected, log) = row?;
            let log = log.replace(',', ", ");
            files += 1;
            match checksum(&self.root.join(&file)) {
                Ok(found) if found == expected => {}
                Ok(_) => damage(&file, &log, "its checksum differs".to_owned()),
                Err(error) => damage(&file, &log, files::describe(error.cause())),
            }
        }
        for (file, members) in catalog::sidecar_files(&self.catalog)? {
            files += 1;
            let found = sources::read_all(&self.root.join(&file));
            let holds = |member: &Member| {
                let mut found = found.iter().flatten();
                let is_it = |source: &Source| {
                    (&source.name, source.generation) == (&member.name, member.generation)
                };
                found.any(is_it)
            };
            let logs = || members.iter().map(|member| member.log.as_str());
            if let Err(error) = &found {
                damage(
                    &file,
                    &logs().collect::<Vec<_>>().join(", "),
                    error.to_string(),
                );
                continue;
            }
            for member in &members {
                if !holds(member) {
                    damage(&file, &member.log, "it does not hold this log".to_owned());
                } else if member.damaged {
                    let reason = "a rebuild set aside other files of its log; until that is read \
                                  again, its days have no report";
                    damage(&file, &member.log, reason.to_owned());
                }
            }
        }
        if self.is_protected() {
            for file in commit::unlisted(&self.root, unnamed_files(&self.root, &self.catalog)?)? {
                let reason = "the catalogue does not know it, but other programs that read the folder \
                              would count it";
                damage(&file, "", reason.to_owned());
            }
        }
        report.files = files;
        Ok(report)
    }
}
