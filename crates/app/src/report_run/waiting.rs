//! Reports that were made and wait for the disk together. Their files take their names at once, and then one
//! transaction notes all of them: a run that ends before does them again.

use files::AtomicBatch;
use reporting::PublishedReport;
use traffic::Period;

/// Most files that wait; each is open.
const MOST_FILES: usize = 100;
/// Most reports that wait.
const MOST_REPORTS: usize = 32;
/// Connections from which on no more reports wait: each takes 64 bytes.
const MANY_CONNECTIONS: u64 = 200_000;

/// What waits.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) files: AtomicBatch,
    pub(super) reports: Vec<WaitingReport>,
    /// Hosts whose reports were all made, and the days that they tell of.
    pub(super) told: Vec<(String, Vec<i64>)>,
}

/// A report whose files are not in place yet.
pub(super) struct WaitingReport {
    pub(super) period: Period,
    pub(super) published: PublishedReport,
    /// How many reports of its host are planned.
    pub(super) planned: usize,
    /// Whether a period was asked for, and a run without one would report this one as well.
    pub(super) is_due: bool,
}

impl Waiting {
    /// Whether nothing more should wait.
    pub(super) fn is_full(&self) -> bool {
        let reports = self.reports.iter();
        let connections: u64 = reports
            .map(|report| report.published.report.connections_total)
            .sum();
        self.files.len() >= MOST_FILES
            || self.reports.len() >= MOST_REPORTS
            || connections >= MANY_CONNECTIONS
    }
}
