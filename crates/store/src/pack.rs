//! Packed segments: the rows of all sources of a host and day in one file of each kind.
//!
//! Two columns, which are empty in other segments, tell whose rows they are: `source` is the label of a source,
//! and `tail` is true if the row settles the end of a run. Rows are sorted by process, peer, ports and time, so
//! that columns repeat; days with more rows than are sorted at once consist of several sorted stretches.
//!
//! A packed file describes itself, so that a rebuild needs no catalogue: its key-value metadata has its host,
//! day and kind, the parts in it and the files that it replaced, and its name has its checksum.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::{BooleanArray, RecordBatch, TimestampMillisecondArray};
use arrow_select::filter::filter_record_batch;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use traffic::{RowView, Table};

use crate::catalog::{self, LiveSegment};
use crate::disk::{checksum, verify};
use crate::fold::stage_file;
use crate::partition::{self, Kind};
use crate::segment::{Owners, column, conform, properties, read_batches, visit_rows, write_error};
use crate::sidecar::{FORMAT, Segment};
use crate::sorter::{PartKey, Sorter};
use crate::{Error, Result, facts, segment};

/// The key of what a packed file says of itself.
const KEY: &str = "network-monitor";
/// Rows of a row group.
const GROUP_ROWS: usize = 1 << 16;

/// What a packed file says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Description {
    format: i64,
    /// Host.
    pub(crate) host: String,
    pub(crate) kind: String,
    /// Days since 1970.
    pub(crate) day: i64,
    pub(crate) generation: u32,
    /// First and last bucket.
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// The parts in it, and how many rows they have.
    pub(crate) parts: Vec<(PartKey, u64)>,
    /// The files that it replaced, below the store.
    pub(crate) replaces: BTreeSet<String>,
}

/// A segment whose rows are to be packed.
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    /// Whose rows it holds. `None` if it is packed, and its rows say so themselves.
    pub(crate) part: Option<PartKey>,
    /// Its name below the store.
    pub(crate) file: String,
}

impl Input {
    /// A stored segment, once its checksum was compared.
    pub(crate) fn checked(
        catalog: &Connection,
        stored: &LiveSegment,
        path: PathBuf,
    ) -> Result<Self> {
        verify(&path, &stored.segment.checksum)?;
        let part = if stored.packed {
            None
        } else {
            let mut parts = catalog::parts_in(catalog, stored.id)?;
            parts.pop().map(|(_, label, tail_of)| (label, tail_of))
        };
        Ok(Input {
            path,
            part,
            file: stored.segment.file.clone(),
        })
    }
}

/// A packed segment in the staging folder.
pub(crate) struct Packed {
    pub(crate) path: PathBuf,
    pub(crate) parts: BTreeMap<PartKey, u64>,
    pub(crate) segment: Segment,
}

/// Where a packed file belongs.
pub(crate) struct Target<'a> {
    pub(crate) root: &'a Path,
    pub(crate) host: &'a str,
    pub(crate) kind: Kind,
    pub(crate) day: i64,
}

/// Packs those parts of segments that are kept. `None` if no row is left.
pub(crate) fn pack(
    target: &Target<'_>,
    inputs: &[Input],
    keep: impl Fn(&PartKey) -> bool,
) -> Result<Option<Packed>> {
    let (file, path) = stage_file(&crate::commit::staging(target.root))?;
    let folder = partition::folder(target.kind, target.day, target.host);
    let generation = next_generation(&target.root.join(&folder), inputs);
    let mut packing = Packing::new(file, &path, target.kind)?;
    for input in inputs {
        read_batches(&input.path, |batch| {
            let batch = conform(batch, &packing.sorter.schema, &input.path)?;
            packing.add(batch, input, &keep)
        })?;
    }
    let description = Description {
        format: FORMAT,
        host: target.host.to_owned(),
        kind: target.kind.as_str().to_owned(),
        day: target.day,
        generation,
        first: 0,
        last: 0,
        parts: Vec::new(),
        replaces: inputs.iter().map(|input| input.file.clone()).collect(),
    };
    let Some((parts, span)) = packing.finish(description)? else {
        crate::disk::remove(&path)?;
        return Ok(None);
    };
    let checksum = checksum(&path)?;
    let file = folder.join(format!("packed-{generation}-{checksum}.parquet"));
    let segment = Segment {
        kind: target.kind.as_str().to_owned(),
        day: target.day,
        file: file.to_string_lossy().into_owned(),
        rows: parts.values().sum(),
        first: span.0,
        last: span.1,
        checksum,
    };
    Ok(Some(Packed {
        path,
        parts,
        segment,
    }))
}

