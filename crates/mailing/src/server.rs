//! The mail server of the settings.

use mail::{Credentials, Security, Server, Step, Trouble};
use settings::{Encryption, Settings};

use crate::password;

/// The server of the settings, with its password.
///
/// # Errors
/// If there is none, or the password cannot be had.
pub fn server(settings: &Settings) -> Result<Server, Trouble> {
    let email = &settings.email;
    let trouble = |step, reason: &str, hint: &str| Trouble {
        step,
        reason: reason.to_owned(),
        hint: hint.to_owned(),
    };
    let credentials = match &email.username {
        None => None,
        Some(username) => {
            let hint = "set EMAIL_PASSWORD, email.password_file or email.password_command; or \
                        leave email.username blank and set email.from_addr";
            let password = password::fetch(email)
                .map_err(|reason| trouble(Step::Authenticate, &reason, ""))?
                .ok_or_else(|| trouble(Step::Authenticate, "there is no password", hint))?;
            Some(Credentials {
                username: username.clone(),
                password,
            })
        }
    };
    let host = email.smtp_server.clone().ok_or_else(|| {
        let reason = "the settings have no email.smtp_server";
        trouble(Step::Resolve, reason, "name the mail server there")
    })?;
    Ok(Server {
        host,
        port: email.smtp_port,
        security: match email.encryption {
            Encryption::StartTls => Security::StartTls,
            Encryption::Tls => Security::Tls,
            Encryption::Plain => Security::Plain,
        },
        ca_file: email.ca_file.clone(),
        credentials,
        allow_plaintext_auth: email.allow_plaintext_auth,
        timeout: email.timeout,
    })
}
