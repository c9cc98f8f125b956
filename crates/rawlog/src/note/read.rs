//! Reads the text of a note.

use std::net::IpAddr;

use super::{
    Begun, Capture, HEAD, Interface, NOTES_FORMAT, Note, NoteKind, OwnAddress, Owner, Port, Quoted,
};
use crate::scan::{Number, leading_number, port, timestamp};
use crate::{Protocol, Reason};

/// Reads a line that begins with `n`.
pub(crate) fn note(line: &[u8]) -> Result<Note<'_>, Reason> {
    let (timestamp, rest) = timestamp(line, HEAD)?;
    let told = told(rest).ok_or(Reason::Note)?;
    Ok(Note { timestamp, told })
}

fn told(rest: &[u8]) -> Option<NoteKind<'_>> {
    let word = rest.iter().take_while(|byte| byte.is_ascii_lowercase());
    let (word, rest) = rest.split_at(word.count());
    match word {
        b"format" => begun(rest),
        b"owner" => owner(rest).map(NoteKind::Owner),
        b"interface" => interface(rest).map(NoteKind::Interface),
        b"capture" => capture(rest).map(NoteKind::Capture),
        b"address" => address(rest).map(NoteKind::Address),
        b"port" => port_of(rest).map(NoteKind::Port),
        b"started" => rest.is_empty().then_some(NoteKind::Started),
        b"stopped" => stopped(rest).map(NoteKind::Stopped),
        b"" => None,
        _ => Some(NoteKind::Later),
    }
}

fn begun(rest: &[u8]) -> Option<NoteKind<'_>> {
    let (format, rest) = number_after(rest, b" ")?;
    if format > NOTES_FORMAT {
        return Some(NoteKind::Later);
    }
    let (collector, rest) = quoted_after(rest, b" collector ")?;
    let (bandwhich, rest) = quoted_after(rest, b" bandwhich ")?;
    let (arguments, rest) = quoted_after(rest, b" arguments ")?;
    rest.is_empty().then_some(NoteKind::Begun(Begun {
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

fn capture(rest: &[u8]) -> Option<Capture<'_>> {
    let (interface, rest) = quoted_after(rest, b" ")?;
    let (packets, rest) = match number_after(rest, b" packets ") {
        Some((packets, rest)) => (Some(packets), rest),
        None => (None, rest),
    };
    let (dropped, rest) = number_after(rest, b" dropped ")?;
    rest.is_empty().then_some(Capture {
        interface,
        packets,
        dropped,
    })
}

fn address(rest: &[u8]) -> Option<OwnAddress<'_>> {
    let (interface, rest) = quoted_after(rest, b" ")?;
    let rest = rest.strip_prefix(b" ")?;
    let slash = memchr::memchr(b'/', rest)?;
    let address: IpAddr = std::str::from_utf8(&rest[..slash]).ok()?.parse().ok()?;
    let (prefix, rest) = number_after(rest.get(slash..)?, b"/")?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let prefix = u8::try_from(prefix).ok().filter(|bits| *bits <= most)?;
    Some(OwnAddress {
        interface,
        address,
        prefix,
        gone: gone(rest)?,
    })
}

fn port_of(rest: &[u8]) -> Option<Port<'_>> {
    let (interface, rest) = quoted_after(rest, b" ")?;
    let (master, rest) = quoted_after(rest, b" of ")?;
    Some(Port {
        interface,
        master,
        gone: gone(rest)?,
    })
}

fn stopped(rest: &[u8]) -> Option<Quoted<'_>> {
    let (reason, rest) = quoted_after(rest, b" ")?;
    rest.is_empty().then_some(reason)
}

/// Whether a note ends with ` gone`; `None` if it ends otherwise.
fn gone(rest: &[u8]) -> Option<bool> {
    match rest {
        b"" => Some(false),
        b" gone" => Some(true),
        _ => None,
    }
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
