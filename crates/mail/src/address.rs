//! One address, with or without a name: `ada@example.org`, `Ada L. <ada@example.org>`.

use std::fmt;
use std::str::FromStr;

use lettre::message::Mailbox;

/// An address that can stand in a header and in an SMTP command: it holds no control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    mailbox: Mailbox,
}

/// A text that is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an address; write one such as ada@example.org")]
pub struct AddressError;

impl Address {
    /// The address alone, without the name.
    pub fn bare(&self) -> String {
        self.mailbox.email.to_string()
    }

    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(typed: &str) -> Result<Self, AddressError> {
        if typed.chars().any(char::is_control) {
            return Err(AddressError);
        }
        let (name, bare) = match typed.trim().strip_suffix('>') {
            Some(front) => front.rsplit_once('<').ok_or(AddressError)?,
            None => ("", typed.trim()),
        };
        // lettre takes quoted local parts with any content; nobody has such an address.
        if bare.chars().any(|letter| letter.is_whitespace()) || bare.contains(['"', ',', '<', '>'])
        {
            return Err(AddressError);
        }
        let email = bare.parse().map_err(|_| AddressError)?;
        // Quotes are put around a name if it is written and needs them.
        let name = name.trim().trim_matches('"').replace('\\', "");
        let name = (!name.is_empty()).then_some(name);
        Ok(Self {
            mailbox: Mailbox::new(name, email),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mailbox.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_told_apart() {
        for (typed, shown, bare) in [
            ("ada@example.org", "ada@example.org", "ada@example.org"),
            ("Ada <a@b.org>", "Ada <a@b.org>", "a@b.org"),
            ("Ada L. <a@b.org>", "\"Ada L.\" <a@b.org>", "a@b.org"),
            ("\"L, A\" <a@b>", "\"L, A\" <a@b>", "a@b"),
        ] {
            let address: Address = typed.parse().unwrap();
            assert_eq!(
                (address.to_string(), address.bare()),
                (shown.into(), bare.into())
            );
        }
    }

    #[test]
    fn nothing_that_could_end_a_header_or_a_command_is_an_address() {
        for typed in [
            "a@b.org\r\nBcc: x@y.org",
            "a@b.org>\r\nRCPT TO:<x@y.org",
            "A\nBcc: x@y.org <a@b.org>",
            "<a@b.org> x",
            "\"a\r\nb\"@c.org",
            "a b@c.org",
            "a@b@c",
            "a@",
            "@b",
            "",
        ] {
            assert_eq!(typed.parse::<Address>(), Err(AddressError), "{typed:?}");
        }
    }
}
