//! What each version of bandwhich prints, as it was recorded (names and addresses changed).

use rawlog::{Closing, Item, Limits, Protocol, Reader, Row};

/// A frame that owns its text.
#[derive(Debug)]
struct Refresh {
    header: bool,
    idle: bool,
    closing: Closing,
    rows: Vec<u8>,
}

/// Reads a log that has nothing but whole frames; each line of it is found again.
fn refreshes(log: &str) -> Vec<Refresh> {
    let mut refreshes = Vec::new();
    let (extent, outcome) = Reader::new(log.as_bytes(), Limits::default()).for_each(|item| {
        let Item::Frame(frame) = item else {
            panic!("{item:?}")
        };
        assert!(frame.faults.is_empty());
        assert!(frame.is_whole());
        let mut rows = Vec::new();
        frame.rows.iter().for_each(|row| row.row().print(&mut rows));
        refreshes.push(Refresh {
            header: frame.header,
            idle: frame.idle,
            closing: frame.closing,
            rows,
        });
    });
    outcome.expect("a slice can be read to its end");
    assert_eq!(extent.bytes, log.len() as u64);
    let printed: Vec<u8> = refreshes
        .iter()
        .flat_map(|refresh| refresh.rows.clone())
        .collect();
    let lines = log.lines().filter(|line| line.contains(" up/down Bps: "));
    let rows: String = lines.map(|line| format!("{line}\n")).collect();
    assert_eq!(String::from_utf8_lossy(&printed), rows);
    refreshes
}

