//! What is missing on this machine. Looks, and changes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use super::target::{SetupScope, Target};
use super::units::{self, CRON, UNITS};
use crate::accounts::{Access, Account, SERVICE};
use crate::error::{Error, Result};
use settings::{DEFAULT_FILE, Environment, PasswordSource, SYSTEM_FOLDER, Settings, system_file};

/// Gives bandwhich what it needs where no service does.
const SETCAP: &str = "setcap cap_sys_ptrace,cap_dac_read_search,cap_net_raw,cap_net_admin+ep \\
    \"$(command -v bandwhich)\"";

/// What has to be done, in this order, and what the user has to do then.
#[derive(Clone, Debug)]
pub struct SetupPlan {
    /// What is there and what is missing.
    pub steps: Vec<Step>,
    /// What to do next, line by line.
    pub next: Vec<String>,
}

/// Something that has to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The account of the services is made.
    Account,
    /// A folder is made, of the services if there are any.
    Folder(PathBuf),
    /// A file is written.
    File {
        /// Its path.
        path: PathBuf,
        /// What it says.
        text: String,
        /// Its mode.
        mode: u32,
    },
    /// A file is given to the group of the services, who read it.
    Share(PathBuf),
    /// It is there.
    Present(String),
    /// It is there, and not as it would be written.
    Kept(PathBuf, String),
}

impl Step {
    /// What it is about.
    pub fn shown(&self) -> String {
        match self {
            Self::Account => format!("user and group {SERVICE}"),
            Self::Folder(path) | Self::File { path, .. } | Self::Share(path) => shown(path),
            Self::Present(what) => what.clone(),
            Self::Kept(path, _) => shown(path),
        }
    }

    /// What was done, or would be, in a word; and what is to be said of it.
    pub fn words(&self, is_dry: bool) -> (&'static str, String) {
        let word = match (self, is_dry) {
            (Self::Account | Self::Folder(_), false) => "made",
            (Self::Account | Self::Folder(_), true) => "to make",
            (Self::File { .. }, false) => "wrote",
            (Self::File { .. }, true) => "to write",
            (Self::Share(_), false) => "shared",
            (Self::Share(_), true) => "to share",
            (Self::Present(_), _) => "is there",
            (Self::Kept(..), _) => "kept",
        };
        let note = match self {
            Self::Share(_) => format!(" with the group {SERVICE}"),
            Self::Kept(_, reason) => format!("\n          {reason}"),
            _ => String::new(),
        };
        (word, note)
    }
}

/// Looks what is missing.
///
/// # Errors
/// If this program cannot be what services run, or there is no home.
pub fn plan(target: &Target, environment: &Environment) -> Result<SetupPlan> {
    if target.scope == SetupScope::System && !cfg!(target_os = "linux") {
        let reason = "setup --system is for Linux; setup --user makes folders and settings";
        return Err(Error::Usage(reason.to_owned()));
    }
    if target.scope == SetupScope::System && !target.root.join("etc/passwd").is_file() {
        return Err(Error::Usage(format!(
            "{}: does not hold a system (there is no etc/passwd); --root takes the root of an installed \
             one, such as a mounted image",
            shown(&target.root)
        )));
    }
    let program = program(target)?;
    let settings_file = match target.scope {
        SetupScope::System => target.root.join("etc/network-monitor/settings.yaml"),
        SetupScope::User => home(environment)?.join("network-monitor/settings.yaml"),
    };
    let mut steps = Vec::new();
    if target.scope == SetupScope::System {
        steps.push(match Account::named(&target.root, SERVICE) {
            Some(_) => Step::Present(format!("user {SERVICE}")),
            None => Step::Account,
        });
    }
    let settings = settings(&settings_file, target, environment, &mut steps);
    for folder in settings
        .iter()
        .flat_map(|settings| folders(settings, target))
    {
        steps.push(if folder.is_dir() {
            Step::Present(shown(&folder))
        } else {
            Step::Folder(folder)
        });
    }
    let has_systemd = units::has_systemd(&target.root);
    if has_systemd {
        let folder = units::folder(target.scope, &target.root, environment);
        let folder = folder.ok_or_else(no_home)?;
        steps.extend(UNITS.iter().map(|unit| {
            let text = unit.text(target.scope, &program);
            match unit.packaged(target.scope, &target.root) {
                Some(path) => Step::Present(shown(&path)),
                None => file(folder.join(unit.name), text, 0o644),
            }
        }));
    } else if target.scope == SetupScope::System {
        let text = CRON.replace(" network-monitor --", &format!(" {program} --"));
        steps.push(file(
            target.root.join("etc/cron.d/network-monitor"),
            text,
            0o644,
        ));
    }
    let next = next(&settings_file, &program, has_systemd, target, environment);
    Ok(SetupPlan { steps, next })
}

