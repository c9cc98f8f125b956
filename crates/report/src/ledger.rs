//! Gathers what bandwhich counted while the kernel's counts were noted, and what passed while it did not
//! run.
//!
//! The comparison is made from the first to the last count of each log. If a log goes beyond the period, it
//! begins or ends at a count that falls on the beginning of a bucket, for rows are known by bucket.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use foldhash::fast::FixedState;
use traffic::{
    BucketFacts, InterfaceCount, Noted, RowView, Stop, Table, interfaces_apart, watched_interface,
};

use crate::coverage::{Hole, LONG_HOLE};

/// Counts of later times are no counts: the year 2500.
const LATEST: i64 = 16_725_225_600;
/// Seconds after a full bucket at which counts still belong to its beginning.
const LATE: i64 = 3;
/// Seconds by which bandwhich begins later and ends earlier than the counts.
const LAG: u64 = 3;
/// The part of a second before an end of bandwhich in which it may have seen what it did not print: a half.
const UNPRINTED: u64 = 2;
/// Bytes of headers that the kernel counts of a packet and bandwhich does not: Ethernet and IPv4.
const HEADERS: u64 = 34;
/// Kinds whose traffic passes another interface too, or never leaves the machine.
const APART: [&str; 5] = ["loopback", "tunnel", "bridge", "bond", "vlan"];

/// What a log notes, with the log's name.
type LogNotes = (String, Noted);

/// Bytes and packets.
type Count = (u64, u64);

/// The counts of one collection of a log, by interface, in order of time.
struct Series<'a> {
    first: i64,
    last: i64,
    /// When bandwhich was noted to have ended: the last counts before are those of its last frame.
    stops: &'a [Stop],
    counts: BTreeMap<&'a str, Vec<&'a InterfaceCount>>,
    /// The interfaces that are compared.
    compared: BTreeSet<&'a str>,
}

/// What the kernel counted on an interface.
#[derive(Debug, Default)]
pub(crate) struct Kernel {
    pub(crate) kind: String,
    pub(crate) received: Count,
    pub(crate) sent: Count,
    pub(crate) is_compared: bool,
}

/// A time between two logs.
#[derive(Debug)]
struct Between {
    after: i64,
    until: i64,
    /// When bandwhich was last seen.
    start: i64,
    /// `None` if counters began again.
    kernel: Option<Count>,
    /// Whether the log before goes on behind its last count, as that of a killed collector does.
    goes_on: bool,
    /// Bytes of rows behind the last count of the log before.
    seen: u64,
    /// The most that bandwhich can have seen before its end and not printed.
    unprinted: u64,
}

/// Gathers, from rows and facts in any order.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Buckets that both cover, apart from each other and in order.
    spans: Vec<Range<i64>>,
    holes: Vec<Between>,
    pub(crate) seconds: u64,
    pub(crate) kernel: BTreeMap<String, Kernel>,
    pub(crate) kernel_bytes: u64,
    pub(crate) kernel_packets: u64,
    /// Bytes that bandwhich may lack for beginning later and ending earlier.
    pub(crate) lag_bytes: u64,
    pub(crate) seen: HashMap<String, u64, FixedState>,
    pub(crate) total: u64,
}

impl Ledger {
    /// A ledger of the counts of logs that touch a period.
    pub(crate) fn new(
        counts: &[(String, InterfaceCount)],
        notes: &[LogNotes],
        period: &Range<i64>,
        resolution: i64,
    ) -> Self {
        let mut logs: BTreeMap<(&str, u32), Vec<&InterfaceCount>> = BTreeMap::new();
        let plausible = |count: &InterfaceCount| (0..LATEST).contains(&count.time);
        for (log, count) in counts.iter().filter(|(_, count)| plausible(count)) {
            logs.entry((log, count.collection)).or_default().push(count);
        }
        let mut all: Vec<Series<'_>> = (logs.into_iter())
            .filter_map(|((log, collection), counts)| {
                let notes = notes.iter().find(|(name, _)| name == log);
                Series::new(counts, notes.map(|(_, noted)| noted), collection)
            })
            .collect();
        all.sort_by_key(|series| (series.first, series.last));
        // A log may be noted twice, as where a copy was made and went on; a second counts once.
        let mut end = i64::MIN;
        all.retain(|series| {
            let is_new = series.first >= end.saturating_sub(LATE);
            end = if is_new { series.last } else { end };
            is_new
        });
        let mut ledger = Ledger::default();
        for series in &all {
            ledger.add(series, period, resolution);
        }
        for pair in all.windows(2) {
            ledger.add_hole(&pair[0], &pair[1], period);
        }
        ledger.spans = merged(std::mem::take(&mut ledger.spans));
        ledger
    }

