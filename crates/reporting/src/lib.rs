//! What the history says of a period: one report in memory, its findings and quotas; then its files.
//!
//! [`Reporter::build`] makes the complete [`report::Report`] of a host's period, [`Reporter::publish`] writes
//! its files, and [`plan`] says which periods have news. [`Reporter::judge`] is one analysis of a period,
//! [`breakdown()`] answers who moved how much.

mod analyses;
mod breakdown;
mod build;
mod damage;
mod error;
mod explain;
mod facts;
mod findings;
mod folder;
pub mod history;
mod host_counts;
mod hours;
mod index;
mod movers;
mod mutes;
mod newcomers;
mod periods;
mod publish;
mod quotas;
pub mod talks;
#[cfg(test)]
mod tests;

pub use analyses::{AnalysisKind, usual_period};
pub use breakdown::{
    Breakdown, BreakdownLine, BreakdownRequest, BreakdownTable, Connection, Dimension, Filter,
    FilterError, HoursOfDay, LeftOut, LineSubject, NamePattern, PortPattern, RemotePattern,
    TableRequest, breakdown,
};
pub use build::{BuiltReport, Reporter};
pub use damage::{DamagedPeriod, note_damage};
pub use error::{Error, Result};
pub use folder::{Target, WrittenFile, is_written, written_total};
pub use index::{has_index, write_indexes};
pub use periods::{ReportPlan, asked_period, has_lost, plan};
pub use publish::PublishedReport;
