//! Packets of containers and virtual machines that are routed without translation of addresses, and the uplink
//! that is to be recorded alone because of them.
//!
//! Such a packet passes the container's interface, the bridge and the uplink with the same addresses. bandwhich
//! prints one row for all of them, with the sum of all bytes, which no reader can take apart.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::net::IpAddr;

use crate::netlink::Netlink;
use crate::network::{Link, Network, is_link_local};

/// What is routed without translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routed {
    /// The bridges, and the veths that are no ports, behind which containers are.
    pub through: Vec<String>,
    /// The only interface that leads to the network. `None` if there are several, or none.
    pub uplink: Option<String>,
}

impl Routed {
    /// Looks at this machine. `None` if nothing is routed so, or it cannot be seen.
    pub(crate) fn look() -> Option<Self> {
        let network = Network::read(&mut Netlink::open(None, 0).ok()?).ok()?;
        Self::on(&network)
    }

    /// The same with a network that was read already.
    pub(crate) fn on(network: &Network) -> Option<Self> {
        let mut links = network.links.values();
        let may_be = links.any(|link| matches!(link.kind(), "bridge" | "veth"));
        if !may_be || crate::nat::forwards_as_is() != Some(true) {
            return None;
        }
        Self::of(network, &default_routes())
    }

    /// `defaults` are the interfaces of default routes.
    fn of(network: &Network, defaults: &BTreeSet<String>) -> Option<Self> {
        let uplinks = uplinks(network, defaults);
        let through = inner(network, &uplinks);
        if through.is_empty() {
            return None;
        }
        let uplink = match uplinks.as_slice() {
            [one] if defaults.iter().all(|name| *name == one.name) => Some(&one.name),
            _ => None,
        };
        Some(Routed {
            through: through.iter().map(|link| link.name.clone()).collect(),
            uplink: uplink.cloned(),
        })
    }

    /// The names of the interfaces behind which containers are, for people.
    pub(crate) fn names(&self) -> String {
        const MOST: usize = 4;
        let names = self.through.get(..MOST).unwrap_or(&self.through).join(", ");
        match self.through.len().saturating_sub(MOST) {
            0 => names,
            more => format!("{names} and {more} more"),
        }
    }
}

/// Whether an interface has an address by which packets can be routed.
fn has_address(network: &Network, link: &Link) -> bool {
    let is_its = |(of, ip, _): (&Link, IpAddr, u8)| of.name == link.name && !is_link_local(ip);
    network.addresses().any(is_its)
}

/// The interfaces that lead to the network. A veth does where nothing else does: within a container.
fn uplinks<'a>(network: &'a Network, defaults: &BTreeSet<String>) -> Vec<&'a Link> {
    let has_default = |link: &Link| defaults.contains(&link.name);
    let own = network.links.values().filter(|link| {
        link.is_up && !link.is_loopback && !network.is_port(link) && has_address(network, link)
    });
    let (veths, others): (Vec<&Link>, Vec<&Link>) =
        own.partition(|link| link.kind() == "veth" && !has_default(link));
    let others: Vec<&Link> = (others.into_iter())
        .filter(|link| match link.kind() {
            "bridge" => has_default(link) || leads_away(network, link),
            "dummy" | "vrf" => false,
            _ => true,
        })
        .collect();
    if others.is_empty() { veths } else { others }
}

/// The bridges and veths behind which containers are.
fn inner<'a>(network: &'a Network, uplinks: &[&Link]) -> Vec<&'a Link> {
    let is_inner = |link: &&Link| {
        let is_uplink = uplinks.iter().any(|uplink| uplink.name == link.name);
        let is_gateway = match link.kind() {
            // One without ports gets some with the next container.
            "bridge" => has_address(network, link) && !leads_away(network, link),
            "veth" => !network.is_port(link),
            _ => false,
        };
        link.is_up && is_gateway && !is_uplink
    };
    network.links.values().filter(is_inner).collect()
}

/// Whether a bridge has a port that is no container's and no virtual machine's.
fn leads_away(network: &Network, bridge: &Link) -> bool {
    let mut ports = network.ports();
    ports.any(|(port, of)| {
        of.name == bridge.name && port.is_up && !matches!(port.kind(), "veth" | "tun" | "dummy")
    })
}

/// The interfaces of default routes, by the main table.
fn default_routes() -> BTreeSet<String> {
    let lines = |file: &str| {
        let file = std::fs::File::open(file).map(BufReader::new);
        let lines = file.into_iter().flat_map(|file| file.lines());
        lines.map_while(Result::ok)
    };
    let four = lines("/proc/net/route").filter_map(|line| default_route(&line));
    let six = lines("/proc/net/ipv6_route").filter_map(|line| default_route_six(&line));
    // The kernel has a route of last resort that refuses.
    four.chain(six).filter(|name| name != "lo").collect()
}

/// A line of `/proc/net/route`: the interface, the destination, and its mask in the eighth column.
fn default_route(line: &str) -> Option<String> {
    let mut words = line.split_ascii_whitespace();
    let (name, to) = (words.next()?, words.next()?);
    (to == "00000000" && words.nth(5)? == "00000000").then(|| name.to_owned())
}

