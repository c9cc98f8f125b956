//! The lists: who moved most.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use display::Moment;
use foldhash::fast::FixedState;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use traffic::Volume;

use crate::UNKNOWN;
use crate::arithmetic::{rate, share};
use crate::connections::{ClosedConnections, Entry};
use crate::texts::{Name, Texts};

display::twin!(upload_bps => upload_bytes_per_second: u64);
display::twin!(download_bps => download_bytes_per_second: u64);

/// Processes that are named beside a peer.
const MAX_PROCESSES: usize = 10;
/// A hostile log can name any number of interfaces.
const MAX_INTERFACES: usize = 100;

type Map<K, V> = HashMap<K, V, FixedState>;

/// A process, all its connections together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopProcess {
    /// Process id. `None` if the log does not tell, or where several processes share the name.
    pub pid: Option<u32>,
    /// Its name; `<UNKNOWN>` is all traffic without a known owner.
    pub name: String,
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
    /// Its part of all bytes, from 0 to 1.
    pub share: f64,
    /// Distinct connections, of those that the log shows as connections.
    pub connections: u64,
    /// Distinct peers.
    pub remotes: u64,
    /// First refresh that showed it.
    pub first_seen: Moment,
    /// Last refresh that showed it.
    pub last_seen: Moment,
}

/// A peer, all its connections together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopRemote {
    /// Address or host name.
    pub address: String,
    /// Mean bytes per second sent to it, over the seconds observed in the period.
    #[serde(flatten, with = "upload_bps")]
    pub upload_bps: u64,
    /// Mean bytes per second received from it, over the seconds observed in the period.
    #[serde(flatten, with = "download_bps")]
    pub download_bps: u64,
    /// Bytes sent to it.
    pub upload_bytes: u64,
    /// Bytes received from it.
    pub download_bytes: u64,
    /// Its part of all bytes, from 0 to 1.
    pub share: f64,
    /// Processes that spoke with it, most bytes first, at most ten.
    pub processes: Vec<String>,
}

/// A service's port, by [`traffic::ServicePorts`]: the same for its server and its clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopPort {
    /// Port.
    pub port: u16,
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
    /// Its part of all bytes, from 0 to 1.
    pub share: f64,
}

/// A protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopProtocol {
    /// `tcp` or `udp`.
    pub name: String,
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
    /// Its part of all bytes, from 0 to 1.
    pub share: f64,
}

/// An interface.
pub type TopInterface = TopProtocol;

/// What the lists are made from.
pub(crate) struct Ranking<'a> {
    pub(crate) connections: &'a ClosedConnections,
    pub(crate) zone: &'a TimeZone,
    /// All bytes of the period.
    pub(crate) total: u128,
    pub(crate) observed_seconds: u64,
    pub(crate) top_n: usize,
}

#[derive(Clone, Copy)]
struct Tally {
    volume: Volume,
    first: i64,
    last: i64,
    connections: u64,
    /// The pid, as long as there is one alone.
    pid: Option<u32>,
}

