//! The section `email`: whom the daily letter goes to, by which server, with which password.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use mail::Address;

use super::problem::Place;
use super::reader::Reader;
use super::values::{duration, number, switch};
use super::words::{LetterTime, ReportFormat, Word};

/// How the connection to the mail server is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// STARTTLS, required.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None.
    Plain,
}

/// Where the password comes from.
#[derive(Debug, Clone)]
pub enum PasswordSource {
    /// It was given, in the file or the environment.
    Given(SecretString),
    /// The first line of a file.
    File(PathBuf),
    /// The first line that a command prints.
    Command(String),
    /// The credential `email_password` that systemd hands to a service.
    Credential(PathBuf),
}

/// The daily letter. If it is enabled, there are a server, a sender and a recipient.
#[derive(Debug, Clone)]
pub struct Email {
    /// Whether letters are sent.
    pub enabled: bool,
    /// The mail server.
    pub smtp_server: Option<String>,
    /// Its port.
    pub smtp_port: u16,
    /// How the connection is kept secret.
    pub encryption: Encryption,
    /// Certificates (PEM) that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The name to log in with; `None` means without logging in.
    pub username: Option<String>,
    /// Where the password comes from.
    pub password: Option<PasswordSource>,
    /// Whether the password may be sent over a connection without encryption.
    pub allow_plaintext_auth: bool,
    /// The sender.
    pub from_addr: Option<Address>,
    /// Recipients.
    pub to_addrs: Vec<Address>,
    /// Recipients of a copy.
    pub cc_addrs: Vec<Address>,
    /// Recipients whom the others do not see.
    pub bcc_addrs: Vec<Address>,
    /// When letters about reports are sent.
    pub when: LetterTime,
    /// What subjects begin with. Blank for nothing.
    pub subject_prefix: String,
    /// Where the user's templates lie.
    pub templates_dir: PathBuf,
    /// The report files a letter carries.
    pub attachments: Vec<ReportFormat>,
    /// The most that attachments may weigh together, in millions of bytes.
    pub max_attachment_mb: u32,
    /// How long the server may take to answer.
    pub timeout: Duration,
}

impl Email {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let use_tls = reader.value("email.use_tls", switch).unwrap_or(true);
        let use_ssl = reader.value("email.use_ssl", switch).unwrap_or(false);
        let username = reader.text("email.username");
        let from = reader.value("email.from_addr", address);
        let attachments = reader.list("email.attachments", ReportFormat::from_word);
        let mut email = Self {
            enabled: false,
            smtp_server: reader.text("email.smtp_server"),
            smtp_port: reader
                .value("email.smtp_port", number(1..=65_535))
                .unwrap_or(587),
            encryption: match (use_ssl, use_tls) {
                (true, _) => Encryption::Tls,
                (false, true) => Encryption::StartTls,
                (false, false) => Encryption::Plain,
            },
            ca_file: reader.path("email.ca_file"),
            from_addr: from.or_else(|| username.as_deref().and_then(|name| address(name).ok())),
            username,
            password: read_password(reader),
            allow_plaintext_auth: reader
                .value("email.allow_plaintext_auth", switch)
                .unwrap_or(false),
            to_addrs: reader.list("email.to_addrs", address).unwrap_or_default(),
            cc_addrs: reader.list("email.cc_addrs", address).unwrap_or_default(),
            bcc_addrs: reader.list("email.bcc_addrs", address).unwrap_or_default(),
            when: reader.word("email.when").unwrap_or(LetterTime::Always),
            subject_prefix: reader.text("email.subject_prefix").unwrap_or_default(),
            templates_dir: read_templates_dir(reader),
            attachments: attachments.unwrap_or_else(|| vec![ReportFormat::Html]),
            max_attachment_mb: reader
                .value("email.max_attachment_mb", number(1..=1_000))
                .unwrap_or(10),
            timeout: reader
                .value("email.timeout", duration(1..=3_600))
                .unwrap_or(Duration::from_secs(60)),
        };
        let missing = email.missing();
        let wanted = reader.value("email.enabled", switch);
        if wanted == Some(true) && !missing.is_empty() {
            let message = format!("is true, but there is no {}", missing.join(" and no "));
            reader.note("email.enabled", message);
        }
        email.enabled = wanted.unwrap_or(missing.is_empty());
        email
    }

    /// The keys without which no letter can be sent, and that are not set.
    pub fn missing(&self) -> Vec<&'static str> {
        let recipients = self.to_addrs.len() + self.cc_addrs.len() + self.bcc_addrs.len();
        let needed = [
            ("smtp_server", self.smtp_server.is_some()),
            ("from_addr", self.from_addr.is_some()),
            ("to_addrs", recipients > 0),
        ];
        needed
            .into_iter()
            .filter(|(_, is_there)| !is_there)
            .map(|(key, _)| key)
            .collect()
    }
}

