//! Lines that are not bandwhich's: what a collector notes between frames of a log, because it knew
//! more than bandwhich prints. The grammar is described in `docs/log_format.md`.
//!
//! A note stands outside of all frames, so that each frame stays, byte for byte, what bandwhich
//! printed. Its head has 18 bytes: a process name of Linux, which has at most 15 and can print line
//! feeds, cannot imitate it.

use std::borrow::Cow;
use std::fmt;

use crate::line::{Number, leading_number, port, timestamp};
use crate::{Protocol, Reason};

/// Version of the notes that are written.
pub const NOTES_FORMAT: u64 = 1;

/// The head of each note.
const HEAD: &[u8] = b"network-monitor: <";

/// A line of a collector.
///
/// ```
/// use rawlog::{Line, Told, parse_line};
/// let line = br#"network-monitor: <1735689600> owner :51234 => :443 (tcp) pid 812 process "curl""#;
/// let Line::Note(note) = parse_line(line) else { panic!() };
/// let Told::Owner(owner) = note.told else { panic!() };
/// assert_eq!((owner.local_port, owner.pid, &*owner.process.text()), (51234, 812, &b"curl"[..]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// Seconds since 1970 by the writer's clock.
    pub timestamp: i64,
    /// What it tells.
    pub told: Told<'a>,
}

/// What a note tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told<'a> {
    /// A collector began this log.
    Begun(Begun<'a>),
    /// Who owns a connection from the next frame on.
    Owner(Owner<'a>),
    /// What the kernel has counted on an interface until now.
    Interface(Interface<'a>),
    /// Something that a later version notes.
    Later,
}

/// Who wrote the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun<'a> {
    /// Version of the notes.
    pub format: u64,
    /// The collector's version.
    pub collector: Quoted<'a>,
    /// The version of bandwhich, as it tells it.
    pub bandwhich: Quoted<'a>,
    /// What bandwhich was started with.
    pub arguments: Quoted<'a>,
}

/// The process that holds the socket of a connection, which is told by its ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'a> {
    /// Local port.
    pub local_port: u16,
    /// Remote port.
    pub remote_port: u16,
    /// Transport protocol.
    pub protocol: Protocol,
    /// Process id.
    pub pid: u32,
    /// The process as bandwhich names it.
    pub process: Quoted<'a>,
    /// The file that it runs. `None` where that could not be read.
    pub executable: Option<Quoted<'a>>,
}

/// The kernel's counters of an interface, since it came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interface<'a> {
    /// Its name.
    pub name: Quoted<'a>,
    /// One word: what it is, like `ethernet` or `tunnel`.
    pub kind: &'a str,
    /// Bytes received, link-layer headers included.
    pub received_bytes: u64,
    /// Packets received.
    pub received_packets: u64,
    /// Bytes sent, link-layer headers included.
    pub sent_bytes: u64,
    /// Packets sent.
    pub sent_packets: u64,
}

/// A text that stands between quotes: control characters, quotes, backslashes and what is no UTF-8
/// are written `\xNN`, so that it has no line feed and ends at the next quote.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Quoted<'a>(&'a [u8]);

impl<'a> Quoted<'a> {
    /// A text that [`escape`] gave. `None` where it could not have.
    pub fn of_escaped(text: &'a [u8]) -> Option<Self> {
        let plain = |byte: &u8| !byte.is_ascii_control() && *byte != b'"';
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            unescape(&rest[at..])?;
            rest = &rest[at + 4..];
        }
        text.iter().all(plain).then_some(Quoted(text))
    }

    /// What it says.
    pub fn text(self) -> Cow<'a, [u8]> {
        let mut rest = self.0;
        if memchr::memchr(b'\\', rest).is_none() {
            return Cow::Borrowed(rest);
        }
        let mut text = Vec::with_capacity(rest.len());
        while let Some(at) = memchr::memchr(b'\\', rest) {
            text.extend_from_slice(&rest[..at]);
            text.extend(unescape(&rest[at..]));
            rest = rest.get(at + 4..).unwrap_or_default();
        }
        text.extend_from_slice(rest);
        Cow::Owned(text)
    }
}

