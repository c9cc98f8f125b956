//! Words → actions: what each command does with what was typed.

pub mod analysis;
pub mod archive;
pub mod collect;
pub mod completions;
pub mod config;
pub mod doctor;
pub mod email;
pub mod ingest;
pub mod report;
pub mod setup;
pub mod show;
pub mod status;
pub mod store;
