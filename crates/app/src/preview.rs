//! The letter that a report would send, from what the store holds now. A preview leaves no trace.

use std::path::{Path, PathBuf};

use lifecycle::IngestSummary;
use mailing::{Envelope, ReportFile, Subject, Writer};
use reporting::{PublishedReport, Reporter, Target, asked_period};
use settings::Settings;
use store::Store;
use traffic::{Period, When};

use crate::circumstances::{circumstances, last_seen};
use crate::error::{Error, Result};
use crate::show::last_whole_day;

/// A letter that is only looked at.
#[derive(Debug)]
pub struct PreviewedLetter {
    /// The message, as it would be sent.
    pub message: Vec<u8>,
    /// Its subject.
    pub subject: String,
    /// What it says as plain text.
    pub text: String,
    /// The days that it is about.
    pub period: Period,
    /// What is wrong with the user's templates; the built-in ones wrote the letter.
    pub template_faults: Vec<String>,
}

/// Writes the letter about a period of a host; if none is named, about its last whole day that has anything.
///
/// # Errors
/// If the store holds nothing of that period, or cannot be read.
pub fn preview(
    host: &str,
    when: Option<When>,
    settings: &Settings,
    now: i64,
) -> Result<PreviewedLetter> {
    let nothing = |of: &str| Error::NotThere(format!("the store has no data of host {host:?}{of}"));
    let store = Store::open_to_read(&settings.paths.store_dir)?.ok_or_else(|| nothing(""))?;
    let (zone, today) = (&settings.time_zone, settings.today(now));
    let period = match when {
        Some(when) => asked_period(when, &store, Some(host), zone, today)?,
        None => {
            let last = last_whole_day(&store, host, settings, now)?;
            Period::day(last.ok_or_else(|| nothing(""))?)
        }
    };
    let seconds = period.seconds(&settings.time_zone);
    if store.read_facts(host, seconds)?.is_empty() {
        return Err(nothing(&format!(" for {}", period.stamp())));
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
    let letter = draft.with_id(id);
    Ok(PreviewedLetter {
        message: letter.compose(),
        subject: letter.subject,
        text: letter.text,
        period,
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
