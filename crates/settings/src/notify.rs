//! The section `notify`: who is told that the program runs.

use secrecy::SecretString;

use super::reader::Reader;

/// Who is told.
#[derive(Debug, Clone, Default)]
pub struct Notify {
    /// The address that is asked for at the end of each report; with `/start` and `/fail` behind it
    /// at its beginning and where it did not end well. Whoever knows it can ping it.
    pub healthcheck_url: Option<SecretString>,
}

impl Notify {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        const KEY: &str = "notify.healthcheck_url";
        let typed = reader.value(KEY, |typed| Ok(typed.trim().to_owned()));
        if let Some(fault) = typed.as_deref().and_then(fault) {
            // The address is a secret, so it is not repeated.
            reader.note(KEY, fault.to_owned());
            return Self::default();
        }
        Self {
            healthcheck_url: typed.map(SecretString::from),
        }
    }
}

/// What is wrong with an address.
fn fault(typed: &str) -> Option<&'static str> {
    let rest = typed
        .strip_prefix("https://")
        .or_else(|| typed.strip_prefix("http://"));
    let Some(rest) = rest else {
        return Some("begins neither with https:// nor with http://");
    };
    if typed.contains(['?', '#']) {
        return Some("has a ? or #; /start and /fail could not be put behind it");
    }
    let is_plain = typed.bytes().all(|byte| byte.is_ascii_graphic());
    (rest.starts_with('/') || rest.is_empty() || !is_plain).then_some("is not an address")
}