fn read_password(reader: &mut Reader<'_>) -> Option<PasswordSource> {
    let given = reader.value("email.password", |text| Ok(SecretString::from(text)));
    let file = reader.path("email.password_file");
    let command = reader.text("email.password_command");
    let count = [given.is_some(), file.is_some(), command.is_some()];
    if count.into_iter().filter(|is_there| *is_there).count() > 1 {
        let ways = [
            ("email.password_command", command.is_some()),
            ("email.password_file", file.is_some()),
        ];
        let second = ways
            .into_iter()
            .find(|(_, is_there)| *is_there)
            .map(|(key, _)| key);
        let message = "is one password too many; keep one of password, password_file and \
                       password_command";
        reader.note(second.expect("two of three are there"), message.to_owned());
    }
    // What comes with the service goes before what stands in the file, as a variable does: the file
    // may name a password that only root reads, for those who run the program by hand.
    let is_variable = matches!(reader.place("email.password"), Place::Variable(_));
    let credential = credential(reader).filter(|_| !is_variable);
    credential
        .map(PasswordSource::Credential)
        .or(given.map(PasswordSource::Given))
        .or(file.map(PasswordSource::File))
        .or(command.map(PasswordSource::Command))
}

/// What a unit's `LoadCredential=email_password:…` or `SetCredentialEncrypted=` hands over. A blank
/// line stands for none: so a unit says what it is to be if there is no file.
fn credential(reader: &Reader<'_>) -> Option<PathBuf> {
    let folder = reader.environment.variables.get("CREDENTIALS_DIRECTORY")?;
    let path = Path::new(folder).join("email_password");
    let is_blank = std::fs::read_to_string(&path).is_ok_and(|text| text.trim().is_empty());
    (path.is_file() && !is_blank).then_some(path)
}

/// By default the folder `email_templates` beside the settings file.
fn read_templates_dir(reader: &mut Reader<'_>) -> PathBuf {
    if reader.place("email.templates_dir") != Place::Default {
        return reader.path("email.templates_dir").unwrap_or_default();
    }
    let current_folder = &reader.environment.current_folder;
    let beside = reader.file_folder.map(Path::to_path_buf);
    beside
        .unwrap_or_else(|| current_folder.join("config"))
        .join("email_templates")
}

/// Reads an address, `ada@example.org` or `Ada <ada@example.org>`.
fn address(typed: &str) -> Result<Address, String> {
    typed
        .parse()
        .map_err(|error: mail::AddressError| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_name_and_a_domain() {
        for typed in [
            "ada@example.org",
            "Ada L. <ada@example.org>",
            "\"L, A\" <a@b>",
            "ä@ö.de",
        ] {
            assert!(address(typed).is_ok(), "{typed}");
        }
        for typed in [
            "ada",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "a@b>",
            "Ada <a@b",
            "a@b\nBcc: x@y",
            "<>",
        ] {
            let error = address(typed).unwrap_err();
            assert_eq!(
                error, "is not an address; write one such as ada@example.org",
                "{typed}"
            );
        }
    }
}
