//! What went wrong at which step, and what to do about it.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::response::Response;
use rustls::CertificateError;
use secrecy::ExposeSecret as _;

use super::connection::Fault;
use super::server::{Security, Server, Step};

/// The longest reason that is kept of what a server says.
const LONGEST: usize = 300;
/// What stands for a password.
const MASK: &str = "********";

/// Why an attempt failed as a whole. Another one may succeed, perhaps after a setting was mended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{step}: {reason}")]
pub struct Trouble {
    /// Where.
    pub step: Step,
    /// Why. It may quote the server; never a password.
    pub reason: String,
    /// What to do; empty if nobody knows.
    pub hint: String,
}

impl Trouble {
    pub(super) fn new(step: Step, reason: String, hint: String) -> Self {
        Self { step, reason, hint }
    }

    pub(super) fn no_answer(step: Step, server: &Server, time: Duration) -> Self {
        let port = server.port;
        let hint = match (step, server.security) {
            (Step::Resolve, _) => "check email.smtp_server, and this machine's resolver",
            (Step::Connect, Security::StartTls | Security::Plain) if port == 465 => {
                "port 465 usually speaks TLS from the first byte: set email.use_ssl: true"
            }
            (Step::Connect, _) => "check email.smtp_port and the firewalls on the way",
            _ => "the server is slow or hangs; email.timeout gives it more time",
        };
        let reason = format!("no answer within {} s", time.as_secs());
        Self::new(step, reason, hint.to_owned())
    }

    pub(super) fn of_fault(step: Step, fault: &Fault, server: &Server) -> Self {
        let said = match fault {
            Fault::Io(error) => match tls_error(error) {
                Some(tls) => {
                    let (reason, hint) = explain_tls(tls, server);
                    return Self::new(Step::Encrypt, reason, hint);
                }
                None if is_late(error) => {
                    return Self::no_answer(step, server, server.timeout);
                }
                None if is_end(error) => "the server hung up".to_owned(),
                None => files::describe(error),
            },
            Fault::Refused(reply) => format!("the server says {} {}", reply.code(), text(reply)),
            Fault::Protocol(reason) => (*reason).to_owned(),
            Fault::NoMechanism => "no common way to log in".to_owned(),
        };
        let hint = hint(step, fault, server).to_owned();
        Self::new(step, masked(&said, server), hint)
    }
}

impl Fault {
    /// The code of a refusal; 0 if the server did not refuse.
    pub(super) fn code(&self) -> u16 {
        match self {
            Fault::Refused(reply) => reply.code().into(),
            Fault::Io(_) | Fault::Protocol(_) | Fault::NoMechanism => 0,
        }
    }
}

/// The lines of a reply as one, with the extended code (`5.1.1`) that may begin each of them only once.
fn text(reply: &Response) -> String {
    let mut lines = reply.message();
    let first = lines.next().unwrap_or_default();
    let code = first
        .split(' ')
        .next()
        .filter(|word| word.matches('.').count() == 2);
    lines.fold(first.to_owned(), |text, line| {
        let line = code
            .and_then(|code| line.strip_prefix(code))
            .unwrap_or(line);
        text + " " + line.trim_start()
    })
}

fn is_late(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
    )
}

fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

fn hint(step: Step, fault: &Fault, server: &Server) -> &'static str {
    match step {
        Step::Connect if fault.code() != 0 => "the server takes no mail now",
        Step::Connect if server.security != Security::Tls && server.port == 465 => {
            "port 465 usually speaks TLS from the first byte: set email.use_ssl: true"
        }
        Step::Connect => "check email.smtp_server and email.smtp_port, and that the server runs",
        Step::Authenticate if fault.code() >= 500 => {
            "check email.username and the password; many providers want an app password"
        }
        Step::Authenticate if matches!(fault, Fault::NoMechanism) => {
            "the server offers neither PLAIN nor LOGIN here; if it wants no login, leave \
             email.username blank and set email.from_addr"
        }
        _ => "",
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn explain_tls(error: &rustls::Error, server: &Server) -> (String, String) {
    let host = &server.host;
    let (reason, hint) = match error {
        rustls::Error::InvalidCertificate(wrong) => match wrong {
            CertificateError::UnknownIssuer => (
                "the server's certificate is not signed by an authority that this machine trusts".to_owned(),
                "name the issuer's certificate (PEM) in email.ca_file".to_owned(),
            ),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
                "the server's certificate has expired".to_owned(),
                "renew it on the server, and check this machine's clock".to_owned(),
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                (
                    format!("the server's certificate is not for the name {host}"),
                    "set email.smtp_server to a name in the certificate".to_owned(),
                )
            }
            other => (
                format!("the server's certificate is not valid: {other}"),
                "fix it on the server".to_owned(),
            ),
        },
        rustls::Error::InvalidMessage(_) if server.security == Security::StartTls => (
            "what came after STARTTLS is not TLS".to_owned(),
            "something between here and the server speaks for it; ask whoever runs the network"
                .to_owned(),
        ),
        rustls::Error::InvalidMessage(_) => (
            format!("port {} does not speak TLS", server.port),
            "if the server begins without TLS, set email.use_ssl: false and email.use_tls: true, usually \
             with port 587"
                .to_owned(),
        ),
        other => (other.to_string(), String::new()),
    };
    (masked(&reason, server), hint)
}

/// What a server says, short and without the password, should it repeat it.
fn masked(text: &str, server: &Server) -> String {
    let mut text = text.to_owned();
    if let Some(credentials) = &server.credentials {
        let password = credentials.password.expose_secret();
        // A server that does not know AUTH may quote the line it was sent.
        let plain = format!("\0{}\0{password}", credentials.username);
        for secret in [
            password.to_owned(),
            STANDARD.encode(password),
            STANDARD.encode(plain),
        ] {
            if !secret.is_empty() {
                text = text.replace(&secret, MASK);
            }
        }
    }
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
