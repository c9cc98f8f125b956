//! What systemd wants to know while the collector runs as its service.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;

/// How often the state is told, and how soon where it has changed.
const STATUS_EVERY: Duration = Duration::from_secs(10);
const SOON: Duration = Duration::from_secs(2);

/// Feeds systemd's watchdog and tells it the state.
pub(crate) struct Watchdog {
    every: Option<Duration>,
    fed: Instant,
    /// When the state is to be told next.
    due: Instant,
}

impl Watchdog {
    pub(crate) fn new() -> Self {
        Watchdog {
            every: sd_notify::watchdog_enabled().map(|every| every / 3),
            fed: Instant::now(),
            due: Instant::now(),
        }
    }

    /// Feeds the watchdog; gives whether the state is to be told again.
    pub(crate) fn tick(&mut self) -> bool {
        if self.every.is_some_and(|every| self.fed.elapsed() >= every) {
            self.fed = Instant::now();
            notify(&[NotifyState::Watchdog]);
        }
        let now = Instant::now();
        let is_due = now >= self.due;
        if is_due {
            self.due = now + STATUS_EVERY;
        }
        is_due
    }

    /// Has the state told soon: there is news.
    pub(crate) fn tell_soon(&mut self) {
        self.due = self.due.min(Instant::now() + SOON);
    }
}

pub(crate) fn notify(state: &[NotifyState<'_>]) {
    // Whoever started us may not listen any more; that is no reason to stop recording.
    let _ = sd_notify::notify(state);
}
