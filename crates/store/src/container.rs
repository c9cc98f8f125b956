//! The sidecars of the sources of a host that begin on the same day (UTC), in one file, once that day is over.
//!
//! A file `sources/<date>-<hash of the host>-<hash of the content>.sources`: the length of what comes next, in 8 bytes;
//! zstd over a line of JSON of each source, the same as in a [sidecar](crate::sidecar); the hashes of all their
//! runs; then the XXH3 hash of all that, of 128 bits. All numbers are little-endian.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

use traffic::UtcDay;
use twox_hash::{XxHash3_64, XxHash3_128};

use crate::sidecar::{Source, SourceFacts, checked_bytes, require_format};
use crate::{Error, Result};

const SUFFIX: &str = ".sources";
/// How hard zstd tries: a container is written once and read for years.
const LEVEL: i32 = 9;

/// Whether a path below the store is that of a container.
pub(crate) fn is_container(file: &str) -> bool {
    let parse = || -> Option<()> {
        let stem = file.strip_prefix("sources/")?.strip_suffix(SUFFIX)?;
        let (rest, content) = stem.rsplit_once('-')?;
        let (date, host) = rest.rsplit_once('-')?;
        date.parse::<jiff::civil::Date>().ok()?;
        let is_hash =
            |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_hash(host) && is_hash(content)).then_some(())
    };
    parse().is_some()
}

/// Whether a path is that of a container, by its ending.
pub(crate) fn is_container_path(path: &Path) -> bool {
    path.to_string_lossy().ends_with(SUFFIX)
}

/// The name, below the store, of a container with this content.
pub(crate) fn name(host: &str, day: i64, content: u64) -> String {
    format!(
        "sources/{}-{:016x}-{content:016x}{SUFFIX}",
        UtcDay::from_number(day),
        XxHash3_64::oneshot(host.as_bytes())
    )
}

/// Writes sources where `file` is open. Gives the hash of its content, for its name.
pub(crate) fn write(file: &std::fs::File, path: &Path, sources: &[Source]) -> Result<u64> {
    let write = || -> std::io::Result<u64> {
        let mut file = file;
        let mut lines = zstd::Encoder::new(Vec::new(), LEVEL)?;
        for source in sources {
            serde_json::to_writer(&mut lines, source)?;
            lines.write_all(b"\n")?;
        }
        let lines = lines.finish()?;
        let mut bytes = (lines.len() as u64).to_le_bytes().to_vec();
        bytes.extend(lines);
        for source in sources {
            source.write_hashes(&mut bytes)?;
        }
        bytes.extend(XxHash3_128::oneshot(&bytes).to_le_bytes());
        file.write_all(&bytes)?;
        Ok(XxHash3_64::oneshot(&bytes))
    };
    Ok(write().map_err(files::Error::context("write", path))?)
}

/// The compressed lines of a container, and its hashes.
fn split<'a>(bytes: &'a [u8], path: &Path) -> Result<(&'a [u8], &'a [u8])> {
    let cut = || Error::damaged(path, "it is cut off");
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(cut)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| cut())?;
    rest.split_at_checked(length).ok_or_else(cut)
}

/// Reads what a report tells of each source, piece by piece: what runs hand on to other logs may be large.
pub(crate) fn read_facts(path: &Path) -> Result<Vec<SourceFacts>> {
    let bytes = checked_bytes(path)?;
    let damaged = |error| Error::damaged(path, error);
    let lines = zstd::Decoder::new(split(&bytes, path)?.0).map(BufReader::new);
    let lines = lines.map_err(damaged)?;
    let mut all = Vec::new();
    for facts in serde_json::Deserializer::from_reader(lines).into_iter::<SourceFacts>() {
        let facts = facts.map_err(|error| Error::damaged(path, error))?;
        require_format(facts.format, path)?;
        all.push(facts);
    }
    Ok(all)
}

/// Reads all sources of a container.
pub(crate) fn read(path: &Path) -> Result<Vec<Source>> {
    let bytes = checked_bytes(path)?;
    let (lines, mut hashes) = split(&bytes, path)?;
    let mut sources = Vec::new();
    let damaged = |error| Error::damaged(path, error);
    let mut lines = BufReader::new(zstd::Decoder::new(lines).map_err(damaged)?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).map_err(damaged)? > 0 {
        sources.push(Source::parse(&line, &mut hashes, path)?);
        line.clear();
    }
    if hashes.is_empty() {
        Ok(sources)
    } else {
        Err(Error::damaged(path, "its list of frames is too long"))
    }
}
