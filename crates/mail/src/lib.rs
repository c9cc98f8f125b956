//! Letters: what they are made of, how they are sent, and the outbox that loses none.
//!
//! - [`Templates`] turn what a caller has to say into plain text and HTML;
//! - [`Letter`] becomes one MIME message;
//! - [`Server::send`] hands a message to an SMTP server, step by step;
//! - [`Outbox`] keeps every letter on disk until each recipient has it or refused it.
//!
//! What a letter says, where passwords come from and what time it is are the caller's.

mod address;
mod letter;
mod outbox;
mod smtp;
mod templates;

pub use address::{Address, AddressError};
pub use letter::{Attachment, Letter};
pub use outbox::{
    Delivery, Key, Kind, Lost, Outbox, OutboxError, Recipient, Record, SetAside, State, Which,
};
pub use smtp::{Answer, Credentials, Security, Server, Step, Trouble};
pub use templates::{Rendered, TemplateFault, Templates};
