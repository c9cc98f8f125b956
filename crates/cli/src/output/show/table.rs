//! A table: names as wide as the longest, numbers, times, and a bar in the columns that are left, as long as the
//! line is large beside the largest.

use std::io::Write;

use display::{Colour, Tone, counted, cut, fitted, width};
use reporting::{Breakdown, BreakdownLine, BreakdownTable, Dimension, LineSubject};

use super::words::{amount, more, name};
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Columns of the longest name that is not cut.
const LONGEST_NAME: usize = 40;
/// The head of the times.
const TIMES: &str = "first–last";
/// Columns of a number of bytes.
const NUMBER: usize = 8;
/// Columns of a bar with its frame; a shorter one says nothing.
const SHORTEST_BAR: usize = 8;
const LONGEST_BAR: usize = 60;
/// Columns of a name that has to give way.
const SHORTEST_NAME: usize = 12;
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Columns of a table.
struct Layout {
    names: Vec<usize>,
    /// Of the word `new`; 0 if nothing is.
    new: usize,
    bar: usize,
    times: usize,
}

/// Prints a table.
pub(super) fn show(
    table: &BreakdownTable,
    answer: &Breakdown,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let heads = heads(table.by);
    let lines: Vec<(Vec<String>, String)> = (table.lines.iter())
        .map(|line| (cells(line, table.by), times(line, answer)))
        .collect();
    let layout = Layout::new(heads, &lines, table, terminal.width);
    let mut head = layout.names(heads.iter().map(|head| (*head).to_owned()));
    head += &" ".repeat(layout.new + layout.bar);
    head += &format!("{:>NUMBER$}  {:>NUMBER$}", "↓", "↑");
    if layout.times > 0 {
        head += &format!("  {TIMES}");
    }
    writeln!(out, "  {}", head.trim_end())?;
    let most = table.lines.iter().map(BreakdownLine::total_bytes).max();
    // Of a name that is looked for, the times without it are but counted.
    let filter = &answer.filter;
    let is_search = filter.process.is_some() || filter.remote.is_some() || filter.port.is_some();
    let mut without = 0;
    for (line, (cells, times)) in table.lines.iter().zip(&lines) {
        if is_search && table.by.is_time() && line.total_bytes() == 0 {
            without += 1;
            continue;
        }
        let mut text = layout.names(cells.iter().cloned());
        if layout.new > 0 {
            let is_new = line.is_new == Some(true);
            if is_new {
                let word = terminal.colour.paint(Tone::Warning, "new");
                text += &format!("{word}{:1$}", "", layout.new - 3);
            } else {
                text += &" ".repeat(layout.new);
            }
        }
        text += &layout.bar(line.total_bytes(), most.unwrap_or(0), terminal.colour);
        text += &if is_unrecorded(line) {
            format!("{:>1$}", "not recorded", 2 * NUMBER + 2)
        } else {
            let (down, up) = (amount(line.download_bytes), amount(line.upload_bytes));
            format!("{down:>NUMBER$}  {up:>NUMBER$}")
        };
        if layout.times > 0 {
            text += &format!("  {times}");
        }
        writeln!(out, "  {}", text.trim_end())?;
    }
    if without > 0 {
        let (one, many) = match table.by {
            Dimension::Hour => ("hour", "hours"),
            Dimension::Month => ("month", "months"),
            _ => ("day", "days"),
        };
        writeln!(out, "  {} without any", counted(without, one, many))?;
    }
    let (down, up) = (table.unnamed_download_bytes, table.unnamed_upload_bytes);
    if down > 0 || up > 0 {
        let what = format!("(no {} in the log)", heads[heads.len() - 1]);
        let left: usize = width(&layout.names(heads.iter().map(|_| String::new())));
        let left = left + layout.new + layout.bar;
        let (down, up) = (amount(down), amount(up));
        writeln!(
            out,
            "  {}{down:>NUMBER$}  {up:>NUMBER$}",
            fitted(&what, left, "…")
        )?;
    }
    if let Some(more) = more(table) {
        writeln!(out, "  {more}")?;
    }
    Ok(())
}