/// A line of `/proc/net/ipv6_route`: the destination, the bits of its network, and the interface at the end.
fn default_route_six(line: &str) -> Option<String> {
    let mut words = line.split_ascii_whitespace();
    let (to, bits) = (words.next()?, words.next()?);
    let is_default = bits == "00" && to.bytes().all(|digit| digit == b'0');
    is_default.then(|| words.next_back().map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::tests::network;

    /// (number, name, kind, master)
    type Of = (u32, &'static str, &'static str, Option<u32>);
    const ETH0: Of = (2, "eth0", "", None);
    const BR0: Of = (3, "br0", "bridge", None);
    const VETH1: Of = (4, "veth1", "veth", Some(3));
    const HERE: (u32, &str) = (2, "192.0.2.1");
    const GATEWAY: (u32, &str) = (3, "10.0.0.1");

    fn found(
        links: &[Of],
        addresses: &[(u32, &str)],
        defaults: &[&str],
    ) -> Option<(String, String)> {
        let defaults = defaults.iter().map(|&name| name.to_owned()).collect();
        let routed = Routed::of(&network(links, addresses), &defaults)?;
        let names = routed.names();
        Some((names, routed.uplink.unwrap_or_default()))
    }

    fn is(through: &str, uplink: &str) -> Option<(String, String)> {
        Some((through.to_owned(), uplink.to_owned()))
    }

    #[test]
    fn the_only_uplink_is_the_one_that_is_not_the_containers() {
        let addresses = [HERE, GATEWAY];
        for defaults in [&[][..], &["eth0"]] {
            assert_eq!(
                found(&[ETH0, BR0, VETH1], &addresses, defaults),
                is("br0", "eth0")
            );
        }
        assert_eq!(
            found(&[ETH0, BR0], &addresses, &[]),
            is("br0", "eth0"),
            "its ports come later"
        );
        assert_eq!(
            found(&[ETH0, BR0, VETH1], &[HERE], &[]),
            None,
            "nothing is routed by the bridge"
        );
        assert_eq!(found(&[ETH0], &[HERE], &["eth0"]), None);
        let own = (5, "cali1", "veth", None);
        assert_eq!(found(&[ETH0, own], &[HERE], &["eth0"]), is("cali1", "eth0"));
        // Within a container the uplink is a veth too.
        let veth = (2, "eth0", "veth", None);
        assert_eq!(
            found(&[veth, BR0, VETH1], &addresses, &["eth0"]),
            is("br0", "eth0")
        );
        assert_eq!(
            found(&[veth, BR0, VETH1], &addresses, &[]),
            is("br0", "eth0")
        );
        let idle = (6, "eth1", "", None);
        assert_eq!(
            found(&[ETH0, BR0, idle], &[HERE, GATEWAY, (6, "fe80::1")], &[]),
            is("br0", "eth0")
        );
    }

    #[test]
    fn with_several_uplinks_or_another_default_route_there_is_none() {
        let addresses = [HERE, GATEWAY, (6, "198.51.100.1")];
        for kind in ["", "wireguard", "vxlan", "vlan"] {
            let other = (6, "other", kind, None);
            assert_eq!(
                found(&[ETH0, BR0, other], &addresses, &["eth0"]),
                is("br0", ""),
                "{kind}"
            );
        }
        let dummy = (6, "dummy0", "dummy", None);
        assert_eq!(
            found(&[ETH0, BR0, dummy], &addresses, &["eth0"]),
            is("br0", "eth0")
        );
        assert_eq!(
            found(&[ETH0, BR0], &[HERE, GATEWAY], &["eth0", "ppp0"]),
            is("br0", "")
        );
        // A virtual machine behind the bridge leads to the network.
        assert_eq!(found(&[ETH0, BR0, VETH1], &[HERE, GATEWAY], &["br0"]), None);
    }

    #[test]
    fn a_bridge_with_a_port_to_the_network_is_an_uplink() {
        let port = (6, "eth1", "", Some(3));
        assert_eq!(found(&[BR0, port, VETH1], &[GATEWAY], &["br0"]), None);
        let inner = (7, "br1", "bridge", None);
        let addresses = [GATEWAY, (7, "10.1.0.1")];
        assert_eq!(
            found(&[BR0, port, inner], &addresses, &["br0"]),
            is("br1", "br0")
        );
    }

    #[test]
    fn default_routes_are_read_from_the_kernels_tables() {
        let four = "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0";
        assert_eq!(default_route(four).as_deref(), Some("eth0"));
        assert_eq!(
            default_route("eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0"),
            None
        );
        // Half of all addresses.
        assert_eq!(
            default_route("tun0\t00000000\t0100080A\t0003\t0\t0\t0\t00000080\t0\t0\t0"),
            None
        );
        assert_eq!(default_route("Iface\tDestination"), None);
        let zeros = "0".repeat(32);
        let six =
            format!("{zeros} 00 {zeros} 00 {zeros} 00000400 00000001 00000000 00000003     eth0");
        assert_eq!(default_route_six(&six).as_deref(), Some("eth0"));
        assert_eq!(default_route_six(&six.replacen(" 00 ", " 40 ", 1)), None);
        assert_eq!(default_route_six(""), None);
    }

    #[test]
    fn many_names_are_cut() {
        let routed = Routed {
            through: (0..7).map(|number| format!("v{number}")).collect(),
            uplink: None,
        };
        assert_eq!(routed.names(), "v0, v1, v2, v3 and 3 more");
    }
}
