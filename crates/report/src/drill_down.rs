//! What one process did: whom it talked to, over which services.
//!
//! One pass over all connections, of which a busy day has hundreds of thousands: they are only sorted
//! by process there, and each process is added up by itself, so that no more than its own peers are held.

use std::collections::HashMap;
use std::hash::Hash;

use display::Moment;
use foldhash::fast::FixedState;
use traffic::Volume;

use crate::connections::Entry;
use crate::ranking::sum;
use crate::texts::Name;
use crate::{Report, UNKNOWN};

/// What a process did.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DrillDown {
    /// The remotes that moved most, most bytes first.
    pub(crate) remotes: Vec<Part<String>>,
    /// How many remotes there are.
    pub(crate) remotes_total: usize,
    /// The services that moved most, most bytes first: port and protocol.
    pub(crate) services: Vec<Part<(u16, Option<String>)>>,
    /// How many services there are.
    pub(crate) services_total: usize,
}

/// A part of what a process moved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part<K> {
    /// Which.
    pub(crate) key: K,
    /// Bytes.
    pub(crate) volume: Volume,
    /// First refresh that showed it.
    pub(crate) first_seen: Moment,
    /// Last refresh that showed it.
    pub(crate) last_seen: Moment,
}

/// Bytes, and the first and the last second.
type Sum = (Volume, i64, i64);
type Sums<K> = HashMap<K, Sum, FixedState>;

impl Report {
    /// What each of the first `processes` of the report's list did, with at most `most` remotes and services
    /// each. Empty in a report that was read back from JSON.
    pub(crate) fn drill_down(&self, processes: usize, most: usize) -> Vec<DrillDown> {
        let Some(all) = &self.every_connection else {
            return Vec::new();
        };
        let listed = self.top_processes.iter().take(processes);
        let places: HashMap<&str, usize, FixedState> = listed
            .map(|process| process.name.as_str())
            .zip(0..)
            .collect();
        let mut entries: Vec<Vec<&Entry>> = vec![Vec::new(); places.len()];
        for entry in &all.entries {
            let owner = entry
                .key
                .process
                .map_or(UNKNOWN, |name| all.texts.get(name));
            if let Some(&place) = places.get(owner) {
                entries[place].push(entry);
            }
        }
        let services = all.service_ports();
        let text = |name: Name| all.texts.get(name);
        let mut found = Vec::with_capacity(entries.len());
        for entries in entries {
            let mut of_remotes: Sums<Name> = Sums::default();
            let mut of_services: Sums<(u16, Option<&str>)> = Sums::default();
            for entry in entries {
                let key = &entry.key;
                let protocol = key.protocol.map(text);
                if let Some(remote) = key.remote {
                    add(&mut of_remotes, remote, entry);
                }
                if let Some(port) = services.of(protocol, key.local_port, key.remote_port) {
                    add(&mut of_services, (port, protocol), entry);
                }
            }
            let of_remotes = of_remotes.into_iter().map(|(name, sum)| (text(name), sum));
            let (remotes, remotes_total) = self.largest(of_remotes, most, str::to_owned);
            let (services, services_total) = self.largest(of_services, most, |(port, protocol)| {
                (port, protocol.map(str::to_owned))
            });
            found.push(DrillDown {
                remotes,
                remotes_total,
                services,
                services_total,
            });
        }
        found
    }

    /// The parts with most bytes, and how many there are.
    fn largest<K: Ord + Copy, T>(
        &self,
        sums: impl IntoIterator<Item = (K, Sum)>,
        most: usize,
        owned: impl Fn(K) -> T,
    ) -> (Vec<Part<T>>, usize) {
        let mut sums: Vec<(K, Sum)> = sums.into_iter().collect();
        let total = sums.len();
        sums.sort_unstable_by(|(key, (volume, ..)), (other, (than, ..))| {
            sum(*than).cmp(&sum(*volume)).then_with(|| key.cmp(other))
        });
        sums.truncate(most);
        let parts = sums.into_iter().map(|(key, (volume, first, last))| Part {
            key: owned(key),
            volume,
            first_seen: Moment::new(first, &self.zone),
            last_seen: Moment::new(last, &self.zone),
        });
        (parts.collect(), total)
    }
}

fn add<K: Eq + Hash>(sums: &mut Sums<K>, key: K, entry: &Entry) {
    let (volume, first, last) = sums
        .entry(key)
        .or_insert((Volume::ZERO, i64::MAX, i64::MIN));
    volume.add(entry.volume);
    *first = entry.first.min(*first);
    *last = entry.last.max(*last);
}
