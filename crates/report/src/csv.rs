//! `report_YYYYMMDD.csv`: RFC 4180, one row a connection.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::net::Ipv6Addr;
use std::ops::Range;

use display::{Moment, printable};
use foldhash::fast::FixedState;

use crate::Report;
use crate::connections::ConnectionView;

/// The columns. Users' scripts count on the first seven and their order; `bps` in them is bytes per second. What the
/// later ones repeat of them is what spreadsheets filter and sort by.
const HEADER: [&str; 20] = [
    "Process name",
    "PID",
    "Upload (bps)",
    "Download (bps)",
    "Local Port",
    "Remote Address",
    "Protocol",
    "Upload (bytes)",
    "Download (bytes)",
    "Interface",
    "First seen",
    "Last seen",
    "Host",
    "Day",
    "Remote",
    "Remote port",
    "Upload (B/s)",
    "Download (B/s)",
    "First seen (local)",
    "Last seen (local)",
];

/// Bytes that are handed to the writer at a time.
const CHUNK: usize = 64 << 10;
/// Texts whose cells are remembered; a hostile log has any number.
const MOST_CELLS: usize = 10_000;

/// Why no CSV was written.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// The writer failed.
    #[error("the CSV could not be written")]
    Write(#[from] std::io::Error),
    /// A report that was read back from JSON holds only a part of its connections.
    #[error("the report lists {listed} of {total} connections, and a CSV holds all of them")]
    Incomplete {
        /// Connections it holds.
        listed: u64,
        /// Connections there were.
        total: u64,
    },
}

/// Writes all connections of a report. `(bps)` is bytes per second, the mean over the seconds
/// observed; what the log does not tell is an empty cell.
///
/// # Errors
/// The writer failed, or the report no longer holds all its connections.
pub fn write_csv<W: Write>(report: &Report, mut writer: W) -> Result<(), CsvError> {
    let connections = report.every_connection().ok_or(CsvError::Incomplete {
        listed: report.connections.len() as u64,
        total: report.connections_total,
    })?;
    let mut rows = Rows::default();
    rows.out.extend(HEADER.join(",").as_bytes());
    rows.end();
    for connection in connections {
        rows.add(&report.host, &connection);
        if rows.out.len() >= CHUNK {
            writer.write_all(&rows.out)?;
            rows.out.clear();
        }
    }
    writer.write_all(&rows.out)?;
    writer.flush()?;
    Ok(())
}

/// Writes a table of any kind with the same care: no cell is run as a formula or acts on a terminal.
///
/// # Errors
/// The writer failed.
pub fn write_table<W: Write>(
    heads: &[&str],
    lines: impl Iterator<Item = Vec<String>>,
    mut writer: W,
) -> Result<(), CsvError> {
    let mut rows = Rows::default();
    rows.out.extend(heads.join(",").as_bytes());
    rows.end();
    for line in lines {
        for (column, text) in line.iter().enumerate() {
            if column > 0 {
                rows.next();
            }
            Cell::of(text).write(&mut rows.out, |_| {});
        }
        rows.end();
        writer.write_all(&rows.out)?;
        rows.out.clear();
    }
    writer.write_all(&rows.out)?;
    writer.flush()?;
    Ok(())
}

/// Rows in the making. Names repeat in many rows, so their cells are remembered.
#[derive(Default)]
struct Rows<'a> {
    out: Vec<u8>,
    texts: Cells<'a>,
    /// Peers in front of a port.
    remotes: Cells<'a>,
}

impl<'a> Rows<'a> {
    fn add(&mut self, host: &'a str, connection: &ConnectionView<'a>) {
        self.text(connection.process);
        self.next();
        self.optional(connection.pid);
        self.next();
        self.number(connection.rate.up);
        self.next();
        self.number(connection.rate.down);
        self.next();
        self.optional(connection.local_port.map(u32::from));
        self.next();
        self.remote(connection);
        self.next();
        self.text(connection.protocol);
        self.next();
        self.number(connection.volume.up);
        self.next();
        self.number(connection.volume.down);
        self.next();
        self.text(connection.interface);
        self.next();
        let first_seen = self.moment(connection.first_seen);
        self.next();
        let last_seen = self.moment(connection.last_seen);
        self.next();
        self.text(Some(host));
        self.next();
        self.out.extend_from_within(first_seen.date.clone());
        self.next();
        self.text(connection.remote_address);
        self.next();
        self.optional(connection.remote_port.map(u32::from));
        self.next();
        self.number(connection.rate.up);
        self.next();
        self.number(connection.rate.down);
        for seen in [first_seen, last_seen] {
            self.next();
            self.out.extend_from_within(seen.date);
            self.out.push(b' ');
            self.out.extend_from_within(seen.clock);
        }
        self.end();
    }

