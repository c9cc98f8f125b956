//! Which rows a key gives, and what the names of interfaces and hosts say.

use crate::Table;
use crate::slots::{Kind, Slot, Way};

/// The name that bandwhich prints for traffic whose owner it did not find.
pub(super) const UNKNOWN: &[u8] = b"<UNKNOWN>";

pub(super) fn table(slot: &Slot) -> Table {
    match slot.kind {
        _ if slot.way == Way::Loopback => Table::Loopback,
        _ if slot.way == Way::Apart => Table::Apart,
        Kind::PeerBeside => Table::Peers,
        _ => Table::Traffic,
    }
}

pub(super) fn has_process(slot: &Slot) -> bool {
    !matches!(slot.kind, Kind::Peer | Kind::PeerBeside)
}

pub(super) fn has_remote(slot: &Slot) -> bool {
    let has = matches!(
        slot.kind,
        Kind::Connection | Kind::Beside | Kind::Peer | Kind::PeerBeside | Kind::Residual
    );
    has && !slot.is_peerless
}

pub(super) fn is_loopback_interface(name: &[u8]) -> bool {
    name == b"lo" || name == b"lo0" || name.starts_with(b"Loopback")
}

pub(super) fn is_loopback_host(host: &[u8]) -> bool {
    // Each new connection is asked: most peers need no parsing.
    let may_be = host.starts_with(b"127.") || matches!(host.first(), Some(b':' | b'0'));
    may_be && is_loopback_address(host)
}

fn is_loopback_address(host: &[u8]) -> bool {
    address(host).is_some_and(|address| address.is_loopback())
}

pub(super) fn is_address(host: &[u8]) -> bool {
    address(host).is_some()
}

fn address(host: &[u8]) -> Option<std::net::IpAddr> {
    // Names rarely begin like an address; the full parse is for those that do.
    let first = host.first()?;
    if !first.is_ascii_hexdigit() && *first != b':' {
        return None;
    }
    std::str::from_utf8(host).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_loopback_are_those_of_this_machine() {
        let loopback = [
            "127.0.0.1",
            "127.255.1.9",
            "::1",
            "0:0::1",
            "::0:1",
            "0::1",
            "0:0:0:0:0:0:0:1",
        ];
        for host in loopback.map(str::as_bytes) {
            assert!(is_loopback_host(host) && is_loopback_address(host));
        }
        let others = [
            "",
            ":",
            "0",
            "127.",
            "127.0.0",
            "127.0.0.1.",
            "127.example",
            "12.7.0.1",
            "1::1",
            "::2",
            "::",
            "0.0.0.0",
            "::ffff:127.0.0.1",
            "localhost",
            "10.0.0.1",
            "fe80::1",
        ];
        for host in others.map(str::as_bytes) {
            assert!(!is_loopback_host(host) && !is_loopback_address(host));
        }
    }
}
