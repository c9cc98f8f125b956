//! One line of text → a row, a delimiter or the reason why it is neither.
//!
//! The grammar is read from both ends, because the names in the middle may hold anything: a process
//! name ends at the last `" up/down Bps: ` of its line, a connection's host at the first
//! `:port (tcp|udp) up/down Bps: n/n process: "`.

use memchr::memmem;

use crate::{Address, Connection, Process, Protocol, Reason, Row};

/// What one line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// `Refreshing:`, the head of a frame.
    Refreshing,
    /// `<NO TRAFFIC>`, the body of an idle frame.
    NoTraffic,
    /// An empty line, the end of a frame.
    Empty,
    /// A row.
    Row(Row<'a>),
    /// Nothing that bandwhich prints.
    Fault(Reason),
}

/// Reads one line, given without its line feed. One carriage return at its end is taken off.
///
/// ```
/// use rawlog::{Line, Row, parse_line};
/// let line = br#"process: <1735689600> "a "quoted" name" up/down Bps: 12/34 connections: 2"#;
/// let Line::Row(Row::Process(process)) = parse_line(line) else { panic!() };
/// assert_eq!(process.name, br#"a "quoted" name"#);
/// assert_eq!((process.up, process.down), (12, 34));
/// ```
pub fn parse_line(line: &[u8]) -> Line<'_> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let row = match line.first() {
        None => return Line::Empty,
        Some(b'c') => connection(line).map(Row::Connection),
        Some(b'p') => process(line).map(Row::Process),
        Some(b'r') => address(line).map(Row::Address),
        _ if line == b"Refreshing:" => return Line::Refreshing,
        _ if line == b"<NO TRAFFIC>" => return Line::NoTraffic,
        _ => Err(Reason::UnknownKind),
    };
    match row {
        Ok(row) => Line::Row(row),
        Err(reason) => Line::Fault(reason),
    }
}

fn process(line: &[u8]) -> Result<Process<'_>, Reason> {
    let (timestamp, rest) = timestamp(line, b"process: <")?;
    let rest = rest.strip_prefix(b"\"").ok_or(Reason::Name)?;
    let (rest, up, down, connections) = rates_and_connections(rest)?;
    let name = rest.strip_suffix(b"\"").ok_or(Reason::Name)?;
    Ok(Process { timestamp, name, up, down, connections })
}

fn address(line: &[u8]) -> Result<Address<'_>, Reason> {
    let (timestamp, rest) = timestamp(line, b"remote_address: <")?;
    let (host, up, down, connections) = rates_and_connections(rest)?;
    Ok(Address { timestamp, host, up, down, connections })
}

fn connection(line: &[u8]) -> Result<Connection<'_>, Reason> {
    let (timestamp, rest) = timestamp(line, b"connection: <")?;
    let (interface, local_port, rest) = local_end(rest)?;
    let (host, remote_port, protocol, rest) = remote_end(rest)?;
    let (up, down, rest) = rates(rest).ok_or(Reason::Rates)?;
    let (up, down) = (up?, down?);
    let process = rest
        .strip_prefix(b" process: \"")
        .and_then(|rest| rest.strip_suffix(b"\""))
        .ok_or(Reason::Name)?;
    Ok(Connection {
        timestamp,
        interface,
        local_port,
        host,
        remote_port,
        protocol,
        up,
        down,
        process,
    })
}

/// Reads `<kind>: <ts> ` and gives what follows it.
fn timestamp<'a>(line: &'a [u8], prefix: &[u8]) -> Result<(i64, &'a [u8]), Reason> {
    let rest = line.strip_prefix(prefix).ok_or(Reason::UnknownKind)?;
    let (negative, digits) = match rest.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, rest),
    };
    let (value, rest) = leading_number(digits).ok_or(Reason::Timestamp)?;
    let rest = rest.strip_prefix(b"> ").ok_or(Reason::Timestamp)?;
    let value = i128::try_from(value?).map_err(|_| Reason::TimestampRange)?;
    let value = if negative { -value } else { value };
    Ok((i64::try_from(value).map_err(|_| Reason::TimestampRange)?, rest))
}

/// Reads `[<interface>]:port => `; the interface ends at the first `>:port => `.
fn local_end(rest: &[u8]) -> Result<(Option<&[u8]>, u16, &[u8]), Reason> {
    if let Some(after) = rest.strip_prefix(b":") {
        let (port, rest) = local_port(after).ok_or(Reason::LocalPort)?;
        return Ok((None, port?, rest));
    }
    let inner = rest.strip_prefix(b"<").ok_or(Reason::LocalPort)?;
    for end in memchr::memchr_iter(b'>', inner) {
        if let Some(after) = inner[end + 1..].strip_prefix(b":")
            && let Some((port, rest)) = local_port(after)
        {
            return Ok((Some(&inner[..end]), port?, rest));
        }
    }
    Err(Reason::LocalPort)
}

