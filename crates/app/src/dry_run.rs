//! What a run would do, without doing it.

use lifecycle::{
    ArchiveScope, DroppedDay, LogFolder, Unreadable, look_for_logs, passed_over_sentences,
    plan_archives, retention,
};
use mailing::Envelope;
use serde::Serialize;
use settings::{LetterTime, Settings};
use store::Store;
use tracing::warn;
use traffic::{Period, When};

use crate::error::Result;
use crate::hosts::hosts;

/// What `report --dry-run --json` prints.
#[derive(Debug, Default, Serialize)]
pub struct DryRun {
    /// Logs in the log folder.
    pub logs_found: u64,
    /// Logs that are new or have changed: they would be read, and the days that they tell of be
    /// reported as well.
    pub would_read: Vec<String>,
    /// Reports of what the history holds already.
    pub would_report: Vec<PlannedReport>,
    /// Letters about these reports that would be sent.
    pub would_mail: Vec<PlannedLetter>,
    /// Whom letters about the days of the logs to be read would be sent to.
    pub would_mail_new_days_to: Vec<String>,
    /// Archives and reports that are past their time.
    pub would_delete: Vec<String>,
    /// Days of the history that are past their time.
    pub would_drop: Vec<DroppedDay>,
    /// Logs of the history that are finished.
    pub would_archive: Vec<PlannedLog>,
    /// Logs of the history that are not, and why.
    pub would_leave: Vec<Unreadable>,
}

/// A report that would be made.
#[derive(Debug, Serialize)]
pub struct PlannedReport {
    /// Host.
    pub host: String,
    /// First day.
    pub first_day: String,
    /// Last day.
    pub last_day: String,
}

impl PlannedReport {
    /// That of a period.
    fn new(host: &str, period: &Period) -> Self {
        PlannedReport {
            host: host.to_owned(),
            first_day: period.first.to_string(),
            last_day: period.last.to_string(),
        }
    }
}

/// A letter that would be sent.
#[derive(Debug, Serialize)]
pub struct PlannedLetter {
    /// The report that it is about.
    #[serde(flatten)]
    pub report: PlannedReport,
    /// Whom it would be sent to.
    pub recipients: Vec<String>,
    /// On what condition it would be sent: `always`, `problems` or `critical`.
    pub condition: &'static str,
}

/// A log that would be archived.
#[derive(Debug, Serialize)]
pub struct PlannedLog {
    /// The log.
    pub path: String,
    /// Host.
    pub host: String,
    /// Day of its archive.
    pub day: String,
}

impl DryRun {
    /// Adds the letters about planned reports.
    ///
    /// # Errors
    /// If the outbox cannot be read.
    fn add_letters(
        &mut self,
        reports: &[(String, Period)],
        is_asked: bool,
        settings: &Settings,
        now: i64,
    ) -> Result<()> {
        let Ok(envelope) = Envelope::of(&settings.email) else {
            return Ok(());
        };
        let condition = match settings.email.when {
            _ if is_asked => "always",
            LetterTime::Always => "always",
            LetterTime::Problems => "problems",
            LetterTime::Weekly => "critical",
        };
        let today = settings.today(now);
        let known = mailing::written_reports(settings, &envelope.recipients())?;
        for (host, period) in reports {
            let is_written = known.contains(&(host.clone(), period.stamp()));
            if (period.last < today || is_asked) && !is_written {
                self.would_mail.push(PlannedLetter {
                    report: PlannedReport::new(host, period),
                    recipients: envelope.recipients(),
                    condition,
                });
            }
        }
        if !is_asked && !self.would_read.is_empty() {
            self.would_mail_new_days_to = envelope.recipients();
        }
        Ok(())
    }

    /// Adds what is past its time.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    fn plan_retention(&mut self, store: &Store, settings: &Settings, now: i64) -> Result<()> {
        let expired = retention::plan(store, settings, now)?;
        let archives = expired.archives.iter().map(|archive| &archive.path);
        let paths = archives.chain(&expired.reports);
        self.would_delete = paths.map(|path| files::show(path).to_string()).collect();
        self.would_drop = expired.days.iter().map(DroppedDay::from).collect();
        Ok(())
    }

    /// Adds which logs of the history would be archived.
    ///
    /// # Errors
    /// If the catalogue or the log folder cannot be read.
    fn add_archives(&mut self, store: &Store, settings: &Settings, now: i64) -> Result<()> {
        let plan = plan_archives(store, settings, now, ArchiveScope::Ingested)?;
        for ((host, day), logs) in plan.days {
            self.would_archive.extend(logs.iter().map(|log| PlannedLog {
                path: files::show(&log.path).to_string(),
                host: host.clone(),
                day: day.to_string(),
            }));
        }
        self.would_leave = plan.waiting;
        Ok(())
    }
}

/// What `report` would do.
///
/// # Errors
/// If the store or the log folder cannot be read.
pub fn report_dry_run(
    host: Option<&str>,
    when: Option<When>,
    mail: bool,
    settings: &Settings,
    now: i64,
) -> Result<DryRun> {
    let store = Store::open_to_read(&settings.paths.store_dir)?;
    let LogFolder {
        found,
        pending,
        skipped,
    } = look_for_logs(store.as_ref(), settings)?;
    for sentence in passed_over_sentences(&skipped) {
        warn!("{sentence}");
    }
    let mut planned = DryRun {
        logs_found: found as u64,
        would_read: (pending.iter())
            .map(|log| files::show(&log.path).to_string())
            .collect(),
        ..DryRun::default()
    };
    let mut reports: Vec<(String, Period)> = Vec::new();
    if let Some(store) = &store {
        let today = settings.today(now);
        for host in hosts(store, host, settings)? {
            let plan = reporting::plan(store, &host, when, &settings.time_zone, today)?;
            reports.extend(plan.periods.iter().map(|period| (host.clone(), *period)));
        }
        let planned_reports = reports.iter();
        planned.would_report =
            (planned_reports.map(|(host, period)| PlannedReport::new(host, period))).collect();
        planned.plan_retention(store, settings, now)?;
        if settings.archive.enabled {
            planned.add_archives(store, settings, now)?;
        }
    }
    if settings.email.enabled && (when.is_none() || mail) {
        planned.add_letters(&reports, when.is_some(), settings, now)?;
    }
    Ok(planned)
}

/// What `archive` would do.
///
/// # Errors
/// If the store or the log folder cannot be read.
pub fn archive_dry_run(settings: &Settings, now: i64) -> Result<DryRun> {
    let mut planned = DryRun::default();
    if let Some(store) = Store::open_to_read(&settings.paths.store_dir)? {
        planned.plan_retention(&store, settings, now)?;
        planned.add_archives(&store, settings, now)?;
    }
    Ok(planned)
}
