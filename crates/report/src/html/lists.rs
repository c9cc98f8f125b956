//! The lists of a page: who moved most, what is new, the usual week, every connection.

use serde::Serialize;

use super::names::{Name, Names};
use super::options::HtmlOptions;
use super::quantities::{bytes, clock, count, counted, percent, rate, short_clock};
use crate::traces::List;
use crate::{Connection, History, Report, TopProtocol, charts, history};

/// An entry of a list.
#[derive(Serialize)]
pub(super) struct Entry {
    name: Name,
    detail: Vec<Name>,
    counts: String,
    received: String,
    sent: String,
    share: String,
    bar: String,
    trace: String,
}

/// The usual week.
#[derive(Serialize)]
pub(super) struct Week {
    rows: Vec<(&'static str, Vec<Cell>)>,
    most: String,
}

/// An hour of the usual week.
#[derive(Serialize)]
pub(super) struct Cell {
    /// From 0, nothing, to 5, the most. `None` if nothing was observed.
    level: Option<u64>,
    rate: String,
}

/// Names that were not seen before: those that moved most.
#[derive(Serialize)]
pub(super) struct NewNames {
    top: Vec<NewName>,
    total: String,
    more: bool,
}

#[derive(Serialize)]
pub(super) struct NewName {
    name: Name,
    most_with: Option<Name>,
    received: String,
    sent: String,
    first: String,
}

/// A connection.
#[derive(Serialize)]
pub(super) struct Row {
    process: Name,
    pid: Option<u32>,
    remote: Name,
    local_port: Option<u16>,
    protocol: Name,
    interface: Name,
    download_bytes: u64,
    upload_bytes: u64,
    received: String,
    sent: String,
    first: String,
    last: String,
    first_second: i64,
    last_second: i64,
}

/// The most entries that a list of a page has, however many were asked for.
const MOST_ENTRIES: usize = 50;
/// Movers, and new names of each kind.
const MOST_MOVERS: usize = 5;
const MOST_NEW: usize = 5;

/// A process that moved more or less than usual.
#[derive(Serialize)]
pub(super) struct Mover {
    name: Name,
    received: String,
    received_change: String,
    sent: String,
    sent_change: String,
}

/// What the lists are made from.
pub(super) struct Lists<'a> {
    pub(super) report: &'a Report,
    pub(super) options: &'a HtmlOptions<'a>,
    pub(super) total: u64,
}

impl Lists<'_> {
    pub(super) fn processes(&self, names: &mut Names) -> Vec<Entry> {
        let entries = self
            .report
            .top_processes
            .iter()
            .take(MOST_ENTRIES)
            .enumerate();
        let longest = self
            .report
            .top_processes
            .first()
            .map_or(0.0, |first| first.share);
        entries
            .map(|(at, process)| Entry {
                counts: match process.connections {
                    0 => String::new(),
                    connections => format!(
                        "{} to {}",
                        counted(connections, "connection"),
                        counted(process.remotes, "remote")
                    ),
                },
                ..self.entry(
                    names.show(&process.name),
                    (process.download_bytes, process.upload_bytes),
                    (process.share, longest),
                    Some((List::Processes, at)),
                )
            })
            .collect()
    }

    pub(super) fn remotes(&self, names: &mut Names) -> Vec<Entry> {
        let entries = self
            .report
            .top_remotes
            .iter()
            .take(MOST_ENTRIES)
            .enumerate();
        let longest = self
            .report
            .top_remotes
            .first()
            .map_or(0.0, |first| first.share);
        entries
            .map(|(at, remote)| {
                let most = remote.processes.iter().take(3);
                let detail: Vec<Name> = most.map(|process| names.show(process)).collect();
                let more = remote.processes.len() - detail.len();
                Entry {
                    detail,
                    counts: match more {
                        0 => String::new(),
                        more => format!("and {more} more"),
                    },
                    ..self.entry(
                        names.show(&remote.address),
                        (remote.download_bytes, remote.upload_bytes),
                        (remote.share, longest),
                        Some((List::Remotes, at)),
                    )
                }
            })
            .collect()
    }

    pub(super) fn ports(&self, names: &mut Names) -> Vec<Entry> {
        let entries = self.report.top_ports.iter().take(MOST_ENTRIES);
        let longest = self
            .report
            .top_ports
            .first()
            .map_or(0.0, |first| first.share);
        entries
            .map(|port| {
                let name = match &port.protocol {
                    Some(protocol) => format!("{} {protocol}", port.port),
                    None => port.port.to_string(),
                };
                self.entry(
                    names.show(&name),
                    (port.download_bytes, port.upload_bytes),
                    (port.share, longest),
                    None,
                )
            })
            .collect()
    }

    pub(super) fn plain(&self, list: &[TopProtocol], names: &mut Names) -> Vec<Entry> {
        let entries = list.iter().take(MOST_ENTRIES);
        let longest = list.first().map_or(0.0, |first| first.share);
        entries
            .map(|entry| {
                self.entry(
                    names.show(&entry.name),
                    (entry.download_bytes, entry.upload_bytes),
                    (entry.share, longest),
                    None,
                )
            })
            .collect()
    }

    fn entry(
        &self,
        name: Name,
        (received, sent): (u64, u64),
        (share, longest): (f64, f64),
        traced: Option<(List, usize)>,
    ) -> Entry {
        let charts = self.options.charts && self.total > 0;
        let traces = self.options.traces.filter(|_| charts);
        Entry {
            name,
            detail: Vec::new(),
            counts: String::new(),
            received: bytes(received),
            sent: bytes(sent),
            // Shares have six decimals: what rounds to nothing there was not nothing.
            share: percent(if received.max(sent) > 0 {
                share.max(1e-6)
            } else {
                share
            }),
            bar: if charts && share > 0.0 {
                charts::bar(share / longest.max(share), received, sent)
            } else {
                String::new()
            },
            trace: (traces.zip(traced)).map_or_else(String::new, |(traces, (list, at))| {
                charts::spark(traces.of(list, at))
            }),
        }
    }
}

