//! The letter about a run that failed.

use mail::{Kind, OutboxError, Which};
use settings::Settings;
use tracing::{debug, warn};

use crate::envelope::Envelope;
use crate::error::{Error, Result};
use crate::post::Post;
use crate::server::server;
use crate::writer::Writer;

/// A run that failed.
#[derive(Clone, Copy, Debug)]
pub struct FailedRun<'a> {
    /// What went wrong.
    pub message: &'a str,
    /// What can be done about it; empty if that is not known.
    pub hint: &'a str,
}

/// Sends a letter about a run that failed, one for each failure and day. What goes wrong here is only
/// logged: the failure itself is what matters.
pub fn send_failure_letter(failed: FailedRun<'_>, settings: &Settings, now: i64) {
    if settings.email.enabled
        && let Err(error) = try_to_send(failed, settings, now)
    {
        warn!("no letter was sent about this failure: {error}");
    }
}

fn try_to_send(failed: FailedRun<'_>, settings: &Settings, now: i64) -> Result<()> {
    let FailedRun { message, hint } = failed;
    let about = format!("{} {message}", settings.today(now));
    let title = "the run failed";
    match Post::open(settings, now, "report") {
        Ok(mut post) => {
            post.write_once(&settings.host, about, title, message, hint)?;
            post.deliver(Which::New)
        }
        Err(Error::Outbox(OutboxError::File(error))) => {
            // The disk may be what failed: then the letter goes without a record, each time.
            debug!("without the outbox: {error}");
            let envelope = Envelope::of(&settings.email)?;
            let writer = Writer::new(settings, &envelope, now);
            let key = envelope.key(Kind::Error, &settings.host, about);
            let draft = writer.write_error(&settings.host, title, message, hint);
            let letter = draft.with_id(key.message_id(1, &envelope.from));
            let (from, to) = (envelope.from.bare(), envelope.recipients());
            let eml = letter.compose();
            let sent = server(settings).and_then(|server| server.send(&from, &to, &eml, |_, _| {}));
            Ok(sent.map(drop)?)
        }
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests;
