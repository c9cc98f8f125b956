//! Pings to a watchdog such as healthchecks.io: one when a run begins, one when it ends. None of them
//! can make a run fail, and none is waited for longer than some seconds.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tracing::{debug, warn};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// How long a ping may take, from the name's resolution to the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same where somebody waits for an interrupted run to end.
const LITTLE_PATIENCE: Duration = Duration::from_secs(1);

/// The watchdog of a run that has begun.
pub(crate) struct Watchdog {
    url: SecretString,
    start: JoinHandle<()>,
}

impl Watchdog {
    /// Tells that a run begins, beside the run.
    pub(crate) fn start(url: &SecretString) -> Self {
        let (url, asked) = (url.clone(), url.clone());
        Self {
            start: std::thread::spawn(move || ping(&asked, "/start", "", PATIENCE)),
            url,
        }
    }

    /// Tells how the run ended, in a short text.
    pub(crate) fn end(self, is_well: bool, text: &str) {
        // The pings must arrive in their order.
        if self.start.join().is_err() {
            debug!("the ping at the start panicked");
        }
        let path = if is_well { "" } else { "/fail" };
        let patience = match files::interrupted() {
            Some(_) => LITTLE_PATIENCE,
            None => PATIENCE,
        };
        ping(&self.url, path, text, patience);
    }
}

fn ping(url: &SecretString, path: &str, text: &str, patience: Duration) {
    if let Err(reason) = try_to_ping(url, path, text, patience) {
        warn!("notify.healthcheck_url was not reached: {reason}");
    }
}

/// The reason never holds the address: whoever knows it can ping.
fn try_to_ping(
    url: &SecretString,
    path: &str,
    text: &str,
    patience: Duration,
) -> Result<(), String> {
    let url = url.expose_secret();
    let mut config = ureq::Agent::config_builder()
        .timeout_global(Some(patience))
        // Another address might not be meant to know the secret one.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .user_agent(concat!("network-monitor/", env!("CARGO_PKG_VERSION")));
    if url.starts_with("https:") {
        config = config.tls_config(tls());
    }
    let agent: ureq::Agent = config.build().into();
    let asked = format!("{}{path}", url.trim_end_matches('/'));
    let answer = agent
        .post(asked)
        .send(text)
        .map_err(|error| reason(&error))?;
    match answer.status().as_u16() {
        200..=299 => Ok(()),
        300..=399 => Err("it redirects to another address; set that one".to_owned()),
        404 | 410 => Err("the server does not know it; check the address".to_owned()),
        code => Err(format!("the server answers {code}")),
    }
}

/// The roots and the cryptography that letters are sent with.
fn tls() -> TlsConfig {
    let certificates: Vec<_> = rustls_native_certs::load_native_certs().certs;
    let certificates: Vec<_> = certificates
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    TlsConfig::builder()
        .root_certs(RootCerts::from(certificates))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build()
}

fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => files::describe(error),
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "its host is not known".to_owned(),
        ureq::Error::ConnectionFailed => "no connection".to_owned(),
        ureq::Error::Rustls(error) => format!("TLS: {error}"),
        // What else there is may quote the address.
        _ => "it is not an address, or the answer is not HTTP".to_owned(),
    }
}
