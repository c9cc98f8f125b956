//! What the program works by: every key resolved to its meaning.
//!
//! The order of precedence: a flag, an environment variable, the file, the default.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::analysis::Analysis;
use crate::collect::Collect;
use crate::email::{Email, PasswordSource};
use crate::locate::{self, Environment, LocatedFile};
use crate::notify::Notify;
use crate::problem::{Place, SettingsError};
use crate::reader::Reader;
use crate::sections::{Archive, Input, Logging, Paths, Processing, Reports, StoreSettings};
use crate::typed::{Override, Typed};
use crate::{quotas, secrets};

/// The shipped settings file: every key with a comment and its default.
pub const DEFAULT_FILE: &str = include_str!("../../../config/settings.yaml");

/// Where the machine's own settings, which `setup --system` writes, let everything lie.
pub const SYSTEM_FOLDER: &str = "/var/lib/network-monitor";

/// The machine's own settings file: the shipped one with the folders of a service, and the password
/// in a file beside it, which the service is handed and cannot read.
pub fn system_file() -> String {
    DEFAULT_FILE
        .replace("~/audit/bandwhich/", &format!("{SYSTEM_FOLDER}/"))
        .replace(
            "\n  password_file:\n",
            "\n  password_file: email_password         # next to this file, for root alone\n",
        )
}

/// The only version of settings files there is so far.
pub(crate) const VERSION: &str = "1.0";

/// What the program works by. Every path is absolute.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The file that was read, as it was named; `None` if there was none.
    pub source: Option<PathBuf>,
    /// The zone in which days begin.
    pub time_zone: TimeZone,
    /// The zone's name as it was typed, `local` by default.
    pub time_zone_name: String,
    /// The machine the logs come from.
    pub host: String,
    /// Whether the settings say that; else it is the machine's own name.
    pub host_is_set: bool,
    /// What tells this machine from others of the same name. `None` if it has nothing like that.
    pub machine: Option<String>,
    /// Folders.
    pub paths: Paths,
    /// How logs are read.
    pub input: Input,
    /// How bandwhich is kept running.
    pub collect: Collect,
    /// The daily letter.
    pub email: Email,
    /// How much is done at a time.
    pub processing: Processing,
    /// What is reported.
    pub reports: Reports,
    /// How the history is kept.
    pub store: StoreSettings,
    /// What becomes of logs that were ingested.
    pub archive: Archive,
    /// What the program says of itself.
    pub logging: Logging,
    /// Where the state is written for Prometheus's node exporter; `None` means nowhere.
    pub metrics_textfile: Option<PathBuf>,
    /// Who is told that the program runs.
    pub notify: Notify,
    /// Allowances of bytes, each name once.
    pub quotas: Vec<::analysis::Quota>,
    /// How the history is judged.
    pub analysis: Analysis,
}

impl Settings {
    /// The name of the time zone as reports show it: by IANA where it has one, else as it was asked for.
    pub fn zone_name(&self) -> String {
        let name = self.time_zone.iana_name();
        name.map_or_else(|| self.time_zone_name.clone(), str::to_owned)
    }

    /// Finds the settings file, lays the environment over it and settles every key.
    ///
    /// # Errors
    ///
    /// A named file that is not there, a file that cannot be read or exposes a password, and all
    /// unknown keys and wrong values together.
    pub fn load(named: Option<&Path>, environment: &Environment) -> Result<Self, SettingsError> {
        Self::load_with_flags(named, &[], environment)
    }

    /// Does the same and lays the flags of the command line over it all.
    pub fn load_with_flags(
        named: Option<&Path>,
        flags: &[Override],
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let found = locate::find(named, environment)?;
        Self::settle(found.as_ref(), flags, environment)
    }

    /// Settles what a file of this path would mean if it said this.
    ///
    /// # Errors
    ///
    /// Unknown keys and wrong values.
    pub fn of_text(
        text: &str,
        path: &Path,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let found = LocatedFile {
            path: path.into(),
            folder: path.parent().unwrap_or(path).into(),
            text: text.to_owned(),
            exposed: false,
        };
        Self::settle(Some(&found), &[], environment)
    }

