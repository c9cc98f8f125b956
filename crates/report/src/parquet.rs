//! `report_YYYYMMDD.parquet`: the rows at the store's resolution.

use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::{
    Float64Builder, Int64Builder, StringDictionaryBuilder, TimestampMillisecondBuilder,
    UInt16Builder, UInt32Builder,
};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use traffic::{RowView, Table};

/// Rows of a group: what a reader takes into memory at once.
const GROUP_ROWS: usize = 1 << 20;

/// Why no Parquet was written.
#[derive(Debug, thiserror::Error)]
#[error("the Parquet file could not be written: {0}")]
pub struct ParquetError(String);

impl From<parquet::errors::ParquetError> for ParquetError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        ParquetError(error.to_string())
    }
}

impl From<ArrowError> for ParquetError {
    fn from(error: ArrowError) -> Self {
        ParquetError(error.to_string())
    }
}

/// How the rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParquetOptions {
    /// Seconds of a bucket; `*_bps` is bytes divided by it.
    pub resolution: i64,
    /// Rows that are held before they are written.
    pub batch_size: usize,
    /// Whether rows of loopback are written too.
    pub include_loopback: bool,
}

impl Default for ParquetOptions {
    fn default() -> Self {
        ParquetOptions {
            resolution: 60,
            batch_size: 8192,
            include_loopback: false,
        }
    }
}

/// Writes rows as they come: the same rows in the same order give the same bytes.
pub struct ParquetRows<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: SchemaRef,
    host: String,
    options: ParquetOptions,
    batch: Batch,
}

impl<W: Write + Send> ParquetRows<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// The writer failed.
    pub fn new(writer: W, host: &str, options: ParquetOptions) -> Result<Self, ParquetError> {
        let schema = schema();
        let options = ParquetOptions {
            resolution: options.resolution.max(1),
            batch_size: options.batch_size.max(1),
            ..options
        };
        let metadata = vec![
            KeyValue::new(
                "schema_version".to_owned(),
                crate::SCHEMA_VERSION.to_string(),
            ),
            KeyValue::new(
                "resolution_seconds".to_owned(),
                options.resolution.to_string(),
            ),
        ];
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by("network-monitor".to_owned())
            .set_key_value_metadata(Some(metadata))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        // Without Arrow's own schema every reader sees plain texts, not Arrow's dictionaries.
        let arrow = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_skip_arrow_metadata(true);
        Ok(ParquetRows {
            writer: ArrowWriter::try_new_with_options(writer, schema.clone(), arrow)?,
            schema,
            host: host.to_owned(),
            options,
            batch: Batch::new(),
        })
    }

    /// Writes a row, if it counts to the totals.
    ///
    /// # Errors
    /// The writer failed.
    pub fn row(&mut self, row: &RowView<'_>) -> Result<(), ParquetError> {
        match row.table {
            Table::Traffic => {}
            Table::Loopback if self.options.include_loopback => {}
            Table::Loopback | Table::Apart | Table::Peers => return Ok(()),
        }
        self.batch.push(&self.host, self.options.resolution, row)?;
        if self.batch.rows == self.options.batch_size {
            self.write_batch()?;
        }
        Ok(())
    }

    /// Ends the file and gives back its writer.
    ///
    /// # Errors
    /// The writer failed.
    pub fn finish(mut self) -> Result<W, ParquetError> {
        self.write_batch()?;
        Ok(self.writer.into_inner()?)
    }

    fn write_batch(&mut self) -> Result<(), ParquetError> {
        if self.batch.rows > 0 {
            let batch = std::mem::replace(&mut self.batch, Batch::new());
            self.writer
                .write(&RecordBatch::try_new(self.schema.clone(), batch.arrays())?)?;
        }
        Ok(())
    }
}

fn schema() -> SchemaRef {
    let text = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let time = || DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("timestamp", time(), false),
        Field::new("host", text(), false),
        Field::new("process_name", text(), true),
        Field::new("pid", DataType::UInt32, true),
        Field::new("local_interface", text(), true),
        Field::new("local_port", DataType::UInt16, true),
        Field::new("remote_address", text(), true),
        Field::new("remote_port", DataType::UInt16, true),
        Field::new("protocol", text(), true),
        Field::new("upload_bytes", DataType::Int64, false),
        Field::new("download_bytes", DataType::Int64, false),
        Field::new("upload_bps", DataType::Float64, false),
        Field::new("download_bps", DataType::Float64, false),
        Field::new("upload_peak_bps", DataType::Float64, false),
        Field::new("download_peak_bps", DataType::Float64, false),
        Field::new("first_seen", time(), false),
        Field::new("last_seen", time(), false),
    ]))
}

