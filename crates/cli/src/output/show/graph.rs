//! The hours of a day as columns, received beside sent, and their numbers below, as vnStat draws them.

use display::Colour;
use reporting::{BreakdownLine, BreakdownTable, LineSubject};

use super::words::amount;
use crate::terminal::Terminal;

/// Lines of the columns, each of eight steps.
const HEIGHT: usize = 8;
/// Columns before the first hour.
const MARGIN: usize = 8;
/// Columns of an hour: received, sent, a blank.
const HOUR: usize = 3;
/// Hours beside each other in the numbers.
const BESIDE: usize = 3;
const STEPS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What is known of an hour.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Recorded {
    /// It is to come.
    NotYet,
    Nothing,
    Partly,
    Mostly,
}

impl Recorded {
    fn of(line: &BreakdownLine) -> Self {
        let observed = line.observed_seconds.unwrap_or(0);
        match line.expected_seconds.unwrap_or(0) {
            0 => Self::NotYet,
            _ if observed == 0 => Self::Nothing,
            expected if observed * 10 < expected * 9 => Self::Partly,
            _ => Self::Mostly,
        }
    }
}

/// The lines. `None` if the terminal has no room, or there is nothing to draw.
pub(super) fn hours_of_day(table: &BreakdownTable, terminal: &Terminal) -> Option<Vec<String>> {
    let hours = &table.lines;
    let most = hours
        .iter()
        .map(|line| line.upload_bytes.max(line.download_bytes))
        .max()?;
    if most == 0 || MARGIN + hours.len() * HOUR > terminal.width || table.left_out.lines > 0 {
        return None;
    }
    let mut lines = Vec::new();
    for row in (0..HEIGHT).rev() {
        let label = match row {
            row if row == HEIGHT - 1 => amount(most),
            row if row == HEIGHT / 2 - 1 => amount(most / 2),
            _ => String::new(),
        };
        let mut line = format!("{label:>7} ");
        for hour in hours {
            let is_bottom = row == 0;
            line += &match Recorded::of(hour) {
                Recorded::Nothing if is_bottom => "·· ".to_owned(),
                Recorded::NotYet | Recorded::Nothing => " ".repeat(HOUR),
                _ => {
                    let part = |bytes, colour| piece(bytes, most, row, terminal.colour, colour);
                    format!(
                        "{}{} ",
                        part(hour.download_bytes, 36),
                        part(hour.upload_bytes, 35)
                    )
                }
            };
        }
        lines.push(line.trim_end().to_owned());
    }
    let names: String = hours
        .iter()
        .map(|hour| format!("{} ", clock(hour)))
        .collect();
    lines.push(format!("{:MARGIN$}{}", "", names.trim_end()));
    lines.push(String::new());
    let rows = hours.len().div_ceil(BESIDE);
    let head = "hour        ↓         ↑";
    lines.push(format!("  {}", [head; BESIDE].join("   ")));
    for row in 0..rows {
        let cells = (0..BESIDE).filter_map(|column| hours.get(column * rows + row));
        let cells: Vec<String> = cells.map(numbers).collect();
        lines.push(format!("  {}", cells.join("   ")).trim_end().to_owned());
    }
    let mut legend = "  Left in each hour ↓ received, right ↑ sent".to_owned();
    let has = |recorded| hours.iter().any(|hour| Recorded::of(hour) == recorded);
    if has(Recorded::Nothing) {
        legend += "; ·· not recorded";
    }
    if has(Recorded::Partly) {
        legend += "; ~ recorded in part";
    }
    lines.push(legend);
    Some(lines)
}

/// What a column shows in one line.
fn piece(bytes: u64, most: u64, row: usize, colour: Colour, code: u8) -> String {
    let all = HEIGHT * 8;
    let steps = (bytes as f64 / most as f64 * all as f64).round() as usize;
    // What is not nothing is seen.
    let steps = steps
        .max(usize::from(bytes > 0))
        .saturating_sub(row * 8)
        .min(8);
    let shown = STEPS[steps];
    match colour {
        Colour::Ansi if steps > 0 => format!("\x1b[{code}m{shown}\x1b[0m"),
        _ => shown.to_string(),
    }
}

/// `hour  ↓  ↑` of an hour, as wide as the head.
fn numbers(hour: &BreakdownLine) -> String {
    let clock = clock(hour);
    match Recorded::of(hour) {
        Recorded::NotYet => format!("{clock:<4}{:>9}{:>10}", "", ""),
        Recorded::Nothing => format!("{clock:<4}{:>9}{:>10}", "··", "··"),
        recorded => {
            let mark = if recorded == Recorded::Partly {
                "~"
            } else {
                ""
            };
            format!(
                "{:<4}{:>9}{:>10}",
                clock + mark,
                amount(hour.download_bytes),
                amount(hour.upload_bytes)
            )
        }
    }
}

fn clock(hour: &BreakdownLine) -> String {
    match &hour.subject {
        LineSubject::Time { start, .. } => start.civil().strftime("%H").to_string(),
        _ => String::new(),
    }
}
