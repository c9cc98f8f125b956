//! A whole run of `report`, `ingest` or `archive`, and the status. Values in, values out: nothing is printed,
//! and no terminal is asked for.
//!
//! [`report_run`] is the daily run, [`status()`] the state now, [`watched`] records how a run ended.

mod archive_run;
mod circumstances;
mod dry_run;
mod error;
mod forget_logs;
mod hosts;
mod ingest_run;
mod kept_reports;
mod last_report;
mod last_run;
mod letters;
mod metrics;
mod outcome;
mod pings;
mod preview;
mod report_run;
mod result;
mod running_collector;
mod show;
mod signals;
mod status;
#[cfg(test)]
mod tests;
mod watch;

pub use archive_run::archive_run;
pub use dry_run::{
    DryRun, PlannedLetter, PlannedLog, PlannedReport, archive_dry_run, report_dry_run,
};
pub use error::{Error, Result};
pub use forget_logs::forget_logs;
pub use ingest_run::ingest_run;
pub use last_report::{LastLetter, LastReport, OpenFinding};
pub use last_run::{AbandonedRun, LastRun, forget_abandoned};
pub use outcome::RunOutcome;
pub use preview::{PreviewedLetter, folder_aside, preview};
pub use report_run::{FinishedReport, ReportRequest, ReportRun, report_run};
pub use result::{DroppedPeriod, ReportResult, RunResult};
pub use running_collector::RunningCollector;
pub use show::{days_of, last_day, show};
pub use signals::{COLLECTOR_GRACE, GRACE, listen};
pub use status::{DayCoverage, Disk, HostDays, Status, kept_sentence, status};
pub use watch::{Pings, watched};
