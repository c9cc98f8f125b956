//! Rows as Parquet files.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use arrow_array::builder::StringDictionaryBuilder;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Int32Array, Int64Array, PrimitiveArray,
    RecordBatch, StringArray, TimestampMillisecondArray, new_null_array,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow_select::filter::filter_record_batch;
use foldhash::fast::FixedState;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;
use rawlog::Protocol;
use traffic::{Row, RowView, Strings, Table, TextId, Volume, host_label};

use crate::{Error, Result};

fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    Arc::new(Schema::new(vec![
        Field::new("timestamp", timestamp(), false),
        Field::new("run", DataType::Int32, false),
        Field::new("process_name", text(), true),
        Field::new("pid", DataType::Int32, true),
        Field::new("local_interface", text(), true),
        Field::new("local_port", DataType::Int32, true),
        Field::new("remote_address", text(), true),
        Field::new("remote_port", DataType::Int32, true),
        Field::new("protocol", text(), true),
        Field::new("upload_bytes", DataType::Int64, false),
        Field::new("download_bytes", DataType::Int64, false),
        Field::new("upload_peak_bps", DataType::Int64, false),
        Field::new("download_peak_bps", DataType::Int64, false),
        Field::new("frames", DataType::Int32, false),
        Field::new("first_seen", timestamp(), false),
        Field::new("last_seen", timestamp(), false),
        // Whose rows they are: only packed segments say so.
        Field::new("source", text(), true),
        Field::new("tail", DataType::Boolean, true),
    ]))
});

/// The columns of segments with rows.
pub(crate) fn schema() -> SchemaRef {
    SCHEMA.clone()
}

/// Properties of all files of the store.
pub(crate) fn properties(batch_rows: usize, plain_columns: &[&str]) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_created_by("network-monitor".to_owned())
        .set_max_row_group_row_count(Some(batch_rows.max(1024)))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for column in plain_columns {
        let path = ColumnPath::from(*column);
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    properties.build()
}

/// Numbers that rarely repeat.
const NUMBERS: [&str; 7] = [
    "timestamp",
    "upload_bytes",
    "download_bytes",
    "upload_peak_bps",
    "download_peak_bps",
    "first_seen",
    "last_seen",
];

/// The same of sorted rows.
pub(crate) const PACKED_NUMBERS: [&str; 7] = NUMBERS;

/// Writes the rows of one segment.
pub(crate) struct SegmentWriter {
    writer: ArrowWriter<File>,
    pub(crate) rows: u64,
    pub(crate) span: Option<(i64, i64)>,
}

impl SegmentWriter {
    pub(crate) fn new(file: File, path: &Path, batch_rows: usize) -> Result<Self> {
        let properties = properties(batch_rows, &NUMBERS);
        let writer = ArrowWriter::try_new(file, SCHEMA.clone(), Some(properties))
            .map_err(|error| write_error(path, error))?;
        Ok(SegmentWriter {
            writer,
            rows: 0,
            span: None,
        })
    }

    /// Adds rows of one run.
    pub(crate) fn write(
        &mut self,
        path: &Path,
        run: u32,
        rows: &[&Row],
        strings: &Strings,
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let batch = batch(run, rows, strings).map_err(|error| write_error(path, error))?;
        self.note(rows.iter().map(|row| row.bucket));
        self.write_batch(path, &batch)
    }

    fn note(&mut self, buckets: impl Iterator<Item = i64>) {
        for bucket in buckets {
            let (first, last) = self.span.unwrap_or((bucket, bucket));
            self.span = Some((first.min(bucket), last.max(bucket)));
        }
    }

    fn write_batch(&mut self, path: &Path, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.writer
            .write(batch)
            .map_err(|error| write_error(path, error))
    }

    /// Ends the file; it is not yet synced.
    pub(crate) fn finish(self, path: &Path) -> Result<()> {
        self.writer
            .close()
            .map(drop)
            .map_err(|error| write_error(path, error))
    }
}

pub(crate) fn write_error(
    path: &Path,
    error: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    Error::File(files::Error::new(
        "write",
        path,
        std::io::Error::other(error),
    ))
}

fn int64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn millis(seconds: i64) -> i64 {
    seconds.saturating_mul(1000)
}

