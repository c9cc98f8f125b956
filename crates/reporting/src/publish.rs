//! One report → its files.

use std::ops::Range;

use display::Moment;
use report::{HtmlOptions, ParquetOptions, ParquetRows, Report, Traces};
use settings::{ReportFormat, Settings};
use store::Store;
use tracing::debug;
use traffic::Period;

use crate::build::{BuiltReport, Reporter};
use crate::damage::DamagedPeriod;
use crate::error::{Error, Result};
use crate::folder::{Folder, Target, WrittenFile};

/// A report that was written.
#[derive(Debug)]
pub struct PublishedReport {
    /// The report.
    pub report: Report,
    /// Its files.
    pub files: Vec<WrittenFile>,
    /// What damaged files of the store keep from being reported.
    pub damage: Vec<DamagedPeriod>,
}

impl Reporter<'_> {
    /// Builds the report of a period of a host and writes its files. Those that do not change stay.
    ///
    /// # Errors
    /// If the store cannot be read or a file not be written, or a signal asks to stop.
    pub fn publish(
        &mut self,
        store: &Store,
        host: &str,
        period: Period,
        target: &Target,
    ) -> Result<PublishedReport> {
        let settings = self.settings;
        let now = Moment::new(self.now, &settings.time_zone);
        let mut formats = settings.reports.formats_to_write();
        formats.sort_by_key(|format| place_in_list(*format));
        formats.dedup();
        let mut folder = Folder::open(target, &period)?;
        let mut parquet = if formats.contains(&ReportFormat::Parquet) {
            let file = folder.begin(&format!("report_{}.parquet", period.stamp()))?;
            let options = ParquetOptions {
                resolution: settings.input.resolution_seconds(),
                batch_size: settings.processing.batch_size,
                include_loopback: settings.input.includes_loopback(),
            };
            Some(ParquetRows::new(file, host, options).map_err(|error| folder.failed(&error))?)
        } else {
            None
        };
        let BuiltReport { report, damage } = self.build_with(store, host, period, |row| {
            if let Some(parquet) = &mut parquet {
                parquet.row(row).map_err(|error| folder.failed(&error))?;
            }
            Ok(())
        })?;
        for format in formats {
            match format {
                ReportFormat::Json => {
                    folder.write_json("report", |timestamp| report.to_json(timestamp), now)?;
                }
                ReportFormat::Csv => {
                    let mut csv = Vec::new();
                    report::write_csv(&report, &mut csv).map_err(|error| folder.failed(&error))?;
                    folder.write("report", "csv", &csv)?;
                }
                ReportFormat::Html => {
                    let charts = settings.reports.include_charts;
                    let traces = if charts {
                        Some(traces(store, &report, period, settings)?)
                    } else {
                        None
                    };
                    let options = HtmlOptions {
                        charts,
                        traces: traces.as_ref(),
                    };
                    folder.write_html(|timestamp| report.to_html(timestamp, &options), now)?;
                }
                ReportFormat::Parquet => {
                    if let Some(rows) = parquet.take() {
                        let file = rows.finish().map_err(|error| folder.failed(&error))?;
                        folder.end(file)?;
                    }
                }
            }
        }
        if settings.reports.generate_summary {
            let summary = |timestamp: Moment| report.summary_json(timestamp);
            folder.write_json("summary", summary, now)?;
        }
        if settings.reports.compress_reports {
            folder.write_zip()?;
        }
        debug!("{host} {}: report made", period.stamp());
        Ok(PublishedReport {
            report,
            files: folder.finish(),
            damage,
        })
    }
}

/// Where the file of a format stands among those of a report.
fn place_in_list(format: ReportFormat) -> u8 {
    match format {
        ReportFormat::Json => 0,
        ReportFormat::Csv => 1,
        ReportFormat::Html => 2,
        ReportFormat::Parquet => 3,
    }
}

/// Reads the rows once more, for what only the entries of the finished lists need.
fn traces(store: &Store, report: &Report, period: Period, settings: &Settings) -> Result<Traces> {
    let seconds: Range<i64> = period.seconds(&settings.time_zone);
    let mut traces = Traces::new(report, settings.input.includes_loopback());
    store.read_rows::<Error>(&report.host, seconds, |row| {
        traces.row(row);
        Ok(())
    })?;
    Ok(traces)
}
