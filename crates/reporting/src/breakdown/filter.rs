//! Which rows count: by process, remote, service's port and hour of day, as a person types them.
//!
//! What a terminal shows of a name is taken for the name: an escaped character, and a beginning that ends in `…`
//! or `*`. So each line of a table can be asked further as it stands there.

use std::net::IpAddr;
use std::str::FromStr;

use display::printable;
use serde::{Serialize, Serializer};
use store::Digest;
use traffic::ServicePorts;

/// What may be asked for. Nothing asks for everything.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Filter {
    /// Processes.
    pub process: Option<NamePattern>,
    /// Remotes.
    pub remote: Option<RemotePattern>,
    /// A service's port.
    pub port: Option<PortPattern>,
    /// Hours of the local clock.
    pub hours: Option<HoursOfDay>,
    /// One host of several.
    pub host: Option<String>,
}

/// The text is no pattern of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// No network.
    #[error("{0:?} is no network; write ADDRESS/BITS, as in 10.0.0.0/8")]
    Network(String),
    /// No port.
    #[error("{0:?} is no port; write 443, tcp/443 or udp/53")]
    Port(String),
    /// No hours.
    #[error("{0:?} names no hours; write 2, or 22-6 for 22:00 to 06:59")]
    Hours(String),
}

/// A name, or the beginning of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    typed: String,
    beginning: Option<String>,
}

/// A name or an address, or a network of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemotePattern {
    /// By name; an address is a name in its usual form.
    Name(NamePattern),
    /// The addresses that share the first bits.
    Network {
        /// Any of them.
        address: IpAddr,
        /// How many bits they share.
        bits: u8,
    },
}

/// A port, of one protocol or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortPattern {
    /// `tcp` or `udp`; `None` for both.
    pub protocol: Option<String>,
    /// Its number.
    pub port: u16,
}

/// Hours of the local clock, both included; from 22 to 6 they pass midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoursOfDay {
    /// The first, 0 to 23.
    pub first: u8,
    /// The last, 0 to 23.
    pub last: u8,
}

impl Filter {
    /// Whether it asks for some names only.
    pub(super) fn has_names(&self) -> bool {
        self.process.is_some() || self.remote.is_some() || self.port.is_some()
    }

    /// Whether a day with this digest may hold a row that is asked for. A digest that was cut knows not all names.
    pub(super) fn may_be_in(&self, digest: &Digest) -> bool {
        let process = self.process.as_ref().is_none_or(|pattern| {
            let is_known = pattern.is_exact_in(&digest.processes);
            is_known || digest.processes.keys().any(|name| pattern.matches(name))
        });
        let remote = self.remote.as_ref().is_none_or(|pattern| match pattern {
            RemotePattern::Name(name) if name.is_exact_in(&digest.remotes) => true,
            _ => digest.remotes.keys().any(|name| pattern.matches(name)),
        });
        let port = self.port.as_ref().is_none_or(|pattern| {
            // Whose a high port is depends on all connections that are looked at.
            pattern.is_doubtful() || digest.ports.keys().any(|name| pattern.is_shown_as(name))
        });
        digest.names_cut || process && remote && port
    }
}

impl NamePattern {
    /// Whether a name is meant.
    pub fn matches(&self, name: &str) -> bool {
        let is_meant = |name: &str| {
            name == self.typed
                || (self.beginning.as_deref()).is_some_and(|beginning| name.starts_with(beginning))
        };
        is_meant(name) || self.typed.contains(r"\u{") && is_meant(&printable(name))
    }

    fn is_exact_in<T>(&self, names: &std::collections::BTreeMap<String, T>) -> bool {
        names.contains_key(&self.typed)
    }
}

impl FromStr for NamePattern {
    type Err = std::convert::Infallible;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let beginning = typed.strip_suffix('…').or_else(|| typed.strip_suffix('*'));
        Ok(NamePattern {
            typed: typed.to_owned(),
            beginning: beginning.map(str::to_owned),
        })
    }
}

