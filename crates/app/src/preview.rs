//! The letter that a report would send, from what the store holds now. A preview leaves no trace.

use std::path::{Path, PathBuf};

use lifecycle::IngestSummary;
use mailing::{Envelope, ReportFile, Subject, Writer};
use reporting::{PublishedReport, Reporter, Target};
use settings::Settings;
use store::Store;
use traffic::Period;

use crate::circumstances::{circumstances, last_seen};
use crate::error::{Error, Result};

/// A letter that is only looked at.
#[derive(Debug)]
pub struct PreviewedLetter {
    /// The message, as it would be sent.
    pub message: Vec<u8>,
    /// What is wrong with the user's templates; the built-in ones wrote the letter.
    pub template_faults: Vec<String>,
}

/// Writes the letter about a period of a host.
///
/// # Errors
/// If the store holds nothing of that period, or cannot be read.
pub fn preview(
    host: &str,
    period: Period,
    settings: &Settings,
    now: i64,
) -> Result<PreviewedLetter> {
    let nothing = || {
        Error::NotThere(format!(
            "the store has no data of host {host:?} for {}",
            period.stamp()
        ))
    };
    let store = Store::open_to_read(&settings.paths.store_dir)?.ok_or_else(nothing)?;
    let seconds = period.seconds(&settings.time_zone);
    if store.read_facts(host, seconds)?.is_empty() {
        return Err(nothing());
    }
    let aside = folder_aside()?;
    let target = Target {
        folder: aside.path().to_owned(),
        temp_dir: None,
        force: false,
    };
    let mut reporter = Reporter::new(settings, now);
    let PublishedReport { report, files, .. } = reporter.publish(&store, host, period, &target)?;
    let report_dir = Target::of(settings, host, false).folder;
    let files: Vec<ReportFile> = files
        .into_iter()
        .map(|file| {
            let path = PathBuf::from(file.path);
            ReportFile {
                shown: report_dir.join(path.file_name().unwrap_or_default()),
                path,
                bytes: file.bytes,
            }
        })
        .collect();
    let subject = Subject {
        report: &report,
        period,
        files: &files,
    };
    let envelope = Envelope::to_look_at(&settings.email);
    let writer = Writer::new(settings, &envelope, now);
    let last_seen = last_seen(&store)?;
    let circumstances = circumstances(settings, last_seen, &IngestSummary::default());
    let draft = writer.write(&subject, &circumstances)?;
    let template_faults = draft.faults.iter().map(ToString::to_string).collect();
    let id = writer.key(&report, period).message_id(1, &envelope.from);
    Ok(PreviewedLetter {
        message: draft.with_id(id).compose(),
        template_faults,
    })
}

/// A folder outside of the program's own.
///
/// # Errors
/// If it cannot be made.
pub fn folder_aside() -> Result<tempfile::TempDir> {
    let folder: &Path = &std::env::temp_dir();
    let made = tempfile::Builder::new()
        .prefix("network-monitor-")
        .tempdir_in(folder);
    Ok(made.map_err(files::Error::context("create a folder in", folder))?)
}
