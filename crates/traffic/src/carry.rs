//! What the end of a log leaves open, and how it is settled: alone, or with the log that goes on.

use rawlog::Protocol;
use serde::{Deserialize, Serialize};

use crate::{Row, Strings, Table, Volume};

/// The sums of all keys that are alive where a log ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carry {
    /// Frames of the run in this log, the idle ones included.
    pub frames: u64,
    /// The keys, in the order of their identity.
    pub keys: Vec<LiveKey>,
}

/// A key that is alive where a log ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveKey {
    /// Which set its rows belong to.
    pub table: Table,
    /// Owner.
    pub process: Option<String>,
    /// Process id of the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Whether the owner is what the key counts, for want of connection rows.
    pub by_process: bool,
    /// Interface.
    pub interface: Option<String>,
    /// Protocol.
    pub protocol: Option<String>,
    /// Local port.
    pub local_port: Option<u16>,
    /// Remote address or host name.
    pub remote: Option<String>,
    /// Remote port.
    pub remote_port: Option<u16>,
    /// Whether sent and received were exchanged. The other half of the connection has the same identity.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub turned: bool,
    /// Windows laid end to end backwards from the last frame, the one before it, and so on.
    pub windows: [Volume; 5],
    /// Frames between its last row and the end of the log, less than five.
    pub absent: u8,
    /// What its rows hold: bytes times five.
    pub booked: Volume,
    /// Whether it was alive in the log's first frame already, so that its sums began before.
    pub since_start: bool,
    /// Bucket of its last row.
    pub bucket: i64,
    /// Seconds since 1970.
    pub last_seen: i64,
}

/// Identity of a key across logs; the owner counts only if it is all there is.
type Identity<'a> = (
    Table,
    Option<&'a str>,
    Option<&'a str>,
    Option<u16>,
    Option<&'a str>,
    Option<u16>,
    bool,
);

impl LiveKey {
    pub(crate) fn identity(&self) -> Identity<'_> {
        (
            self.table,
            self.process.as_deref().filter(|_| self.by_process),
            self.protocol.as_deref(),
            self.local_port,
            self.remote.as_deref(),
            self.remote_port,
            self.turned,
        )
    }

    /// Bytes of the last four refreshes that no row holds yet.
    ///
    /// A window in the middle of a run is spread over five frames; the last four refreshes get
    /// only 4/5, 3/5, 2/5 and 1/5 of theirs. The windows that end at the last frame hold all.
    ///
    /// Nothing where the key was alive before anything that is known: its first windows hold
    /// refreshes from before the log, as many on average as its last ones lack, so that the plain
    /// sum is the best there is.
    pub fn owed(&self) -> Volume {
        if self.since_start {
            return Volume::ZERO;
        }
        // The windows that end at its own last row: it had nothing after that, or bandwhich was
        // restarted unseen.
        let all = self.windows[usize::from(self.absent.min(4))];
        let parts = if self.table == Table::Loopback { 10 } else { 5 };
        all.zip(self.booked, |all, booked| {
            all.saturating_mul(5).saturating_sub(booked) / parts
        })
    }
}

impl Carry {
    /// What is known of a key. The log that ended here may have counted it elsewhere.
    fn find(&self, key: &LiveKey) -> Option<&LiveKey> {
        let tables = [key.table, Table::Loopback, Table::Apart, Table::Traffic];
        tables.into_iter().find_map(|table| {
            let mut identity = key.identity();
            identity.0 = table;
            let found = (self.keys).binary_search_by(|other| other.identity().cmp(&identity));
            found.ok().map(|place| &self.keys[place])
        })
    }

    /// The same end, seen from the start of the log that this one continues.
    pub fn after(&self, earlier: &Carry) -> Carry {
        let keys = self.keys.iter().map(|key| {
            let mut key = key.clone();
            if !key.since_start {
                return key;
            }
            let Some(before) = earlier.find(&key) else {
                // It was not alive there: its sums begin in this log.
                key.since_start = false;
                return key;
            };
            for (distance, window) in key.windows.iter_mut().enumerate() {
                // Windows go back in steps of five, from this log into the earlier one.
                let first = (self.frames + 4 - distance as u64) % 5;
                window.add(before.windows[4 - first as usize]);
            }
            key.booked.add(before.booked);
            key.since_start = before.since_start;
            key
        });
        Carry {
            frames: earlier.frames + self.frames,
            keys: keys.collect(),
        }
    }
}

/// Rows that settle what a run owes at its end. Keys that are owed nothing are left out.
pub fn tail_rows(carry: &Carry, strings: &mut Strings) -> Vec<Row> {
    let mut rows = Vec::new();
    for key in &carry.keys {
        let volume = key.owed();
        if volume == Volume::ZERO {
            continue;
        }
        let mut intern =
            |text: &Option<String>| text.as_ref().map(|text| strings.intern(text.as_bytes()));
        rows.push(Row {
            table: key.table,
            bucket: key.bucket,
            process: intern(&key.process),
            pid: key.pid,
            interface: intern(&key.interface),
            protocol: key.protocol.as_deref().and_then(Protocol::parse),
            local_port: key.local_port,
            remote: intern(&key.remote),
            remote_port: key.remote_port,
            volume,
            peak: Volume::ZERO,
            frames: 0,
            first_seen: key.last_seen,
            last_seen: key.last_seen,
        });
    }
    rows
}
