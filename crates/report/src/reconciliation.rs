//! What bandwhich counted beside what the kernel counted, where a collector noted that.
//!
//! The kernel counts whole frames, bandwhich what the IP header is followed by. So a packet is counted
//! 34 bytes shorter (Ethernet and IPv4) to 54 (Ethernet and IPv6): what bandwhich should have seen is a
//! range. Besides, the kernel counts protocols that bandwhich does not (ICMP, ARP, IPsec).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};
use traffic::{InterfaceCount, RowView, Table};

use crate::Note;
use crate::units::{bytes, duration, percent};

/// Bytes of a packet that the kernel counts and bandwhich does not: Ethernet with IPv4, with IPv6.
const HEADERS: (u64, u64) = (34, 54);
/// Parts that a total may lie outside of the expected range before it is a gap or counted twice.
const TOLERANCE: f64 = 0.03;
/// Below so many bytes of the kernel nothing is concluded.
const TOO_LITTLE: u64 = 1_000_000;
/// Seconds after a full bucket at which counts still belong to its beginning.
const LATE: i64 = 3;
/// Interfaces that are listed.
const LISTED: usize = 100;
/// Kinds whose traffic passes another interface too, or never leaves the machine.
const APART: [&str; 5] = ["loopback", "tunnel", "bridge", "bond", "vlan"];

/// bandwhich's total beside the kernel's, for the time that both cover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// Seconds that both cover.
    pub seconds: u64,
    /// Bytes that bandwhich counted, loopback left out.
    pub bandwhich_bytes: u64,
    /// Bytes that the kernel counted, headers included, on the interfaces that are compared.
    pub kernel_bytes: u64,
    /// The least and the most that bandwhich should have counted of these.
    pub expected_bytes: [u64; 2],
    /// What follows.
    pub verdict: Agreement,
    /// Each interface, most bytes first, at most 100.
    pub interfaces: Vec<Reconciled>,
}

/// Whether both totals fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// They do.
    Agree,
    /// bandwhich counted less.
    Gap,
    /// bandwhich counted more: some bytes on two interfaces.
    CountedTwice,
    /// There was too little traffic to tell.
    TooLittle,
}

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// Its name.
    pub name: String,
    /// What it is, like `ethernet` or `tunnel`.
    pub kind: String,
    /// Bytes that the kernel received there.
    pub kernel_received_bytes: u64,
    /// Bytes that the kernel sent there.
    pub kernel_sent_bytes: u64,
    /// Bytes of connections that bandwhich saw there last.
    pub bandwhich_bytes: u64,
    /// Whether it is part of the comparison. Loopback, tunnels, bridges, bonds and VLANs are not: what
    /// passes them passes another interface too, or none.
    pub compared: bool,
}

/// Gathers, from rows in any order, what bandwhich counted while the kernel's counts were noted.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    spans: Vec<Range<i64>>,
    kernel: BTreeMap<String, Kernel>,
    seen: HashMap<String, u64, FixedState>,
    total: u64,
}

#[derive(Debug, Default)]
struct Kernel {
    kind: String,
    received: (u64, u64),
    sent: (u64, u64),
}

impl Ledger {
    /// A ledger of the counts that were noted within a period, each with the log that holds it.
    pub(crate) fn new(
        counts: &[(String, InterfaceCount)],
        period: &Range<i64>,
        resolution: i64,
    ) -> Self {
        let mut logs: BTreeMap<(&str, u32), Vec<&InterfaceCount>> = BTreeMap::new();
        for (log, count) in counts {
            // One second later is told by the frame that ends the period.
            if count.time >= period.start && count.time <= period.end + LATE {
                logs.entry((log, count.collection)).or_default().push(count);
            }
        }
        let mut ledger = Ledger::default();
        for counts in logs.values() {
            ledger.add_log(counts, resolution);
        }
        ledger
    }

    /// Adds what was counted between the first and the last full bucket of a log.
    fn add_log(&mut self, counts: &[&InterfaceCount], resolution: i64) {
        let full = |time: i64| time.rem_euclid(resolution) < LATE;
        let times: BTreeSet<i64> = counts.iter().map(|count| count.time).collect();
        let mut full = times.into_iter().filter(|time| full(*time));
        let Some((first, last)) = full.next().zip(full.next_back()) else {
            return;
        };
        let floor = |time: i64| time.div_euclid(resolution) * resolution;
        let span = floor(first)..floor(last);
        // A log may be noted twice, as where a copy was made and went on; a second counts once.
        if span.is_empty()
            || (self.spans.iter()).any(|other| span.start < other.end && other.start < span.end)
        {
            return;
        }
        self.spans.push(span);
        let mut before: BTreeMap<&str, &InterfaceCount> = BTreeMap::new();
        for count in counts {
            if count.time < first || count.time > last {
                continue;
            }
            let kernel = self.kernel.entry(count.name.clone()).or_default();
            kernel.kind.clone_from(&count.kind);
            // Counts that fell began anew: what was counted in between is not known.
            let since = |new: (u64, u64), old: (u64, u64)| {
                Some((new.0.checked_sub(old.0)?, new.1.checked_sub(old.1)?))
            };
            if let Some(old) = before.insert(&count.name, count)
                && let Some(received) = since(count.received, old.received)
                && let Some(sent) = since(count.sent, old.sent)
            {
                add(&mut kernel.received, received);
                add(&mut kernel.sent, sent);
            }
        }
    }

