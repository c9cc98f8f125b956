//! What a run of `report` did.

use analysis::QuotaState;
use lifecycle::{ArchiveSummary, IngestSummary};
use mailing::MailResult;
use report::Report;
use reporting::{DamagedPeriod, WrittenFile};
use serde::Serialize;
use traffic::Period;

/// What `report --json` prints.
#[derive(Debug, Default, Serialize)]
pub struct RunResult {
    /// What became of the logs.
    pub ingest: IngestSummary,
    /// The reports.
    pub reports: Vec<ReportResult>,
    /// What became of logs that are finished, and of what is past its time. `None` if neither is
    /// asked for.
    pub archive: Option<ArchiveSummary>,
    /// What became of the letters. `None` if none are sent.
    pub mail: Option<MailResult>,
    /// What could not be said, for a file of the store is damaged.
    pub damage: Vec<DamagedPeriod>,
    /// Whether the store is older than the reports and archives that it has written.
    pub store_is_older: bool,
    /// Archives with logs that the history does not hold.
    pub newer_archives: Vec<String>,
    /// Periods asked for of which the store dropped days because of their age.
    pub dropped: Vec<DroppedPeriod>,
    /// The quotas, now.
    pub quotas: Vec<QuotaState>,
    /// Whether nothing had to be done.
    pub nothing_new: bool,
    /// Settings that are accepted and have no effect in this version.
    pub not_yet_active: Vec<&'static str>,
}

/// A period of which the store dropped days.
#[derive(Debug, Serialize)]
pub struct DroppedPeriod {
    /// Host.
    pub host: String,
    /// First day.
    pub first_day: String,
    /// Last day.
    pub last_day: String,
    /// What that means for its report.
    pub consequence: &'static str,
}

/// One report.
#[derive(Debug, Serialize)]
pub struct ReportResult {
    /// Host.
    pub host: String,
    /// First day.
    pub first_day: String,
    /// Last day.
    pub last_day: String,
    /// Bytes sent.
    pub total_upload_bytes: u64,
    /// Bytes received.
    pub total_download_bytes: u64,
    /// Share of the period that was observed.
    pub coverage: f64,
    /// Damaged lines in its logs.
    pub damaged_lines: u64,
    /// Its files.
    pub files: Vec<WrittenFile>,
}

impl ReportResult {
    /// A report and its files.
    pub(crate) fn new(report: &Report, period: Period, files: Vec<WrittenFile>) -> Self {
        Self {
            host: report.host.clone(),
            first_day: period.first.to_string(),
            last_day: period.last.to_string(),
            total_upload_bytes: report.total_upload_bytes,
            total_download_bytes: report.total_download_bytes,
            coverage: report.coverage.ratio,
            damaged_lines: report.input.damaged_lines,
            files,
        }
    }
}

impl RunResult {
    /// All files of the reports.
    pub(crate) fn files(&self) -> impl Iterator<Item = &WrittenFile> {
        self.reports.iter().flat_map(|report| &report.files)
    }
}
