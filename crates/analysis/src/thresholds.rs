//! What is worth telling.

/// Limits below which nothing is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Thresholds {
    /// Observed days of history before anything is called unusual, new or a trend.
    pub min_history_days: u32,
    /// Score above which an hour is unusual: the modified z of Iglewicz and Hoaglin (1993).
    pub min_score: f64,
    /// Bytes beyond (or short of) the usual that an anomaly has at least.
    pub min_bytes: u64,
    /// How many times the usual, or the usual how many times the observed, at least.
    pub min_ratio: f64,
    /// Bytes sent to a new remote, or by a new process, on a day that make it a warning.
    pub new_remote_bytes: u64,
    /// How many times the middle remote (or process) of the day that has to be as well.
    pub new_remote_ratio: f64,
    /// Bytes from which on it is critical.
    pub new_remote_critical_bytes: u64,
    /// Significance of a trend, the probability that there is none.
    pub max_p: f64,
    /// Change of the level a week, as a part of it, that makes a trend worth telling.
    pub min_trend: f64,
    /// Score that a beacon has at least, from 0 to 1.
    pub min_beacon_score: f64,
    /// Days on which a transfer has to be met before it recurs; of more than seven days four of seven.
    pub min_recurring_days: u32,
    /// Bytes that a recurring transfer has at least.
    pub min_recurring_bytes: u64,
    /// Day of the month, from 1 to 31, on which a billing month begins.
    pub month_begins: u8,
    /// Bytes a second that were paid for. `None` if there is no such rate.
    pub committed_bps: Option<u64>,
}

/// Days of history from which on a history that is still too short is judged by what is there.
pub const LEARNING_DAYS: u32 = 3;
/// How many times the usual an hour has to be then: an office's Monday has eight times the bytes of its Sunday.
const LEARNING_RATIO: f64 = 6.0;
/// How much larger what is reported is then.
const LEARNING_BYTES: u64 = 2;

impl Thresholds {
    /// Days without which nothing is judged.
    pub fn least_days(&self) -> u32 {
        self.min_history_days.min(LEARNING_DAYS)
    }

    /// What is worth telling while there are fewer days of history than asked for: large deviations only.
    pub(crate) fn while_learning(&self) -> Self {
        Self {
            min_bytes: self.min_bytes.saturating_mul(LEARNING_BYTES),
            min_ratio: self.min_ratio.max(LEARNING_RATIO),
            new_remote_bytes: self.new_remote_critical_bytes,
            ..self.clone()
        }
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            min_history_days: 7,
            min_score: 3.5,
            min_bytes: 10_000_000,
            min_ratio: 2.0,
            new_remote_bytes: 100_000_000,
            new_remote_ratio: 10.0,
            new_remote_critical_bytes: 1_000_000_000,
            max_p: 0.01,
            min_trend: 0.05,
            min_beacon_score: 0.55,
            min_recurring_days: 4,
            min_recurring_bytes: 1_000_000,
            month_begins: 1,
            committed_bps: None,
        }
    }
}
