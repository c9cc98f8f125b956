//! `config init`, `config check` and `config show`.

use std::io::Write;
use std::path::Path;

use display::printable;

use settings::{
    DEFAULT_FILE, Environment, LOCAL_FILE, Override, Settings, system_file, write_file,
};

use crate::args::ConfigCommand;
use crate::failure::Failure;

/// Carries out one `config` command. `named` is the file that `--config` names.
pub fn run(
    command: &ConfigCommand,
    named: Option<&Path>,
    flags: &[Override],
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match command {
        ConfigCommand::Init {
            path,
            force,
            system,
        } => {
            let path = path.as_deref().or(named).unwrap_or(Path::new(LOCAL_FILE));
            let text = if *system {
                system_file()
            } else {
                DEFAULT_FILE.to_owned()
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

fn check(settings: &Settings, out: &mut dyn Write) -> Result<(), Failure> {
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
    use std::fs;

    use super::*;

    fn in_folder(folder: &Path) -> Environment {
        let mut environment = Environment::for_tests();
        environment.current_folder = folder.into();
        environment
    }

    fn answer(command: &ConfigCommand, environment: &Environment) -> Result<String, Failure> {
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
        assert_eq!(error.to_string(), "mine.yaml: already exists");
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