impl fmt::Debug for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// Reads `\xNN` at the head.
fn unescape(text: &[u8]) -> Option<u8> {
    let digits = text.strip_prefix(b"\\x")?.first_chunk::<2>()?;
    let digit = |byte: u8| (byte as char).to_digit(16);
    u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
}

/// Writes any text so that it can stand between quotes: see [`Quoted`].
///
/// ```
/// let escaped = rawlog::escape(b"a \"b\"\n");
/// assert_eq!(escaped, br"a \x22b\x22\x0a");
/// assert_eq!(&*rawlog::Quoted::of_escaped(&escaped).unwrap().text(), b"a \"b\"\n");
/// ```
pub fn escape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let hidden = |bytes: &[u8], out: &mut Vec<u8>| {
        for byte in bytes {
            put(out, format_args!("\\x{byte:02x}"));
        }
    };
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars() {
            let mut bytes = [0; 4];
            let bytes = letter.encode_utf8(&mut bytes).as_bytes();
            match letter.is_control() || matches!(letter, '"' | '\\') {
                true => hidden(bytes, &mut out),
                false => out.extend_from_slice(bytes),
            }
        }
        hidden(chunk.invalid(), &mut out);
    }
    out
}

impl Note<'_> {
    /// Appends the note with its line end.
    pub fn print(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(HEAD);
        put(out, format_args!("{}> ", self.timestamp));
        match &self.told {
            Told::Begun(begun) => {
                put(out, format_args!("format {} collector ", begun.format));
                put_quoted(out, begun.collector);
                out.extend_from_slice(b" bandwhich ");
                put_quoted(out, begun.bandwhich);
                out.extend_from_slice(b" arguments ");
                put_quoted(out, begun.arguments);
            }
            Told::Owner(owner) => {
                let protocol = owner.protocol.as_str();
                let (local, remote) = (owner.local_port, owner.remote_port);
                put(
                    out,
                    format_args!(
                        "owner :{local} => :{remote} ({protocol}) pid {} process ",
                        owner.pid
                    ),
                );
                put_quoted(out, owner.process);
                if let Some(executable) = owner.executable {
                    out.extend_from_slice(b" executable ");
                    put_quoted(out, executable);
                }
            }
            Told::Interface(interface) => {
                out.extend_from_slice(b"interface ");
                put_quoted(out, interface.name);
                put(
                    out,
                    format_args!(
                        " {} received {}/{} sent {}/{}",
                        interface.kind,
                        interface.received_bytes,
                        interface.received_packets,
                        interface.sent_bytes,
                        interface.sent_packets
                    ),
                );
            }
            Told::Later => out.extend_from_slice(b"later"),
        }
        out.push(b'\n');
    }
}

fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    use std::io::Write as _;
    out.write_fmt(text).expect("writing to a Vec does not fail");
}

fn put_quoted(out: &mut Vec<u8>, text: Quoted<'_>) {
    out.push(b'"');
    out.extend_from_slice(text.0);
    out.push(b'"');
}

/// Reads a line that begins with `n`.
pub(crate) fn note(line: &[u8]) -> Result<Note<'_>, Reason> {
    let (timestamp, rest) = timestamp(line, HEAD)?;
    let told = told(rest).ok_or(Reason::Note)?;
    Ok(Note { timestamp, told })
}

fn told(rest: &[u8]) -> Option<Told<'_>> {
    let word = rest.iter().take_while(|byte| byte.is_ascii_lowercase());
    let (word, rest) = rest.split_at(word.count());
    match word {
        b"format" => begun(rest),
        b"owner" => owner(rest).map(Told::Owner),
        b"interface" => interface(rest).map(Told::Interface),
        b"" => None,
        _ => Some(Told::Later),
    }
}

