//! One line of text → a row, a delimiter or the reason why it is neither.
//!
//! The grammar is read from both ends, because the names in the middle may hold anything: a process
//! name ends at the last `" up/down Bps: ` of its line, a connection's host at the first
//! `:port (tcp|udp) up/down Bps: n/n process: "`.

use memchr::memmem;

use crate::note::{Note, note};
use crate::scan::{Head, Number, leading_number, local_port, port, timestamp, trailing_number};
use crate::{Address, Connection, Process, Protocol, Reason, Row};

const HEADER: &[u8] = b"Refreshing:";
const PROCESS: &[u8] = b"process: <";
const CONNECTION: &[u8] = b"connection: <";
const ADDRESS: &[u8] = b"remote_address: <";

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
    /// What a collector notes between frames.
    Note(Note<'a>),
    /// Nothing that bandwhich or a collector prints.
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
        Some(b'n') => return note(line).map_or_else(Line::Fault, Line::Note),
        _ if line == HEADER => return Line::Refreshing,
        _ if line == b"<NO TRAFFIC>" => return Line::NoTraffic,
        _ => Err(Reason::UnknownKind),
    };
    match row {
        Ok(row) => Line::Row(row),
        Err(reason) => Line::Fault(reason),
    }
}

fn process(line: &[u8]) -> Result<Process<'_>, Reason> {
    let (timestamp, rest) = timestamp(line, PROCESS)?;
    let rest = rest.strip_prefix(b"\"").ok_or(Reason::Name)?;
    let (rest, up, down, connections) = rates_and_connections(rest)?;
    let name = rest.strip_suffix(b"\"").ok_or(Reason::Name)?;
    Ok(Process {
        timestamp,
        name,
        up,
        down,
        connections,
    })
}

fn address(line: &[u8]) -> Result<Address<'_>, Reason> {
    let (timestamp, rest) = timestamp(line, ADDRESS)?;
    let (host, up, down, connections) = rates_and_connections(rest)?;
    Ok(Address {
        timestamp,
        host,
        up,
        down,
        connections,
    })
}

fn connection(line: &[u8]) -> Result<Connection<'_>, Reason> {
    let (timestamp, rest) = timestamp(line, CONNECTION)?;
    let ((interface, local_port), rest) = local_end(rest)?;
    let ((host, remote_port, protocol), rest) = remote_end(rest)?;
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

/// Reads `[<interface>]:port => `; the interface ends at the first `>:port => `.
fn local_end(rest: &[u8]) -> Head<'_, (Option<&[u8]>, u16)> {
    if let Some(after) = rest.strip_prefix(b":") {
        let (port, rest) = local_port(after).ok_or(Reason::LocalPort)?;
        return Ok(((None, port?), rest));
    }
    let inner = rest.strip_prefix(b"<").ok_or(Reason::LocalPort)?;
    for end in memchr::memchr_iter(b'>', inner) {
        if let Some(after) = inner[end + 1..].strip_prefix(b":")
            && let Some((port, rest)) = local_port(after)
        {
            return Ok(((Some(&inner[..end]), port?), rest));
        }
    }
    Err(Reason::LocalPort)
}