    /// Adds a stored row.
    pub(crate) fn row(&mut self, row: &RowView<'_>) {
        if row.table == Table::Peers || !self.spans.iter().any(|span| span.contains(&row.bucket)) {
            return;
        }
        let volume = row.volume.total();
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

    /// What follows. `None` where nothing was noted that could be compared.
    pub(crate) fn close(self) -> Option<Reconciliation> {
        let seconds: i64 = self.spans.iter().map(|span| span.end - span.start).sum();
        let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0)?;
        let (mut kernel_bytes, mut packets) = (0u64, 0u64);
        let mut interfaces = Vec::new();
        for (name, kernel) in self.kernel {
            let compared = !APART.contains(&kernel.kind.as_str());
            if compared {
                for (bytes, count) in [kernel.received, kernel.sent] {
                    kernel_bytes = kernel_bytes.saturating_add(bytes);
                    packets = packets.saturating_add(count);
                }
            }
            interfaces.push(Reconciled {
                bandwhich_bytes: self.seen.get(&name).copied().unwrap_or(0),
                name,
                kind: kernel.kind,
                kernel_received_bytes: kernel.received.0,
                kernel_sent_bytes: kernel.sent.0,
                compared,
            });
        }
        let size = |entry: &Reconciled| {
            (entry.kernel_received_bytes).saturating_add(entry.kernel_sent_bytes)
        };
        interfaces.sort_by(|one, other| (size(other), &one.name).cmp(&(size(one), &other.name)));
        interfaces.truncate(LISTED);
        let without = |headers: u64| kernel_bytes.saturating_sub(packets.saturating_mul(headers));
        let expected_bytes = [without(HEADERS.1), without(HEADERS.0)];
        let [least, most] = expected_bytes.map(|bytes| bytes as f64);
        let total = self.total as f64;
        let verdict = if kernel_bytes.max(self.total) < TOO_LITTLE {
            Agreement::TooLittle
        } else if total < least * (1.0 - TOLERANCE) {
            Agreement::Gap
        } else if total > most * (1.0 + TOLERANCE) {
            Agreement::CountedTwice
        } else {
            Agreement::Agree
        };
        Some(Reconciliation {
            seconds,
            bandwhich_bytes: self.total,
            kernel_bytes,
            expected_bytes,
            verdict,
            interfaces,
        })
    }
}

fn add(sum: &mut (u64, u64), (bytes, packets): (u64, u64)) {
    *sum = (sum.0.saturating_add(bytes), sum.1.saturating_add(packets));
}

