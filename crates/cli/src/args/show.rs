//! `show` as it is typed.

use clap::ValueEnum;
use reporting::Dimension;

pub(super) const HELP: &str = "\
WHEN takes the forms of `report --date`. Without --date: today, or the last day that is in the history.
Without --by: the course of the day (or period), and the five with the most bytes of each kind.
Each line of a table can be asked further by the option that its column is named after; a name that
ends in * stands for all that begin so. `new` marks what the history before the period does not know.
It reads only the stored history, even while another run is active.

Examples:
  network-monitor show                                       today, by hour
  network-monitor show --date week --by day                  the last seven days
  network-monitor show --date 2025-11-27 --process rsync     who rsync talked to that day
  network-monitor show --date yesterday --hour 0-6 --by process
  network-monitor show --remote 203.0.113.0/24 --date 2025 --by day --csv";

/// The options of `show`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ShowArgs {
    /// Shows this day or period; the forms are those of `report`
    #[arg(long, value_name = "WHEN")]
    pub date: Option<String>,

    /// What the lines are: hour, day, month, process, remote, port, host or connection
    #[arg(long, value_enum, value_name = "WHAT", hide_possible_values = true)]
    pub by: Option<Breakdown>,

    /// Counts this process only
    #[arg(long, value_name = "NAME")]
    pub process: Option<String>,

    /// Counts this remote only: an address, a name, or a network such as 10.0.0.0/8
    #[arg(long, value_name = "REMOTE")]
    pub remote: Option<String>,

    /// Counts this service's port only: 443, tcp/443 or udp/53
    #[arg(long, value_name = "PORT")]
    pub port: Option<String>,

    /// Counts these hours of each day only: 2, or 22-6
    #[arg(long, value_name = "HOURS")]
    pub hour: Option<String>,

    /// Counts this machine only; all by default
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,

    /// How many lines, those with the most bytes first [default: 20, of times and in CSV all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub top: Option<u16>,

    /// Prints the answer as JSON
    #[arg(long)]
    pub json: bool,

    /// Prints one table as CSV
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

/// What the lines of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Breakdown {
    /// Hours
    Hour,
    /// Days
    Day,
    /// Months
    Month,
    /// Processes
    Process,
    /// Addresses and names at the other end
    Remote,
    /// Services' ports
    Port,
    /// Machines
    Host,
    /// Connections
    Connection,
}

impl From<Breakdown> for Dimension {
    fn from(by: Breakdown) -> Self {
        match by {
            Breakdown::Hour => Self::Hour,
            Breakdown::Day => Self::Day,
            Breakdown::Month => Self::Month,
            Breakdown::Process => Self::Process,
            Breakdown::Remote => Self::Remote,
            Breakdown::Port => Self::Port,
            Breakdown::Host => Self::Host,
            Breakdown::Connection => Self::Connection,
        }
    }
}
