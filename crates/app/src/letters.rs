//! The letters of a run. Reports and the archive do not wait for them: what goes wrong here is kept until
//! everything else is done, and ends the run then.

use lifecycle::IngestSummary;
use mail::Which;
use mailing::{MailResult, Occasion, Post, Subject};
use settings::Settings;
use store::Store;
use tracing::warn;
use traffic::Period;

use crate::circumstances::{circumstances, last_seen};
use crate::error::{Error, Result};
use crate::last_run::AbandonedRun;
use crate::outcome::RunOutcome;

/// The outbox of a run that sends letters, as far as it could be opened.
pub(crate) struct Letters<'a> {
    settings: &'a Settings,
    post: Option<Post<'a>>,
    failure: Option<Error>,
}

impl<'a> Letters<'a> {
    /// Opens the outbox, and sends what waits in it and what there is to say of earlier runs that did not
    /// come to their end.
    ///
    /// # Errors
    /// If the settings are not complete.
    pub(crate) fn open(settings: &'a Settings, now: i64, store: &Store) -> Result<Self> {
        let mut letters = Self {
            settings,
            post: None,
            failure: None,
        };
        if !settings.email.enabled {
            return Ok(letters);
        }
        match Post::open(settings, now, "report").map_err(Error::from) {
            Ok(post) => letters.post = Some(post),
            Err(failure) if failure.outcome() == RunOutcome::Usage => return Err(failure),
            Err(failure) => letters.keep(failure),
        }
        // Now, and not at the end: this run may die as well.
        letters.attempt(|post| {
            let runs = AbandonedRun::of(store).into_iter();
            let sentences: Vec<String> =
                runs.map(|run| run.sentence(&settings.time_zone)).collect();
            post.write_abandoned(&sentences)?;
            Ok(post.deliver(Which::Due)?)
        });
        Ok(letters)
    }

    /// Whether letters are sent at all.
    pub(crate) fn are_sent(&self) -> bool {
        self.settings.email.enabled
    }

    /// Whether a letter about a period of a host is still to be written.
    pub(crate) fn is_due(&mut self, host: &str, period: Period) -> bool {
        let mut is_due = false;
        self.attempt(|post| {
            is_due = !post.was_written(host, period)?;
            Ok(())
        });
        is_due
    }

    /// Puts the letter about a report into the outbox. Gives whether it is there, or none is wanted.
    pub(crate) fn write(
        &mut self,
        store: &Store,
        subject: &Subject<'_>,
        ingest: &IngestSummary,
        occasion: Occasion,
    ) -> bool {
        let settings = self.settings;
        self.attempt(|post| {
            let last_seen = last_seen(store)?;
            let circumstances = || circumstances(settings, last_seen, ingest);
            Ok(post.write(subject, occasion, circumstances)?)
        })
    }

    /// Writes of hosts that stopped logging, if there are any, and sends what is new.
    pub(crate) fn finish(
        mut self,
        store: &Store,
        hosts: Option<&[String]>,
    ) -> (Option<MailResult>, Option<Error>) {
        if let Some(hosts) = hosts {
            self.attempt(|post| {
                let mut last_seen = last_seen(store)?;
                last_seen.retain(|seen| hosts.contains(&seen.host));
                Ok(post.write_silences(&last_seen)?)
            });
        }
        self.attempt(|post| Ok(post.deliver(Which::New)?));
        let mut result = None;
        match self.post.take().map(Post::finish) {
            Some(Ok(mail)) => result = Some(mail),
            Some(Err(failure)) => self.keep(failure.into()),
            None => {}
        }
        (result, self.failure)
    }

    /// Does something with the outbox, if there is one. Gives whether nothing went wrong.
    fn attempt(&mut self, work: impl FnOnce(&mut Post<'a>) -> Result<()>) -> bool {
        match self.post.as_mut().map(work) {
            Some(Err(failure)) => {
                self.keep(failure);
                false
            }
            Some(Ok(())) => true,
            None => self.failure.is_none(),
        }
    }

    /// Keeps the first failure; the others follow from it, or are logged at least.
    fn keep(&mut self, failure: Error) {
        warn!("letters: {failure}");
        self.failure.get_or_insert(failure);
    }
}
