//! How a run ended.

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunOutcome {
    /// All is well.
    Done,
    /// It did its work, and something needs attention.
    Attention,
    /// It did its work, and a quota is used up to the share that was asked for.
    Threshold,
    /// It failed.
    Failed,
    /// It was asked for what makes no sense.
    Usage,
    /// Another run was at work.
    Held,
    /// A signal asked it to stop.
    Interrupted {
        /// The number of the signal.
        signal: u8,
    },
}

impl RunOutcome {
    /// The exit code that stands for it, as the last run's record and the metrics have it.
    pub fn exit_code(self) -> u8 {
        match self {
            RunOutcome::Done => 0,
            RunOutcome::Failed => 1,
            RunOutcome::Usage => 2,
            RunOutcome::Attention => 3,
            RunOutcome::Threshold => 4,
            RunOutcome::Held => 5,
            RunOutcome::Interrupted { signal } => 128 + signal,
        }
    }
}
