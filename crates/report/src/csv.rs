//! `report_YYYYMMDD.csv`: RFC 4180, one row a connection.

use std::borrow::Cow;
use std::io::Write;
use std::net::Ipv6Addr;

use csv::{Terminator, WriterBuilder};
use display::printable;

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

/// Why no CSV was written.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// The writer failed.
    #[error("the CSV could not be written")]
    Write(#[from] csv::Error),
    /// The last bytes could not be written.
    #[error("the CSV could not be written")]
    Flush(#[from] std::io::Error),
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
pub fn write_csv<W: Write>(report: &Report, writer: W) -> Result<(), CsvError> {
    let connections = report.every_connection().ok_or(CsvError::Incomplete {
        listed: report.connections.len() as u64,
        total: report.connections_total,
    })?;
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(writer);
    writer.write_record(HEADER)?;
    for connection in connections {
        let number =
            |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        writer.write_record([
            cell(connection.process.unwrap_or_default()).as_ref(),
            &number(connection.pid),
            &connection.rate.up.to_string(),
            &connection.rate.down.to_string(),
            &number(connection.local_port.map(u32::from)),
            cell(&remote(&connection)).as_ref(),
            cell(connection.protocol.unwrap_or_default()).as_ref(),
            &connection.volume.up.to_string(),
            &connection.volume.down.to_string(),
            cell(connection.interface.unwrap_or_default()).as_ref(),
            &connection.first_seen.to_string(),
            &connection.last_seen.to_string(),
            cell(&report.host).as_ref(),
            &connection.first_seen.civil().date().to_string(),
            cell(connection.remote_address.unwrap_or_default()).as_ref(),
            &number(connection.remote_port.map(u32::from)),
            &connection.rate.up.to_string(),
            &connection.rate.down.to_string(),
            &connection.first_seen.spreadsheet(),
            &connection.last_seen.spreadsheet(),
        ])?;
    }
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
    writer: W,
) -> Result<(), CsvError> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(writer);
    writer.write_record(heads)?;
    for line in lines {
        writer.write_record(line.iter().map(|text| cell(text).into_owned()))?;
    }
    writer.flush()?;
    Ok(())
}

/// `host:port`, an IPv6 address in brackets.
fn remote(connection: &ConnectionView<'_>) -> String {
    let Some(host) = connection.remote_address else {
        return String::new();
    };
    match connection.remote_port {
        Some(port) if host.parse::<Ipv6Addr>().is_ok() => format!("[{host}]:{port}"),
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// A text that no spreadsheet runs as a formula, and that acts on no terminal: an apostrophe before what
/// begins like a formula, and what is not printable as `\u{..}`.
fn cell(text: &str) -> Cow<'_, str> {
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
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_gets_an_apostrophe() {
        let formulas = [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            " =1",
            "\"=1",
            "' =1",
            "  \"=cmd|' /C calc'!A0",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            "\u{a0}=1",
            "\n=1",
            "\u{feff}=1",
            "\0=1",
            "\t",
            "-",
        ];
        for formula in formulas {
            assert!(cell(formula).starts_with('\''), "{formula:?}");
        }
        for harmless in [
            "",
            "chrome",
            "a=b",
            "1-2",
            "'quoted'",
            "<UNKNOWN>",
            "fe80::1",
            "日本",
        ] {
            assert_eq!(cell(harmless), harmless);
        }
        assert_eq!(cell("a\0b"), r"a\u{0}b");
        assert_eq!(cell("\u{1b}]0;x\u{7}"), r"\u{1b}]0;x\u{7}");
        assert_eq!(cell("\u{202e}=1"), r"\u{202e}=1");
    }
}
