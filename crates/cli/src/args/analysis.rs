//! `analysis` as it is typed.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

pub(super) const HELP: &str = "\
WHEN takes the forms of `report --date`. Without --date:
  trend      the four weeks up to the last day of the past that holds anything
  anomaly    that day, against the eight weeks before it
  patterns   the week up to it
All of it comes from the stored history, also while another run is at work and where the logs are
long gone. Each finding has an id, and its reasons; what is muted is counted and not told.

Examples:
  network-monitor analysis --type anomaly
  network-monitor analysis --type trend --date 2025-01 --format html --output trend.html
  network-monitor analysis --type patterns --host web1 --format json
  network-monitor analysis mute process:rsync --until 2025-06-30 --why \"the new backup\"
  network-monitor analysis mutes";

/// The options of `analysis`.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct AnalysisArgs {
    /// What is looked for
    #[arg(long = "type", value_enum, value_name = "TYPE", required = true)]
    pub kind: Option<AnalysisKind>,

    /// Judges this day or period; the forms are those of `report`
    #[arg(long, value_name = "WHEN")]
    pub date: Option<String>,

    /// How it is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: AnalysisFormat,

    /// Judges this machine; each by default
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,

    /// Writes to this file and not to standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// What to do instead.
    #[command(subcommand)]
    pub command: Option<AnalysisCommand>,
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnalysisKind {
    /// Where volumes are going, who moves more or less, what the month will come to
    Trend,
    /// What is unusual, and who is new or silent
    Anomaly,
    /// What comes back: beacons, the shape of the week, transfers that recur
    Patterns,
}

/// How an analysis is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum AnalysisFormat {
    /// For a terminal of 80 columns
    #[default]
    Text,
    /// For programs
    Json,
    /// A page that needs nothing else
    Html,
}

/// The commands of `analysis`.
#[derive(Debug, Clone, Subcommand)]
pub enum AnalysisCommand {
    /// Tells no more of a finding, or of whom it is about
    Mute(MuteArgs),
    /// Tells again what was muted
    Unmute(UnmuteArgs),
    /// Shows what is muted
    Mutes(MutesArgs),
}

/// The options of `analysis mute`.
#[derive(Debug, Clone, clap::Args)]
pub struct MuteArgs {
    /// A finding's id, process:NAME, remote:NAME, port:tcp/443 or host:NAME
    #[arg(value_name = "TARGET")]
    pub target: String,

    /// The last day (YYYY-MM-DD) of which findings are muted; for good by default
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,

    /// Why, for whoever looks at the list
    #[arg(long, value_name = "TEXT")]
    pub why: Option<String>,
}

/// The options of `analysis unmute`.
#[derive(Debug, Clone, clap::Args)]
pub struct UnmuteArgs {
    /// What was muted, as `analysis mutes` shows it
    #[arg(value_name = "TARGET")]
    pub target: String,
}

/// The options of `analysis mutes`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct MutesArgs {
    /// Prints the list as JSON
    #[arg(long)]
    pub json: bool,
}

impl From<AnalysisKind> for reporting::AnalysisKind {
    fn from(kind: AnalysisKind) -> Self {
        match kind {
            AnalysisKind::Trend => Self::Trend,
            AnalysisKind::Anomaly => Self::Anomaly,
            AnalysisKind::Patterns => Self::Patterns,
        }
    }
}