/// Whether this account may carry out a plan for the machine.
///
/// # Errors
/// [`Error::Step`] if it is not root, and something is to be made.
pub fn require_rights(plan: &SetupPlan, target: &Target) -> Result<()> {
    let is_done = |step: &Step| matches!(step, Step::Present(_) | Step::Kept(..));
    let needs_root = target.scope == SetupScope::System && target.root == Path::new("/");
    let account = Account::of_this_process(&target.root);
    let is_root = account.is_none_or(|account| account.uid == 0);
    if !needs_root || is_root || plan.steps.iter().all(is_done) {
        return Ok(());
    }
    Err(Error::Step(format!(
        "setup --system needs root: sudo {} setup --system; without root, setup --user is for you alone",
        shown(&target.program)
    )))
}

/// The program as services call it.
fn program(target: &Target) -> Result<String> {
    let inside = target.program.strip_prefix(&target.root);
    let program = inside.map_or_else(
        |_| target.program.clone(),
        |inside| Path::new("/").join(inside),
    );
    let shown = shown(&program);
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "/._+-".contains(character);
    let is_home = ["/home", "/root"]
        .iter()
        .any(|home| program.starts_with(home));
    if !shown.chars().all(is_plain) {
        return Err(Error::Usage(format!(
            "{shown}: a unit cannot name this path; install the program to /usr/local/bin"
        )));
    }
    if target.scope == SetupScope::System && is_home {
        return Err(Error::Usage(format!(
            "{shown}: system services cannot access home directories; install the program to /usr/local/bin, as \
             by sudo install {shown} /usr/local/bin/"
        )));
    }
    Ok(shown)
}

/// Adds the step for the settings. Returns those that will be in force. `None` if they have faults.
fn settings(
    path: &Path,
    target: &Target,
    environment: &Environment,
    steps: &mut Vec<Step>,
) -> Option<Settings> {
    let (text, mode) = match target.scope {
        SetupScope::System => (system_file(), 0o640),
        SetupScope::User => (DEFAULT_FILE.to_owned(), 0o600),
    };
    let account = Account::named(&target.root, SERVICE);
    let kept = |reason: &str| Step::Kept(path.to_owned(), reason.to_owned());
    if !path.exists() {
        let settings = Settings::of_text(&text, path, environment).ok();
        steps.push(file(path.to_owned(), text, mode));
        return settings;
    }
    let loaded = Settings::load(Some(path), environment);
    let is_closed = |settings: &Settings| {
        let is_password = matches!(settings.email.password, Some(PasswordSource::Given(_)));
        // Whoever is not there yet owns nothing.
        let sees = account
            .as_ref()
            .is_some_and(|account| account.obstacle(path, Access::Read).is_none());
        (target.scope == SetupScope::System && !sees).then_some(is_password)
    };
    steps.push(match &loaded {
        Err(_) => kept("it has faults: `network-monitor config check` names them"),
        Ok(settings) => match is_closed(settings) {
            Some(true) => kept(
                "it holds a password, so the services must not read it: write the password to \
                 /etc/network-monitor/email_password, and set email.password_file: email_password",
            ),
            Some(false) => Step::Share(path.to_owned()),
            None => Step::Present(shown(path)),
        },
    });
    loaded.ok()
}