/// A dictionary column of texts by number.
fn texts<'a>(
    ids: impl Iterator<Item = Option<TextId>>,
    strings: &'a Strings,
    label: impl Fn(&'a str) -> &'a str,
) -> std::result::Result<ArrayRef, ArrowError> {
    let mut places: HashMap<TextId, i32, FixedState> = HashMap::default();
    let mut values: Vec<String> = Vec::new();
    let keys: Int32Array = ids
        .map(|id| {
            id.map(|id| {
                *places.entry(id).or_insert_with(|| {
                    values.push(match std::str::from_utf8(strings.bytes(id)) {
                        Ok(text) => label(text).to_owned(),
                        Err(_) => strings.text(id).into_owned(),
                    });
                    i32::try_from(values.len() - 1).unwrap_or(i32::MAX)
                })
            })
        })
        .collect();
    let values = StringArray::from_iter_values(values);
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(
        keys,
        Arc::new(values),
    )?))
}

fn times(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMillisecondArray::from_iter_values(values.map(millis)).with_timezone("UTC"))
}

fn longs(values: impl Iterator<Item = u64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values.map(int64)))
}

fn batch(
    run: u32,
    rows: &[&Row],
    strings: &Strings,
) -> std::result::Result<RecordBatch, ArrowError> {
    let run = i32::try_from(run).unwrap_or(i32::MAX);
    let protocol = |row: &&Row| row.protocol.map(Protocol::as_str);
    let mut protocols = StringDictionaryBuilder::<Int32Type>::new();
    rows.iter()
        .for_each(|row| protocols.append_option(protocol(row)));
    let port = |port: Option<u16>| port.map(i32::from);
    RecordBatch::try_new(
        SCHEMA.clone(),
        vec![
            times(rows.iter().map(|row| row.bucket)),
            Arc::new(Int32Array::from_iter_values(rows.iter().map(|_| run))),
            texts(rows.iter().map(|row| row.process), strings, |text| text)?,
            Arc::new(
                rows.iter()
                    .map(|row| row.pid.and_then(|pid| i32::try_from(pid).ok()))
                    .collect::<Int32Array>(),
            ),
            texts(rows.iter().map(|row| row.interface), strings, |text| text)?,
            Arc::new(
                rows.iter()
                    .map(|row| port(row.local_port))
                    .collect::<Int32Array>(),
            ),
            texts(rows.iter().map(|row| row.remote), strings, host_label)?,
            Arc::new(
                rows.iter()
                    .map(|row| port(row.remote_port))
                    .collect::<Int32Array>(),
            ),
            Arc::new(protocols.finish()),
            longs(rows.iter().map(|row| row.volume.up)),
            longs(rows.iter().map(|row| row.volume.down)),
            longs(rows.iter().map(|row| row.peak.up)),
            longs(rows.iter().map(|row| row.peak.down)),
            Arc::new(Int32Array::from_iter_values(
                rows.iter()
                    .map(|row| i32::try_from(row.frames).unwrap_or(i32::MAX)),
            )),
            times(rows.iter().map(|row| row.first_seen)),
            times(rows.iter().map(|row| row.last_seen)),
            empty("source", rows.len()),
            empty("tail", rows.len()),
        ],
    )
}

/// A column without values.
fn empty(name: &str, rows: usize) -> ArrayRef {
    let field = SCHEMA.field_with_name(name);
    let kind = field.map_or(&DataType::Null, |field| field.data_type());
    new_null_array(kind, rows)
}

