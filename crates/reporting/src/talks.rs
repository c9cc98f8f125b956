//! Who was talked to when.
//!
//! A talk begins with a refresh that shows a peer and port after at least one that does not, over all
//! connections: rows of the store end where a connection pauses. bandwhich's means keep a row for four
//! refreshes after its last packet, so what returns within five seconds is one talk.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use analysis::Talks;
use store::{Store, Stretch};
use traffic::Table;

use crate::error::{Error, Result};
use crate::history::HistoryRequest;

/// Peers and ports whose talks are kept; a hostile log has any number.
const MOST_KEYS: usize = 50_000;
/// Talks that are kept of all of them.
const MOST_TALKS: usize = 8_000_000;

/// Reads the talks of a stretch of time.
///
/// # Errors
/// If the store cannot be read.
pub fn read(store: &Store, wanted: &HistoryRequest<'_>, seconds: Range<i64>) -> Result<Vec<Talks>> {
    let mut found = TalkCollector::default();
    for table in [Table::Traffic, Table::Loopback] {
        if table == Table::Traffic || wanted.loopback {
            store.read_stretches::<Error>(wanted.host, table, seconds.clone(), |row| {
                found.add(row, wanted.resolution);
                Ok::<(), Error>(files::check_interrupted()?)
            })?;
        }
    }
    Ok(found.finish())
}

/// The talks found so far.
#[derive(Default)]
struct TalkCollector {
    /// By peer; most have one port.
    peers: HashMap<String, Vec<Peer>>,
    keys: usize,
    talks: usize,
}

/// A peer's port.
struct Peer {
    port: Option<u16>,
    protocol: Option<String>,
    processes: BTreeMap<String, u64>,
    /// The bucket in which each local port was last seen.
    ports: HashMap<u16, i64>,
    connections: u64,
    /// Stretches of the bucket at hand: first and last refresh, bytes.
    bucket: i64,
    stretches: Vec<Span>,
    spans: Vec<Span>,
}

type Span = (i64, i64, u64);

impl TalkCollector {
    fn add(&mut self, row: &Stretch<'_>, resolution: i64) {
        let Some(remote) = row.remote else { return };
        let is_known = self.peers.contains_key(remote);
        if !is_known {
            if self.keys >= MOST_KEYS {
                return;
            }
            self.peers.insert(remote.to_owned(), Vec::new());
        }
        let peers = self.peers.get_mut(remote).expect("it was just inserted");
        let is_its =
            |peer: &Peer| peer.port == row.remote_port && peer.protocol.as_deref() == row.protocol;
        let place = match peers.iter().position(is_its) {
            Some(place) => place,
            None if self.keys >= MOST_KEYS => return,
            None => {
                self.keys += 1;
                peers.push(Peer::new(row));
                peers.len() - 1
            }
        };
        let peer = &mut peers[place];
        if peer.bucket != row.bucket {
            self.talks += peer.close();
            peer.bucket = row.bucket;
        }
        if self.talks < MOST_TALKS {
            peer.stretches
                .push((row.first_seen, row.last_seen, row.volume.total()));
        }
        peer.note(row, resolution);
    }

    fn finish(self) -> Vec<Talks> {
        let has_ports = self
            .peers
            .values()
            .flatten()
            .any(|peer| peer.port.is_some());
        let mut talks: Vec<Talks> = Vec::new();
        for (remote, peers) in self.peers {
            // What address rows hold beyond connection rows is rounding, and no talk.
            let peers = peers
                .into_iter()
                .filter(|peer| peer.port.is_some() || !has_ports);
            talks.extend(peers.map(|peer| peer.finish(remote.clone())));
        }
        talks.sort_unstable_by(|one, other| {
            (&one.remote, one.port, &one.protocol).cmp(&(
                &other.remote,
                other.port,
                &other.protocol,
            ))
        });
        talks
    }
}

impl Peer {
    fn new(row: &Stretch<'_>) -> Self {
        Self {
            port: row.remote_port,
            protocol: row.protocol.map(str::to_owned),
            processes: BTreeMap::new(),
            ports: HashMap::new(),
            connections: 0,
            bucket: row.bucket,
            stretches: Vec::new(),
            spans: Vec::new(),
        }
    }

    /// Counts the row's connection and its owner.
    fn note(&mut self, row: &Stretch<'_>, resolution: i64) {
        // A port that skips a bucket is another connection's.
        let is_known = |bucket: i64| row.bucket.abs_diff(bucket) <= resolution.unsigned_abs();
        let before = row
            .local_port
            .map(|port| self.ports.insert(port, row.bucket));
        self.connections += u64::from(!before.flatten().is_some_and(is_known));
        if let Some(process) = row.process.filter(|name| *name != report::UNKNOWN) {
            match self.processes.get_mut(process) {
                Some(bytes) => *bytes = bytes.saturating_add(row.volume.total()),
                None => drop(
                    self.processes
                        .insert(process.to_owned(), row.volume.total()),
                ),
            }
        }
    }

