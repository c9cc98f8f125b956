//! The addresses and interfaces of this machine, and when bandwhich must be started again for them.
//!
//! bandwhich asks once, at its start, which interfaces are up and have addresses, and by these addresses it
//! tells uploads from downloads. What comes later it never learns. So the kernel's events are listened to;
//! an event only says that there is something to see, and the whole is looked at again. Nothing is lost
//! where events are.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::netlink::{Attributes, Events, Netlink, text, u32_at};

/// `RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR`
const GROUPS: u32 = 0x1 | 0x10 | 0x100;
/// Time from an event to the look at what it left: changes come in groups.
const SETTLE: Duration = Duration::from_millis(300);
/// Time between two looks without an event; and where events cannot be had.
const LOOK_EVERY: Duration = Duration::from_secs(60);
const POLL_EVERY: Duration = Duration::from_secs(2);

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) is_up: bool,
    pub(crate) is_loopback: bool,
    /// The number of the bridge, bond or other interface that it is a port of.
    master: Option<u32>,
    /// The kernel's word for a virtual one: `veth`, `bridge`, `vrf`.
    kind: Option<String>,
}

impl Link {
    /// The kernel's word for a virtual one; empty for a device of the machine.
    pub(crate) fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or_default()
    }
}

/// The number of an interface, and an address that it has. An interface that is made again has another
/// number.
type Place = (u32, IpAddr);

/// What else is known of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Address {
    prefix: u8,
    /// Whether it carries traffic: it is not being tried out, and is not another's.
    is_usable: bool,
}

/// All interfaces and addresses at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) links: BTreeMap<u32, Link>,
    addresses: BTreeMap<Place, Address>,
}

impl Network {
    pub(crate) fn read(netlink: &mut Netlink) -> io::Result<Self> {
        // RTM_GETLINK, RTM_GETADDR, and the answers' RTM_NEWLINK, RTM_NEWADDR.
        const LINKS: (u16, u16) = (18, 16);
        const ADDRESSES: (u16, u16) = (22, 20);
        let mut network = Network::default();
        netlink.dump(LINKS.0, &[0; 16], &mut |kind, body| {
            network
                .links
                .extend((kind == LINKS.1).then(|| link(body)).flatten());
        })?;
        netlink.dump(ADDRESSES.0, &[0; 8], &mut |kind, body| {
            network
                .addresses
                .extend((kind == ADDRESSES.1).then(|| address(body)).flatten());
        })?;
        Ok(network)
    }

    /// The own addresses that peers can use, each with its interface and the bits of its network.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&Link, IpAddr, u8)> {
        let all = self.usable().filter(|(link, ..)| !link.is_loopback);
        all.map(|(link, (_, ip), address)| (link, *ip, address.prefix))
    }

    fn usable(&self) -> impl Iterator<Item = (&Link, &Place, &Address)> {
        let usable = self
            .addresses
            .iter()
            .filter(|(_, address)| address.is_usable);
        usable.filter_map(|(place, address)| Some((self.links.get(&place.0)?, place, address)))
    }

    /// The ports of bridges and bonds, each with its master.
    pub(crate) fn ports(&self) -> impl Iterator<Item = (&Link, &Link)> {
        let links = self.links.values();
        links.filter_map(|link| Some((link, self.master(link)?)))
    }

    /// Whether an interface is a port of a bridge or bond.
    pub(crate) fn is_port(&self, link: &Link) -> bool {
        self.master(link).is_some()
    }

    /// The bridge or bond of a port. Interfaces of a VRF carry their traffic themselves.
    fn master(&self, link: &Link) -> Option<&Link> {
        let master = self.links.get(&link.master?)?;
        (master.kind.as_deref() != Some("vrf")).then_some(master)
    }

    /// The interfaces with addresses that a bandwhich does not know which was started when the network was
    /// `then`. `only` is the interface that it is to watch, if it was given one.
    ///
    /// Ports do not count: their traffic is their bridge's. Nor does a link-local address of a veth, which
    /// each container brings.
    pub(crate) fn unknown_to(&self, then: &Network, only: Option<&str>) -> BTreeSet<&str> {
        let is_known = |place: &Place| {
            let was_up = then.links.get(&place.0).is_some_and(|link| link.is_up);
            was_up && then.addresses.contains_key(place)
        };
        self.usable()
            .filter(|(link, place, _)| {
                let is_veth = link.kind.as_deref() == Some("veth");
                let is_meant = match only {
                    Some(name) => link.name == name,
                    None => self.master(link).is_none(),
                } && !(is_veth && is_link_local(place.1));
                is_meant && link.is_up && !is_known(place)
            })
            .map(|(link, ..)| link.name.as_str())
            .collect()
    }
}

