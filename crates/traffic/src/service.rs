//! Which of a connection's two ports is the service's.

use std::collections::{HashMap, HashSet};

/// The first port that systems hand out to clients: Linux 32768 to 60999 (`ip_local_port_range`), IANA and
/// others 49152 to 65535 (RFC 6335).
const FIRST_EPHEMERAL: u16 = 32_768;
/// Pairs of ports that are kept; a hostile log has any number.
const MOST_PAIRS: usize = 100_000;

/// Tells services' ports from those of their clients.
///
/// A log does not say who called whom. If a port is below those that systems hand out to clients, the
/// lower of the two is the service's. Where neither is, it is the one that was met with more ports at the
/// other end, for clients take another port each time; else the lower.
#[derive(Clone, Debug, Default)]
pub struct ServicePorts {
    /// Protocol, local and remote port, where both are such as clients have.
    pairs: HashSet<(Protocol, u16, u16)>,
    /// How many ports were met at the other end of a port, by protocol and end.
    others: HashMap<(Protocol, End, u16), u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Protocol {
    Udp,
    Other,
}

impl From<Option<&str>> for Protocol {
    fn from(name: Option<&str>) -> Self {
        match name {
            Some("udp") => Self::Udp,
            _ => Self::Other,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum End {
    Local,
    Remote,
}

impl ServicePorts {
    /// Whether the numbers alone do not tell.
    pub fn is_doubtful(local: u16, remote: u16) -> bool {
        local.min(remote) >= FIRST_EPHEMERAL && local != remote
    }

    /// Notes a connection.
    pub fn note(&mut self, protocol: Option<&str>, local: Option<u16>, remote: Option<u16>) {
        let (Some(local), Some(remote)) = (local, remote) else {
            return;
        };
        let protocol = Protocol::from(protocol);
        if Self::is_doubtful(local, remote)
            && self.pairs.len() < MOST_PAIRS
            && self.pairs.insert((protocol, local, remote))
        {
            for (end, port) in [(End::Local, local), (End::Remote, remote)] {
                *self.others.entry((protocol, end, port)).or_default() += 1;
            }
        }
    }

    /// The service's port of a connection, once all were noted. `None` if neither is known.
    pub fn of(
        &self,
        protocol: Option<&str>,
        local: Option<u16>,
        remote: Option<u16>,
    ) -> Option<u16> {
        let (Some(local), Some(remote)) = (local, remote) else {
            return local.or(remote);
        };
        let protocol = Protocol::from(protocol);
        let others = |end, port| self.others.get(&(protocol, end, port)).copied();
        let order = others(End::Local, local).cmp(&others(End::Remote, remote));
        let is_doubtful = Self::is_doubtful(local, remote);
        Some(if is_doubtful && order.is_gt() {
            local
        } else if is_doubtful && order.is_lt() {
            remote
        } else {
            local.min(remote)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_below_those_of_clients_is_the_services() {
        let ports = ServicePorts::default();
        let of = |local, remote| ports.of(Some("tcp"), local, remote);
        assert_eq!(of(Some(40_000), Some(443)), Some(443));
        assert_eq!(of(Some(22), Some(60_123)), Some(22));
        assert_eq!(of(Some(5353), Some(53)), Some(53));
        assert_eq!(of(None, Some(50_051)), Some(50_051));
        assert_eq!(of(None, None), None);
    }

    #[test]
    fn a_high_port_is_the_services_where_it_meets_many_others() {
        let mut ports = ServicePorts::default();
        let tcp = Some("tcp");
        for client in 0..3 {
            // A server elsewhere, and one of this host's.
            ports.note(tcp, Some(40_000 + client), Some(50_051));
            ports.note(tcp, Some(61_000), Some(45_000 + client));
        }
        assert_eq!(ports.of(tcp, Some(40_000), Some(50_051)), Some(50_051));
        assert_eq!(ports.of(tcp, Some(61_000), Some(45_000)), Some(61_000));
        // Met once, or by another protocol: nothing tells.
        ports.note(tcp, Some(40_009), Some(50_009));
        assert_eq!(ports.of(tcp, Some(40_009), Some(50_009)), Some(40_009));
        assert_eq!(
            ports.of(Some("udp"), Some(40_000), Some(50_051)),
            Some(40_000)
        );
    }

    #[test]
    fn any_number_of_ports_is_borne() {
        let mut ports = ServicePorts::default();
        for pair in 0..200_000u32 {
            let port = |number: u32| Some(32_768 + (number % 30_000) as u16);
            ports.note(None, port(pair), port(pair / 30_000 + 7));
        }
        assert!(ports.pairs.len() <= MOST_PAIRS);
    }
}
