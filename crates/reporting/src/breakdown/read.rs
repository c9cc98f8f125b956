//! The rows that are asked for, added up. A day of a host is read whole before any of it counts, so that what a
//! damaged file holds is left out and said, and nothing is counted by half.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::ops::Range;

use report::UNKNOWN;
use store::{Digest, Store, Stretch};
use traffic::{ServicePorts, Table, UtcDay, Volume, observed_seconds};

use super::answer::{Connection, Dimension};
use super::filter::Filter;
use super::slots::Slots;
use super::tally::{Sum, Tally};
use crate::error::{Error, Result};

/// Pairs of ports of which only all connections tell which is the service's; of more, it is the lower.
const MOST_DOUBTFUL: usize = 100_000;

/// How rows are read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) store: &'a Store,
    pub(super) filter: &'a Filter,
    pub(super) by: &'a [Dimension],
    pub(super) loopback: bool,
    /// Seconds of a bucket.
    pub(super) resolution: i64,
}

/// All that is added up.
pub(super) struct Sums {
    pub(super) slots: Slots,
    pub(super) total: Volume,
    /// By name, for each of the dimensions that is no time.
    pub(super) names: Names,
    /// What tells services' ports, where the number alone does not: all connections that were looked at.
    pub(super) services: ServicePorts,
    pub(super) damage: Vec<String>,
}

/// Sums by name.
#[derive(Default)]
pub(super) struct Names {
    /// One for each dimension that is asked for; those of times stay empty.
    pub(super) tallies: Vec<Tally<Option<Connection>>>,
    doubtful: HashMap<(&'static str, u16, u16), Sum<Option<Connection>>>,
}

/// A day of a host.
#[derive(Default)]
struct Day {
    volumes: BTreeMap<usize, Volume>,
    observed: BTreeMap<usize, u64>,
    total: Volume,
    names: Names,
}

impl Reading<'_> {
    /// Adds what a host moved in a stretch of time.
    pub(super) fn host(&self, host: &str, seconds: &Range<i64>, sums: &mut Sums) -> Result<()> {
        let services = self.services(host, seconds, sums)?;
        let needs_rows = self.filter.has_names() || self.by.iter().any(|by| !by.is_time());
        for day in UtcDay::of_seconds(seconds).start().number()
            ..=UtcDay::of_seconds(seconds).end().number()
        {
            files::check_interrupted()?;
            let day = UtcDay::from_number(day);
            let read = if needs_rows {
                self.rows_of_day(
                    host,
                    day,
                    seconds,
                    &services,
                    &sums.slots,
                    &mut sums.services,
                )
            } else {
                self.brief_day(host, day, &sums.slots)
            };
            match read {
                Err(Error::Store(error)) if error.is_damaged_file() => {
                    sums.damage
                        .push(format!("{host}, {day} (UTC): not counted: {error}"));
                }
                read => sums.take(read?, self.by),
            }
        }
        Ok(())
    }

    /// A day without names, from its digest.
    fn brief_day(&self, host: &str, day: UtcDay, slots: &Slots) -> Result<Day> {
        let mut found = Day::default();
        for (_, digest) in self.store.digests(host, day.seconds(), self.loopback)? {
            for (second, held) in five_minutes(day, &digest) {
                if let Some(place) = slots.place(second) {
                    found.total.add(held.volume);
                    found.volumes.entry(place).or_default().add(held.volume);
                    *found.observed.entry(place).or_default() += held.observed;
                }
            }
        }
        Ok(found)
    }