/// Calls `visit` with each batch of a segment.
pub(crate) fn read_batches(
    path: &Path,
    mut visit: impl FnMut(&RecordBatch) -> Result<()>,
) -> Result<()> {
    let file = File::open(path).map_err(files::Error::context("open", path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.with_batch_size(8192).build())
        .map_err(|error| Error::damaged(path, error))?;
    for batch in reader {
        visit(&batch.map_err(|error| Error::damaged(path, error))?)?;
    }
    Ok(())
}

fn missing_column(path: &Path) -> Error {
    Error::damaged(path, "a column is missing")
}

/// Calls `visit` with each row of a segment.
pub(crate) fn read(
    path: &Path,
    table: Table,
    visit: impl FnMut(RowView<'_>) -> Result<()>,
) -> Result<()> {
    read_part(path, table, None, visit)
}

/// Calls `visit` with each row of a part of a packed segment, given by label and tail; `None` reads all rows.
pub(crate) fn read_part(
    path: &Path,
    table: Table,
    part: Option<(&str, Option<i64>)>,
    mut visit: impl FnMut(RowView<'_>) -> Result<()>,
) -> Result<()> {
    read_batches(path, |batch| {
        let Some(part) = part else {
            return visit_rows(batch, path, table, &mut visit);
        };
        let owners = Owners::of(batch, path)?;
        let is_wanted: BooleanArray = (0..batch.num_rows())
            .map(|row| Some(owners.get(row) == part))
            .collect();
        let wanted = filter_record_batch(batch, &is_wanted);
        let wanted = wanted.map_err(|error| Error::damaged(path, error))?;
        visit_rows(&wanted, path, table, &mut visit)
    })
}

/// Calls `visit` with each row of a batch.
pub(crate) fn visit_rows(
    batch: &RecordBatch,
    path: &Path,
    table: Table,
    visit: &mut impl FnMut(RowView<'_>) -> Result<()>,
) -> Result<()> {
    let columns = Columns::of(batch).ok_or_else(|| missing_column(path))?;
    (0..batch.num_rows()).try_for_each(|row| visit(columns.view(row, table)))
}

/// A row as far as a digest needs it.
pub(crate) struct BriefRow<'a> {
    pub(crate) bucket: i64,
    pub(crate) process: Option<&'a str>,
    pub(crate) remote: Option<&'a str>,
    pub(crate) protocol: Option<&'a str>,
    /// Local and remote.
    pub(crate) ports: [Option<u16>; 2],
    pub(crate) volume: Volume,
}

/// Columns of a brief row.
const BRIEF: [&str; 8] = [
    "timestamp",
    "process_name",
    "remote_address",
    "protocol",
    "local_port",
    "remote_port",
    "upload_bytes",
    "download_bytes",
];

/// Calls `visit` with each row of a segment, of which only some columns are read.
pub(crate) fn read_brief(path: &Path, mut visit: impl FnMut(BriefRow<'_>)) -> Result<()> {
    read_columns(path, &BRIEF, |batch| {
        let columns = BriefColumns::of(batch).ok_or_else(|| missing_column(path))?;
        (0..batch.num_rows()).for_each(|row| visit(columns.view(row)));
        Ok(())
    })
}

/// Calls `visit` with each batch of some columns of a segment.
fn read_columns(
    path: &Path,
    columns: &[&str],
    mut visit: impl FnMut(&RecordBatch) -> Result<()>,
) -> Result<()> {
    let file = File::open(path).map_err(files::Error::context("open", path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|error| Error::damaged(path, error))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let reader = builder.with_projection(mask).with_batch_size(8192).build();
    for batch in reader.map_err(|error| Error::damaged(path, error))? {
        visit(&batch.map_err(|error| Error::damaged(path, error))?)?;
    }
    Ok(())
}

/// When a connection spoke, and how much: a row as far as patterns need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch<'a> {
    /// Start of the bucket, seconds since 1970.
    pub bucket: i64,
    /// Owner, or `<UNKNOWN>` where bandwhich found none. `None` if the log does not tell.
    pub process: Option<&'a str>,
    /// Remote address or host name. `None` if the log does not tell.
    pub remote: Option<&'a str>,
    /// Remote port. `None` if the log does not tell.
    pub remote_port: Option<u16>,
    /// `tcp` or `udp`. `None` if the log does not tell.
    pub protocol: Option<&'a str>,
    /// Local port. `None` if the log does not tell.
    pub local_port: Option<u16>,
    /// Bytes.
    pub volume: Volume,
    /// First refresh, seconds since 1970.
    pub first_seen: i64,
    /// Last refresh, seconds since 1970.
    pub last_seen: i64,
}

/// Calls `visit` with each row of a segment, of which only some columns are read.
pub(crate) fn read_stretches<E: From<Error>>(
    path: &Path,
    mut visit: impl FnMut(&Stretch<'_>) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let mut columns = BRIEF.to_vec();
    columns.extend(["first_seen", "last_seen"]);
    let mut failed = None;
    read_columns(path, &columns, |batch| {
        let columns = BriefColumns::of(batch).ok_or_else(|| missing_column(path))?;
        let time = |name| -> Result<&TimestampMillisecondArray> {
            column(batch, name).ok_or_else(|| missing_column(path))
        };
        let (first, last) = (time("first_seen")?, time("last_seen")?);
        for row in 0..batch.num_rows() {
            if failed.is_some() {
                break;
            }
            let brief = columns.view(row);
            let stretch = Stretch {
                bucket: brief.bucket,
                process: brief.process,
                remote: brief.remote,
                remote_port: columns.port(1, row),
                protocol: brief.protocol,
                local_port: columns.port(0, row),
                volume: brief.volume,
                first_seen: first.value(row).div_euclid(1000),
                last_seen: last.value(row).div_euclid(1000),
            };
            failed = visit(&stretch).err();
        }
        Ok(())
    })?;
    failed.map_or(Ok(()), Err)
}

struct BriefColumns<'a> {
    timestamp: &'a TimestampMillisecondArray,
    texts: [Texts<'a>; 3],
    ports: [&'a Int32Array; 2],
    bytes: [&'a Int64Array; 2],
}

impl<'a> BriefColumns<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        Some(BriefColumns {
            timestamp: column(batch, "timestamp")?,
            texts: [
                Texts::of(batch, "process_name")?,
                Texts::of(batch, "remote_address")?,
                Texts::of(batch, "protocol")?,
            ],
            ports: [column(batch, "local_port")?, column(batch, "remote_port")?],
            bytes: [
                column(batch, "upload_bytes")?,
                column(batch, "download_bytes")?,
            ],
        })
    }

    fn port(&self, end: usize, row: usize) -> Option<u16> {
        let column = self.ports[end];
        let port = column.is_valid(row).then(|| column.value(row))?;
        u16::try_from(port).ok()
    }

    fn view(&self, row: usize) -> BriefRow<'a> {
        let bytes = |way: usize| u64::try_from(self.bytes[way].value(row)).unwrap_or(0);
        BriefRow {
            bucket: self.timestamp.value(row).div_euclid(1000),
            process: self.texts[0].get(row),
            remote: self.texts[1].get(row),
            protocol: self.texts[2].get(row),
            ports: [0, 1].map(|end| self.port(end, row)),
            volume: Volume {
                up: bytes(0),
                down: bytes(1),
            },
        }
    }
}

/// Copies the rows of a segment whose run is kept; of a packed segment, only those of a source of its own.
pub(crate) fn copy_runs(
    from: &Path,
    label: Option<&str>,
    to: &Path,
    writer: &mut SegmentWriter,
    keep: impl Fn(i32) -> bool,
) -> Result<()> {
    read_batches(from, |batch| {
        let runs: &Int32Array = column(batch, "run").ok_or_else(|| missing_column(from))?;
        let kept: BooleanArray = match label {
            None => runs.values().iter().map(|&run| Some(keep(run))).collect(),
            Some(label) => {
                let owners = Owners::of(batch, from)?;
                let is_kept = |row| owners.get(row) == (label, None) && keep(runs.value(row));
                (0..batch.num_rows())
                    .map(|row| Some(is_kept(row)))
                    .collect()
            }
        };
        let batch = filter_record_batch(batch, &kept).map_err(|error| write_error(to, error))?;
        let batch = conform(&batch, &SCHEMA, from)?;
        let mut columns = batch.columns().to_vec();
        for name in ["source", "tail"] {
            let place = SCHEMA.index_of(name);
            let place = place.map_err(|error| write_error(to, error))?;
            columns[place] = empty(name, batch.num_rows());
        }
        let batch = RecordBatch::try_new(SCHEMA.clone(), columns);
        let batch = batch.map_err(|error| write_error(to, error))?;
        let times: &TimestampMillisecondArray =
            column(&batch, "timestamp").ok_or_else(|| missing_column(from))?;
        writer.note(times.values().iter().map(|time| time.div_euclid(1000)));
        writer.write_batch(to, &batch)
    })
}

/// A batch with the columns of a schema, of which earlier versions wrote fewer.
pub(crate) fn conform(batch: &RecordBatch, schema: &SchemaRef, path: &Path) -> Result<RecordBatch> {
    let columns = schema.fields().iter().map(|field| {
        let found = batch.column_by_name(field.name()).cloned();
        // Of buckets, earlier versions did not say how many seconds their frames took: one each.
        let found = found.or_else(|| match field.name().as_str() {
            "seconds" => batch.column_by_name("frames").cloned(),
            _ => None,
        });
        match found {
            Some(column) => Ok(column),
            None if field.is_nullable() => Ok(new_null_array(field.data_type(), batch.num_rows())),
            None => Err(missing_column(path)),
        }
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    RecordBatch::try_new(schema.clone(), columns).map_err(|error| Error::damaged(path, error))
}

/// The columns of a batch by name, so that files of later versions may hold more.
struct Columns<'a> {
    timestamp: &'a TimestampMillisecondArray,
    process: Texts<'a>,
    pid: &'a Int32Array,
    interface: Texts<'a>,
    local_port: &'a Int32Array,
    remote: Texts<'a>,
    remote_port: &'a Int32Array,
    protocol: Texts<'a>,
    bytes: [&'a Int64Array; 4],
    frames: &'a Int32Array,
    first_seen: &'a TimestampMillisecondArray,
    last_seen: &'a TimestampMillisecondArray,
}

pub(crate) struct Texts<'a> {
    keys: &'a PrimitiveArray<Int32Type>,
    values: &'a StringArray,
}

impl<'a> Texts<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Option<Self> {
        Self::of_array(batch.column_by_name(name)?)
    }

    pub(crate) fn of_array(array: &'a ArrayRef) -> Option<Self> {
        let array: &DictionaryArray<Int32Type> = array.as_any().downcast_ref()?;
        Some(Texts {
            keys: array.keys(),
            values: array.values().as_any().downcast_ref()?,
        })
    }

    pub(crate) fn get(&self, row: usize) -> Option<&'a str> {
        let key = self.keys.is_valid(row).then(|| self.keys.value(row))?;
        Some(self.values.value(usize::try_from(key).ok()?))
    }
}

