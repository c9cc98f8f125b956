//! Taking logs out of an archive. Nothing in it decides where a file goes but a name below the folder.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

use crate::check::Fault;
use crate::digest::{Digest, Digesting};
use crate::document::{Document, Member};
use crate::name::{Format, safe_path};
use crate::unpack::{Entry, most_unpacked};
use crate::{Error, Result, digest_of_file, unpack};

/// What became of the members of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Logs that were written.
    pub written: Vec<PathBuf>,
    /// Logs that lay there already, byte for byte.
    pub present: Vec<PathBuf>,
    /// What was not restored, and why.
    pub faults: Vec<Fault>,
}

/// Writes the members of an archive below a folder, with the times they had.
///
/// Members are checked against `document` before they get their names; if there is none, the
/// archive has to vouch for itself. A file that is there already is never replaced. Links, devices,
/// folders and names that lead out of the folder are faults, and so is a member that unpacks to more
/// than it should.
///
/// # Errors
/// If the archive cannot be opened or the folder not be written.
pub fn restore(
    path: &Path,
    format: Format,
    document: Option<&Document>,
    to: &Path,
) -> Result<Restored> {
    files::create_folder(to)?;
    let members: Option<HashMap<&str, &Member>> = document.map(|document| {
        let members = document.members.iter();
        members
            .map(|member| (member.name.as_str(), member))
            .collect()
    });
    let mut budget = most_unpacked(path)?;
    let mut restored = Restored::default();
    let mut seen = HashSet::new();
    let outcome = unpack::read(path, format, |entry, content| {
        let member = members.as_ref().map(|members| members.get(&*entry.name));
        seen.insert(entry.name.clone());
        let reason = match (entry.other, member) {
            (Some(other), _) => format!("is {other}"),
            (None, Some(None)) => "is not in the metadata".to_owned(),
            (None, member) => {
                let member = member.flatten().copied();
                match place(entry, member, content, &mut budget, to)? {
                    Ok((path, is_new)) => {
                        let list = if is_new {
                            &mut restored.written
                        } else {
                            &mut restored.present
                        };
                        list.push(path);
                        return Ok(());
                    }
                    Err(reason) => reason,
                }
            }
        };
        restored.faults.push(Fault {
            member: Some(entry.name.clone()),
            reason,
        });
        Ok(())
    });
    match outcome {
        Err(Error::Damaged { reason, .. }) => restored.faults.push(Fault {
            member: None,
            reason,
        }),
        outcome => outcome?,
    }
    for member in document.iter().flat_map(|document| &document.members) {
        if !seen.contains(&member.name) {
            restored.faults.push(Fault {
                member: Some(member.name.clone()),
                reason: "could not be found".to_owned(),
            });
        }
    }
    Ok(restored)
}

/// A path, and whether it was written now; or why it was not.
type Placed = std::result::Result<(PathBuf, bool), String>;

fn place(
    entry: &Entry,
    member: Option<&Member>,
    content: &mut dyn Read,
    budget: &mut u64,
    to: &Path,
) -> Result<Placed> {
    let relative = match safe_path(&entry.name) {
        Ok(relative) => relative,
        Err(reason) => return Ok(Err(reason.to_owned())),
    };
    let target = to.join(&relative);
    if let Err(reason) = make_folders(to, &relative)? {
        return Ok(Err(reason));
    }
    let folder = target.parent().unwrap_or(to);
    let mut temporary = temporary_in(folder)?;
    let limit = member.map_or(entry.size, |member| member.size);
    let written = write(temporary.as_file_mut(), content, limit.min(*budget));
    let found = match written {
        Ok(found) => found,
        Err(Failed::Read(error)) => return Ok(Err(files::describe(&error))),
        Err(Failed::Write(error)) => {
            return Err(files::Error::new("write", &target, error).into());
        }
    };
    *budget = budget.saturating_sub(found.size);
    if found.size != limit {
        return Ok(Err(format!("its size is not {limit} bytes")));
    }
    if member.is_some_and(|member| member.sha256 != found.sha256) {
        return Ok(Err("its checksum differs".to_owned()));
    }
    if let Some(modified) = member.map(|member| member.modified).or(entry.modified) {
        set_modified(temporary.as_file(), modified)
            .map_err(files::Error::context("set the time of", &target))?;
    }
    temporary
        .as_file()
        .sync_all()
        .map_err(files::Error::context("sync", &target))?;
    match temporary.persist_noclobber(&target) {
        Ok(_) => {
            files::sync_folder(folder)?;
            Ok(Ok((target, true)))
        }
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => {
            let is_file = std::fs::symlink_metadata(&target).is_ok_and(|there| there.is_file());
            Ok(if is_file && digest_of_file(&target)? == found {
                Ok((target, false))
            } else {
                Err(format!("another file is at {}", files::show(&target)))
            })
        }
        Err(refused) => Err(files::Error::new("write", &target, refused.error).into()),
    }
}

/// Makes the folders of a path below `to`; none of them may be a link or a file.
fn make_folders(to: &Path, relative: &Path) -> Result<std::result::Result<(), String>> {
    let mut folder = to.to_owned();
    for part in relative.parent().into_iter().flatten() {
        folder.push(part);
        match std::fs::symlink_metadata(&folder) {
            Ok(there) if there.is_dir() => {}
            Ok(_) => return Ok(Err(format!("{} is not a folder", files::show(&folder)))),
            Err(_) => files::create_folder(&folder)?,
        }
    }
    Ok(Ok(()))
}

fn temporary_in(folder: &Path) -> Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    // The name that a sweep of this program knows.
    builder
        .prefix(".network-monitor-")
        .suffix(".tmp")
        .rand_bytes(12);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let temporary = builder.tempfile_in(folder);
    Ok(temporary.map_err(files::Error::context("create a file in", folder))?)
}

enum Failed {
    Read(io::Error),
    Write(io::Error),
}

/// Copies up to one byte more than `limit`.
fn write(
    file: &mut File,
    content: &mut dyn Read,
    limit: u64,
) -> std::result::Result<Digest, Failed> {
    let mut content = Digesting::new(content.take(limit.saturating_add(1)));
    let mut buffer = vec![0; 256 << 10];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return Ok(content.sum()),
            Ok(count) => file.write_all(&buffer[..count]).map_err(Failed::Write)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failed::Read(error)),
        }
    }
}

fn set_modified(file: &File, modified: Timestamp) -> io::Result<()> {
    file.set_modified(SystemTime::from(modified))
}
