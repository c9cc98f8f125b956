//! What bandwhich counted beside what the kernel counted, where a collector noted that.
//!
//! The kernel counts whole frames, bandwhich what the IP header is followed by. So a packet is counted
//! 34 bytes shorter (Ethernet and IPv4) to 54 (Ethernet and IPv6): what bandwhich should have seen is a
//! range. Besides, the kernel counts protocols that bandwhich does not (ICMP, ARP, IPsec).

use display::{bytes, duration, percent};
use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::{Capture, Note};

/// Bytes of a packet that the kernel counts and bandwhich does not: Ethernet with IPv4, with IPv6.
const HEADERS: (u64, u64) = (34, 54);
/// Parts that a total may lie outside of the expected range before it is a gap or counted twice.
const TOLERANCE: f64 = 0.03;
/// Below so many bytes of the kernel nothing is concluded.
const TOO_LITTLE: u64 = 1_000_000;
/// Bytes of the TCP header of a packet that is joined to another one.
const JOINED: u64 = 32;
/// Interfaces that are listed.
const LISTED: usize = 100;
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
    /// Whether it is part of the comparison. Loopback, tunnels, bridges, bonds and VLANs are not, nor are
    /// ports of bridges beside an uplink, nor what bandwhich was told not to watch: what passes them
    /// passes another interface too, or none.
    pub compared: bool,
}

impl Ledger {
    /// What follows for the comparison; lost are packets of which bandwhich was told. `None` if nothing
    /// was noted that could be compared.
    pub(crate) fn close(&self, capture: Option<&Capture>) -> Option<Reconciliation> {
        if self.seconds == 0 {
            return None;
        }
        let mut interfaces: Vec<Reconciled> = (self.kernel.iter())
            .map(|(name, kernel)| Reconciled {
                bandwhich_bytes: self.seen.get(name).copied().unwrap_or(0),
                name: name.clone(),
                kind: kernel.kind.clone(),
                kernel_received_bytes: kernel.received.0,
                kernel_sent_bytes: kernel.sent.0,
                compared: kernel.is_compared,
            })
            .collect();
        let size = |entry: &Reconciled| {
            (entry.kernel_received_bytes).saturating_add(entry.kernel_sent_bytes)
        };
        interfaces.sort_by(|one, other| (size(other), &one.name).cmp(&(size(one), &other.name)));
        interfaces.truncate(LISTED);
        let (kernel_bytes, packets) = (self.kernel_bytes, self.kernel_packets);
        // Of packets that the kernel joined before bandwhich saw them, one header of TCP is left.
        let seen = capture
            .and_then(|capture| capture.packets)
            .unwrap_or(packets);
        let joined = packets.saturating_sub(seen).saturating_mul(JOINED);
        let without = |headers: u64| kernel_bytes.saturating_sub(packets.saturating_mul(headers));
        let expected_bytes = [
            without(HEADERS.1).saturating_sub(joined),
            without(HEADERS.0),
        ];
        let [least, most] = expected_bytes.map(|bytes| bytes as f64);
        let total = self.total as f64;
        let lag = self.lag_bytes as f64;
        let verdict = if kernel_bytes.max(self.total) < TOO_LITTLE {
            Agreement::TooLittle
        } else if total + lag < least * (1.0 - TOLERANCE) {
            Agreement::Gap
        } else if total > most * (1.0 + TOLERANCE) {
            Agreement::CountedTwice
        } else {
            Agreement::Agree
        };
        Some(Reconciliation {
            seconds: self.seconds,
            bandwhich_bytes: self.total,
            kernel_bytes,
            expected_bytes,
            verdict,
            interfaces,
        })
    }
}

