//! Lines that are not bandwhich's: what a collector notes between frames of a log, because it knew
//! more than bandwhich prints. The grammar is described in `docs/log_format.md`.
//!
//! A note stands outside of all frames, so that each frame stays, byte for byte, what bandwhich
//! printed. Its head has 18 bytes: a process name of Linux, which has at most 15 and can print line
//! feeds, cannot imitate it.

mod read;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use crate::Protocol;

pub(crate) use read::note;

/// Version of the notes that are written.
pub const NOTES_FORMAT: u64 = 1;

/// The head of each note.
const HEAD: &[u8] = b"network-monitor: <";

/// A line of a collector.
///
/// ```
/// use rawlog::{Line, NoteKind, parse_line};
/// let line = br#"network-monitor: <1735689600> owner :51234 => :443 (tcp) pid 812 process "curl""#;
/// let Line::Note(note) = parse_line(line) else { panic!() };
/// let NoteKind::Owner(owner) = note.told else { panic!() };
/// assert_eq!((owner.local_port, owner.pid, &*owner.process.text()), (51234, 812, &b"curl"[..]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// Seconds since 1970 by the writer's clock.
    pub timestamp: i64,
    /// What it tells.
    pub told: NoteKind<'a>,
}

/// What a note tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind<'a> {
    /// A collector began this log.
    Begun(Begun<'a>),
    /// Who owns a connection from the next frame on.
    Owner(Owner<'a>),
    /// What the kernel has counted on an interface until now.
    Interface(Interface<'a>),
    /// How many packets the socket of bandwhich on an interface received and lost until now.
    Capture(Capture<'a>),
    /// An address of this machine, or the end of one.
    Address(OwnAddress<'a>),
    /// The bridge or bond that an interface is a port of, or was.
    Port(Port<'a>),
    /// bandwhich was started: its first frame is the next one.
    Started,
    /// bandwhich ended or was ended; the text is the reason.
    Stopped(Quoted<'a>),
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
    /// The file that it runs. `None` if that could not be read.
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

/// What the socket of bandwhich on an interface received, summed since the collector began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capture<'a> {
    /// The interface.
    pub interface: Quoted<'a>,
    /// Packets that reached the socket, dropped ones included. `None` if only drops are known.
    pub packets: Option<u64>,
    /// Packets of these that were dropped because the socket's buffer was full.
    pub dropped: u64,
}

/// An address of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnAddress<'a> {
    /// The interface that has it.
    pub interface: Quoted<'a>,
    /// The address.
    pub address: IpAddr,
    /// Bits of its network: at most 32 or 128.
    pub prefix: u8,
    /// Whether it was removed.
    pub gone: bool,
}

/// The master of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port<'a> {
    /// The interface.
    pub interface: Quoted<'a>,
    /// The bridge or bond.
    pub master: Quoted<'a>,
    /// Whether it is a port of it no more.
    pub gone: bool,
}

/// A text that stands between quotes: control characters, quotes, backslashes and what is no UTF-8
/// are written `\xNN`, so that it has no line feed and ends at the next quote.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Quoted<'a>(&'a [u8]);

impl<'a> Quoted<'a> {
    /// A text that [`escape`] gave. `None` if it could not have.
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
            if letter.is_control() || matches!(letter, '"' | '\\') {
                hidden(bytes, &mut out);
            } else {
                out.extend_from_slice(bytes);
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
            NoteKind::Begun(begun) => {
                put(out, format_args!("format {} collector ", begun.format));
                put_quoted(out, begun.collector);
                out.extend_from_slice(b" bandwhich ");
                put_quoted(out, begun.bandwhich);
                out.extend_from_slice(b" arguments ");
                put_quoted(out, begun.arguments);
            }
            NoteKind::Owner(owner) => {
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
            NoteKind::Interface(interface) => {
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
            NoteKind::Capture(capture) => {
                out.extend_from_slice(b"capture ");
                put_quoted(out, capture.interface);
                if let Some(packets) = capture.packets {
                    put(out, format_args!(" packets {packets}"));
                }
                put(out, format_args!(" dropped {}", capture.dropped));
            }
            NoteKind::Address(address) => {
                out.extend_from_slice(b"address ");
                put_quoted(out, address.interface);
                put(out, format_args!(" {}/{}", address.address, address.prefix));
                put_gone(out, address.gone);
            }
            NoteKind::Port(port) => {
                out.extend_from_slice(b"port ");
                put_quoted(out, port.interface);
                out.extend_from_slice(b" of ");
                put_quoted(out, port.master);
                put_gone(out, port.gone);
            }
            NoteKind::Stopped(reason) => {
                out.extend_from_slice(b"stopped ");
                put_quoted(out, *reason);
            }
            NoteKind::Started => out.extend_from_slice(b"started"),
            NoteKind::Later => out.extend_from_slice(b"later"),
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

fn put_gone(out: &mut Vec<u8>, gone: bool) {
    if gone {
        out.extend_from_slice(b" gone");
    }
}
