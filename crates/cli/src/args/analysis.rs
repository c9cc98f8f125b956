//! `analysis` as it is typed.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

pub(super) const HELP: &str = "\
Without --type: all three, the one with the worst findings first.
WHEN takes the forms of `report --date`. Without --date:
  trend      the four weeks up to the last past day that has data
  anomaly    that day, against the eight weeks before it
  patterns   the week up to it
It reads only the stored history, even while another run is active or after the logs are gone. Each
finding has an id and its reasons; muted findings are counted and not shown.

Examples:
  network-monitor analysis                                   all that is unusual, the worst first
  network-monitor analysis --type anomaly
  network-monitor analysis --type trend --date 2025-01 --format html --output trend.html
  network-monitor analysis --type patterns --host web1 --json
  network-monitor analysis mute process:rsync --until 2025-06-30 --why \"the new backup\"
  network-monitor analysis mutes";

/// The options of `analysis`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct AnalysisArgs {
    /// The analysis to run; all by default
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    pub kind: Option<AnalysisKind>,

    /// Analyses this day or period; the forms are those of `report`
    #[arg(long, value_name = "WHEN")]
    pub date: Option<String>,

    /// Prints the analyses as JSON
    #[arg(long, conflicts_with = "format")]
    pub json: bool,

    /// The output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: AnalysisFormat,

    /// Analyses this machine; all by default
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,

    /// Writes to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// What to do instead.
    #[command(subcommand)]
    pub command: Option<AnalysisCommand>,
}

impl AnalysisArgs {
    /// What was typed for an analysis before the name of another command, where it means nothing.
    pub fn stray_option(&self) -> Option<&'static str> {
        [
            ("--type", self.kind.is_some()),
            ("--date", self.date.is_some()),
            ("--json", self.json),
            ("--format", self.format != AnalysisFormat::Text),
            ("--host", self.host.is_some()),
            ("--output", self.output.is_some()),
        ]
        .into_iter()
        .find_map(|(option, is_typed)| is_typed.then_some(option))
    }

    /// How the analysis is written.
    pub fn format(&self) -> AnalysisFormat {
        if self.json {
            AnalysisFormat::Json
        } else {
            self.format
        }
    }
}

/// The analysis to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnalysisKind {
    /// Where volumes are going, who moves more or less, what the month will come to
    Trend,
    /// What is unusual, and who is new or silent
    Anomaly,
    /// What recurs: beacons, the usual week, transfers
    Patterns,
}

/// How an analysis is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum AnalysisFormat {
    /// For a terminal of 80 columns
    #[default]
    Text,
    /// The older spelling of --json
    #[value(hide = true)]
    Json,
    /// A page that needs nothing else
    Html,
}

/// The commands of `analysis`.
#[derive(Debug, Clone, Subcommand)]
pub enum AnalysisCommand {
    /// Hides a finding, or all findings about a process, remote, port or host
    Mute(MuteArgs),
    /// Shows muted findings again
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

    /// The last day (YYYY-MM-DD) whose findings are muted; for good by default
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,

    /// The reason, shown in the list of mutes
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
