//! What a collector noted of the machine: who owns which connection, which interfaces carry the traffic
//! of others, and which addresses are its own.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use rawlog::{Begun, Interface, Note, NoteKind, OwnAddress, Port};

use crate::owners::Owners;

/// Interfaces and addresses that are remembered; a hostile log has any number.
const MOST: usize = 10_000;
/// Networks that are remembered.
const MOST_NETWORKS: usize = 200;

type Name = Box<[u8]>;

/// How the rows of an interface are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// In the totals.
    Uplink,
    /// Apart: it is a bridge, a port of one or a virtual interface, and what passes it to the network
    /// passes an uplink as well.
    Apart,
    /// Not known yet: it has no note.
    Unknown,
}

/// Kinds of interfaces as far as they matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bridge,
    Bond,
    Port,
    Virtual,
    /// Ethernet, wireless, VLAN and what is not known.
    Network,
    /// Loopback and tunnels.
    Other,
}

/// The state that the notes so far describe.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    pub(crate) owners: Owners,
    /// bandwhich listens on one interface only, which makes everything it prints count.
    watches_one: bool,
    /// The kind of each interface, and whether anything has passed it.
    interfaces: BTreeMap<Name, (Kind, bool)>,
    masters: BTreeMap<Name, Name>,
    apart: BTreeSet<Name>,
    /// Interfaces that are apart since this was looked at last.
    newly_apart: Vec<Name>,
    /// Interface and address.
    own: BTreeSet<(Name, Name)>,
    /// Interface, its address, and the bits of its network.
    networks: Vec<(Name, IpAddr, u8)>,
    /// When the notes before the next frame were written.
    pub(crate) noted_at: Option<i64>,
    /// Counts up when a class may have changed.
    pub(crate) edition: u32,
}

impl Machine {
    /// Takes a note.
    pub(crate) fn note(&mut self, note: &Note<'_>) {
        match note.told {
            NoteKind::Begun(begun) => self.begin(&begun),
            NoteKind::Owner(owner) => self.owners.note(&owner),
            NoteKind::Interface(interface) => self.interface(&interface),
            NoteKind::Address(address) => self.address(&address),
            NoteKind::Port(port) => self.port(&port),
            NoteKind::Capture(_) | NoteKind::Started | NoteKind::Stopped(_) | NoteKind::Later => {}
        }
    }

    fn begin(&mut self, begun: &Begun<'_>) {
        let arguments = begun.arguments.text();
        let arguments = String::from_utf8_lossy(&arguments);
        self.watches_one = watched_interface(&arguments).is_some();
        self.interfaces.clear();
        self.masters.clear();
        self.own.clear();
        self.networks.clear();
        self.classify();
    }

    fn interface(&mut self, interface: &Interface<'_>) {
        let name = interface.name.text();
        let carries = interface.received_packets > 0 || interface.sent_packets > 0;
        let kind = (kind(interface.kind), carries);
        let known = self.interfaces.get(&*name);
        if known == Some(&kind) || (known.is_none() && self.interfaces.len() >= MOST) {
            return;
        }
        self.interfaces.insert(name.into(), kind);
        self.classify();
    }

    fn port(&mut self, port: &Port<'_>) {
        let (name, master) = (port.interface.text(), port.master.text());
        if port.gone {
            self.masters.remove(&*name);
        } else if self.masters.len() < MOST {
            self.masters.insert(name.into(), master.into());
        }
        self.classify();
    }

    fn address(&mut self, address: &OwnAddress<'_>) {
        let (interface, text) = (address.interface.text(), address.address.to_string());
        let network = (Name::from(&*interface), address.address, address.prefix);
        self.networks.retain(|known| *known != network);
        if !address.gone && self.networks.len() < MOST_NETWORKS {
            self.networks.push(network);
        }
        if address.gone {
            let own = (interface.into(), text.into_bytes().into());
            self.own.remove(&own);
        } else {
            self.add_own(&interface, text.as_bytes());
        }
    }

    /// Remembers an own address.
    pub(crate) fn add_own(&mut self, interface: &[u8], address: &[u8]) {
        if self.own.len() < MOST {
            self.own.insert((interface.into(), address.into()));
        }
    }

    /// Whether an address is one of an interface, or of any if none is given.
    pub(crate) fn is_own(&self, interface: Option<&[u8]>, address: &[u8]) -> bool {
        let is_it = |(on, own): &(Name, Name)| {
            **own == *address && interface.is_none_or(|interface| **on == *interface)
        };
        // A machine has few addresses, and most logs note none.
        self.own.iter().any(is_it)
    }