fn begun(rest: &[u8]) -> Option<Told<'_>> {
    let (format, rest) = number_after(rest, b" ")?;
    if format > NOTES_FORMAT {
        return Some(Told::Later);
    }
    let (collector, rest) = quoted_after(rest, b" collector ")?;
    let (bandwhich, rest) = quoted_after(rest, b" bandwhich ")?;
    let (arguments, rest) = quoted_after(rest, b" arguments ")?;
    rest.is_empty().then_some(Told::Begun(Begun {
        format,
        collector,
        bandwhich,
        arguments,
    }))
}

fn owner(rest: &[u8]) -> Option<Owner<'_>> {
    let (value, rest) = leading_number(rest.strip_prefix(b" :")?)?;
    let local_port = port(value).ok()?;
    let (value, rest) = leading_number(rest.strip_prefix(b" => :")?)?;
    let remote_port = port(value).ok()?;
    let (protocol, rest) = if let Some(rest) = rest.strip_prefix(b" (tcp)") {
        (Protocol::Tcp, rest)
    } else {
        (Protocol::Udp, rest.strip_prefix(b" (udp)")?)
    };
    let (pid, rest) = number_after(rest, b" pid ")?;
    let (process, rest) = quoted_after(rest, b" process ")?;
    let executable = match rest {
        b"" => None,
        rest => {
            let (executable, rest) = quoted_after(rest, b" executable ")?;
            rest.is_empty().then_some(Some(executable))?
        }
    };
    Some(Owner {
        local_port,
        remote_port,
        protocol,
        pid: u32::try_from(pid).ok()?,
        process,
        executable,
    })
}

fn interface(rest: &[u8]) -> Option<Interface<'_>> {
    let (name, rest) = quoted_after(rest, b" ")?;
    let rest = rest.strip_prefix(b" ")?;
    let length = rest
        .iter()
        .take_while(|byte| byte.is_ascii_lowercase())
        .count();
    let (kind, rest) = rest.split_at(length);
    let (received_bytes, rest) = number_after(rest, b" received ")?;
    let (received_packets, rest) = number_after(rest, b"/")?;
    let (sent_bytes, rest) = number_after(rest, b" sent ")?;
    let (sent_packets, rest) = number_after(rest, b"/")?;
    (rest.is_empty() && !kind.is_empty()).then_some(Interface {
        name,
        kind: std::str::from_utf8(kind).ok()?,
        received_bytes,
        received_packets,
        sent_bytes,
        sent_packets,
    })
}

fn number_after<'a>(text: &'a [u8], mark: &[u8]) -> Option<(u64, &'a [u8])> {
    let (value, rest): (Number, _) = leading_number(text.strip_prefix(mark)?)?;
    Some((u64::try_from(value.ok()?).ok()?, rest))
}

fn quoted_after<'a>(text: &'a [u8], mark: &[u8]) -> Option<(Quoted<'a>, &'a [u8])> {
    let text = text.strip_prefix(mark)?.strip_prefix(b"\"")?;
    let end = memchr::memchr(b'"', text)?;
    Some((Quoted::of_escaped(&text[..end])?, &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Line, parse_line};

    const LINES: [&str; 6] = [
        r#"network-monitor: <7> format 1 collector "0.1.0" bandwhich "0.23.1" arguments "--raw""#,
        r#"network-monitor: <7> owner :0 => :443 (udp) pid 4294967295 process "a \x22b\x5c\x0a""#,
        r#"network-monitor: <-7> owner :65535 => :443 (tcp) pid 1 process "ü" executable "/usr/bin/ü""#,
        r#"network-monitor: <7> interface "eth0" ethernet received 1/2 sent 3/18446744073709551615"#,
        r#"network-monitor: <7> interface "" port received 0/0 sent 0/0"#,
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
            assert_eq!(note.told, Told::Later);
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
}
