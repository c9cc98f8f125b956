//! The letters of a run. Reports and the archive do not wait for them: what goes wrong here is kept until
//! everything else is done, and ends the run then.

use mail::Which;
use store::Store;
use tracing::warn;

use crate::failure::Failure;
use crate::letter::Subject;
use crate::pipeline::IngestSummary;
use crate::post::{MailResult, Post};
use crate::terminal::World;
use crate::watch::AbandonedRun;
use settings::Settings;

/// The outbox of a run that sends letters, as far as it could be opened.
pub(super) struct Letters<'a> {
    post: Option<Post<'a>>,
    failure: Option<Failure>,
}

impl<'a> Letters<'a> {
    /// Opens the outbox, and sends what waits in it and what there is to say of earlier runs that did not
    /// come to their end.
    ///
    /// # Errors
    /// Where the settings are not complete.
    pub(super) fn open(
        settings: &'a Settings,
        world: &'a World,
        store: &Store,
    ) -> Result<Self, Failure> {
        let mut letters = Self {
            post: None,
            failure: None,
        };
        if !settings.email.enabled {
            return Ok(letters);
        }
        match Post::open(settings, world, "report") {
            Ok(post) => letters.post = Some(post),
            Err(failure) if failure.code() == 2 => return Err(failure),
            Err(failure) => letters.keep(failure),
        }
        // Now, and not at the end: this run may die as well.
        letters.attempt(|post| {
            post.write_abandoned(&AbandonedRun::of(store))?;
            post.deliver(Which::Due)
        });
        Ok(letters)
    }

    /// Puts the letter about a report into the outbox. Gives whether it is there, or none is wanted.
    pub(super) fn write(
        &mut self,
        store: &Store,
        subject: &Subject<'_>,
        ingest: &IngestSummary,
        force: bool,
    ) -> bool {
        self.attempt(|post| post.write(store, subject, ingest, force))
    }

    /// Writes of hosts that stopped logging, if there are any, and sends what is new.
    pub(super) fn finish(
        mut self,
        store: &Store,
        hosts: Option<&[String]>,
    ) -> (Option<MailResult>, Option<Failure>) {
        if let Some(hosts) = hosts {
            self.attempt(|post| post.write_silences(store, hosts));
        }
        self.attempt(|post| post.deliver(Which::New));
        let mut result = None;
        match self.post.take().map(Post::finish) {
            Some(Ok(mail)) => result = Some(mail),
            Some(Err(failure)) => self.keep(failure),
            None => {}
        }
        (result, self.failure)
    }

    /// Does something with the outbox, where there is one. Gives whether nothing went wrong.
    fn attempt(&mut self, work: impl FnOnce(&mut Post<'a>) -> Result<(), Failure>) -> bool {
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
    fn keep(&mut self, failure: Failure) {
        warn!("letters: {failure}");
        self.failure.get_or_insert(failure);
    }
}
