//! When bandwhich may be started again, and whether its refreshes are slow.

use std::time::{Duration, Instant};

/// A run of bandwhich that lasted so long did not fail at once.
const HEALTHY: Duration = Duration::from_secs(10);
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// Pauses before bandwhich is started again after a failure: none at first, then ones that double while
/// runs are short.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    next: Duration,
}

impl Pauses {
    /// The pause after a run that lasted so long.
    pub(crate) fn after(&mut self, lasted: Duration) -> Duration {
        if lasted >= HEALTHY {
            self.next = Duration::ZERO;
        }
        let pause = self.next;
        self.next = (pause * 2).clamp(FIRST, LONGEST);
        pause
    }
}

/// Restarts for changed addresses that may follow each other at once, and the time after which one more
/// may.
const MOST_RESTARTS: u32 = 5;
const ANOTHER_AFTER: Duration = Duration::from_secs(60);

/// Bounds how often changed addresses may end a bandwhich that is well: each restart costs some tenths of a
/// second of traffic, and an interface that comes and goes would cost it all.
#[derive(Debug)]
pub(crate) struct Restarts {
    left: u32,
    since: Instant,
}

impl Restarts {
    pub(crate) fn new(now: Instant) -> Self {
        Restarts {
            left: MOST_RESTARTS,
            since: now,
        }
    }

    /// Whether a restart may happen now.
    pub(crate) fn is_allowed(&mut self, now: Instant) -> bool {
        while self.left < MOST_RESTARTS && now.duration_since(self.since) >= ANOTHER_AFTER {
            self.since += ANOTHER_AFTER;
            self.left += 1;
        }
        self.left > 0
    }

    /// A restart happened.
    pub(crate) fn note(&mut self, now: Instant) {
        if self.left == MOST_RESTARTS {
            self.since = now;
        }
        self.left = self.left.saturating_sub(1);
    }
}

/// Refreshes over which their duration is measured.
const REFRESHES: u32 = 60;

/// Measures how long a refresh takes.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    since: Option<Instant>,
    frames: u32,
}

impl Pace {
    /// Takes frames that came; gives the seconds that one took on average, once that is known.
    pub(crate) fn note(&mut self, frames: u32, now: Instant) -> Option<f64> {
        let Some(since) = self.since else {
            self.since = Some(now);
            return None;
        };
        self.frames += frames;
        if self.frames < REFRESHES {
            return None;
        }
        let seconds = now.duration_since(since).as_secs_f64() / f64::from(self.frames);
        *self = Pace {
            since: Some(now),
            frames: 0,
        };
        Some(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_restart_is_immediate_and_pauses_grow_while_runs_are_short() {
        let mut pauses = Pauses::default();
        let short = Duration::from_secs(3);
        let seconds: Vec<u64> = (0..9).map(|_| pauses.after(short).as_secs()).collect();
        assert_eq!(seconds, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pauses.after(HEALTHY).as_secs(), 0);
        assert_eq!(pauses.after(short).as_secs(), 1);
    }

    #[test]
    fn addresses_that_come_and_go_restart_it_five_times_and_then_once_a_minute() {
        let start = Instant::now();
        let mut restarts = Restarts::new(start);
        let mut at = Vec::new();
        for second in 0..300 {
            let now = start + Duration::from_secs(second);
            if restarts.is_allowed(now) {
                restarts.note(now);
                at.push(second);
            }
        }
        assert_eq!(at, [0, 1, 2, 3, 4, 60, 120, 180, 240]);
        // After five quiet minutes all are allowed again.
        let later = start + Duration::from_secs(600);
        assert!((0..5).all(|_| {
            let is_allowed = restarts.is_allowed(later);
            restarts.note(later);
            is_allowed
        }));
        assert!(!restarts.is_allowed(later));
    }

    #[test]
    fn the_duration_of_a_refresh_is_a_mean_over_sixty() {
        let mut pace = Pace::default();
        let start = Instant::now();
        assert_eq!(pace.note(1, start), None);
        let mut told = Vec::new();
        for second in 1..=120 {
            let now = start + Duration::from_millis(2600 * second);
            told.extend(pace.note(1, now));
        }
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|seconds| (seconds - 2.6).abs() < 1e-6));
    }
}
