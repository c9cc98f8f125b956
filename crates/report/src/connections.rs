//! Every connection of the period, compact; and one connection as people read it.

use std::cmp::Ordering;
use std::hash::{BuildHasher as _, Hash, Hasher};

use display::Moment;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use traffic::{RowView, ServicePorts, Volume};

use crate::UNKNOWN;
use crate::arithmetic::rate;
use crate::texts::{Name, Ranks, Texts};

display::twin!(upload_bps => upload_bytes_per_second: u64);
display::twin!(download_bps => download_bytes_per_second: u64);

/// One connection of the report. What the log does not tell is `None`: logs without connection rows
/// give entries with a process or a peer alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// Owner, `<UNKNOWN>` where bandwhich found none. `None` if the log does not tell.
    pub process: Option<String>,
    /// Process id. `None` if the log does not tell; plain bandwhich logs never do.
    pub pid: Option<u32>,
    /// Interface. `None` if the log does not tell.
    pub interface: Option<String>,
    /// Local port. `None` if the log does not tell.
    pub local_port: Option<u16>,
    /// Peer, an address or a host name. `None` if the log does not tell.
    pub remote_address: Option<String>,
    /// Peer's port. `None` if the log does not tell.
    pub remote_port: Option<u16>,
    /// `tcp` or `udp`. `None` if the log does not tell.
    pub protocol: Option<String>,
    /// Mean bytes per second sent, over the seconds observed in the period.
    #[serde(flatten, with = "upload_bps")]
    pub upload_bps: u64,
    /// Mean bytes per second received, over the seconds observed in the period.
    #[serde(flatten, with = "download_bps")]
    pub download_bps: u64,
    /// Bytes sent.
    pub upload_bytes: u64,
    /// Bytes received.
    pub download_bytes: u64,
    /// First refresh that showed it.
    pub first_seen: Moment,
    /// Last refresh that showed it.
    pub last_seen: Moment,
}

/// A [`Connection`] with borrowed texts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConnectionView<'a> {
    /// Owner. `None` if the log does not tell.
    pub process: Option<&'a str>,
    /// Process id. `None` if the log does not tell.
    pub pid: Option<u32>,
    /// Interface. `None` if the log does not tell.
    pub interface: Option<&'a str>,
    /// Local port. `None` if the log does not tell.
    pub local_port: Option<u16>,
    /// Peer. `None` if the log does not tell.
    pub remote_address: Option<&'a str>,
    /// Peer's port. `None` if the log does not tell.
    pub remote_port: Option<u16>,
    /// `tcp` or `udp`. `None` if the log does not tell.
    pub protocol: Option<&'a str>,
    /// Mean bytes per second, over the seconds observed in the period.
    pub rate: Volume,
    /// Bytes.
    pub volume: Volume,
    /// First refresh that showed it.
    pub first_seen: Moment,
    /// Last refresh that showed it.
    pub last_seen: Moment,
}

impl ConnectionView<'_> {
    /// With texts of its own.
    pub fn to_connection(&self) -> Connection {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Connection {
            process: owned(self.process),
            pid: self.pid,
            interface: owned(self.interface),
            local_port: self.local_port,
            remote_address: owned(self.remote_address),
            remote_port: self.remote_port,
            protocol: owned(self.protocol),
            upload_bps: self.rate.up,
            download_bps: self.rate.down,
            upload_bytes: self.volume.up,
            download_bytes: self.volume.down,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
        }
    }
}

impl Connection {
    /// With borrowed texts.
    pub fn view(&self) -> ConnectionView<'_> {
        ConnectionView {
            process: self.process.as_deref(),
            pid: self.pid,
            interface: self.interface.as_deref(),
            local_port: self.local_port,
            remote_address: self.remote_address.as_deref(),
            remote_port: self.remote_port,
            protocol: self.protocol.as_deref(),
            rate: Volume {
                up: self.upload_bps,
                down: self.download_bps,
            },
            volume: Volume {
                up: self.upload_bytes,
                down: self.download_bytes,
            },
            first_seen: self.first_seen,
            last_seen: self.last_seen,
        }
    }
}

/// What tells connections apart: 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) process: Option<Name>,
    pub(crate) pid: Option<u32>,
    pub(crate) interface: Option<Name>,
    pub(crate) local_port: Option<u16>,
    pub(crate) remote: Option<Name>,
    pub(crate) remote_port: Option<u16>,
    pub(crate) protocol: Option<Name>,
}

impl Hash for Key {
    /// Four numbers: a day may have millions of connections.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let name = |name: Option<Name>| name.map_or(0, |name| u64::from(name.number()));
        let port = |port: Option<u16>| port.map_or(0, |port| u64::from(port) + 1);
        state.write_u64(name(self.process) << 32 | name(self.remote));
        state.write_u64(name(self.interface) << 32 | name(self.protocol));
        state.write_u64(port(self.local_port) << 32 | port(self.remote_port));
        state.write_u64(self.pid.map_or(0, |pid| u64::from(pid) + 1));
    }
}

