//! Which logs lie in a folder.
//!
//! Names are only hints and may be any bytes; nothing is opened here, so a FIFO cannot hold us.
//! What is passed over is said with its reason. Reading the logs belongs to `open`.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, DirEntry, FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{Error, Result, describe, show};
use crate::kind;

// Hosts, years, months and days need four; a tree deeper than this is no log folder.
const DEEPEST: usize = 16;

/// What [`discover`] found; both lists are sorted by the bytes of their paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovery {
    /// The logs.
    pub logs: Vec<FoundLog>,
    /// What looked like a log, or could hold some, and was passed over.
    pub skipped: Vec<Skipped>,
}

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
    /// Which file it is, whatever its name; `None` where the system has no such numbers.
    pub identity: Option<FileIdentity>,
    /// The start that its name claims; `None` unless it is `bandwhich_YYYYMMDD_HHMM.log…` with a
    /// date and time that exist. The times inside decide.
    pub name_date: Option<NameDate>,
}

/// The numbers by which a Unix system knows a file: two names with the same ones are one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileIdentity {
    /// The device that holds the file.
    pub device: u64,
    /// The file's number on it.
    pub inode: u64,
}

/// A date and time of day in a file's name, in the zone of whoever named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameDate {
    /// 1 to 9999.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
    /// 1 to the month's last day.
    pub day: i8,
    /// 0 to 23.
    pub hour: i8,
    /// 0 to 59.
    pub minute: i8,
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
            | Self::TooDeep => true,
            Self::LinkToFolder | Self::Excluded | Self::Hidden => false,
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { cause } => f.write_str(cause),
            Self::DanglingLink => f.write_str("a link to something that is not there"),
            Self::LinkLoop => f.write_str("a link that leads back to itself"),
            Self::LinkLeaves { target } => {
                write!(f, "a link out of the log folder, to {}", show(target))
            }
            Self::LinkToFolder => f.write_str("a link to a folder that is searched anyway"),
            Self::NotRegular { what } => write!(f, "{what}, not a regular file"),
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

