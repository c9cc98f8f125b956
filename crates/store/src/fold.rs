//! One log → staged segments. Nothing of it is live before a commit.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::iter;
use std::path::{Path, PathBuf};

use rawlog::{Block, Extent, Reader};
use rayon::prelude::*;
use traffic::{LogFold, LogSummary, Row, RunSummary, Sink, Strings, UtcDay};

use crate::partition::Kind;
use crate::segment::SegmentWriter;
use crate::{Error, Result, Tuning};

/// Segments that are written at the same time; a log whose clock runs wild may touch more days.
const OPEN_SEGMENTS: usize = 12;

/// A segment in the staging folder.
#[derive(Clone, Debug)]
pub(crate) struct Staged {
    pub(crate) kind: Kind,
    pub(crate) day: i64,
    pub(crate) path: PathBuf,
    pub(crate) rows: u64,
    pub(crate) span: (i64, i64),
}

/// A log that was read and folded, waiting to be ingested.
#[derive(Debug)]
pub struct FoldedLog {
    /// Whose traffic it tells of.
    pub host: String,
    /// Where the log was found, as it is shown.
    pub name: String,
    /// What it held besides its runs.
    pub summary: LogSummary,
    /// How much was read, decompressed.
    pub extent: Extent,
    /// Where reading failed: what came before is folded all the same.
    pub failure: Option<String>,
    pub(crate) resolution: i64,
    pub(crate) runs: Vec<RunSummary>,
    pub(crate) staged: Vec<Staged>,
}

impl FoldedLog {
    /// Earliest and latest frame, seconds since 1970. `None` if no frame has a time.
    pub fn span(&self) -> Option<(i64, i64)> {
        let spans = || self.runs.iter().filter_map(|run| run.extremes);
        spans()
            .map(|(first, _)| first)
            .min()
            .zip(spans().map(|(_, last)| last).max())
    }

    /// Whether it was read to its end, and ends with a whole frame.
    pub fn is_whole(&self) -> bool {
        self.failure.is_none() && self.summary.accounting.unfinished == 0
    }

    /// Steps of the clock within the log: (time after it, seconds).
    pub fn clock_steps(&self) -> impl Iterator<Item = (i64, i64)> {
        self.runs
            .iter()
            .flat_map(|run| run.clock_steps.iter().copied())
    }
}

/// Blocks that are read side by side while those before them are folded.
const BLOCKS: usize = 4;

/// Reads a log from any source and folds it into staged segments below the store's folder. Several
/// logs may be folded at the same time, and a single one is spread over the threads of the rayon pool
/// at hand where [`Tuning::spread`] says so; the outcome is the same.
///
/// # Errors
/// If staging fails. A log that cannot be read to its end is no error: see
/// [`FoldedLog::failure`].
pub fn fold_log(
    root: &Path,
    host: &str,
    name: &str,
    log: impl io::Read + Send,
    tuning: &Tuning,
) -> Result<FoldedLog> {
    let staging = crate::commit::staging(root);
    files::create_folder(&staging)?;
    let sink = Stage {
        staging,
        tuning,
        open: BTreeMap::new(),
        done: Vec::new(),
        runs: Vec::new(),
    };
    let mut fold = LogFold::new(tuning.fold, sink);
    let reader = Reader::new(log, tuning.limits);
    let (extent, outcome) = if tuning.spread && rayon::current_num_threads() > 1 {
        read_side_by_side(reader, &mut fold)
    } else {
        reader.for_each(|item| fold.take(item))
    };
    let (summary, sink) = fold.finish()?;
    let (runs, staged) = sink.close()?;
    debug_assert_eq!(summary.accounting.total(), extent.bytes);
    Ok(FoldedLog {
        host: host.to_owned(),
        name: name.to_owned(),
        summary,
        extent,
        failure: outcome.err().map(|error| files::describe(&error)),
        resolution: tuning.fold.resolution,
        runs,
        staged,
    })
}

