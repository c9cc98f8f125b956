//! How many hosts met a process, a peer or a port.
//!
//! Every report of a day asks this about its own newcomers, and the answer needs the names of every other
//! host. So the names of all hosts are read once for a stretch of time, and the counts of those that
//! several hosts share are kept: 500 hosts cost 500 reads a day, not 250,000.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::RangeInclusive;

use analysis::{History, Subject};
use store::{Digest, Store};
use tracing::warn;
use traffic::UtcDay;

use crate::error::Result;
use crate::history::{HistoryRequest, LOOK_BACK};
use crate::hours::HOUR;

/// The kinds of names: a process and a port of the same name are two.
const PROCESS: u8 = 0;
const REMOTE: u8 = 1;
const PORT: u8 = 2;

/// Names that are held at a time while they are counted, each once for each of its hosts: 64 MB. 500 hosts
/// may have 16,000 names each.
const MOST_NAMES: usize = 8 << 20;
/// Names of one host, however few hosts there are.
const MOST_OF_HOST: usize = 1 << 20;
/// Counts that are kept, of all stretches of time together: 64 MB.
const MOST_KEPT: usize = 4 << 20;

/// Counts of the hosts that met each name, for the stretches of time that were asked for. They hold as long
/// as nothing is added to the history.
#[derive(Debug)]
pub(crate) struct HostCounts {
    /// Names are compared by hashes that nobody who chooses names can foresee.
    hasher: RandomState,
    /// The last one asked for is the last.
    windows: Vec<Window>,
    most_names: usize,
    most_kept: usize,
}

/// The names that at least two hosts met in a stretch of time.
#[derive(Debug)]
struct Window {
    days: RangeInclusive<i64>,
    loopback: bool,
    /// By their hashes, sorted: the number of hosts.
    shared: Vec<(u64, u32)>,
}

impl Default for HostCounts {
    fn default() -> Self {
        Self::with_room(MOST_NAMES, MOST_KEPT)
    }
}

impl HostCounts {
    /// Counts with room for so many names while they are counted, and for so many counts.
    pub(super) fn with_room(most_names: usize, most_kept: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            windows: Vec::new(),
            most_names,
            most_kept,
        }
    }

    /// How many stretches of time are kept.
    #[cfg(test)]
    pub(super) fn windows(&self) -> usize {
        self.windows.len()
    }

    /// Notes of each newcomer of a host's history how many other hosts met it in what is judged or in the
    /// eight weeks before.
    ///
    /// # Errors
    /// If the store cannot be read. What a damaged file of a host holds does not count.
    pub(crate) fn add(
        &mut self,
        store: &Store,
        wanted: &HistoryRequest<'_>,
        history: &mut History,
    ) -> Result<()> {
        if history.met.is_empty() {
            return Ok(());
        }
        let window = self.window(store, wanted)?;
        for met in &mut history.met {
            let hash = match &met.subject {
                Subject::Total => continue,
                Subject::Process(name) => self.hash(PROCESS, name),
                Subject::Remote(name) => self.hash(REMOTE, name),
                Subject::Port(name) => self.hash(PORT, name),
            };
            // The host itself is one of them.
            met.other_hosts = self.windows[window].hosts(hash).saturating_sub(1);
        }
        Ok(())
    }

    /// The place of the window that holds what is judged, which is made if it is not known.
    fn window(&mut self, store: &Store, wanted: &HistoryRequest<'_>) -> Result<usize> {
        let start = wanted.judged.start - LOOK_BACK * 24 * HOUR;
        let days = UtcDay::of_seconds(&(start..wanted.judged.end));
        let days = days.start().number()..=days.end().number();
        let is_it = |window: &Window| window.days == days && window.loopback == wanted.loopback;
        if let Some(known) = self.windows.iter().position(is_it) {
            return Ok(known);
        }
        let shared = self.shared_names(store, &days, wanted.loopback)?;
        self.windows.push(Window {
            days,
            loopback: wanted.loopback,
            shared,
        });
        let kept = |windows: &[Window]| -> usize {
            windows.iter().map(|window| window.shared.len()).sum()
        };
        while self.windows.len() > 1 && kept(&self.windows) > self.most_kept {
            self.windows.remove(0);
        }
        Ok(self.windows.len() - 1)
    }

    /// Counts the hosts of each name, and keeps the names of several.
    fn shared_names(
        &self,
        store: &Store,
        days: &RangeInclusive<i64>,
        loopback: bool,
    ) -> Result<Vec<(u64, u32)>> {
        let hosts = store.hosts()?;
        // A host with very many names takes no other host's place.
        let share = (self.most_names / hosts.len().max(1)).min(MOST_OF_HOST);
        let mut names: Vec<u64> = Vec::new();
        for host in &hosts {
            let mut of_host = HashSet::new();
            for day in days.clone() {
                files::check_interrupted()?;
                let seconds = UtcDay::from_number(day).seconds();
                match store.digests(host, seconds, loopback) {
                    Err(error) if error.is_damaged_file() => {
                        warn!("{host}: what it met is not compared with other hosts: {error}");
                    }
                    digests => {
                        for (_, digest) in digests? {
                            self.add_names(&digest, share, &mut of_host);
                        }
                    }
                }
            }
            names.extend(of_host);
        }
        names.sort_unstable();
        let counted = names.chunk_by(|one, next| one == next);
        let shared = counted.filter(|hosts| hosts.len() > 1);
        Ok(shared
            .map(|hosts| (hosts[0], u32::try_from(hosts.len()).unwrap_or(u32::MAX)))
            .collect())
    }

    fn add_names(&self, digest: &Digest, share: usize, names: &mut HashSet<u64>) {
        // In the order in which it matters that somebody is new everywhere.
        for (kind, met) in [
            (PROCESS, &digest.processes),
            (REMOTE, &digest.remotes),
            (PORT, &digest.ports),
        ] {
            let room = share.saturating_sub(names.len());
            names.extend(met.keys().take(room).map(|name| self.hash(kind, name)));
        }
    }

    fn hash(&self, kind: u8, name: &str) -> u64 {
        self.hasher.hash_one((kind, name))
    }
}

impl Window {
    /// The hosts that met a name: none of its own if only one did.
    fn hosts(&self, hash: u64) -> u32 {
        let known = self.shared.binary_search_by_key(&hash, |(hash, _)| *hash);
        known.map_or(0, |place| self.shared[place].1)
    }
}