    /// Adds what was counted in a log within the period.
    fn add(&mut self, series: &Series<'_>, period: &Range<i64>, resolution: i64) {
        let floor = |time: i64| time.div_euclid(resolution) * resolution;
        let is_full = |time: i64| time - floor(time) < LATE;
        let times: BTreeSet<i64> = (series.counts.values().flatten())
            .map(|count| count.time)
            .filter(|time| (period.start..=period.end.saturating_add(LATE)).contains(time))
            .collect();
        // What begins within the period has all its rows there.
        let (begins, ends) = (series.first >= period.start, series.last < period.end);
        let mut of_both = times.iter().copied().filter(|time| {
            (begins && *time == series.first) || (ends && *time == series.last) || is_full(*time)
        });
        let Some(first) = of_both.next() else { return };
        let Some(last) = of_both.next_back() else {
            return;
        };
        // Where the log goes on, or was cut off behind its last count, rows lie behind that.
        let has_ended = series.stops.iter().any(|stop| stop.time >= last);
        let until = if ends && last == series.last && (has_ended || !is_full(last)) {
            floor(last).saturating_add(resolution)
        } else {
            floor(last)
        };
        self.spans.push(floor(first)..until);
        self.seconds += last.abs_diff(first);
        let (before, mut fastest) = (self.kernel_bytes, 0u64);
        for (name, counts) in &series.counts {
            let inside = counts
                .iter()
                .filter(|count| (first..=last).contains(&count.time));
            let inside: Vec<_> = inside.collect();
            let kernel = self.kernel.entry((*name).to_owned()).or_default();
            let is_compared = series.compared.contains(name);
            kernel.is_compared |= is_compared;
            if let Some(count) = inside.first() {
                kernel.kind.clone_from(&count.kind);
            }
            for pair in inside.windows(2) {
                let Some([received, sent]) = grown(pair[0], pair[1]) else {
                    continue;
                };
                add(&mut kernel.received, received);
                add(&mut kernel.sent, sent);
                if is_compared {
                    let bytes = received.0.saturating_add(sent.0);
                    self.kernel_bytes = self.kernel_bytes.saturating_add(bytes);
                    self.kernel_packets =
                        (self.kernel_packets.saturating_add(received.1)).saturating_add(sent.1);
                    fastest = fastest.max(bytes / pair[1].time.abs_diff(pair[0].time).max(1));
                }
            }
        }
        let most = self.kernel_bytes - before;
        self.lag_bytes += fastest.saturating_mul(LAG).min(most);
    }

    /// Adds the time between two logs.
    fn add_hole(&mut self, one: &Series<'_>, next: &Series<'_>, period: &Range<i64>) {
        let is_inside = one.last < period.end && next.first > period.start;
        if !is_inside {
            return;
        }
        let mut kernel = Some((0, 0));
        for name in &next.compared {
            let Some(after) = next.counts.get(name).and_then(|counts| counts.first()) else {
                continue;
            };
            let since = match one.counts.get(name).and_then(|counts| counts.last()) {
                Some(before) => grown(before, after),
                // It came meanwhile.
                None => Some([after.received, after.sent]),
            };
            kernel = kernel.zip(since).map(|(mut sum, both)| {
                both.into_iter().for_each(|count| add(&mut sum, count));
                sum
            });
        }
        // The next bandwhich may run already when the one before is ended.
        let ends = one.last..=next.first.saturating_add(LATE);
        let goes_on = !one.stops.iter().any(|stop| ends.contains(&stop.time));
        let unprinted = if goes_on {
            0
        } else {
            one.last_rate() / UNPRINTED
        };
        self.holes.push(Between {
            after: one.last,
            until: next.first,
            start: one.last,
            kernel,
            goes_on,
            seen: 0,
            unprinted,
        });
    }

    /// Adds a stored row.
    pub(crate) fn row(&mut self, row: &RowView<'_>) {
        if row.table == Table::Peers {
            return;
        }
        let volume = row.volume.total();
        if row.table == Table::Traffic
            && let Some(hole) = self.hole_at(row.first_seen)
        {
            hole.seen = hole.seen.saturating_add(volume);
            hole.start = hole.start.max(row.last_seen);
            // It lies behind the last count of its log, and no count of the kernel covers it.
            return;
        }
        let at = (self.spans).partition_point(|span| span.end <= row.bucket);
        if self
            .spans
            .get(at)
            .is_none_or(|span| !span.contains(&row.bucket))
        {
            return;
        }
        if row.table == Table::Traffic {
            self.total = self.total.saturating_add(volume);
        }
        if let Some(name) = row.interface
            && self.kernel.contains_key(name)
        {
            match self.seen.get_mut(name) {
                Some(seen) => *seen = seen.saturating_add(volume),
                None => {
                    self.seen.insert(name.to_owned(), volume);
                }
            }
        }
    }

    /// Adds the facts of a bucket, which tell when bandwhich ran.
    pub(crate) fn facts(&mut self, facts: &BucketFacts) {
        if let Some(hole) = self.hole_at(facts.last) {
            hole.start = hole.start.max(facts.last);
        }
    }