    /// Whether an address lies behind a bridge of this machine, as a container's does, where bandwhich watches
    /// another interface alone.
    pub(crate) fn is_behind(&self, interface: &[u8], address: &[u8]) -> bool {
        if !self.watches_one || self.networks.is_empty() {
            return false;
        }
        let text = std::str::from_utf8(address).ok();
        let Some(address) = text.and_then(|text| text.parse::<IpAddr>().ok()) else {
            return false;
        };
        let is_bridge = |name: &Name| {
            let known = self.interfaces.get(name);
            **name != *interface && known.is_some_and(|(kind, _)| *kind == Kind::Bridge)
        };
        let mut bridges = (self.networks.iter())
            .filter(|(name, of, bits)| is_bridge(name) && shares_network(*of, address, *bits));
        bridges.any(|(_, of, bits)| {
            // What the interface itself has addresses of are its neighbours.
            !(self.networks.iter()).any(|(name, own, own_bits)| {
                **name == *interface && shares_network(*of, *own, (*bits).min(*own_bits))
            })
        })
    }

    /// Whether some interfaces are counted apart.
    pub(crate) fn separates(&self) -> bool {
        !self.apart.is_empty()
    }

    /// How the rows of an interface are counted.
    pub(crate) fn class(&self, interface: &[u8]) -> Class {
        if self.apart.contains(interface) {
            Class::Apart
        } else if self.apart.is_empty() || self.interfaces.contains_key(interface) {
            Class::Uplink
        } else {
            Class::Unknown
        }
    }

    /// Interfaces that are apart since this was called last.
    pub(crate) fn take_newly_apart(&mut self) -> Vec<Name> {
        std::mem::take(&mut self.newly_apart)
    }

    fn classify(&mut self) {
        let apart = if self.watches_one {
            BTreeSet::new()
        } else {
            self.find_apart()
        };
        if apart != self.apart {
            let new = apart.difference(&self.apart).cloned();
            self.newly_apart.extend(new);
            self.newly_apart.truncate(MOST);
            self.apart = apart;
        }
        self.edition += 1;
    }

    /// Bridges, their ports and virtual interfaces, if there is another interface that leads to the
    /// network and is used.
    fn find_apart(&self) -> BTreeSet<Name> {
        let is_used = |wanted: &[Kind]| {
            let mut kinds = self.interfaces.values();
            kinds.any(|(kind, carries)| *carries && wanted.contains(kind))
        };
        let has = |wanted: Kind| self.interfaces.values().any(|(kind, _)| *kind == wanted);
        let has_network = is_used(&[Kind::Network, Kind::Bond]);
        // Within a container the uplink is itself virtual.
        if !has_network && !is_used(&[Kind::Virtual]) {
            return BTreeSet::new();
        }
        let is_apart = |name: &Name, kind: Kind| {
            let master = (self.masters.get(name)).and_then(|master| self.interfaces.get(master));
            match (kind, master) {
                (Kind::Bridge, _) | (_, Some((Kind::Bridge, _))) => true,
                (Kind::Port, None) => has(Kind::Bridge) && !has(Kind::Bond),
                (Kind::Virtual, None) => has_network,
                _ => false,
            }
        };
        let apart = self.interfaces.iter();
        let apart = apart.filter(|(name, (kind, _))| is_apart(name, *kind));
        apart.map(|(name, _)| name.clone()).collect()
    }
}

/// Whether two addresses have their first bits in common.
fn shares_network(one: IpAddr, other: IpAddr, bits: u8) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            let differ = u32::from(one) ^ u32::from(other);
            differ.leading_zeros() >= u32::from(bits)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            let differ = u128::from(one) ^ u128::from(other);
            differ.leading_zeros() >= u32::from(bits)
        }
        _ => false,
    }
}

fn kind(word: &str) -> Kind {
    match word {
        "bridge" => Kind::Bridge,
        "bond" => Kind::Bond,
        "port" => Kind::Port,
        "virtual" => Kind::Virtual,
        "loopback" | "tunnel" => Kind::Other,
        _ => Kind::Network,
    }
}

/// The interfaces that are counted apart: each has a name, a kind, and whether anything has passed it;
/// `ports` are interfaces with the bridge or bond that each is a port of.
pub fn interfaces_apart<'a>(
    interfaces: impl Iterator<Item = (&'a str, &'a str, bool)>,
    ports: &[(String, String)],
) -> BTreeSet<String> {
    let name = |name: &str| Name::from(name.as_bytes());
    let machine = Machine {
        interfaces: interfaces
            .map(|(interface, word, carries)| (name(interface), (kind(word), carries)))
            .collect(),
        masters: (ports.iter())
            .map(|(port, master)| (name(port), name(master)))
            .collect(),
        ..Machine::default()
    };
    let apart = machine.find_apart().into_iter();
    apart
        .map(|name| String::from_utf8_lossy(&name).into_owned())
        .collect()
}