/// Hours by weekday, where enough days were observed to show a shape.
pub(super) fn week(history: &History) -> Option<Week> {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const LEAST_DAYS: usize = 5;
    let most = history.week.iter().flatten().flatten().max().copied()?;
    let cell = |hour: &Option<u64>| Cell {
        // Levels of the root: an hour with a quarter of the most is half as deep.
        level: hour.map(|hour| match (hour, most) {
            (0, _) | (_, 0) => 0,
            (hour, most) => ((hour as f64 / most as f64).sqrt() * 5.0).ceil() as u64,
        }),
        rate: hour.map_or_else(|| "not observed".to_owned(), rate),
    };
    (history.days >= LEAST_DAYS).then(|| Week {
        rows: DAYS
            .into_iter()
            .zip(&history.week)
            .map(|(day, hours)| (day, hours.iter().map(cell).collect()))
            .collect(),
        most: rate(most),
    })
}

/// Who moved more or less than usual, and by how many bytes.
pub(super) fn movers(report: &Report, names: &mut Names) -> Vec<Mover> {
    let usual = report.usual.iter();
    let movers = usual.flat_map(|usual| usual.movers.iter().take(MOST_MOVERS));
    let change = |now: u64, usual: u64| {
        let sign = if now < usual { "−" } else { "+" };
        format!("{sign}{}", bytes(now.abs_diff(usual)))
    };
    movers
        .map(|mover| Mover {
            name: names.show(&mover.process),
            received: bytes(mover.now.down),
            received_change: change(mover.now.down, mover.usual.down),
            sent: bytes(mover.now.up),
            sent_change: change(mover.now.up, mover.usual.up),
        })
        .collect()
}

pub(super) fn new_names(
    report: &Report,
    which: impl Fn(&History) -> &Option<history::NewNames>,
    is_day: bool,
    names: &mut Names,
) -> Option<NewNames> {
    let new = which(report.history.as_ref()?).as_ref()?;
    Some(NewNames {
        total: count(new.total as u64),
        more: MOST_NEW.min(new.top.len()) < new.total,
        top: (new.top.iter().take(MOST_NEW))
            .map(|new| NewName {
                name: names.show(&new.name),
                most_with: new.most_with.as_deref().map(|other| names.show(other)),
                received: bytes(new.download_bytes),
                sent: bytes(new.upload_bytes),
                first: short_clock(new.first_seen, is_day),
            })
            .collect(),
    })
}

pub(super) fn row(connection: &Connection, is_day: bool, names: &mut Names) -> Row {
    let remote = connection.remote_address.as_deref();
    let with_port = match (remote, connection.remote_port) {
        (Some(remote), Some(port)) if remote.contains(':') => Some(format!("[{remote}]:{port}")),
        (Some(remote), Some(port)) => Some(format!("{remote}:{port}")),
        (Some(remote), None) => Some(remote.to_owned()),
        (None, Some(port)) => Some(format!(":{port}")),
        (None, None) => None,
    };
    Row {
        process: names.show_or_dash(connection.process.as_deref()),
        pid: connection.pid,
        remote: names.show_or_dash(with_port.as_deref()),
        local_port: connection.local_port,
        protocol: names.show_or_dash(connection.protocol.as_deref()),
        interface: names.show_or_dash(connection.interface.as_deref()),
        download_bytes: connection.download_bytes,
        upload_bytes: connection.upload_bytes,
        received: bytes(connection.download_bytes),
        sent: bytes(connection.upload_bytes),
        first: clock(connection.first_seen, is_day),
        last: clock(connection.last_seen, is_day),
        first_second: connection.first_seen.as_second(),
        last_second: connection.last_seen.as_second(),
    }
}
