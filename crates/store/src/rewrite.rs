//! Segments without some of their runs.

use std::path::Path;

use crate::fold::{Staged, stage_file};
use crate::partition::Kind;
use crate::segment::{SegmentWriter, copy_runs};
use crate::{Result, Tuning};

/// Writes the rows of a segment whose run is kept to a new staged segment; of a packed segment, those that are
/// of the source with this label. `None` if no row is.
pub(crate) fn keep_runs(
    from: &Path,
    label: Option<&str>,
    kind: Kind,
    day: i64,
    staging: &Path,
    keep: impl Fn(i32) -> bool,
) -> Result<Option<Staged>> {
    let (file, path) = stage_file(staging)?;
    let mut writer = SegmentWriter::new(file, &path, Tuning::default().batch_rows)?;
    copy_runs(from, label, &path, &mut writer, keep)?;
    let (rows, span) = (writer.rows, writer.span);
    writer.finish(&path)?;
    let Some(span) = span else {
        std::fs::remove_file(&path).map_err(files::Error::context("remove", &path))?;
        return Ok(None);
    };
    Ok(Some(Staged {
        kind,
        day,
        path,
        rows,
        span,
    }))
}
