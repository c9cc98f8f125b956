//! What a run would do, without doing it.

use std::io::Write;

use serde::Serialize;
use store::Store;
use traffic::Period;

use crate::failure::Failure;
use crate::terminal::World;
use lifecycle::Unreadable;
use lifecycle::{self, Scope};
use lifecycle::{DroppedDay, retention};
use settings::Settings;

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
    pub fn new(host: &str, period: &Period) -> Self {
        PlannedReport {
            host: host.to_owned(),
            first_day: period.first.to_string(),
            last_day: period.last.to_string(),
        }
    }
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
    /// Adds what is past its time.
    ///
    /// # Errors
    /// Where the catalogue cannot be read.
    pub fn plan_retention(
        &mut self,
        store: &Store,
        settings: &Settings,
        world: &World,
    ) -> Result<(), Failure> {
        let expired = retention::plan(store, settings, world.now)?;
        let archives = expired.archives.iter().map(|archive| &archive.path);
        let paths = archives.chain(&expired.reports);
        self.would_delete = paths.map(|path| files::show(path).to_string()).collect();
        self.would_drop = expired.days.iter().map(DroppedDay::from).collect();
        Ok(())
    }

    /// Adds which logs of the history would be archived.
    ///
    /// # Errors
    /// Where the catalogue or the log folder cannot be read.
    pub fn plan_archives(
        &mut self,
        store: &Store,
        settings: &Settings,
        world: &World,
    ) -> Result<(), Failure> {
        let plan = lifecycle::plan_archives(store, settings, world.now, Scope::Ingested)?;
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

    /// Prints it, a line each.
    ///
    /// # Errors
    /// Where the output refuses.
    pub fn show(&self, out: &mut dyn Write) -> Result<(), Failure> {
        for path in &self.would_read {
            writeln!(out, "would read    {path}")?;
        }
        for planned in &self.would_report {
            let (host, first) = (display::printable(&planned.host), &planned.first_day);
            match *first == planned.last_day {
                true => writeln!(out, "would report  {first} of {host}")?,
                false => writeln!(out, "would report  {first}..{} of {host}", planned.last_day)?,
            }
        }
        if !self.would_read.is_empty() {
            writeln!(
                out,
                "would report  the days that the logs to be read tell of"
            )?;
        }
        for path in &self.would_delete {
            writeln!(out, "would delete  {path}")?;
        }
        for day in &self.would_drop {
            let (host, size) = (display::printable(&day.host), display::bytes(day.bytes));
            let day = &day.day;
            writeln!(
                out,
                "would drop    {day} of {host} from the history, {size}"
            )?;
        }
        for log in &self.would_archive {
            let (host, day) = (display::printable(&log.host), &log.day);
            writeln!(out, "would archive {} with {day} of {host}", log.path)?;
        }
        for log in &self.would_leave {
            let reason = display::printable(&log.reason);
            writeln!(out, "would leave   {}: {reason}", log.path)?;
        }
        Ok(())
    }
}