/// The interface that bandwhich was told to listen on. `None` if it listens on all.
pub fn watched_interface(arguments: &str) -> Option<&str> {
    let mut words = arguments.split_ascii_whitespace();
    while let Some(word) = words.next() {
        if matches!(word, "-i" | "--interface") {
            return words.next();
        }
        let joined = word.strip_prefix("--interface=");
        let short = || word.strip_prefix("-i").filter(|_| !word.starts_with("--"));
        if let Some(name) = joined.or_else(short) {
            return Some(name);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(arguments: &str, interfaces: &[(&str, &str)]) -> Machine {
        let mut machine = Machine::default();
        let mut note = |text: String| {
            let rawlog::Line::Note(note) = rawlog::parse_line(text.as_bytes()) else {
                panic!("{text}")
            };
            machine.note(&note);
        };
        note(format!(
            "network-monitor: <7> format 1 collector \"1\" bandwhich \"1\" arguments \"{arguments}\""
        ));
        for (name, kind) in interfaces {
            note(format!(
                "network-monitor: <7> interface \"{name}\" {kind} received 1/1 sent 1/1"
            ));
        }
        machine
    }

    fn apart(machine: &Machine) -> Vec<&str> {
        let names = machine.apart.iter();
        names
            .map(|name| std::str::from_utf8(name).unwrap())
            .collect()
    }

    #[test]
    fn bridges_are_apart_where_another_interface_leads_to_the_network() {
        let of = |interfaces: &[(&str, &str)]| {
            let machine = machine("--raw", interfaces);
            apart(&machine).join(" ")
        };
        let host = [
            ("eth0", "ethernet"),
            ("docker0", "bridge"),
            ("veth1", "port"),
            ("cali1", "virtual"),
        ];
        assert_eq!(of(&host), "cali1 docker0 veth1");
        assert_eq!(
            of(&host[1..3]),
            "",
            "the bridge itself leads to the network"
        );
        assert_eq!(
            of(&[("u0", "virtual"), ("br0", "bridge"), ("v1", "port")]),
            "br0 v1"
        );
        assert_eq!(
            of(&[("bond0", "bond"), ("eth0", "port"), ("eth1", "port")]),
            ""
        );
        assert_eq!(
            of(&[("eth0", "ethernet"), ("tun0", "tunnel"), ("lo", "loopback")]),
            ""
        );
        assert_eq!(of(&[]), "");
    }

    #[test]
    fn what_bandwhich_was_told_to_watch_counts() {
        let host = [("eth0", "ethernet"), ("docker0", "bridge")];
        for arguments in [
            "--raw -i docker0",
            "-idocker0",
            "--interface=docker0",
            "--interface docker0",
        ] {
            assert!(!machine(arguments, &host).separates(), "{arguments}");
        }
        assert!(machine("--raw --no-resolve --include", &host).separates());
    }

    #[test]
    fn what_lies_behind_a_bridge_is_known_by_its_network() {
        let host = [("u0", "ethernet"), ("br0", "bridge"), ("e1", "ethernet")];
        let with = |arguments: &str, addresses: &[&str]| {
            let mut machine = machine(arguments, &host);
            for address in addresses {
                let text = format!("network-monitor: <7> address {address}");
                let rawlog::Line::Note(note) = rawlog::parse_line(text.as_bytes()) else {
                    panic!("{text}")
                };
                machine.note(&note);
            }
            machine
        };
        let addresses = [
            "\"u0\" 192.0.2.1/24",
            "\"br0\" 10.0.0.1/24",
            "\"br0\" 2001:db8:7::1/64",
            "\"e1\" 10.1.0.1/24",
        ];
        let found = with("--raw --interface u0", &addresses);
        for inside in ["10.0.0.1", "10.0.0.255", "2001:db8:7::99"] {
            assert!(found.is_behind(b"u0", inside.as_bytes()), "{inside}");
            assert!(!found.is_behind(b"br0", inside.as_bytes()), "{inside}");
        }
        for outside in [
            "10.0.1.1",
            "10.1.0.1",
            "192.0.2.2",
            "2001:db8::1",
            "a.example",
            "",
        ] {
            assert!(!found.is_behind(b"u0", outside.as_bytes()), "{outside}");
        }
        assert!(!with("--raw", &addresses).is_behind(b"u0", b"10.0.0.2"));
        // Networks that overlap with the uplink's own are its neighbours'.
        let shared = ["\"u0\" 10.0.0.7/16", "\"br0\" 10.0.0.1/24"];
        assert!(!with("--raw -iu0", &shared).is_behind(b"u0", b"10.0.0.2"));
        let gone = ["\"br0\" 10.0.0.1/24", "\"br0\" 10.0.0.1/24 gone"];
        assert!(!with("--raw -iu0", &gone).is_behind(b"u0", b"10.0.0.2"));
    }

    #[test]
    fn an_interface_without_a_note_is_not_known() {
        let machine = machine("--raw", &[("eth0", "ethernet"), ("docker0", "bridge")]);
        assert_eq!(machine.class(b"docker0"), Class::Apart);
        assert_eq!(machine.class(b"eth0"), Class::Uplink);
        assert_eq!(machine.class(b"veth7"), Class::Unknown);
        assert_eq!(Machine::default().class(b"veth7"), Class::Uplink);
    }
}