impl Ranking<'_> {
    pub(crate) fn processes(&self) -> Vec<TopProcess> {
        let mut tallies: Map<Option<Name>, Tally> = Map::default();
        for entry in &self.connections.entries {
            let tally = tallies.entry(self.owner(entry)).or_insert(Tally {
                volume: Volume::ZERO,
                first: entry.first,
                last: entry.last,
                connections: 0,
                pid: entry.key.pid,
            });
            tally.volume.add(entry.volume);
            tally.first = tally.first.min(entry.first);
            tally.last = tally.last.max(entry.last);
            tally.connections += u64::from(entry.is_connection());
            tally.pid = tally.pid.filter(|_| tally.pid == entry.key.pid);
        }
        let by_text = tallies.into_iter().map(|(owner, tally)| {
            let text = owner.map_or(UNKNOWN, |name| self.texts().get(name));
            (text, (owner, tally))
        });
        let top = self.most(by_text, self.top_n, |(_, tally)| tally.volume);
        let mut peers: Map<Option<Name>, HashSet<Name, FixedState>> = top
            .iter()
            .map(|(_, (owner, _))| (*owner, HashSet::default()))
            .collect();
        for entry in &self.connections.entries {
            if let (Some(peers), Some(peer)) = (peers.get_mut(&self.owner(entry)), entry.key.remote)
            {
                peers.insert(peer);
            }
        }
        top.into_iter()
            .map(|(name, (owner, tally))| TopProcess {
                pid: tally.pid,
                name: name.to_owned(),
                upload_bps: self.rate(tally.volume.up),
                download_bps: self.rate(tally.volume.down),
                upload_bytes: tally.volume.up,
                download_bytes: tally.volume.down,
                share: self.share(tally.volume),
                connections: tally.connections,
                remotes: peers.get(&owner).map_or(0, |peers| peers.len() as u64),
                first_seen: Moment::new(tally.first, self.zone),
                last_seen: Moment::new(tally.last, self.zone),
            })
            .collect()
    }

    /// Peers of connections, and those that the log only names beside.
    pub(crate) fn remotes(&self, beside: &Map<Name, Volume>) -> Vec<TopRemote> {
        let mut volumes: Map<Name, Volume> = beside.clone();
        for entry in &self.connections.entries {
            if let Some(remote) = entry.key.remote {
                volumes.entry(remote).or_default().add(entry.volume);
            }
        }
        let texts = self.texts();
        let by_text = volumes
            .into_iter()
            .map(|(name, volume)| (texts.get(name), (name, volume)));
        let top = self.most(by_text, self.top_n, |(_, volume)| *volume);
        let mut owners: Map<Name, Map<Name, Volume>> = top
            .iter()
            .map(|(_, (remote, _))| (*remote, Map::default()))
            .collect();
        for entry in &self.connections.entries {
            let (Some(remote), Some(process)) = (entry.key.remote, entry.key.process) else {
                continue;
            };
            if let Some(owners) = owners.get_mut(&remote) {
                owners.entry(process).or_default().add(entry.volume);
            }
        }
        top.into_iter()
            .map(|(remote, (name, volume))| TopRemote {
                address: remote.to_owned(),
                upload_bps: self.rate(volume.up),
                download_bps: self.rate(volume.down),
                upload_bytes: volume.up,
                download_bytes: volume.down,
                share: self.share(volume),
                processes: {
                    let owners = owners.remove(&name).unwrap_or_default();
                    let by_text = owners
                        .into_iter()
                        .map(|(name, volume)| (texts.get(name), volume));
                    let most = self.most(by_text, MAX_PROCESSES, |volume| *volume);
                    most.into_iter().map(|(name, _)| name.to_owned()).collect()
                },
            })
            .collect()
    }

    pub(crate) fn ports(&self) -> Vec<TopPort> {
        let services = self.connections.service_ports();
        let text = |protocol: Option<Name>| protocol.map(|name| self.texts().get(name));
        let volumes = self.sum_by(|entry| {
            let key = &entry.key;
            let port = services.of(text(key.protocol), key.local_port, key.remote_port)?;
            Some((port, key.protocol))
        });
        let by_text = volumes.into_iter();
        let by_text = by_text.map(|((port, protocol), volume)| ((port, text(protocol)), volume));
        let top = self.most(by_text, self.top_n, |volume| *volume);
        top.into_iter()
            .map(|((port, protocol), volume)| TopPort {
                port,
                protocol: protocol.map(str::to_owned),
                upload_bps: self.rate(volume.up),
                download_bps: self.rate(volume.down),
                upload_bytes: volume.up,
                download_bytes: volume.down,
                share: self.share(volume),
            })
            .collect()
    }

    pub(crate) fn protocols(&self) -> Vec<TopProtocol> {
        self.plain(MAX_INTERFACES, |entry| entry.key.protocol)
    }

    pub(crate) fn interfaces(&self) -> Vec<TopInterface> {
        self.plain(MAX_INTERFACES, |entry| entry.key.interface)
    }

    fn plain(&self, most: usize, key: impl Fn(&Entry) -> Option<Name>) -> Vec<TopProtocol> {
        let volumes = self.sum_by(key).into_iter();
        let by_text = volumes.map(|(name, volume)| (self.texts().get(name), volume));
        let top = self.most(by_text, most, |volume| *volume);
        top.into_iter()
            .map(|(name, volume)| TopProtocol {
                name: name.to_owned(),
                upload_bps: self.rate(volume.up),
                download_bps: self.rate(volume.down),
                upload_bytes: volume.up,
                download_bytes: volume.down,
                share: self.share(volume),
            })
            .collect()
    }

    fn sum_by<K: Eq + Hash>(&self, key: impl Fn(&Entry) -> Option<K>) -> Map<K, Volume> {
        let mut volumes = Map::default();
        for entry in &self.connections.entries {
            if let Some(key) = key(entry) {
                let volume: &mut Volume = volumes.entry(key).or_default();
                volume.add(entry.volume);
            }
        }
        volumes
    }

    /// The first `count` by bytes, then by key.
    fn most<K: Ord, T>(
        &self,
        items: impl IntoIterator<Item = (K, T)>,
        count: usize,
        volume: impl Fn(&T) -> Volume,
    ) -> Vec<(K, T)> {
        let mut list: Vec<(K, T)> = items.into_iter().collect();
        list.sort_unstable_by(|a, b| {
            sum(volume(&b.1))
                .cmp(&sum(volume(&a.1)))
                .then_with(|| a.0.cmp(&b.0))
        });
        list.truncate(count);
        list
    }

    /// `None` where bandwhich found none, or the log does not tell.
    fn owner(&self, entry: &Entry) -> Option<Name> {
        entry
            .key
            .process
            .filter(|name| !self.connections.is_unknown(*name))
    }

    fn texts(&self) -> &Texts {
        &self.connections.texts
    }

    fn rate(&self, bytes: u64) -> u64 {
        rate(bytes, self.observed_seconds)
    }

    fn share(&self, volume: Volume) -> f64 {
        share(sum(volume), self.total)
    }
}

/// Bytes of both directions, exactly.
pub(crate) fn sum(volume: Volume) -> u128 {
    u128::from(volume.up) + u128::from(volume.down)
}
