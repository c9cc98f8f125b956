//! What the catalogue knows of a source, beside its segments: enough to make the catalogue anew,
//! and the frame hashes by which a run is recognised.
//!
//! A file `sources/<source>-<generation>.source`: zstd over one line of JSON and, behind its line
//! feed, the hashes of all runs, little-endian, of 8 bytes or fewer ([`ShortHashes`]); then the XXH3 hash of
//! all that, of 128 bits, little-endian. Sidecars of finished days share a file: see
//! [`container`](crate::container).

use std::collections::BTreeSet;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use traffic::{LogSummary, Mode, RunSummary, UtcDay, Volume};
use twox_hash::XxHash3_128;

use crate::identity::ShortHashes;
use crate::{Error, Result};

/// Version of the files of a store.
pub(crate) const FORMAT: i64 = 3;
/// The earliest version whose sidecars and segments are still read as they are.
pub(crate) const EARLIEST: i64 = 2;

/// One log by content.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Source {
    pub(crate) format: i64,
    /// Derived from the host and the first frame with rows: the same for a log that grew.
    pub(crate) name: String,
    /// Counts up whenever its files are written again.
    pub(crate) generation: i64,
    /// See [`Source::label`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
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
    /// How its hashes were shortened. `None` if they are whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) short: Option<ShortHashes>,
    #[serde(flatten)]
    pub(crate) summary: RunSummary,
}

impl RunRecord {
    /// The whole hash of its first frame with rows.
    pub(crate) fn first_hash(&self) -> Option<u64> {
        let short = self.short.as_ref().map(|short| short.first);
        short.or_else(|| self.summary.hashes.first().copied())
    }

    /// Keeps less of its hashes, unless it has so few that each of them counts.
    pub(crate) fn shorten(&mut self) {
        if self.short.is_none() {
            self.short = ShortHashes::shorten(&mut self.summary.hashes);
        }
    }
}

impl From<RunSummary> for RunRecord {
    fn from(summary: RunSummary) -> Self {
        Self {
            hashes: 0,
            dropped: BTreeSet::new(),
            short: None,
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
    #[serde(default)]
    short: Option<ShortHashes>,
}

impl RunHead {
    /// Bytes of each of its hashes.
    fn width(&self) -> usize {
        self.short.as_ref().map_or(8, ShortHashes::width)
    }
}

/// What a report tells of a source: not what its runs hand on to other logs, which may be large.
#[derive(Debug, Deserialize)]
pub(crate) struct SourceFacts {
    pub(crate) format: i64,
    pub(crate) name: String,
    pub(crate) generation: i64,
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
pub(crate) fn checked_bytes(path: &Path) -> Result<Vec<u8>> {
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

pub(crate) fn require_format(found: i64, path: &Path) -> Result<()> {
    match found {
        EARLIEST..=FORMAT => Ok(()),
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

    /// What names it in packed segments: it stays when the source gets its next generation without its
    /// rows being written again, as when days are dropped.
    pub(crate) fn label(&self) -> String {
        let default = || format!("{}-{}", self.name, self.generation);
        self.label.clone().unwrap_or_else(default)
    }

    /// The day (UTC) that it begins on. `None` if none of its frames has a time.
    pub(crate) fn day(&self) -> Option<i64> {
        let firsts = self.runs.iter().filter_map(|run| run.summary.extremes);
        let first = firsts.map(|(first, _)| first).min()?;
        Some(UtcDay::of(first).number())
    }

    /// Writes it where `file` is open.
    pub(crate) fn write(&self, file: &std::fs::File, path: &Path) -> Result<()> {
        let write = || -> std::io::Result<()> {
            let mut file = file;
            let mut out = zstd::Encoder::new(Vec::new(), 3)?;
            serde_json::to_writer(&mut out, self)?;
            out.write_all(b"\n")?;
            self.write_hashes(&mut out)?;
            let mut bytes = out.finish()?;
            bytes.extend(XxHash3_128::oneshot(&bytes).to_le_bytes());
            file.write_all(&bytes)
        };
        write()
            .map_err(files::Error::context("write", path))
            .map_err(Error::from)
    }

    /// Writes the hashes of its runs.
    pub(crate) fn write_hashes(&self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        for run in &self.runs {
            let width = run.short.as_ref().map_or(8, ShortHashes::width);
            for hash in &run.summary.hashes {
                out.write_all(&hash.to_le_bytes()[..width])?;
            }
        }
        Ok(())
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
        let mut hashes = bytes.get(end + 1..).unwrap_or_default();
        let source = Self::parse(&bytes[..end], &mut hashes, path)?;
        if hashes.is_empty() {
            Ok(source)
        } else {
            Err(Error::damaged(path, "its list of frames is too long"))
        }
    }

    /// Reads a source from its line of JSON, and takes its hashes from the beginning of `hashes`.
    pub(crate) fn parse(line: &[u8], hashes: &mut &[u8], path: &Path) -> Result<Self> {
        let damaged = |error| Error::damaged(path, error);
        let mut source: Source = serde_json::from_slice(line).map_err(damaged)?;
        require_format(source.format, path)?;
        let heads: SecondPass = serde_json::from_slice(line).map_err(damaged)?;
        for (run, head) in source.runs.iter_mut().zip(heads.runs) {
            let width = head.width();
            let length = head.hashes.checked_mul(width);
            let Some((mine, rest)) = length.and_then(|length| hashes.split_at_checked(length))
            else {
                return Err(Error::damaged(path, "its list of frames is incomplete"));
            };
            *hashes = rest;
            let whole = |bytes: &[u8]| {
                let mut all = [0; 8];
                all[..width].copy_from_slice(bytes);
                u64::from_le_bytes(all)
            };
            run.summary.hashes = mine.chunks_exact(width).map(whole).collect();
            (run.hashes, run.dropped, run.short) = (head.hashes, head.dropped, head.short);
        }
        Ok(source)
    }
}

#[cfg(test)]
#[path = "sidecar/tests.rs"]
mod tests;
