//! A day in brief: how much in which five minutes, and who moved how much in which quarter of an hour.
//! Kept in the catalogue until the day gets news, so that looking back over weeks costs little.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Range, RangeInclusive};

use foldhash::fast::FixedState;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use traffic::{ServicePorts, Table, UtcDay, Volume, observed_seconds};

use crate::partition::Kind;
use crate::segment::BriefRow;
use crate::{Result, Store, segment};

/// Seconds of five minutes: carriers bill by them.
const FIVE_MINUTES: i64 = 300;
/// Seconds of a quarter of an hour: every zone's hours fit.
const QUARTER: i64 = 900;
/// Names of a kind that a day keeps; a hostile log has any number.
const MOST_NAMES: usize = 10_000;
/// Names of a kind of which a day keeps the quarters: those that moved most.
const MOST_TRACED: usize = 200;

/// Five minutes. Buckets that are longer count in their first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiveMinutes {
    /// Bytes.
    pub volume: Volume,
    /// Seconds observed.
    pub observed: u64,
}

/// Someone seen on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The quarter of the day that first showed it.
    pub first: u8,
    /// By number of the quarter, bytes sent and received. Empty for those that moved little among many.
    pub quarters: Vec<(u8, u64, u64)>,
}

impl Seen {
    /// The second from which on it was seen, to a quarter of an hour, on the day that begins with a second.
    pub fn since(&self, day: i64) -> i64 {
        quarter_start(day, self.first)
    }
}

/// The first second of a quarter of the day that begins with a second.
pub fn quarter_start(day: i64, quarter: u8) -> i64 {
    day + i64::from(quarter) * QUARTER
}

/// A day (UTC) of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// By number of the five minutes of the day.
    pub five_minutes: BTreeMap<u16, FiveMinutes>,
    /// Processes.
    pub processes: BTreeMap<String, Seen>,
    /// Peers.
    pub remotes: BTreeMap<String, Seen>,
    /// Services' ports, like `tcp/443`.
    pub ports: BTreeMap<String, Seen>,
    /// Whether there were more names than are kept.
    pub names_cut: bool,
}

impl Store {
    /// The digests of the days (UTC) that hold a stretch of time, each with the second it begins.
    ///
    /// # Errors
    /// If the catalogue or a segment cannot be read.
    pub fn digests(
        &self,
        host: &str,
        seconds: Range<i64>,
        loopback: bool,
    ) -> Result<Vec<(i64, Digest)>> {
        let days = UtcDay::of_seconds(&seconds);
        let days = days.start().number()..=days.end().number();
        let mut known = self.known_digests(host, &days, loopback)?;
        days.map(UtcDay::from_number)
            .map(|day| {
                let digest = match known.remove(&day.number()) {
                    Some(known) => known,
                    None => self.make_digest(host, day, loopback)?,
                };
                Ok((day.seconds().start, digest))
            })
            .collect()
    }

    /// The digest of a day (UTC), if it is kept: it costs no look at the rows.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn kept_digest(&self, host: &str, day: UtcDay, loopback: bool) -> Result<Option<Digest>> {
        let day = day.number();
        Ok(self
            .known_digests(host, &(day..=day), loopback)?
            .remove(&day))
    }

    fn known_digests(
        &self,
        host: &str,
        days: &RangeInclusive<i64>,
        loopback: bool,
    ) -> Result<HashMap<i64, Digest>> {
        let mut query = self.catalog.prepare_cached(
            "SELECT day, content FROM digest \
             WHERE host = ?1 AND day BETWEEN ?2 AND ?3 AND loopback = ?4",
        )?;
        let known = query.query_map(params![host, days.start(), days.end(), loopback], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let known: Vec<(i64, String)> = known.collect::<rusqlite::Result<_>>()?;
        // What cannot be read is made again.
        let read =
            |(day, content): (i64, String)| Some((day, serde_json::from_str(&content).ok()?));
        Ok(known.into_iter().filter_map(read).collect())
    }

    fn make_digest(&self, host: &str, day: UtcDay, loopback: bool) -> Result<Digest> {
        let mut digest = Digest::default();
        let seconds = day.seconds();
        let mut facts = self.read_facts(host, seconds.clone())?;
        for facts in facts.chunk_by_mut(|one, next| one.bucket == next.bucket) {
            let number = (facts[0].bucket - seconds.start) / FIVE_MINUTES;
            let number = u16::try_from(number).unwrap_or(0);
            let entry = digest.five_minutes.entry(number).or_default();
            entry.observed += observed_seconds(facts);
        }
        let mut names = Names::default();
        for table in Table::ALL {
            if table == Table::Apart || (table == Table::Loopback && !loopback) {
                continue;
            }
            for file in self.segments(host, Kind::Rows(table), &seconds)? {
                segment::read_brief(&file?, |row| {
                    if !seconds.contains(&row.bucket) {
                        return;
                    }
                    let second = row.bucket - seconds.start;
                    if table != Table::Peers {
                        let number = u16::try_from(second / FIVE_MINUTES).unwrap_or(0);
                        let entry = digest.five_minutes.entry(number).or_default();
                        entry.volume.add(row.volume);
                    }
                    names.add(&row, u8::try_from(second / QUARTER).unwrap_or(0));
                })?;
            }
        }
        names.finish(&mut digest);
        // Of a day without traffic, as those before a host's first log, nothing is kept.
        if self.is_writable() && digest != Digest::default() {
            let content = serde_json::to_string(&digest).unwrap_or_default();
            self.catalog.execute(
                "INSERT OR REPLACE INTO digest VALUES (?1, ?2, ?3, ?4)",
                params![host, day.number(), loopback, content],
            )?;
        }
        Ok(digest)
    }
}

