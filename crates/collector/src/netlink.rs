//! The kernel's netlink: events and dumps, by safe calls alone.
//!
//! What comes is taken apart here into messages and attributes; what they mean is known to
//! [`network`](crate::network) and [`capture`](crate::capture). Lengths are checked, so a message that is cut
//! or wrong ends early and is no panic.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::net::{bind, recvfrom, send, socket_with};

/// Bytes of a header, `struct nlmsghdr`.
const HEADER: usize = 16;
/// `NLMSG_ERROR` and `NLMSG_DONE`.
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
/// The kernel sends dumps in pieces of at most 32 KiB.
const PIECE: usize = 65_536;
/// How long the next piece of a dump may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pieces that one dump may have: thousands of interfaces fit.
const MOST_PIECES: usize = 4096;
/// Pieces of events that are read at once.
const MOST_EVENTS: usize = 256;

/// A netlink socket.
pub(crate) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

/// What happened since the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Events {
    None,
    /// Something changed, or so much did that the kernel could not keep it (`ENOBUFS`).
    Some,
}

impl Netlink {
    /// Opens a socket of a protocol (`None` is `NETLINK_ROUTE`) that hears these groups.
    pub(crate) fn open(protocol: Option<Protocol>, groups: u32) -> io::Result<Self> {
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            protocol,
        )?;
        set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
        bind(&socket, &SocketAddrNetlink::new(0, groups))?;
        Ok(Netlink {
            socket,
            sequence: 0,
            buffer: vec![0; PIECE],
        })
    }

    /// Asks for all of a kind; `take` gets the type and body of each answer.
    pub(crate) fn dump(
        &mut self,
        kind: u16,
        body: &[u8],
        take: &mut dyn FnMut(u16, &[u8]),
    ) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let length = u32::try_from(HEADER + body.len()).map_err(io::Error::other)?;
        let mut request = Vec::with_capacity(HEADER + body.len());
        request.extend_from_slice(&length.to_ne_bytes());
        request.extend_from_slice(&kind.to_ne_bytes());
        request.extend_from_slice(&DUMP.to_ne_bytes());
        request.extend_from_slice(&self.sequence.to_ne_bytes());
        request.extend_from_slice(&[0; 4]);
        request.extend_from_slice(body);
        send(&self.socket, &request, SendFlags::empty())?;
        for _ in 0..MOST_PIECES {
            let length = self.receive(RecvFlags::empty())?;
            for message in Messages(&self.buffer[..length]) {
                match message.kind {
                    _ if message.sequence != self.sequence => {}
                    DONE => return Ok(()),
                    ERROR => return Err(refusal(message.body)),
                    kind => take(kind, message.body),
                }
            }
        }
        Err(io::Error::other("the answer has no end"))
    }

    /// Empties what waits of the groups' events. What they say is not read: whoever is interested
    /// looks at the whole again, which no lost event can make wrong.
    pub(crate) fn events(&mut self) -> io::Result<Events> {
        let mut events = Events::None;
        for _ in 0..MOST_EVENTS {
            match self.receive(RecvFlags::DONTWAIT) {
                Ok(_) => events = Events::Some,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if is_overflow(&error) => events = Events::Some,
                Err(error) => return Err(error),
            }
        }
        Ok(events)
    }

    /// Receives what the kernel sent, and nobody else; gives the bytes of the buffer that hold it.
    fn receive(&mut self, flags: RecvFlags) -> io::Result<usize> {
        loop {
            let received = recvfrom(&self.socket, &mut self.buffer[..], flags);
            let (length, sender) = match received {
                Ok((length, _, sender)) => (length, sender),
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let sender = sender.and_then(|sender| SocketAddrNetlink::try_from(sender).ok());
            if sender.is_some_and(|sender| sender.pid() == 0) {
                return Ok(length.min(self.buffer.len()));
            }
        }
    }
}

fn is_overflow(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::NOBUFS.raw_os_error())
}

/// The negative number that an answer of refusal begins with.
fn refusal(body: &[u8]) -> io::Error {
    let number = u32_at(body, 0).map_or(0, |number| number.cast_signed().saturating_neg());
    io::Error::from_raw_os_error(number)
}

