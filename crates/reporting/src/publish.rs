//! One report → its files.

use std::ops::Range;

use display::Moment;
use files::AtomicBatch;
use report::{HtmlOptions, ParquetOptions, ParquetRows, Report, Traces};
use settings::{ReportFormat, Settings, Word as _};
use store::{RowOrder, Store};
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
    /// Builds the report of a period of a host and puts its files in place. Those that do not change stay.
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
        let mut batch = AtomicBatch::default();
        let published = self.publish_into(&mut batch, store, host, period, target)?;
        batch.commit()?;
        Ok(published)
    }

    /// Builds the report of a period of a host and writes its files, which `batch` puts in place: so many reports
    /// share the waiting for the disk. Files that do not change stay.
    ///
    /// # Errors
    /// As [`publish`](Self::publish). Nothing of the report is in the batch then, except its folder.
    pub fn publish_into(
        &mut self,
        batch: &mut AtomicBatch,
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
        // Pages list the connections that moved most, and name the file beside them that has all.
        let all_connections = [ReportFormat::Csv, ReportFormat::Parquet]
            .into_iter()
            .find(|format| formats.contains(format))
            .map(|format| format!("report_{}.{}", period.stamp(), format.word()));
        let is_zipped = settings.reports.compress_reports;
        let mut folder = Folder::open(target, &period, is_zipped, batch)?;
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
        // The Parquet file has the rows as they come: in the same order whether their day is packed or not.
        let order = if parquet.is_some() {
            RowOrder::Sorted
        } else {
            RowOrder::Any
        };
        let BuiltReport { report, damage } =
            self.build_with(store, host, period, order, |row| {
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
                    folder.write("report", "csv", csv)?;
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
                        all_connections: all_connections.as_deref(),
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
        if is_zipped {
            folder.write_zip()?;
        }
        debug!("{host} {}: report made", period.stamp());
        Ok(PublishedReport {
            report,
            files: folder.finish(batch),
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
