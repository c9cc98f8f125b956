//! The sections `paths`, `input`, `processing`, `reports`, `store`, `archive` and `logging`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::reader::Reader;
use super::values::{days_or_never, number, resolution, size, switch};
use super::words::{CompressFormat, HostLayout, InputMode, Level, Loopback, ReportFormat, Word};

/// Folders, all absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Where bandwhich's logs lie.
    pub log_dir: PathBuf,
    /// Where reports are written.
    pub report_dir: PathBuf,
    /// Where archived logs go.
    pub archive_dir: PathBuf,
    /// Where the history is kept.
    pub store_dir: PathBuf,
    /// Where temporary files are made; `None` means beside what is written.
    pub temp_dir: Option<PathBuf>,
}

impl Paths {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let paths = Self {
            log_dir: reader.path_or("paths.log_dir", "~/audit/bandwhich/log"),
            report_dir: reader.path_or("paths.report_dir", "~/audit/bandwhich/reports"),
            archive_dir: reader.path_or("paths.archive_dir", "~/audit/bandwhich/archive"),
            store_dir: reader.path_or("paths.store_dir", "~/audit/bandwhich/store"),
            temp_dir: reader.path("paths.temp_dir"),
        };
        // Only where every path could be read is there something to compare.
        if reader
            .typed
            .problems
            .iter()
            .all(|problem| !problem.key.starts_with("paths."))
        {
            paths.check_log_dir(reader);
            paths.check_store_dir(reader);
        }
        paths
    }

    /// Logs must not lie where the program writes, or it would read its own output.
    fn check_log_dir(&self, reader: &mut Reader<'_>) {
        let log_dir = resolved(&self.log_dir);
        let written = [
            ("report_dir", Some(&self.report_dir)),
            ("archive_dir", Some(&self.archive_dir)),
            ("store_dir", Some(&self.store_dir)),
            ("temp_dir", self.temp_dir.as_ref()),
        ];
        for (name, path) in written {
            let Some(path) = path.map(|path| resolved(path)) else {
                continue;
            };
            if log_dir == path {
                let message = format!("is the same folder as paths.{name}; logs need their own");
                reader.note("paths.log_dir", message);
            } else if log_dir.starts_with(&path) && name != "temp_dir" {
                let message = format!("lies inside paths.{name}; logs need a folder of their own");
                reader.note("paths.log_dir", message);
            }
        }
    }

    /// The store is a folder of its own: a rebuild takes away what it does not know there, and the
    /// archive deletes by age.
    fn check_store_dir(&self, reader: &mut Reader<'_>) {
        let store = resolved(&self.store_dir);
        for (key, path) in [
            ("paths.archive_dir", &self.archive_dir),
            ("paths.report_dir", &self.report_dir),
        ] {
            let path = resolved(path);
            if path == store {
                let message = "is the same folder as paths.store_dir; the store needs its own";
                reader.note(key, message.to_owned());
            } else if path.starts_with(&store) {
                let message = "lies inside paths.store_dir; the store needs a folder of its own";
                reader.note(key, message.to_owned());
            }
        }
        let archive = resolved(&self.archive_dir);
        if store != archive && store.starts_with(archive) {
            let message = "lies inside paths.archive_dir; the store needs a folder of its own";
            reader.note("paths.store_dir", message.to_owned());
        }
    }
}

/// Follows the links in the part of a path that exists already.
fn resolved(path: &Path) -> PathBuf {
    for existing in path.ancestors() {
        if let Ok(real) = existing.canonicalize() {
            let rest = path
                .strip_prefix(existing)
                .expect("an ancestor is a prefix");
            return real.join(rest).components().collect();
        }
    }
    path.to_path_buf()
}

