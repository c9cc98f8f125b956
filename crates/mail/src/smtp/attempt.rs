//! One attempt, on its own thread.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use lettre::Address;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::commands::{Mail, Quit, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use secrecy::ExposeSecret as _;

use super::connection::{Connection, Fault, Tls};
use super::parcel::{Answer, Parcel, Progress, transfer_time};
use super::server::{Security, Server, Step};
use super::trouble::Trouble;

type Outcome<T> = Result<T, Trouble>;

pub(super) fn attempt(
    server: &Server,
    parcel: Option<&Parcel>,
    deadline: Instant,
    tell: &Sender<Progress>,
) -> Outcome<Vec<Answer>> {
    let mut attempt = Attempt {
        server,
        deadline,
        tell,
        step: Step::Resolve,
    };
    let addresses = attempt.resolve()?;
    let mut connection = attempt.connect(&addresses)?;
    attempt.authenticate(&mut connection)?;
    match parcel {
        Some(parcel) => attempt.hand_over(&mut connection, parcel),
        None => {
            attempt.part(&mut connection);
            Ok(Vec::new())
        }
    }
}

struct Attempt<'a> {
    server: &'a Server,
    deadline: Instant,
    tell: &'a Sender<Progress>,
    step: Step,
}

impl Attempt<'_> {
    fn begin(&mut self, step: Step) {
        self.step = step;
        let _ = self.tell.send(Progress::Began(step));
    }

    fn pass(&self, detail: impl Into<String>) {
        let _ = self.tell.send(Progress::Passed(self.step, detail.into()));
    }

    fn trouble(&self, reason: impl Into<String>, hint: &str) -> Trouble {
        Trouble::new(self.step, reason.into(), hint.to_owned())
    }

    fn failed(&self, fault: &Fault) -> Trouble {
        Trouble::of_fault(self.step, fault, self.server)
    }

    fn resolve(&mut self) -> Outcome<Vec<SocketAddr>> {
        self.begin(Step::Resolve);
        let hint = "check email.smtp_server, and that this machine can resolve names";
        let addresses: Vec<SocketAddr> = (self.server.host.as_str(), self.server.port)
            .to_socket_addrs()
            .map_err(|error| self.trouble(files::describe(&error), hint))?
            .collect();
        if addresses.is_empty() {
            return Err(self.trouble("the name has no address", hint));
        }
        let shown: Vec<String> = addresses.iter().map(|at| at.ip().to_string()).collect();
        self.pass(format!("{} is {}", self.server.host, shown.join(", ")));
        Ok(addresses)
    }

    fn connect(&mut self, addresses: &[SocketAddr]) -> Outcome<Connection> {
        let hello = hello();
        let tls = match self.server.security {
            Security::Plain => None,
            Security::StartTls | Security::Tls => Some(self.tls()?),
        };
        self.begin(Step::Connect);
        let at_once = tls
            .as_ref()
            .filter(|_| self.server.security == Security::Tls);
        let mut connection = Connection::open(addresses, self.deadline, at_once, &hello)
            .map_err(|fault| self.failed(&fault))?;
        self.pass(format!("port {}", self.server.port));
        if let (Some(tls), Security::StartTls) = (&tls, self.server.security) {
            self.begin(Step::Encrypt);
            if !connection.offers(Extension::StartTls) {
                return Err(self.trouble(
                    "the server offers no STARTTLS",
                    "use a port that does, usually 587; or email.use_ssl: true, usually with port 465; \
                     only inside a network you trust: email.use_tls: false",
                ));
            }
            connection
                .starttls(tls, &hello)
                .map_err(|fault| self.failed(&fault))?;
        }
        self.step = Step::Encrypt;
        self.pass(match self.server.security {
            Security::StartTls => "STARTTLS, certificate verified",
            Security::Tls => "TLS, certificate verified",
            Security::Plain => "no encryption, as the settings ask",
        });
        Ok(connection)
    }

    fn tls(&mut self) -> Outcome<Tls> {
        self.step = Step::Encrypt;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = &self.server.ca_file {
            let shown = files::show(path);
            let wrong = |reason: String| {
                let hint = format!("email.ca_file has to hold certificates in PEM: {shown}");
                self.trouble(reason, &hint)
            };
            let pem = std::fs::read(path)
                .map_err(|error| wrong(files::Error::new("read", path, error).to_string()))?;
            let none = || wrong(format!("{shown} holds no certificate"));
            let certificates = CertificateDer::pem_slice_iter(&pem)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|_| none())?;
            if certificates.is_empty() {
                return Err(none());
            }
            for certificate in certificates {
                roots.add(certificate).map_err(|_| none())?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| self.trouble(error.to_string(), ""))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(self.server.host.clone()).map_err(|_| {
            let reason = format!(
                "{:?} is not a name that a certificate can have",
                self.server.host
            );
            self.trouble(reason, "check email.smtp_server")
        })?;
        Ok(Tls {
            config: Arc::new(config),
            name,
        })
    }

    fn authenticate(&mut self, connection: &mut Connection) -> Outcome<()> {
        self.begin(Step::Authenticate);
        let Some(credentials) = &self.server.credentials else {
            self.pass("without a name, as the settings ask");
            return Ok(());
        };
        if !connection.is_encrypted() && !self.server.allow_plaintext_auth {
            return Err(self.trouble(
                "the password would be readable by anybody on the way",
                "set email.use_tls or email.use_ssl; only inside a network you trust: \
                 email.allow_plaintext_auth: true",
            ));
        }
        let secret = Credentials::new(
            credentials.username.clone(),
            credentials.password.expose_secret().to_owned(),
        );
        connection
            .log_in(&secret)
            .map_err(|fault| self.failed(&fault))?;
        self.pass(format!("as {}", credentials.username));
        Ok(())
    }

    fn hand_over(&mut self, connection: &mut Connection, parcel: &Parcel) -> Outcome<Vec<Answer>> {
        self.begin(Step::Accept);
        connection.extend(transfer_time(&parcel.eml));
        let from = self.address(&parcel.from)?;
        let to = parcel.to.iter().map(|address| self.address(address));
        let to = to.collect::<Outcome<Vec<Address>>>()?;
        let parameters = self.parameters(connection, &from, &to, parcel)?;
        if let Err(fault) = connection.command(Mail::new(Some(from), parameters)) {
            let answer = self.answer(&fault)?;
            return Ok(vec![answer; to.len()]);
        }
        let mut answers = Vec::with_capacity(to.len());
        for address in to {
            answers.push(match connection.command(Rcpt::new(address, Vec::new())) {
                Ok(_) => Answer::Accepted,
                Err(fault) => self.answer(&fault)?,
            });
        }
        if answers.contains(&Answer::Accepted) {
            let answer = self.data(connection, &parcel.eml)?;
            for accepted in answers.iter_mut().filter(|held| **held == Answer::Accepted) {
                accepted.clone_from(&answer);
            }
        }
        self.part(connection);
        if answers.contains(&Answer::Accepted) {
            self.pass("accepted");
        }
        Ok(answers)
    }

    /// What there was to do is done; a server that does not say goodbye changes nothing.
    fn part(&self, connection: &mut Connection) {
        connection.hurry(Duration::from_secs(2));
        let _ = connection.command(Quit);
    }

    fn data(&mut self, connection: &mut Connection, eml: &[u8]) -> Outcome<Answer> {
        match connection.data().and_then(|()| connection.message(eml)) {
            Ok(_) => Ok(Answer::Accepted),
            Err(fault) => self.answer(&fault),
        }
    }

    /// What a refusal means for the letter; an error where it says something about the server.
    fn answer(&self, fault: &Fault) -> Outcome<Answer> {
        let code = fault.code();
        let trouble = self.failed(fault);
        match code {
            // The server is going down, or wants to be logged in to first (RFC 4954).
            421 | 454 | 530 | 534 | 535 | 538 => Err(trouble),
            400..500 => Ok(Answer::Later(trouble.reason)),
            500..600 => Ok(Answer::Refused(trouble.reason)),
            _ => Err(trouble),
        }
    }

    fn address(&self, bare: &str) -> Outcome<Address> {
        let wrong = |_| {
            self.trouble(
                format!("{bare:?} is not an address"),
                "check email.to_addrs",
            )
        };
        bare.parse().map_err(wrong)
    }

    fn parameters(
        &self,
        connection: &Connection,
        from: &Address,
        to: &[Address],
        parcel: &Parcel,
    ) -> Outcome<Vec<MailParameter>> {
        let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        let offers = |extension| connection.offers(extension);
        let mut parameters = Vec::new();
        if !is_ascii(from) || !to.iter().all(is_ascii) {
            if !offers(Extension::SmtpUtfEight) {
                return Err(self.trouble(
                    "the server takes only addresses in ASCII (it offers no SMTPUTF8)",
                    "write the domain in its xn-- form, or use other addresses",
                ));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !parcel.eml.is_ascii() && offers(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }
}

/// This machine's name, if it is one that may stand in a command.
fn hello() -> ClientId {
    match ClientId::default() {
        ClientId::Domain(name)
            if name.is_empty()
                || !name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)) =>
        {
            ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST)
        }
        name => name,
    }
}
