//! Words that all parts of an answer share.

use display::{approximate_bytes, printable};
use reporting::BreakdownTable;

/// Received and sent, with arrows.
pub(super) fn volumes(down: u64, up: u64) -> String {
    format!("{} ↓ {} ↑", amount(down), amount(up))
}

/// Bytes in three digits.
pub(super) fn amount(bytes: u64) -> String {
    approximate_bytes(bytes as f64)
}

/// A name as it is shown; one that nobody would see is quoted.
pub(super) fn name(text: &str) -> String {
    if text.trim().is_empty() {
        format!("{text:?}")
    } else {
        printable(text).into_owned()
    }
}

/// The last line of a table that has more.
pub(super) fn more(table: &BreakdownTable) -> Option<String> {
    let left_out = &table.left_out;
    if left_out.lines == 0 {
        return None;
    }
    let at_least = if table.is_exact { "" } else { "at least " };
    let shown = table.lines.len() as u64;
    let steps = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
    let next = steps
        .into_iter()
        .find(|step| *step > shown)
        .unwrap_or(10_000);
    Some(format!(
        "and {at_least}{} more, {} (--top {next})",
        left_out.lines,
        volumes(left_out.download_bytes, left_out.upload_bytes)
    ))
}
