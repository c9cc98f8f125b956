//! Where settings are found: the world around the program, and the file among its folders.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::problem::SettingsError;
use super::secrets;

/// Where `config/settings.yaml` lies, seen from the current folder.
pub const LOCAL_FILE: &str = "config/settings.yaml";

/// A file longer than this is no settings file.
const LONGEST_FILE: u64 = 1 << 20;

/// What the settings depend on beside files, gathered once so that nothing below asks the process.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The environment; variables that are not UTF-8 are left out.
    pub variables: BTreeMap<String, String>,
    /// The user's home; `None` if the environment does not tell.
    pub home: Option<PathBuf>,
    /// The folder that relative paths of flags and variables begin at. Empty where it was deleted: then they
    /// lead nowhere, and absolute ones are as good as ever.
    pub current_folder: PathBuf,
    /// The folder of the machine's own settings, `/etc`.
    pub system_folder: PathBuf,
    /// The machine's name.
    pub hostname: String,
    /// What tells the machine from others of the same name, if it has a machine id.
    pub machine: Option<String>,
    /// The machine's time zone.
    pub local_zone: TimeZone,
}

impl Environment {
    /// Gathers the environment of this process.
    pub fn of_this_process() -> Self {
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let home = std::env::var_os("HOME")
            .filter(|home| !home.is_empty())
            .map(PathBuf::from);
        Self {
            variables,
            home,
            current_folder: std::env::current_dir().unwrap_or_default(),
            system_folder: PathBuf::from("/etc"),
            hostname: gethostname::gethostname().to_string_lossy().into_owned(),
            machine: machine(Path::new("/etc/machine-id")),
            local_zone: TimeZone::system(),
        }
    }

    /// A made-up environment, the same on every machine: Ada's, in `/nowhere/place` on `web1`.
    pub fn for_tests() -> Self {
        Self {
            variables: BTreeMap::new(),
            home: Some(PathBuf::from("/home/ada")),
            current_folder: PathBuf::from("/nowhere/place"),
            system_folder: PathBuf::from("/nowhere/etc"),
            hostname: "web1".to_owned(),
            machine: None,
            local_zone: TimeZone::UTC,
        }
    }

    /// The folder of the user's own settings of all programs. `None` if there is no home.
    pub fn user_folder(&self) -> Option<PathBuf> {
        let named = self.variables.get("XDG_CONFIG_HOME").map(PathBuf::from);
        // The base directory specification ignores relative paths.
        let named = named.filter(|folder| folder.is_absolute());
        named.or_else(|| self.home.as_ref().map(|home| home.join(".config")))
    }

    /// The files that are tried in turn when none is named.
    pub fn search_path(&self) -> Vec<PathBuf> {
        let below = Path::new("network-monitor").join("settings.yaml");
        let mut files = vec![PathBuf::from(LOCAL_FILE)];
        files.extend(self.user_folder().map(|folder| folder.join(&below)));
        files.push(self.system_folder.join(&below));
        files
    }
}

/// The hash of the machine's id: the id itself is not to be shown to others (machine-id(5)). `None` without
/// one, as in many containers.
fn machine(file: &Path) -> Option<String> {
    let id = std::fs::read_to_string(file).ok()?;
    let is_id = id.trim().len() == 32 && id.trim().bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id
        .then(|| archive::digest_of_file(file).ok())
        .flatten()
        .map(|digest| digest.sha256)
}

/// A settings file that was read.
pub(crate) struct LocatedFile {
    /// The file, as it was named.
    pub(crate) path: PathBuf,
    /// The folder it lies in, absolute; relative paths in it begin here.
    pub(crate) folder: PathBuf,
    pub(crate) text: String,
    /// Whether group or others can read it.
    pub(crate) exposed: bool,
}

