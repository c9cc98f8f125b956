//! The rooms of the `network-monitor` command: what was typed, what it means, what is done and said.
//!
//! A library beside the binary so that packaging can write the man pages and the tests can reach
//! each room. It promises no stable interface.

pub mod accounts;
pub mod analysis_command;
pub mod archive_command;
pub mod archiving;
pub mod args;
pub mod claims;
pub mod collect_command;
pub mod completions;
pub mod config_command;
pub mod doctor;
pub mod dry_run;
pub mod email_command;
pub mod facts;
pub mod failure;
pub mod findings;
pub mod history;
pub mod known_archives;
pub mod letter;
pub mod metrics;
pub mod mutes;
pub mod newer_archives;
pub mod own_host;
pub mod passed_over;
pub mod password;
pub mod periods;
pub mod pings;
pub mod pipeline;
pub mod post;
pub mod progress;
pub mod publish;
pub mod quotas;
pub mod rename_host;
pub mod report_command;
pub mod retention;
pub mod running_collector;
pub mod setup;
pub mod signals;
pub mod status;
pub mod store_commands;
pub mod terminal;
pub mod watch;

pub use args::Args;
