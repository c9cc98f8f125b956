//! What became of letters.

use std::path::PathBuf;

use mail::{Delivery, Lost, Outbox, OutboxError, SetAside};
use serde::Serialize;
use settings::Settings;
use tracing::{info, warn};

display::dated!(next_attempt: i64);

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
    /// Why the last attempt failed. `None` if there was none.
    pub trouble: Option<String>,
    /// Attempts so far.
    pub attempts: u32,
    /// Not before this second, since 1970, does a run try again by itself.
    #[serde(flatten, with = "next_attempt")]
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

    pub(crate) fn add(&mut self, deliveries: Vec<Delivery>) {
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
pub fn outbox_folder(settings: &Settings) -> PathBuf {
    settings.paths.store_dir.join("outbox")
}

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LetterState {
    /// Somebody waits for it.
    Waiting,
    /// A server took it for at least one recipient.
    Delivered,
    /// No server took it.
    Refused,
}

/// A letter about a report, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentLetter {
    /// The host.
    pub host: String,
    /// The period, as in names of files.
    pub about: String,
    /// What became of it.
    pub state: LetterState,
    /// When it was delivered or refused, in seconds since 1970. `None` of one that waits.
    pub at: Option<i64>,
}

/// The letters about reports that were ever put into the outbox, oldest first.
///
/// # Errors
/// If the outbox cannot be read.
pub fn sent_letters(settings: &Settings) -> Result<Vec<SentLetter>, OutboxError> {
    let records = Outbox::records(&outbox_folder(settings))?.into_iter();
    let reports = records.filter(|record| record.kind != mail::Kind::Error);
    Ok(reports
        .map(|record| {
            let times = record.recipients.iter().filter_map(|one| match one.state {
                mail::State::Delivered { at } => Some((LetterState::Delivered, at)),
                mail::State::Refused { at, .. } => Some((LetterState::Refused, at)),
                mail::State::Waiting => None,
            });
            let times: Vec<_> = times.collect();
            let is_delivered = |(state, _): &&(LetterState, i64)| *state == LetterState::Delivered;
            let (state, at) = match times.iter().filter(is_delivered).max_by_key(|one| one.1) {
                _ if record.is_waiting() => (LetterState::Waiting, None),
                Some((state, at)) => (*state, Some(*at)),
                None => (LetterState::Refused, times.iter().map(|one| one.1).max()),
            };
            SentLetter {
                host: record.host,
                about: record.about,
                state,
                at,
            }
        })
        .collect())
}

/// Hosts and periods of all letters about reports to these recipients that are or were in the outbox.
///
/// # Errors
/// If the outbox cannot be read.
pub fn written_reports(
    settings: &Settings,
    recipients: &[String],
) -> Result<Vec<(String, String)>, OutboxError> {
    let records = Outbox::records(&outbox_folder(settings))?;
    let is_to_them = |record: &mail::Record| {
        record.recipients.len() == recipients.len()
            && (record.recipients.iter()).all(|one| recipients.contains(&one.address))
    };
    Ok((records.into_iter())
        .filter(|record| record.kind == mail::Kind::Report && is_to_them(record))
        .map(|record| (record.host, record.about))
        .collect())
}

/// The letters that wait in the outbox, oldest first.
///
/// # Errors
/// If the outbox cannot be read.
pub fn waiting_letters(settings: &Settings) -> Result<Vec<WaitingLetter>, OutboxError> {
    let records = Outbox::records(&outbox_folder(settings))?;
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