pub(crate) fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// Reads an interface: `struct ifinfomsg` and attributes.
fn link(body: &[u8]) -> Option<(u32, Link)> {
    // IFF_UP and IFF_LOOPBACK.
    const UP: u32 = 1;
    const LOOPBACK: u32 = 8;
    const NAME: u16 = 3;
    const MASTER: u16 = 10;
    const INFO: u16 = 18;
    const INFO_KIND: u16 = 1;
    let number = u32_at(body, 4)?;
    let flags = u32_at(body, 8)?;
    let mut link = Link {
        name: String::new(),
        is_up: flags & UP != 0,
        is_loopback: flags & LOOPBACK != 0,
        master: None,
        kind: None,
    };
    for (attribute, value) in Attributes(body.get(16..)?) {
        match attribute {
            NAME => link.name = text(value),
            MASTER => link.master = u32_at(value, 0),
            INFO => {
                let mut about = Attributes(value);
                let kind = about.find(|(attribute, _)| *attribute == INFO_KIND);
                link.kind = kind.map(|(_, value)| text(value));
            }
            _ => {}
        }
    }
    (!link.name.is_empty()).then_some((number, link))
}

/// Reads an address: `struct ifaddrmsg` and attributes.
fn address(body: &[u8]) -> Option<(Place, Address)> {
    const ADDRESS: u16 = 1;
    const LOCAL: u16 = 2;
    const FLAGS: u16 = 8;
    // IFA_F_OPTIMISTIC, IFA_F_DADFAILED, IFA_F_TENTATIVE.
    const OPTIMISTIC: u32 = 0x4;
    const FAILED: u32 = 0x8;
    const TENTATIVE: u32 = 0x40;
    let (mut address, mut local) = (None, None);
    let mut flags = u32::from(*body.get(2)?);
    for (attribute, value) in Attributes(body.get(8..)?) {
        match attribute {
            // The peer's, if there is an own one.
            ADDRESS => address = ip(value),
            LOCAL => local = ip(value),
            FLAGS => flags = u32_at(value, 0)?,
            _ => {}
        }
    }
    let is_tried = flags & TENTATIVE != 0 && flags & OPTIMISTIC == 0;
    let place = (u32_at(body, 4)?, local.or(address)?);
    let address = Address {
        prefix: *body.get(1)?,
        is_usable: !is_tried && flags & FAILED == 0,
    };
    Some((place, address))
}

fn ip(value: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(value).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(value).map(IpAddr::from))
        .ok()
}

