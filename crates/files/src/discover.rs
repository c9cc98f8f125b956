//! Which logs lie in a folder.
//!
//! Names are only hints and may be any bytes; nothing is opened here, so a FIFO cannot hold us.
//! What is passed over is said with its reason. Reading the logs belongs to `open`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::fs::{self, DirEntry, FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{Error, Result, describe, show};
use crate::kind;

mod name;

pub use name::NameDate;
use name::{Promise, is_hidden, name_date};

// Hosts, years, months and days need four; a tree deeper than this is no log folder.
const DEEPEST: usize = 16;

/// What [`discover`] found; all lists are sorted by the bytes of their paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovery {
    /// The logs.
    pub logs: Vec<FoundLog>,
    /// What looked like a log, or could hold some, and was passed over.
    pub skipped: Vec<Skipped>,
    /// Files with other names: the first by their paths, at most [`OTHERS`].
    pub others: Vec<PathBuf>,
    /// How many files with other names there are.
    pub others_count: usize,
}

/// Files with other names than logs have that are listed.
pub const OTHERS: usize = 32;

/// One log: a regular file with a log's name, or one that such a link points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLog {
    /// Where it is: the log folder as it was given, and [`relative`](Self::relative) below it.
    pub path: PathBuf,
    /// Its path below the log folder, free of links.
    pub relative: PathBuf,
    /// Its size on disk in bytes, before decompression.
    pub size: u64,
    /// When it was last written, by the filesystem's clock.
    pub modified: SystemTime,
    /// Which file it is, whatever its name; `None` if the system has no such numbers.
    pub identity: Option<FileIdentity>,
    /// The start that its name claims; `None` unless it is `bandwhich_YYYYMMDD_HHMM.log…` with a
    /// date and time that exist. The times inside decide.
    pub name_date: Option<NameDate>,
}

impl FoundLog {
    /// Whether its name says that rotation put it aside: `bw.log.1`, `bw.log-20261121.gz`.
    pub fn is_rotated(&self) -> bool {
        self.relative.file_name().is_some_and(name::is_rotated)
    }
}

/// The numbers by which a Unix system knows a file: two names with the same ones are one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileIdentity {
    /// The device that holds the file.
    pub device: u64,
    /// The file's number on it.
    pub inode: u64,
}

/// Something that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it is, below the log folder as it was given.
    pub path: PathBuf,
    /// Why.
    pub reason: SkipReason,
}

/// Why something was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipReason {
    /// The system refused to list a folder or to describe a file.
    Unreadable {
        /// What it said: `permission denied`.
        cause: String,
    },
    /// A link to something that is not there.
    DanglingLink,
    /// A link to something in the log folder that is gone, as `current.log` points to a log that went
    /// into the archive.
    LinkToGone,
    /// Links that lead round in a circle.
    LinkLoop,
    /// A link to something outside the log folder.
    LinkLeaves {
        /// Where it leads.
        target: PathBuf,
    },
    /// A link to a folder in the log folder, which is searched under its own name.
    LinkToFolder,
    /// A log's name on something that is no regular file: `a FIFO`, `a socket`, `a device`.
    NotRegular {
        /// What it is.
        what: &'static str,
    },
    /// A log's name, and the end of a compression that cannot be read.
    Compressed {
        /// Which: `xz`.
        how: &'static str,
    },
    /// A folder below the deepest level that is searched.
    TooDeep,
    /// Excluded by the caller: our own reports, archive, store or log.
    Excluded,
    /// A name that begins with a dot, as a shell's `*.log` passes it over; or `lost+found`.
    Hidden,
}

