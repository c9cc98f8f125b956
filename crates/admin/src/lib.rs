//! What a machine needs so that reports come by themselves, and what is wrong with it.
//!
//! [`setup::plan`] says what is missing and [`setup::carry_out`] makes it; [`doctor::examine`] looks at
//! everything and names the cure of what is wrong. Both return what they found; nothing is printed.

pub mod accounts;
pub mod doctor;
mod error;
pub mod setup;

pub use error::{Error, Result};
