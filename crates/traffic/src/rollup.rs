//! What a fold gives out: rows per bucket and connection, and facts per bucket.

use rawlog::Protocol;
use serde::{Deserialize, Serialize};

use crate::{TextId, Volume};

/// Which set a row belongs to. Only [`Table::Traffic`] adds up to the totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Table {
    /// What crossed the network.
    Traffic,
    /// Loopback, halved, for bandwhich sees each of its packets twice.
    Loopback,
    /// What passed bridges, their ports and virtual interfaces and was no process's of this machine:
    /// the traffic of containers, each packet once for each of these interfaces that it passed. What
    /// went to the network is in [`Table::Traffic`] as well, as the uplink saw it.
    Apart,
    /// Peers of a log that has process rows and address rows but no connection rows: the same
    /// bytes as in [`Table::Traffic`], by peer.
    Peers,
}

impl Table {
    /// All tables.
    pub const ALL: [Table; 4] = [Table::Traffic, Table::Loopback, Table::Apart, Table::Peers];

    /// Its name, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Table::Traffic => "traffic",
            Table::Loopback => "loopback",
            Table::Apart => "apart",
            Table::Peers => "peers",
        }
    }
}

/// What one connection moved in one bucket without a pause: a refresh that does not print it ends a
/// row. Several rows may share bucket and connection: add them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which set it belongs to.
    pub table: Table,
    /// Start of the bucket, seconds since 1970.
    pub bucket: i64,
    /// Owner. `None` if the log does not tell.
    pub process: Option<TextId>,
    /// Process id of the owner. `None` if the log does not tell.
    pub pid: Option<u32>,
    /// Interface. `None` if the log does not tell.
    pub interface: Option<TextId>,
    /// Protocol. `None` if the log does not tell.
    pub protocol: Option<Protocol>,
    /// Local port. `None` if the log does not tell.
    pub local_port: Option<u16>,
    /// Remote address or host name. `None` if the log does not tell.
    pub remote: Option<TextId>,
    /// Remote port. `None` if the log does not tell.
    pub remote_port: Option<u16>,
    /// Bytes.
    pub volume: Volume,
    /// Largest bytes per refresh, a mean over five refreshes.
    pub peak: Volume,
    /// Refreshes in which the connection was printed.
    pub frames: u32,
    /// Seconds since 1970.
    pub first_seen: i64,
    /// Seconds since 1970.
    pub last_seen: i64,
}

/// What is known of one bucket as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketFacts {
    /// Start of the bucket, seconds since 1970.
    pub bucket: i64,
    /// Refreshes observed, the idle ones included.
    pub frames: u32,
    /// Refreshes without traffic.
    pub idle_frames: u32,
    /// Seconds that these refreshes observed.
    pub seconds: u32,
    /// Largest sum of all connections in one refresh, a mean over five refreshes.
    pub peak: Volume,
    /// First refresh, seconds since 1970.
    pub first: i64,
    /// Last refresh, seconds since 1970.
    pub last: i64,
}

/// Seconds that several logs observed within one bucket: where logs overlap, no second counts twice.
///
/// ```
/// # use traffic::{BucketFacts, Volume, observed_seconds};
/// # let facts = |first, last, seconds| BucketFacts {
/// #     bucket: 0, frames: seconds, idle_frames: 0, seconds, peak: Volume::ZERO, first, last,
/// # };
/// assert_eq!(observed_seconds(&mut [facts(0, 29, 30), facts(30, 59, 30)]), 60);
/// assert_eq!(observed_seconds(&mut [facts(0, 29, 30), facts(10, 29, 20)]), 30);
/// ```
pub fn observed_seconds(facts: &mut [BucketFacts]) -> u64 {
    facts.sort_unstable_by_key(|facts| (facts.first, facts.last));
    let mut observed = 0;
    let mut rest = &*facts;
    while let Some(first) = rest.first() {
        let (mut last, mut seconds, mut most, mut length) = (first.last, 0u64, 0u64, 0);
        while let Some(next) = rest
            .get(length)
            .filter(|next| length == 0 || next.first <= last)
        {
            last = last.max(next.last);
            seconds += u64::from(next.seconds);
            most = most.max(u64::from(next.seconds));
            length += 1;
        }
        let span = last
            .saturating_sub(first.first)
            .saturating_add(1)
            .unsigned_abs();
        observed += seconds.min(span).max(most);
        rest = &rest[length..];
    }
    observed
}

/// A host as people know it: without the final dot of a resolver's name, and reduced to the name
/// where bandwhich's head prints a whole PTR record. What would then look like an address stays.
///
/// ```
/// assert_eq!(traffic::host_label("www.example.com."), "www.example.com");
/// assert_eq!(traffic::host_label("7.2.0.192.in-addr.arpa. 300 IN PTR a.example. "), "a.example");
/// assert_eq!(traffic::host_label("192.0.2.7."), "192.0.2.7.");
/// ```
pub fn host_label(host: &str) -> &str {
    let name = host
        .rsplit_once(" IN PTR ")
        .map_or(host, |(_, name)| name.trim_end());
    match name.strip_suffix('.') {
        Some(bare) if !bare.is_empty() && bare.parse::<std::net::IpAddr>().is_err() => bare,
        _ => name,
    }
}
