//! How a message gets to an SMTP server: resolve, connect, encrypt, log in, hand over.

mod attempt;
mod connection;
mod trouble;

use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use secrecy::SecretString;

pub use trouble::Trouble;

/// How the connection is kept secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// STARTTLS, required.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None.
    Plain,
}

/// A name to log in with.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The name.
    pub username: String,
    /// The password.
    pub password: SecretString,
}

/// A mail server and how to speak to it.
#[derive(Clone, Debug)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is kept secret.
    pub security: Security,
    /// Certificates (PEM) that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// `None` means without logging in.
    pub credentials: Option<Credentials>,
    /// Whether the password may be sent over a connection that anybody can read.
    pub allow_plaintext_auth: bool,
    /// How long an attempt may take, beside the time that a large message needs.
    pub timeout: Duration,
}

/// What an attempt goes through, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The server's name becomes addresses.
    Resolve,
    /// It is called and greets.
    Connect,
    /// The connection becomes secret.
    Encrypt,
    /// The password is accepted.
    Authenticate,
    /// The message is taken over.
    Accept,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Step::Resolve => "resolve",
            Step::Connect => "connect",
            Step::Encrypt => "encrypt",
            Step::Authenticate => "log in",
            Step::Accept => "hand over",
        })
    }
}

/// What the server said to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It takes care of the message from now on.
    Accepted,
    /// It wants to be asked again (4xx).
    Later(String),
    /// It never will (5xx).
    Refused(String),
}

/// A message with its envelope.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) eml: Vec<u8>,
}

/// What the thread of an attempt tells.
enum Told {
    Began(Step),
    Passed(Step, String),
    Ended(Result<Vec<Answer>, Trouble>),
}

/// Bytes a second that the slowest line is trusted to carry.
const SLOWEST_LINE: u64 = 20_000;

impl Server {
    /// Sends one message (`eml`) to bare addresses, one answer each. `passed` hears of each step
    /// that succeeded. It returns within the server's time, whatever the server does.
    ///
    /// # Errors
    /// Where the attempt failed for all recipients and is worth another one. The server may still
    /// have taken the message, if it was cut off after the last byte.
    pub fn send(
        &self,
        from: &str,
        to: &[String],
        eml: &[u8],
        passed: impl FnMut(Step, &str),
    ) -> Result<Vec<Answer>, Trouble> {
        self.attempt(
            Some(Parcel {
                from: from.to_owned(),
                to: to.to_vec(),
                eml: eml.to_vec(),
            }),
            passed,
        )
    }

    /// Goes the way of a message up to the login, and hands nothing over.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub fn examine(&self, passed: impl FnMut(Step, &str)) -> Result<(), Trouble> {
        self.attempt(None, passed).map(drop)
    }

    /// An attempt with a message, or without one up to the login.
    fn attempt(
        &self,
        parcel: Option<Parcel>,
        mut passed: impl FnMut(Step, &str),
    ) -> Result<Vec<Answer>, Trouble> {
        let to_transfer = parcel
            .as_ref()
            .map_or(Duration::ZERO, |parcel| transfer_time(&parcel.eml));
        let mut deadline = Instant::now() + self.timeout;
        let mut time = self.timeout;
        let (tell, told) = mpsc::channel();
        let server = self.clone();
        // Resolving a name knows no time limit: so nobody waits for the thread itself. All that follows
        // ends by itself at the deadline (see `connection.rs`).
        std::thread::spawn(move || {
            let ended = attempt::attempt(&server, parcel.as_ref(), deadline, &tell);
            // Nobody listens any more where the time was up.
            let _ = tell.send(Told::Ended(ended));
        });
        let mut step = Step::Resolve;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match told.recv_timeout(left + Duration::from_millis(200)) {
                Ok(Told::Began(next)) => {
                    step = next;
                    if step == Step::Accept {
                        deadline += to_transfer;
                        time += to_transfer;
                    }
                }
                Ok(Told::Passed(step, detail)) => passed(step, &detail),
                Ok(Told::Ended(ended)) => return ended,
                Err(_) => return Err(Trouble::no_answer(step, self, time)),
            }
        }
    }
}

/// The time that a message may take beside the server's.
fn transfer_time(eml: &[u8]) -> Duration {
    Duration::from_secs(eml.len() as u64 / SLOWEST_LINE)
}

#[cfg(test)]
#[path = "smtp/tests.rs"]
mod tests;
