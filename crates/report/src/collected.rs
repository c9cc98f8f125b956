//! What a collector noted, in words: packets, holes, addresses, and what bandwhich hides.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;

use display::{Moment, bytes, duration, percent};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use traffic::{Noted, watched_interface};

use crate::coverage::LONG_HOLE;
use crate::ledger::Ledger;
use crate::{Coverage, Note, ShownHole};

/// Bytes of headers that the kernel counts of a packet and bandwhich does not: Ethernet and IPv4.
const HEADERS: u64 = 34;
/// Dropped packets are few up to a twentieth of all.
const FEW_DROPPED: u64 = 20;
/// Seconds after the beginning of a collector in which its first notes are written.
const HEAD: i64 = 2;
/// Sentences of one kind.
const MOST: usize = 3;

/// Packets that reached bandwhich's sockets, between the first and the last note of each log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// Packets, dropped ones included. `None` if only drops are known.
    pub packets: Option<u64>,
    /// Packets of these that were dropped because a buffer was full.
    pub dropped_packets: u64,
    /// About how many bytes these held: by the mean size of the kernel's packets, or by what bandwhich counted
    /// less than the kernel if many were dropped.
    pub lost_bytes: u64,
}

impl Capture {
    /// The sum of all logs that touch a period. `None` if nothing was noted.
    pub(crate) fn of(noted: &[Noted], span: &Range<i64>, ledger: &Ledger) -> Option<Self> {
        let counts = noted.iter().flat_map(|noted| &noted.captures);
        let mut capture: Option<Capture> = None;
        for count in counts.filter(|count| count.time >= span.start) {
            let sum = capture.get_or_insert_with(|| Capture {
                packets: Some(0),
                ..Capture::default()
            });
            let both = sum.packets.zip(count.packets);
            sum.packets = both.map(|(sum, new)| sum.saturating_add(new));
            sum.dropped_packets = sum.dropped_packets.saturating_add(count.dropped);
        }
        let mut capture = capture?;
        let packets = ledger.kernel_packets.max(1);
        let payload = (ledger.kernel_bytes).saturating_sub(packets.saturating_mul(HEADERS));
        let by_mean = (payload / packets).saturating_mul(capture.dropped_packets);
        // A full buffer has room for small packets, so those that are dropped are larger than the mean. Of few,
        // the difference tells nothing.
        let unseen = payload.saturating_sub(ledger.total);
        let are_many = capture.dropped_packets > packets / FEW_DROPPED;
        let is_near = (by_mean / 2..=by_mean.saturating_mul(2)).contains(&unseen);
        capture.lost_bytes = if are_many && is_near { unseen } else { by_mean };
        Some(capture)
    }

    fn note(&self) -> Note {
        let lost = self.dropped_packets;
        let about = match self.lost_bytes {
            0 => String::new(),
            lost => format!(", about {}", bytes(lost)),
        };
        let cause = "bandwhich was too slow for its capture buffer";
        let message = match (self.packets, lost) {
            (Some(packets), 0) => format!("{} packets, none lost in the capture", large(packets)),
            (None, 0) => "No packet was lost in the capture".to_owned(),
            (Some(packets), lost) => format!(
                "{} of {} packets were lost in the capture ({}{about}): {cause}",
                large(lost),
                large(packets),
                percent(lost as f64 / packets.max(1) as f64)
            ),
            (None, lost) => format!(
                "{} packets were lost in the capture{about}: {cause}",
                large(lost)
            ),
        };
        Note::new("capture", message)
    }
}

/// A number as people say it: `1.4 million`, `12,300`.
fn large(number: u64) -> String {
    if number >= 1_000_000 {
        let (size, name) = match number {
            1_000_000_000.. => (1e9, "billion"),
            _ => (1e6, "million"),
        };
        return format!("{:.1} {name}", number as f64 / size);
    }
    let digits = number.to_string();
    match digits.len().checked_sub(3) {
        Some(at @ 1..) => format!("{},{}", &digits[..at], &digits[at..]),
        _ => digits,
    }
}

/// Seconds that a hole lasted.
fn seconds(hole: &ShownHole) -> u64 {
    hole.end.as_second().abs_diff(hole.start.as_second())
}

