//! Settings that shape what a store writes.

/// Settings of a store that shape what it writes.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// How logs are folded.
    pub fold: traffic::Options,
    /// Bounds on what is read at a time.
    pub limits: rawlog::Limits,
    /// Rows of a Parquet row group.
    pub batch_rows: usize,
    /// Whether one log is spread over the threads of the rayon pool at hand.
    pub spread: bool,
}

impl Default for Tuning {
    fn default() -> Self {
        Tuning {
            fold: traffic::Options::default(),
            limits: rawlog::Limits::default(),
            batch_rows: 65_536,
            spread: false,
        }
    }
}
