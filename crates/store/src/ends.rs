//! Which ends of runs may have changed.

use std::collections::BTreeSet;

use traffic::RunSummary;

/// Ends of runs that may have changed, by host and time.
#[derive(Default)]
pub(crate) struct Ends {
    pub(crate) times: BTreeSet<(String, i64)>,
}

impl Ends {
    /// A run came or went: its own end may be new, and so may the one that it continues, and the
    /// one that continues it.
    pub(crate) fn touch(&mut self, host: &str, run: &RunSummary) {
        for time in [run.first, run.last].into_iter().flatten() {
            self.times.insert((host.to_owned(), time));
        }
    }
}