/// Finds the logs below `log_dir`: `*.log` and `*.log.N`, each also with `.gz` or `.zst`.
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
        let is_log = is_log_name(&name);
        if !kind.is_dir() && !kind.is_symlink() && !is_log {
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
            self.look_behind(relative, is_log);
        } else if kind.is_file() {
            match entry.metadata() {
                Ok(metadata) => self.keep(relative, &metadata, name_date(&name)),
                Err(cause) => self.skip_unreadable(&relative, &cause),
            }
        } else {
            self.skip_special(relative, kind);
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
                return self.skip(link, SkipReason::DanglingLink);
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
        Discovery {
            logs,
            skipped: self.skipped,
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

fn is_hidden(name: &OsStr) -> bool {
    // The root of an ext filesystem has a lost+found that only root can read.
    name.as_encoded_bytes().starts_with(b".") || name == "lost+found"
}

fn is_log_name(name: &OsStr) -> bool {
    let name = without_compression(name.as_encoded_bytes());
    let without_number = match name.iter().rposition(|byte| *byte == b'.') {
        Some(dot) if dot + 1 < name.len() && name[dot + 1..].iter().all(u8::is_ascii_digit) => {
            &name[..dot]
        }
        _ => name,
    };
    without_number.ends_with(b".log")
}

fn without_compression(name: &[u8]) -> &[u8] {
    name.strip_suffix(b".gz")
        .or_else(|| name.strip_suffix(b".zst"))
        .unwrap_or(name)
}

fn name_date(name: &OsStr) -> Option<NameDate> {
    let text = name.as_encoded_bytes().strip_prefix(b"bandwhich_")?;
    let (stamp, rest) = text.split_at_checked("YYYYMMDD_HHMM".len())?;
    if stamp[8] != b'_' || !rest.starts_with(b".log") {
        return None;
    }
    let number = |from: usize, to: usize| {
        stamp[from..to].iter().try_fold(0_i16, |sum, byte| {
            byte.is_ascii_digit()
                .then(|| sum * 10 + i16::from(byte - b'0'))
        })
    };
    // Two digits, so they fit.
    let small = |from: usize| number(from, from + 2).map(|value| value as i8);
    let date = NameDate {
        year: number(0, 4)?,
        month: small(4)?,
        day: small(6)?,
        hour: small(9)?,
        minute: small(11)?,
    };
    let exists = date.year > 0
        && (1..=12).contains(&date.month)
        && (1..=days_in(date.year, date.month)).contains(&date.day)
        && date.hour < 24
        && date.minute < 60;
    exists.then_some(date)
}

fn days_in(year: i16, month: i8) -> i8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::{TempDir, tempdir};

    fn folder_with(names: &[&str]) -> TempDir {
        let folder = tempdir().unwrap();
        for name in names {
            put(&folder, name);
        }
        folder
    }

    fn put(folder: &TempDir, name: &str) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }

    fn logs(discovery: &Discovery) -> Vec<&str> {
        discovery
            .logs
            .iter()
            .map(|log| log.relative.to_str().unwrap())
            .collect()
    }

    fn skips(folder: &TempDir, discovery: &Discovery) -> Vec<(String, SkipReason)> {
        let below = |path: &Path| {
            path.strip_prefix(folder.path())
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        discovery
            .skipped
            .iter()
            .map(|skip| (below(&skip.path), skip.reason.clone()))
            .collect()
    }

    fn find(folder: &TempDir) -> Discovery {
        discover(folder.path(), &[]).unwrap()
    }

    #[test]
    fn logs_are_found_by_their_names_in_every_folder_and_in_order() {
        let folder = folder_with(&[
            "bandwhich_20260302_0000.log",
            "x.log",
            "x.log.1",
            "x.log.12.gz",
            "x.log.zst",
            "x.log.gz",
            "web1/2026/x.log",
            "x.log.d/y.log",
            "b.log.10.zst",
            // no logs:
            "x.log.tmp",
            "x.log.",
            "x.log.1a",
            "xlog",
            "log",
            "x.LOG",
            "x.log.gz.1",
            "x.txt",
            "x.gz",
            "x.log.xz",
            "x.log.1.2",
            "x.log-20260302",
            "x.log.²",
            "x.log.٣",
        ]);
        assert_eq!(
            logs(&find(&folder)),
            [
                "b.log.10.zst",
                "bandwhich_20260302_0000.log",
                "web1/2026/x.log",
                "x.log",
                "x.log.1",
                "x.log.12.gz",
                "x.log.d/y.log",
                "x.log.gz",
                "x.log.zst",
            ]
        );
        assert!(find(&folder).skipped.is_empty());
    }

    #[test]
    fn a_log_carries_what_the_filesystem_knows_of_it() {
        let folder = folder_with(&["bandwhich_20260302_1530.log.2.gz"]);
        let found = find(&folder);
        let metadata = fs::metadata(&found.logs[0].path).unwrap();
        assert_eq!(
            found.logs,
            [FoundLog {
                path: folder.path().join("bandwhich_20260302_1530.log.2.gz"),
                relative: "bandwhich_20260302_1530.log.2.gz".into(),
                size: 32,
                modified: metadata.modified().unwrap(),
                identity: FileIdentity::of(&metadata),
                name_date: Some(NameDate {
                    year: 2026,
                    month: 3,
                    day: 2,
                    hour: 15,
                    minute: 30
                }),
            }]
        );
    }

    #[test]
    fn a_name_that_is_no_date_gives_no_hint() {
        let hint = |name: &str| name_date(OsStr::new(name));
        assert!(hint("bandwhich_20240229_2359.log").is_some());
        for name in [
            "bandwhich_20250229_0000.log",
            "bandwhich_21000229_0000.log",
            "bandwhich_20251301_0000.log",
            "bandwhich_20250100_0000.log",
            "bandwhich_20250431_0000.log",
            "bandwhich_20250101_2400.log",
            "bandwhich_20250101_0060.log",
            "bandwhich_00000101_0000.log",
            "bandwhich_20250101_0000x.log",
            "bandwhich_20250101-0000.log",
            "bandwhich_2025+101_0000.log",
            "bandwhich_２０２５0101_0.log",
            "bandwhich_20250101_000.log",
            "bandwhich_20250101_",
            "bandwhich_",
            "bandwhich_٢٠٢٥٠١٠١_0000.log",
            "x_20250101_0000.log",
            "Bandwhich_20250101_0000.log",
        ] {
            assert_eq!(hint(name), None, "{name}");
        }
    }

    #[test]
    fn a_folder_with_the_name_of_a_log_is_searched() {
        let folder = folder_with(&["x.log/y.log", "x.log/bandwhich_20260302_0000.log/z.log.1"]);
        assert_eq!(
            logs(&find(&folder)),
            ["x.log/bandwhich_20260302_0000.log/z.log.1", "x.log/y.log"]
        );
    }

    #[test]
    fn hidden_names_are_passed_over_and_said() {
        let folder = folder_with(&[
            ".x.log",
            ".git/x.log",
            "lost+found/x.log",
            "x.log",
            ".other",
        ]);
        let found = find(&folder);
        assert_eq!(logs(&found), ["x.log"]);
        assert_eq!(
            skips(&folder, &found),
            [
                (".git".to_owned(), SkipReason::Hidden),
                (".x.log".to_owned(), SkipReason::Hidden),
                ("lost+found".to_owned(), SkipReason::Hidden),
            ]
        );
        assert!(
            found
                .skipped
                .iter()
                .all(|skip| !skip.reason.needs_attention())
        );
    }

    #[test]
    fn our_own_folders_and_files_are_excluded() {
        let folder = folder_with(&[
            "x.log",
            "archive/x.log",
            "network-monitor.log",
            "archive.log",
        ]);
        let own = |name: &str| folder.path().join(name);
        let exclude = [
            own("archive"),
            own("web/../network-monitor.log"),
            own("./network-monitor.log"),
            own("gone"),
        ];
        let found = discover(folder.path(), &exclude).unwrap();
        assert_eq!(logs(&found), ["archive.log", "x.log"]);
        assert_eq!(
            skips(&folder, &found),
            [
                ("archive".to_owned(), SkipReason::Excluded),
                ("network-monitor.log".to_owned(), SkipReason::Excluded),
            ]
        );
    }

    #[test]
    fn excluding_the_log_folder_or_one_above_it_excludes_nothing() {
        let folder = folder_with(&["x.log"]);
        let exclude = [
            folder.path().to_owned(),
            folder.path().parent().unwrap().to_owned(),
        ];
        assert_eq!(logs(&discover(folder.path(), &exclude).unwrap()), ["x.log"]);
    }

    #[test]
    fn a_missing_log_folder_is_an_error_that_names_it() {
        let error = discover(Path::new("/nowhere/log"), &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot search the log folder /nowhere/log: no such file or directory"
        );
        let folder = folder_with(&["x.log"]);
        let error = discover(&folder.path().join("x.log"), &[]).unwrap_err();
        assert!(
            error.to_string().ends_with("x.log: not a directory"),
            "{error}"
        );
    }

    #[test]
    fn folders_deeper_than_sixteen_are_passed_over() {
        let deep = |levels: usize| "d/".repeat(levels);
        let (kept, lost) = (format!("{}x.log", deep(16)), format!("{}x.log", deep(17)));
        let folder = folder_with(&[&kept, &lost]);
        let found = find(&folder);
        assert_eq!(logs(&found), [kept]);
        assert_eq!(
            skips(&folder, &found),
            [(
                deep(17).trim_end_matches('/').to_owned(),
                SkipReason::TooDeep
            )]
        );
    }

    #[test]
    fn a_hundred_thousand_files_in_one_folder_are_found() {
        let folder = tempdir().unwrap();
        for number in 0..100_000 {
            fs::File::create(folder.path().join(format!("{number:06}.log"))).unwrap();
        }
        let found = find(&folder);
        assert_eq!(found.logs.len(), 100_000);
        assert!(
            found
                .logs
                .is_sorted_by(|a, b| bytes(&a.path) < bytes(&b.path))
        );
    }

    #[cfg(unix)]
    mod on_unix {
        use super::*;
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::fs::{PermissionsExt, symlink};

        fn link(folder: &TempDir, target: impl AsRef<Path>, name: &str) {
            symlink(target, folder.path().join(name)).unwrap();
        }

        #[test]
        fn a_link_lists_its_target_once() {
            let folder = folder_with(&["data/x.log", "data/y.txt", "bandwhich_20260302_0000.log"]);
            link(&folder, "data/x.log", "current.log");
            link(&folder, "current.log", "chain.log");
            link(&folder, "data/y.txt", "bandwhich_20260303_0000.log");
            link(&folder, "data/y.txt", "z.log");
            link(&folder, "data/y.txt", "no log's name");
            link(
                &folder,
                folder.path().join("bandwhich_20260302_0000.log"),
                "absolute.log",
            );
            let found = find(&folder);
            assert_eq!(
                logs(&found),
                ["bandwhich_20260302_0000.log", "data/x.log", "data/y.txt"]
            );
            assert_eq!(found.logs[2].name_date.map(|date| date.day), Some(3));
            assert!(found.skipped.is_empty());
        }

        #[test]
        fn a_link_out_of_the_log_folder_is_not_followed() {
            let outside = folder_with(&["x.log", "below/y.log"]);
            let folder = folder_with(&["kept.log"]);
            link(&folder, outside.path().join("x.log"), "x.log");
            link(&folder, outside.path(), "others");
            link(&folder, "../../../../../../../../etc/passwd", "passwd.log");
            link(&folder, outside.path().join("x.log"), "no log's name");
            let found = find(&folder);
            assert_eq!(logs(&found), ["kept.log"]);
            let names: Vec<_> = skips(&folder, &found)
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            assert_eq!(names, ["others", "passwd.log", "x.log"]);
            for skip in &found.skipped {
                assert!(
                    matches!(skip.reason, SkipReason::LinkLeaves { .. })
                        && skip.reason.needs_attention()
                );
            }
        }

        #[test]
        fn a_sibling_whose_name_begins_like_the_log_folder_is_outside() {
            let parent = folder_with(&["log/kept.log", "logs/x.log"]);
            symlink("../logs/x.log", parent.path().join("log/x.log")).unwrap();
            let found = discover(&parent.path().join("log"), &[]).unwrap();
            assert_eq!(logs(&found), ["kept.log"]);
            assert_eq!(found.skipped.len(), 1);
        }

        #[test]
        fn links_that_lead_nowhere_or_round_are_said() {
            let folder = folder_with(&["sub/x.log", "file"]);
            link(&folder, "gone.log", "dangling.log");
            link(&folder, "file/below", "through-a-file.log");
            link(&folder, "b.log", "a.log");
            link(&folder, "a.log", "b.log");
            link(&folder, "self.log", "self.log");
            link(&folder, "..", "sub/up.log");
            link(&folder, ".", "sub/up");
            link(&folder, "gone", "no log's name");
            let found = find(&folder);
            assert_eq!(logs(&found), ["sub/x.log"]);
            assert_eq!(
                skips(&folder, &found),
                [
                    ("a.log".to_owned(), SkipReason::LinkLoop),
                    ("b.log".to_owned(), SkipReason::LinkLoop),
                    ("dangling.log".to_owned(), SkipReason::DanglingLink),
                    ("self.log".to_owned(), SkipReason::LinkLoop),
                    ("sub/up".to_owned(), SkipReason::LinkToFolder),
                    ("sub/up.log".to_owned(), SkipReason::LinkToFolder),
                    ("through-a-file.log".to_owned(), SkipReason::DanglingLink),
                ]
            );
        }

        #[test]
        fn a_link_into_an_excluded_folder_is_excluded_too() {
            let folder = folder_with(&["archive/deep/x.log"]);
            link(&folder, "archive/deep/x.log", "x.log");
            let found = discover(folder.path(), &[folder.path().join("archive")]).unwrap();
            assert!(found.logs.is_empty());
            assert_eq!(found.skipped.len(), 2);
        }

        #[test]
        fn a_log_folder_that_is_a_link_is_searched_under_the_name_it_was_given() {
            let parent = folder_with(&["real/x.log"]);
            let log_dir = parent.path().join("log");
            symlink("real", &log_dir).unwrap();
            let found = discover(&log_dir, &[]).unwrap();
            assert_eq!(found.logs[0].path, log_dir.join("x.log"));
        }

        #[test]
        fn sockets_and_fifos_are_never_opened() {
            let folder = folder_with(&["x.log"]);
            let fifo = folder.path().join("fifo.log");
            make_fifo(&fifo);
            make_fifo(&folder.path().join("fifo"));
            link(&folder, "fifo", "to-fifo.log");
            let _socket =
                std::os::unix::net::UnixListener::bind(folder.path().join("s.log")).unwrap();
            let found = find(&folder);
            assert_eq!(logs(&found), ["x.log"]);
            assert_eq!(
                skips(&folder, &found),
                [
                    (
                        "fifo.log".to_owned(),
                        SkipReason::NotRegular { what: "a FIFO" }
                    ),
                    (
                        "s.log".to_owned(),
                        SkipReason::NotRegular { what: "a socket" }
                    ),
                    (
                        "to-fifo.log".to_owned(),
                        SkipReason::NotRegular { what: "a FIFO" }
                    ),
                ]
            );
            assert_eq!(
                found.skipped[0].to_string(),
                format!("{}: a FIFO, not a regular file", fifo.display())
            );
        }

        fn make_fifo(path: &Path) {
            assert!(
                std::process::Command::new("mkfifo")
                    .arg(path)
                    .status()
                    .unwrap()
                    .success()
            );
        }

        #[test]
        fn names_may_be_any_bytes() {
            let folder = tempdir().unwrap();
            for name in [
                b"\xff\xfe.log".as_slice(),
                b"a\n\x1b[2J.log.1",
                b"bandwhich_\xff0250101_0000.log",
            ] {
                // Some filesystems allow only text.
                if fs::write(folder.path().join(OsStr::from_bytes(name)), "").is_err() {
                    return;
                }
            }
            let found = find(&folder);
            assert_eq!(found.logs.len(), 3);
            assert!(found.logs.iter().all(|log| log.name_date.is_none()));
        }

        #[test]
        fn an_unreadable_folder_is_said_and_the_rest_goes_on() {
            let folder = folder_with(&["shut/x.log", "y.log"]);
            let shut = folder.path().join("shut");
            fs::set_permissions(&shut, fs::Permissions::from_mode(0o000)).unwrap();
            let refused = fs::read_dir(&shut).is_err();
            let found = find(&folder);
            fs::set_permissions(&shut, fs::Permissions::from_mode(0o700)).unwrap();
            // root may read everything.
            if refused {
                assert_eq!(logs(&found), ["y.log"]);
                let cause = "permission denied".to_owned();
                assert_eq!(
                    skips(&folder, &found),
                    [("shut".to_owned(), SkipReason::Unreadable { cause })]
                );
            }
        }
    }
}
