//! Rows in the order of packed segments: by process, peer, ports and time.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMillisecondArray,
};
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::interleave::interleave;

use crate::partition::Kind;
use crate::segment::Texts;
use crate::{facts, segment};

/// Rows that are sorted at once: a day with more consists of several sorted stretches.
const SORTED_ROWS: usize = 1 << 18;
/// Rows of a batch that is given out.
pub(crate) const BATCH_ROWS: usize = 1 << 16;

/// Whose rows: a source's label, and the run whose end they settle, if they do.
pub(crate) type PartKey = (String, Option<i64>);

/// Gathers batches of a kind, and gives them back sorted.
pub(crate) struct Sorter {
    pub(crate) schema: SchemaRef,
    /// The columns by their numbers, the first that decides first.
    order: Vec<usize>,
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
}

impl Sorter {
    pub(crate) fn new(kind: Kind) -> Self {
        let (schema, first) = match kind {
            Kind::Rows(_) => (segment::schema(), ORDER.as_slice()),
            Kind::Buckets => (facts::schema(), ["timestamp", "source", "run"].as_slice()),
        };
        let mut order: Vec<usize> = (first.iter())
            .filter_map(|name| schema.index_of(name).ok())
            .collect();
        // The rest decides between rows that are alike, so that the order is always the same.
        let rest: Vec<usize> = (0..schema.fields().len())
            .filter(|column| !order.contains(column))
            .collect();
        order.extend(rest);
        Sorter {
            schema,
            order,
            waiting: Vec::new(),
            waiting_rows: 0,
        }
    }

    /// Takes a batch of the kind's columns. Gives sorted ones back once there are enough.
    pub(crate) fn add(&mut self, batch: RecordBatch) -> Result<Vec<RecordBatch>, ArrowError> {
        self.waiting_rows += batch.num_rows();
        self.waiting.push(batch);
        if self.waiting_rows < SORTED_ROWS {
            return Ok(Vec::new());
        }
        self.finish()
    }

    /// Gives back what waits, sorted.
    pub(crate) fn finish(&mut self) -> Result<Vec<RecordBatch>, ArrowError> {
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_rows = 0;
        let keys: Vec<Vec<SortColumn<'_>>> = (waiting.iter())
            .map(|batch| {
                let columns = self.order.iter().map(|column| batch.column(*column));
                columns.map(SortColumn::of).collect()
            })
            .collect();
        let mut rows: Vec<(usize, usize)> = (waiting.iter().enumerate())
            .flat_map(|(batch, rows)| (0..rows.num_rows()).map(move |row| (batch, row)))
            .collect();
        rows.sort_unstable_by(|one, other| {
            let columns = keys[one.0].iter().zip(&keys[other.0]);
            columns
                .map(|(left, right)| left.compare(one.1, right, other.1))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        let sorted = rows.chunks(BATCH_ROWS).map(|rows| {
            let columns = (0..self.schema.fields().len()).map(|column| {
                let arrays: Vec<&dyn Array> = (waiting.iter())
                    .map(|batch| batch.column(column).as_ref())
                    .collect();
                interleave(&arrays, rows)
            });
            RecordBatch::try_new(self.schema.clone(), columns.collect::<Result<_, _>>()?)
        });
        sorted.collect()
    }

    /// Writes into each row of a batch whose it is.
    pub(crate) fn mark(
        &self,
        batch: &RecordBatch,
        (label, tail_of): &PartKey,
    ) -> Result<RecordBatch, ArrowError> {
        let rows = batch.num_rows();
        let keys = Int32Array::from_iter_values(std::iter::repeat_n(0, rows));
        let label = Arc::new(StringArray::from_iter_values([label]));
        let label = DictionaryArray::<Int32Type>::try_new(keys, label)?;
        let tail: BooleanArray = std::iter::repeat_n(Some(tail_of.is_some()), rows).collect();
        let mut columns = batch.columns().to_vec();
        columns[self.schema.index_of("source")?] = Arc::new(label);
        columns[self.schema.index_of("tail")?] = Arc::new(tail);
        RecordBatch::try_new(self.schema.clone(), columns)
    }
}

/// By what rows are sorted first.
const ORDER: [&str; 8] = [
    "process_name",
    "remote_address",
    "remote_port",
    "protocol",
    "local_port",
    "local_interface",
    "timestamp",
    "source",
];

/// A column that rows are sorted by.
enum SortColumn<'a> {
    Text(Texts<'a>),
    Int(&'a Int32Array),
    Long(&'a Int64Array),
    Time(&'a TimestampMillisecondArray),
    Flag(&'a BooleanArray),
    /// Of another type: there is none.
    Other,
}

impl<'a> SortColumn<'a> {
    fn of(array: &'a ArrayRef) -> Self {
        let any = array.as_any();
        if let Some(texts) = Texts::of_array(array) {
            SortColumn::Text(texts)
        } else if let Some(array) = any.downcast_ref() {
            SortColumn::Int(array)
        } else if let Some(array) = any.downcast_ref() {
            SortColumn::Long(array)
        } else if let Some(array) = any.downcast_ref() {
            SortColumn::Time(array)
        } else if let Some(array) = any.downcast_ref() {
            SortColumn::Flag(array)
        } else {
            SortColumn::Other
        }
    }

    fn compare(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        match (self, other) {
            (SortColumn::Text(one), SortColumn::Text(other)) => {
                one.get(row).cmp(&other.get(other_row))
            }
            (SortColumn::Int(one), SortColumn::Int(other)) => {
                let get = |array: &Int32Array, row| array.is_valid(row).then(|| array.value(row));
                get(one, row).cmp(&get(other, other_row))
            }
            (SortColumn::Long(one), SortColumn::Long(other)) => {
                one.value(row).cmp(&other.value(other_row))
            }
            (SortColumn::Time(one), SortColumn::Time(other)) => {
                one.value(row).cmp(&other.value(other_row))
            }
            (SortColumn::Flag(one), SortColumn::Flag(other)) => {
                one.value(row).cmp(&other.value(other_row))
            }
            _ => Ordering::Equal,
        }
    }
}
