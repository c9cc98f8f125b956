//! Notes, read and printed.

use super::*;
use crate::{Line, Reason, parse_line};

const LINES: [&str; 17] = [
    r#"network-monitor: <7> format 1 collector "0.1.0" bandwhich "0.23.1" arguments "--raw""#,
    r#"network-monitor: <7> owner :0 => :443 (udp) pid 4294967295 process "a \x22b\x5c\x0a""#,
    r#"network-monitor: <-7> owner :65535 => :443 (tcp) pid 1 process "ü" executable "/usr/bin/ü""#,
    r#"network-monitor: <7> interface "eth0" ethernet received 1/2 sent 3/18446744073709551615"#,
    r#"network-monitor: <7> interface "" port received 0/0 sent 0/0"#,
    r#"network-monitor: <7> capture "eth0" packets 18446744073709551615 dropped 0"#,
    r#"network-monitor: <7> capture "e\x22th 0" dropped 12"#,
    r#"network-monitor: <7> address "eth0" 192.0.2.1/24"#,
    r#"network-monitor: <7> address "eth0" 192.0.2.1/32 gone"#,
    r#"network-monitor: <7> address "a\xff" fe80::1/128"#,
    r#"network-monitor: <7> port "veth1" of "br0""#,
    r#"network-monitor: <7> port "veth1" of "br 0" gone"#,
    r#"network-monitor: <7> stopped "ended (signal 9)""#,
    r#"network-monitor: <7> stopped """#,
    r#"network-monitor: <7> started"#,
    r#"network-monitor: <-7> stopped "addresses changed: eth\x0a""#,
    "network-monitor: <7> later",
];

#[test]
fn a_note_is_printed_as_it_was_read() {
    for line in LINES {
        let Line::Note(note) = parse_line(line.as_bytes()) else {
            panic!("{line}")
        };
        let mut out = Vec::new();
        note.print(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), format!("{line}\n"));
    }
}

#[test]
fn what_a_later_version_notes_is_no_damage() {
    for line in [
        "network-monitor: <7> weather \"rain\"",
        "network-monitor: <7> format 2 collector 9",
    ] {
        let Line::Note(note) = parse_line(line.as_bytes()) else {
            panic!("{line}")
        };
        assert_eq!(note.told, NoteKind::Later);
    }
}

#[test]
fn a_damaged_note_is_a_fault() {
    for line in [
        r#"network-monitor: <7> owner :65536 => :443 (tcp) pid 1 process "x""#,
        r#"network-monitor: <7> owner :1 => :443 (tcp) pid 4294967296 process "x""#,
        r#"network-monitor: <7> owner :1 => :443 (tcp) pid -1 process "x""#,
        r#"network-monitor: <7> owner :1 => :443 (tcp) pid 1 process "x"y""#,
        r#"network-monitor: <7> owner :1 => :443 (tcp) pid 1 process "\x0""#,
        r#"network-monitor: <7> owner :1 => :443 (tcp) pid 1 process "\n""#,
        r#"network-monitor: <7> owner :1 => :443 (tcp) pid 1 process "x"#,
        r#"network-monitor: <7> owner :1 => :443 (sctp) pid 1 process "x""#,
        r#"network-monitor: <7> owner :1 => :443 (tcp) pid 1 process "x" executable "#,
        r#"network-monitor: <7> format 1 collector "0.1.0" bandwhich "0.23.1""#,
        r#"network-monitor: <7> interface "e" received 1/2 sent 3/4"#,
        r#"network-monitor: <7> interface "e" port received 1/2 sent 3/18446744073709551616"#,
        r#"network-monitor: <7> capture "e" packets 1"#,
        r#"network-monitor: <7> capture "e" dropped 1 packets 2"#,
        r#"network-monitor: <7> capture "e" packets -1 dropped 2"#,
        r#"network-monitor: <7> capture e packets 1 dropped 2"#,
        r#"network-monitor: <7> address "e" 192.0.2.1/33"#,
        r#"network-monitor: <7> address "e" 192.0.2.256/24"#,
        r#"network-monitor: <7> address "e" fe80::1%e/64"#,
        r#"network-monitor: <7> address "e" 192.0.2.1"#,
        r#"network-monitor: <7> address "e" 192.0.2.1/24 went"#,
        r#"network-monitor: <7> port "e" of "#,
        r#"network-monitor: <7> port "e" of "b" gonegone"#,
        r#"network-monitor: <7> stopped "#,
        r#"network-monitor: <7> started "eth0""#,
        r#"network-monitor: <7> stopped "a" b"#,
        "network-monitor: <7> ",
    ] {
        assert_eq!(
            parse_line(line.as_bytes()),
            Line::Fault(Reason::Note),
            "{line}"
        );
    }
    assert_eq!(
        parse_line(b"network-monitor: <x> later"),
        Line::Fault(Reason::Timestamp)
    );
    assert_eq!(parse_line(b"network"), Line::Fault(Reason::UnknownKind));
}

#[test]
fn any_text_can_stand_between_quotes() {
    for text in [
        &b""[..],
        b"plain",
        b"\"\\\n\r\t\0\x7f",
        b"\xff\xfe\xc3",
        "\u{85}\u{202e}ü".as_bytes(),
        br"\x41",
    ] {
        let escaped = escape(text);
        let quoted = Quoted::of_escaped(&escaped).unwrap();
        assert_eq!(&*quoted.text(), text);
        assert!(!escaped.contains(&b'\n') && !escaped.contains(&b'"'));
    }
}

#[test]
fn a_process_name_cannot_imitate_a_note() {
    // Of 15 bytes two are needed to leave the frame. What follows the name stays on its line.
    assert!(HEAD.len() > 13);
}
