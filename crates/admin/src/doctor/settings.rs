//! Whether the settings can be used, by whoever runs the reports too.

use super::check::Check;
use super::machine::Machine;
use crate::accounts::Access;
use settings::{Environment, Settings, SettingsError};

const TOPIC: &str = "settings";

pub(super) fn checks(
    loaded: &Result<Settings, SettingsError>,
    machine: &Machine,
    environment: &Environment,
) -> Vec<Check> {
    let settings = match loaded {
        Ok(settings) => settings,
        Err(SettingsError::Invalid(problems)) => {
            let cure = "fix it; `network-monitor config check` checks the result";
            return problems
                .iter()
                .map(|problem| Check::fault(TOPIC, problem.to_string(), cure))
                .collect();
        }
        Err(error) => {
            let cure = error
                .hint()
                .unwrap_or_else(|| "fix the file, or name another with --config".to_owned());
            return vec![Check::fault(TOPIC, error.to_string(), cure)];
        }
    };
    let Some(path) = &settings.source else {
        return vec![Check::ok(
            TOPIC,
            "there is no settings file; the defaults apply",
        )];
    };
    let path = environment.current_folder.join(path);
    let shown = files::show(&path);
    let closed = machine.account.as_ref().and_then(|account| {
        let obstacle = account.obstacle(&path, Access::Read)?;
        Some((&account.name, obstacle))
    });
    vec![match closed {
        None => Check::ok(TOPIC, shown.to_string()),
        Some((name, obstacle)) => Check::fault(
            TOPIC,
            format!(
                "{shown}: the user {name} cannot read it, because of {}",
                files::show(&obstacle)
            ),
            if obstacle == path {
                format!("chgrp {name} {shown} && chmod 640 {shown}")
            } else {
                format!("let {name} enter {}", files::show(&obstacle))
            },
        ),
    }]
}
