//! Text that people read: hostile text made harmless, units, moments, wrapping.
//!
//! Everything that is shown to a person goes through here, so that a terminal, a letter and a page
//! write the same number in the same words, and no name from a log acts on a terminal. Nothing
//! here touches files, clocks or the environment: bytes go to a writer, and a time is an argument.

mod colour;
mod dated;
mod ignore_broken_pipe;
mod json;
mod moment;
mod printable;
mod twin;
mod units;
mod wrap;

pub use colour::{Colour, Tone};
pub use dated::{deserialize_dated, serialize_dated};
pub use ignore_broken_pipe::IgnoreBrokenPipe;
pub use json::print_json;
pub use moment::Moment;
pub use printable::{cut, fitted, is_deceptive, printable, width};
pub use twin::{deserialize_twin, serialize_twin};
pub use units::{approximate_bytes, bytes, counted, duration, percent, rate};
pub use wrap::wrapped;
