//! When each entry of a report's lists was busy: a second pass over its rows, so that series are
//! kept of the few entries that are listed and not of all that might have been.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use traffic::{RowView, ServicePorts, Table};

use crate::{Report, UNKNOWN};

/// Steps of a series.
const STEPS: usize = 48;

type Places<K, V = usize> = HashMap<K, V, FixedState>;

/// Bytes of both directions of each listed entry, in equal parts of the period.
pub struct Traces {
    start: i64,
    seconds: i64,
    include_loopback: bool,
    places: [Places<String>; 4],
    /// Few protocols share a port.
    port_places: Places<u16, Vec<(Option<String>, usize)>>,
    services: ServicePorts,
    lists: [Vec<Vec<u64>>; 5],
}

/// Which list of a report a series belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Processes,
    Remotes,
    Protocols,
    Interfaces,
    Ports,
}

impl Traces {
    /// Empty series for the entries of the report's lists.
    pub fn new(report: &Report, include_loopback: bool) -> Self {
        fn places<'a>(names: impl Iterator<Item = &'a String>) -> Places<String> {
            names.cloned().zip(0..).collect()
        }
        let places = [
            places(report.top_processes.iter().map(|entry| &entry.name)),
            places(report.top_remotes.iter().map(|entry| &entry.address)),
            places(report.protocols.iter().map(|entry| &entry.name)),
            places(report.interfaces.iter().map(|entry| &entry.name)),
        ];
        let mut port_places: Places<u16, Vec<_>> = Places::default();
        for (place, entry) in report.top_ports.iter().enumerate() {
            let of_port = port_places.entry(entry.port).or_default();
            of_port.push((entry.protocol.clone(), place));
        }
        let empty = |count: usize| vec![vec![0; STEPS]; count];
        let [processes, remotes, protocols, interfaces] =
            places.each_ref().map(|places| empty(places.len()));
        let (start, end) = (
            report.period.start.as_second(),
            report.period.end.as_second(),
        );
        Traces {
            start,
            seconds: end.saturating_sub(start).max(1),
            include_loopback,
            lists: [
                processes,
                remotes,
                protocols,
                interfaces,
                empty(report.top_ports.len()),
            ],
            places,
            port_places,
            services: report.service_ports(),
        }
    }

    /// Adds a stored row, one of those that the report was made from.
    pub fn row(&mut self, row: &RowView<'_>) {
        let counts = match row.table {
            Table::Traffic => true,
            Table::Loopback => self.include_loopback,
            Table::Apart | Table::Peers => false,
        };
        let at = row.bucket.saturating_sub(self.start);
        if !counts || !(0..self.seconds).contains(&at) {
            return;
        }
        let step = i128::from(at) * STEPS as i128 / i128::from(self.seconds);
        let step = usize::try_from(step).unwrap_or(0).min(STEPS - 1);
        let names = [
            Some(row.process.unwrap_or(UNKNOWN)),
            row.remote,
            row.protocol,
            row.interface,
        ];
        let mut add = |list: usize, entry: usize| {
            let volume = &mut self.lists[list][entry][step];
            *volume = volume.saturating_add(row.volume.total());
        };
        for (list, name) in names.into_iter().enumerate() {
            if let Some(&entry) = name.and_then(|name| self.places[list].get(name)) {
                add(list, entry);
            }
        }
        let services = &self.services;
        if let Some(port) = services.of(row.protocol, row.local_port, row.remote_port) {
            let of_port = self.port_places.get(&port).into_iter().flatten();
            for (protocol, entry) in of_port {
                if protocol.as_deref() == row.protocol {
                    add(List::Ports as usize, *entry);
                }
            }
        }
    }

    /// The series of an entry.
    pub(crate) fn of(&self, list: List, entry: usize) -> &[u64] {
        self.lists[list as usize]
            .get(entry)
            .map_or(&[], Vec::as_slice)
    }
}
