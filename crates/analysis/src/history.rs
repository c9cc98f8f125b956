//! The history of one host, as series over hours.

use serde::{Deserialize, Serialize};

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Sent.
    Up,
    /// Received.
    Down,
}

impl Direction {
    /// Both.
    pub const ALL: [Direction; 2] = [Direction::Up, Direction::Down];
}

/// Whose bytes a series counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "name")]
pub enum Subject {
    /// The whole host.
    Total,
    /// A process by name.
    Process(String),
    /// A peer by address or host name.
    Remote(String),
    /// A service's port, with its protocol, like `tcp/443`.
    Port(String),
}

/// An hour of local time: the step of every series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    /// Its first second, since 1970. Hours follow each other; on the day that the clock is set back
    /// an hour of the day occurs twice.
    pub start: i64,
    /// Seconds of it that were observed, from 0 to 3600. An hour that was not observed is missing,
    /// not zero.
    pub observed: u32,
    /// Days of the local calendar since 1970-01-01.
    pub day: i32,
    /// Day of the week, 0 is Monday.
    pub weekday: u8,
    /// Hour of the local day, from 0 to 23.
    pub hour: u8,
}

/// Bytes of one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Whose.
    pub subject: Subject,
    /// Bytes sent in each hour of [`History::hours`]; what of an hour was not observed is not in it.
    pub up: Vec<u64>,
    /// Bytes received, likewise.
    pub down: Vec<u64>,
}

impl Series {
    /// Bytes of one direction in each hour.
    pub fn bytes(&self, direction: Direction) -> &[u64] {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }
}

/// Bytes of the whole host in five minutes of which something was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiveMinutes {
    /// First second, since 1970.
    pub start: i64,
    /// Seconds of it that were observed, from 1 to 300.
    pub observed: u32,
    /// Bytes sent.
    pub up: u64,
    /// Bytes received.
    pub down: u64,
}

/// When a process, peer or port was met for the first time in all that the history holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Met {
    /// Who.
    pub subject: Subject,
    /// First refresh that showed it on this host, since 1970.
    pub first_seen: i64,
    /// Other hosts of the history that had met it before.
    pub other_hosts: u32,
    /// Its bytes on each day from then on that it had some and that is judged.
    #[serde(default)]
    pub volumes: Vec<DayBytes>,
}

/// Bytes of a name on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayBytes {
    /// Days of the local calendar since 1970-01-01.
    pub day: i32,
    /// Bytes sent.
    pub up: u64,
    /// Bytes received.
    pub down: u64,
}

/// What was sent to remotes, or by processes, on a day: what newcomers are compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayNames {
    /// Days of the local calendar since 1970-01-01.
    pub day: i32,
    /// Bytes sent to the middle one of the remotes that were known before and were sent something.
    pub median_remote: u64,
    /// Bytes sent by the middle process, likewise.
    pub median_process: u64,
    /// Bytes sent to the remote that was sent most, of those first met on the day.
    pub largest_new_remote: u64,
    /// Bytes sent by the process that sent most, likewise.
    pub largest_new_process: u64,
}

/// The talks with one peer and port, whichever process held them: traffic shorter than about a
/// second has no owner in bandwhich's rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talks {
    /// The peer's address or host name.
    pub remote: String,
    /// The peer's port. `None` if the log does not tell.
    pub port: Option<u16>,
    /// `tcp` or `udp`. `None` if the log does not tell.
    pub protocol: Option<String>,
    /// The process most of the bytes belong to. `None` if none is known.
    pub process: Option<String>,
    /// First refresh of each talk, since 1970, ascending: one that shows traffic after at least one
    /// refresh without.
    pub starts: Vec<i64>,
    /// Last refresh of each talk, since 1970.
    pub ends: Vec<i64>,
    /// Bytes of both directions of each talk.
    pub bytes: Vec<u64>,
    /// Connections to it. One of which the log lost sight for more than a minute counts again.
    pub connections: u64,
}

/// The history of one host up to the end of what is judged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The host.
    pub host: String,
    /// Every hour from the first to the last, gaps included, in order.
    pub hours: Vec<Hour>,
    /// The whole host, then the processes, peers and ports that moved most. All have one value for
    /// each of `hours`.
    pub series: Vec<Series>,
    /// The five minutes of the month that holds the end, in order; what was not observed is left out.
    pub five_minutes: Vec<FiveMinutes>,
    /// Who was met for the first time within what is judged, or in the week before it.
    pub met: Vec<Met>,
    /// When remotes that are met in what is judged were met first within `hours`, sorted by name.
    #[serde(default)]
    pub remotes_since: Vec<(String, i64)>,
    /// What was sent to names on each day.
    #[serde(default)]
    pub names: Vec<DayNames>,
    /// First second of all that the store holds of this host, since 1970. `None` if it is empty.
    pub since: Option<i64>,
    /// Peers that were talked to, for patterns; empty where they were not asked for.
    pub talks: Vec<Talks>,
}

impl History {
    /// The series of the whole host.
    pub fn total(&self) -> Option<&Series> {
        (self.series.iter()).find(|series| series.subject == Subject::Total)
    }
}
