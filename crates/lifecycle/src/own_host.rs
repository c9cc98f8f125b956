//! Under which name this machine's traffic is kept. A history belongs to one machine: a new name must
//! neither begin a second history of it nor mix the traffic of two machines.

use store::{Owner, Store};
use tracing::warn;

use crate::claims;
use crate::error::{Error, Result};
use settings::{HostLayout, Settings};

/// What follows from the name in the settings and the one in the history.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    /// The name of the settings stands.
    Settings,
    /// The history goes on under the name that it has.
    Keep(String),
    /// Whoever wrote the settings has to say what is meant.
    Ask(String),
}

/// Settings with the name under which this machine's traffic is kept: where they do not say it, a machine
/// that was renamed keeps the name that it has in the history.
///
/// # Errors
/// [`Error::OtherHost`] if the settings name another machine than the history does, and nothing tells
/// whether it is the same one. A store that cannot be read is left to the command that needs it.
pub fn settled(settings: &Settings) -> Result<Settings> {
    let mut settings = settings.clone();
    let Ok(Some(store)) = Store::open_to_read(&settings.paths.store_dir) else {
        return Ok(settings);
    };
    let (Ok(owner), Ok(hosts)) = (owner(&store, &settings), store.hosts()) else {
        return Ok(settings);
    };
    match decide(owner, &hosts, &settings) {
        Decision::Settings => Ok(settings),
        Decision::Keep(name) => {
            warn!(
                "this machine is now called {:?}; its history keeps the name {name:?} \
                 (`network-monitor store rename-host` changes that)",
                settings.host
            );
            settings.host = name;
            Ok(settings)
        }
        Decision::Ask(known) => Err(Error::OtherHost {
            store: files::show(&settings.paths.store_dir).to_string(),
            known,
            asked: settings.host,
        }),
    }
}

/// Notes whose history it is, in a store that nobody else writes to now, and whether it came from a backup. It decides again: since the
/// settings were [`settled`] another run may have renamed the host, or the store could not be read.
///
/// # Errors
/// As [`settled`]; if the catalogue cannot be read or written.
pub fn record(store: &Store, settings: &Settings) -> Result<()> {
    match decide(owner(store, settings)?, &store.hosts()?, settings) {
        Decision::Settings => {}
        Decision::Keep(known) | Decision::Ask(known) => {
            return Err(Error::OtherHost {
                store: files::show(&settings.paths.store_dir).to_string(),
                known,
                asked: settings.host.clone(),
            });
        }
    }
    let new = Owner {
        host: settings.host.clone(),
        machine: settings.machine.clone(),
    };
    let is_due = match store.owner()? {
        None => true,
        Some(old) if old.host == new.host => new.machine.is_some() && old.machine != new.machine,
        // Nothing of it was ever stored.
        Some(old) => !store.hosts()?.contains(&old.host),
    };
    if is_due {
        store.set_owner(&new)?;
    }
    claims::note_later_state(store, settings)
}

/// Notes whose history it is after a rebuild, if the catalogue before it could not tell: that of the only
/// host in it, or of this machine if it holds any of its traffic.
///
/// # Errors
/// If the catalogue cannot be written.
pub fn record_rebuilt(store: &Store, settings: &Settings) -> Result<()> {
    let hosts = store.hosts()?;
    if store.owner()?.is_some() || hosts.contains(&settings.host) {
        return record(store, settings);
    }
    match hosts.as_slice() {
        [host] => Ok(store.set_owner(&Owner {
            host: host.clone(),
            machine: None,
        })?),
        _ => Ok(()),
    }
}

/// The machine that a store belongs to. One that predates owners belongs to the only host in it.
fn owner(store: &Store, settings: &Settings) -> Result<Option<Owner>, store::Error> {
    if let Some(owner) = store.owner()? {
        return Ok(Some(owner));
    }
    Ok(match settings.input.hosts {
        HostLayout::Directories => None,
        HostLayout::Single => store.sole_host()?.map(|host| Owner {
            host,
            machine: None,
        }),
    })
}

fn decide(owner: Option<Owner>, hosts: &[String], settings: &Settings) -> Decision {
    let Some(owner) = owner.filter(|owner| hosts.contains(&owner.host)) else {
        return Decision::Settings;
    };
    // Several machines may share a store under names that it knows.
    if hosts.contains(&settings.host) {
        return Decision::Settings;
    }
    let is_other_machine = match (&owner.machine, &settings.machine) {
        (Some(one), Some(other)) => one != other,
        // Containers often have nothing that tells them apart, and a new name at each start.
        _ => false,
    };
    if settings.host_is_set || is_other_machine {
        Decision::Ask(owner.host)
    } else {
        Decision::Keep(owner.host)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use settings::Environment;

    fn settings(text: &str, machine: Option<&str>) -> Settings {
        let environment = Environment {
            machine: machine.map(str::to_owned),
            ..Environment::for_tests()
        };
        Settings::of_text(text, Path::new("/nowhere/settings.yaml"), &environment).unwrap()
    }

    fn owner(host: &str, machine: Option<&str>) -> Option<Owner> {
        Some(Owner {
            host: host.to_owned(),
            machine: machine.map(str::to_owned),
        })
    }

    fn decided(owner: Option<Owner>, hosts: &[&str], settings: &Settings) -> Decision {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        decide(owner, &hosts, settings)
    }

    #[test]
    fn a_machine_whose_name_changed_by_itself_keeps_its_history() {
        let keep = Decision::Keep("old".to_owned());
        for (before, now) in [
            (Some("a"), Some("a")),
            (None, Some("a")),
            (Some("a"), None),
            (None, None),
        ] {
            let settings = settings("", now);
            assert_eq!(decided(owner("old", before), &["old"], &settings), keep);
        }
    }

    #[test]
    fn a_name_in_the_settings_or_another_machine_is_asked_about() {
        let ask = Decision::Ask("old".to_owned());
        let named = settings("host: new\n", Some("a"));
        assert_eq!(decided(owner("old", Some("a")), &["old"], &named), ask);
        let other = settings("", Some("b"));
        assert_eq!(decided(owner("old", Some("a")), &["old"], &other), ask);
    }

    #[test]
    fn a_name_that_the_history_knows_or_that_has_no_history_yet_stands() {
        let named = settings("host: new\n", Some("a"));
        let stands = |owner, hosts: &[&str]| {
            assert_eq!(decided(owner, hosts, &named), Decision::Settings);
        };
        stands(None, &[]);
        stands(owner("new", Some("b")), &["new"]);
        stands(owner("old", Some("a")), &["new", "old"]);
        stands(owner("old", Some("a")), &[]);
        stands(None, &["one", "two"]);
    }

    #[test]
    fn a_central_store_takes_up_the_central_machine_itself() {
        let central = settings("host: central\n", Some("a"));
        assert_eq!(decided(None, &["web1"], &central), Decision::Settings);
    }
}
