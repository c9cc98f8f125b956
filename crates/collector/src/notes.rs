//! Notes of what the collector knows and bandwhich does not print, as `docs/log_format.md` lays them out.

use std::collections::BTreeSet;

use rawlog::{Begun, Capture, NOTES_FORMAT, Note, NoteKind, OwnAddress, Port, Quoted, escape};

use crate::capture::Passed;
use crate::network::Network;
use crate::plan::Plan;

/// The first note of a log.
pub(crate) fn begun(plan: &Plan, arguments: &[String], timestamp: i64, out: &mut Vec<u8>) {
    let bandwhich = escape(plan.version.as_bytes());
    let arguments = escape(arguments.join(" ").as_bytes());
    let collector = escape(env!("CARGO_PKG_VERSION").as_bytes());
    let (Some(bandwhich), Some(arguments), Some(collector)) =
        (quoted(&bandwhich), quoted(&arguments), quoted(&collector))
    else {
        return;
    };
    let told = NoteKind::Begun(Begun {
        format: NOTES_FORMAT,
        collector,
        bandwhich,
        arguments,
    });
    Note { timestamp, told }.print(out);
}

/// bandwhich was started for the log.
pub(crate) fn started(timestamp: i64, out: &mut Vec<u8>) {
    let told = NoteKind::Started;
    Note { timestamp, told }.print(out);
}

/// Why bandwhich ended.
pub(crate) fn stopped(reason: &str, timestamp: i64, out: &mut Vec<u8>) {
    if let Some(reason) = quoted(&escape(reason.as_bytes())) {
        let told = NoteKind::Stopped(reason);
        Note { timestamp, told }.print(out);
    }
}

/// What passed the capture of an interface.
pub(crate) fn capture(name: &str, passed: Passed, timestamp: i64, out: &mut Vec<u8>) {
    if let Some(interface) = quoted(&escape(name.as_bytes())) {
        let told = NoteKind::Capture(Capture {
            interface,
            packets: Some(passed.packets),
            dropped: passed.dropped,
        });
        Note { timestamp, told }.print(out);
    }
}

/// What changed of the own addresses and of the ports of bridges. All of `now` if `before` is empty.
pub(crate) fn network(before: &Network, now: &Network, timestamp: i64, out: &mut Vec<u8>) {
    let (old, new) = (addresses(before), addresses(now));
    let mut address = |(name, address, prefix): &(&str, _, _), gone| {
        if let Some(interface) = quoted(&escape(name.as_bytes())) {
            let told = NoteKind::Address(OwnAddress {
                interface,
                address: *address,
                prefix: *prefix,
                gone,
            });
            Note { timestamp, told }.print(out);
        }
    };
    old.difference(&new).for_each(|old| address(old, true));
    new.difference(&old).for_each(|new| address(new, false));
    let (old, new) = (ports(before), ports(now));
    let mut port = |(name, master): &(&str, &str), gone| {
        let (name, master) = (escape(name.as_bytes()), escape(master.as_bytes()));
        if let (Some(interface), Some(master)) = (quoted(&name), quoted(&master)) {
            let told = NoteKind::Port(Port {
                interface,
                master,
                gone,
            });
            Note { timestamp, told }.print(out);
        }
    };
    old.difference(&new).for_each(|old| port(old, true));
    new.difference(&old).for_each(|new| port(new, false));
}

fn addresses(network: &Network) -> BTreeSet<(&str, std::net::IpAddr, u8)> {
    let all = network.addresses();
    all.map(|(link, ip, prefix)| (link.name.as_str(), ip, prefix))
        .collect()
}

fn ports(network: &Network) -> BTreeSet<(&str, &str)> {
    let all = network.ports();
    all.map(|(link, master)| (link.name.as_str(), master.name.as_str()))
        .collect()
}

fn quoted(escaped: &[u8]) -> Option<Quoted<'_>> {
    Quoted::of_escaped(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::tests::network as of;

    fn noted(before: &Network, now: &Network) -> String {
        let mut out = Vec::new();
        network(before, now, 7, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn addresses_and_ports_are_noted_and_what_is_gone() {
        let links = [
            (1, "lo", "", None),
            (2, "eth0", "", None),
            (3, "br0", "bridge", None),
            (4, "a \"b\"", "veth", Some(3)),
        ];
        let all = of(
            &links,
            &[(1, "127.0.0.1"), (2, "192.0.2.1"), (3, "2001:db8::1")],
        );
        let head = noted(&Network::default(), &all);
        assert_eq!(
            head,
            "network-monitor: <7> address \"br0\" 2001:db8::1/24\n\
             network-monitor: <7> address \"eth0\" 192.0.2.1/24\n\
             network-monitor: <7> port \"a \\x22b\\x22\" of \"br0\"\n"
        );
        assert_eq!(noted(&all, &all), "");
        let less = of(&links[..3], &[(2, "192.0.2.9"), (3, "2001:db8::1")]);
        assert_eq!(
            noted(&all, &less),
            "network-monitor: <7> address \"eth0\" 192.0.2.1/24 gone\n\
             network-monitor: <7> address \"eth0\" 192.0.2.9/24\n\
             network-monitor: <7> port \"a \\x22b\\x22\" of \"br0\" gone\n"
        );
    }
}