/// The folders that the settings name, and the services' own.
fn folders(settings: &Settings, target: &Target) -> Vec<PathBuf> {
    let paths = &settings.paths;
    let named = [
        &paths.log_dir,
        &paths.report_dir,
        &paths.archive_dir,
        &paths.store_dir,
    ];
    let own = Path::new(SYSTEM_FOLDER);
    let own = Some(own).filter(|_| target.scope == SetupScope::System);
    own.into_iter()
        .chain(named.map(PathBuf::as_path))
        .map(|path| below(&target.root, path))
        .collect()
}

fn below(root: &Path, path: &Path) -> PathBuf {
    if path.starts_with(root) {
        path.to_owned()
    } else {
        root.join(path.strip_prefix("/").unwrap_or(path))
    }
}

fn file(path: PathBuf, text: String, mode: u32) -> Step {
    match fs::read_to_string(&path) {
        Ok(found) if found == text => Step::Present(shown(&path)),
        Ok(_) | Err(_) if path.exists() => Step::Kept(
            path,
            "it was edited, or is of another version; remove it to get this version's".to_owned(),
        ),
        _ => Step::File { path, text, mode },
    }
}

fn next(
    settings: &Path,
    program: &str,
    has_systemd: bool,
    target: &Target,
    environment: &Environment,
) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |line: String| lines.push(line);
    let paths = environment.variables.get("PATH").map(String::as_str);
    let has_bandwhich = std::env::split_paths(paths.unwrap_or_default())
        .any(|folder| folder.join("bandwhich").is_file());
    let settings = shown(settings);
    match target.scope {
        SetupScope::System => {
            if !has_bandwhich {
                add("  cargo install --locked bandwhich".to_owned());
                add("  sudo install ~/.cargo/bin/bandwhich /usr/local/bin/".to_owned());
            }
            if !has_systemd {
                add(format!("  sudo {SETCAP}"));
            }
            add(format!(
                "  edit {settings}: the section email, for the daily letter"
            ));
            let password = shown(&target.root.join("etc/network-monitor/email_password"));
            if has_systemd {
                add(format!("  (umask 077; cat > {password})  # its password"));
                // Another root's systemd does not run.
                let (systemctl, now) = if target.root == Path::new("/") {
                    ("systemctl".to_owned(), " --now")
                } else {
                    (format!("systemctl --root={}", shown(&target.root)), "")
                };
                if !now.is_empty() {
                    add("  systemctl daemon-reload".to_owned());
                }
                add(format!(
                    "  {systemctl} enable{now} network-monitor-collect.service \\"
                ));
                add("    network-monitor-report.timer".to_owned());
            } else {
                // cron's jobs read the password themselves.
                add(format!(
                    "  install -m 600 -o {SERVICE} /dev/null {password}"
                ));
                add(format!("  cat > {password}  # its password"));
                add("  restart the machine: cron then starts the collector".to_owned());
            }
        }
        SetupScope::User => {
            if !has_bandwhich {
                add("  cargo install --locked bandwhich".to_owned());
            }
            add(format!("  sudo {SETCAP}"));
            add(format!(
                "  edit {settings}: the section email, for the daily letter"
            ));
            if has_systemd {
                add("  systemctl --user daemon-reload".to_owned());
                add(
                    "  systemctl --user enable --now network-monitor-collect.service \\".to_owned(),
                );
                add("    network-monitor-report.timer".to_owned());
                add("  loginctl enable-linger  # so that they run without a login".to_owned());
            } else {
                add("  crontab -e, with these two lines:".to_owned());
                // Without a blank before them, so that they can be pasted as they are.
                add(format!("@reboot {program} collect"));
                add(format!("10 0 * * * {program} --quiet report"));
            }
        }
    }
    add("  network-monitor doctor  # says what is still missing".to_owned());
    lines
}

fn home(environment: &Environment) -> Result<PathBuf> {
    environment.user_folder().ok_or_else(no_home)
}

fn no_home() -> Error {
    Error::Usage("the variable HOME is not set; there is no home folder to set up".to_owned())
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
