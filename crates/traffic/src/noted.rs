//! What a collector noted of the machine and of its capture, as it is kept with a log.

use rawlog::{Note, NoteKind};
use serde::{Deserialize, Serialize};

/// Counts of interfaces that are kept of a log: those of a day with a hundred interfaces.
const MOST_COUNTS: usize = 30_000;
/// Other notes that are kept of a log, of each kind.
const MOST: usize = 2_000;
/// Seconds between two counts of one interface that are kept; the first and the last always are.
const COUNT_EVERY: i64 = 300;

/// The notes of a log, but for owners.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Noted {
    /// Collectors that began, each with its arguments for bandwhich.
    pub collectors: Vec<Collector>,
    /// The last count of each interface and collection.
    pub captures: Vec<CaptureCount>,
    /// Addresses of the machine that came and went after a collector had begun.
    pub addresses: Vec<AddressChange>,
    /// Interfaces and the bridge or bond that each is a port of.
    pub ports: Vec<(String, String)>,
    /// Why bandwhich ended.
    pub stops: Vec<Stop>,
}

/// A collector that began to write the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collector {
    /// Its number in the log, from 1.
    pub collection: u32,
    /// Seconds since 1970.
    pub time: i64,
    /// What bandwhich was started with.
    pub arguments: String,
}

/// Packets of one interface between the first and the last note of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureCount {
    /// Its collection.
    pub collection: u32,
    /// Interface.
    pub interface: String,
    /// Time of the last note, seconds since 1970.
    pub time: i64,
    /// Packets that reached bandwhich's socket, dropped ones included. `None` if only drops are known.
    pub packets: Option<u64>,
    /// Packets of these that were dropped.
    pub dropped: u64,
    /// The sums of the last note.
    last: (u64, u64),
}

/// What the kernel had counted on an interface since it came up, as a collector noted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterfaceCount {
    /// Which collection of the log it belongs to: counts of different ones cannot be compared.
    pub collection: u32,
    /// Seconds since 1970.
    pub time: i64,
    /// Name of the interface; what is not UTF-8 becomes U+FFFD.
    pub name: String,
    /// One word: what it is, like `ethernet` or `tunnel`.
    pub kind: String,
    /// Bytes, link-layer headers included, and packets.
    pub received: (u64, u64),
    /// Bytes, link-layer headers included, and packets.
    pub sent: (u64, u64),
}

/// An address that an interface got or lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressChange {
    /// Seconds since 1970.
    pub time: i64,
    /// Interface.
    pub interface: String,
    /// Address, without the size of its network.
    pub address: String,
    /// Whether it was lost.
    pub gone: bool,
}

/// An end of bandwhich.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Seconds since 1970.
    pub time: i64,
    /// Why, for people.
    pub reason: String,
}

fn text(quoted: rawlog::Quoted<'_>) -> String {
    String::from_utf8_lossy(&quoted.text()).into_owned()
}

fn push<T>(list: &mut Vec<T>, entry: T) {
    if list.len() < MOST {
        list.push(entry);
    }
}

impl Noted {
    /// Takes a note of this collection of a log.
    pub(crate) fn take(&mut self, collection: u32, note: &Note<'_>) {
        let time = note.timestamp;
        match note.told {
            NoteKind::Begun(begun) => push(
                &mut self.collectors,
                Collector {
                    collection,
                    time,
                    arguments: text(begun.arguments),
                },
            ),
            NoteKind::Capture(capture) => {
                let sums = (capture.packets.unwrap_or(0), capture.dropped);
                self.count(
                    collection,
                    time,
                    text(capture.interface),
                    sums,
                    capture.packets.is_some(),
                );
            }
            NoteKind::Address(address) => push(
                &mut self.addresses,
                AddressChange {
                    time,
                    interface: text(address.interface),
                    address: address.address.to_string(),
                    gone: address.gone,
                },
            ),
            NoteKind::Port(port) if !port.gone => {
                push(&mut self.ports, (text(port.interface), text(port.master)));
            }
            NoteKind::Stopped(reason) => push(
                &mut self.stops,
                Stop {
                    time,
                    reason: text(reason),
                },
            ),
            NoteKind::Port(_)
            | NoteKind::Owner(_)
            | NoteKind::Interface(_)
            | NoteKind::Started
            | NoteKind::Later => {}
        }
    }

