//! Whether somebody asked the program to stop.
//!
//! Signals reach a process as a whole, so this is one flag for all of it. Long work asks it between
//! two steps, none of which leaves a half-done thing behind.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

static SIGNAL: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// The flag, for whoever listens to signals: 0, or the number of the signal that came.
pub fn interrupt_flag() -> Arc<AtomicUsize> {
    SIGNAL.clone()
}

/// The number of the signal that asked to stop.
pub fn interrupted() -> Option<u8> {
    match SIGNAL.load(Ordering::Relaxed) {
        0 => None,
        signal => u8::try_from(signal).ok(),
    }
}

/// A signal asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted; finished work is kept, and the next run continues from there")]
pub struct Interrupted {
    /// The number of the signal.
    pub signal: u8,
}

/// Stops with an error if a signal asked to.
///
/// # Errors
/// [`Interrupted`].
pub fn check_interrupted() -> Result<(), Interrupted> {
    interrupted().map_or(Ok(()), |signal| Err(Interrupted { signal }))
}
