//! Makes a log part of a history, and adds up what a host moved.

use std::io;
use std::ops::Range;
use std::path::Path;

use store::{Result, Store, Tuning, fold_log};

/// Bytes sent and received by a host in a stretch of time, once the log is part of the history in `root`.
pub(crate) fn volume(
    root: &Path,
    host: &str,
    log: impl io::Read + Send,
    seconds: Range<i64>,
) -> Result<(u64, u64)> {
    let mut store = Store::open(root, "2026-11-23T00:10:00Z", "example")?;
    let folded = fold_log(root, host, "example.log", log, &Tuning::default())?;
    store.ingest(vec![folded])?;
    let totals = store.totals(host, seconds, 60, false)?;
    Ok(totals.map_or((0, 0), |totals| (totals.volume.up, totals.volume.down)))
}

#[expect(clippy::print_stdout, reason = "an example shows what it makes")]
fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join("network-monitor-example");
    let (up, down) = volume(&folder, "web1", io::stdin(), 0..i64::from(i32::MAX))?;
    println!("{up} bytes up, {down} bytes down");
    Ok(())
}
