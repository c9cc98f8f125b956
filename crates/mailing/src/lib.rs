//! What a letter says, whom it goes to, and which letters go out. It knows no store and no log folder: what
//! a letter says beside its report is given as [`Circumstances`].

mod attachments;
mod census;
mod data;
mod envelope;
mod error;
mod failure_letter;
mod news;
mod password;
mod post;
mod problems;
mod result;
mod server;
mod silence;
#[cfg(test)]
mod tests;
mod writer;

pub use attachments::ReportFile;
pub use envelope::Envelope;
pub use error::{Error, Result};
pub use failure_letter::{FailedRun, send_failure_letter};
pub use post::{Occasion, Post};
pub use problems::{Circumstances, UnreadableLog};
pub use result::{
    LetterState, MailResult, RefusedLetter, SentLetter, SetAsideLetter, WaitingLetter,
    outbox_folder, sent_letters, waiting_letters, written_reports,
};
pub use server::server;
pub use silence::HostLastSeen;
pub use writer::{LetterDraft, Subject, Writer};
