//! What the catalogue knows of a source, beside its segments: enough to make the catalogue anew,
//! and the frame hashes by which a run is recognised.
//!
//! A file `sources/<source>-<generation>.source`: zstd over one line of JSON and, behind its line
//! feed, the hashes of all runs as little-endian 64-bit numbers; then the XXH3 hash of all that, of
//! 128 bits, little-endian.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use traffic::{LogSummary, Mode, RunSummary, Volume};
use twox_hash::XxHash3_128;

use crate::{Error, Result};

/// Version of the files of a store.
pub(crate) const FORMAT: i64 = 2;

/// One log by content.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Source {
    pub(crate) format: i64,
    /// Derived from the host and the first frame with rows: the same for a log that grew.
    pub(crate) name: String,
    /// Counts up whenever its files are written again.
    pub(crate) generation: i64,
    pub(crate) host: String,
    /// Seconds of a bucket.
    pub(crate) resolution: i64,
    /// Where the log was found.
    pub(crate) log: String,
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    pub(crate) summary: LogSummary,
    pub(crate) runs: Vec<RunRecord>,
    pub(crate) segments: Vec<Segment>,
}

/// A run, and how many of the hashes are its.
///
/// It is read in two passes, the summary first: to be read in one, the fields of both would have to be held
/// in memory one by one, those of hundreds of thousands of connections too.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "RunSummary")]
pub(crate) struct RunRecord {
    pub(crate) hashes: usize,
    /// Days (since 1970, UTC) that are past their time: none of its rows and facts are kept, and none
    /// come back.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) dropped: BTreeSet<i64>,
    #[serde(flatten)]
    pub(crate) summary: RunSummary,
}

impl From<RunSummary> for RunRecord {
    fn from(summary: RunSummary) -> Self {
        Self {
            hashes: 0,
            dropped: BTreeSet::new(),
            summary,
        }
    }
}

/// What the second pass reads of a source.
#[derive(Deserialize)]
struct SecondPass {
    runs: Vec<RunHead>,
}

#[derive(Deserialize)]
struct RunHead {
    hashes: usize,
    #[serde(default)]
    dropped: BTreeSet<i64>,
}

/// What a report tells of a source: not what its runs hand on to other logs, which may be large.
#[derive(Debug, Deserialize)]
pub(crate) struct SourceFacts {
    format: i64,
    pub(crate) name: String,
    pub(crate) log: String,
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    pub(crate) summary: LogSummary,
    pub(crate) runs: Vec<RunFacts>,
}

/// What a report tells of a run.
#[derive(Debug, Deserialize)]
pub(crate) struct RunFacts {
    #[serde(default)]
    pub(crate) dropped: BTreeSet<i64>,
    pub(crate) extremes: Option<(i64, i64)>,
    pub(crate) mode: Mode,
    pub(crate) framed: bool,
    pub(crate) disagreement: u64,
    pub(crate) doubled: Volume,
    #[serde(default)]
    pub(crate) turned: Volume,
    pub(crate) clock_steps: Vec<(i64, i64)>,
}

impl SourceFacts {
    /// Reads what a report tells of a source, piece by piece.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = checked_bytes(path)?;
        let text = zstd::Decoder::new(bytes.as_slice()).map(BufReader::new);
        let text = text.map_err(|error| Error::damaged(path, error))?;
        // Behind it are the hashes of the frames.
        let mut json = serde_json::Deserializer::from_reader(text);
        let facts = Self::deserialize(&mut json).map_err(|error| Error::damaged(path, error))?;
        require_format(facts.format, path)?;
        Ok(facts)
    }
}

/// The compressed bytes of a source.
fn checked_bytes(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = std::fs::read(path).map_err(files::Error::context("read", path))?;
    let Some((text, sum)) = bytes.split_last_chunk::<16>() else {
        return Err(Error::damaged(path, "it is cut off"));
    };
    if XxHash3_128::oneshot(text).to_le_bytes() != *sum {
        return Err(Error::damaged(path, "its checksum differs"));
    }
    bytes.truncate(text.len());
    Ok(bytes)
}