    /// Writes a moment, and tells where its date and its time of day stand.
    fn moment(&mut self, moment: Moment) -> Written {
        let start = self.out.len();
        moment.write_to(&mut self.out);
        let ends = |from: usize, at: fn(&u8) -> bool| {
            let place = self.out[from..].iter().position(at);
            place.map_or(self.out.len(), |place| from + place)
        };
        let date = ends(start, |byte| *byte == b'T');
        let clock = (date + 1).min(self.out.len());
        let offset = ends(clock, |byte| matches!(byte, b'+' | b'-'));
        Written {
            date: start..date,
            clock: clock..offset,
        }
    }

    fn next(&mut self) {
        self.out.push(b',');
    }

    fn end(&mut self) {
        self.out.extend(b"\r\n");
    }

    fn number(&mut self, number: u64) {
        self.out
            .extend(itoa::Buffer::new().format(number).as_bytes());
    }

    fn optional(&mut self, number: Option<u32>) {
        if let Some(number) = number {
            self.number(u64::from(number));
        }
    }

    fn text(&mut self, text: Option<&'a str>) {
        let Some(text) = text else { return };
        let cell = self.texts.get(text, Cell::of);
        cell.write(&mut self.out, |_| {});
    }

    /// `host:port`, an IPv6 address in brackets.
    fn remote(&mut self, connection: &ConnectionView<'a>) {
        let Some(host) = connection.remote_address else {
            return;
        };
        let Some(port) = connection.remote_port else {
            return self.text(Some(host));
        };
        let cell = self
            .remotes
            .get(host, |host| match host.parse::<Ipv6Addr>() {
                Ok(_) => Cell::of(&format!("[{host}]")),
                Err(_) => Cell::of(host),
            });
        cell.write(&mut self.out, |out| {
            out.push(b':');
            out.extend(itoa::Buffer::new().format(port).as_bytes());
        });
    }
}

/// Where parts of a moment were written.
struct Written {
    date: Range<usize>,
    clock: Range<usize>,
}

/// Cells by their texts.
#[derive(Default)]
struct Cells<'a>(HashMap<&'a str, Cell, FixedState>);

impl<'a> Cells<'a> {
    fn get(&mut self, text: &'a str, make: impl FnOnce(&str) -> Cell) -> Cow<'_, Cell> {
        if self.0.len() >= MOST_CELLS && !self.0.contains_key(text) {
            return Cow::Owned(make(text));
        }
        Cow::Borrowed(self.0.entry(text).or_insert_with(|| make(text)))
    }
}

/// A text as a cell holds it.
#[derive(Clone)]
struct Cell {
    text: String,
    is_quoted: bool,
}

impl Cell {
    fn of(text: &str) -> Self {
        let text = harmless(text);
        let is_quoted = text.contains([',', '"', '\r', '\n']);
        Cell {
            text: text.replace('"', "\"\""),
            is_quoted,
        }
    }

    /// Writes the cell, with more at its end that needs no quotes.
    fn write(&self, out: &mut Vec<u8>, more: impl FnOnce(&mut Vec<u8>)) {
        if self.is_quoted {
            out.push(b'"');
        }
        out.extend(self.text.as_bytes());
        more(out);
        if self.is_quoted {
            out.push(b'"');
        }
    }
}

/// A text that no spreadsheet runs as a formula, and that acts on no terminal: an apostrophe before what
/// begins like a formula, and what is not printable as `\u{..}`.
fn harmless(text: &str) -> Cow<'_, str> {
    // Blanks and quotes may be dropped on import; NUL ends the text for programs in C.
    let start = text.trim_start_matches(|character: char| {
        character != '\t' && character != '\r' && character.is_whitespace()
            || matches!(character, '"' | '\'' | '\0' | '\u{feff}' | '\u{200b}')
    });
    let is_formula = start.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    if is_formula {
        Cow::Owned(format!("'{}", printable(text)))
    } else {
        printable(text)
    }
}

#[cfg(test)]
mod tests;
