//! The command line as it is typed. What it means together with the settings file is settled in
//! `settings.rs`; days and periods are read by the commands that take them.

mod analysis;
mod help;
mod show;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use logging::Verbosity;
use settings::Override;

pub use analysis::{
    AnalysisArgs, AnalysisCommand, AnalysisFormat, AnalysisKind, MuteArgs, MutesArgs, UnmuteArgs,
};
pub use show::{Breakdown, ShowArgs};

const GLOBAL: &str = "Global options";

/// Turns the logs of `bandwhich --raw` into a history and reports.
#[derive(Debug, Parser)]
#[command(name = "network-monitor", version, after_help = help::EXAMPLES, propagate_version = true)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    /// Reads settings from this file
    #[arg(short, long, value_name = "FILE", global = true, help_heading = GLOBAL)]
    pub config: Option<PathBuf>,

    /// Prints more messages: -v details, -vv everything
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    #[arg(global = true, help_heading = GLOBAL)]
    pub verbose: u8,

    /// Prints only errors
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    pub quiet: bool,

    /// When to colour: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    #[arg(global = true, help_heading = GLOBAL, hide_possible_values = true)]
    pub color: ColorWhen,

    /// Format of messages on standard error: text, or json with one object per line
    #[arg(long, value_enum, value_name = "FORMAT", global = true, help_heading = GLOBAL)]
    #[arg(hide_possible_values = true)]
    pub log_format: Option<LogFormat>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Even into a pipe
    Always,
    /// Not at all
    Never,
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line to read
    Text,
    /// One JSON object a line
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ingests every pending log, writes the reports and archives the logs
    #[command(after_help = help::REPORT_HELP)]
    Report(ReportArgs),
    /// Shows who moved how much, when and to whom
    #[command(after_help = show::HELP)]
    Show(ShowArgs),
    /// Analyses the stored history: trend, anomalies, patterns
    #[command(after_help = analysis::HELP, alias = "analyze")]
    Analysis(AnalysisArgs),
    /// Adds logs to the history, without reports
    #[command(after_help = help::INGEST_HELP)]
    Ingest(IngestArgs),
    /// Keeps bandwhich running and writes its logs
    #[command(after_help = help::COLLECT_HELP)]
    Collect(CollectArgs),
    /// Shows the state at a glance: recording, last report and letter, findings, quotas, disk
    #[command(after_help = help::STATUS_HELP)]
    Status(StatusArgs),
    /// Checks settings, services, logs and mail for faults, and names the cures
    #[command(after_help = help::DOCTOR_HELP)]
    Doctor(DoctorArgs),
    /// Archives logs that are in the history, and deletes old archives
    #[command(after_help = help::ARCHIVE_HELP)]
    Archive(ArchiveArgs),
    /// Sends, previews and tests letters
    #[command(subcommand, after_help = help::EMAIL_HELP)]
    Email(EmailCommand),
    /// Repairs and checks the history
    #[command(subcommand)]
    Store(StoreCommand),
    /// Writes, checks and shows settings
    #[command(subcommand, after_help = help::CONFIG_HELP)]
    Config(ConfigCommand),
    /// Creates folders, settings and services for unattended logs and reports
    #[command(after_help = help::SETUP_HELP)]
    Setup(SetupArgs),
    /// Prints completions for a shell
    #[command(after_help = help::COMPLETIONS_HELP)]
    Completions(CompletionsArgs),
    /// Prints the manual page, or writes all pages to a folder
    #[command(after_help = help::MAN_HELP)]
    Man(ManArgs),
}

/// The options of `collect`.
#[derive(Debug, Clone, clap::Args)]
pub struct CollectArgs {
    /// Arguments for bandwhich, after those of collect.args
    #[arg(last = true, value_name = "BANDWHICH ARGS")]
    pub bandwhich: Vec<String>,
}

