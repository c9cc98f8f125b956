//! What the program works by: every settings key, from its text with its place to its meaning.
//!
//! [`Settings::load`] finds the file (`locate.rs`), reads what was typed with its line and column
//! (`typed.rs`) and resolves it to values (`reader.rs`, `values.rs`, and a file per section). All
//! problems are reported together, each with its place and what would be right (`problem.rs`).

mod analysis;
mod collect;
mod email;
mod init;
mod keys;
mod locate;
mod notify;
mod problem;
mod quotas;
mod reader;
mod secrets;
mod sections;
mod settings;
mod show;
mod typed;
mod values;
mod words;

#[cfg(test)]
mod tests;

pub use crate::analysis::Analysis;
pub use collect::Collect;
pub use email::{Email, Encryption, PasswordSource};
pub use init::{InitError, write_file};
pub use locate::{Environment, LOCAL_FILE};
pub use notify::Notify;
pub use problem::{Place, Problem, SettingsError};
pub use sections::{Archive, Input, Logging, Paths, Processing, Reports, StoreSettings};
pub use settings::{DEFAULT_FILE, SYSTEM_FOLDER, Settings, check_host, started, system_file};
pub use typed::Override;
pub use words::{
    CompressFormat, HostLayout, InputMode, LetterTime, Level, Loopback, ReportFormat, Rotate,
    RoutedBridges, Word,
};