type TextBuilder = StringDictionaryBuilder<Int32Type>;

/// Rows that are not written yet.
struct Batch {
    rows: usize,
    timestamp: TimestampMillisecondBuilder,
    host: TextBuilder,
    process_name: TextBuilder,
    pid: UInt32Builder,
    local_interface: TextBuilder,
    local_port: UInt16Builder,
    remote_address: TextBuilder,
    remote_port: UInt16Builder,
    protocol: TextBuilder,
    bytes: [Int64Builder; 2],
    bps: [Float64Builder; 2],
    peak_bps: [Float64Builder; 2],
    first_seen: TimestampMillisecondBuilder,
    last_seen: TimestampMillisecondBuilder,
}

impl Batch {
    fn new() -> Self {
        let time = || TimestampMillisecondBuilder::new().with_timezone("UTC");
        Batch {
            rows: 0,
            timestamp: time(),
            host: TextBuilder::new(),
            process_name: TextBuilder::new(),
            pid: UInt32Builder::new(),
            local_interface: TextBuilder::new(),
            local_port: UInt16Builder::new(),
            remote_address: TextBuilder::new(),
            remote_port: UInt16Builder::new(),
            protocol: TextBuilder::new(),
            bytes: Default::default(),
            bps: Default::default(),
            peak_bps: Default::default(),
            first_seen: time(),
            last_seen: time(),
        }
    }

    fn push(&mut self, host: &str, resolution: i64, row: &RowView<'_>) -> Result<(), ArrowError> {
        let milliseconds = |second: i64| second.saturating_mul(1000);
        let text = |builder: &mut TextBuilder, text: Option<&str>| match text {
            Some(text) => builder.append(text).map(|_| ()),
            None => {
                builder.append_null();
                Ok(())
            }
        };
        self.timestamp.append_value(milliseconds(row.bucket));
        text(&mut self.host, Some(host))?;
        text(&mut self.process_name, row.process)?;
        self.pid.append_option(row.pid);
        text(&mut self.local_interface, row.interface)?;
        self.local_port.append_option(row.local_port);
        text(&mut self.remote_address, row.remote)?;
        self.remote_port.append_option(row.remote_port);
        text(&mut self.protocol, row.protocol)?;
        let directions = [
            (row.volume.up, row.peak.up),
            (row.volume.down, row.peak.down),
        ];
        for (at, (bytes, peak)) in directions.into_iter().enumerate() {
            self.bytes[at].append_value(i64::try_from(bytes).unwrap_or(i64::MAX));
            self.bps[at].append_value(bytes as f64 / resolution as f64);
            self.peak_bps[at].append_value(peak as f64);
        }
        self.first_seen.append_value(milliseconds(row.first_seen));
        self.last_seen.append_value(milliseconds(row.last_seen));
        self.rows += 1;
        Ok(())
    }

    /// The columns, in the order of the schema.
    fn arrays(mut self) -> Vec<ArrayRef> {
        let [up, down] = &mut self.bytes;
        let [up_bps, down_bps] = &mut self.bps;
        let [up_peak, down_peak] = &mut self.peak_bps;
        vec![
            Arc::new(self.timestamp.finish()),
            Arc::new(self.host.finish()),
            Arc::new(self.process_name.finish()),
            Arc::new(self.pid.finish()),
            Arc::new(self.local_interface.finish()),
            Arc::new(self.local_port.finish()),
            Arc::new(self.remote_address.finish()),
            Arc::new(self.remote_port.finish()),
            Arc::new(self.protocol.finish()),
            Arc::new(up.finish()),
            Arc::new(down.finish()),
            Arc::new(up_bps.finish()),
            Arc::new(down_bps.finish()),
            Arc::new(up_peak.finish()),
            Arc::new(down_peak.finish()),
            Arc::new(self.first_seen.finish()),
            Arc::new(self.last_seen.finish()),
        ]
    }
}
