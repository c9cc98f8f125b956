//! Who moved how much in a period, told apart by time, process, remote, port, host or connection: what a person
//! asks on a terminal, and a page with filters.
//!
//! Times without names come from the digests of the days, all else from the rows of the days that are asked for;
//! a day whose digest does not know a name that is asked for is passed over. Memory is bounded by the names that
//! are held ([`BreakdownTable::is_exact`]) and the hours of the period.

mod answer;
mod filter;
mod newcomers;
mod read;
mod slots;
mod tally;
#[cfg(test)]
mod tests;

use std::ops::Range;

use display::Moment;
use settings::Settings;
use store::Store;
use traffic::{Period, ServicePorts};

pub use answer::{
    Breakdown, BreakdownLine, BreakdownTable, Connection, Dimension, LeftOut, LineSubject,
};
pub use filter::{Filter, FilterError, HoursOfDay, NamePattern, PortPattern, RemotePattern};

use crate::error::Result;
use read::{Reading, Sums, port_label};
use slots::Slots;
use tally::Sum;

/// Raised when the meaning of a key changes; keys are only ever added.
const SCHEMA_VERSION: u32 = 1;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct BreakdownRequest {
    /// The days.
    pub period: Period,
    /// The rows that count.
    pub filter: Filter,
    /// The tables that are wanted.
    pub tables: Vec<TableRequest>,
}

/// A table that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableRequest {
    /// By what.
    pub by: Dimension,
    /// How many lines: those with the most bytes. `None` for all; of times they stay in their order.
    pub top: Option<usize>,
}

/// Days up to which a period is shown by the day if nothing else is asked for, and by the month beyond.
const MOST_DAYS: usize = 62;

impl TableRequest {
    /// What is shown if no table is asked for: the course of time, and those with the most bytes of what is not
    /// fixed by the filter.
    pub fn usual(filter: &Filter, period: Period, top: usize) -> Vec<Self> {
        let time = match period.days().take(MOST_DAYS + 1).count() {
            1 => Dimension::Hour,
            ..=MOST_DAYS => Dimension::Day,
            _ => Dimension::Month,
        };
        let names = [
            (Dimension::Process, filter.process.is_some()),
            (Dimension::Remote, filter.remote.is_some()),
            (
                Dimension::Port,
                filter.port.is_some() || !filter.has_names(),
            ),
        ];
        let names = names.into_iter().filter(|(_, is_fixed)| !is_fixed);
        let times = Self {
            by: time,
            top: None,
        };
        let names = names.map(|(by, _)| Self { by, top: Some(top) });
        [times].into_iter().chain(names).collect()
    }
}

/// Adds up what is asked for, of these hosts. Nothing is written.
///
/// # Errors
/// If the store cannot be read, or a signal asks to stop. What damaged files hold is left out and said.
pub fn breakdown(
    store: &Store,
    hosts: &[String],
    request: &BreakdownRequest,
    settings: &Settings,
    now: i64,
) -> Result<Breakdown> {
    let zone = &settings.time_zone;
    let seconds = request.period.seconds(zone);
    let loopback = settings.input.includes_loopback();
    let by: Vec<Dimension> = request.tables.iter().map(|table| table.by).collect();
    let mut sums = Sums {
        slots: Slots::new(&seconds, request.filter.hours, zone),
        total: traffic::Volume::ZERO,
        names: read::Names::default(),
        services: ServicePorts::default(),
        damage: Vec::new(),
    };
    let reading = Reading {
        store,
        filter: &request.filter,
        by: &by,
        loopback,
        resolution: settings.input.resolution_seconds(),
    };
    for host in hosts {
        if let Some(seconds) = recorded(store, host, &seconds)? {
            reading.host(host, &seconds, &mut sums)?;
        }
    }
    let hosts_count = hosts.len() as u64;
    let (observed_seconds, expected_seconds) = sums.slots.coverage(now, hosts_count);
    let mut answer = Breakdown {
        schema_version: SCHEMA_VERSION,
        timestamp: Moment::new(now, zone),
        timezone: settings.zone_name(),
        hosts: hosts.to_owned(),
        first_day: request.period.first,
        last_day: request.period.last,
        filter: request.filter.clone(),
        upload_bytes: sums.total.up,
        download_bytes: sums.total.down,
        observed_seconds,
        expected_seconds,
        tables: Vec::new(),
        damage: std::mem::take(&mut sums.damage),
    };
    let services = std::mem::take(&mut sums.services);
    sums.names.settle(&by, &services);
    let mut tallies = sums.names.tallies.into_iter();
    for wanted in &request.tables {
        let tally = tallies.next().unwrap_or_default();
        let mut table = if wanted.by.is_time() {
            times(sums.slots.lines(wanted.by, now, hosts_count), *wanted)
        } else {
            let (lines, left_out, is_exact) = tally.largest(wanted.top.unwrap_or(usize::MAX));
            let lines = lines.into_iter();
            BreakdownTable {
                lines: lines
                    .map(|(name, sum)| line(wanted.by, name, sum, &services, settings))
                    .collect(),
                left_out,
                is_exact,
                ..empty(wanted.by)
            }
        };
        note_unnamed(&mut table, &answer);
        answer.tables.push(table);
    }
    newcomers::mark(&mut answer.tables, store, hosts, seconds.start, loopback)?;
    Ok(answer)
}