impl SkipReason {
    /// Whether a log may be missing because of it, so that a person should look.
    pub fn needs_attention(&self) -> bool {
        match self {
            Self::Unreadable { .. }
            | Self::DanglingLink
            | Self::LinkLoop
            | Self::LinkLeaves { .. }
            | Self::NotRegular { .. }
            | Self::Compressed { .. }
            | Self::TooDeep => true,
            Self::LinkToGone | Self::LinkToFolder | Self::Excluded | Self::Hidden => false,
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { cause } => f.write_str(cause),
            Self::DanglingLink => f.write_str("a link to something that is not there"),
            Self::LinkToGone => f.write_str("a link to a log that is gone"),
            Self::LinkLoop => f.write_str("a link that leads back to itself"),
            Self::LinkLeaves { target } => {
                write!(f, "a link out of the log folder, to {}", show(target))
            }
            Self::LinkToFolder => f.write_str("a link to a folder that is searched anyway"),
            Self::NotRegular { what } => write!(f, "{what}, not a regular file"),
            Self::Compressed { how } => write!(
                f,
                "compressed by {how}, which this program cannot read: decompress it, or have logs \
                 compressed by gzip or zstd (logrotate: `compresscmd`, `compressext`)"
            ),
            Self::TooDeep => write!(f, "more than {DEEPEST} folders deep"),
            Self::Excluded => f.write_str("excluded"),
            Self::Hidden => f.write_str("hidden"),
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", show(&self.path), self.reason)
    }
}

/// Finds the logs below `log_dir`: `*.log` and what rotation makes of it (`*.log.1`, `*.log-20261121`), each
/// also with `.gz` or `.zst`.
///
/// Folders are searched 16 levels deep and never through links. A link to a file counts where its
/// target lies in the log folder too; the target is then listed, once. Files and folders in
/// `exclude` are passed over, except `log_dir` itself and what lies above it. Nothing is opened but
/// folders. The same tree gives the same lists.
///
/// # Errors
///
/// Only where `log_dir` itself is missing, no folder or not readable; all else is in
/// [`Discovery::skipped`].
pub fn discover(log_dir: &Path, exclude: &[PathBuf]) -> Result<Discovery> {
    let in_log_dir = || Error::context("search the log folder", log_dir);
    let root = fs::canonicalize(log_dir).map_err(in_log_dir())?;
    let entries = fs::read_dir(&root).map_err(in_log_dir())?;
    let mut search = Search {
        log_dir,
        excluded: below(&root, exclude),
        root,
        folders: Vec::new(),
        found: BTreeMap::new(),
        linked: Vec::new(),
        skipped: Vec::new(),
        others: BTreeSet::new(),
        others_count: 0,
    };
    for entry in entries {
        search.look_at(&entry.map_err(in_log_dir())?, Path::new(""), 0);
    }
    while let Some((folder, depth)) = search.folders.pop() {
        search.search(&folder, depth);
    }
    Ok(search.finish())
}

/// The excluded paths as paths below the root; those that are not there exclude nothing.
fn below(root: &Path, exclude: &[PathBuf]) -> HashSet<PathBuf> {
    exclude
        .iter()
        .filter_map(|path| {
            fs::canonicalize(path)
                .ok()?
                .strip_prefix(root)
                .ok()
                .map(Path::to_owned)
        })
        .filter(|relative| !relative.as_os_str().is_empty())
        .collect()
}

struct Search<'a> {
    log_dir: &'a Path,
    // `log_dir` without links; what is found below it without following any has its true path.
    root: PathBuf,
    excluded: HashSet<PathBuf>,
    folders: Vec<(PathBuf, usize)>,
    found: BTreeMap<PathBuf, FoundLog>,
    // Targets of links, below the root, with the name of the link.
    linked: Vec<(PathBuf, PathBuf)>,
    skipped: Vec<Skipped>,
    // The first of them.
    others: BTreeSet<PathBuf>,
    others_count: usize,
}