pub(crate) fn column<'a, T: 'static>(batch: &'a RecordBatch, name: &str) -> Option<&'a T> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        Some(Columns {
            timestamp: column(batch, "timestamp")?,
            process: Texts::of(batch, "process_name")?,
            pid: column(batch, "pid")?,
            interface: Texts::of(batch, "local_interface")?,
            local_port: column(batch, "local_port")?,
            remote: Texts::of(batch, "remote_address")?,
            remote_port: column(batch, "remote_port")?,
            protocol: Texts::of(batch, "protocol")?,
            bytes: [
                column(batch, "upload_bytes")?,
                column(batch, "download_bytes")?,
                column(batch, "upload_peak_bps")?,
                column(batch, "download_peak_bps")?,
            ],
            frames: column(batch, "frames")?,
            first_seen: column(batch, "first_seen")?,
            last_seen: column(batch, "last_seen")?,
        })
    }

    fn view(&self, row: usize, table: Table) -> RowView<'a> {
        let port = |column: &Int32Array| {
            column
                .is_valid(row)
                .then(|| u16::try_from(column.value(row)).ok())
                .flatten()
        };
        let bytes = |column: usize| u64::try_from(self.bytes[column].value(row)).unwrap_or(0);
        RowView {
            table,
            bucket: self.timestamp.value(row).div_euclid(1000),
            process: self.process.get(row),
            pid: self
                .pid
                .is_valid(row)
                .then(|| u32::try_from(self.pid.value(row)).ok())
                .flatten(),
            interface: self.interface.get(row),
            protocol: self.protocol.get(row),
            local_port: port(self.local_port),
            remote: self.remote.get(row),
            remote_port: port(self.remote_port),
            volume: Volume {
                up: bytes(0),
                down: bytes(1),
            },
            peak: Volume {
                up: bytes(2),
                down: bytes(3),
            },
            frames: u32::try_from(self.frames.value(row)).unwrap_or(0),
            first_seen: self.first_seen.value(row).div_euclid(1000),
            last_seen: self.last_seen.value(row).div_euclid(1000),
        }
    }
}

/// Whose rows the rows of a packed batch are.
pub(crate) struct Owners<'a> {
    labels: Texts<'a>,
    tails: &'a BooleanArray,
    runs: &'a Int32Array,
}

impl<'a> Owners<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, path: &Path) -> Result<Self> {
        let owners = || {
            Some(Owners {
                labels: Texts::of(batch, "source")?,
                tails: column(batch, "tail")?,
                runs: column(batch, "run")?,
            })
        };
        owners().ok_or_else(|| missing_column(path))
    }

    /// The label of a row's source, and the run whose end it settles.
    pub(crate) fn get(&self, row: usize) -> (&'a str, Option<i64>) {
        let is_tail = self.tails.is_valid(row) && self.tails.value(row);
        let tail_of = is_tail.then(|| i64::from(self.runs.value(row)));
        (self.labels.get(row).unwrap_or(""), tail_of)
    }
}