/// How long holes lasted together, and what passed.
fn sum(holes: &[&ShownHole]) -> String {
    let lasted = holes.iter().map(|hole| seconds(hole)).sum();
    let missed = holes.iter().filter_map(|hole| hole.missed_bytes);
    let missed = bytes(missed.fold(0, u64::saturating_add));
    match lasted {
        0 => format!("less than a second; about {missed} passed"),
        _ => format!("{} in all; about {missed} passed", duration(lasted)),
    }
}

/// What is at hand to be put into words.
pub(crate) struct Collected<'a> {
    pub(crate) noted: &'a [Noted],
    pub(crate) coverage: &'a Coverage,
    pub(crate) capture: Option<&'a Capture>,
    pub(crate) span: &'a Range<i64>,
    pub(crate) zone: &'a TimeZone,
}

impl Collected<'_> {
    pub(crate) fn notes(&self) -> Vec<Note> {
        let mut notes: Vec<Note> = self.capture.map(Capture::note).into_iter().collect();
        notes.extend(self.holes());
        notes.extend(self.late_addresses());
        notes.extend(self.hidden_dns());
        notes.extend(self.recorded_alone());
        notes
    }

    fn clock(&self, second: i64) -> String {
        let time = Moment::new(second, self.zone).civil();
        let is_long = self.span.end - self.span.start > 25 * 3600;
        let format = if is_long {
            "%Y-%m-%d %H:%M:%S"
        } else {
            "%H:%M:%S"
        };
        time.strftime(format).to_string()
    }

    /// The times in which bandwhich did not run, the longest first, and short ones in one sentence.
    fn holes(&self) -> Vec<Note> {
        let (mut long, short): (Vec<&ShownHole>, Vec<&ShownHole>) = (self.coverage.holes.iter())
            .partition(|hole| seconds(hole) >= LONG_HOLE.unsigned_abs());
        long.sort_by_key(|hole| (Reverse(seconds(hole)), hole.start.as_second()));
        let mut notes: Vec<Note> = (long.iter().take(MOST))
            .map(|hole| {
                let passed = match hole.missed_bytes {
                    Some(missed) => format!("about {} passed", bytes(missed)),
                    None => "what passed is not known".to_owned(),
                };
                let (start, end) = (hole.start.as_second(), hole.end.as_second());
                let (until, why) = (self.clock(end), self.reason(start, end));
                let lasted = duration(seconds(hole));
                Note::new(
                    "hole",
                    format!("bandwhich did not run for {lasted} until {until}{why}; {passed}"),
                )
            })
            .collect();
        let rest = long.get(MOST..).unwrap_or_default();
        let rest = (!rest.is_empty()).then(|| {
            let (count, passed) = (rest.len(), sum(rest));
            format!("{count} more times without bandwhich, {passed}")
        });
        let restarts = match short.len() {
            0 => None,
            1 => Some(format!("one short restart of bandwhich, {}", sum(&short))),
            count => Some(format!(
                "{count} short restarts of bandwhich, {}",
                sum(&short)
            )),
        };
        let sums = rest.into_iter().chain(restarts);
        notes.extend(sums.map(|message| Note::new("hole", message)));
        notes
    }

    /// Why bandwhich ended before a hole.
    fn reason(&self, start: i64, end: i64) -> String {
        let stops = self.noted.iter().flat_map(|noted| &noted.stops);
        let near = start - HEAD..=end;
        let stop = stops
            .filter(|stop| near.contains(&stop.time))
            .min_by_key(|stop| stop.time);
        stop.map_or_else(String::new, |stop| format!(" ({})", stop.reason))
    }

    /// Interfaces that had no address when bandwhich began to listen.
    fn late_addresses(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        for noted in self.noted {
            let mut first: BTreeMap<(&str, bool), i64> = BTreeMap::new();
            for change in &noted.addresses {
                let Ok(address) = change.address.parse::<IpAddr>() else {
                    continue;
                };
                let key = (change.interface.as_str(), address.is_ipv4());
                let time = first.entry(key).or_insert(change.time);
                *time = change.time.min(*time);
            }
            let Some(begun) = noted.collectors.first() else {
                continue;
            };
            for ((interface, is_ipv4), time) in first {
                if is_ipv4 && time > begun.time + HEAD && self.span.contains(&time) {
                    let until = self.clock(time);
                    let message = format!("{interface} had no IPv4 address until {until}");
                    notes.push(Note::new("no_address", message));
                }
            }
        }
        notes.truncate(MOST);
        notes
    }

    /// bandwhich leaves out DNS unless it is told otherwise.
    fn hidden_dns(&self) -> Option<Note> {
        let mut collectors = self.noted.iter().flat_map(|noted| &noted.collectors);
        let hides = collectors.any(|collector| {
            let mut words = collector.arguments.split_ascii_whitespace();
            !words.any(|word| word == "--show-dns" || word == "-s")
        });
        hides.then(|| {
            Note::new(
                "dns_hidden",
                "DNS (port 53) is not in these numbers: bandwhich hides it unless collect.args has \
                 --show-dns",
            )
        })
    }

    /// The interfaces that bandwhich was told to watch alone.
    fn recorded_alone(&self) -> Option<Note> {
        let collectors = self.noted.iter().flat_map(|noted| &noted.collectors);
        let watched: BTreeSet<Option<&str>> = collectors
            .map(|collector| watched_interface(&collector.arguments))
            .collect();
        let names: Vec<&str> = watched.iter().copied().flatten().take(MOST).collect();
        let when = if watched.contains(&None) {
            "At times only"
        } else {
            "Only"
        };
        (!names.is_empty()).then(|| {
            let message = format!(
                "{when} {} was recorded: what passed only other interfaces, as between containers or \
                 between them and this machine, is not counted",
                names.join(", ")
            );
            Note::new("recorded_alone", message)
        })
    }
}