fn require_format(found: i64, path: &Path) -> Result<()> {
    match found {
        FORMAT => Ok(()),
        _ => Err(Error::OtherFormat {
            path: path.to_owned(),
            found,
            known: FORMAT,
        }),
    }
}

/// A file of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Segment {
    pub(crate) kind: String,
    /// Days since 1970.
    pub(crate) day: i64,
    /// Path below the store.
    pub(crate) file: String,
    pub(crate) rows: u64,
    /// First and last bucket.
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// XXH3 of its bytes.
    pub(crate) checksum: String,
}

impl Source {
    pub(crate) fn file(name: &str, generation: i64) -> PathBuf {
        Path::new("sources").join(format!("{name}-{generation}.source"))
    }

    /// A run by its number within its log.
    pub(crate) fn run(&self, number: i64) -> Option<&RunRecord> {
        let mut runs = self.runs.iter();
        runs.find(|run| i64::from(run.summary.run) == number)
    }

    /// Writes it where `file` is open.
    pub(crate) fn write(&self, file: &std::fs::File, path: &Path) -> Result<()> {
        let write = || -> std::io::Result<()> {
            let mut file = file;
            let mut out = zstd::Encoder::new(Vec::new(), 3)?;
            serde_json::to_writer(&mut out, self)?;
            out.write_all(b"\n")?;
            for hash in self.runs.iter().flat_map(|run| &run.summary.hashes) {
                out.write_all(&hash.to_le_bytes())?;
            }
            let mut bytes = out.finish()?;
            bytes.extend(XxHash3_128::oneshot(&bytes).to_le_bytes());
            file.write_all(&bytes)
        };
        write()
            .map_err(files::Error::context("write", path))
            .map_err(Error::from)
    }

    /// Reads it back.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = checked_bytes(path)?;
        let bytes =
            zstd::decode_all(bytes.as_slice()).map_err(|error| Error::damaged(path, error))?;
        let end = bytes
            .iter()
            .position(|&byte| byte == b'\n')
            .unwrap_or(bytes.len());
        let damaged = |error| Error::damaged(path, error);
        let mut source: Source = serde_json::from_slice(&bytes[..end]).map_err(damaged)?;
        require_format(source.format, path)?;
        let heads: SecondPass = serde_json::from_slice(&bytes[..end]).map_err(damaged)?;
        for (run, head) in source.runs.iter_mut().zip(heads.runs) {
            (run.hashes, run.dropped) = (head.hashes, head.dropped);
        }
        let (hashes, rest) = bytes.get(end + 1..).unwrap_or_default().as_chunks::<8>();
        let expected: usize = source.runs.iter().map(|run| run.hashes).sum();
        if hashes.len() != expected || !rest.is_empty() {
            return Err(Error::damaged(path, "its list of frames is incomplete"));
        }
        let mut hashes = hashes.iter().map(|bytes| u64::from_le_bytes(*bytes));
        for run in &mut source.runs {
            run.summary.hashes = hashes.by_ref().take(run.hashes).collect();
        }
        Ok(source)
    }
}

/// Sources that were read from disk and are kept in memory at a time.
const MOST_READ: usize = 64;

/// Sources that one batch needs: those it read from disk, and those it made.
#[derive(Default)]
pub(crate) struct Sources {
    /// May be evicted at any time: they can be read again.
    read: HashMap<(String, i64), Rc<Source>>,
    /// Never evicted: before the commit they are in no file that could be read.
    made: HashMap<(String, i64), Rc<Source>>,
}

impl Sources {
    pub(crate) fn get(&mut self, root: &Path, name: &str, generation: i64) -> Result<Rc<Source>> {
        let key = (name.to_owned(), generation);
        if let Some(source) = self.made.get(&key).or_else(|| self.read.get(&key)) {
            return Ok(source.clone());
        }
        if self.read.len() >= MOST_READ {
            self.read.clear();
        }
        let source = Rc::new(Source::read(&root.join(Source::file(name, generation)))?);
        self.read.insert(key, source.clone());
        Ok(source)
    }

    pub(crate) fn put(&mut self, source: Source) {
        let key = (source.name.clone(), source.generation);
        self.made.insert(key, Rc::new(source));
    }
}

#[cfg(test)]
#[path = "sidecar/tests.rs"]
mod tests;
