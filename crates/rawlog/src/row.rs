//! The three kinds of rows, and how bandwhich prints them.

use std::fmt;

/// Transport protocol of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP
    Tcp,
    /// UDP
    Udp,
}

impl Protocol {
    /// The name as printed: `tcp` or `udp`.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }

    /// The protocol that is printed so.
    pub fn parse(name: &str) -> Option<Self> {
        [Protocol::Tcp, Protocol::Udp]
            .into_iter()
            .find(|protocol| protocol.as_str() == name)
    }
}

/// One `process:` row: a process and what all its connections moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process<'a> {
    /// Seconds since 1970 by the writer's clock.
    pub timestamp: i64,
    /// Name, as the system gave it: any bytes.
    pub name: &'a [u8],
    /// Bytes per refresh, a mean over up to five refreshes.
    pub up: u128,
    /// Bytes per refresh, a mean over up to five refreshes.
    pub down: u128,
    /// Connections that belong to the process now.
    pub connections: u128,
}

/// One `connection:` row: what one connection moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection<'a> {
    /// Seconds since 1970 by the writer's clock.
    pub timestamp: i64,
    /// Interface; `None` if the version prints none (0.3.0 to 0.4.0).
    pub interface: Option<&'a [u8]>,
    /// Local port.
    pub local_port: u16,
    /// Remote address (IPv6 without brackets) or host name.
    pub host: &'a [u8],
    /// Remote port.
    pub remote_port: u16,
    /// Transport protocol.
    pub protocol: Protocol,
    /// Bytes per refresh, a mean over up to five refreshes.
    pub up: u128,
    /// Bytes per refresh, a mean over up to five refreshes.
    pub down: u128,
    /// Name of the owning process, or `<UNKNOWN>`.
    pub process: &'a [u8],
}

/// One `remote_address:` row: a peer and what was exchanged with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// Seconds since 1970 by the writer's clock.
    pub timestamp: i64,
    /// Remote address or host name.
    pub host: &'a [u8],
    /// Bytes per refresh, a mean over up to five refreshes.
    pub up: u128,
    /// Bytes per refresh, a mean over up to five refreshes.
    pub down: u128,
    /// Connections with this peer now.
    pub connections: u128,
}

/// The kind of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `process:`
    Process,
    /// `connection:`
    Connection,
    /// `remote_address:`
    Address,
}

/// One row of any kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row<'a> {
    /// `process:`
    Process(Process<'a>),
    /// `connection:`
    Connection(Connection<'a>),
    /// `remote_address:`
    Address(Address<'a>),
}

impl Row<'_> {
    /// Seconds since 1970 by the writer's clock.
    pub fn timestamp(&self) -> i64 {
        match self {
            Row::Process(row) => row.timestamp,
            Row::Connection(row) => row.timestamp,
            Row::Address(row) => row.timestamp,
        }
    }

    /// Which of the three kinds it is.
    pub fn kind(&self) -> Kind {
        match self {
            Row::Process(_) => Kind::Process,
            Row::Connection(_) => Kind::Connection,
            Row::Address(_) => Kind::Address,
        }
    }

    /// What tells a connection from all others, interfaces aside (bandwhich prints the one on which
    /// the connection was last seen): `:port => host:port (tcp`. Empty for other rows.
    pub fn ends(&self) -> Vec<u8> {
        let mut ends = Vec::new();
        if let Row::Connection(row) = self {
            put(&mut ends, format_args!(":{} => ", row.local_port));
            ends.extend_from_slice(row.host);
            put(
                &mut ends,
                format_args!(":{} ({}", row.remote_port, row.protocol.as_str()),
            );
        }
        ends
    }

    /// Appends the row as bandwhich prints it, with its line end.
    ///
    /// ```
    /// use rawlog::{Line, parse_line};
    /// let line = b"remote_address: <1> 192.0.2.7 up/down Bps: 5/6 connections: 1";
    /// let Line::Row(row) = parse_line(line) else { panic!() };
    /// let mut out = Vec::new();
    /// row.print(&mut out);
    /// assert_eq!(out.strip_suffix(b"\n"), Some(&line[..]));
    /// ```
    pub fn print(&self, out: &mut Vec<u8>) {
        match self {
            Row::Process(row) => {
                put(out, format_args!("process: <{}> \"", row.timestamp));
                out.extend_from_slice(row.name);
                put(
                    out,
                    format_args!(
                        "\" up/down Bps: {}/{} connections: {}\n",
                        row.up, row.down, row.connections
                    ),
                );
            }
            Row::Connection(row) => {
                put(out, format_args!("connection: <{}> ", row.timestamp));
                if let Some(interface) = row.interface {
                    out.push(b'<');
                    out.extend_from_slice(interface);
                    out.push(b'>');
                }
                put(out, format_args!(":{} => ", row.local_port));
                out.extend_from_slice(row.host);
                put(
                    out,
                    format_args!(
                        ":{} ({}) up/down Bps: {}/{} process: \"",
                        row.remote_port,
                        row.protocol.as_str(),
                        row.up,
                        row.down
                    ),
                );
                out.extend_from_slice(row.process);
                out.extend_from_slice(b"\"\n");
            }
            Row::Address(row) => {
                put(out, format_args!("remote_address: <{}> ", row.timestamp));
                out.extend_from_slice(row.host);
                put(
                    out,
                    format_args!(
                        " up/down Bps: {}/{} connections: {}\n",
                        row.up, row.down, row.connections
                    ),
                );
            }
        }
    }
}

fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    use std::io::Write as _;
    out.write_fmt(text).expect("writing to a Vec does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(row: Row<'_>) -> String {
        let mut out = Vec::new();
        row.print(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rows_are_printed_as_bandwhich_prints_them() {
        let process = Process {
            timestamp: -1,
            name: b"a \"b\"",
            up: u128::MAX,
            down: 0,
            connections: 2,
        };
        assert_eq!(
            printed(Row::Process(process)),
            "process: <-1> \"a \"b\"\" up/down Bps: 340282366920938463463374607431768211455/0 \
             connections: 2\n"
        );
        let connection = Connection {
            timestamp: 7,
            interface: Some(b"enp3s0"),
            local_port: 51234,
            host: b"2001:db8::1",
            remote_port: 443,
            protocol: Protocol::Tcp,
            up: 1,
            down: 2,
            process: b"curl",
        };
        assert_eq!(
            printed(Row::Connection(connection)),
            "connection: <7> <enp3s0>:51234 => 2001:db8::1:443 (tcp) up/down Bps: 1/2 \
             process: \"curl\"\n"
        );
        let without = Connection {
            interface: None,
            protocol: Protocol::Udp,
            ..connection
        };
        assert_eq!(
            printed(Row::Connection(without)),
            "connection: <7> :51234 => 2001:db8::1:443 (udp) up/down Bps: 1/2 process: \"curl\"\n"
        );
        let address = Address {
            timestamp: 7,
            host: b"h.",
            up: 5,
            down: 6,
            connections: 0,
        };
        assert_eq!(
            printed(Row::Address(address)),
            "remote_address: <7> h. up/down Bps: 5/6 connections: 0\n"
        );
    }
}
