//! The rooms of the `network-monitor` command: what was typed, what it means, what is said.
//!
//! A library beside the binary so that packaging can write the man pages and the tests can reach
//! each room. It promises no stable interface.

pub mod args;
pub mod completions;
pub mod config_command;
pub mod logging;
pub mod printable;
pub mod settings;

pub use args::Args;
pub use printable::printable;
pub use settings::{Settings, SettingsError, Surroundings};
