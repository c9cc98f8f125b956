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
