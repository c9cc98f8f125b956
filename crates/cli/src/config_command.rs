//! `config init`, `config check` and `config show`.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use display::printable;

use crate::args::ConfigCommand;
use settings::{
    DEFAULT_FILE, Environment, LOCAL_FILE, Override, Settings, SettingsError, system_file,
};

/// Why a `config` command failed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// `init` found a file.
    #[error("{}: is there already", printable(&.0.to_string_lossy()))]
    Exists(PathBuf),
    /// `init` could not write.
    #[error("{}: cannot be written: {source}", printable(&.path.to_string_lossy()))]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The answer could not be written to standard output.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

impl ConfigError {
    /// What mends it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Settings(error) => error.hint(),
            Self::Exists(_) => Some("--force replaces it".to_owned()),
            Self::Unwritable { .. } | Self::Output(_) => None,
        }
    }
}

/// Carries out one `config` command. `named` is the file that `--config` names.
pub fn run(
    command: &ConfigCommand,
    named: Option<&Path>,
    flags: &[Override],
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), ConfigError> {
    match command {
        ConfigCommand::Init {
            path,
            force,
            system,
        } => {
            let path = path.as_deref().or(named).unwrap_or(Path::new(LOCAL_FILE));
            let text = match system {
                true => system_file(),
                false => DEFAULT_FILE.to_owned(),
            };
            write_file(path, &text, *force, environment)?;
            writeln!(out, "wrote {}", printable(&path.to_string_lossy()))?;
        }
        ConfigCommand::Check { path } => {
            let named = path.as_deref().or(named);
            let settings = Settings::load_with_flags(named, flags, environment)?;
            check(&settings, out)?;
        }
        ConfigCommand::Show => {
            let settings = Settings::load_with_flags(named, flags, environment)?;
            writeln!(out, "# {}", source(&settings))?;
            write!(out, "{}", settings.to_yaml())?;
        }
    }
    Ok(())
}

/// Writes a file that only its owner may read: a password may be written into it.
fn write_file(
    path: &Path,
    text: &str,
    force: bool,
    environment: &Environment,
) -> Result<(), ConfigError> {
    let unwritable = |source| ConfigError::Unwritable {
        path: path.into(),
        source,
    };
    let absolute = environment.current_folder.join(path);
    if let Some(folder) = absolute.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    if force {
        // A new file, so that an old one's permissions and links do not carry over.
        match fs::remove_file(&absolute) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritable(error)),
            _ => {}
        }
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options
        .open(&absolute)
        .map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => ConfigError::Exists(path.into()),
            _ => unwritable(error),
        })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(unwritable)
}

fn check(settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let shown = |path: &Path| printable(&path.to_string_lossy()).into_owned();
    writeln!(out, "ok: {}", source(settings))?;
    writeln!(out, "  host      {}", printable(&settings.host))?;
    writeln!(out, "  timezone  {}", printable(&settings.time_zone_name))?;
    writeln!(out, "  logs      {}", shown(&settings.paths.log_dir))?;
    writeln!(out, "  reports   {}", shown(&settings.paths.report_dir))?;
    writeln!(out, "  store     {}", shown(&settings.paths.store_dir))?;
    let inactive = settings.not_yet_active();
    if !inactive.is_empty() {
        writeln!(
            out,
            "accepted, without effect in this version: {}",
            inactive.join(", ")
        )?;
    }
    Ok(())
}

fn source(settings: &Settings) -> String {
    match &settings.source {
        Some(path) => printable(&path.to_string_lossy()).into_owned(),
        None => "no settings file; defaults".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_folder(folder: &Path) -> Environment {
        let mut environment = Environment::for_tests();
        environment.current_folder = folder.into();
        environment
    }

    fn answer(command: &ConfigCommand, environment: &Environment) -> Result<String, ConfigError> {
        let mut out = Vec::new();
        run(command, None, &[], environment, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    const INIT: ConfigCommand = ConfigCommand::Init {
        path: None,
        force: false,
        system: false,
    };
    const CHECK: ConfigCommand = ConfigCommand::Check { path: None };

    #[test]
    fn init_writes_a_private_file_that_check_approves() {
        let folder = tempfile::tempdir().unwrap();
        let environment = in_folder(folder.path());
        assert_eq!(
            answer(&INIT, &environment).unwrap(),
            "wrote config/settings.yaml\n"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let file = folder.path().join("config/settings.yaml");
            assert_eq!(
                fs::metadata(file).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        assert_eq!(
            answer(&CHECK, &environment).unwrap(),
            "ok: config/settings.yaml\n  \
             host      web1\n  \
             timezone  local\n  \
             logs      /home/ada/audit/bandwhich/log\n  \
             reports   /home/ada/audit/bandwhich/reports\n  \
             store     /home/ada/audit/bandwhich/store\n"
        );
    }

    #[test]
    fn init_replaces_a_file_only_by_force() {
        let folder = tempfile::tempdir().unwrap();
        let environment = in_folder(folder.path());
        let file = folder.path().join("mine.yaml");
        fs::write(&file, "host: kept").unwrap();
        let init = |force| ConfigCommand::Init {
            path: Some("mine.yaml".into()),
            force,
            system: false,
        };

        let error = answer(&init(false), &environment).unwrap_err();
        assert_eq!(error.to_string(), "mine.yaml: is there already");
        assert_eq!(error.hint().unwrap(), "--force replaces it");
        assert_eq!(fs::read_to_string(&file).unwrap(), "host: kept");

        answer(&init(true), &environment).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), DEFAULT_FILE);
    }

    #[test]
    fn check_names_every_problem_at_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("bad.yaml"),
            "timezone: Mars/Olympus\ninput:\n  mod: rate\n  resolution: 7s\n",
        )
        .unwrap();
        let check = ConfigCommand::Check {
            path: Some("bad.yaml".into()),
        };
        let error = answer(&check, &in_folder(folder.path())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "bad.yaml:1:11: timezone: \"Mars/Olympus\" is not a time zone; write local or an IANA \
             name such as Europe/Berlin\n\
             bad.yaml:3:3: input.mod: unknown key; did you mean mode?\n\
             bad.yaml:4:15: input.resolution: \"7s\" does not divide 15 minutes; write a duration \
             such as 1s, 10s, 60s, 300s or 900s"
        );
    }

    #[test]
    fn check_says_what_has_no_effect_yet() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.yaml");
        fs::write(&file, "processing: {keep_temp_files: true}\n").unwrap();
        let check = ConfigCommand::Check {
            path: Some("mine.yaml".into()),
        };
        let said = answer(&check, &in_folder(folder.path())).unwrap();
        let last = said.lines().last().unwrap();
        assert_eq!(
            last,
            "accepted, without effect in this version: processing.keep_temp_files"
        );
    }

    #[test]
    fn show_names_its_source() {
        let environment = in_folder(Path::new("/nowhere"));
        let said = answer(&ConfigCommand::Show, &environment).unwrap();
        assert!(
            said.starts_with("# no settings file; defaults\nversion: \"1.0\"\n"),
            "{said}"
        );
    }
}
