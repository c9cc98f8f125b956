//! The report itself: one value, whatever it is written as.

use std::sync::Arc;

use analysis::{Finding, QuotaState};
use display::Moment;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::connections::{ClosedConnections, Connection, ConnectionView};
use crate::{
    Capture, Comparisons, Coverage, Curve, History, Learning, Note, Reconciliation, TimelineEntry,
    TopInterface, TopPort, TopProcess, TopProtocol, TopRemote, Usual,
};

display::twin!(total_upload_bps => total_upload_bytes_per_second: u64);
display::twin!(total_download_bps => total_download_bytes_per_second: u64);
display::twin!(peak_upload_bps => peak_upload_bytes_per_second: u64);
display::twin!(peak_download_bps => peak_download_bytes_per_second: u64);
display::twin!(p95_upload_bps => p95_upload_bytes_per_second: u64);
display::twin!(p95_download_bps => p95_download_bytes_per_second: u64);

/// Raised when the meaning of a key changes; keys are only ever added.
pub const SCHEMA_VERSION: u32 = 1;

/// What one host moved in one period. Bytes are IP payload, as bandwhich counts; every `*_bps` is
/// **bytes** per second, the mean over the seconds observed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// When it was made.
    pub timestamp: Moment,
    /// Host.
    pub host: String,
    /// The period.
    pub period: Span,
    /// How much of it was observed.
    pub coverage: Coverage,
    /// Mean bytes per second sent.
    #[serde(flatten, with = "total_upload_bps")]
    pub total_upload_bps: u64,
    /// Mean bytes per second received.
    #[serde(flatten, with = "total_download_bps")]
    pub total_download_bps: u64,
    /// Bytes sent.
    pub total_upload_bytes: u64,
    /// Bytes received.
    pub total_download_bytes: u64,
    /// Most bytes sent in a second, a mean over bandwhich's five refreshes.
    #[serde(flatten, with = "peak_upload_bps")]
    pub peak_upload_bps: u64,
    /// Most bytes received in a second, a mean over bandwhich's five refreshes.
    #[serde(flatten, with = "peak_download_bps")]
    pub peak_download_bps: u64,
    /// 95th percentile of the mean rates sent of five minutes, of those observed.
    #[serde(flatten, with = "p95_upload_bps")]
    pub p95_upload_bps: u64,
    /// 95th percentile of the mean rates received of five minutes, of those observed.
    #[serde(flatten, with = "p95_download_bps")]
    pub p95_download_bps: u64,
    /// Part of the bytes whose process is known, from 0 to 1; 1 if there are no bytes.
    pub attributed_ratio: f64,
    /// Bytes over loopback, each counted once; no part of the totals unless it was asked for.
    pub loopback_bytes: u64,
    /// Bytes on bridges, their ports and virtual interfaces that are no process's of this machine, once for
    /// each such interface that they passed; no part of the totals, which hold what an uplink saw.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub apart_bytes: u64,
    /// Processes, most bytes first.
    pub top_processes: Vec<TopProcess>,
    /// Peers, most bytes first.
    pub top_remotes: Vec<TopRemote>,
    /// Services' ports, most bytes first.
    pub top_ports: Vec<TopPort>,
    /// Protocols, most bytes first.
    pub protocols: Vec<TopProtocol>,
    /// Interfaces, most bytes first, at most 100.
    pub interfaces: Vec<TopInterface>,
    /// Hours, or days where the period is longer than two.
    pub timeline: Vec<TimelineEntry>,
    /// Rates in fine steps.
    #[serde(default)]
    pub curve: Curve,
    /// The connections that moved most, as many as were asked for.
    pub connections: Vec<Connection>,
    /// How many connections there are.
    pub connections_total: u64,
    /// The period beside others.
    pub comparison: Comparisons,
    /// What an analysis found.
    pub findings: Vec<Finding>,
    /// Findings that are muted, and so are not among them.
    #[serde(default)]
    pub findings_muted: u64,
    /// Why nothing was judged. `None` if something was, and where that is switched off.
    #[serde(default)]
    pub findings_silent_because: Option<String>,
    /// Set while the history is shorter than the settings ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning: Option<Learning>,
    /// Allowances of bytes, at the end of the period or now.
    #[serde(default)]
    pub quotas: Vec<QuotaState>,
    /// bandwhich's total beside the kernel's. `None` if no collector noted that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconciliation: Option<Reconciliation>,
    /// Packets that bandwhich's sockets received and lost. `None` if no collector noted that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<Capture>,
    /// What was read.
    pub input: InputFacts,
    /// What must be known to read the numbers right.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// What was before the period, where the caller looked back; JSON does not hold it.
    #[serde(skip)]
    pub history: Option<History>,
    /// What was usual before the period. `None` if nothing was judged; JSON does not hold it.
    #[serde(skip)]
    pub usual: Option<Usual>,
    /// The zone the period's days are cut in; JSON holds its name alone.
    #[serde(skip, default = "utc")]
    pub(crate) zone: TimeZone,
    /// All connections. `None` in a report that was read back from JSON.
    #[serde(skip)]
    pub(crate) every_connection: Option<Arc<ClosedConnections>>,
}

pub(crate) fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn utc() -> TimeZone {
    TimeZone::UTC
}

/// The period of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its first second.
    pub start: Moment,
    /// The second after its last.
    pub end: Moment,
    /// Name of the zone its days are cut in.
    pub timezone: String,
    /// Whether it was not over when the report was made.
    pub partial: bool,
}

/// What was read for the period: the logs that tell of it, as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFacts {
    /// Logs.
    pub files: u64,
    /// Bytes of log.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// Frames, bandwhich's refreshes.
    pub frames: u64,
    /// Frames without traffic.
    pub idle_frames: u64,
    /// Runs of bandwhich.
    pub runs: u64,
    /// Lines that were not counted because they are damaged.
    pub damaged_lines: u64,
    /// Bytes by which bandwhich's tables differ beyond their rounding.
    pub disagreement_bytes: u64,
    /// The first of the damaged lines.
    pub damaged_samples: Vec<DamagedSample>,
    /// What the caller has to say; it becomes part of [`Report::notes`].
    #[serde(skip)]
    pub notes: Vec<Note>,
}

/// A damaged line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DamagedSample {
    /// Log.
    pub file: String,
    /// Line number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

impl Report {
    /// Bytes sent and received.
    pub fn total_bytes(&self) -> u64 {
        self.total_upload_bytes
            .saturating_add(self.total_download_bytes)
    }

    /// All connections, not only those of [`Report::connections`], in the same order. `None` in a
    /// report that was read back from JSON and lists only a part of them.
    pub fn every_connection(&self) -> Option<Box<dyn Iterator<Item = ConnectionView<'_>> + '_>> {
        if let Some(every) = &self.every_connection {
            return Some(Box::new(every.iter()));
        }
        let lists_all = self.connections.len() as u64 == self.connections_total;
        lists_all.then(|| Box::new(self.connections.iter().map(Connection::view)) as Box<_>)
    }
}

impl std::fmt::Debug for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Report")
            .field("host", &self.host)
            .field("period", &self.period)
            .field("connections_total", &self.connections_total)
            .finish_non_exhaustive()
    }
}
