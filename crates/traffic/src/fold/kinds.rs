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