/// Calls `look` with each row of the log.
fn for_each_row(log: &str, mut look: impl FnMut(&Row<'_>)) {
    let (_, outcome) = Reader::new(log.as_bytes(), Limits::default()).for_each(|item| {
        if let Item::Frame(frame) = item {
            frame.rows.iter().for_each(|row| look(&row.row()));
        }
    });
    outcome.expect("a slice can be read to its end");
}

#[test]
fn from_0_3_to_0_4_there_is_neither_frame_nor_interface() {
    let log = "\
process: <1794992627> \"voip-agent\" up/down Bps: 8400/0 connections: 1
connection: <1794992627> :39626 => 192.0.2.11:7001 (udp) up/down Bps: 8400/0 process: \"voip-agent\"
remote_address: <1794992627> 192.0.2.11 up/down Bps: 8400/0 connections: 1
process: <1794992628> \"voip-agent\" up/down Bps: 8400/0 connections: 1
connection: <1794992628> :39626 => host11.example.com.:7001 (udp) up/down Bps: 8400/0 process: \"voip-agent\"
remote_address: <1794992628> host11.example.com. up/down Bps: 8400/0 connections: 1
";
    let frames = refreshes(log);
    assert_eq!(frames.len(), 2);
    assert!(frames.iter().all(|frame| !frame.header && !frame.idle));
    assert_eq!(frames[0].closing, Closing::NextRows);
    assert_eq!(frames[1].closing, Closing::EndOfLog);
    let mut hosts = Vec::new();
    for_each_row(log, |row| {
        if let Row::Connection(connection) = row {
            assert_eq!(connection.interface, None);
            assert_eq!(
                (connection.local_port, connection.remote_port),
                (39626, 7001)
            );
            assert_eq!(connection.protocol, Protocol::Udp);
            hosts.push(String::from_utf8_lossy(connection.host).into_owned());
        }
    });
    assert_eq!(hosts, ["192.0.2.11", "host11.example.com."]);
}

#[test]
fn from_0_5_on_connections_have_an_interface() {
    let log = "\
process: <1795252248> \"rsync\" up/down Bps: 85539/750 connections: 1
connection: <1795252248> <enp3s0>:50322 => 192.0.2.13:7000 (tcp) up/down Bps: 85539/750 process: \"rsync\"
remote_address: <1795252248> 192.0.2.13 up/down Bps: 85539/750 connections: 1
";
    assert_eq!(refreshes(log).len(), 1);
    for_each_row(log, |row| {
        if let Row::Connection(connection) = row {
            assert_eq!(connection.interface, Some(&b"enp3s0"[..]));
        }
    });
}

#[test]
fn from_0_8_on_unknown_traffic_begins_a_frame_with_a_connection() {
    // 0.8.0 to 0.10.0 have no process row for it.
    let log = "\
connection: <1795252236> <enp3s0>:51982 => 192.0.2.9:443 (tcp) up/down Bps: 107/147 process: \"<UNKNOWN>\"
remote_address: <1795252236> 192.0.2.9 up/down Bps: 107/147 connections: 1
process: <1795252237> \"voip-agent\" up/down Bps: 3292/0 connections: 1
connection: <1795252237> <enp3s0>:41593 => 192.0.2.11:7001 (udp) up/down Bps: 3292/0 process: \"voip-agent\"
connection: <1795252237> <enp3s0>:51982 => 192.0.2.9:443 (tcp) up/down Bps: 86/118 process: \"<UNKNOWN>\"
remote_address: <1795252237> 192.0.2.9 up/down Bps: 86/118 connections: 1
remote_address: <1795252237> 192.0.2.11 up/down Bps: 3292/0 connections: 1
";
    assert_eq!(refreshes(log).len(), 2);
}

#[test]
fn from_0_10_on_peers_may_have_ipv6_addresses() {
    let log = "\
connection: <1795251745> <enp3s0>:41628 => 2001:db8:19::c:443 (tcp) up/down Bps: 79/21 process: \"chat-client\"
remote_address: <1795251745> 2001:db8:19::c up/down Bps: 79/21 connections: 1
";
    assert_eq!(refreshes(log).len(), 1);
    for_each_row(log, |row| match row {
        Row::Connection(connection) => {
            assert_eq!(connection.host, b"2001:db8:19::c");
            assert_eq!(connection.remote_port, 443);
        }
        Row::Address(address) => assert_eq!(address.host, b"2001:db8:19::c"),
        Row::Process(_) => panic!(),
    });
}

#[test]
fn from_0_11_to_0_15_unknown_traffic_has_a_process_row() {
    let log = "\
process: <1795251737> \"<UNKNOWN>\" up/down Bps: 107/147 connections: 1
connection: <1795251737> <enp3s0>:33314 => 192.0.2.9:443 (tcp) up/down Bps: 107/147 process: \"<UNKNOWN>\"
remote_address: <1795251737> 192.0.2.9 up/down Bps: 107/147 connections: 1
process: <1795251740> \"voip-agent\" up/down Bps: 1579/0 connections: 1
connection: <1795251740> <enp3s0>:41593 => 192.0.2.11:7001 (udp) up/down Bps: 1579/0 process: \"voip-agent\"
remote_address: <1795251740> 192.0.2.11 up/down Bps: 1579/0 connections: 1
";
    let frames = refreshes(log);
    assert_eq!(
        frames.len(),
        2,
        "the idle seconds between them left nothing"
    );
}

#[test]
fn in_0_16_one_kind_of_rows_alone_is_told_apart_by_time() {
    for log in [
        "process: <1> \"a\" up/down Bps: 1/2 connections: 1\n\
         process: <1> \"b\" up/down Bps: 1/2 connections: 1\n\
         process: <2> \"a\" up/down Bps: 1/2 connections: 1\n",
        "connection: <1> <e>:1 => h:2 (tcp) up/down Bps: 1/2 process: \"a\"\n\
         connection: <1> <e>:3 => h:2 (tcp) up/down Bps: 1/2 process: \"b\"\n\
         connection: <2> <e>:1 => h:2 (tcp) up/down Bps: 1/2 process: \"a\"\n",
        "remote_address: <1> g up/down Bps: 1/2 connections: 1\n\
         remote_address: <1> h up/down Bps: 1/2 connections: 1\n\
         remote_address: <2> g up/down Bps: 1/2 connections: 1\n",
    ] {
        assert_eq!(refreshes(log).len(), 2, "{log}");
    }
}

#[test]
fn from_0_17_on_frames_have_a_header_and_idle_ones_are_printed() {
    let log = "\
Refreshing:
<NO TRAFFIC>

Refreshing:
process: <1795338137> \"<UNKNOWN>\" up/down Bps: 107/147 connections: 1
connection: <1795338137> <enp3s0>:47386 => 192.0.2.9:443 (tcp) up/down Bps: 107/147 process: \"<UNKNOWN>\"
remote_address: <1795338137> 192.0.2.9 up/down Bps: 107/147 connections: 1

Refreshing:
<NO TRAFFIC>

";
    for log in [
        log.to_owned(),
        log.replace('\n', "\r\n"),
        format!("\u{feff}{log}"),
    ] {
        let mut frames = Vec::new();
        let mut filler = 0;
        let (extent, outcome) =
            Reader::new(log.as_bytes(), Limits::default()).for_each(|item| match item {
                Item::Frame(frame) => {
                    assert_eq!(frame.closing, Closing::EmptyLine);
                    frames.push((frame.header, frame.idle, frame.timestamp, frame.rows.len()));
                }
                Item::Filler(bytes) => filler += bytes,
                other => panic!("{other:?}"),
            });
        outcome.expect("a slice can be read to its end");
        let idle = (true, true, None, 0);
        assert_eq!(frames, [idle, (true, false, Some(1_795_338_137), 3), idle]);
        assert_eq!(filler, if log.starts_with('\u{feff}') { 3 } else { 0 });
        assert_eq!(extent.lines, 11);
    }
}

#[test]
fn from_0_17_on_one_kind_of_rows_alone_has_a_header_too() {
    let log = "\
Refreshing:
remote_address: <1> g up/down Bps: 1/2 connections: 1

Refreshing:
connection: <1> <e>:1 => h:2 (tcp) up/down Bps: 1/2 process: \"a\"

Refreshing:
process: <1> \"a\" up/down Bps: 1/2 connections: 1

";
    let frames = refreshes(log);
    assert_eq!(frames.len(), 3);
    assert!(
        frames
            .iter()
            .all(|frame| frame.header && frame.closing == Closing::EmptyLine)
    );
}

#[test]
fn from_0_23_on_a_name_may_have_several_process_rows() {
    let log = "\
Refreshing:
process: <1> \"curl\" up/down Bps: 10/20 connections: 1
process: <1> \"curl\" up/down Bps: 30/40 connections: 0

";
    let mut sum = (0, 0);
    for_each_row(log, |row| {
        let Row::Process(process) = row else { panic!() };
        sum = (sum.0 + process.up, sum.1 + process.down);
    });
    assert_eq!(sum, (40, 60));
}

#[test]
fn up_to_0_23_hostile_host_names_are_escaped() {
    let log = "\
Refreshing:
connection: <1> <enp3s0>:44878 => x\\\"\\040up\\/down\\040Bps\\:\\0409\\/9.:7000 (tcp) up/down Bps: 668/40 process: \"c1\"
remote_address: <1> x\\\"\\040up\\/down\\040Bps\\:\\0409\\/9. up/down Bps: 668/40 connections: 1

";
    assert_eq!(refreshes(log).len(), 1);
    for_each_row(log, |row| match row {
        Row::Connection(connection) => {
            assert_eq!(connection.host, br#"x\"\040up\/down\040Bps\:\0409\/9."#);
        }
        Row::Address(address) => assert_eq!(address.host, br#"x\"\040up\/down\040Bps\:\0409\/9."#),
        Row::Process(_) => panic!(),
    });
}

#[test]
fn after_0_23_a_host_may_be_a_whole_record() {
    let log = "\
Refreshing:
connection: <1> <enp3s0>:39706 => 5.2.0.192.in-addr.arpa. 300 IN PTR host5.example.com.:443 (tcp) up/down Bps: 163/34 process: \"<UNKNOWN>\"
remote_address: <1> 5.2.0.192.in-addr.arpa. 300 IN PTR host5.example.com. up/down Bps: 163/34 connections: 1

";
    assert_eq!(refreshes(log).len(), 1);
    let record = "5.2.0.192.in-addr.arpa. 300 IN PTR host5.example.com.";
    for_each_row(log, |row| match row {
        Row::Connection(connection) => {
            assert_eq!(connection.host, record.as_bytes());
            assert_eq!(connection.remote_port, 443);
        }
        Row::Address(address) => assert_eq!(address.host, record.as_bytes()),
        Row::Process(_) => panic!(),
    });
}

#[test]
fn an_upgrade_within_a_log_loses_nothing() {
    let log = "\
process: <1> \"a\" up/down Bps: 1/2 connections: 1
remote_address: <1> h up/down Bps: 1/2 connections: 1
Refreshing:
<NO TRAFFIC>

Refreshing:
process: <3> \"a\" up/down Bps: 1/2 connections: 1

";
    let frames = refreshes(log);
    let heads: Vec<_> = frames
        .iter()
        .map(|frame| (frame.header, frame.closing))
        .collect();
    assert_eq!(
        heads,
        [
            (false, Closing::NextHeader),
            (true, Closing::EmptyLine),
            (true, Closing::EmptyLine)
        ]
    );
}