    /// Adds what was counted since the note before. The first note of a log goes on where the log before
    /// ended; a smaller count began at zero.
    fn count(
        &mut self,
        collection: u32,
        time: i64,
        interface: String,
        sums: (u64, u64),
        known: bool,
    ) {
        let mut counts = self.captures.iter_mut();
        let before = counts.find(|one| one.collection == collection && one.interface == interface);
        let Some(count) = before else {
            return push(
                &mut self.captures,
                CaptureCount {
                    collection,
                    interface,
                    time,
                    packets: known.then_some(0),
                    dropped: 0,
                    last: sums,
                },
            );
        };
        let since = |new: u64, old: u64| if new < old { new } else { new - old };
        count.packets = (count.packets.filter(|_| known))
            .map(|packets| packets.saturating_add(since(sums.0, count.last.0)));
        count.dropped = (count.dropped).saturating_add(since(sums.1, count.last.1));
        (count.last, count.time) = (sums, time);
    }
}

/// Keeps a count of an interface: of those that are close to each other only the last.
pub(crate) fn keep_count(counts: &mut Vec<InterfaceCount>, new: InterfaceCount) {
    let of_it = |one: &&InterfaceCount| one.name == new.name && one.collection == new.collection;
    // The newest ones stand at the end; a machine has a few interfaces, a hostile log any number.
    let recent = counts.len().saturating_sub(1_000);
    let mut known = (recent..counts.len())
        .rev()
        .filter(|at| of_it(&&counts[*at]));
    if let (Some(last), Some(before)) = (known.next(), known.next())
        && counts[last].time - counts[before].time < COUNT_EVERY
        && new.time >= counts[last].time
        && is_growing(&counts[last], &new)
        && is_growing(&counts[before], &counts[last])
    {
        counts.remove(last);
    }
    if counts.len() < MOST_COUNTS {
        counts.push(new);
    }
}

fn is_growing(old: &InterfaceCount, new: &InterfaceCount) -> bool {
    new.received.0 >= old.received.0 && new.sent.0 >= old.sent.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(notes: &[&str]) -> Noted {
        let mut noted = Noted::default();
        for text in notes {
            let rawlog::Line::Note(note) = rawlog::parse_line(text.as_bytes()) else {
                panic!("{text}")
            };
            noted.take(1, &note);
        }
        noted
    }

    #[test]
    fn packets_are_those_between_the_notes_of_a_log() {
        let noted = noted(&[
            "network-monitor: <7> capture \"eth0\" packets 1000 dropped 10",
            "network-monitor: <8> capture \"eth0\" packets 1500 dropped 10",
            "network-monitor: <9> capture \"eth0\" packets 1700 dropped 60",
            "network-monitor: <9> capture \"tun0\" dropped 5",
            "network-monitor: <10> capture \"tun0\" dropped 7",
        ]);
        let found: Vec<_> = (noted.captures.iter())
            .map(|count| {
                (
                    count.interface.as_str(),
                    count.packets,
                    count.dropped,
                    count.time,
                )
            })
            .collect();
        assert_eq!(found, [("eth0", Some(700), 50, 9), ("tun0", None, 2, 10)]);
    }

    #[test]
    fn counts_are_thinned_but_for_the_first_and_the_last() {
        let mut counts = Vec::new();
        for minute in 0..=61 {
            for name in ["eth0", "lo"] {
                let count = InterfaceCount {
                    collection: 1,
                    time: minute * 60,
                    name: name.to_owned(),
                    kind: "ethernet".to_owned(),
                    received: (minute as u64 * 1000, minute as u64),
                    sent: (0, 0),
                };
                keep_count(&mut counts, count);
            }
        }
        let times: Vec<i64> = (counts.iter())
            .filter(|count| count.name == "eth0")
            .map(|count| count.time / 60)
            .collect();
        assert_eq!(
            times,
            [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 61]
        );
    }
}
