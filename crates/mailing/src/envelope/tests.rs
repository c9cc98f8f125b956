use super::*;
use crate::tests::{EMAIL, settings};

fn envelope(text: &str) -> Result<Envelope> {
    let folder = tempfile::tempdir().unwrap();
    Envelope::of(&settings(folder.path(), text).email)
}

#[test]
fn what_is_missing_is_named() {
    let Err(Error::Incomplete(missing)) = envelope("") else {
        panic!("no letter can be sent");
    };
    assert_eq!(missing, ["smtp_server", "from_addr", "to_addrs"]);
    let error = envelope("email: {smtp_server: mail, from_addr: a@example.org}\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "no letter can be sent: the settings have no email.to_addrs"
    );
    assert!(envelope(EMAIL).is_ok());
}

#[test]
fn a_blind_copy_alone_is_a_recipient() {
    let text = "email: {smtp_server: mail, from_addr: a@example.org, bcc_addrs: [b@example.org]}\n";
    assert_eq!(envelope(text).unwrap().recipients(), ["b@example.org"]);
}

#[test]
fn everybody_gets_a_letter_once() {
    let text = "email: {smtp_server: mail, from_addr: a@example.org, \
        to_addrs: [\"Ada <ada@example.org>\", bob@example.org], \
        cc_addrs: [ADA@example.org], bcc_addrs: [eve@example.org, bob@example.org]}\n";
    let recipients = envelope(text).unwrap().recipients();
    assert_eq!(
        recipients,
        ["ada@example.org", "bob@example.org", "eve@example.org"]
    );
}

#[test]
fn a_letter_that_is_only_looked_at_needs_no_settings() {
    let folder = tempfile::tempdir().unwrap();
    let envelope = Envelope::to_look_at(&settings(folder.path(), "").email);
    assert_eq!(envelope.from.bare(), "sender@example.org");
    assert_eq!(envelope.recipients(), ["recipient@example.org"]);
}