    fn rows_of_day(
        &self,
        host: &str,
        day: UtcDay,
        seconds: &Range<i64>,
        services: &ServicePorts,
        slots: &Slots,
        seen: &mut ServicePorts,
    ) -> Result<Day> {
        let mut found = Day::default();
        found
            .names
            .tallies
            .resize_with(self.by.len(), Tally::default);
        // The digest of a day that is kept tells without a look at its rows that a name is not in them.
        let digest = if self.filter.has_names() {
            self.store.kept_digest(host, day, self.loopback)?
        } else {
            None
        };
        let within = seconds.start.max(day.seconds().start)..seconds.end.min(day.seconds().end);
        match &digest {
            Some(digest) => {
                for (second, held) in five_minutes(day, digest) {
                    if let Some(place) = slots.place(second) {
                        *found.observed.entry(place).or_default() += held.observed;
                    }
                }
                if !self.filter.may_be_in(digest) {
                    return Ok(found);
                }
            }
            None => self.observe(host, within.clone(), slots, &mut found)?,
        }
        let has_ports = self
            .by
            .iter()
            .any(|by| matches!(by, Dimension::Port | Dimension::Connection));
        let mut key = String::new();
        for table in self.tables() {
            self.store
                .read_stretches::<Error>(host, table, within.clone(), |row| {
                    files::check_interrupted()?;
                    let Some(place) = slots.place(row.bucket) else {
                        return Ok(());
                    };
                    if self.is_wanted(row, services) {
                        if self.counts(table) {
                            found.total.add(row.volume);
                            found.volumes.entry(place).or_default().add(row.volume);
                        }
                        if has_ports {
                            seen.note(row.protocol, row.local_port, row.remote_port);
                        }
                        for (place, by) in self.by.iter().enumerate() {
                            if table != Table::Peers || *by == Dimension::Remote {
                                found.names.add(place, *by, host, row, &mut key);
                            }
                        }
                    }
                    Ok(())
                })?;
        }
        Ok(found)
    }

    fn observe(
        &self,
        host: &str,
        within: Range<i64>,
        slots: &Slots,
        found: &mut Day,
    ) -> Result<()> {
        let bucket = u64::try_from(self.resolution).unwrap_or(1);
        let mut facts = self.store.read_facts(host, within)?;
        for facts in facts.chunk_by_mut(|one, next| one.bucket == next.bucket) {
            if let Some(place) = slots.place(facts[0].bucket) {
                *found.observed.entry(place).or_default() += observed_seconds(facts).min(bucket);
            }
        }
        Ok(())
    }

    /// Tables whose rows are read. Remotes of logs without connection rows are in a table of their own, which
    /// repeats bytes of the others.
    fn tables(&self) -> Vec<Table> {
        let mut tables = vec![Table::Traffic];
        if self.loopback {
            tables.push(Table::Loopback);
        }
        if self.filter.remote.is_some() || self.by.contains(&Dimension::Remote) {
            tables.push(Table::Peers);
        }
        tables
    }

    /// Whether rows of a table add to the total. A row without a remote is no row of a remote that is asked for,
    /// and so the row that repeats its bytes counts.
    fn counts(&self, table: Table) -> bool {
        table != Table::Peers || self.filter.remote.is_some()
    }

    fn is_wanted(&self, row: &Stretch<'_>, services: &ServicePorts) -> bool {
        let port = self.filter.port.as_ref().is_none_or(|pattern| {
            let port = services.of(row.protocol, row.local_port, row.remote_port);
            pattern.matches(row.protocol, port)
        });
        port && self.is_of_names(row)
    }

    fn is_of_names(&self, row: &Stretch<'_>) -> bool {
        let Filter {
            process, remote, ..
        } = self.filter;
        let owner = row.process.unwrap_or(UNKNOWN);
        process
            .as_ref()
            .is_none_or(|pattern| pattern.matches(owner))
            && (remote.as_ref())
                .is_none_or(|pattern| row.remote.is_some_and(|remote| pattern.matches(remote)))
    }

    /// What tells a service's port, where the number alone does not: all connections that are looked at.
    fn services(&self, host: &str, seconds: &Range<i64>, sums: &Sums) -> Result<ServicePorts> {
        let mut services = ServicePorts::default();
        if self
            .filter
            .port
            .as_ref()
            .is_some_and(|port| port.is_doubtful())
        {
            for table in self.tables() {
                let read =
                    self.store
                        .read_stretches::<Error>(host, table, seconds.clone(), |row| {
                            if self.is_of_names(row) && sums.slots.place(row.bucket).is_some() {
                                services.note(row.protocol, row.local_port, row.remote_port);
                            }
                            Ok(files::check_interrupted()?)
                        });
                match read {
                    // It is said when the day is read.
                    Err(Error::Store(error)) if error.is_damaged_file() => {}
                    read => read?,
                }
            }
        }
        Ok(services)
    }
}

impl Sums {
    fn take(&mut self, day: Day, by: &[Dimension]) {
        self.total.add(day.total);
        for (place, volume) in day.volumes {
            self.slots.add(place, volume);
        }
        for (place, seconds) in day.observed {
            self.slots.observe(place, seconds);
        }
        self.names.merge(day.names, by);
    }
}

