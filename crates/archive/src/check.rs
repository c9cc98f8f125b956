//! Whether an archive holds what its metadata says, byte by byte; or, without metadata, what its own
//! checksums say.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::Path;

use crate::digest::Digesting;
use crate::document::{Document, Member};
use crate::unpack::{Entry, most_unpacked};
use crate::{Error, Format, Result, unpack};

/// Something in an archive that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The member; `None` if it is the archive as a whole.
    pub member: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads an archive back and compares each member with the metadata: its name, size and checksum.
/// `look` sees the content of each member on its way; it need not read all of it.
///
/// # Errors
/// If the archive cannot be opened. What is damaged in it is no error but a fault.
pub fn check(
    path: &Path,
    document: &Document,
    mut look: impl FnMut(&Member, &mut dyn Read),
) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fault = |member: Option<&str>, reason: String| {
        faults.push(Fault {
            member: member.map(str::to_owned),
            reason,
        });
    };
    let members: HashMap<&str, &Member> = document
        .members
        .iter()
        .map(|member| (member.name.as_str(), member))
        .collect();
    let mut seen = HashSet::new();
    let outcome = unpack::read(path, document.archive.format, |entry, content| {
        let name = Some(entry.name.as_str());
        let Some(&member) = members.get(entry.name.as_str()) else {
            fault(name, "is in the archive and not in its metadata".into());
            return Ok(());
        };
        if !seen.insert(member.name.as_str()) {
            fault(name, "is in the archive twice".into());
            return Ok(());
        }
        if let Some(other) = entry.other {
            fault(name, format!("is {other}"));
            return Ok(());
        }
        // One byte more than expected is enough to know that there is too much.
        let mut content = Digesting::new(content.take(member.size.saturating_add(1)));
        look(member, &mut content);
        match content.finish() {
            Err(error) => fault(name, files::describe(&error)),
            Ok(found) if found.size != member.size => {
                fault(name, format!("its size is not {} bytes", member.size));
            }
            Ok(found) if found.sha256 != member.sha256 => {
                fault(name, "its checksum differs".into());
            }
            Ok(_) => {}
        }
        Ok(())
    });
    match outcome {
        Err(Error::Damaged { reason, .. }) => fault(None, reason),
        outcome => outcome?,
    }
    for member in &document.members {
        if !seen.contains(member.name.as_str()) {
            fault(Some(&member.name), "could not be found".into());
        }
    }
    Ok(faults)
}

/// Reads an archive that nothing describes, by what it says itself. Gives the number of its logs, and what
/// is wrong with it.
///
/// That a log is read to its end proves its own checksum (CRC-32 of a zip's member and of the gzip data
/// of a `tar.gz`), so that damage is found; that all logs are here, and that these are the ones which were
/// archived, is not known. `look` sees the content of each on its way; it need not read all of it.
///
/// # Errors
/// If the archive cannot be opened. What is damaged in it is no error but a fault.
pub fn check_undescribed(
    path: &Path,
    format: Format,
    mut look: impl FnMut(&Entry, &mut dyn Read),
) -> Result<(usize, Vec<Fault>)> {
    let mut faults = Vec::new();
    let mut count = 0;
    let mut budget = most_unpacked(path)?;
    let outcome = unpack::read(path, format, |entry, content| {
        let mut fault = |reason: String| {
            faults.push(Fault {
                member: Some(entry.name.clone()),
                reason,
            });
        };
        if let Some(other) = entry.other {
            if other != unpack::FOLDER {
                fault(format!("is {other}"));
            }
            return Ok(());
        }
        count += 1;
        let mut content = Digesting::new(content.take(budget.saturating_add(1)));
        look(entry, &mut content);
        match content.finish() {
            Err(error) => fault(files::describe(&error)),
            Ok(found) if found.size > budget => {
                return Err(Error::damaged(path, "it unpacks to more than it can hold"));
            }
            Ok(found) => {
                budget -= found.size;
                if found.size != entry.size {
                    fault(format!("its size is not {} bytes", entry.size));
                }
            }
        }
        Ok(())
    });
    match outcome {
        Err(Error::Damaged { reason, .. }) => faults.push(Fault {
            member: None,
            reason,
        }),
        outcome => outcome?,
    }
    Ok((count, faults))
}
