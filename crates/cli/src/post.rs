//! Letters on their way: which are written, when they are sent, and what is said of it.

use std::path::PathBuf;

use mail::{
    Credentials, Delivery, Kind, Lost, Outbox, OutboxError, Security, Server, SetAside, Step,
    Trouble, Which,
};
use serde::Serialize;
use store::Store;
use tracing::{debug, info, warn};

use crate::failure::Failure;
use crate::letter::{Circumstances, Draft, Envelope, Silence, Subject, Writer, silent};
use crate::password;
use crate::pipeline::IngestSummary;
use crate::terminal::World;
use crate::watch::AbandonedRun;
use settings::{Encryption, Settings};

/// What a run did with its letters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MailResult {
    /// Subjects of the letters that were sent.
    pub sent: Vec<String>,
    /// Letters that wait in the outbox.
    pub waiting: Vec<WaitingLetter>,
    /// Addresses that refused a letter for good, and what their server said.
    pub refused: Vec<RefusedLetter>,
    /// What is wrong with templates.
    pub template_faults: Vec<String>,
    /// Letters that were set aside because a file of theirs is damaged or lost: where, and what that means.
    pub set_aside: Vec<SetAsideLetter>,
}

/// A letter in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitingLetter {
    /// Its subject.
    pub subject: String,
    /// Who waits for it.
    pub recipients: Vec<String>,
    /// Why the last attempt failed. `None` where there was none.
    pub trouble: Option<String>,
    /// Attempts so far.
    pub attempts: u32,
    /// Not before this second, since 1970, does a run try again by itself.
    pub next_attempt: i64,
}

/// An address that refused a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedLetter {
    /// The letter's subject.
    pub subject: String,
    /// The address.
    pub address: String,
    /// What its server said.
    pub reason: String,
}

/// A letter that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetAsideLetter {
    /// The file.
    pub path: String,
    /// What is wrong with it, and what that means.
    pub reason: &'static str,
}

impl From<&SetAside> for SetAsideLetter {
    fn from(letter: &SetAside) -> Self {
        Self {
            path: files::show(&letter.path).to_string(),
            reason: match letter.lost {
                Lost::Record => {
                    "the record of a letter is damaged; whether the letter was sent is not known"
                }
                Lost::Message => {
                    "the message of a letter has changed since it was written; it was not sent"
                }
                Lost::Recipients => {
                    "the record of a letter is gone; whether the letter was sent is not known"
                }
            },
        }
    }
}

impl MailResult {
    /// Whether something needs attention.
    pub fn needs_attention(&self) -> bool {
        !self.waiting.is_empty()
            || !self.refused.is_empty()
            || !self.template_faults.is_empty()
            || !self.set_aside.is_empty()
    }

    fn add(&mut self, deliveries: Vec<Delivery>) {
        for delivery in deliveries {
            let record = delivery.record;
            for (address, reason) in delivery.refused {
                warn!("{address} refused {:?}: {reason}", record.subject);
                self.refused.push(RefusedLetter {
                    subject: record.subject.clone(),
                    address,
                    reason,
                });
            }
            match delivery.trouble {
                Some(trouble) => {
                    warn!("{:?} was not sent: {trouble}", record.subject);
                    if !trouble.hint.is_empty() {
                        warn!("hint: {}", trouble.hint);
                    }
                }
                None if record.is_waiting() => {
                    let trouble = record.trouble.as_deref().unwrap_or_default();
                    warn!("{:?} waits: {trouble}", record.subject);
                }
                None if record.recipients.len() > record.refused().count() => {
                    info!("sent {:?}", record.subject);
                    self.sent.push(record.subject);
                }
                None => {}
            }
        }
    }
}

/// The folder of the outbox: in the store's, so that it goes where the history goes.
pub fn folder(settings: &Settings) -> PathBuf {
    settings.paths.store_dir.join("outbox")
}

/// The letters that wait in the outbox, oldest first.
///
/// # Errors
/// Where the outbox cannot be read.
pub fn waiting(settings: &Settings) -> Result<Vec<WaitingLetter>, OutboxError> {
    let records = Outbox::records(&folder(settings))?;
    let waiting = records.into_iter().filter(mail::Record::is_waiting);
    Ok(waiting
        .map(|record| WaitingLetter {
            recipients: record.waiting().map(|one| one.address.clone()).collect(),
            subject: record.subject,
            trouble: record.trouble,
            attempts: record.attempts,
            next_attempt: record.next_attempt,
        })
        .collect())
}