/// The number of four bytes at an offset.
pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let bytes = bytes.get(offset..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*bytes))
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    let bytes = bytes.get(offset..)?.first_chunk()?;
    Some(u16::from_ne_bytes(*bytes))
}

struct Message<'a> {
    kind: u16,
    sequence: u32,
    body: &'a [u8],
}

/// The messages of a piece.
struct Messages<'a>(&'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let length = usize::try_from(u32_at(self.0, 0)?).ok()?;
        let message = Message {
            kind: u16_at(self.0, 4)?,
            sequence: u32_at(self.0, 8)?,
            body: self.0.get(HEADER..length)?,
        };
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    }
}

/// The attributes of a message, by number: what follows its fixed part.
pub(crate) struct Attributes<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        const FIXED: usize = 4;
        // Two bits say whether it nests and in which order its bytes are.
        const NUMBER: u16 = 0x3fff;
        let length = usize::from(u16_at(self.0, 0)?);
        let number = u16_at(self.0, 2)? & NUMBER;
        let value = self.0.get(FIXED..length)?;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((number, value))
    }
}

/// The text of an attribute, which the kernel ends with a null byte.
pub(crate) fn text(value: &[u8]) -> String {
    let value = value.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(value).into_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An attribute as the kernel lays it out.
    pub(crate) fn attribute(number: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + value.len()).unwrap();
        let mut bytes = [length.to_ne_bytes(), number.to_ne_bytes()].concat();
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn attributes_are_taken_apart_and_cut_ones_end_early() {
        let bytes = [attribute(3, b"eth0\0"), attribute(0x8012, &[7; 4])].concat();
        let all: Vec<_> = Attributes(&bytes).collect();
        assert_eq!(all, [(3, &b"eth0\0"[..]), (0x12, &[7; 4][..])]);
        assert_eq!(text(all[0].1), "eth0");
        for end in 0..bytes.len() {
            assert!(Attributes(&bytes[..end]).count() < 2);
        }
        // A length that is shorter than its own field.
        assert_eq!(Attributes(&[3, 0, 1, 0, 0, 0, 0, 0]).count(), 0);
        assert_eq!(Attributes(&[0, 0, 1, 0, 0, 0, 0, 0]).count(), 0);
    }

    #[test]
    fn messages_are_taken_apart_and_wrong_lengths_end_them() {
        let mut bytes = Vec::new();
        for (kind, body) in [(20u16, 5u32), (DONE, 0)] {
            bytes.extend_from_slice(&(16 + body).to_ne_bytes());
            bytes.extend_from_slice(&kind.to_ne_bytes());
            bytes.extend_from_slice(&[0; 2]);
            bytes.extend_from_slice(&9u32.to_ne_bytes());
            bytes.resize((bytes.len() + 4 + body as usize).next_multiple_of(4), 1);
        }
        let kinds: Vec<_> = Messages(&bytes)
            .map(|message| (message.kind, message.sequence, message.body.len()))
            .collect();
        assert_eq!(kinds, [(20, 9, 5), (DONE, 9, 0)]);
        for length in [0u32, 15, 999] {
            bytes[..4].copy_from_slice(&length.to_ne_bytes());
            assert_eq!(Messages(&bytes).count(), 0);
        }
    }

    #[test]
    fn the_kernel_lists_the_loopback_interface() {
        // Where netlink is refused there is nothing to show.
        let Ok(mut netlink) = Netlink::open(None, 0) else {
            return;
        };
        let mut names = Vec::new();
        let outcome = netlink.dump(18, &[0; 16], &mut |_, body| {
            let name = Attributes(&body[16..]).find(|(number, _)| *number == 3);
            names.extend(name.map(|(_, value)| text(value)));
        });
        outcome.unwrap();
        assert!(names.iter().any(|name| name == "lo"), "{names:?}");
        // What the kernel does not know is refused with its reason.
        let error = netlink.dump(9999, &[], &mut |_, _| {}).unwrap_err();
        assert!(error.raw_os_error().is_some_and(|number| number > 0));
        assert_eq!(netlink.events().unwrap(), Events::None);
    }
}