/// Folds a log on one thread, in order, while others read ahead.
fn read_side_by_side<R: io::Read + Send>(
    mut reader: Reader<R>,
    fold: &mut LogFold<Stage<'_>>,
) -> (Extent, io::Result<()>) {
    let blocks = || -> Vec<Block> { iter::repeat_with(Block::default).take(BLOCKS).collect() };
    let (mut ahead, mut behind) = (blocks(), blocks());
    let mut extent = Extent::default();
    let mut read = read_blocks(&mut reader, &mut ahead);
    while read > 0 {
        std::mem::swap(&mut ahead, &mut behind);
        let visit = || {
            for block in &mut behind[..read] {
                block.visit(&mut extent, |item| fold.take(item));
            }
        };
        ((), read) = rayon::join(visit, || read_blocks(&mut reader, &mut ahead));
    }
    (extent, reader.outcome())
}

/// Reads the next blocks of a log; gives how many there were.
fn read_blocks<R: io::Read>(reader: &mut Reader<R>, blocks: &mut [Block]) -> usize {
    let mut count = 0;
    while count < blocks.len() && reader.next_block(&mut blocks[count]) {
        count += 1;
    }
    blocks[..count].par_iter_mut().for_each(Block::read);
    count
}

/// A new file in the staging folder, which stays there.
pub(crate) fn stage_file(staging: &Path) -> Result<(File, PathBuf)> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("segment-");
    #[cfg(unix)]
    {
        // Readable as the umask allows: other tools read the store too.
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let file = builder
        .tempfile_in(staging)
        .map_err(files::Error::context("create a file in", staging))?;
    file.keep()
        .map_err(|error| files::Error::new("keep", staging, error.error).into())
}

struct Stage<'a> {
    staging: PathBuf,
    tuning: &'a Tuning,
    open: BTreeMap<(Kind, i64), (SegmentWriter, PathBuf)>,
    done: Vec<Staged>,
    runs: Vec<RunSummary>,
}

impl Stage<'_> {
    fn close(mut self) -> Result<(Vec<RunSummary>, Vec<Staged>)> {
        while self.close_first()? {}
        Ok((self.runs, self.done))
    }

    fn close_first(&mut self) -> Result<bool> {
        let Some(((kind, day), (writer, path))) = self.open.pop_first() else {
            return Ok(false);
        };
        let (rows, span) = (writer.rows, writer.span.unwrap_or_default());
        writer.finish(&path)?;
        self.done.push(Staged {
            kind,
            day,
            path,
            rows,
            span,
        });
        Ok(true)
    }

    fn write(
        &mut self,
        key: (Kind, i64),
        run: u32,
        rows: &[&Row],
        strings: &Strings,
    ) -> Result<()> {
        if !self.open.contains_key(&key) {
            while self.open.len() >= OPEN_SEGMENTS {
                self.close_first()?;
            }
            let (file, path) = stage_file(&self.staging)?;
            let writer = SegmentWriter::new(file, &path, self.tuning.batch_rows)?;
            self.open.insert(key, (writer, path));
        }
        let (writer, path) = self.open.get_mut(&key).expect("it was just inserted");
        writer.write(path, run, rows, strings)
    }
}

impl Sink for Stage<'_> {
    type Error = Error;

    fn rows(&mut self, run: u32, rows: &[Row], strings: &Strings) -> Result<()> {
        let mut parts: BTreeMap<(Kind, i64), Vec<&Row>> = BTreeMap::new();
        for row in rows {
            let key = (Kind::Rows(row.table), UtcDay::of(row.bucket).number());
            parts.entry(key).or_default().push(row);
        }
        for (key, rows) in parts {
            self.write(key, run, &rows, strings)?;
        }
        Ok(())
    }

    fn run_ended(&mut self, summary: RunSummary) -> Result<()> {
        self.runs.push(summary);
        Ok(())
    }
}
