//! How long to wait before bandwhich is started again, and whether its refreshes are slow.

use std::time::{Duration, Instant};

/// A run of bandwhich that lasted so long was healthy.
const HEALTHY: Duration = Duration::from_secs(120);
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// Pauses that double while runs are short.
#[derive(Debug)]
pub(crate) struct Pauses {
    next: Duration,
}

impl Pauses {
    pub(crate) fn new() -> Self {
        Pauses { next: FIRST }
    }

    /// The pause after a run that lasted so long.
    pub(crate) fn after(&mut self, lasted: Duration) -> Duration {
        if lasted >= HEALTHY {
            self.next = FIRST;
        }
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST);
        pause
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
    fn pauses_grow_while_runs_are_short_and_begin_anew_after_a_long_one() {
        let mut pauses = Pauses::new();
        let short = Duration::from_secs(3);
        let seconds: Vec<u64> = (0..8).map(|_| pauses.after(short).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pauses.after(HEALTHY).as_secs(), 1);
        assert_eq!(pauses.after(short).as_secs(), 2);
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
