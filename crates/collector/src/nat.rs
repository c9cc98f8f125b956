//! Whether this machine translates addresses of what it forwards.

use std::io;

use rustix::net::netlink::NETFILTER;

use crate::netlink::{Attributes, Netlink, text};

/// Whether packets are forwarded without a rule that translates addresses. `None` if the rules cannot be
/// seen, for which CAP_NET_ADMIN is needed.
pub(crate) fn forwards_as_is() -> Option<bool> {
    let is_on = |file: &str| std::fs::read_to_string(file).is_ok_and(|text| text.trim() == "1");
    let forwards =
        is_on("/proc/sys/net/ipv4/ip_forward") || is_on("/proc/sys/net/ipv6/conf/all/forwarding");
    if !forwards {
        return Some(false);
    }
    // Rules of iptables before nftables.
    let tables = std::fs::read_to_string("/proc/net/ip_tables_names").unwrap_or_default();
    if tables.lines().any(|table| table == "nat") {
        return Some(false);
    }
    match has_nat_chain() {
        Ok(has_nat) => Some(!has_nat),
        // A kernel without nftables has no rules of it.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
        Err(_) => Some(true),
    }
}

/// Asks nftables for chains that translate addresses.
fn has_nat_chain() -> io::Result<bool> {
    // NFNL_SUBSYS_NFTABLES and NFT_MSG_GETCHAIN; of any family (a struct nfgenmsg of zeros).
    const CHAINS: u16 = 10 << 8 | 4;
    let mut has_nat = false;
    Netlink::open(Some(NETFILTER), 0)?.dump(CHAINS, &[0; 4], &mut |_, body| {
        has_nat |= is_nat(body);
    })?;
    Ok(has_nat)
}

/// Whether a chain is of the type that translates.
fn is_nat(body: &[u8]) -> bool {
    const TYPE: u16 = 7;
    let mut about = Attributes(body.get(4..).unwrap_or_default());
    about.any(|(attribute, value)| attribute == TYPE && text(value) == "nat")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::tests::attribute;

    #[test]
    fn a_chain_that_translates_is_known_by_its_type() {
        let chain =
            |kind: &[u8]| [vec![2, 0, 0, 0], attribute(3, b"out\0"), attribute(7, kind)].concat();
        assert!(is_nat(&chain(b"nat\0")));
        assert!(!is_nat(&chain(b"filter\0")));
        assert!(!is_nat(&[]));
    }
}
