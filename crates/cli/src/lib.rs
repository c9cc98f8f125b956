//! The rooms of the `network-monitor` command: what was typed, what it means, what is done and said.
//!
//! A library beside the binary so that packaging can write the man pages and the tests can reach
//! each room. It promises no stable interface.

pub mod accounts;
pub mod analysis_command;
pub mod archive_command;
pub mod args;
pub mod collect_command;
pub mod completions;
pub mod config_command;
pub mod doctor;
pub mod dry_run;
pub mod email_command;
pub mod failure;
pub mod letter;
pub mod metrics;
pub mod mutes;
pub mod password;
pub mod pings;
pub mod post;
pub mod progress_bar;
pub mod report_command;
pub mod running_collector;
pub mod setup;
pub mod signals;
pub mod status;
pub mod store_commands;
pub mod terminal;
pub mod watch;

pub use args::Args;