impl Layout {
    fn new(
        heads: &[&str],
        lines: &[(Vec<String>, String)],
        table: &BreakdownTable,
        columns: usize,
    ) -> Self {
        let longest = |column: usize| {
            let cells = lines.iter().map(|(cells, _)| width(&cells[column]));
            cells
                .chain([width(heads[column])])
                .max()
                .unwrap_or(0)
                .min(LONGEST_NAME)
        };
        let mut layout = Layout {
            names: (0..heads.len()).map(longest).collect(),
            new: if table.lines.iter().any(|line| line.is_new == Some(true)) {
                5
            } else {
                0
            },
            bar: 0,
            times: match lines.iter().map(|(_, times)| width(times)).max() {
                Some(longest) if longest > 0 => longest.max(width(TIMES)),
                _ => 0,
            },
        };
        let numbers = 2 * NUMBER + 2;
        // Two before the line.
        let fixed = |layout: &Layout| {
            let names: usize = layout.names.iter().map(|name| name + 2).sum();
            let times = if layout.times > 0 {
                layout.times + 2
            } else {
                0
            };
            2 + names + layout.new + numbers + times
        };
        while fixed(&layout) > columns {
            // First the longest name gives way, then the times do.
            let widest = layout.names.iter_mut().max();
            match widest.filter(|name| **name > SHORTEST_NAME) {
                Some(name) => *name -= 1,
                None if layout.times > 0 => layout.times = 0,
                None => break,
            }
        }
        let room = columns.saturating_sub(fixed(&layout)).min(LONGEST_BAR);
        layout.bar = if room < SHORTEST_BAR { 0 } else { room };
        layout
    }

    fn names(&self, cells: impl Iterator<Item = String>) -> String {
        let cells = cells.zip(&self.names);
        cells
            .map(|(cell, columns)| fitted(&cell, *columns, "…") + "  ")
            .collect()
    }

    /// A bar in its frame, and a blank.
    fn bar(&self, bytes: u64, most: u64, colour: Colour) -> String {
        if self.bar == 0 {
            return String::new();
        }
        let columns = self.bar - 3;
        let part = bytes as f64 / most.max(1) as f64;
        let eighths = (part * columns as f64 * 8.0).round() as usize;
        let eighths = eighths.max(usize::from(bytes > 0)).min(columns * 8);
        let bar = "█".repeat(eighths / 8) + EIGHTHS[eighths % 8];
        let blanks = " ".repeat(columns - eighths.div_ceil(8));
        match colour {
            Colour::Plain => format!("▕{bar}{blanks}▏ "),
            Colour::Ansi => format!("▕\x1b[36m{bar}\x1b[0m{blanks}▏ "),
        }
    }
}

/// The options by which the lines of a table can be asked further.
fn heads(by: Dimension) -> &'static [&'static str] {
    match by {
        Dimension::Hour => &["date", "hour"],
        Dimension::Day | Dimension::Month => &["date"],
        Dimension::Process => &["process"],
        Dimension::Remote => &["remote"],
        Dimension::Port => &["port"],
        Dimension::Host => &["host"],
        Dimension::Connection => &["process", "remote", "port"],
    }
}

fn cells(line: &BreakdownLine, by: Dimension) -> Vec<String> {
    // No name is longer than what is shown of it, for it is measured again and again.
    let shown = |text: &str| cut(&name(text), LONGEST_NAME, "…");
    match &line.subject {
        LineSubject::Time { start, .. } => {
            let start = start.civil();
            match by {
                Dimension::Month => vec![start.strftime("%Y-%m").to_string()],
                Dimension::Day => vec![start.strftime("%Y-%m-%d %a").to_string()],
                _ => vec![
                    start.strftime("%Y-%m-%d").to_string(),
                    start.strftime("%H").to_string(),
                ],
            }
        }
        LineSubject::Process { process } => vec![shown(process)],
        LineSubject::Remote { remote } => vec![shown(remote)],
        LineSubject::Port { port } => vec![port.clone()],
        LineSubject::Host { host } => vec![shown(host)],
        LineSubject::Connection(connection) => vec![
            shown(&connection.process),
            shown(connection.remote.as_deref().unwrap_or("-")),
            connection.port.clone().unwrap_or_else(|| "-".to_owned()),
        ],
    }
}

/// When a line was seen: by the minute on one day, by the day in a longer period.
fn times(line: &BreakdownLine, answer: &Breakdown) -> String {
    let (Some(first), Some(last)) = (line.first_seen, line.last_seen) else {
        return String::new();
    };
    let form = match (answer.first_day, answer.last_day) {
        (one, other) if one == other => "%H:%M",
        (one, other) if one.year() == other.year() => "%-d %b",
        _ => "%-d %b %Y",
    };
    let shown = |moment: display::Moment| moment.civil().strftime(form).to_string();
    let (first, last) = (shown(first), shown(last));
    if first == last {
        first
    } else {
        format!("{first}–{last}")
    }
}

/// Whether a stretch of time that has begun was not observed at all.
fn is_unrecorded(line: &BreakdownLine) -> bool {
    line.observed_seconds == Some(0)
        && line.expected_seconds.is_some_and(|seconds| seconds > 0)
        && line.total_bytes() == 0
}
