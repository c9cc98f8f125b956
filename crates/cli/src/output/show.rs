//! Who moved how much, in tables of the terminal's width.

mod csv;
mod graph;
mod table;
mod words;

use std::io::Write;

use display::{Tone, cut, duration, printable};
use reporting::{Breakdown, Dimension};

pub(crate) use csv::write_csv;

use crate::failure::Failure;
use crate::terminal::Terminal;
use words::{name, volumes};

/// The part of a period from which on it counts as recorded.
const WHOLE: f64 = 0.995;

/// Prints an answer.
pub(crate) fn show(
    answer: &Breakdown,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let title = title(answer, terminal.width);
    writeln!(out, "{}", terminal.colour.paint(Tone::Heading, &title))?;
    if let Some(sentence) = coverage(answer) {
        writeln!(out, "{sentence}")?;
    }
    for table in &answer.tables {
        writeln!(out)?;
        let is_day = answer.first_day == answer.last_day;
        match graph::hours_of_day(table, terminal) {
            Some(lines) if is_day && table.by == Dimension::Hour => {
                lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
            }
            _ => table::show(table, answer, terminal, out)?,
        }
    }
    for sentence in &answer.damage {
        writeln!(out, "{}: {}", terminal.attention(), printable(sentence))?;
    }
    Ok(())
}

/// What was asked for, and its sum.
fn title(answer: &Breakdown, width: usize) -> String {
    let filter = &answer.filter;
    let mut subject = Vec::new();
    if let Some(process) = &filter.process {
        subject.push(name(&process.to_string()));
    }
    if let Some(remote) = &filter.remote {
        let word = if subject.is_empty() {
            "traffic with"
        } else {
            "with"
        };
        subject.push(format!("{word} {}", name(&remote.to_string())));
    }
    if let Some(port) = &filter.port {
        subject.push(format!("port {port}"));
    }
    let hosts = match &answer.hosts[..] {
        [host] => name(host),
        hosts => display::counted(hosts.len() as u64, "host", "hosts"),
    };
    let mut title = match &subject[..] {
        [] => hosts,
        subject => format!("{} on {hosts}", subject.join(", ")),
    };
    title += &format!(", {}", days(answer));
    if let Some(hours) = filter.hours {
        title += &format!(" {hours}");
    }
    let sums = format!(": {}", volumes(answer.download_bytes, answer.upload_bytes));
    cut(&title, width.saturating_sub(display::width(&sums)), "…") + &sums
}

fn days(answer: &Breakdown) -> String {
    let (first, last) = (answer.first_day, answer.last_day);
    if first == last {
        first.strftime("%a %-d %b %Y").to_string()
    } else {
        format!(
            "{} to {}",
            first.strftime("%-d %b %Y"),
            last.strftime("%-d %b %Y")
        )
    }
}

fn coverage(answer: &Breakdown) -> Option<String> {
    let (observed, expected) = (answer.observed_seconds, answer.expected_seconds);
    if observed == 0 {
        return Some("Nothing of this time is in the history.".to_owned());
    }
    let is_whole = observed as f64 >= WHOLE * expected as f64;
    (!is_whole).then(|| {
        format!(
            "Recorded: {} of {}.",
            duration(observed),
            duration(expected)
        )
    })
}