/// The open outbox with all that is needed to fill and empty it.
pub struct Post<'a> {
    settings: &'a Settings,
    world: &'a World,
    envelope: Envelope,
    outbox: Outbox,
    /// The server failed for one letter, so it is left alone for the rest of the run.
    is_stuck: bool,
    result: MailResult,
}

impl<'a> Post<'a> {
    /// Opens the outbox.
    ///
    /// # Errors
    /// Where the settings are not complete, or another run sends.
    pub fn open(settings: &'a Settings, world: &'a World, command: &str) -> Result<Self, Failure> {
        let envelope = Envelope::of(&settings.email)?;
        let outbox = Outbox::open(&folder(settings), &world.started(), command)?;
        let mut post = Self {
            settings,
            world,
            envelope,
            outbox,
            is_stuck: false,
            result: MailResult::default(),
        };
        post.note_set_aside();
        Ok(post)
    }

    /// Takes over what the outbox has set aside since it was last asked.
    fn note_set_aside(&mut self) {
        let known = self.result.set_aside.len();
        for letter in &self.outbox.set_aside()[known..] {
            let letter = SetAsideLetter::from(letter);
            warn!("{}: {}", letter.path, letter.reason);
            self.result.set_aside.push(letter);
        }
    }

    /// Puts the letter about a report into the outbox, unless it has been there before.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(
        &mut self,
        store: &Store,
        subject: &Subject<'_>,
        ingest: &IngestSummary,
        force: bool,
    ) -> Result<(), Failure> {
        let writer = Writer::new(self.settings, &self.envelope, self.world.now);
        let key = writer.key(subject.report, subject.period);
        if !force && self.outbox.find(&key)?.is_some() {
            debug!("the letter about {} was written before", key.subject);
            return Ok(());
        }
        let last_seen = last_seen(store)?;
        let draft = writer.write(subject, &circumstances(self.settings, &last_seen, ingest))?;
        self.put(&key, draft)
    }

    /// Tells of hosts that stopped logging, once each time. Without new logs there is no report
    /// that could.
    ///
    /// # Errors
    /// Where the outbox cannot be written.
    pub fn write_silences(&mut self, store: &Store, hosts: &[String]) -> Result<(), Failure> {
        let mut last_seen = last_seen(store)?;
        last_seen.retain(|seen| hosts.contains(&seen.host));
        for (seen, since) in silent(&last_seen, self.settings, self.world) {
            let about = format!("silent since {}", seen.last_seen);
            let key = self.envelope.key(Kind::Error, &seen.host, about);
            if self.outbox.find(&key)?.is_none() {
                let writer = Writer::new(self.settings, &self.envelope, self.world.now);
                let draft = writer.write_error(
                    &seen.host,
                    "nothing is logged any more",
                    &format!("The last refresh of bandwhich that was logged is of {since}."),
                    "Look whether bandwhich still runs and writes where the logs are looked for. \
                     This letter comes once; the next report tells the gap.",
                );
                self.put(&key, draft)?;
            }
        }
        Ok(())
    }

    /// Writes of runs that did not come to their end, once a day.
    ///
    /// # Errors
    /// Where the outbox cannot be written.
    pub fn write_abandoned(&mut self, runs: &[AbandonedRun]) -> Result<(), Failure> {
        if runs.is_empty() {
            return Ok(());
        }
        let host = &self.settings.host;
        let about = format!("{} abandoned", self.world.today(self.settings));
        let key = self.envelope.key(Kind::Error, host, about);
        if self.outbox.find(&key)?.is_some() {
            return Ok(());
        }
        let sentences: Vec<String> = (runs.iter())
            .map(|run| run.sentence(&self.settings.time_zone))
            .collect();
        let writer = Writer::new(self.settings, &self.envelope, self.world.now);
        let draft = writer.write_error(
            host,
            "a run did not come to its end",
            &sentences.join("\n"),
            "Look into the system's journal whether it was killed for want of memory or time. The run that \
             sent this letter does what was left undone; if it dies as well, `network-monitor status` says so.",
        );
        self.put(&key, draft)
    }

    fn put(&mut self, key: &mail::Key, draft: Draft) -> Result<(), Failure> {
        for fault in &draft.faults {
            let fault = fault.to_string();
            if !self.result.template_faults.contains(&fault) {
                warn!("{fault}; the built-in template was used");
                self.result.template_faults.push(fault);
            }
        }
        let from = self.envelope.from.clone();
        let write = |message_id| draft.with_id(message_id);
        self.outbox.put(key, &from, self.world.now, write)?;
        Ok(())
    }

    /// Sends letters, unless the server failed before in this run.
    ///
    /// # Errors
    /// Where the outbox cannot be read or written.
    pub fn deliver(&mut self, which: Which) -> Result<(), Failure> {
        if self.is_stuck {
            return Ok(());
        }
        let server = || server(self.settings);
        let deliveries = self.outbox.deliver(server, self.world.now, which)?;
        self.note_set_aside();
        self.is_stuck = deliveries.iter().any(|delivery| delivery.trouble.is_some());
        self.result.add(deliveries);
        Ok(())
    }

    /// What became of the letters.
    ///
    /// # Errors
    /// Where the outbox cannot be read.
    pub fn finish(self) -> Result<MailResult, Failure> {
        Ok(MailResult {
            waiting: waiting(self.settings)?,
            ..self.result
        })
    }
}