    /// The time behind the last count of a log that goes on, if a second lies in it. The frame behind a count
    /// has its time.
    fn hole_at(&mut self, second: i64) -> Option<&mut Between> {
        let at = self.holes.partition_point(|hole| hole.until <= second);
        let hole = self.holes.get_mut(at)?;
        (hole.goes_on && hole.after <= second).then_some(hole)
    }

    /// When bandwhich did not run, and what passed then: all times in which anything did, however short, and
    /// long ones. `lost` bytes were lost in the capture.
    ///
    /// bandwhich looks for the owners of connections between counting and printing. What passes meanwhile is
    /// in the kernel's counts of its last frame, and is gone with it: as much as bandwhich counted less than
    /// the kernel, but no more than passes in half a second.
    pub(crate) fn holes(&self, lost: u64) -> Vec<Hole> {
        let kernel = payload((self.kernel_bytes, self.kernel_packets));
        let unseen = kernel.saturating_sub(self.total).saturating_sub(lost);
        let most = self.holes.iter().map(|hole| hole.unprinted);
        let most = most.fold(0, u64::saturating_add);
        let unprinted = |hole: &Between| {
            let part = u128::from(unseen.min(most)) * u128::from(hole.unprinted);
            u64::try_from(part / u128::from(most.max(1))).unwrap_or(0)
        };
        let holes = self.holes.iter().filter_map(|hole| {
            let seconds = hole.until.saturating_sub(hole.start);
            let passed = hole.kernel.map(|count| {
                let passed = payload(count).saturating_sub(hole.seen);
                passed.saturating_add(unprinted(hole))
            });
            let hole = Hole {
                start: hole.start,
                end: hole.until.max(hole.start),
                missed_bytes: passed,
            };
            (seconds >= LONG_HOLE || passed > Some(0)).then_some(hole)
        });
        holes.collect()
    }
}

impl<'a> Series<'a> {
    fn new(
        mut counts: Vec<&'a InterfaceCount>,
        noted: Option<&'a Noted>,
        collection: u32,
    ) -> Option<Self> {
        counts.sort_by_key(|count| count.time);
        let (first, last) = (counts.first()?.time, counts.last()?.time);
        let mut by_name: BTreeMap<&str, Vec<&InterfaceCount>> = BTreeMap::new();
        for count in counts {
            by_name.entry(&count.name).or_default().push(count);
        }
        let collector = noted.and_then(|noted| {
            let mut collectors = noted.collectors.iter();
            collectors.find(|collector| collector.collection == collection)
        });
        let watched = collector.and_then(|collector| watched_interface(&collector.arguments));
        let kinds = by_name.iter().filter_map(|(name, counts)| {
            let last = counts.last()?;
            Some((*name, last.kind.as_str(), last.received.1 + last.sent.1 > 0))
        });
        let apart = interfaces_apart(kinds, noted.map_or(&[], |noted| &noted.ports));
        let is_compared = |name: &str, kind: &str| match watched {
            Some(watched) => watched == name,
            None => !APART.contains(&kind) && !apart.contains(name),
        };
        let compared = (by_name.iter())
            .filter(|(name, counts)| counts.iter().any(|count| is_compared(name, &count.kind)))
            .map(|(name, _)| *name)
            .collect();
        Some(Series {
            first,
            last,
            stops: noted.map_or(&[], |noted| &noted.stops),
            counts: by_name,
            compared,
        })
    }

    /// Bytes a second on the interfaces that are compared, before the last counts.
    fn last_rate(&self) -> u64 {
        let names = self
            .counts
            .iter()
            .filter(|(name, _)| self.compared.contains(*name));
        let rates = names.filter_map(|(_, counts)| {
            let [.., old, new] = counts.as_slice() else {
                return None;
            };
            let [received, sent] = grown(old, new)?;
            let bytes = payload(received).saturating_add(payload(sent));
            Some(bytes / new.time.abs_diff(old.time).max(1))
        });
        rates.fold(0, u64::saturating_add)
    }
}

/// What bandwhich counts of so many bytes and packets of the kernel.
fn payload((bytes, packets): Count) -> u64 {
    bytes.saturating_sub(packets.saturating_mul(HEADERS))
}

/// What was received and sent between two counts. `None` if the counters began again.
fn grown(old: &InterfaceCount, new: &InterfaceCount) -> Option<[Count; 2]> {
    let since =
        |new: Count, old: Count| Some((new.0.checked_sub(old.0)?, new.1.checked_sub(old.1)?));
    Some([
        since(new.received, old.received)?,
        since(new.sent, old.sent)?,
    ])
}

fn add(sum: &mut Count, (bytes, packets): Count) {
    *sum = (sum.0.saturating_add(bytes), sum.1.saturating_add(packets));
}

/// Ranges in order, joined where they meet.
fn merged(mut ranges: Vec<Range<i64>>) -> Vec<Range<i64>> {
    ranges.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<i64>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}