impl Names {
    /// Adds a row to the sums by one dimension.
    fn add(
        &mut self,
        place: usize,
        by: Dimension,
        host: &str,
        row: &Stretch<'_>,
        key: &mut String,
    ) {
        let sum = |detail| Sum {
            volume: row.volume,
            first: row.first_seen,
            last: row.last_seen,
            detail,
        };
        let tally = &mut self.tallies[place];
        let owner = row.process.unwrap_or(UNKNOWN);
        match by {
            Dimension::Hour | Dimension::Day | Dimension::Month => {}
            Dimension::Process => tally.add(owner, sum(None)),
            Dimension::Host => tally.add(host, sum(None)),
            Dimension::Remote => {
                if let Some(remote) = row.remote {
                    tally.add(remote, sum(None));
                }
            }
            Dimension::Port => {
                let protocol = protocol(row.protocol);
                match (row.local_port, row.remote_port) {
                    (Some(local), Some(remote))
                        if ServicePorts::is_doubtful(local, remote)
                            && self.doubtful.len() < MOST_DOUBTFUL =>
                    {
                        let known = self.doubtful.entry((protocol, local, remote));
                        known
                            .and_modify(|known| known.add(&sum(None)))
                            .or_insert_with(|| sum(None));
                    }
                    (local, remote) => {
                        if let Some(port) = local.into_iter().chain(remote).min() {
                            tally.add(&port_label(protocol, port), sum(None));
                        }
                    }
                }
            }
            Dimension::Connection => {
                key.clear();
                // The length of the first name keeps two connections apart whose names together read the same.
                let (local, remote) = (row.local_port.unwrap_or(0), row.remote_port.unwrap_or(0));
                write!(
                    key,
                    "{} {local} {remote} {} {owner}{}",
                    owner.len(),
                    protocol(row.protocol),
                    row.remote.unwrap_or_default()
                )
                .expect("a String takes any text");
                if let Some(known) = tally.known(key) {
                    known.add(&sum(None));
                    return;
                }
                let detail = Connection {
                    process: owner.to_owned(),
                    remote: row.remote.map(str::to_owned),
                    remote_port: row.remote_port,
                    local_port: row.local_port,
                    protocol: row.protocol.map(str::to_owned),
                    port: None,
                };
                tally.add(key, sum(Some(detail)));
            }
        }
    }

    fn merge(&mut self, other: Names, by: &[Dimension]) {
        if self.tallies.is_empty() {
            *self = other;
            return;
        }
        for (tally, more) in self.tallies.iter_mut().zip(other.tallies) {
            tally.merge(more);
        }
        for (key, sum) in other.doubtful {
            if let Some(known) = self.doubtful.get_mut(&key) {
                known.add(&sum);
            } else if self.doubtful.len() < MOST_DOUBTFUL {
                self.doubtful.insert(key, sum);
            } else {
                let (protocol, local, remote) = key;
                self.book_port(by, &port_label(protocol, local.min(remote)), &sum);
            }
        }
    }

    /// Books what waited until all connections were known.
    pub(super) fn settle(&mut self, by: &[Dimension], services: &ServicePorts) {
        for ((name, local, remote), sum) in std::mem::take(&mut self.doubtful) {
            let port = services.of(Some(name), Some(local), Some(remote));
            let label = port_label(name, port.unwrap_or(remote));
            self.book_port(by, &label, &sum);
        }
    }

    fn book_port(&mut self, by: &[Dimension], label: &str, sum: &Sum<Option<Connection>>) {
        for (tally, by) in self.tallies.iter_mut().zip(by) {
            if *by == Dimension::Port {
                tally.add(label, sum.clone());
            }
        }
    }
}

/// The five minutes of a day, each with its first second.
fn five_minutes(day: UtcDay, digest: &Digest) -> impl Iterator<Item = (i64, &store::FiveMinutes)> {
    let start = day.seconds().start;
    let held = digest.five_minutes.iter();
    held.map(move |(number, held)| (start + i64::from(*number) * 300, held))
}

fn protocol(name: Option<&str>) -> &'static str {
    match name {
        Some("tcp") => "tcp",
        Some("udp") => "udp",
        _ => "",
    }
}

/// A port as tables show it: `tcp/443`.
pub(super) fn port_label(protocol: &str, port: u16) -> String {
    match protocol {
        "" => port.to_string(),
        _ => format!("{protocol}/{port}"),
    }
}
