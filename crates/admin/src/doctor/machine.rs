//! The machine that is examined.

use std::path::{Path, PathBuf};

use crate::accounts::{Account, SERVICE};

/// The machine that is examined.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What stands for `/`.
    pub root: PathBuf,
    /// Who runs `report`: the services' account where root asks and there is one, else who asks.
    /// `None` if the system does not tell.
    pub account: Option<Account>,
    /// How systemd is asked. `None` if it does not run.
    pub systemctl: Option<PathBuf>,
}

impl Machine {
    /// How reports are made now, by whoever makes them: what root makes by hand is root's.
    pub(crate) fn report_now(&self) -> &'static str {
        match &self.account {
            Some(account) if account.name == SERVICE => "systemctl start network-monitor-report",
            _ => "network-monitor report",
        }
    }

    /// This machine.
    pub fn this(root: &Path) -> Self {
        let me = Account::of_this_process(root);
        let services = Account::named(root, SERVICE);
        let account = match (me, services) {
            (Some(me), Some(services)) if me.uid == 0 => Some(services),
            (me, _) => me,
        };
        Self {
            root: root.to_owned(),
            account,
            systemctl: root
                .join("run/systemd/system")
                .is_dir()
                .then(|| PathBuf::from("systemctl")),
        }
    }
}
