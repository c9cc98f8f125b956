//! Keeps bandwhich running and writes its raw output, unchanged, as dated logs.
//!
//! - [`arguments`] says what bandwhich is started with, and what is refused;
//! - [`collect`] runs it, watches it, writes whole frames, rotates between them, and adds notes of what
//!   bandwhich does not print (see `docs/log_format.md`);
//! - [`check`] judges a machine: what would make a log incomplete or wrong, and the cure.
//!
//! What a log means does not belong here.

mod arguments;
mod capture;
mod check;
mod child;
mod collect;
mod frames;
mod interfaces;
mod machine;
mod nat;
mod netlink;
mod network;
mod notes;
mod owners;
mod pace;
mod plan;
mod recorder;
mod routed;
mod service;
mod session;
mod spool;
mod state;

pub use arguments::{Refused, arguments, watched_interface};
pub use check::{
    Finding, Verdict, buffer, capabilities, descriptors, doubled, findings, hardware_addresses,
    released, routed,
};
pub use child::find_program;
pub use collect::collect;
pub use interfaces::{Interface, interfaces};
pub use machine::{FileCapabilities, Machine, Rights, Version};
pub use plan::{CollectError, Ending, Event, Plan};
pub use routed::Routed;
pub use spool::Rotate;
pub use state::State;