#[cfg(test)]
mod tests {
    use traffic::{AddressChange, Collector, Stop};

    use super::*;

    const START: i64 = 1_795_305_600;

    fn noted(arguments: &str) -> Noted {
        let address = |time, address: &str| AddressChange {
            time: START + time,
            interface: "eth0".to_owned(),
            address: address.to_owned(),
            gone: false,
        };
        Noted {
            collectors: vec![Collector {
                collection: 1,
                time: START,
                arguments: arguments.to_owned(),
            }],
            addresses: vec![address(0, "fe80::1"), address(33_120, "192.0.2.7")],
            stops: vec![Stop {
                time: START + 59,
                reason: "ended (signal 9)".to_owned(),
            }],
            ..Noted::default()
        }
    }

    fn messages(
        noted: &[Noted],
        capture: Option<&Capture>,
        holes: &[(i64, i64, u64)],
    ) -> Vec<String> {
        let zone = TimeZone::UTC;
        let moment = |second| Moment::new(START + second, &zone);
        let shown = |&(start, end, missed): &(i64, i64, u64)| ShownHole {
            start: moment(start),
            end: moment(end),
            missed_bytes: Some(missed),
        };
        let coverage = Coverage {
            observed_seconds: 1,
            expected_seconds: 1,
            ratio: 1.0,
            gaps: Vec::new(),
            gaps_total: 0,
            holes: holes.iter().map(shown).collect(),
            missed_bytes: None,
            byte_ratio: None,
        };
        let collected = Collected {
            noted,
            coverage: &coverage,
            capture,
            span: &(START..START + 86_400),
            zone: &zone,
        };
        let notes = collected.notes().into_iter();
        notes.map(|note| note.message).collect()
    }

    #[test]
    fn a_collector_is_put_into_words() {
        let capture = Capture {
            packets: Some(1_400_000),
            dropped_packets: 12_300,
            lost_bytes: 3_100_000,
        };
        let holes = [(60, 75, 4_900_000), (100, 102, 0)];
        assert_eq!(
            messages(&[noted("--raw")], Some(&capture), &holes),
            [
                "12,300 of 1.4 million packets were lost in the capture (0.9 %, about 3.1 MB): bandwhich \
                 was too slow for its capture buffer",
                "bandwhich did not run for 15 s until 00:01:15 (ended (signal 9)); about 4.9 MB passed",
                "bandwhich did not run for 2 s until 00:01:42; about 0 B passed",
                "eth0 had no IPv4 address until 09:12:00",
                "DNS (port 53) is not in these numbers: bandwhich hides it unless collect.args has \
                 --show-dns",
            ]
        );
    }

