//! Laws that hold for any row and any log, tried on random ones.

use proptest::collection::vec;
use proptest::prelude::*;
use rawlog::{Address, Connection, Limits, Line, Process, Protocol, Row, parse_line};

#[expect(dead_code, reason = "the limits are random here")]
#[path = "../fuzz/checks.rs"]
mod checks;

/// Text that a row may hold: any bytes but a line feed, and often pieces of the format itself.
fn text() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "\"",
        "\\",
        "<",
        ">",
        ":",
        "443",
        "1/2",
        " ",
        " => ",
        "=>",
        "/",
        "(",
        ")",
        " (tcp)",
        " (udp",
        ") up/down Bps: ",
        " up/down Bps: ",
        "\" up/down Bps: ",
        " process: \"",
        " connections: 1",
        " connections: ",
        "process: <1> \"",
        "connection: <1> <",
        "remote_address: <",
        "Refreshing:",
        "<NO TRAFFIC>",
        "<UNKNOWN>",
        "\r",
        "\0",
        "\u{fffd}",
        "2001:db8::1",
        "192.0.2.7",
        ">:1 => ",
        "h:2 (tcp) up/down Bps: 3/4 process: \"",
    ];
    let piece = prop_oneof![
        3 => proptest::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..6),
    ];
    vec(piece, 0..6).prop_map(|pieces| {
        let mut text = pieces.concat();
        text.retain(|&byte| byte != b'\n');
        text
    })
}

fn number() -> impl Strategy<Value = u128> {
    prop_oneof![
        Just(0),
        Just(u128::MAX),
        (0..10u64.pow(17), 0..17u32)
            .prop_map(|(number, digits)| u128::from(number % 10u64.pow(digits))),
        any::<u32>().prop_map(u128::from),
        any::<u128>()
    ]
}

fn row() -> impl Strategy<Value = OwnedRow> {
    let kind = prop_oneof![
        Just(Kind::Process),
        proptest::option::of(text()).prop_map(Kind::Connection),
        Just(Kind::Address)
    ];
    let time = prop_oneof![Just(1_735_689_600), any::<i64>()];
    let ports = (any::<u16>(), any::<u16>(), any::<bool>());
    let numbers = (number(), number(), number());
    (kind, time, text(), text(), ports, numbers).prop_map(
        |(kind, timestamp, name, host, (local_port, remote_port, udp), (up, down, connections))| {
            let protocol = if udp { Protocol::Udp } else { Protocol::Tcp };
            OwnedRow {
                kind,
                timestamp,
                name,
                host,
                local_port,
                remote_port,
                protocol,
                up,
                down,
                connections,
            }
        },
    )
}

#[derive(Clone, Debug)]
enum Kind {
    Process,
    Connection(Option<Vec<u8>>),
    Address,
}

#[derive(Clone, Debug)]
struct OwnedRow {
    kind: Kind,
    timestamp: i64,
    name: Vec<u8>,
    host: Vec<u8>,
    local_port: u16,
    remote_port: u16,
    protocol: Protocol,
    up: u128,
    down: u128,
    connections: u128,
}

impl OwnedRow {
    fn row(&self) -> Row<'_> {
        let OwnedRow {
            timestamp,
            local_port,
            remote_port,
            protocol,
            ..
        } = *self;
        let OwnedRow {
            up,
            down,
            connections,
            ..
        } = *self;
        let (name, host) = (&self.name[..], &self.host[..]);
        match &self.kind {
            Kind::Process => Row::Process(Process {
                timestamp,
                name,
                up,
                down,
                connections,
            }),
            Kind::Connection(interface) => Row::Connection(Connection {
                timestamp,
                interface: interface.as_deref(),
                local_port,
                host,
                remote_port,
                protocol,
                up,
                down,
                process: name,
            }),
            Kind::Address => Row::Address(Address {
                timestamp,
                host,
                up,
                down,
                connections,
            }),
        }
    }

    /// Whether the format can hold the row: an interface must not look as if it ended within itself,
    /// nor a connection's host. Process names and the hosts of address rows have no such limit.
    fn is_unambiguous(&self) -> bool {
        use Part::{Digits, Text};
        let Kind::Connection(interface) = &self.kind else {
            return true;
        };
        let end_of_interface = [Text(b">:"), Digits, Text(b" => ")];
        let end_of_host = |protocol| {
            let middle = Text(protocol);
            [
                Text(b":"),
                Digits,
                middle,
                Digits,
                Text(b"/"),
                Digits,
                Text(b" process: \""),
            ]
        };
        !interface
            .as_ref()
            .is_some_and(|interface| holds(interface, &end_of_interface))
            && !holds(&self.host, &end_of_host(b" (tcp) up/down Bps: "))
            && !holds(&self.host, &end_of_host(b" (udp) up/down Bps: "))
    }
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Text(&'a [u8]),
    Digits,
}