/// The options of `report`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ReportArgs {
    /// Reports this day or period; the forms are listed below
    #[arg(long, value_name = "WHEN")]
    pub date: Option<String>,

    /// Writes files of these formats: a comma-separated list of json, csv, parquet, html
    #[arg(long, alias = "format", value_name = "LIST")]
    pub write: Option<String>,

    /// Writes reports to this folder
    #[arg(long, value_name = "DIR")]
    pub output: Option<String>,

    /// Reports this machine
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,

    /// Sends no letter
    #[arg(long)]
    pub no_email: bool,

    /// With --date: mails the report of that day or period, too
    #[arg(long, requires = "date", conflicts_with = "no_email")]
    pub email: bool,

    /// Leaves the logs where they are
    #[arg(long)]
    pub no_archive: bool,

    /// Writes existing reports again
    #[arg(long)]
    pub force: bool,

    /// Exits with code 4 if a quota has reached this percentage, in a reported period or now [default: 100]
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "100", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub check_quota: Option<u32>,

    /// Shows what would be done and does nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Prints the summary as JSON
    #[arg(long)]
    pub json: bool,
}

/// The options of `ingest`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct IngestArgs {
    /// Logs or folders of logs; - reads standard input; none means paths.log_dir
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// The machine these logs come from
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,

    /// Prints the accounting as JSON
    #[arg(long)]
    pub json: bool,
}

/// The options of `status`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct StatusArgs {
    /// Forgets what is known of this log, and so what is wrong with it; if it is still there it is read again
    #[arg(long, value_name = "PATH", conflicts_with = "json")]
    pub forget: Vec<PathBuf>,

    /// Prints the status as JSON
    #[arg(long)]
    pub json: bool,
}

/// The options of `doctor`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct DoctorArgs {
    /// Prints the results as JSON
    #[arg(long)]
    pub json: bool,
}

/// The options of `archive`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ArchiveArgs {
    /// Shows what would be done and does nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Prints what was done, or would be, as JSON
    #[arg(long)]
    pub json: bool,

    /// What to do instead.
    #[command(subcommand)]
    pub command: Option<ArchiveCommand>,
}

/// The commands of `archive`.
#[derive(Debug, Clone, Subcommand)]
pub enum ArchiveCommand {
    /// Reads every archive back and compares it with its metadata and the catalogue
    Verify,
    /// Shows the archives and the logs in them
    List(ArchiveListArgs),
    /// Extracts logs from the archives; existing files are never replaced
    Restore(ArchiveRestoreArgs),
    /// Stops reporting archives that are gone; what the history holds of their logs stays
    Forget(ArchiveForgetArgs),
}

/// The options of `archive forget`.
#[derive(Debug, Clone, clap::Args)]
pub struct ArchiveForgetArgs {
    /// The day or period, in the forms that `report --date` takes
    #[arg(value_name = "DATE")]
    pub date: String,

    /// Only archives of this host
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
}

/// The options of `archive list`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ArchiveListArgs {
    /// Prints the list as JSON
    #[arg(long)]
    pub json: bool,
}

/// The options of `archive restore`.
#[derive(Debug, Clone, clap::Args)]
pub struct ArchiveRestoreArgs {
    /// The day or period, in the forms that `report --date` takes
    #[arg(value_name = "DATE")]
    pub date: String,

    /// The folder that the logs are written to
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,

    /// Restores logs of this machine only
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
}

/// The commands of `email`.
#[derive(Debug, Clone, Subcommand)]
pub enum EmailCommand {
    /// Sends a test letter and shows each step
    Test,
    /// Writes the letter that a report would send
    Preview(PreviewArgs),
    /// Sends the letters in the outbox now
    Flush,
}

/// The options of `email preview`.
#[derive(Debug, Clone, clap::Args)]
pub struct PreviewArgs {
    /// The day or period, in the forms that `report --date` takes [default: the last day that has anything]
    #[arg(long, value_name = "WHEN")]
    pub date: Option<String>,

    /// The machine
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,

    /// Writes the letter to this file (.eml) instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Opens the letter in the mail program
    #[arg(long)]
    pub open: bool,
}