    #[test]
    fn short_restarts_are_summed_up() {
        let short: Vec<_> = (0..20)
            .map(|number| (number * 12, number * 12 + number % 2, 365_000))
            .collect();
        let mut holes = short.clone();
        holes.insert(7, (80, 83, 100_000));
        let quiet = || vec![Noted::default()];
        assert_eq!(
            messages(&quiet(), None, &holes),
            [
                "bandwhich did not run for 3 s until 00:01:23; about 100.0 kB passed",
                "20 short restarts of bandwhich, 10 s in all; about 7.3 MB passed",
            ]
        );
        assert_eq!(
            messages(&quiet(), None, &short[..1]),
            ["one short restart of bandwhich, less than a second; about 365.0 kB passed"]
        );
        let long: Vec<_> = (1..=6)
            .map(|number| (number * 60, number * 60 + 5, 1_000_000))
            .collect();
        assert_eq!(
            messages(&quiet(), None, &long)[3],
            "3 more times without bandwhich, 15 s in all; about 3.0 MB passed"
        );
    }

    #[test]
    fn what_did_not_happen_is_not_said() {
        let mut quiet = noted("--raw --show-dns");
        quiet.addresses.truncate(1);
        let capture = Capture {
            packets: Some(1_400_000),
            ..Capture::default()
        };
        assert_eq!(
            messages(&[quiet], Some(&capture), &[]),
            ["1.4 million packets, none lost in the capture"]
        );
        assert_eq!(messages(&[], None, &[]), [""; 0]);
        let unknown = Capture::default();
        let message = &messages(&[], Some(&unknown), &[])[0];
        assert_eq!(message, "No packet was lost in the capture");
    }

    #[test]
    fn many_dropped_packets_held_what_the_kernel_counted_more() {
        let lost = |dropped: u64, counted: u64| {
            let noted = format!(
                r#"{{"captures": [{{"collection": 1, "interface": "e", "time": {START}, "packets": 1000,
                     "dropped": {dropped}, "last": [0, 0]}}]}}"#
            );
            let noted: Noted = serde_json::from_str(&noted).unwrap();
            let mut ledger = Ledger::default();
            (ledger.kernel_bytes, ledger.kernel_packets) = (1_034_000, 1000);
            ledger.total = counted;
            let capture = Capture::of(&[noted], &(START..START + 86_400), &ledger);
            capture.unwrap().lost_bytes
        };
        assert_eq!(lost(300, 620_000), 380_000);
        // Few tell nothing, nor does a difference that has other causes.
        assert_eq!(lost(50, 920_000), 50_000);
        assert_eq!(lost(300, 990_000), 300_000);
        assert_eq!(lost(300, 0), 300_000);
        assert_eq!(lost(0, 990_000), 0);
    }

    #[test]
    fn it_is_told_what_was_recorded_alone() {
        let of = |arguments: &[&str]| {
            let logs: Vec<Noted> = (arguments.iter())
                .map(|arguments| Noted {
                    addresses: Vec::new(),
                    ..noted(&format!("--raw --show-dns {arguments}"))
                })
                .collect();
            messages(&logs, None, &[]).pop().unwrap_or_default()
        };
        assert_eq!(of(&["", ""]), "");
        let alone = of(&["--interface=eth0", "-i eth0"]);
        assert!(alone.starts_with("Only eth0 was recorded: "), "{alone}");
        let at_times = of(&["", "--interface eth0"]);
        assert!(
            at_times.starts_with("At times only eth0 was recorded: "),
            "{at_times}"
        );
    }

    #[test]
    fn numbers_are_written_as_people_say_them() {
        let numbers = [0, 999, 12_300, 999_999, 1_400_000, 2_500_000_000];
        let texts = [
            "0",
            "999",
            "12,300",
            "999,999",
            "1.4 million",
            "2.5 billion",
        ];
        assert_eq!(numbers.map(large), texts);
    }
}