impl Search<'_> {
    fn search(&mut self, relative: &Path, depth: usize) {
        let entries = match fs::read_dir(self.root.join(relative)) {
            Ok(entries) => entries,
            Err(cause) => return self.skip_unreadable(relative, &cause),
        };
        for entry in entries {
            match entry {
                Ok(entry) => self.look_at(&entry, relative, depth),
                Err(cause) => return self.skip_unreadable(relative, &cause),
            }
        }
    }

    fn look_at(&mut self, entry: &DirEntry, folder: &Path, depth: usize) {
        let name = entry.file_name();
        let relative = folder.join(&name);
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(cause) => return self.skip_unreadable(&relative, &cause),
        };
        let promise = name::promise(&name);
        let is_log = promise != Promise::Other;
        if !kind.is_dir() && !kind.is_symlink() && !is_log {
            if kind.is_file() && !is_hidden(&name) {
                self.note_other(relative);
            }
            return;
        }
        if self.excluded.contains(&relative) {
            return self.skip(relative, SkipReason::Excluded);
        }
        if is_hidden(&name) && (kind.is_dir() || is_log) {
            return self.skip(relative, SkipReason::Hidden);
        }
        if kind.is_dir() {
            if depth < DEEPEST {
                self.folders.push((relative, depth + 1));
            } else {
                self.skip(relative, SkipReason::TooDeep);
            }
        } else if kind.is_symlink() {
            self.look_behind(relative, promise == Promise::Log);
        } else if let Promise::Compressed(how) = promise {
            self.skip(relative, SkipReason::Compressed { how });
        } else if kind.is_file() {
            match entry.metadata() {
                Ok(metadata) => self.keep(relative, &metadata, name_date(&name)),
                Err(cause) => self.skip_unreadable(&relative, &cause),
            }
        } else {
            self.skip_special(relative, kind);
        }
    }

    fn note_other(&mut self, relative: PathBuf) {
        self.others_count += 1;
        self.others.insert(relative);
        if self.others.len() > OTHERS {
            self.others.pop_last();
        }
    }

    fn look_behind(&mut self, link: PathBuf, is_log: bool) {
        let path = self.root.join(&link);
        let behind = fs::canonicalize(&path).and_then(|target| {
            let kind = fs::metadata(&target)?.file_type();
            Ok((target, kind))
        });
        let (target, kind) = match behind {
            Ok(behind) => behind,
            // Whatever it was meant to be, its name claims no log.
            Err(_) if !is_log => return,
            Err(cause) if is_loop(&cause) => return self.skip(link, SkipReason::LinkLoop),
            Err(cause)
                if matches!(
                    cause.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                let reason = if self.points_into_log_dir(&path) {
                    SkipReason::LinkToGone
                } else {
                    SkipReason::DanglingLink
                };
                return self.skip(link, reason);
            }
            Err(cause) => return self.skip_unreadable(&link, &cause),
        };
        if !is_log && !kind.is_dir() {
            return;
        }
        let Ok(relative) = target.strip_prefix(&self.root) else {
            return self.skip(link, SkipReason::LinkLeaves { target });
        };
        let relative = relative.to_owned();
        if relative
            .ancestors()
            .any(|above| self.excluded.contains(above))
        {
            self.skip(link, SkipReason::Excluded);
        } else if kind.is_dir() {
            self.skip(link, SkipReason::LinkToFolder);
        } else if kind.is_file() {
            self.linked.push((relative, link));
        } else {
            self.skip_special(link, kind);
        }
    }

    /// Whether what a link names would lie in the log folder, if it were there.
    fn points_into_log_dir(&self, link: &Path) -> bool {
        let folder = fs::read_link(link).ok().and_then(|target| {
            let target = link.parent()?.join(target);
            fs::canonicalize(target.parent()?).ok()
        });
        folder.is_some_and(|folder| folder.starts_with(&self.root) && folder.is_dir())
    }

    /// Adds the targets that only links name, and puts everything in order.
    fn finish(mut self) -> Discovery {
        let mut linked = std::mem::take(&mut self.linked);
        // The order of a folder's entries must not decide which link's name gives the date.
        linked.sort();
        for (target, link) in linked {
            if self.found.contains_key(&target) {
                continue;
            }
            match fs::symlink_metadata(self.root.join(&target)) {
                Ok(metadata) if metadata.is_file() => {
                    let hint = |path: &Path| path.file_name().and_then(name_date);
                    let date = hint(&target).or_else(|| hint(&link));
                    self.keep(target, &metadata, date);
                }
                Ok(metadata) => self.skip_special(link, metadata.file_type()),
                Err(cause) => self.skip_unreadable(&link, &cause),
            }
        }
        let mut logs: Vec<_> = self.found.into_values().collect();
        logs.sort_by(|a, b| bytes(&a.path).cmp(bytes(&b.path)));
        self.skipped
            .sort_by(|a, b| bytes(&a.path).cmp(bytes(&b.path)));
        let others = self.others.into_iter();
        Discovery {
            logs,
            skipped: self.skipped,
            others: others.map(|other| self.log_dir.join(other)).collect(),
            others_count: self.others_count,
        }
    }

    fn keep(&mut self, relative: PathBuf, metadata: &Metadata, name_date: Option<NameDate>) {
        match metadata.modified() {
            Ok(modified) => {
                let log = FoundLog {
                    path: self.log_dir.join(&relative),
                    relative: relative.clone(),
                    size: metadata.len(),
                    modified,
                    identity: FileIdentity::of(metadata),
                    name_date,
                };
                self.found.insert(relative, log);
            }
            Err(cause) => self.skip_unreadable(&relative, &cause),
        }
    }

    fn skip_special(&mut self, relative: PathBuf, kind: FileType) {
        self.skip(
            relative,
            SkipReason::NotRegular {
                what: kind::name_of(kind),
            },
        );
    }

    fn skip_unreadable(&mut self, relative: &Path, cause: &io::Error) {
        // Renamed or deleted while we looked: a rotation, and the next run sees the new name.
        if cause.kind() != io::ErrorKind::NotFound {
            self.skip(
                relative.to_owned(),
                SkipReason::Unreadable {
                    cause: describe(cause),
                },
            );
        }
    }

    fn skip(&mut self, relative: PathBuf, reason: SkipReason) {
        self.skipped.push(Skipped {
            path: self.log_dir.join(relative),
            reason,
        });
    }
}

impl FileIdentity {
    /// Reads the identity from what the system says of a file.
    pub fn of(metadata: &Metadata) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            Some(Self {
                device: metadata.dev(),
                inode: metadata.ino(),
            })
        }
        #[cfg(not(unix))]
        {
            let _ = metadata;
            None
        }
    }
}

#[cfg(unix)]
fn is_loop(cause: &io::Error) -> bool {
    cause.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(not(unix))]
fn is_loop(_: &io::Error) -> bool {
    false
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(test)]
mod tests;