/// The commands of `store`.
#[derive(Debug, Clone, Subcommand)]
pub enum StoreCommand {
    /// Rebuilds the catalogue from the stored files
    Rebuild {
        /// Ingests all archived logs too
        #[arg(long)]
        from_archives: bool,
    },
    /// Compares the catalogue with the stored files
    Check,
    /// Packs the files of each day that is over into one of each kind
    Compact {
        /// Prints the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Lists the files that hold the history at this moment, for other programs
    #[command(after_help = help::FILES_HELP)]
    Files(StoreFilesArgs),
    /// Gives a machine that was renamed its new name in the history
    RenameHost {
        /// The name in the history
        #[arg(value_name = "OLD")]
        old: String,
        /// The new name
        #[arg(value_name = "NEW")]
        new: String,
    },
}

/// The options of `store files`.
#[derive(Debug, Clone, clap::Args)]
pub struct StoreFilesArgs {
    /// Lists the files of this table
    #[arg(long, value_name = "TABLE", default_value = "traffic",
        value_parser = ["traffic", "loopback", "apart", "peers", "buckets"])]
    pub table: String,

    /// Only files of this machine
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,

    /// Only days (UTC) from this one on, as YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    pub from: Option<jiff::civil::Date>,

    /// Only days (UTC) up to this one, as YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    pub to: Option<jiff::civil::Date>,

    /// Prints the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The commands of `config`.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Writes a commented settings file with every default
    Init {
        /// The file to write; config/settings.yaml by default
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
        /// Replaces an existing file
        #[arg(long)]
        force: bool,
        /// Uses the folders of the system services, as `setup --system` does
        #[arg(long)]
        system: bool,
    },
    /// Says what is wrong with the settings, and where
    Check {
        /// The file to check; by default the one that would be read
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
    },
    /// Prints the current settings, passwords masked
    Show,
}

/// The options of `setup`.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(group = clap::ArgGroup::new("scope").required(true))]
pub struct SetupArgs {
    /// For the machine: services of a user network-monitor, settings in /etc
    #[arg(long, group = "scope")]
    pub system: bool,

    /// For you: services and settings in your home
    #[arg(long, group = "scope")]
    pub user: bool,

    /// Shows what would be done and does nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Sets up the system below this folder, such as an image that is being built
    #[arg(long, value_name = "DIR", requires = "system")]
    pub root: Option<PathBuf>,
}

/// The options of `completions`.
#[derive(Debug, Clone, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// The options of `man`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ManArgs {
    /// Writes a page for each command to this folder
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