/// How logs are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// What the numbers mean.
    pub mode: InputMode,
    /// Where the machine's traffic with itself is counted.
    pub loopback: Loopback,
    /// How many machines' logs lie in `log_dir`.
    pub hosts: HostLayout,
    /// The length of a stored bucket: whole seconds that divide 900.
    pub resolution: Duration,
    /// The longest line that is read, in bytes.
    pub max_line_bytes: usize,
    /// How many times its size a compressed log may unpack to, past 1 GiB.
    pub max_expansion: u64,
    /// The share of damaged lines past which a log needs attention, from 0 to 1.
    pub damaged_lines_threshold: f64,
}

impl Input {
    /// Seconds of a stored bucket.
    pub fn resolution_seconds(&self) -> i64 {
        // At most 900, as it is read.
        self.resolution.as_secs().cast_signed()
    }

    /// Whether the machine's traffic with itself is part of the totals.
    pub fn includes_loopback(&self) -> bool {
        self.loopback == Loopback::Include
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let line = reader.value("input.max_line_bytes", size(256..=64 << 20));
        Self {
            mode: reader.word("input.mode").unwrap_or(InputMode::Auto),
            loopback: reader.word("input.loopback").unwrap_or(Loopback::Apart),
            hosts: reader.word("input.hosts").unwrap_or(HostLayout::Single),
            resolution: reader
                .value("input.resolution", resolution)
                .unwrap_or(Duration::from_secs(60)),
            max_line_bytes: line.map_or(65_536, in_memory),
            max_expansion: reader
                .value("input.max_expansion", number(1..=1_000_000))
                .unwrap_or(1000),
            damaged_lines_threshold: reader
                .value("input.damaged_lines_threshold", number(0.0..=1.0))
                .unwrap_or(0.01),
        }
    }
}

/// How much is done at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processing {
    /// The threads that parse.
    pub max_workers: usize,
    /// The bytes of one read.
    pub chunk_size: usize,
    /// The rows of one Parquet batch.
    pub batch_size: usize,
    /// Whether temporary files stay, for looking into a failure.
    pub keep_temp_files: bool,
}

impl Processing {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let chunk = reader.value("processing.chunk_size", size(4_096..=1 << 30));
        Self {
            max_workers: reader
                .value("processing.max_workers", number(1..=1_024))
                .unwrap_or(4),
            chunk_size: chunk.map_or(256 << 10, in_memory),
            batch_size: reader
                .value("processing.batch_size", number(1..=16_777_216))
                .unwrap_or(65_536),
            keep_temp_files: reader
                .value("processing.keep_temp_files", switch)
                .unwrap_or(false),
        }
    }
}

/// What is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reports {
    /// The forms `reports.format` names, in its order; at least one.
    pub formats: Vec<ReportFormat>,
    /// Whether a CSV is written beside them.
    pub include_csv: bool,
    /// Whether the files of a day are also packed into one zip.
    pub compress_reports: bool,
    /// Whether a short summary is written beside the report.
    pub generate_summary: bool,
    /// Whether pages carry charts.
    pub include_charts: bool,
    /// The length of the lists of the busiest.
    pub top_n: usize,
    /// The most connections that JSON lists; a page lists at most fifty of them, CSV and Parquet hold all.
    pub max_connections: usize,
    /// The age in days at which reports are deleted; `None` keeps them for ever.
    pub retention_days: Option<u32>,
}

impl Reports {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let formats = reader.list("reports.format", ReportFormat::from_word);
        if formats.as_ref().is_some_and(Vec::is_empty)
            && reader
                .typed
                .problems
                .iter()
                .all(|problem| problem.key != "reports.format")
        {
            reader.note(
                "reports.format",
                "names no format; write at least one".to_owned(),
            );
        }
        Self {
            formats: formats.unwrap_or_else(|| vec![ReportFormat::Json, ReportFormat::Html]),
            include_csv: reader.value("reports.include_csv", switch).unwrap_or(true),
            compress_reports: reader
                .value("reports.compress_reports", switch)
                .unwrap_or(true),
            generate_summary: reader
                .value("reports.generate_summary", switch)
                .unwrap_or(true),
            include_charts: reader
                .value("reports.include_charts", switch)
                .unwrap_or(true),
            top_n: reader
                .value("reports.top_n", number(1..=10_000))
                .unwrap_or(10),
            max_connections: reader
                .value("reports.max_connections", number(0..=10_000_000))
                .unwrap_or(1_000),
            retention_days: reader.value("reports.retention_days", number(1..=36_500)),
        }
    }

    /// Every form that is to be written: `formats`, and CSV where `include_csv` asks for it.
    pub fn formats_to_write(&self) -> Vec<ReportFormat> {
        let mut formats = self.formats.clone();
        if self.include_csv && !formats.contains(&ReportFormat::Csv) {
            formats.push(ReportFormat::Csv);
        }
        formats
    }
}