fn local_port(text: &[u8]) -> Option<(Result<u16, Reason>, &[u8])> {
    let (value, rest) = leading_number(text)?;
    Some((port(value), rest.strip_prefix(b" => ")?))
}

/// Reads `host:port (protocol) up/down Bps: `, ending the host at the first place where all of that
/// and `n/n process: "` follow.
fn remote_end(rest: &[u8]) -> Result<(&[u8], u16, Protocol, &[u8]), Reason> {
    const MARK: &[u8] = b") up/down Bps: ";
    let mut from = 0;
    let mut seen = Reason::Remote;
    while let Some(found) = find_mark(&rest[from..], MARK) {
        let (before, after) = (&rest[..from + found], &rest[from + found + MARK.len()..]);
        if let Some((host, number, protocol)) = host_port_protocol(before) {
            match rates(after) {
                Some((_, _, tail)) if tail.starts_with(b" process: \"") => {
                    return Ok((host, port(number)?, protocol, after));
                }
                _ => seen = Reason::Rates,
            }
        }
        from += found + 1;
    }
    Err(seen)
}

/// `memmem` for a mark that begins with a rare byte: cheaper than building a searcher per line.
fn find_mark(text: &[u8], mark: &[u8]) -> Option<usize> {
    memchr::memchr_iter(mark[0], text).find(|&at| text[at..].starts_with(mark))
}

type Number = Result<u128, Reason>;

fn host_port_protocol(before: &[u8]) -> Option<(&[u8], Number, Protocol)> {
    let (rest, protocol) = if let Some(rest) = before.strip_suffix(b" (tcp") {
        (rest, Protocol::Tcp)
    } else {
        (before.strip_suffix(b" (udp")?, Protocol::Udp)
    };
    let (rest, number) = trailing_number(rest)?;
    Some((rest.strip_suffix(b":")?, number, protocol))
}

fn port(number: Number) -> Result<u16, Reason> {
    u16::try_from(number.map_err(|_| Reason::PortRange)?).map_err(|_| Reason::PortRange)
}

/// Reads `n/n` at the head and gives what follows it.
fn rates(text: &[u8]) -> Option<(Number, Number, &[u8])> {
    let (up, rest) = leading_number(text)?;
    let (down, rest) = leading_number(rest.strip_prefix(b"/")?)?;
    Some((up, down, rest))
}

/// Takes ` up/down Bps: n/n connections: n` off the end.
fn rates_and_connections(text: &[u8]) -> Result<(&[u8], u128, u128, u128), Reason> {
    let (rest, connections) = trailing_number(text).ok_or(Reason::Connections)?;
    let rest = rest.strip_suffix(b" connections: ").ok_or(Reason::Connections)?;
    let (rest, down) = trailing_number(rest).ok_or(Reason::Rates)?;
    let rest = rest.strip_suffix(b"/").ok_or(Reason::Rates)?;
    let (rest, up) = trailing_number(rest).ok_or(Reason::Rates)?;
    let rest = rest.strip_suffix(b" up/down Bps: ").ok_or(Reason::Rates)?;
    Ok((rest, up?, down?, connections?))
}

/// ASCII digits at the head: their value, and what follows. `None` where there is no digit.
fn leading_number(text: &[u8]) -> Option<(Number, &[u8])> {
    let length = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(length);
    (length > 0).then(|| (number(digits), rest))
}

/// ASCII digits at the end: what stands before them, and their value.
fn trailing_number(text: &[u8]) -> Option<(&[u8], Number)> {
    let start = text.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
    let (rest, digits) = text.split_at(start);
    (!digits.is_empty()).then(|| (rest, number(digits)))
}

fn number(digits: &[u8]) -> Number {
    if digits.len() <= 19 {
        // Nineteen digits fit into 64 bits.
        let value = digits.iter().fold(0u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        return Ok(u128::from(value));
    }
    digits.iter().try_fold(0u128, |sum, digit| {
        sum.checked_mul(10)
            .and_then(|sum| sum.checked_add(u128::from(digit - b'0')))
            .ok_or(Reason::NumberRange)
    })
}

/// Where a header is glued to the end of another line's text, gives the offset of the header.
pub(crate) fn glued_header(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.ends_with(b"Refreshing:").then(|| line.len() - b"Refreshing:".len())
}

/// Whether a line that is a fault carries a row behind some prefix, as `journalctl` prints it.
pub fn looks_prefixed(line: &[u8]) -> bool {
    [&b"process: <"[..], b"connection: <", b"remote_address: <", b": Refreshing:"]
        .iter()
        .any(|mark| memmem::find(line, mark).is_some_and(|at| at > 0))
}
