//! SIGINT and SIGTERM: the first one asks to stop, the second ends the program at once.
//!
//! What runs is killed at no worse a point than a power cut may choose, which loses nothing; asking
//! first only saves the work of the step at hand.

use std::io;
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

/// How long a step may take to end once it was asked to.
pub const GRACE: Duration = Duration::from_secs(1);
/// The same of the collector, which writes its last frame and syncs its log: on a busy machine, or a slow disk, that
/// takes longer. systemd waits for 20 seconds.
pub const COLLECTOR_GRACE: Duration = Duration::from_secs(15);

/// What a shell shows of a program that a signal ended.
const BASE: i32 = 128;

/// Listens to signals from now on. What runs may take so long to end.
///
/// # Errors
/// If the system gives no thread or no handler.
pub fn listen(grace: Duration) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let flag = files::interrupt_flag();
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            let Some(signal) = signals.forever().next() else {
                return;
            };
            let number = usize::try_from(signal).unwrap_or_default();
            flag.store(number, std::sync::atomic::Ordering::Relaxed);
            let handle = signals.handle();
            thread::spawn(move || {
                thread::sleep(grace);
                handle.close();
            });
            let last = signals.forever().next().unwrap_or(signal);
            low_level::exit(BASE + last);
        })?;
    Ok(())
}