/// Calls `visit` with each row of segments of a table, in the order that they have once they are packed.
pub(crate) fn read_in_order(
    inputs: &[Input],
    table: Table,
    mut visit: impl FnMut(RowView<'_>) -> Result<()>,
) -> Result<()> {
    let mut sorter = Sorter::new(Kind::Rows(table));
    for input in inputs {
        let path = &input.path;
        read_batches(path, |batch| {
            let mut batch = conform(batch, &sorter.schema, path)?;
            let damaged = |error| Error::damaged(path, error);
            if let Some(part) = &input.part {
                batch = sorter.mark(&batch, part).map_err(damaged)?;
            }
            let sorted = sorter.add(batch).map_err(damaged)?;
            let mut sorted = sorted.iter();
            sorted.try_for_each(|batch| visit_rows(batch, path, table, &mut visit))
        })?;
    }
    let Some(last) = inputs.last() else {
        return Ok(());
    };
    let rest = sorter
        .finish()
        .map_err(|error| Error::damaged(&last.path, error))?;
    let mut rest = rest.iter();
    rest.try_for_each(|batch| visit_rows(batch, &last.path, table, &mut visit))
}

/// Generation and checksum in the name of a packed file.
pub(crate) fn parse_name(path: &Path) -> Option<(u32, &str)> {
    let stem = path.file_name()?.to_str()?.strip_suffix(".parquet")?;
    let (generation, checksum) = stem.strip_prefix("packed-")?.split_once('-')?;
    let is_hash = checksum.len() == 32 && checksum.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then_some((generation.parse().ok()?, checksum))
}

/// A generation after that of all packed files in a folder.
fn next_generation(folder: &Path, inputs: &[Input]) -> u32 {
    let there = std::fs::read_dir(folder).into_iter().flatten();
    let there = there.flatten().map(|entry| entry.path());
    let all = there.chain(inputs.iter().map(|input| input.path.clone()));
    let newest = all.filter_map(|path| parse_name(&path).map(|(generation, _)| generation));
    newest.max().unwrap_or(0).saturating_add(1)
}

/// What a packed file says of itself.
pub(crate) fn describe(path: &Path) -> Result<Description> {
    let file = File::open(path).map_err(files::Error::context("open", path))?;
    let reader = SerializedFileReader::new(file).map_err(|error| Error::damaged(path, error))?;
    let metadata = reader.metadata().file_metadata().key_value_metadata();
    let mut values = metadata.into_iter().flatten();
    let value = values.find(|value| value.key == KEY);
    let text = value.and_then(|value| value.value.as_deref());
    let text = text.ok_or_else(|| Error::damaged(path, "it does not say what it holds"))?;
    let description: Description =
        serde_json::from_str(text).map_err(|error| Error::damaged(path, error))?;
    if description.format == FORMAT {
        Ok(description)
    } else {
        Err(Error::OtherFormat {
            path: path.to_owned(),
            found: description.format,
            known: FORMAT,
        })
    }
}

/// The parts of a file with their rows, and its first and last bucket.
type Contents = (BTreeMap<PartKey, u64>, (i64, i64));

/// Batches that are sorted and written.
struct Packing<'a> {
    writer: ArrowWriter<File>,
    path: &'a Path,
    sorter: Sorter,
    parts: BTreeMap<PartKey, u64>,
    span: Option<(i64, i64)>,
}