fn holds(text: &[u8], parts: &[Part<'_>]) -> bool {
    (0..=text.len()).any(|at| begins(&text[at..], parts))
}

fn begins(text: &[u8], parts: &[Part<'_>]) -> bool {
    let Some((part, parts)) = parts.split_first() else {
        return true;
    };
    match part {
        Part::Text(part) => text
            .strip_prefix(*part)
            .is_some_and(|text| begins(text, parts)),
        Part::Digits => {
            let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (1..=digits).any(|count| begins(&text[count..], parts))
        }
    }
}

/// A log of lines that are whole, cut, foreign, glued or very long.
fn log() -> impl Strategy<Value = Vec<u8>> {
    const LINES: &[&str] = &[
        "Refreshing:\n",
        "Refreshing:\r\n",
        "Refreshing:",
        "<NO TRAFFIC>\n",
        "<NO TRAFFIC>\r\n",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "\u{feff}",
        "\0\0\0\0",
        "what is this\n",
        "\u{1b}[?1049lRefreshing:\n",
        "host bandwhich[1]: Refreshing:\n",
        "process: <1> \"cut",
        "process: <1> \"a\" up/down Bps: 1/2 connections: 1\n",
        "process: <2> \"a\" up/down Bps: 1/2 connections: 1\n",
        "connection: <1> <e>:1 => h:2 (tcp) up/down Bps: 3/4 process: \"a\"\n",
        "remote_address: <1> h up/down Bps: 1/2 connections: 1\n",
        "remote_address: <2> h up/down Bps: 1/2 connections: 1\r\n",
        "process: <1735689600> \"\" up/down Bps: 12345678/123456789 connections: 10\n",
        "process: <1735689600> \" up/down Bps: 1/2 connections: 1\n",
        "connection: <1735689600> <enp3s0>:51234 => 2001:db8::7:443 (tcp) up/down Bps: 3/4 process: \"a\"\r\n",
        "connection: <1735689600> <enp3s0>:051 => :65536 (udp) up/down Bps: 3/4 process: \"a\"\n",
        "connection: <1735689600> <wlp0s20f3>:0 => :0065 (udp) up/down Bps: 3/4 process: \"\n",
        "connection: <1735689600> :7 => )):1 (tcp) up/down Bps: 0/1234567890123456 process: \"\"\n",
        "remote_address: <1735689600>  up/down Bps: 1/2 connections: 1\n",
    ];
    /// A usual row with one byte changed.
    fn nearly_usual() -> impl Strategy<Value = Vec<u8>> {
        const ROWS: &[&str] = &[
            "process: <1735689600> \"curl\" up/down Bps: 500/20000 connections: 1\n",
            "connection: <1735689600> <enp3s0>:51234 => 198.51.100.7:443 (tcp) up/down Bps: 500/20000 process: \"curl\"\n",
            "remote_address: <1735689600> 198.51.100.7 up/down Bps: 500/20000 connections: 1\n",
        ];
        let byte = prop_oneof![any::<u8>(), proptest::sample::select(&b"<>:/ \"(09"[..])];
        (
            proptest::sample::select(ROWS),
            any::<proptest::sample::Index>(),
            byte,
        )
            .prop_map(|(row, at, byte)| {
                let mut row = row.as_bytes().to_vec();
                let at = at.index(row.len());
                row[at] = byte;
                row
            })
    }
    let line = prop_oneof![
        12 => proptest::sample::select(LINES).prop_map(|line| line.as_bytes().to_vec()),
        4 => nearly_usual(),
        2 => row().prop_map(|row| {
            let mut line = Vec::new();
            row.row().print(&mut line);
            line
        }),
        1 => vec(any::<u8>(), 0..40),
        1 => (any::<u8>(), 50..300usize).prop_map(|(byte, length)| vec![byte; length]),
    ];
    vec(line, 0..24).prop_map(|lines| lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_printed_row_reads_as_it_was(row in row().prop_filter("ambiguous", OwnedRow::is_unambiguous)) {
        let mut line = Vec::new();
        row.row().print(&mut line);
        prop_assert_eq!(line.pop(), Some(b'\n'));
        prop_assert_eq!(parse_line(&line), Line::Row(row.row()));
        // As it reads from a file with Windows line ends.
        line.push(b'\r');
        prop_assert_eq!(parse_line(&line), Line::Row(row.row()));
    }

    #[test]
    fn even_an_ambiguous_row_reads_as_a_row(row in row()) {
        let mut line = Vec::new();
        row.row().print(&mut line);
        line.pop();
        if let Line::Row(read) = parse_line(&line) {
            let mut again = Vec::new();
            read.print(&mut again);
            again.pop();
            prop_assert_eq!(parse_line(&again), Line::Row(read));
        }
    }

    #[test]
    fn no_bytes_make_the_parser_panic(line in prop_oneof![text(), vec(any::<u8>(), 0..200)]) {
        checks::check_line(&line);
        for kind in ["process: <1> \"", "connection: <1> <e>:1 => ", "remote_address: <1> "] {
            checks::check_line(&[kind.as_bytes(), &line].concat());
        }
    }

    #[test]
    fn the_readers_laws_hold_for_any_log_and_any_limits(
        log in prop_oneof![8 => log(), 1 => vec(any::<u8>(), 0..300)],
        max_line_bytes in prop_oneof![0..100usize, Just(65_536)],
        max_frame_bytes in prop_oneof![0..600usize, Just(64 << 20)],
        max_frame_rows in prop_oneof![0..6usize, Just(300_000)],
    ) {
        let limits = Limits { max_line_bytes, max_frame_bytes, max_frame_rows, ..Limits::default() };
        checks::check_reader_with(&log, limits);
    }
}
