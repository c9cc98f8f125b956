//! Where a run is in time, and how fast it goes.

/// Seconds that one refresh may take beyond the one that is usual.
pub(super) const SLACK: i64 = 3;

/// Where a run is in time.
#[derive(Default)]
pub(super) struct Clock {
    /// The last time that is known.
    pub(super) known: Option<i64>,
    /// Idle frames since then, or before the first time that is known.
    pub(super) idle: i64,
    /// Seconds and frames of all refreshes whose time is known.
    pub(super) pace: (i64, i64),
}

impl Clock {
    /// Whether so many refreshes may have taken so many seconds.
    pub(super) fn may_take(&self, frames: i64, seconds: i64, slack: i64) -> bool {
        (0..=frames + slack).contains(&seconds) || self.is_at_pace(frames, seconds)
    }

    /// Whether the refreshes were as slow as those before.
    pub(super) fn is_at_pace(&self, frames: i64, seconds: i64) -> bool {
        let usual = frames.saturating_mul(self.pace.0) / self.pace.1.max(1);
        self.pace.1 >= 10 && (0..=usual.saturating_add(usual / 4 + SLACK)).contains(&seconds)
    }
}
