//! A connection to a mail server that is bounded in time and memory, whatever the server sends.
//!
//! lettre's own connection cannot be bounded from outside: it reads a line to its end before it looks
//! at its length, each of its reads has a fresh time limit, what it has read before STARTTLS it still
//! believes after it, and it takes no stream but its own. So lettre's commands, replies and mechanisms
//! are used here, over a stream of ours.

use std::fmt::Display;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::commands::{Auth, Data, Ehlo, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, ServerInfo};
use lettre::transport::smtp::response::{Response, Severity};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

/// Bytes that a line of a reply may have. RFC 5321 allows servers 512.
const LONGEST_LINE: usize = 4096;
/// Lines that a reply may have.
const MOST_LINES: usize = 100;
/// Bytes that a reply may have.
const LARGEST_REPLY: usize = 64 * 1024;
/// Bytes that a server may send in one attempt, those of TLS included.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// Questions that a login may consist of.
const MOST_CHALLENGES: usize = 5;

/// How TLS is spoken with a server.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) config: Arc<ClientConfig>,
    pub(super) name: ServerName<'static>,
}

/// Why a command was not done.
#[derive(Debug)]
pub(super) enum Fault {
    /// The network, or TLS.
    Io(io::Error),
    /// The server refuses.
    Refused(Response),
    /// The server does not keep to the protocol.
    Protocol(&'static str),
    /// The server offers no way to log in that is known here.
    NoMechanism,
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Fault::Io(error)
    }
}

type Result<T> = std::result::Result<T, Fault>;

/// A TCP stream on which every wait ends at the deadline and every byte received is counted.
struct Wire {
    tcp: TcpStream,
    deadline: Instant,
    received: usize,
}

/// A server that has greeted.
pub(super) struct Connection {
    wire: Wire,
    /// `None` as long as the connection is not encrypted.
    tls: Option<ClientConnection>,
    /// What was received and belongs to no reply yet.
    buffer: Vec<u8>,
    info: ServerInfo,
}

impl Connection {
    /// Calls the addresses in turn until one answers, encrypts at once where `tls` is given, and says
    /// hello.
    pub(super) fn open(
        addresses: &[SocketAddr],
        deadline: Instant,
        tls: Option<&Tls>,
        hello: &ClientId,
    ) -> Result<Self> {
        let mut connection = Self {
            wire: Wire::call(addresses, deadline)?,
            tls: None,
            buffer: Vec::new(),
            info: ServerInfo::default(),
        };
        if let Some(tls) = tls {
            connection.encrypt(tls)?;
        }
        connection.reply()?;
        connection.hello(hello)?;
        Ok(connection)
    }

    /// Whether the server says that it has an extension.
    pub(super) fn offers(&self, extension: Extension) -> bool {
        self.info.supports_feature(extension)
    }

    /// Whether the connection is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Gives all that follows more time.
    pub(super) fn extend(&mut self, time: Duration) {
        self.wire.deadline += time;
    }

    /// Gives all that follows less time, if it has more.
    pub(super) fn hurry(&mut self, time: Duration) {
        self.wire.deadline = self.wire.deadline.min(Instant::now() + time);
    }

    /// Goes over to TLS. What the server said before does not count any more.
    pub(super) fn starttls(&mut self, tls: &Tls, hello: &ClientId) -> Result<()> {
        self.command(Starttls)?;
        // Whoever sits on the line could put replies here that pass for the server's own after it.
        if !self.buffer.is_empty() {
            return Err(Fault::Protocol(
                "bytes came between STARTTLS and the encryption; somebody on the way may have put \
                 them there",
            ));
        }
        self.encrypt(tls)?;
        self.hello(hello)
    }

    /// Logs in.
    pub(super) fn log_in(&mut self, credentials: &Credentials) -> Result<()> {
        let mechanism = self
            .info
            .get_auth_mechanism(DEFAULT_MECHANISMS)
            .ok_or(Fault::NoMechanism)?;
        let strange = |_| Fault::Protocol("the server asks for the password in an unknown way");
        let command = Auth::new(mechanism, credentials.clone(), None).map_err(strange)?;
        let mut reply = self.command(command)?;
        for _ in 0..MOST_CHALLENGES {
            if !reply.has_code(334) {
                return Ok(());
            }
            let answer = Auth::new_from_response(mechanism, credentials.clone(), &reply);
            reply = self.command(answer.map_err(strange)?)?;
        }
        Err(Fault::Protocol(
            "the server asks for the password without end",
        ))
    }

    /// Sends a command; gives the reply, if it is a good one.
    pub(super) fn command(&mut self, command: impl Display) -> Result<Response> {
        self.send(command.to_string().as_bytes())?;
        self.reply()
    }

    /// Says that a message follows. A server that does not wait for it would take its lines for commands.
    pub(super) fn data(&mut self) -> Result<()> {
        if self.command(Data)?.has_code(354) {
            Ok(())
        } else {
            Err(Fault::Protocol(
                "the server does not wait for the message after DATA",
            ))
        }
    }

