//! The command line of `network-monitor`: arguments, commands, what is printed, exit codes. It computes nothing.
//!
//! A library beside the binary so that packaging can write the man pages and the tests can reach
//! each room. It promises no stable interface.

pub mod args;
pub mod commands;
pub mod failure;
mod output;
mod progress_bar;
pub mod terminal;

pub use args::Args;