/// What one of them moved: 64 bytes with its key.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) volume: Volume,
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl Entry {
    /// Whether the log showed it as a connection, with peer and port.
    pub(crate) fn is_connection(&self) -> bool {
        self.key.remote.is_some() && self.key.remote_port.is_some()
    }

    /// Bytes of both directions.
    pub(crate) fn total(&self) -> u128 {
        u128::from(self.volume.up) + u128::from(self.volume.down)
    }
}

/// All connections by key.
#[derive(Default)]
pub(crate) struct Connections {
    pub(crate) texts: Texts,
    pub(crate) entries: Vec<Entry>,
    table: HashTable<u32>,
    /// Interface and protocol of the last row, which most rows share.
    last: [Option<Name>; 2],
}

impl Connections {
    /// Adds a row to its connection.
    pub(crate) fn add(&mut self, row: &RowView<'_>) {
        let texts = &mut self.texts;
        let [interface, protocol] = &mut self.last;
        let key = Key {
            process: row.process.map(|text| texts.intern(text)),
            pid: row.pid,
            interface: texts.intern_again(row.interface, interface),
            local_port: row.local_port,
            remote: row.remote.map(|text| texts.intern(text)),
            remote_port: row.remote_port,
            protocol: texts.intern_again(row.protocol, protocol),
        };
        let entries = &mut self.entries;
        if let Some(&at) = self
            .table
            .find(hash(&key), |&at| entries[at as usize].key == key)
        {
            let entry = &mut entries[at as usize];
            entry.volume.add(row.volume);
            entry.first = entry.first.min(row.first_seen);
            entry.last = entry.last.max(row.last_seen);
            return;
        }
        let at = u32::try_from(entries.len()).expect("fewer than 2^32 connections fit into memory");
        entries.push(Entry {
            key,
            volume: row.volume,
            first: row.first_seen,
            last: row.last_seen.max(row.first_seen),
        });
        let entries = &self.entries;
        self.table
            .insert_unique(hash(&key), at, |&at| hash(&entries[at as usize].key));
    }

    /// Ends the adding: most bytes first, then by name, whatever order the rows came in.
    pub(crate) fn close(mut self, zone: TimeZone, observed_seconds: u64) -> ClosedConnections {
        self.table = HashTable::new();
        let unknown = self.texts.find(UNKNOWN);
        self.texts.close();
        // Short connections by the thousand are alike in their bytes.
        let ranks = self.texts.ranks();
        self.entries.sort_unstable_by(|a, b| {
            let bytes = b.total().cmp(&a.total());
            bytes.then_with(|| by_name(&ranks, &a.key, &b.key))
        });
        ClosedConnections {
            texts: self.texts,
            entries: self.entries,
            unknown,
            zone,
            observed_seconds,
        }
    }
}

fn by_name(ranks: &Ranks, a: &Key, b: &Key) -> Ordering {
    let text = |name: Option<Name>| name.map(|name| ranks.of(name));
    text(a.process)
        .cmp(&text(b.process))
        .then_with(|| text(a.remote).cmp(&text(b.remote)))
        .then_with(|| a.remote_port.cmp(&b.remote_port))
        .then_with(|| a.local_port.cmp(&b.local_port))
        .then_with(|| text(a.protocol).cmp(&text(b.protocol)))
        .then_with(|| text(a.interface).cmp(&text(b.interface)))
        .then_with(|| a.pid.cmp(&b.pid))
}

fn hash(key: &Key) -> u64 {
    FixedState::with_seed(0x6e6d).hash_one(key)
}

/// All connections in the order of the report.
pub(crate) struct ClosedConnections {
    pub(crate) texts: Texts,
    pub(crate) entries: Vec<Entry>,
    unknown: Option<Name>,
    zone: TimeZone,
    observed_seconds: u64,
}

impl ClosedConnections {
    /// Whether an owner is none that bandwhich found.
    pub(crate) fn is_unknown(&self, owner: Name) -> bool {
        self.unknown == Some(owner)
    }

    /// Which ports are services'.
    pub(crate) fn service_ports(&self) -> ServicePorts {
        let mut ports = ServicePorts::default();
        for Entry { key, .. } in &self.entries {
            let protocol = key.protocol.map(|name| self.texts.get(name));
            ports.note(protocol, key.local_port, key.remote_port);
        }
        ports
    }

    /// Each connection, texts included.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ConnectionView<'_>> {
        self.entries.iter().map(|entry| {
            let text = |name: Option<Name>| name.map(|name| self.texts.get(name));
            let key = &entry.key;
            ConnectionView {
                process: text(key.process),
                pid: key.pid,
                interface: text(key.interface),
                local_port: key.local_port,
                remote_address: text(key.remote),
                remote_port: key.remote_port,
                protocol: text(key.protocol),
                rate: entry.volume.map(|bytes| rate(bytes, self.observed_seconds)),
                volume: entry.volume,
                first_seen: Moment::new(entry.first, &self.zone),
                last_seen: Moment::new(entry.last, &self.zone),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_takes_64_bytes() {
        assert_eq!(size_of::<Entry>(), 64);
    }
}
