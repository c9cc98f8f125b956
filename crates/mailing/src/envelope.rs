//! Whom letters go to.

use mail::{Address, Key, Kind};
use settings::Email;

use crate::error::{Error, Result};

/// Whom letters go to, and from whom.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Sender.
    pub from: Address,
    /// Recipients.
    pub to: Vec<Address>,
    /// Recipients of a copy.
    pub cc: Vec<Address>,
    /// Recipients whom the others do not see.
    pub bcc: Vec<Address>,
}

impl Envelope {
    /// The addresses of the settings.
    ///
    /// # Errors
    /// [`Error::Incomplete`] if a setting is missing without which no letter can be sent.
    pub fn of(email: &Email) -> Result<Self> {
        match (&email.from_addr, email.missing()) {
            (Some(from), missing) if missing.is_empty() => Ok(Self::with(email, from)),
            (_, missing) => Err(Error::Incomplete(missing)),
        }
    }

    /// The addresses of the settings for a letter that is only looked at: what is missing is made up.
    pub fn to_look_at(email: &Email) -> Self {
        let made_up = |name: &str| format!("{name}@example.org").parse().ok();
        let from = email.from_addr.clone().or_else(|| made_up("sender"));
        let mut envelope = Self::with(email, &from.expect("it is an address"));
        if envelope.recipients().is_empty() {
            envelope.to.extend(made_up("recipient"));
        }
        envelope
    }

    fn with(email: &Email, from: &Address) -> Self {
        Self {
            from: from.clone(),
            to: email.to_addrs.clone(),
            cc: email.cc_addrs.clone(),
            bcc: email.bcc_addrs.clone(),
        }
    }

    /// Everybody who gets the letter, once each.
    pub fn recipients(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for address in self.to.iter().chain(&self.cc).chain(&self.bcc) {
            let bare = address.bare();
            if !all.iter().any(|known| known.eq_ignore_ascii_case(&bare)) {
                all.push(bare);
            }
        }
        all
    }

    /// The key of a letter to all of them.
    pub fn key(&self, kind: Kind, host: &str, subject: String) -> Key {
        Key {
            kind,
            host: host.to_owned(),
            subject,
            recipients: self.recipients(),
        }
    }
}

#[cfg(test)]
mod tests;