impl<'a> Packing<'a> {
    fn new(file: File, path: &'a Path, kind: Kind) -> Result<Self> {
        let plain = match kind {
            Kind::Rows(_) => segment::PACKED_NUMBERS.as_slice(),
            Kind::Buckets => facts::NUMBERS.as_slice(),
        };
        let sorter = Sorter::new(kind);
        let properties = properties(GROUP_ROWS, plain);
        let writer = ArrowWriter::try_new(file, sorter.schema.clone(), Some(properties))
            .map_err(|error| write_error(path, error))?;
        Ok(Packing {
            writer,
            path,
            sorter,
            parts: BTreeMap::new(),
            span: None,
        })
    }

    /// Takes the rows of a batch that are kept.
    fn add(
        &mut self,
        batch: RecordBatch,
        input: &Input,
        keep: &impl Fn(&PartKey) -> bool,
    ) -> Result<()> {
        let failed = |error| write_error(self.path, error);
        let batch = match &input.part {
            Some(part) if keep(part) => {
                *self.parts.entry(part.clone()).or_default() += batch.num_rows() as u64;
                self.sorter.mark(&batch, part).map_err(failed)?
            }
            Some(_) => return Ok(()),
            None => self.keep_parts(batch, &input.path, keep)?,
        };
        let times: Option<&TimestampMillisecondArray> = column(&batch, "timestamp");
        for time in times.into_iter().flat_map(|times| times.values()) {
            let bucket = time.div_euclid(1000);
            let (first, last) = self.span.unwrap_or((bucket, bucket));
            self.span = Some((first.min(bucket), last.max(bucket)));
        }
        let sorted = self.sorter.add(batch).map_err(failed)?;
        self.write(&sorted)
    }

    fn write(&mut self, batches: &[RecordBatch]) -> Result<()> {
        let mut batches = batches.iter();
        let written = batches.try_for_each(|batch| self.writer.write(batch));
        written.map_err(|error| write_error(self.path, error))
    }

    /// Takes those rows of a packed batch whose part is kept.
    fn keep_parts(
        &mut self,
        batch: RecordBatch,
        path: &Path,
        keep: &impl Fn(&PartKey) -> bool,
    ) -> Result<RecordBatch> {
        let owners = Owners::of(&batch, path)?;
        let mut counts: HashMap<(&str, Option<i64>), (bool, u64)> = HashMap::new();
        let kept: BooleanArray = (0..batch.num_rows())
            .map(|row| {
                let (label, tail_of) = owners.get(row);
                let count = counts
                    .entry((label, tail_of))
                    .or_insert_with(|| (keep(&(label.to_owned(), tail_of)), 0));
                count.1 += 1;
                Some(count.0)
            })
            .collect();
        for ((label, tail_of), (is_kept, count)) in counts {
            if is_kept {
                *self.parts.entry((label.to_owned(), tail_of)).or_default() += count;
            }
        }
        filter_record_batch(&batch, &kept).map_err(|error| write_error(self.path, error))
    }

    /// Ends the file. Gives its parts and its first and last bucket; `None` if it has no rows.
    fn finish(mut self, mut description: Description) -> Result<Option<Contents>> {
        let rest = self.sorter.finish();
        self.write(&rest.map_err(|error| write_error(self.path, error))?)?;
        let Some(span) = self.span else {
            return Ok(None);
        };
        (description.first, description.last) = span;
        let parts = self.parts.iter();
        description.parts = parts.map(|(part, rows)| (part.clone(), *rows)).collect();
        let text =
            serde_json::to_string(&description).map_err(|error| write_error(self.path, error))?;
        self.writer
            .append_key_value_metadata(KeyValue::new(KEY.to_owned(), text));
        self.writer
            .close()
            .map_err(|error| write_error(self.path, error))?;
        Ok(Some((self.parts, span)))
    }
}
