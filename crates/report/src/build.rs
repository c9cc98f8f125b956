//! Stored rows and facts, in any order → a [`Report`].

use std::collections::HashMap;
use std::sync::Arc;

use display::Moment;
use foldhash::fast::FixedState;
use jiff::tz::TimeZone;
use traffic::{BucketFacts, InterfaceCount, Noted, Period, RowView, Table, Volume};

use crate::arithmetic::{rate, share};
use crate::buckets::Buckets;
use crate::collected::{Capture, Collected};
use crate::connections::{Connections, Entry};
use crate::ledger::Ledger;
use crate::notes::Seen;
use crate::ranking::{Ranking, sum};
use crate::report::{InputFacts, Report, SCHEMA_VERSION, Span};
use crate::texts::Name;
use crate::timeline::timeline;
use crate::{Comparison, Coverage, Curve, Totals};

/// Whose report it is, and when.
#[derive(Clone, Debug)]
pub struct Context {
    /// Host.
    pub host: String,
    /// Its days.
    pub period: Period,
    /// The zone the days are cut in.
    pub zone: TimeZone,
    /// The zone's name as it is to be shown.
    pub zone_name: String,
    /// Seconds since 1970.
    pub now: i64,
    /// Seconds of a bucket.
    pub resolution: i64,
}

/// How much is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Entries of each `top_*` list.
    pub top_n: usize,
    /// Connections in [`Report::connections`].
    pub max_connections: usize,
    /// Whether loopback is counted as traffic.
    pub include_loopback: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            top_n: 10,
            max_connections: 1000,
            include_loopback: false,
        }
    }
}

/// Adds up the rows and facts of one period. The order they come in changes nothing.
///
/// ```
/// let zone = jiff::tz::TimeZone::UTC;
/// let context = report::Context {
///     host: "web1".to_owned(),
///     period: traffic::Period::day(jiff::civil::date(2026, 3, 2)),
///     zone,
///     zone_name: "UTC".to_owned(),
///     now: 1_772_500_000,
///     resolution: 60,
/// };
/// let builder = report::Builder::new(context, report::Options::default());
/// let report = builder.finish(report::InputFacts::default(), report::Comparison::default());
/// assert_eq!(report.period.start.to_string(), "2026-03-02T00:00:00+00:00");
/// ```
pub struct Builder {
    context: Context,
    options: Options,
    buckets: Buckets,
    connections: Connections,
    /// Peers of logs without connection rows: the bytes of other rows, by peer.
    peers: HashMap<Name, Volume, FixedState>,
    loopback: u64,
    apart: u64,
    ledger: Ledger,
    noted: Vec<Noted>,
}

impl Builder {
    /// Begins a report.
    pub fn new(context: Context, options: Options) -> Self {
        Builder {
            buckets: Buckets::new(context.period.seconds(&context.zone), context.resolution),
            connections: Connections::default(),
            peers: HashMap::default(),
            loopback: 0,
            apart: 0,
            ledger: Ledger::default(),
            noted: Vec::new(),
            context,
            options,
        }
    }

    /// Takes what the kernel counted and what else a collector noted, each with the log that holds it,
    /// before any row: what bandwhich counted is then compared with it.
    pub fn collector_notes(
        &mut self,
        counts: &[(String, InterfaceCount)],
        notes: &[(String, Noted)],
    ) {
        let period = self.context.period.seconds(&self.context.zone);
        self.ledger = Ledger::new(counts, notes, &period, self.context.resolution);
        self.noted = notes.iter().map(|(_, noted)| noted.clone()).collect();
    }

    /// Adds a stored row. Rows of the same bucket and connection add up; rows of other periods are
    /// left out and counted.
    pub fn row(&mut self, row: &RowView<'_>) {
        self.ledger.row(row);
        match row.table {
            Table::Traffic => {
                self.traffic(row);
            }
            Table::Loopback => {
                let added = if self.options.include_loopback {
                    self.traffic(row)
                } else {
                    self.buckets.holds(row.bucket)
                };
                if added {
                    self.loopback = self.loopback.saturating_add(row.volume.total());
                }
            }
            Table::Apart => {
                if self.buckets.holds(row.bucket) {
                    self.apart = self.apart.saturating_add(row.volume.total());
                }
            }
            Table::Peers => {
                if let (Some(remote), true) = (row.remote, self.buckets.holds(row.bucket)) {
                    let name = self.connections.texts.intern(remote);
                    self.peers.entry(name).or_default().add(row.volume);
                }
            }
        }
    }

    /// Adds the facts of a bucket, which may come once from each log that observed it.
    pub fn bucket(&mut self, facts: &BucketFacts) {
        self.ledger.facts(facts);
        self.buckets.add_facts(facts);
    }