/// The part of a stretch of time that logs of a host may tell of.
fn recorded(store: &Store, host: &str, seconds: &Range<i64>) -> Result<Option<Range<i64>>> {
    let first = store.first_seen(host)?;
    let last =
        (store.last_seen()?.into_iter()).find_map(|(name, last)| (name == host).then_some(last));
    // The bucket of the first second begins before it.
    let known = first.zip(last).map(|(first, last)| {
        let start = first.saturating_sub(24 * 3600);
        start.max(seconds.start)..last.saturating_add(1).min(seconds.end)
    });
    Ok(known.filter(|known| !known.is_empty()))
}

fn empty(by: Dimension) -> BreakdownTable {
    BreakdownTable {
        by,
        lines: Vec::new(),
        left_out: LeftOut::default(),
        unnamed_upload_bytes: 0,
        unnamed_download_bytes: 0,
        is_exact: true,
    }
}

/// A table of times: all of them, or those with the most bytes.
fn times(mut lines: Vec<BreakdownLine>, wanted: TableRequest) -> BreakdownTable {
    let mut left_out = LeftOut::default();
    if let Some(top) = wanted.top.filter(|top| *top < lines.len()) {
        let mut bytes: Vec<u64> = lines.iter().map(BreakdownLine::total_bytes).collect();
        bytes.sort_unstable_by(|one, other| other.cmp(one));
        let least = bytes.get(top).copied().unwrap_or(0);
        // Of equal ones, the earlier stay.
        let mut room = top - bytes.iter().filter(|bytes| **bytes > least).count();
        lines.retain(|line| {
            let stays = line.total_bytes() > least || line.total_bytes() == least && room > 0;
            if stays && line.total_bytes() == least {
                room -= 1;
            }
            if !stays {
                left_out.lines += 1;
                left_out.upload_bytes = left_out.upload_bytes.saturating_add(line.upload_bytes);
                left_out.download_bytes =
                    left_out.download_bytes.saturating_add(line.download_bytes);
            }
            stays
        });
    }
    BreakdownTable {
        lines,
        left_out,
        ..empty(wanted.by)
    }
}

/// A line about a name.
fn line(
    by: Dimension,
    name: String,
    sum: Sum<Option<Connection>>,
    services: &ServicePorts,
    settings: &Settings,
) -> BreakdownLine {
    let subject = match (by, sum.detail) {
        (_, Some(mut connection)) => {
            let protocol = connection.protocol.as_deref();
            let port = services.of(protocol, connection.local_port, connection.remote_port);
            connection.port = port.map(|port| port_label(protocol.unwrap_or_default(), port));
            LineSubject::Connection(connection)
        }
        (Dimension::Remote, None) => LineSubject::Remote { remote: name },
        (Dimension::Port, None) => LineSubject::Port { port: name },
        (Dimension::Host, None) => LineSubject::Host { host: name },
        (_, None) => LineSubject::Process { process: name },
    };
    let moment = |second| Some(Moment::new(second, &settings.time_zone));
    BreakdownLine {
        subject,
        upload_bytes: sum.volume.up,
        download_bytes: sum.volume.down,
        first_seen: moment(sum.first),
        last_seen: moment(sum.last),
        is_new: None,
        observed_seconds: None,
        expected_seconds: None,
    }
}

/// What the total holds beyond the lines of a table.
fn note_unnamed(table: &mut BreakdownTable, answer: &Breakdown) {
    let up = table.lines.iter().map(|line| line.upload_bytes);
    let down = table.lines.iter().map(|line| line.download_bytes);
    let sum = |bytes: u64, more: u64| bytes.saturating_add(more);
    let (up, down) = (up.fold(0, sum), down.fold(0, sum));
    let left_out = &table.left_out;
    table.unnamed_upload_bytes =
        (answer.upload_bytes).saturating_sub(up.saturating_add(left_out.upload_bytes));
    table.unnamed_download_bytes =
        (answer.download_bytes).saturating_sub(down.saturating_add(left_out.download_bytes));
}
