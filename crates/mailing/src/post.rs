//! Letters on their way: which are written, when they are sent, and what is said of it.

use mail::{Kind, Outbox, Which};
use settings::{LetterTime, Settings};
use tracing::{debug, warn};
use traffic::Period;

use crate::envelope::Envelope;
use crate::error::Result;
use crate::problems::{Circumstances, problems};
use crate::result::{MailResult, SetAsideLetter, outbox_folder, waiting_letters};
use crate::server::server;
use crate::silence::{HostLastSeen, silent};
use crate::writer::{LetterDraft, Subject, Writer};

/// Why a letter about a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Its day or week is over.
    Due,
    /// Somebody asked for it.
    Asked,
    /// Somebody asked for it again, even if it was written before.
    Forced,
}

/// The open outbox with all that is needed to fill and empty it.
pub struct Post<'a> {
    settings: &'a Settings,
    now: i64,
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
    /// If the settings are not complete, or another run sends.
    pub fn open(settings: &'a Settings, now: i64, command: &str) -> Result<Self> {
        let envelope = Envelope::of(&settings.email)?;
        let outbox = Outbox::open(&outbox_folder(settings), &settings::started(now), command)?;
        let mut post = Self {
            settings,
            now,
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

    /// Whether the letter about a period of a host, which is over, has been in the outbox before.
    ///
    /// # Errors
    /// If the outbox cannot be read.
    pub fn was_written(&self, host: &str, period: Period) -> Result<bool> {
        let key = self.envelope.key(Kind::Report, host, period.stamp());
        Ok(self.outbox.find(&key)?.is_some())
    }

    /// Puts the letter about a report into the outbox, unless it has been there before, or the settings want
    /// none about such a day. One that is asked for is always written.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(
        &mut self,
        subject: &Subject<'_>,
        occasion: Occasion,
        circumstances: impl FnOnce() -> Circumstances,
    ) -> Result<()> {
        let writer = Writer::new(self.settings, &self.envelope, self.now);
        let key = writer.key(subject.report, subject.period);
        if occasion != Occasion::Forced && self.outbox.find(&key)?.is_some() {
            debug!("the letter about {} was written before", key.subject);
            return Ok(());
        }
        let circumstances = circumstances();
        if occasion == Occasion::Due
            && !is_wanted(subject, &circumstances, self.settings.email.when)
        {
            debug!("the settings want no letter about {}", key.subject);
            return Ok(());
        }
        let draft = writer.write(subject, &circumstances)?;
        self.put(&key, draft)
    }

    /// Tells of hosts that stopped logging, once each time. Without new logs there is no report
    /// that could.
    ///
    /// # Errors
    /// If the outbox cannot be written.
    pub fn write_silences(&mut self, last_seen: &[HostLastSeen]) -> Result<()> {
        for (seen, since) in silent(last_seen, self.settings, self.now) {
            self.write_once(
                &seen.host,
                format!("silent since {}", seen.last_seen),
                "nothing is logged any more",
                &format!("The last logged refresh of bandwhich was at {since}."),
                "Check that bandwhich is running and writing to the log folder. \
                 This is the only reminder; the next report will show the gap.",
            )?;
        }
        Ok(())
    }

    /// Writes of runs that did not come to their end, a sentence each, once a day.
    ///
    /// # Errors
    /// If the outbox cannot be written.
    pub fn write_abandoned(&mut self, runs: &[String]) -> Result<()> {
        if runs.is_empty() {
            return Ok(());
        }
        self.write_once(
            &self.settings.host,
            format!("{} abandoned", self.settings.today(self.now)),
            "a run did not finish",
            &runs.join("\n"),
            "Check in the system's journal whether memory or time ran out. The run that sent this letter \
             does the work that was left undone; if it dies as well, `network-monitor status` says so.",
        )
    }

    /// Puts a letter about an error into the outbox, unless one about the same has been there before.
    ///
    /// # Errors
    /// If the outbox cannot be written.
    pub(crate) fn write_once(
        &mut self,
        host: &str,
        about: String,
        title: &str,
        message: &str,
        hint: &str,
    ) -> Result<()> {
        let key = self.envelope.key(Kind::Error, host, about);
        if self.outbox.find(&key)?.is_some() {
            return Ok(());
        }
        let writer = Writer::new(self.settings, &self.envelope, self.now);
        let draft = writer.write_error(host, title, message, hint);
        self.put(&key, draft)
    }

    fn put(&mut self, key: &mail::Key, draft: LetterDraft) -> Result<()> {
        for fault in &draft.faults {
            let fault = fault.to_string();
            if !self.result.template_faults.contains(&fault) {
                warn!("{fault}; the built-in template was used");
                self.result.template_faults.push(fault);
            }
        }
        let from = self.envelope.from.clone();
        let write = |message_id| draft.with_id(message_id);
        self.outbox.put(key, &from, self.now, write)?;
        Ok(())
    }

    /// Sends letters, unless the server failed before in this run.
    ///
    /// # Errors
    /// If the outbox cannot be read or written.
    pub fn deliver(&mut self, which: Which) -> Result<()> {
        if self.is_stuck {
            return Ok(());
        }
        let server = || server(self.settings);
        let deliveries = self.outbox.deliver(server, self.now, which)?;
        self.note_set_aside();
        self.is_stuck = deliveries.iter().any(|delivery| delivery.trouble.is_some());
        self.result.add(deliveries);
        Ok(())
    }

    /// What became of the letters.
    ///
    /// # Errors
    /// If the outbox cannot be read.
    pub fn finish(self) -> Result<MailResult> {
        Ok(MailResult {
            waiting: waiting_letters(self.settings)?,
            ..self.result
        })
    }
}

/// Whether the settings want the letter about a report.
fn is_wanted(subject: &Subject<'_>, circumstances: &Circumstances, when: LetterTime) -> bool {
    match when {
        LetterTime::Always => true,
        LetterTime::Problems => !problems(subject.report, circumstances).list.is_empty(),
        LetterTime::Weekly => !subject.period.is_day() || subject.is_urgent(),
    }
}

#[cfg(test)]
mod tests;