impl RemotePattern {
    /// Whether a remote is meant.
    pub fn matches(&self, remote: &str) -> bool {
        match self {
            RemotePattern::Name(name) => name.matches(remote),
            RemotePattern::Network { address, bits } => remote
                .parse::<IpAddr>()
                .is_ok_and(|remote| prefix(remote, *bits) == prefix(*address, *bits)),
        }
    }
}

/// The first bits of an address, and of which kind it is.
fn prefix(address: IpAddr, bits: u8) -> (bool, u128) {
    let bits = u32::from(bits);
    match address {
        IpAddr::V4(address) => {
            let number = u128::from(address.to_bits());
            (
                true,
                number.checked_shr(32u32.saturating_sub(bits)).unwrap_or(0),
            )
        }
        IpAddr::V6(address) => {
            let number = address.to_bits();
            (
                false,
                number.checked_shr(128u32.saturating_sub(bits)).unwrap_or(0),
            )
        }
    }
}

impl FromStr for RemotePattern {
    type Err = FilterError;

    fn from_str(typed: &str) -> Result<Self, FilterError> {
        if let Some((address, bits)) = typed.split_once('/') {
            let error = || FilterError::Network(typed.to_owned());
            let address: IpAddr = address.parse().map_err(|_| error())?;
            let bits: u8 = bits.parse().map_err(|_| error())?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            return if bits <= most {
                Ok(RemotePattern::Network { address, bits })
            } else {
                Err(error())
            };
        }
        let bare = typed.trim_start_matches('[').trim_end_matches(']');
        let name = match bare.parse::<IpAddr>() {
            Ok(address) => address.to_string(),
            Err(_) => traffic::host_label(typed).to_owned(),
        };
        let Ok(name) = name.parse::<NamePattern>();
        Ok(RemotePattern::Name(name))
    }
}

impl PortPattern {
    /// Whether the numbers of a connection alone may not tell whose port it is.
    pub(super) fn is_doubtful(&self) -> bool {
        ServicePorts::is_doubtful(self.port, u16::MAX) || self.port == u16::MAX
    }

    /// Whether the service's port of a connection is meant.
    pub(super) fn matches(&self, protocol: Option<&str>, service: Option<u16>) -> bool {
        service == Some(self.port)
            && (self.protocol.as_deref()).is_none_or(|wanted| protocol == Some(wanted))
    }

    /// Whether a port as tables and digests show it is meant.
    fn is_shown_as(&self, name: &str) -> bool {
        let (protocol, port) = match name.split_once('/') {
            Some((protocol, port)) => (Some(protocol), port),
            None => (None, name),
        };
        self.matches(protocol, port.parse().ok())
    }
}

impl FromStr for PortPattern {
    type Err = FilterError;

    fn from_str(typed: &str) -> Result<Self, FilterError> {
        let error = || FilterError::Port(typed.to_owned());
        let (protocol, port) = match typed.split_once('/') {
            Some((one, other)) if one.bytes().all(|byte| byte.is_ascii_digit()) => {
                (Some(other), one)
            }
            Some((one, other)) => (Some(one), other),
            None => (None, typed),
        };
        let protocol = match protocol {
            None => None,
            Some(name) => match name.to_ascii_lowercase().as_str() {
                name @ ("tcp" | "udp") => Some(name.to_owned()),
                _ => return Err(error()),
            },
        };
        let port = port.parse().map_err(|_| error())?;
        Ok(PortPattern { protocol, port })
    }
}

impl HoursOfDay {
    /// Whether an hour of the local clock is among them.
    pub fn contains(self, hour: u8) -> bool {
        if self.first <= self.last {
            (self.first..=self.last).contains(&hour)
        } else {
            hour >= self.first || hour <= self.last
        }
    }
}

impl FromStr for HoursOfDay {
    type Err = FilterError;