/// Tells of a run that failed: a letter for each failure and day. What goes wrong here is only
/// logged, as the failure itself is what has to be told.
pub fn tell_failure(failure: &Failure, settings: &Settings, world: &World) {
    if !settings.email.enabled || !failure.deserves_letter() {
        return;
    }
    if let Err(error) = try_to_tell(failure, settings, world) {
        warn!("no letter tells of this failure: {error}");
    }
}

fn try_to_tell(failure: &Failure, settings: &Settings, world: &World) -> Result<(), Failure> {
    let message = failure.to_string();
    let hint = failure.hint().unwrap_or_default();
    let about = format!("{} {message}", world.today(settings));
    let title = "the run failed";
    match Post::open(settings, world, "report") {
        Ok(mut post) => {
            let key = post.envelope.key(Kind::Error, &settings.host, about);
            if post.outbox.find(&key)?.is_none() {
                let writer = Writer::new(settings, &post.envelope, world.now);
                let draft = writer.write_error(&settings.host, title, &message, &hint);
                post.put(&key, draft)?;
            }
            post.deliver(Which::New)
        }
        Err(Failure::Mail(OutboxError::File(error))) => {
            // The disk may be what failed: then the letter goes without a record, each time.
            debug!("without the outbox: {error}");
            let envelope = Envelope::of(&settings.email)?;
            let writer = Writer::new(settings, &envelope, world.now);
            let key = envelope.key(Kind::Error, &settings.host, about);
            let draft = writer.write_error(&settings.host, title, &message, &hint);
            let letter = draft.with_id(key.message_id(1, &envelope.from));
            let (from, to) = (envelope.from.bare(), envelope.recipients());
            let eml = letter.compose();
            let sent = server(settings).and_then(|server| server.send(&from, &to, &eml, |_, _| {}));
            sent.map(drop).map_err(Failure::Letter)
        }
        Err(failure) => Err(failure),
    }
}

/// The server of the settings, with its password.
///
/// # Errors
/// Where there is none, or the password cannot be had.
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

/// When each host was last heard of.
///
/// # Errors
/// Where the catalogue cannot be read.
pub fn last_seen(store: &Store) -> Result<Vec<Silence>, Failure> {
    let hosts = store.last_seen()?.into_iter();
    Ok(hosts
        .map(|(host, last_seen)| Silence { host, last_seen })
        .collect())
}

/// What a letter tells beside its report.
pub fn circumstances<'a>(
    settings: &Settings,
    last_seen: &'a [Silence],
    ingest: &'a IngestSummary,
) -> Circumstances<'a> {
    let space = files::space(&settings.paths.store_dir);
    Circumstances {
        last_seen,
        ingest,
        disk: space.map(|space| (space.free, space.all)),
    }
}
