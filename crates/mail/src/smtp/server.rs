//! A mail server, how to speak to it, and what an attempt goes through.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

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
