//! Reading an archive, member by member, in bounded memory. What it claims is not believed.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;
use zip::ZipArchive;

use crate::name::Format;
use crate::{Error, Result};

/// A member as the archive describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name; what is not UTF-8 becomes U+FFFD.
    pub name: String,
    /// Bytes, as it says.
    pub size: u64,
    /// When it was last written, to the second. `None` if the archive does not tell.
    pub modified: Option<Timestamp>,
    /// What it is if it is no file: `a link`, `a folder`.
    pub other: Option<&'static str>,
}

/// What a member is that is a folder.
pub(crate) const FOLDER: &str = "a folder";

/// Bytes that an archive can unpack to: what deflate can do at most. Members that overlap could do more.
pub(crate) fn most_unpacked(path: &Path) -> Result<u64> {
    let metadata = std::fs::metadata(path).map_err(files::Error::context("read", path))?;
    Ok(metadata.len().saturating_mul(1_100))
}

/// Calls `visit` with each member and its content, in the order of the archive.
///
/// # Errors
/// If the archive cannot be read, or `visit` fails. A damaged member of a zip fails only when its
/// content is read; the members after it can still be visited.
pub fn read(
    path: &Path,
    format: Format,
    mut visit: impl FnMut(&Entry, &mut dyn Read) -> Result<()>,
) -> Result<()> {
    let file = File::open(path).map_err(files::Error::context("open", path))?;
    let file = BufReader::with_capacity(256 << 10, file);
    match format {
        Format::Zip => read_zip(path, file, &mut visit),
        Format::TarGz => read_tar(path, file, &mut visit),
    }
}

type Visit<'a> = &'a mut dyn FnMut(&Entry, &mut dyn Read) -> Result<()>;

fn read_zip(path: &Path, file: BufReader<File>, visit: Visit<'_>) -> Result<()> {
    let mut zip = ZipArchive::new(file).map_err(|error| Error::damaged(path, error))?;
    for index in 0..zip.len() {
        let mut member = zip
            .by_index(index)
            .map_err(|error| Error::damaged(path, error))?;
        let other = if member.is_dir() {
            Some(FOLDER)
        } else if member.is_symlink() {
            Some("a link")
        } else if !is_regular(member.unix_mode()) {
            Some("not a regular file")
        } else {
            None
        };
        let entry = Entry {
            name: String::from_utf8_lossy(member.name_raw()).into_owned(),
            size: member.size(),
            modified: None,
            other,
        };
        visit(&entry, &mut member)?;
    }
    Ok(())
}

/// Whether a zip's mode is that of a regular file, or tells nothing.
fn is_regular(mode: Option<u32>) -> bool {
    const KIND: u32 = 0o170_000;
    const REGULAR: u32 = 0o100_000;
    mode.is_none_or(|mode| matches!(mode & KIND, 0 | REGULAR))
}

fn read_tar(path: &Path, file: BufReader<File>, visit: Visit<'_>) -> Result<()> {
    let damaged = |error: io::Error| Error::damaged(path, files::describe(&error));
    let left = Rc::new(Cell::new(LONGEST_HEAD));
    let mut tar = tar::Archive::new(Bounded {
        inner: MultiGzDecoder::new(file),
        left: left.clone(),
    });
    for member in tar.entries().map_err(damaged)? {
        left.set(u64::MAX);
        let mut member = member.map_err(damaged)?;
        let header = member.header();
        let other = match header.entry_type() {
            tar::EntryType::Regular | tar::EntryType::Continuous => None,
            tar::EntryType::Directory => Some(FOLDER),
            tar::EntryType::Symlink | tar::EntryType::Link => Some("a link"),
            tar::EntryType::Char | tar::EntryType::Block => Some("a device"),
            _ => Some("not a regular file"),
        };
        let seconds = header
            .mtime()
            .ok()
            .and_then(|time| i64::try_from(time).ok());
        let entry = Entry {
            name: String::from_utf8_lossy(&member.path_bytes()).into_owned(),
            size: member.size(),
            modified: seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
            other,
        };
        visit(&entry, &mut member)?;
        // What was not read goes by before the next head, which is bounded again.
        io::copy(&mut member, &mut io::sink()).map_err(damaged)?;
        left.set(LONGEST_HEAD);
    }
    Ok(())
}

/// Bytes between the members of a tar: long names are held in memory as a whole.
const LONGEST_HEAD: u64 = 1 << 20;

/// A reader that fails when more is read than is left.
struct Bounded<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            let how = "a name in it is longer than any name";
            return Err(io::Error::new(io::ErrorKind::InvalidData, how));
        }
        let most = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let count = self.inner.read(&mut buffer[..most])?;
        self.left.set(left - count as u64);
        Ok(count)
    }
}