/// Watches the network.
pub(crate) struct Watch {
    events: io::Result<Netlink>,
    dumps: io::Result<Netlink>,
    /// When it is to be looked at next.
    due: Instant,
    network: Network,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Watch {
            events: Netlink::open(None, GROUPS),
            dumps: Netlink::open(None, 0),
            due: Instant::now(),
            network: Network::default(),
        }
    }

    /// Why changes are not seen, if they are not.
    pub(crate) fn trouble(&self) -> Option<&io::Error> {
        self.dumps.as_ref().err()
    }

    /// The network as it was seen last.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Whether the network changed since the last look.
    pub(crate) fn has_changed(&mut self, now: Instant) -> bool {
        let heard = match &mut self.events {
            Ok(events) => events.events(),
            Err(_) => Ok(Events::None),
        };
        match heard {
            Ok(Events::None) => {}
            Ok(Events::Some) => self.due = self.due.min(now + SETTLE),
            // It is opened again below.
            Err(error) => (self.events, self.due) = (Err(error), now),
        }
        now >= self.due && self.look(now)
    }

    /// Looks at the network at once; gives whether it changed.
    pub(crate) fn look(&mut self, now: Instant) -> bool {
        // Events that came until here are in what is seen now.
        if let Ok(events) = &mut self.events {
            let _ = events.events();
        }
        if self.events.is_err() {
            self.events = Netlink::open(None, GROUPS);
        }
        if self.dumps.is_err() {
            self.dumps = Netlink::open(None, 0);
        }
        self.due = now
            + match self.events {
                Ok(_) => LOOK_EVERY,
                Err(_) => POLL_EVERY,
            };
        let Ok(netlink) = &mut self.dumps else {
            return false;
        };
        match Network::read(netlink) {
            Ok(network) if network == self.network => false,
            Ok(network) => {
                self.network = network;
                true
            }
            Err(error) => {
                self.dumps = Err(error);
                false
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::netlink::tests::attribute;

    /// A network of interfaces (number, name, kind, master) that are up, and of addresses.
    pub(crate) fn network(
        links: &[(u32, &str, &str, Option<u32>)],
        addresses: &[(u32, &str)],
    ) -> Network {
        let link = |(number, name, kind, master): &(u32, &str, &str, Option<u32>)| {
            let link = Link {
                name: (*name).to_owned(),
                is_up: true,
                is_loopback: *name == "lo",
                master: *master,
                kind: (!kind.is_empty()).then(|| (*kind).to_owned()),
            };
            (*number, link)
        };
        let address = |(link, ip): &(u32, &str)| {
            let address = Address {
                prefix: 24,
                is_usable: true,
            };
            ((*link, ip.parse().unwrap()), address)
        };
        Network {
            links: links.iter().map(link).collect(),
            addresses: addresses.iter().map(address).collect(),
        }
    }

    fn names(now: &Network, then: &Network, only: Option<&str>) -> Vec<String> {
        let names = now.unknown_to(then, only);
        names.into_iter().map(str::to_owned).collect()
    }

    const LO: (u32, &str, &str, Option<u32>) = (1, "lo", "", None);
    const ETH0: (u32, &str, &str, Option<u32>) = (2, "eth0", "", None);

    #[test]
    fn a_new_address_counts_and_one_that_is_gone_does_not() {
        let boot = network(&[LO, ETH0], &[(1, "127.0.0.1")]);
        let up = network(&[LO, ETH0], &[(1, "127.0.0.1"), (2, "192.0.2.1")]);
        let changed = network(&[LO, ETH0], &[(1, "127.0.0.1"), (2, "192.0.2.9")]);
        assert_eq!(names(&up, &boot, None), ["eth0"]);
        assert_eq!(names(&changed, &up, None), ["eth0"]);
        assert!(names(&boot, &up, None).is_empty());
        assert!(names(&up, &up, None).is_empty());
        assert!(names(&up, &boot, Some("eth1")).is_empty());
        assert_eq!(names(&up, &boot, Some("eth0")), ["eth0"]);
    }

    #[test]
    fn an_interface_made_again_or_up_again_counts() {
        let then = network(&[LO, ETH0], &[(2, "192.0.2.1")]);
        let again = network(&[LO, (7, "eth0", "", None)], &[(7, "192.0.2.1")]);
        assert_eq!(names(&again, &then, None), ["eth0"]);
        let mut down = then.clone();
        down.links.get_mut(&2).unwrap().is_up = false;
        assert_eq!(names(&then, &down, None), ["eth0"]);
        assert!(names(&down, &then, None).is_empty());
    }

    #[test]
    fn containers_that_come_do_not_count() {
        let links = [ETH0, (3, "br0", "bridge", None), (9, "tun0", "tun", None)];
        let then = network(
            &links,
            &[(2, "192.0.2.1"), (3, "10.0.0.1"), (9, "10.8.0.2")],
        );
        let mut with = then.clone();
        let ports = network(
            &[(4, "veth1", "veth", Some(3)), (5, "veth2", "veth", None)],
            &[(4, "10.0.0.7"), (5, "fe80::1")],
        );
        with.links.extend(ports.links);
        with.addresses.extend(ports.addresses);
        assert!(names(&with, &then, None).is_empty());
        assert_eq!(with.ports().count(), 1);
        assert!(names(&with, &then, Some("veth2")).is_empty());
        assert_eq!(names(&with, &then, Some("veth1")), ["veth1"]);
        // A veth with an address of its own carries this machine's traffic; so does one of a VRF.
        let own = network(&[(5, "veth2", "veth", None)], &[(5, "10.1.0.1")]);
        assert_eq!(names(&own, &then, None), ["veth2"]);
        let links = [(3, "red", "vrf", None), (5, "eth1", "", Some(3))];
        let vrf = network(&links, &[(5, "10.1.0.1")]);
        assert_eq!(names(&vrf, &then, None), ["eth1"]);
        assert_eq!(vrf.ports().count(), 0);
    }

    #[test]
    fn an_address_that_is_tried_out_does_not_count_yet() {
        let then = network(&[LO, ETH0], &[]);
        let mut now = network(&[LO, ETH0], &[]);
        let head = |flags: u8| {
            let head = [&[10, 64, flags, 0][..], &2u32.to_ne_bytes()].concat();
            [head, attribute(1, &[0x20; 16])].concat()
        };
        for (flags, counts) in [(0x40, 0), (0x44, 1), (0x08, 0), (0x80, 1), (0x01, 1)] {
            now.addresses = [address(&head(flags)).unwrap()].into();
            assert_eq!(names(&now, &then, None).len(), counts, "{flags:#x}");
            assert_eq!(now.addresses().count(), counts);
        }
        // Flags of 32 bits go before those of 8; the own address before the peer's.
        let body = [
            head(0),
            attribute(8, &0x40u32.to_ne_bytes()),
            attribute(2, &[9; 16]),
        ];
        let (place, address) = address(&body.concat()).unwrap();
        assert!(!address.is_usable && place == (2, IpAddr::from([9u8; 16])));
    }

    #[test]
    fn this_machine_is_seen() {
        let mut watch = Watch::new();
        watch.look(Instant::now());
        // Where netlink is refused there is nothing to show.
        if watch.trouble().is_none() {
            assert!(watch.network().links.values().any(|link| link.is_loopback));
        }
    }
}