impl Reconciliation {
    /// A sentence for people. It may hold names of interfaces.
    pub(crate) fn note(&self) -> Note {
        let [least, most] = self.expected_bytes;
        let part = |whole: u64| percent(self.bandwhich_bytes as f64 / whole.max(1) as f64);
        let names = |kinds: &[&str]| {
            let names: Vec<&str> = (self.interfaces.iter())
                .filter(|entry| kinds.contains(&entry.kind.as_str()))
                .map(|entry| entry.name.as_str())
                .take(5)
                .collect();
            names.join(", ")
        };
        let over = names(&["tunnel", "bridge", "bond", "vlan"]);
        let verdict = match self.verdict {
            Agreement::Agree => "both agree".to_owned(),
            Agreement::TooLittle => "too little to conclude anything".to_owned(),
            Agreement::Gap => format!(
                "{} of the least: packets were lost in the capture, came before bandwhich ran on their \
                 interface, or were neither TCP nor UDP",
                part(least)
            ),
            Agreement::CountedTwice => format!(
                "{} of the most: bytes are counted twice{}",
                part(most),
                match over.is_empty() {
                    true => String::new(),
                    false => format!(", as what passes {over} passes another interface too"),
                }
            ),
        };
        let message = format!(
            "in {} that the kernel's counters cover, bandwhich counted {}; by the kernel's {}, headers \
             taken off, it should be {} to {}: {verdict}",
            duration(self.seconds),
            bytes(self.bandwhich_bytes),
            bytes(self.kernel_bytes),
            bytes(least),
            bytes(most),
        );
        Note::new("reconciliation", message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use traffic::Volume;

    const START: i64 = 1_795_338_000;

    fn count(time: i64, name: &str, kind: &str, bytes: u64) -> (String, InterfaceCount) {
        let count = InterfaceCount {
            collection: 1,
            time: START + time,
            name: name.to_owned(),
            kind: kind.to_owned(),
            received: (bytes, bytes / 1000),
            sent: (0, 0),
        };
        ("a.log".to_owned(), count)
    }

    fn row(bucket: i64, interface: &str, bytes: u64) -> RowView<'_> {
        RowView {
            table: match interface {
                "lo" => Table::Loopback,
                _ => Table::Traffic,
            },
            bucket: START + bucket,
            process: None,
            pid: None,
            interface: Some(interface),
            protocol: None,
            local_port: None,
            remote: None,
            remote_port: None,
            volume: Volume { up: 0, down: bytes },
            peak: Volume::ZERO,
            frames: 1,
            first_seen: START + bucket,
            last_seen: START + bucket,
        }
    }

    fn reconciled(
        counts: &[(String, InterfaceCount)],
        rows: &[RowView<'_>],
    ) -> Option<Reconciliation> {
        let mut ledger = Ledger::new(counts, &(START..START + 86_400), 60);
        rows.iter().for_each(|row| ledger.row(row));
        ledger.close()
    }

    #[test]
    fn totals_are_compared_between_full_buckets() {
        let counts = [
            count(-1, "eth0", "ethernet", 0),
            count(17, "eth0", "ethernet", 4_000_000),
            count(60, "eth0", "ethernet", 5_000_000),
            count(300, "eth0", "ethernet", 15_000_000),
            count(601, "eth0", "ethernet", 25_000_000),
            count(625, "eth0", "ethernet", 99_000_000),
        ];
        // 20 MB in 20 000 packets; what lies outside of the counts does not count.
        let rows = [
            row(0, "eth0", 77_000_000),
            row(60, "eth0", 9_700_000),
            row(540, "eth0", 9_500_000),
            row(600, "eth0", 77_000_000),
        ];
        let found = reconciled(&counts, &rows).unwrap();
        assert_eq!((found.seconds, found.kernel_bytes), (540, 20_000_000));
        assert_eq!(found.expected_bytes, [18_920_000, 19_320_000]);
        assert_eq!(found.bandwhich_bytes, 19_200_000);
        assert_eq!(found.verdict, Agreement::Agree);
    }

    #[test]
    fn a_gap_and_a_double_count_are_told() {
        let counts = [
            count(0, "eth0", "ethernet", 0),
            count(0, "tun0", "tunnel", 0),
            count(0, "lo", "loopback", 0),
            count(600, "eth0", "ethernet", 20_000_000),
            count(600, "tun0", "tunnel", 18_000_000),
            count(600, "lo", "loopback", 500_000_000),
        ];
        let verdict = |rows: &[RowView<'_>]| {
            let found = reconciled(&counts, rows).unwrap();
            (found.verdict, found.note().message)
        };
        let (gap, message) = verdict(&[row(60, "eth0", 10_000_000), row(60, "lo", 250_000_000)]);
        assert_eq!(gap, Agreement::Gap);
        assert!(message.contains("lost in the capture"), "{message}");
        let (twice, message) = verdict(&[row(60, "eth0", 19_000_000), row(60, "tun0", 17_000_000)]);
        assert_eq!(twice, Agreement::CountedTwice);
        assert!(message.contains("passes tun0 passes another"), "{message}");
        let found = reconciled(&counts, &[]).unwrap();
        assert_eq!(
            found
                .interfaces
                .iter()
                .filter(|entry| entry.compared)
                .count(),
            1
        );
    }

    #[test]
    fn counters_that_begin_anew_and_interfaces_that_come_and_go_are_no_traffic() {
        let counts = [
            count(0, "eth0", "ethernet", 50_000_000),
            count(300, "eth0", "ethernet", 60_000_000),
            count(300, "eth1", "ethernet", 70_000_000),
            // Restarted.
            count(600, "eth0", "ethernet", 1_000),
            count(900, "eth0", "ethernet", 5_001_000),
        ];
        let found = reconciled(&counts, &[]).unwrap();
        assert_eq!(found.kernel_bytes, 15_000_000);
    }

    #[test]
    fn without_two_counts_on_full_buckets_nothing_is_compared() {
        assert_eq!(reconciled(&[], &[row(0, "eth0", 5)]), None);
        let counts = [count(0, "e", "ethernet", 0), count(30, "e", "ethernet", 9)];
        assert_eq!(reconciled(&counts, &[]), None);
    }

    #[test]
    fn a_time_that_two_logs_cover_counts_once() {
        let mut counts = vec![
            count(0, "e", "ethernet", 0),
            count(300, "e", "ethernet", 5_000_000),
        ];
        let copy: Vec<_> = counts
            .iter()
            .map(|(_, count)| ("b.log".to_owned(), count.clone()))
            .collect();
        counts.extend(copy);
        assert_eq!(reconciled(&counts, &[]).unwrap().kernel_bytes, 5_000_000);
    }
}
