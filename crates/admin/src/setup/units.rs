//! The services of systemd, as they ship in `packaging/systemd`.

use std::path::{Path, PathBuf};

use super::target::SetupScope;
use settings::Environment;

/// A unit.
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    /// Its file's name.
    pub name: &'static str,
    /// The machine's form of it.
    system: &'static str,
    /// A user's form of it.
    user: &'static str,
}

/// All units. What is to be enabled are the collector and the timer.
pub const UNITS: [Unit; 3] = [
    Unit {
        name: "network-monitor-collect.service",
        system: include_str!("../../../../packaging/systemd/network-monitor-collect.service"),
        user: include_str!("../../../../packaging/systemd/user/network-monitor-collect.service"),
    },
    Unit {
        name: "network-monitor-report.service",
        system: include_str!("../../../../packaging/systemd/network-monitor-report.service"),
        user: include_str!("../../../../packaging/systemd/user/network-monitor-report.service"),
    },
    Unit {
        name: "network-monitor-report.timer",
        system: include_str!("../../../../packaging/systemd/network-monitor-report.timer"),
        user: include_str!("../../../../packaging/systemd/user/network-monitor-report.timer"),
    },
];

/// The line of `/etc/cron.d` for machines without systemd.
pub(super) const CRON: &str = include_str!("../../../../packaging/cron");

/// Where the units say that the program is.
const PACKAGED_PROGRAM: &str = "ExecStart=/usr/bin/network-monitor ";

/// Where packages put units, below the root.
const PACKAGED_FOLDERS: [&str; 2] = ["usr/lib/systemd", "lib/systemd"];

/// Whether systemd starts what the machine at this root runs. The one at hand is asked as `sd_booted(3)`
/// does: packages bring units also where something else starts what they hold. Another root does not
/// run; there the folders of units tell.
pub fn has_systemd(root: &Path) -> bool {
    if root == Path::new("/") {
        return Path::new("/run/systemd/system").is_dir();
    }
    PACKAGED_FOLDERS
        .iter()
        .any(|folder| root.join(folder).is_dir())
}

impl Unit {
    /// What it says where the program is at this path.
    pub fn text(&self, scope: SetupScope, program: &str) -> String {
        let text = match scope {
            SetupScope::System => self.system,
            SetupScope::User => self.user,
        };
        text.replace(PACKAGED_PROGRAM, &format!("ExecStart={program} "))
    }

    /// Where a package has put it.
    pub fn packaged(&self, scope: SetupScope, root: &Path) -> Option<PathBuf> {
        let below = match scope {
            SetupScope::System => "system",
            SetupScope::User => "user",
        };
        PACKAGED_FOLDERS
            .iter()
            .map(|folder| root.join(folder).join(below).join(self.name))
            .find(|path| path.exists())
    }
}

/// Where units of one's own lie. `None` if there is no home.
pub fn folder(scope: SetupScope, root: &Path, environment: &Environment) -> Option<PathBuf> {
    match scope {
        SetupScope::System => Some(root.join("etc/systemd/system")),
        SetupScope::User => Some(environment.user_folder()?.join("systemd/user")),
    }
}