    /// Ends the report.
    pub fn finish(self, mut input: InputFacts, comparison: Comparison) -> Report {
        let Context {
            host,
            period,
            zone,
            zone_name,
            now,
            ..
        } = self.context;
        let buckets = self.buckets.close();
        let mut coverage = Coverage::new(&buckets, &zone, now);
        let observed_seconds = coverage.observed_seconds;
        let volume = buckets.volume();
        let total = sum(volume);
        let connections = self.connections.close(zone.clone(), observed_seconds);
        let ranking = Ranking {
            connections: &connections,
            zone: &zone,
            total,
            observed_seconds,
            top_n: self.options.top_n,
        };
        let bytes_of = |which: &dyn Fn(&Entry) -> bool| -> u128 {
            connections
                .entries
                .iter()
                .filter(|entry| which(entry))
                .map(Entry::total)
                .sum()
        };
        let is_unowned = |entry: &Entry| {
            let process = entry.key.process;
            process.is_none_or(|name| connections.is_unknown(name))
        };
        let (unowned, all) = (bytes_of(&is_unowned), bytes_of(&|_| true));
        let beside: u128 = self.peers.values().map(|volume| sum(*volume)).sum();
        let seen = Seen {
            total,
            unowned,
            without_peer: bytes_of(&|entry| entry.key.remote.is_none()).saturating_sub(beside),
            without_connection: bytes_of(&|entry| !entry.is_connection()),
            loopback: self.loopback,
            apart: self.apart,
            includes_loopback: self.options.include_loopback,
            observed_seconds,
            observed_twice: buckets.observed_twice(),
            overlap: buckets.overlap(),
            resolution: buckets.resolution,
            outside: buckets.outside,
            gaps_listed: coverage.gaps.len(),
            gaps_total: coverage.gaps_total,
        };
        let mut notes = std::mem::take(&mut input.notes);
        notes.extend(seen.notes());
        let capture = Capture::of(&self.noted, &buckets.span, &self.ledger);
        let reconciliation = self.ledger.close(capture.as_ref());
        if reconciliation.is_some() || capture.is_some() {
            let lost = capture.as_ref().map_or(0, |capture| capture.lost_bytes);
            coverage.add_bytes(total, lost, &self.ledger.holes(lost), &zone);
        }
        let collected = Collected {
            noted: &self.noted,
            coverage: &coverage,
            capture: capture.as_ref(),
            span: &buckets.span,
            zone: &zone,
        };
        notes.extend(collected.notes());
        let compared = reconciliation.as_ref();
        notes.extend(compared.map(|compared| compared.note(capture.as_ref())));
        let totals = Totals {
            upload_bytes: volume.up,
            download_bytes: volume.down,
            observed_seconds,
            days: u32::try_from(period.days().count()).unwrap_or(u32::MAX),
        };
        let partial = buckets.span.end > now;
        let (peak, percentile) = (buckets.peak(), buckets.percentile_95());
        Report {
            schema_version: SCHEMA_VERSION,
            timestamp: Moment::new(now, &zone),
            host,
            period: Span {
                start: Moment::new(buckets.span.start, &zone),
                end: Moment::new(buckets.span.end, &zone),
                timezone: zone_name,
                partial,
            },
            total_upload_bps: rate(volume.up, observed_seconds),
            total_download_bps: rate(volume.down, observed_seconds),
            total_upload_bytes: volume.up,
            total_download_bytes: volume.down,
            peak_upload_bps: peak.up,
            peak_download_bps: peak.down,
            p95_upload_bps: percentile.up,
            p95_download_bps: percentile.down,
            attributed_ratio: if all == 0 {
                1.0
            } else {
                share(all.saturating_sub(unowned), all)
            },
            loopback_bytes: self.loopback,
            apart_bytes: self.apart,
            top_processes: ranking.processes(),
            top_remotes: ranking.remotes(&self.peers),
            top_ports: ranking.ports(),
            protocols: ranking.protocols(),
            interfaces: ranking.interfaces(),
            timeline: timeline(&buckets, &period, &zone, now),
            curve: Curve::new(&buckets),
            connections: connections
                .iter()
                .take(self.options.max_connections)
                .map(|connection| connection.to_connection())
                .collect(),
            connections_total: connections.entries.len() as u64,
            comparison: comparison.with(&totals, partial),
            coverage,
            findings: Vec::new(),
            findings_muted: 0,
            findings_silent_because: None,
            zone: zone.clone(),
            quotas: Vec::new(),
            reconciliation,
            capture,
            input,
            notes,
            history: None,
            usual: None,
            learning: None,
            every_connection: Some(Arc::new(connections)),
        }
    }

    /// Adds a row to the totals; false if it is not of the period.
    fn traffic(&mut self, row: &RowView<'_>) -> bool {
        let added = self.buckets.add_volume(row.bucket, row.volume);
        if added {
            self.connections.add(row);
        }
        added
    }
}