/// Days that a day has to be over, unless the settings say otherwise.
const COMPACT_AFTER: u32 = 2;

/// How the history is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// The age in days at which days are dropped from the history; `None` keeps them for ever.
    pub retention_days: Option<u32>,
    /// For how many days a day has to be over before its files are packed; `None` never packs them.
    pub compact_after: Option<u32>,
}

impl StoreSettings {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            retention_days: reader.value("store.retention_days", number(1..=36_500)),
            compact_after: reader
                .value("store.compact_after", days_or_never)
                .unwrap_or(Some(COMPACT_AFTER)),
        }
    }
}

/// What becomes of logs that were ingested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Whether they are archived at all.
    pub enabled: bool,
    /// How they are packed.
    pub compress_format: CompressFormat,
    /// Whether the logs stay where they were.
    pub keep_original: bool,
    /// The age in days at which an archive is old.
    pub retention_days: u32,
    /// Whether old archives are deleted.
    pub clean_old_archives: bool,
    /// How long a log must have been left unwritten before it is archived.
    pub settle_minutes: u32,
}

impl Default for Archive {
    fn default() -> Self {
        Self {
            enabled: true,
            compress_format: CompressFormat::Zip,
            keep_original: false,
            retention_days: 30,
            clean_old_archives: true,
            settle_minutes: 10,
        }
    }
}

impl Archive {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let default = Self::default();
        let format = reader.word("archive.compress_format");
        let keep = reader.value("archive.keep_original", switch);
        let days = reader.value("archive.retention_days", number(1..=36_500));
        let clean = reader.value("archive.clean_old_archives", switch);
        let settle = reader.value("archive.settle_minutes", number(0..=10_080));
        Self {
            enabled: reader
                .value("archive.enabled", switch)
                .unwrap_or(default.enabled),
            compress_format: format.unwrap_or(default.compress_format),
            keep_original: keep.unwrap_or(default.keep_original),
            retention_days: days.unwrap_or(default.retention_days),
            clean_old_archives: clean.unwrap_or(default.clean_old_archives),
            settle_minutes: settle.unwrap_or(default.settle_minutes),
        }
    }
}

/// What the program says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logging {
    /// The least serious messages that are logged.
    pub level: Level,
    /// The log file; `None` means none.
    pub file: Option<PathBuf>,
    /// The size in bytes at which the file is rotated.
    pub file_size: u64,
    /// How many rotated files are kept.
    pub backup_count: usize,
    /// Whether messages go to standard error.
    pub enable_console: bool,
    /// Whether messages are JSON.
    pub enable_json: bool,
}

impl Logging {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let level = reader.value("logging.level", |typed| match typed {
            // The word that Python's logging, and so older settings files, use.
            word if word.eq_ignore_ascii_case("WARNING") => Ok(Level::Warn),
            word => Level::from_word(word),
        });
        Self {
            level: level.unwrap_or(Level::Info),
            file: reader.path("logging.file"),
            file_size: reader
                .value("logging.file_size", size(4_096..=1 << 40))
                .unwrap_or(10_000_000),
            backup_count: reader
                .value("logging.backup_count", number(0..=1_000))
                .unwrap_or(5),
            enable_console: reader
                .value("logging.enable_console", switch)
                .unwrap_or(true),
            enable_json: reader.value("logging.enable_json", switch).unwrap_or(false),
        }
    }
}

fn in_memory(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