/// Reads `host:port (protocol) up/down Bps: `, ending the host at the first place where all of that
/// and `n/n process: "` follow.
fn remote_end(rest: &[u8]) -> Head<'_, (&[u8], u16, Protocol)> {
    const MARK: &[u8] = b") up/down Bps: ";
    let mut from = 0;
    let mut seen = Reason::Remote;
    while let Some(found) = find_mark(&rest[from..], MARK) {
        let (before, after) = (&rest[..from + found], &rest[from + found + MARK.len()..]);
        if let Some((host, number, protocol)) = host_port_protocol(before) {
            match rates(after) {
                Some((_, _, tail)) if tail.starts_with(b" process: \"") => {
                    return Ok(((host, port(number)?, protocol), after));
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

fn host_port_protocol(before: &[u8]) -> Option<(&[u8], Number, Protocol)> {
    let (rest, protocol) = if let Some(rest) = before.strip_suffix(b" (tcp") {
        (rest, Protocol::Tcp)
    } else {
        (before.strip_suffix(b" (udp")?, Protocol::Udp)
    };
    let (rest, number) = trailing_number(rest)?;
    Some((rest.strip_suffix(b":")?, number, protocol))
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
    let rest = rest
        .strip_suffix(b" connections: ")
        .ok_or(Reason::Connections)?;
    let (rest, down) = trailing_number(rest).ok_or(Reason::Rates)?;
    let rest = rest.strip_suffix(b"/").ok_or(Reason::Rates)?;
    let (rest, up) = trailing_number(rest).ok_or(Reason::Rates)?;
    let rest = rest.strip_suffix(b" up/down Bps: ").ok_or(Reason::Rates)?;
    Ok((rest, up?, down?, connections?))
}

/// If a header is glued to the end of a faulty line's text, gives the offset of the header. The
/// prefix that `journalctl` prints before each line is not meant: it ends in `: ` and begins no row.
pub(crate) fn glued_header(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let head = line.strip_suffix(HEADER)?;
    (!head.ends_with(b": ") || begins_a_row(head)).then_some(head.len())
}

/// Whether more text could make a line of it that bandwhich prints: text at the end of a log that is being
/// written.
///
/// ```
/// assert!(rawlog::may_become_line(b"Refr") && rawlog::may_become_line(b"connection: <17"));
/// assert!(!rawlog::may_become_line(b"hello"));
/// ```
pub fn may_become_line(text: &[u8]) -> bool {
    let whole: [&[u8]; 2] = [b"Refreshing:\r", b"<NO TRAFFIC>\r"];
    let kinds: [&[u8]; 3] = [b"process: <", b"connection: <", b"remote_address: <"];
    whole.iter().any(|line| line.starts_with(text))
        || (kinds.iter()).any(|kind| kind.starts_with(text) || text.starts_with(kind))
}

/// Whether a line that is a fault carries a row or a header behind some prefix, as `journalctl`
/// prints it.
///
/// ```
/// use rawlog::looks_prefixed;
/// assert!(looks_prefixed(b"Nov 22 08:41:01 host bandwhich[812]: Refreshing:"));
/// assert!(!looks_prefixed(b"process: <1> \"cut"));
/// ```
pub fn looks_prefixed(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let holds = |mark| memmem::find(line, mark).is_some();
    !begins_a_row(line)
        && (line
            .strip_suffix(HEADER)
            .is_some_and(|head| head.ends_with(b": "))
            || [PROCESS, CONNECTION, ADDRESS].into_iter().any(holds))
}

/// Whether the line begins with a row's kind, be it cut off after its colon.
fn begins_a_row(line: &[u8]) -> bool {
    [PROCESS, CONNECTION, ADDRESS]
        .iter()
        .any(|kind| line.starts_with(&kind[..kind.len() - 1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: &str) -> Row<'_> {
        match parse_line(line.as_bytes()) {
            Line::Row(row) => row,
            other => panic!("{line:?} is {other:?}"),
        }
    }

    fn reason(line: &str) -> Reason {
        match parse_line(line.as_bytes()) {
            Line::Fault(reason) => reason,
            other => panic!("{line:?} is {other:?}"),
        }
    }

    fn process_row(rates: &str) -> String {
        format!("process: <1> \"x\" up/down Bps: {rates} connections: 1")
    }

    fn connection_row(ports: (&str, &str)) -> String {
        let (local, remote) = ports;
        format!(
            "connection: <1> <eth0>:{local} => 192.0.2.7:{remote} (tcp) up/down Bps: 1/2 \
             process: \"x\""
        )
    }

    #[test]
    fn delimiters_are_read_with_and_without_a_carriage_return() {
        assert_eq!(parse_line(b"Refreshing:"), Line::Refreshing);
        assert_eq!(parse_line(b"Refreshing:\r"), Line::Refreshing);
        assert_eq!(parse_line(b"<NO TRAFFIC>"), Line::NoTraffic);
        assert_eq!(parse_line(b"<NO TRAFFIC>\r"), Line::NoTraffic);
        assert_eq!(parse_line(b""), Line::Empty);
        assert_eq!(parse_line(b"\r"), Line::Empty);
        assert_eq!(parse_line(b"\r\r"), Line::Fault(Reason::UnknownKind));
    }

    #[test]
    fn what_only_resembles_a_delimiter_is_a_fault() {
        for line in [
            "refreshing:",
            "Refreshing",
            "Refreshing: ",
            " Refreshing:",
            "<no traffic>",
            " ",
        ] {
            assert_eq!(reason(line), Reason::UnknownKind, "{line:?}");
        }
    }

    #[test]
    fn numbers_reach_to_the_last_of_128_bits() {
        let line = process_row(&format!("{}/0", u128::MAX));
        let Row::Process(process) = row(&line) else {
            panic!()
        };
        assert_eq!((process.up, process.down), (u128::MAX, 0));
        let beyond = "340282366920938463463374607431768211456";
        assert_eq!(
            reason(&process_row(&format!("{beyond}/0"))),
            Reason::NumberRange
        );
        assert_eq!(
            reason(&process_row(&format!("0/{beyond}"))),
            Reason::NumberRange
        );
        let count = format!("remote_address: <1> h up/down Bps: 1/2 connections: {beyond}");
        assert_eq!(reason(&count), Reason::NumberRange);
        let connection = connection_row(("1", "2")).replace("1/2", &format!("1/{beyond}"));
        assert_eq!(reason(&connection), Reason::NumberRange);
    }

    #[test]
    fn numbers_of_nineteen_and_twenty_digits_are_read_alike() {
        for number in [
            "9999999999999999999",
            "10000000000000000000",
            "18446744073709551616",
        ] {
            let line = process_row(&format!("{number}/{number}"));
            let Row::Process(process) = row(&line) else {
                panic!()
            };
            assert_eq!(process.up.to_string(), number);
            assert_eq!(process.down.to_string(), number);
        }
    }

    #[test]
    fn leading_zeros_do_not_count() {
        let line = process_row(&format!("{}5/00012", "0".repeat(60)));
        let Row::Process(process) = row(&line) else {
            panic!()
        };
        assert_eq!((process.up, process.down), (5, 12));
    }

    #[test]
    fn a_number_is_ascii_digits_and_nothing_else() {
        for rates in [
            "-1/5", "+5/5", "1e5/3", "0x10/1", " 12/3", "1,000/2", "1.5/2", "/", "1/", "/2",
        ] {
            assert_eq!(reason(&process_row(rates)), Reason::Rates, "{rates}");
        }
        for rates in [
            "1/2/3",
            "NaN/inf",
            "1_000/2",
            "\u{663}/\u{664}",
            "\u{ff11}/\u{ff12}",
            "1 /2",
        ] {
            assert_eq!(reason(&process_row(rates)), Reason::Rates, "{rates}");
        }
    }

    #[test]
    fn ports_end_at_65535() {
        for port in ["0", "65535", "00443"] {
            let line = connection_row((port, port));
            let Row::Connection(connection) = row(&line) else {
                panic!()
            };
            assert_eq!(connection.local_port, port.parse::<u16>().unwrap());
            assert_eq!(connection.remote_port, connection.local_port);
        }
        for port in [
            "65536",
            "99999999999",
            "340282366920938463463374607431768211456",
        ] {
            assert_eq!(reason(&connection_row((port, "1"))), Reason::PortRange);
            assert_eq!(reason(&connection_row(("1", port))), Reason::PortRange);
        }
        assert_eq!(reason(&connection_row(("-1", "1"))), Reason::LocalPort);
        assert_eq!(reason(&connection_row(("1", "-1"))), Reason::Remote);
    }

    #[test]
    fn times_fill_64_bits() {
        for time in [0, -1, i64::MIN, i64::MAX] {
            let line = format!("remote_address: <{time}> h up/down Bps: 1/2 connections: 1");
            assert_eq!(row(&line).timestamp(), time);
        }
        for time in [
            "9223372036854775808",
            "-9223372036854775809",
            "340282366920938463463374607431768211455",
            "-340282366920938463463374607431768211456",
            &"9".repeat(60),
        ] {
            let line = format!("remote_address: <{time}> h up/down Bps: 1/2 connections: 1");
            assert_eq!(reason(&line), Reason::TimestampRange, "{time}");
        }
        for time in ["", "now", "1.5", "1 ", "--1", "+1", "-"] {
            let line = format!("remote_address: <{time}> h up/down Bps: 1/2 connections: 1");
            assert_eq!(reason(&line), Reason::Timestamp, "{time}");
        }
    }

    #[test]
    fn a_process_name_ends_at_the_last_quote_before_the_rates() {
        for name in [
            "",
            "\"",
            "a\"b\"c",
            "\" up/down Bps: ",
            "x\" up/down Bps: 9/9 connections: 9",
            "<UNKNOWN>",
            "process: <1> \"",
            "tab\tand\rreturn",
        ] {
            let line = format!("process: <1> \"{name}\" up/down Bps: 1/2 connections: 3");
            let Row::Process(process) = row(&line) else {
                panic!()
            };
            assert_eq!(process.name, name.as_bytes());
            assert_eq!((process.up, process.down, process.connections), (1, 2, 3));
        }
    }

    #[test]
    fn a_connections_process_begins_at_the_first_quote_after_its_rates() {
        for name in [
            "",
            "\"",
            "x\" process: \"y",
            "1:2 => 3:4 (udp) up/down Bps: 8/8 process: \"z",
        ] {
            let line = format!(
                "connection: <1> <eth0>:1 => 192.0.2.7:443 (tcp) up/down Bps: 1/2 process: \"{name}\""
            );
            let Row::Connection(connection) = row(&line) else {
                panic!()
            };
            assert_eq!(connection.process, name.as_bytes());
            assert_eq!(connection.host, b"192.0.2.7");
        }
        let open = "connection: <1> <eth0>:1 => h:443 (tcp) up/down Bps: 1/2 process: \"";
        assert_eq!(
            reason(open),
            Reason::Name,
            "one quote does not both open and close"
        );
    }

    #[test]
    fn the_port_follows_the_last_colon_of_the_host() {
        for (text, host, port) in [
            (":::443", "::", 443),
            ("::1:443", "::1", 443),
            ("2001:db8::1:443:443", "2001:db8::1:443", 443),
            ("::ffff:192.0.2.1:80", "::ffff:192.0.2.1", 80),
            ("[2001:db8::7]:443", "[2001:db8::7]", 443),
            ("fe80::1%eth0:443", "fe80::1%eth0", 443),
            (r"a\:443.evil.:80", r"a\:443.evil.", 80),
            (":7", "", 7),
        ] {
            let line =
                format!("connection: <1> <e>:1 => {text} (udp) up/down Bps: 1/2 process: \"x\"");
            let Row::Connection(connection) = row(&line) else {
                panic!()
            };
            assert_eq!(connection.host, host.as_bytes());
            assert_eq!(connection.remote_port, port);
            assert_eq!(connection.protocol, Protocol::Udp);
        }
    }

    #[test]
    fn an_interface_may_hold_its_own_delimiters() {
        for interface in [
            "",
            "t>0<\"x=>",
            "a=>b",
            ">",
            ">:",
            ">:1",
            ">:1 =",
            r"\Device\NPF_{1-2}",
        ] {
            let line = format!(
                "connection: <1> <{interface}>:1 => h:443 (tcp) up/down Bps: 1/2 process: \"x\""
            );
            let Row::Connection(connection) = row(&line) else {
                panic!()
            };
            assert_eq!(connection.interface, Some(interface.as_bytes()));
        }
    }

    #[test]
    fn where_the_format_is_ambiguous_the_first_reading_wins() {
        let line = "connection: <1> <a>:7 => b>:1 => h:443 (tcp) up/down Bps: 1/2 process: \"x\"";
        let Row::Connection(connection) = row(line) else {
            panic!()
        };
        assert_eq!(connection.interface, Some(&b"a"[..]));
        assert_eq!(
            (connection.local_port, connection.host),
            (7, &b"b>:1 => h"[..])
        );

        let line = "connection: <1> <a>:1 => h:2 (tcp) up/down Bps: 3/4 process: \"h:443 (tcp) \
                    up/down Bps: 5/6 process: \"x\"";
        let Row::Connection(connection) = row(line) else {
            panic!()
        };
        assert_eq!((connection.host, connection.up), (&b"h"[..], 3));
    }

    #[test]
    fn a_damaged_row_says_which_part_is_damaged() {
        for (line, expected) in [
            ("process:", Reason::UnknownKind),
            ("interface: <1> eth0 up/down Bps: 1/2", Reason::UnknownKind),
            (
                "process: <1> x\" up/down Bps: 1/2 connections: 1",
                Reason::Name,
            ),
            (
                "process: <1> \"x\" pid: 7 up/down Bps: 1/2 connections: 1",
                Reason::Name,
            ),
            (
                "process: <1> \"x\" up/down Bps: 1/2 connections: ",
                Reason::Connections,
            ),
            ("process: <1> \"x\" up/down Bps: 1/2", Reason::Connections),
            (
                "process: <1> \"x\" up/down Bps: 1/2 connections: 1 ",
                Reason::Connections,
            ),
            ("process: <1> \"x\" Bps: 1/2 connections: 1", Reason::Rates),
            (
                "connection: <1> eth0:1 => h:2 (tcp) up/down Bps: 1/2 process: \"x\"",
                Reason::LocalPort,
            ),
            (
                "connection: <1> <eth0>:1 -> h:2 (tcp) up/down Bps: 1/2 process: \"x\"",
                Reason::LocalPort,
            ),
            (
                "connection: <1> <eth0>:1 => h:2 (icmp) up/down Bps: 1/2 process: \"x\"",
                Reason::Remote,
            ),
            (
                "connection: <1> <eth0>:1 => h (tcp) up/down Bps: 1/2 process: \"x\"",
                Reason::Remote,
            ),
            (
                "connection: <1> <eth0>:1 => h:2 (tcp) up/down Bps: 1/ process: \"x\"",
                Reason::Rates,
            ),
            (
                "connection: <1> <eth0>:1 => h:2 (tcp) up/down Bps: 1/2 process: \"x",
                Reason::Name,
            ),
        ] {
            assert_eq!(reason(line), expected, "{line}");
        }
    }

    #[test]
    fn a_name_may_hold_bytes_that_are_no_text() {
        let line = b"process: <1> \"\xff\x00\xc3\x1b[31m\" up/down Bps: 1/2 connections: 1";
        let Line::Row(Row::Process(process)) = parse_line(line) else {
            panic!()
        };
        assert_eq!(process.name, b"\xff\x00\xc3\x1b[31m");
    }

    #[test]
    fn a_header_may_be_glued_to_a_cut_line() {
        assert_eq!(glued_header(b"connection: <17Refreshing:"), Some(15));
        assert_eq!(glued_header(b"\x1b[?1049lRefreshing:\r"), Some(8));
        assert_eq!(
            glued_header(b"process: <1> \"x\" up/down Bps: Refreshing:"),
            Some(30)
        );
        assert_eq!(glued_header(b"process: Refreshing:"), Some(9));
        assert_eq!(glued_header(b"Refreshing: "), None);
    }

    #[test]
    fn a_header_behind_the_prefix_of_a_journal_is_not_glued() {
        let line = b"Nov 22 08:41:01 host bandwhich[812]: Refreshing:";
        assert_eq!(glued_header(line), None);
        assert!(looks_prefixed(line));
    }

    #[test]
    fn a_row_with_another_row_in_its_name_is_not_prefixed() {
        assert!(looks_prefixed(b"host bandwhich[812]: process: <1> \"x\""));
        assert!(!looks_prefixed(b"process: <1> \"connection: <"));
        assert!(!looks_prefixed(b"something else"));
        assert!(!looks_prefixed(b""));
    }
}
