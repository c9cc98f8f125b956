//! Facts of buckets as Parquet files.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use arrow_array::{Int32Array, Int64Array, RecordBatch, TimestampMillisecondArray, new_null_array};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use traffic::{BucketFacts, Volume};

use crate::segment::{Owners, column, properties, read_batches, write_error};
use crate::{Error, Result};

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let time = || DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let text = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    Arc::new(Schema::new(vec![
        Field::new("timestamp", time(), false),
        Field::new("run", DataType::Int32, false),
        Field::new("frames", DataType::Int32, false),
        Field::new("idle_frames", DataType::Int32, false),
        Field::new("upload_peak_bps", DataType::Int64, false),
        Field::new("download_peak_bps", DataType::Int64, false),
        Field::new("first_frame", time(), false),
        Field::new("last_frame", time(), false),
        Field::new("seconds", DataType::Int32, false),
        // Whose facts they are: only packed segments say so.
        Field::new("source", text, true),
        Field::new("tail", DataType::Boolean, true),
    ]))
});

/// The columns of segments with facts.
pub(crate) fn schema() -> SchemaRef {
    SCHEMA.clone()
}

/// Numbers that rarely repeat.
pub(crate) const NUMBERS: [&str; 5] = [
    "timestamp",
    "upload_peak_bps",
    "download_peak_bps",
    "first_frame",
    "last_frame",
];

/// Writes facts, each with the number of its run.
pub(crate) fn write(file: File, path: &Path, facts: &[(i32, BucketFacts)]) -> Result<()> {
    let times = |pick: fn(&BucketFacts) -> i64| {
        let values = facts
            .iter()
            .map(|(_, facts)| pick(facts).saturating_mul(1000));
        Arc::new(TimestampMillisecondArray::from_iter_values(values).with_timezone("UTC"))
    };
    let longs = |pick: fn(&BucketFacts) -> u64| {
        let values = facts
            .iter()
            .map(|(_, facts)| i64::try_from(pick(facts)).unwrap_or(i64::MAX));
        Arc::new(Int64Array::from_iter_values(values))
    };
    let ints = |pick: fn(&BucketFacts) -> u32| {
        let values = facts
            .iter()
            .map(|(_, facts)| i32::try_from(pick(facts)).unwrap_or(i32::MAX));
        Arc::new(Int32Array::from_iter_values(values))
    };
    let batch = RecordBatch::try_new(
        SCHEMA.clone(),
        vec![
            times(|facts| facts.bucket),
            Arc::new(Int32Array::from_iter_values(
                facts.iter().map(|(run, _)| *run),
            )),
            ints(|facts| facts.frames),
            ints(|facts| facts.idle_frames),
            longs(|facts| facts.peak.up),
            longs(|facts| facts.peak.down),
            times(|facts| facts.first),
            times(|facts| facts.last),
            ints(|facts| facts.seconds),
            new_null_array(SCHEMA.field(9).data_type(), facts.len()),
            new_null_array(SCHEMA.field(10).data_type(), facts.len()),
        ],
    )
    .map_err(|error| write_error(path, error))?;
    let properties = properties(1 << 20, &NUMBERS);
    let mut writer = ArrowWriter::try_new(file, SCHEMA.clone(), Some(properties))
        .map_err(|error| write_error(path, error))?;
    writer
        .write(&batch)
        .map_err(|error| write_error(path, error))?;
    writer
        .close()
        .map(drop)
        .map_err(|error| write_error(path, error))
}

/// Reads facts, each with the number of its run; of a packed segment, those of one source or of all.
pub(crate) fn read(path: &Path, label: Option<&str>) -> Result<Vec<(i32, BucketFacts)>> {
    let mut out = Vec::new();
    read_batches(path, |batch| {
        let owners = match label {
            Some(label) => Some((label, Owners::of(batch, path)?)),
            None => None,
        };
        let is_wanted = |row| {
            let mut owners = owners.iter();
            owners.all(|(label, owners)| owners.get(row).0 == *label)
        };
        append(batch, is_wanted, &mut out)
            .ok_or_else(|| Error::damaged(path, "a column is missing"))
    })?;
    Ok(out)
}

fn append(
    batch: &RecordBatch,
    is_wanted: impl Fn(usize) -> bool,
    out: &mut Vec<(i32, BucketFacts)>,
) -> Option<()> {
    let bucket: &TimestampMillisecondArray = column(batch, "timestamp")?;
    let run: &Int32Array = column(batch, "run")?;
    let frames: &Int32Array = column(batch, "frames")?;
    let idle_frames: &Int32Array = column(batch, "idle_frames")?;
    let up: &Int64Array = column(batch, "upload_peak_bps")?;
    let down: &Int64Array = column(batch, "download_peak_bps")?;
    let first: &TimestampMillisecondArray = column(batch, "first_frame")?;
    let last: &TimestampMillisecondArray = column(batch, "last_frame")?;
    // Files of earlier versions have none: there a frame is a second.
    let seconds = column::<Int32Array>(batch, "seconds").unwrap_or(frames);
    let unsigned = |value: i64| u64::try_from(value).unwrap_or(0);
    for row in (0..batch.num_rows()).filter(|row| is_wanted(*row)) {
        let facts = BucketFacts {
            bucket: bucket.value(row).div_euclid(1000),
            frames: u32::try_from(frames.value(row)).unwrap_or(0),
            idle_frames: u32::try_from(idle_frames.value(row)).unwrap_or(0),
            seconds: u32::try_from(seconds.value(row)).unwrap_or(0),
            peak: Volume {
                up: unsigned(up.value(row)),
                down: unsigned(down.value(row)),
            },
            first: first.value(row).div_euclid(1000),
            last: last.value(row).div_euclid(1000),
        };
        out.push((run.value(row), facts));
    }
    Some(())
}