impl Reconciliation {
    /// A sentence for people. It may hold names of interfaces.
    pub(crate) fn note(&self, capture: Option<&Capture>) -> Note {
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
            Agreement::Gap => {
                let lost = if capture.is_some_and(|capture| capture.dropped_packets == 0) {
                    "none was lost in the capture; packets"
                } else {
                    "packets were lost in the capture,"
                };
                format!(
                    "{} of the least: {lost} came before bandwhich ran on their interface, or were \
                     neither TCP nor UDP",
                    part(least)
                )
            }
            Agreement::CountedTwice => format!(
                "{} of the most: bytes are counted twice{}",
                part(most),
                if over.is_empty() {
                    String::new()
                } else {
                    format!(", as what passes {over} passes another interface too")
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
    use traffic::{Collector, InterfaceCount, Noted, RowView, Stop, Table, Volume};

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
        ledger(counts, &[], rows).close(None)
    }

    fn ledger(
        counts: &[(String, InterfaceCount)],
        notes: &[(String, Noted)],
        rows: &[RowView<'_>],
    ) -> Ledger {
        let mut ledger = Ledger::new(counts, notes, &(START..START + 86_400), 60);
        rows.iter().for_each(|row| ledger.row(row));
        ledger
    }

    /// Notes of a log whose bandwhich has these arguments.
    fn notes(log: &str, arguments: &str) -> (String, Noted) {
        let collector = Collector {
            collection: 1,
            time: START,
            arguments: arguments.to_owned(),
        };
        let noted = Noted {
            collectors: vec![collector],
            ..Noted::default()
        };
        (log.to_owned(), noted)
    }

    #[test]
    fn a_log_that_began_before_the_period_is_compared_from_a_full_bucket_on() {
        let counts = [
            count(-1, "eth0", "ethernet", 0),
            count(17, "eth0", "ethernet", 4_000_000),
            count(60, "eth0", "ethernet", 5_000_000),
            count(300, "eth0", "ethernet", 15_000_000),
            count(601, "eth0", "ethernet", 25_000_000),
            count(625, "eth0", "ethernet", 25_600_000),
        ];
        // 20.6 MB in 20 600 packets; what lies before the counts does not count.
        let rows = [
            row(0, "eth0", 77_000_000),
            row(60, "eth0", 9_700_000),
            row(540, "eth0", 9_500_000),
            row(600, "eth0", 580_000),
        ];
        let found = reconciled(&counts, &rows).unwrap();
        assert_eq!((found.seconds, found.kernel_bytes), (565, 20_600_000));
        assert_eq!(found.expected_bytes, [19_487_600, 19_899_600]);
        assert_eq!(found.bandwhich_bytes, 19_780_000);
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
            (found.verdict, found.note(None).message)
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
    fn without_two_counts_nothing_is_compared() {
        assert_eq!(reconciled(&[], &[row(0, "eth0", 5)]), None);
        assert_eq!(reconciled(&[count(0, "e", "ethernet", 0)], &[]), None);
    }

    #[test]
    fn a_run_of_less_than_a_minute_is_judged() {
        let counts = [
            count(7, "e", "ethernet", 0),
            count(48, "e", "ethernet", 40_000_000),
        ];
        let verdict = |bytes| reconciled(&counts, &[row(0, "e", bytes)]).unwrap().verdict;
        // Three seconds at its edges are not seen by bandwhich.
        assert_eq!(verdict(36_000_000), Agreement::Agree);
        assert_eq!(verdict(20_000_000), Agreement::Gap);
    }

    #[test]
    fn a_log_that_ended_right_behind_a_minute_is_compared_to_its_end() {
        let counts = [
            count(7, "e", "ethernet", 0),
            count(62, "e", "ethernet", 40_000_000),
        ];
        let rows = [row(0, "e", 37_000_000), row(60, "e", 1_640_000)];
        let mut notes = notes_of_stop();
        notes.1.stops[0].time = START + 62;
        let compared = |notes: &[(String, Noted)]| {
            let found = ledger(&counts, notes, &rows).close(None).unwrap();
            found.bandwhich_bytes
        };
        assert_eq!(compared(&[notes]), 38_640_000);
        // One that goes on has rows behind its last count in that minute.
        assert_eq!(compared(&[]), 37_000_000);
    }

    #[test]
    fn what_bandwhich_does_not_watch_is_not_compared() {
        let mut counts = Vec::new();
        for (name, kind, bytes) in [
            ("u0", "virtual", 20_000_000),
            ("br0", "bridge", 30_000_000),
            ("vc1", "port", 30_000_000),
        ] {
            counts.extend([count(0, name, kind, 9), count(600, name, kind, 9 + bytes)]);
        }
        let rows = [row(60, "u0", 19_200_000)];
        for arguments in ["--raw --interface u0", "--raw"] {
            let ledger = ledger(&counts, &[notes("a.log", arguments)], &rows);
            let found = ledger.close(None).unwrap();
            assert_eq!(found.kernel_bytes, 20_000_000, "{arguments}");
            assert_eq!(found.verdict, Agreement::Agree);
        }
        // Without an uplink the ports are it.
        let found = reconciled(&counts[2..], &rows).unwrap();
        assert_eq!(found.kernel_bytes, 30_000_000);
    }

    #[test]
    fn what_passed_between_two_logs_is_known() {
        let of = |log: &str, (_, count): (String, InterfaceCount)| (log.to_owned(), count);
        let counts = [
            of("a.log", count(0, "eth0", "ethernet", 0)),
            of("a.log", count(60, "eth0", "ethernet", 6_000_000)),
            // Killed at 80, begun again at 95.
            of("b.log", count(95, "eth0", "ethernet", 13_000_000)),
            of("b.log", count(120, "eth0", "ethernet", 16_000_000)),
        ];
        let mut rows = [
            row(0, "eth0", 5_800_000),
            row(60, "eth0", 1_900_000),
            row(60, "eth0", 1_000_000),
        ];
        (rows[1].first_seen, rows[1].last_seen) = (START + 60, START + 80);
        (rows[2].first_seen, rows[2].last_seen) = (START + 96, START + 119);
        let mut ledger = ledger(&counts, &[], &rows);
        let holes = ledger.holes(0);
        // 7 MB in 7,000 packets, of which 1.9 MB were seen.
        assert_eq!(holes.len(), 1);
        assert_eq!((holes[0].start, holes[0].end), (START + 80, START + 95));
        assert_eq!(holes[0].missed_bytes, Some(4_862_000));
        // What the log saw behind its last count is compared with nothing.
        let found = ledger.close(None).unwrap();
        assert_eq!(
            (found.kernel_bytes, found.bandwhich_bytes),
            (9_000_000, 6_800_000)
        );
        // Frames without traffic show that it ran.
        ledger.facts(&traffic::BucketFacts {
            bucket: START + 60,
            frames: 5,
            idle_frames: 5,
            seconds: 5,
            peak: Volume::ZERO,
            first: START + 81,
            last: START + 85,
        });
        assert_eq!(ledger.holes(0)[0].start, START + 85);
    }

    /// Two logs, of a bandwhich that was killed within the 61st second and the one after it.
    fn restarted(until: i64) -> Vec<(String, InterfaceCount)> {
        let of = |log: &str, (_, count): (String, InterfaceCount)| (log.to_owned(), count);
        vec![
            of("a.log", count(0, "eth0", "ethernet", 0)),
            of("a.log", count(60, "eth0", "ethernet", 6_000_000)),
            of("b.log", count(until, "eth0", "ethernet", 6_500_000)),
            of("b.log", count(until, "usb0", "ethernet", 100_000)),
            of("b.log", count(120, "eth0", "ethernet", 12_500_000)),
            of("b.log", count(120, "usb0", "ethernet", 100_000)),
        ]
    }

    fn notes_of_stop() -> (String, Noted) {
        let mut notes = notes("a.log", "--raw");
        notes.1.stops = vec![Stop {
            time: START + 61,
            reason: "ended (signal 9)".to_owned(),
        }];
        notes
    }

    #[test]
    fn what_passed_in_a_restart_is_known_however_short_it_was() {
        for until in [60, 61] {
            // A row of the last frame is counted by the last note: bandwhich ended behind it.
            let rows = [
                row(0, "eth0", 5_600_000),
                row(60, "eth0", 200_000),
                row(60, "eth0", 5_752_000),
            ];
            let ledger = ledger(&restarted(until), &[notes_of_stop()], &rows);
            let holes = ledger.holes(0);
            assert_eq!(holes.len(), 1, "{until}");
            assert_eq!((holes[0].start, holes[0].end), (START + 60, START + until));
            // 0.5 MB in 500 packets, and what came on an interface that was new; each without headers. And
            // 40 kB that the kernel had counted at the last frame and bandwhich had not.
            assert_eq!(holes[0].missed_bytes, Some(483_000 + 96_600 + 40_000));
            assert_eq!(ledger.holes(15_000)[0].missed_bytes, Some(604_600));
            assert_eq!(ledger.close(None).unwrap().bandwhich_bytes, 11_552_000);
            // It is no more than passes in half a second, whatever the kernel counts besides.
            let few = self::ledger(&restarted(until), &[notes_of_stop()], &rows[..2]);
            assert_eq!(few.holes(0)[0].missed_bytes, Some(579_600 + 48_300));
        }
    }

    #[test]
    fn a_rotation_is_no_hole() {
        let mut counts = restarted(61);
        let (begun, ended) = (counts[2].1.clone(), counts[3].1.clone());
        counts[1].1 = begun;
        counts.insert(2, ("a.log".to_owned(), ended));
        assert_eq!(ledger(&counts, &[], &[]).holes(0), []);
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
