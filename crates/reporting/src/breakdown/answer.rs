//! What `show` and a dashboard are given: who moved how much in a period, in one table or several.

use display::Moment;
use jiff::civil::Date;
use serde::Serialize;

use super::filter::Filter;

/// By what traffic is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dimension {
    /// Hours of the local clock.
    Hour,
    /// Days of the local calendar.
    Day,
    /// Months of the local calendar.
    Month,
    /// Processes.
    Process,
    /// Addresses and names at the other end.
    Remote,
    /// Services' ports.
    Port,
    /// Machines.
    Host,
    /// Process, ports, remote and protocol.
    Connection,
}

impl Dimension {
    /// Whether its lines are stretches of time.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Hour | Self::Day | Self::Month)
    }
}

/// A period in one table or several. Times are in the zone of the settings.
#[derive(Clone, Debug, Serialize)]
pub struct Breakdown {
    /// Raised when the meaning of a key changes; keys are only ever added.
    pub schema_version: u32,
    /// When it was asked.
    pub timestamp: Moment,
    /// The zone of all times and days.
    pub timezone: String,
    /// The hosts that were looked at.
    pub hosts: Vec<String>,
    /// The first day.
    pub first_day: Date,
    /// The last day.
    pub last_day: Date,
    /// What was asked for.
    pub filter: Filter,
    /// Bytes sent.
    pub upload_bytes: u64,
    /// Bytes received.
    pub download_bytes: u64,
    /// Seconds observed, of all hosts.
    pub observed_seconds: u64,
    /// Seconds of the period up to now, of all hosts.
    pub expected_seconds: u64,
    /// The tables.
    pub tables: Vec<BreakdownTable>,
    /// What damaged files keep from being counted, a sentence each.
    pub damage: Vec<String>,
}

/// Traffic by one thing.
#[derive(Clone, Debug, Serialize)]
pub struct BreakdownTable {
    /// By what.
    pub by: Dimension,
    /// Its lines: times in their order, all else by bytes.
    pub lines: Vec<BreakdownLine>,
    /// What other lines would say.
    pub left_out: LeftOut,
    /// Bytes sent of which the logs do not tell what the table lists.
    pub unnamed_upload_bytes: u64,
    /// Bytes received of which the logs do not tell what the table lists.
    pub unnamed_download_bytes: u64,
    /// Whether all names were held. If not, there were so many that small ones were put together on the way:
    /// `left_out` counts too few of them, and the last lines may say too little.
    pub is_exact: bool,
}

/// Lines that are not in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// How many.
    pub lines: u64,
    /// Bytes sent.
    pub upload_bytes: u64,
    /// Bytes received.
    pub download_bytes: u64,
}

/// A line of a table.
#[derive(Clone, Debug, Serialize)]
pub struct BreakdownLine {
    /// What it is about.
    #[serde(flatten)]
    pub subject: LineSubject,
    /// Bytes sent.
    pub upload_bytes: u64,
    /// Bytes received.
    pub download_bytes: u64,
    /// When it was first seen in the period. `None` of times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Moment>,
    /// When it was last seen in the period. `None` of times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Moment>,
    /// Whether the history before the period does not know it. `None` of what is not looked up, or where nothing
    /// tells: the period is the beginning of the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_new: Option<bool>,
    /// Seconds observed, of all hosts. `None` unless the line is a stretch of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_seconds: Option<u64>,
    /// Its seconds up to now, of all hosts. `None` unless the line is a stretch of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_seconds: Option<u64>,
}

impl BreakdownLine {
    /// Bytes in both directions.
    pub fn total_bytes(&self) -> u64 {
        self.upload_bytes.saturating_add(self.download_bytes)
    }
}

/// What a line is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum LineSubject {
    /// A stretch of time.
    Time {
        /// Its first second.
        start: Moment,
        /// The second after it.
        end: Moment,
    },
    /// A process.
    Process {
        /// Its name.
        process: String,
    },
    /// A remote.
    Remote {
        /// Its address or name.
        remote: String,
    },
    /// A service's port.
    Port {
        /// As in `tcp/443`.
        port: String,
    },
    /// A machine.
    Host {
        /// Its name.
        host: String,
    },
    /// A connection.
    Connection(Connection),
}

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Connection {
    /// Its owner.
    pub process: String,
    /// The remote's address or name. `None` if the log does not tell.
    pub remote: Option<String>,
    /// Its port. `None` if the log does not tell.
    pub remote_port: Option<u16>,
    /// The port at this end. `None` if the log does not tell.
    pub local_port: Option<u16>,
    /// `tcp` or `udp`. `None` if the log does not tell.
    pub protocol: Option<String>,
    /// The service's port, as in `tcp/443`. `None` if the log tells of no port.
    pub port: Option<String>,
}