    pub(crate) fn settle(
        found: Option<&LocatedFile>,
        flags: &[Override],
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let mut typed = found.map(Typed::from_file).unwrap_or_default();
        if let Some(found) = found
            && found.exposed
            && typed.values.contains_key("email.password")
        {
            return Err(SettingsError::Exposed {
                path: found.path.clone(),
            });
        }
        typed.apply_variables(&environment.variables);
        typed.apply_flags(flags);

        let file_folder = found.map(|found| found.folder.as_path());
        let mut reader = Reader {
            typed,
            environment,
            file_folder,
        };
        let settings = Self::read(&mut reader, found.map(|found| found.path.clone()));
        if let Some(path) = exposed_password_file(&settings.email) {
            return Err(SettingsError::Exposed { path });
        }
        let mut problems = reader.typed.problems;
        // As the file is read from its top; what stands elsewhere comes behind it.
        problems.sort_by_key(|problem| match problem.place {
            Place::File { line, column, .. } => (line, column),
            Place::Variable(_) | Place::Flag(_) | Place::Default => (u64::MAX, 0),
        });
        if problems.is_empty() {
            Ok(settings)
        } else {
            Err(SettingsError::Invalid(problems))
        }
    }

    fn read(reader: &mut Reader<'_>, source: Option<PathBuf>) -> Self {
        reader.value("version", |typed| match typed {
            VERSION | "1" => Ok(()),
            _ => Err(format!(
                "is not a version this program knows; write \"{VERSION}\""
            )),
        });
        let local = &reader.environment.local_zone.clone();
        let zone = reader.value("timezone", |typed| {
            Ok((time_zone(typed, local)?, typed.into()))
        });
        let (time_zone, time_zone_name) = zone.unwrap_or_else(|| (local.clone(), "local".into()));
        Self {
            source,
            time_zone,
            time_zone_name,
            host_is_set: reader.typed.values.contains_key("host"),
            host: read_host(reader),
            machine: reader.environment.machine.clone(),
            paths: Paths::read(reader),
            input: Input::read(reader),
            collect: Collect::read(reader),
            email: Email::read(reader),
            processing: Processing::read(reader),
            reports: Reports::read(reader),
            store: StoreSettings::read(reader),
            archive: Archive::read(reader),
            logging: Logging::read(reader),
            metrics_textfile: reader.path("metrics.textfile"),
            notify: Notify::read(reader),
            quotas: quotas::read(reader),
            analysis: Analysis::read(reader),
        }
    }

    /// Today at `now` (seconds since 1970), on the clocks of the settings' time zone.
    pub fn today(&self, now: i64) -> Date {
        let now = Timestamp::from_second(now).unwrap_or_default();
        now.to_zoned(self.time_zone.clone()).date()
    }

    /// Names what was configured and has no effect in this version yet.
    pub fn not_yet_active(&self) -> Vec<&'static str> {
        let inactive = [(
            "processing.keep_temp_files",
            self.processing.keep_temp_files,
        )];
        inactive
            .into_iter()
            .filter(|(_, is_set)| *is_set)
            .map(|(name, _)| name)
            .collect()
    }
}

/// When a run began, as its lock says it.
pub fn started(now: i64) -> String {
    Timestamp::from_second(now).unwrap_or_default().to_string()
}

fn time_zone(typed: &str, local: &TimeZone) -> Result<TimeZone, String> {
    if typed.eq_ignore_ascii_case("local") {
        return Ok(local.clone());
    }
    if typed.eq_ignore_ascii_case("UTC") {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(typed).map_err(|_| {
        // Names are looked up in the machine's data, so that a change of the rules is one for all programs.
        match jiff::tz::db().available().next() {
            Some(_) => "is not a time zone; write local or an IANA name such as Europe/Berlin",
            None => {
                "cannot be looked up: this machine has no time zone data (/usr/share/zoneinfo); \
                 install the package tzdata, or write UTC"
            }
        }
        .to_owned()
    })
}

/// Checks the name of a machine.
///
/// # Errors
/// What is wrong with it.
pub fn check_host(name: &str) -> Result<String, String> {
    const LONGEST: usize = 255;
    if name.is_empty() {
        Err("is empty".to_owned())
    } else if name.chars().any(char::is_control) {
        Err("contains a control character".to_owned())
    } else if name.len() > LONGEST {
        Err(format!("is longer than {LONGEST} bytes"))
    } else {
        Ok(name.to_owned())
    }
}

fn read_host(reader: &mut Reader<'_>) -> String {
    if reader.typed.values.contains_key("host") {
        return reader.value("host", check_host).unwrap_or_default();
    }
    check_host(&reader.environment.hostname).unwrap_or_else(|fault| {
        reader.note(
            "host",
            format!("this machine's own name {fault}; set a name here"),
        );
        String::new()
    })
}

fn exposed_password_file(email: &Email) -> Option<PathBuf> {
    let Some(PasswordSource::File(path)) = &email.password else {
        return None;
    };
    // A file that is not there yet is missed when a letter is to be sent.
    let metadata = std::fs::metadata(path).ok()?;
    secrets::is_exposed(&metadata).then(|| path.clone())
}