/// Reads the named file, or else the first that exists; `None` if there is none at all.
pub(crate) fn find(
    named: Option<&Path>,
    environment: &Environment,
) -> Result<Option<LocatedFile>, SettingsError> {
    if let Some(path) = named {
        let found = read(path, environment)?;
        return found
            .map(Some)
            .ok_or_else(|| SettingsError::Missing { path: path.into() });
    }
    for path in environment.search_path() {
        if let Some(found) = read(&path, environment)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn read(path: &Path, environment: &Environment) -> Result<Option<LocatedFile>, SettingsError> {
    let unreadable = |source| SettingsError::Unreadable {
        path: path.into(),
        source,
    };
    let not_settings = |reason: &str| SettingsError::NotSettings {
        path: path.into(),
        reason: reason.to_owned(),
    };
    let absolute = environment.current_folder.join(path);
    let mut file = match File::open(&absolute) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
    };
    let exposed = secrets::is_exposed(&file.metadata().map_err(unreadable)?);
    let mut bytes = Vec::new();
    file.by_ref()
        .take(LONGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(not_settings(
            "is longer than 1 MiB, which no settings file is",
        ));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.split(|byte| *byte == b'\n').count();
        not_settings(&format!("line {line} is not UTF-8 text"))
    })?;
    let folder = absolute
        .parent()
        .map_or_else(|| absolute.clone(), Path::to_path_buf);
    Ok(Some(LocatedFile {
        path: path.into(),
        folder,
        text,
        exposed,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_are_tried_from_the_nearest_to_the_farthest() {
        let mut environment = Environment::for_tests();
        let tried = |environment: &Environment| -> Vec<String> {
            let files = environment.search_path();
            files
                .iter()
                .map(|file| file.display().to_string())
                .collect()
        };
        assert_eq!(
            tried(&environment),
            [
                "config/settings.yaml",
                "/home/ada/.config/network-monitor/settings.yaml",
                "/nowhere/etc/network-monitor/settings.yaml",
            ]
        );
        environment
            .variables
            .insert("XDG_CONFIG_HOME".into(), "/xdg".into());
        assert_eq!(tried(&environment)[1], "/xdg/network-monitor/settings.yaml");
        environment
            .variables
            .insert("XDG_CONFIG_HOME".into(), "relative".into());
        assert_eq!(
            tried(&environment)[1],
            "/home/ada/.config/network-monitor/settings.yaml"
        );
    }

    #[test]
    fn the_first_existing_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut environment = Environment::for_tests();
        environment.current_folder = folder.path().join("work");
        environment.system_folder = folder.path().join("etc");
        assert!(find(None, &environment).unwrap().is_none());

        let system = folder.path().join("etc/network-monitor");
        fs::create_dir_all(&system).unwrap();
        fs::write(system.join("settings.yaml"), "host: system").unwrap();
        assert_eq!(
            find(None, &environment).unwrap().unwrap().text,
            "host: system"
        );

        let local = folder.path().join("work/config");
        fs::create_dir_all(&local).unwrap();
        fs::write(local.join("settings.yaml"), "host: local").unwrap();
        let found = find(None, &environment).unwrap().unwrap();
        assert_eq!(found.text, "host: local");
        assert_eq!(found.path, Path::new("config/settings.yaml"));
        assert_eq!(found.folder, local);
    }

    #[test]
    fn a_named_file_must_be_there_and_be_text() {
        let folder = tempfile::tempdir().unwrap();
        let mut environment = Environment::for_tests();
        environment.current_folder = folder.path().into();
        let error = |name: &str| find(Some(Path::new(name)), &environment).err().unwrap();

        let missing = error("mine.yaml");
        assert_eq!(missing.to_string(), "mine.yaml: no such settings file");
        assert_eq!(
            missing.hint().unwrap(),
            "network-monitor config init writes one"
        );

        fs::write(folder.path().join("binary.yaml"), b"host: a\nhost: \xff\n").unwrap();
        assert_eq!(
            error("binary.yaml").to_string(),
            "binary.yaml: line 2 is not UTF-8 text"
        );

        fs::write(folder.path().join("huge.yaml"), vec![b'#'; (1 << 20) + 1]).unwrap();
        assert_eq!(
            error("huge.yaml").to_string(),
            "huge.yaml: is longer than 1 MiB, which no settings file is"
        );

        fs::create_dir(folder.path().join("folder.yaml")).unwrap();
        assert!(
            error("folder.yaml")
                .to_string()
                .starts_with("folder.yaml: cannot be read: ")
        );
    }
}