    /// Sends a message, after the command DATA.
    pub(super) fn message(&mut self, eml: &[u8]) -> Result<Response> {
        self.send(&stuffed(eml))?;
        let reply = self.reply()?;
        // "Go on" is no answer to a message that is complete.
        match reply.code().severity {
            Severity::PositiveCompletion => Ok(reply),
            _ => Err(Fault::Protocol(
                "the server does not say that it took the message",
            )),
        }
    }

    fn hello(&mut self, hello: &ClientId) -> Result<()> {
        let reply = self.command(Ehlo::new(hello.clone()))?;
        self.info = ServerInfo::from_response(&reply)
            .map_err(|_| Fault::Protocol("the server does not say its name"))?;
        Ok(())
    }

    fn encrypt(&mut self, tls: &Tls) -> Result<()> {
        let mut session = ClientConnection::new(Arc::clone(&tls.config), tls.name.clone())
            .map_err(io::Error::other)?;
        while session.is_handshaking() {
            session.complete_io(&mut self.wire)?;
        }
        self.tls = Some(session);
        Ok(())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.tls {
            None => self.wire.write_all(bytes)?,
            Some(tls) => {
                let mut stream = rustls::Stream::new(tls, &mut self.wire);
                stream.write_all(bytes)?;
                stream.flush()?;
            }
        }
        Ok(())
    }

    fn reply(&mut self) -> Result<Response> {
        let mut text = String::new();
        for _ in 0..MOST_LINES {
            let line = self.line()?;
            let is_last = line.get(3) != Some(&b'-');
            text.push_str(&String::from_utf8_lossy(&line));
            if line.len() == 3 {
                // RFC 5321 has clients take a code without a text.
                text.push(' ');
            }
            text.push_str("\r\n");
            if text.len() > LARGEST_REPLY {
                break;
            }
            if is_last {
                let strange = |_| Fault::Protocol("the server does not speak SMTP");
                let reply: Response = text.parse().map_err(strange)?;
                return if reply.is_positive() {
                    Ok(reply)
                } else {
                    Err(Fault::Refused(reply))
                };
            }
        }
        Err(Fault::Protocol("the server sends a reply without end"))
    }

    /// The next line, without its end.
    fn line(&mut self) -> Result<Vec<u8>> {
        loop {
            let end = self.buffer.iter().position(|byte| *byte == b'\n');
            if end.unwrap_or(self.buffer.len()) > LONGEST_LINE {
                return Err(Fault::Protocol("the server sends a line without end"));
            }
            if let Some(end) = end {
                let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            let mut chunk = [0; 1024];
            match self.receive(&mut chunk) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(length) => self.buffer.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn receive(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.wire.read(chunk),
            Some(tls) => rustls::Stream::new(tls, &mut self.wire).read(chunk),
        }
    }
}

impl Wire {
    fn call(addresses: &[SocketAddr], deadline: Instant) -> Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for (number, address) in addresses.iter().enumerate() {
            // One that never answers leaves the others their part of the time.
            let others = u32::try_from(addresses.len() - number).unwrap_or(u32::MAX);
            match TcpStream::connect_timeout(address, left(deadline)? / others) {
                Ok(tcp) => {
                    return Ok(Self {
                        tcp,
                        deadline,
                        received: 0,
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(last.into())
    }
}

impl Read for Wire {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.received > MOST_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the server sends more than a mail server has to say",
            ));
        }
        self.tcp.set_read_timeout(Some(left(self.deadline)?))?;
        let length = self.tcp.read(bytes)?;
        self.received = self.received.saturating_add(length);
        Ok(length)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(Some(left(self.deadline)?))?;
        self.tcp.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

/// What is left of the time. Nothing is an error, as sockets take zero for endless.
fn left(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
        left => Ok(left),
    }
}

/// A message as it follows DATA: a dot before each line that begins with one, and the end.
fn stuffed(eml: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(eml.len() + eml.len() / 64 + 8);
    for line in eml.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            bytes.push(b'.');
        }
        bytes.extend_from_slice(line);
    }
    if !bytes.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b".\r\n");
    bytes
}

#[cfg(test)]
mod tests {
    use super::stuffed;

    #[test]
    fn a_message_ends_where_it_ends_and_nowhere_before() {
        for (eml, sent) in [
            ("", "\r\n.\r\n"),
            ("a", "a\r\n.\r\n"),
            ("a\r\n", "a\r\n.\r\n"),
            (".\r\na\r\n..\r\n", "..\r\na\r\n...\r\n.\r\n"),
            ("a\r\n.\r\nRSET\r\n", "a\r\n..\r\nRSET\r\n.\r\n"),
            // Some servers take a bare line feed for an end of line.
            ("a\n.\nb", "a\n..\nb\r\n.\r\n"),
        ] {
            assert_eq!(stuffed(eml.as_bytes()), sent.as_bytes(), "{eml:?}");
        }
    }
}
