//! Sending what waits, and noting what became of it.

use super::{Lost, Outbox, Record, Result, State, names, read};
use crate::{Answer, Server, Trouble};

/// Seconds to wait after each attempt that failed; after more, the last again. The first run after
/// a failure always tries: most troubles are short.
const PAUSES: [i64; 5] = [0, 15 * 60, 3600, 4 * 3600, 12 * 3600];

/// Which of the waiting letters are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those whose pause is over.
    Due,
    /// Those that no attempt was made for yet.
    New,
    /// All.
    All,
}

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The letter.
    pub record: Record,
    /// Why no recipient got it, where the attempt failed as a whole.
    pub trouble: Option<Trouble>,
    /// Addresses whose server refused it now, and what it said.
    pub refused: Vec<(String, String)>,
}

impl Outbox {
    /// Sends what waits, oldest first. What one server does to one letter it does to all: the first
    /// attempt that fails as a whole is the last. `server` is asked only where something waits.
    ///
    /// # Errors
    /// If a record cannot be read or written. Letters before it are sent.
    pub fn deliver(
        &mut self,
        server: impl FnOnce() -> std::result::Result<Server, Trouble>,
        now: i64,
        which: Which,
    ) -> Result<Vec<Delivery>> {
        let mut waiting = Vec::new();
        for name in names(&self.folder, "json")? {
            if let Some(record) = read(&self.path(&name, "json"))?
                && record.is_waiting()
                && match which {
                    Which::All => true,
                    Which::Due => is_due(&record, now),
                    Which::New => record.attempts == 0,
                }
            {
                waiting.push((name, record));
            }
        }
        waiting.sort_by_key(|(_, record)| record.created);
        let mut deliveries = Vec::new();
        if waiting.is_empty() {
            return Ok(deliveries);
        }
        let server = server();
        for (name, record) in waiting {
            let Some(delivery) = self.send(&name, record, &server, now)? else {
                continue;
            };
            let failed = delivery.trouble.is_some();
            deliveries.push(delivery);
            if failed {
                break;
            }
        }
        Ok(deliveries)
    }

    /// Sends a letter. `None` if its message is damaged and was set aside.
    fn send(
        &mut self,
        name: &str,
        mut record: Record,
        server: &std::result::Result<Server, Trouble>,
        now: i64,
    ) -> Result<Option<Delivery>> {
        // Putting it in may have failed at its last step.
        if self.path(name, "new").exists() {
            self.finish_putting(name)?;
        }
        let path = self.path(name, "eml");
        let to: Vec<String> = record.waiting().map(|one| one.address.clone()).collect();
        let mut refused = Vec::new();
        let answers = match (record.message(&path), server) {
            // Somebody took it away, so that it is not sent.
            (Err(error), _) if error.kind() == std::io::ErrorKind::NotFound => {
                let reason = "its message is no longer in the outbox".to_owned();
                Ok(vec![Answer::Refused(reason); to.len()])
            }
            (Err(error), _) => return Err(files::Error::new("read", path, error).into()),
            (Ok(None), _) => {
                self.put_aside(name, Lost::Message)?;
                return Ok(None);
            }
            (Ok(Some(eml)), Ok(server)) => server.send(&record.from, &to, &eml, |_, _| {}),
            (Ok(Some(_)), Err(trouble)) => Err(trouble.clone()),
        };
        let trouble = match answers {
            Ok(answers) => {
                refused = note(&mut record, &to, answers, now);
                None
            }
            Err(trouble) => {
                record.trouble = Some(trouble.to_string());
                Some(trouble)
            }
        };
        if record.is_waiting() {
            record.next_attempt = now.saturating_add(pause(record.attempts as usize));
            record.attempts = record.attempts.saturating_add(1);
        } else {
            record.trouble = None;
        }
        // The server has answered: a record that does not say so sends the letter once more.
        self.keep(name, &record)
            .or_else(|_| self.keep(name, &record))?;
        if !record.is_waiting() {
            self.forget(name, "eml")?;
        }
        Ok(Some(Delivery {
            record,
            trouble,
            refused,
        }))
    }
}

/// Whether a letter's pause is over. An attempt that lies in the future was made under another clock, and
/// nothing follows from it.
fn is_due(record: &Record, now: i64) -> bool {
    let last_pause = (record.attempts as usize).checked_sub(1).map_or(0, pause);
    record.next_attempt <= now || record.next_attempt.saturating_sub(last_pause) > now
}

/// Seconds to wait after an attempt, of which there were so many before.
fn pause(attempts: usize) -> i64 {
    PAUSES[attempts.min(PAUSES.len() - 1)]
}

/// Writes the answers into the record; gives those who were refused.
fn note(
    record: &mut Record,
    to: &[String],
    answers: Vec<Answer>,
    now: i64,
) -> Vec<(String, String)> {
    let mut refused = Vec::new();
    for (address, answer) in to.iter().zip(answers) {
        let state = match answer {
            Answer::Accepted => State::Delivered { at: now },
            Answer::Refused(reason) => {
                refused.push((address.clone(), reason.clone()));
                State::Refused { at: now, reason }
            }
            Answer::Later(reason) => {
                record.trouble = Some(format!("{address}: {reason}"));
                continue;
            }
        };
        for recipient in &mut record.recipients {
            if recipient.address == *address && recipient.state == State::Waiting {
                recipient.state = state.clone();
            }
        }
    }
    refused
}