impl Args {
    /// How much is shown on standard error.
    pub fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Default,
            (false, 1) => Verbosity::Verbose,
            (false, _) => Verbosity::Trace,
        }
    }

    /// The flags that stand for settings. They are read by the same code as the file.
    pub fn overrides(&self) -> Vec<Override> {
        let mut overrides = Vec::new();
        let mut set = |flag, key, value: &str| {
            overrides.push(Override {
                flag,
                key,
                value: value.to_owned(),
            });
        };
        if let Some(format) = self.log_format {
            let is_json = format == LogFormat::Json;
            set(
                "--log-format",
                "logging.enable_json",
                if is_json { "true" } else { "false" },
            );
        }
        match &self.command {
            Command::Report(report) => {
                if let Some(formats) = &report.write {
                    set("--write", "reports.format", formats);
                    // The flag names exactly what is wanted, so nothing is added to it.
                    set("--write", "reports.include_csv", "false");
                }
                if let Some(folder) = &report.output {
                    set("--output", "paths.report_dir", folder);
                }
                if report.no_email {
                    set("--no-email", "email.enabled", "false");
                }
                if report.no_archive {
                    set("--no-archive", "archive.enabled", "false");
                }
            }
            Command::Ingest(ingest) => {
                if let Some(host) = &ingest.host {
                    set("--host", "host", host);
                }
            }
            Command::Analysis(_)
            | Command::Collect(_)
            | Command::Show(_)
            | Command::Status(_)
            | Command::Archive(_)
            | Command::Email(_)
            | Command::Store(_)
            | Command::Config(_)
            | Command::Doctor(_)
            | Command::Setup(_)
            | Command::Completions(_)
            | Command::Man(_) => {}
        }
        overrides
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    fn parse(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn global_options_are_understood_behind_the_command_too() {
        let args = parse("network-monitor status --json -vv -c mine.yaml --color never").unwrap();
        assert_eq!(args.verbose, 2);
        assert_eq!(args.config, Some("mine.yaml".into()));
        assert_eq!(args.color, ColorWhen::Never);
        assert!(matches!(
            args.command,
            Command::Status(StatusArgs { json: true, .. })
        ));
    }

    #[test]
    fn every_option_of_report_is_taken() {
        let args = parse(
            "network-monitor report --date week --format json,csv --output out --host web2 \
             --no-email --no-archive --force --dry-run --json",
        );
        let Command::Report(report) = args.unwrap().command else {
            panic!("not a report")
        };
        assert_eq!(report.date.as_deref(), Some("week"));
        assert_eq!(report.write.as_deref(), Some("json,csv"));
        assert_eq!(report.output.as_deref(), Some("out"));
        assert_eq!(report.host.as_deref(), Some("web2"));
        assert!(report.no_email && report.no_archive && report.force);
        assert!(report.dry_run && report.json);
    }

    #[test]
    fn ingest_takes_standard_input_for_a_path() {
        let args = parse("network-monitor ingest - --host web2").unwrap();
        let Command::Ingest(ingest) = args.command else {
            panic!("not an ingest")
        };
        assert_eq!(ingest.paths, [PathBuf::from("-")]);
    }

    #[test]
    fn older_spellings_are_understood() {
        let Command::Report(report) = parse("network-monitor report --format json")
            .unwrap()
            .command
        else {
            panic!("not a report")
        };
        assert_eq!(report.write.as_deref(), Some("json"));
        let Command::Analysis(analysis) = parse("network-monitor analysis --format json")
            .unwrap()
            .command
        else {
            panic!("not an analysis")
        };
        assert_eq!(analysis.format(), AnalysisFormat::Json);
    }

    #[test]
    fn a_settings_file_may_be_named_before_every_command() {
        for line in [
            "network-monitor analysis --config a.yaml mute process:rsync",
            "network-monitor analysis mutes --config a.yaml",
            "network-monitor archive --config a.yaml list",
            "network-monitor email --config a.yaml flush",
        ] {
            assert_eq!(parse(line).unwrap().config, Some("a.yaml".into()), "{line}");
        }
        let args = parse("network-monitor analysis --type trend mute process:rsync").unwrap();
        let Command::Analysis(analysis) = args.command else {
            panic!("not an analysis")
        };
        assert_eq!(analysis.stray_option(), Some("--type"));
    }

    #[test]
    fn wrong_usage_ends_with_code_2() {
        for line in [
            "network-monitor reprot",
            "network-monitor report --dat today",
            "network-monitor --color blue status",
            "network-monitor -q -v status",
            "network-monitor store",
            "network-monitor",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
        let help = parse("network-monitor report --help").unwrap_err();
        assert_eq!((help.kind(), help.exit_code()), (ErrorKind::DisplayHelp, 0));
    }

    #[test]
    fn flags_become_settings() {
        let args = parse("network-monitor report --write parquet --no-email --log-format json");
        let overrides = args.unwrap().overrides();
        let pairs: Vec<_> = overrides
            .iter()
            .map(|o| (o.key, o.value.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("logging.enable_json", "true"),
                ("reports.format", "parquet"),
                ("reports.include_csv", "false"),
                ("email.enabled", "false"),
            ]
        );
    }

    #[test]
    fn help_is_this() {
        fn add(command: &mut clap::Command, pages: &mut String) {
            let page = command.render_long_help();
            pages.push_str(&format!("{}\n{page}\n", "=".repeat(80)));
            command
                .get_subcommands_mut()
                .for_each(|below| add(below, pages));
        }
        let mut command = Args::command()
            .term_width(100)
            .disable_help_subcommand(true);
        command.build();
        let mut pages = String::new();
        add(&mut command, &mut pages);
        insta::assert_snapshot!("help", pages);
    }

    #[test]
    fn help_lists_the_forms_of_when_and_the_exit_codes() {
        let mut command = Args::command();
        let top = command.render_long_help().to_string();
        for code in [
            "0  done",
            "1  failed",
            "2  wrong",
            "3  done",
            "4  a quota",
            "5  another",
        ] {
            assert!(top.contains(code), "{code}");
        }
        let report = command
            .find_subcommand_mut("report")
            .unwrap()
            .render_long_help();
        for form in [
            "yesterday",
            "30d",
            "week",
            "last-month",
            "YYYY-Www",
            "..B",
            "YYYYMMDD",
            "YYYY-MM-DD",
            "YYYYMM",
            "A..B",
        ] {
            assert!(report.to_string().contains(form), "{form}");
        }
    }
}
