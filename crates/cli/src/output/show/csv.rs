//! A table for spreadsheets.

use std::io::Write;

use display::Moment;
use reporting::{Breakdown, BreakdownLine, BreakdownTable, LineSubject};

use crate::failure::Failure;

/// Writes the first table of an answer.
pub(crate) fn write_csv(answer: &Breakdown, out: &mut dyn Write) -> Result<(), Failure> {
    let Some(table) = answer.tables.first() else {
        return Ok(());
    };
    let heads = [heads(table), &["Download (bytes)", "Upload (bytes)"]].concat();
    let lines = table.lines.iter().map(|line| {
        let mut cells = cells(line);
        cells.extend([line.download_bytes, line.upload_bytes].map(|bytes| bytes.to_string()));
        cells
    });
    report::write_table(&heads, lines, out).map_err(|error| reporting::Error::Render {
        path: "standard output".to_owned(),
        reason: error.to_string(),
    })?;
    Ok(())
}

fn heads(table: &BreakdownTable) -> &'static [&'static str] {
    use reporting::Dimension as By;
    match table.by {
        By::Hour | By::Day | By::Month => &["Start", "End", "Observed (s)", "Expected (s)"],
        By::Process => &["Process", "New", "First seen", "Last seen"],
        By::Remote => &["Remote", "New", "First seen", "Last seen"],
        By::Port => &["Port", "New", "First seen", "Last seen"],
        By::Host => &["Host", "New", "First seen", "Last seen"],
        By::Connection => &[
            "Process",
            "Remote",
            "Remote port",
            "Local port",
            "Protocol",
            "Port",
            "First seen",
            "Last seen",
        ],
    }
}

fn cells(line: &BreakdownLine) -> Vec<String> {
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let time = |moment: Option<Moment>| moment.map(Moment::spreadsheet).unwrap_or_default();
    let named = |name: &str| {
        let is_new = match line.is_new {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        vec![
            name.to_owned(),
            is_new.to_owned(),
            time(line.first_seen),
            time(line.last_seen),
        ]
    };
    match &line.subject {
        LineSubject::Time { start, end } => vec![
            start.spreadsheet(),
            end.spreadsheet(),
            number(line.observed_seconds),
            number(line.expected_seconds),
        ],
        LineSubject::Process { process } => named(process),
        LineSubject::Remote { remote } => named(remote),
        LineSubject::Port { port } => named(port),
        LineSubject::Host { host } => named(host),
        LineSubject::Connection(connection) => vec![
            connection.process.clone(),
            connection.remote.clone().unwrap_or_default(),
            number(connection.remote_port.map(u64::from)),
            number(connection.local_port.map(u64::from)),
            connection.protocol.clone().unwrap_or_default(),
            connection.port.clone().unwrap_or_default(),
            time(line.first_seen),
            time(line.last_seen),
        ],
    }
}