type Traces<K> = HashMap<K, BTreeMap<u8, Volume>, FixedState>;

/// Who moved how much in which quarter.
#[derive(Default)]
struct Names {
    processes: Traces<String>,
    remotes: Traces<String>,
    ports: Traces<(&'static str, u16)>,
    /// Local and remote ports of which only all connections tell which is the service's.
    doubtful: Traces<(&'static str, u16, u16)>,
    services: ServicePorts,
    cut: bool,
}

impl Names {
    fn add(&mut self, row: &BriefRow<'_>, quarter: u8) {
        let Names {
            processes, remotes, ..
        } = self;
        for (name, traces) in [(row.process, processes), (row.remote, remotes)] {
            let Some(name) = name else { continue };
            if let Some(trace) = traces.get_mut(name) {
                trace.entry(quarter).or_default().add(row.volume);
            } else if traces.len() < MOST_NAMES {
                traces.insert(name.to_owned(), BTreeMap::from([(quarter, row.volume)]));
            } else {
                self.cut = true;
            }
        }
        let protocol = match row.protocol {
            Some("tcp") => "tcp",
            Some("udp") => "udp",
            _ => "",
        };
        let trace = match row.ports {
            [Some(local), Some(remote)]
                if ServicePorts::is_doubtful(local, remote) && self.doubtful.len() < MOST_NAMES =>
            {
                self.services
                    .note(Some(protocol), Some(local), Some(remote));
                self.doubtful.entry((protocol, local, remote)).or_default()
            }
            // There are no more ports than numbers and protocols.
            [local, remote] => match local.into_iter().chain(remote).min() {
                Some(port) => self.ports.entry((protocol, port)).or_default(),
                None => return,
            },
        };
        trace.entry(quarter).or_default().add(row.volume);
    }

    fn finish(mut self, digest: &mut Digest) {
        for ((protocol, local, remote), traces) in self.doubtful {
            let port = self.services.of(Some(protocol), Some(local), Some(remote));
            let trace = self
                .ports
                .entry((protocol, port.unwrap_or(remote)))
                .or_default();
            for (quarter, volume) in traces {
                trace.entry(quarter).or_default().add(volume);
            }
        }
        digest.names_cut = self.cut || self.ports.len() > MOST_NAMES;
        digest.processes = seen(self.processes, |name| name);
        digest.remotes = seen(self.remotes, |name| name);
        digest.ports = seen(self.ports, |(protocol, port)| match protocol {
            "" => port.to_string(),
            _ => format!("{protocol}/{port}"),
        });
    }
}

/// Keeps the quarters of those that moved most.
fn seen<K>(traces: Traces<K>, name: impl Fn(K) -> String) -> BTreeMap<String, Seen> {
    let sum = |trace: &BTreeMap<u8, Volume>| -> u64 {
        let all = trace.values().map(|volume| volume.total());
        all.fold(0, u64::saturating_add)
    };
    let mut all: Vec<_> = (traces.into_iter())
        .map(|(key, trace)| (sum(&trace), name(key), trace))
        .collect();
    all.sort_unstable_by(|one, other| (other.0, &one.1).cmp(&(one.0, &other.1)));
    all.truncate(MOST_NAMES);
    let of = |(place, (_, name, trace)): (usize, (u64, String, BTreeMap<u8, Volume>))| {
        let first = trace.keys().next().copied().unwrap_or(0);
        let quarters = if place < MOST_TRACED {
            (trace.into_iter())
                .map(|(quarter, volume)| (quarter, volume.up, volume.down))
                .collect()
        } else {
            Vec::new()
        };
        (name, Seen { first, quarters })
    };
    all.into_iter().enumerate().map(of).collect()
}