    /// Joins the stretches of the bucket at hand that overlap or follow each other; gives how many
    /// talks are new.
    fn close(&mut self) -> usize {
        let known = self.spans.len();
        self.stretches.sort_unstable();
        // Into a bucket, a refresh may come two seconds after the one before it. Within it, rows do
        // not end but for a pause.
        let mut step = 2;
        for span in self.stretches.drain(..) {
            join(&mut self.spans, span, step);
            step = 1;
        }
        self.spans.len() - known
    }

    fn finish(mut self, remote: String) -> Talks {
        self.close();
        if !self.spans.is_sorted() {
            // Several logs of the same time, or a clock set back.
            let mut all = std::mem::take(&mut self.spans);
            all.sort_unstable();
            all.into_iter()
                .for_each(|span| join(&mut self.spans, span, 1));
        }
        Talks {
            remote,
            port: self.port,
            protocol: self.protocol,
            process: (self.processes.into_iter())
                .max_by(|one, other| (one.1, &other.0).cmp(&(other.1, &one.0)))
                .map(|(name, _)| name),
            starts: self.spans.iter().map(|span| span.0).collect(),
            ends: self.spans.iter().map(|span| span.1).collect(),
            bytes: self.spans.iter().map(|span| span.2).collect(),
            connections: self.connections,
        }
    }
}

/// Adds a stretch to the last talk where it begins at most so many seconds after its end.
fn join(spans: &mut Vec<Span>, (first, last, bytes): Span, step: i64) {
    match spans.last_mut() {
        Some((start, end, sum)) if first >= *start && first <= end.saturating_add(step) => {
            *end = last.max(*end);
            *sum = sum.saturating_add(bytes);
        }
        _ => spans.push((first, last, bytes)),
    }
}

#[cfg(test)]
mod tests {
    use traffic::Volume;

    use super::*;

    fn stretch(local_port: u16, first_seen: i64, last_seen: i64) -> Stretch<'static> {
        Stretch {
            bucket: first_seen.div_euclid(60) * 60,
            process: Some("curl"),
            remote: Some("192.0.2.7"),
            remote_port: Some(443),
            protocol: Some("tcp"),
            local_port: Some(local_port),
            volume: Volume { up: 4, down: 6 },
            first_seen,
            last_seen,
        }
    }

    fn talks(rows: &[Stretch<'_>]) -> Talks {
        let mut found = TalkCollector::default();
        rows.iter().for_each(|row| found.add(row, 60));
        found.finish().remove(0)
    }

    #[test]
    fn a_pause_of_one_refresh_ends_a_talk_and_another_connection_bridges_it() {
        let pauses = talks(&[stretch(1, 0, 4), stretch(1, 6, 10), stretch(1, 12, 16)]);
        assert_eq!(pauses.starts, [0, 6, 12]);
        assert_eq!((pauses.ends, pauses.bytes), (vec![4, 10, 16], vec![10; 3]));
        let bridged = talks(&[stretch(1, 0, 4), stretch(1, 6, 10), stretch(2, 5, 5)]);
        assert_eq!((bridged.starts, bridged.bytes), (vec![0], vec![30]));
        assert_eq!(bridged.connections, 2);
    }

    #[test]
    fn a_minute_does_not_end_a_talk() {
        let minutes = [
            stretch(1, 30, 59),
            stretch(1, 60, 119),
            stretch(1, 121, 130),
        ];
        let one = talks(&minutes);
        assert_eq!((one.starts, one.ends), (vec![30], vec![130]));
        assert_eq!(one.connections, 1);
    }

    #[test]
    fn a_clock_set_back_and_a_second_log_leave_talks_in_order() {
        let one = talks(&[stretch(1, 300, 310), stretch(1, 0, 4), stretch(2, 2, 20)]);
        assert_eq!((one.starts, one.ends), (vec![0, 300], vec![20, 310]));
    }

    #[test]
    fn rounding_of_a_peer_is_no_talk_beside_its_ports() {
        let mut rest = stretch(1, 0, 4);
        (rest.remote_port, rest.local_port, rest.protocol) = (None, None, None);
        let mut found = TalkCollector::default();
        found.add(&rest, 60);
        found.add(&stretch(1, 10, 14), 60);
        let talks = found.finish();
        assert_eq!(talks.len(), 1);
        assert_eq!(talks[0].port, Some(443));
    }
}