    fn from_str(typed: &str) -> Result<Self, FilterError> {
        let hour = |text: &str| {
            let number = text.strip_suffix(":00").unwrap_or(text);
            let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
            number
                .parse()
                .ok()
                .filter(|hour: &u8| is_number && *hour < 24)
        };
        let (first, last) = typed.split_once('-').unwrap_or((typed, typed));
        match (hour(first), hour(last)) {
            (Some(first), Some(last)) => Ok(HoursOfDay { first, last }),
            _ => Err(FilterError::Hours(typed.to_owned())),
        }
    }
}

impl std::fmt::Display for NamePattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.typed)
    }
}

impl std::fmt::Display for RemotePattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RemotePattern::Name(name) => name.fmt(f),
            RemotePattern::Network { address, bits } => write!(f, "{address}/{bits}"),
        }
    }
}

impl std::fmt::Display for PortPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.protocol {
            Some(protocol) => write!(f, "{protocol}/{}", self.port),
            None => self.port.fmt(f),
        }
    }
}

impl std::fmt::Display for HoursOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:00–{:02}:59", self.first, self.last)
    }
}

macro_rules! serialized_as_shown {
    ($($type:ty),+) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )+};
}

serialized_as_shown!(NamePattern, RemotePattern, PortPattern, HoursOfDay);

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(typed: &str) -> RemotePattern {
        typed.parse().unwrap()
    }

    #[test]
    fn a_name_is_meant_as_a_terminal_shows_it() {
        let pattern = |typed: &str| typed.parse::<NamePattern>().unwrap();
        assert!(pattern("rsync").matches("rsync") && !pattern("rsync").matches("rsyncd"));
        assert!(pattern("rsy*").matches("rsyncd") && !pattern("rsy*").matches("ssh"));
        assert!(pattern("rsy…").matches("rsyncd"));
        assert!(pattern(r"a\u{1b}[2J").matches("a\u{1b}[2J"));
        assert!(pattern("*").matches("") && pattern("").matches("") && !pattern("").matches("a"));
    }

    #[test]
    fn a_remote_is_an_address_in_any_form_a_name_or_a_network() {
        assert!(remote("2001:DB8::0:1").matches("2001:db8::1"));
        assert!(remote("[2001:db8::1]").matches("2001:db8::1"));
        assert!(remote("www.example.com.").matches("www.example.com"));
        assert!(remote("10.0.0.0/8").matches("10.255.0.1"));
        assert!(!remote("10.0.0.0/8").matches("11.0.0.1"));
        assert!(!remote("10.0.0.0/8").matches("10.example.com"));
        assert!(
            remote("0.0.0.0/0").matches("203.0.113.7") && !remote("::/0").matches("203.0.113.7")
        );
        assert!(remote("2001:db8::/32").matches("2001:db8:1::1"));
        for wrong in ["10.0.0.0/33", "example.com/8", "10.0.0.0/", "::/129"] {
            assert!(wrong.parse::<RemotePattern>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn ports_and_hours_are_read_in_their_forms() {
        let port = |typed: &str| typed.parse::<PortPattern>().map(|port| port.to_string());
        assert_eq!(port("443").unwrap(), "443");
        assert_eq!(port("TCP/443").unwrap(), "tcp/443");
        assert_eq!(port("53/udp").unwrap(), "udp/53");
        for wrong in ["", "tcp", "tcp/", "65536", "icmp/1", "-1", "tcp/443/x"] {
            assert!(port(wrong).is_err(), "{wrong}");
        }
        let hours = |typed: &str| typed.parse::<HoursOfDay>();
        let night = hours("22-06:00").unwrap();
        assert!(night.contains(23) && night.contains(6) && !night.contains(7));
        assert!(hours("2").unwrap().contains(2) && !hours("2").unwrap().contains(3));
        for wrong in ["", "24", "-", "1-", "+1", "1:30"] {
            assert!(hours(wrong).is_err(), "{wrong}");
        }
    }
}
