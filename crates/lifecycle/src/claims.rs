//! Whose files lie in the folders of reports and of archives. Their names follow from the day alone, so two
//! settings files that share such a folder would overwrite each other's; and a store that came from a
//! backup would overwrite what a later state of it has written.
//!
//! The file `.network-monitor` in a folder says which store writes there, of which machine, and after how
//! many commits it last did.

use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use store::Store;

use crate::error::{Error, Result};
use settings::{HostLayout, Settings};

const NAME: &str = ".network-monitor";
/// A claim has a few hundred bytes, and a path in it at most 4 kB.
const LONGEST: u64 = 64 << 10;
/// A store that commits a thousand times a second gets there in 35,000 years.
const MOST_COMMITS: i64 = 1 << 50;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    /// The id of the store.
    store: String,
    /// Its path, for people.
    path: String,
    /// Its machine, if it has an id.
    machine: Option<String>,
    /// The host whose files lie here, if they are all of one.
    host: Option<String>,
    /// The commits of the store when it last wrote here.
    commits: i64,
}

/// How a store stands to a folder that it may write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// What lies there is not newer than the store.
    Current,
    /// A later state of the store has written there: this one came from a backup.
    Older,
}

/// How the store of the settings stands to the folders of reports and archives.
///
/// # Errors
/// [`Error::OtherStore`] if another store, or another host of this one, writes to one of them.
pub fn examine(store: &Store, settings: &Settings) -> Result<Standing> {
    let mut standing = Standing::Current;
    for folder in folders(settings) {
        let Some(claim) = read(folder) else { continue };
        if is_foreign(&claim, store, settings)? {
            return Err(Error::OtherStore {
                folder: files::show(folder).to_string(),
                store: display::printable(&claim.path).into_owned(),
                host: claim.host.unwrap_or_default(),
                claim: files::show(&folder.join(NAME)).to_string(),
            });
        }
        if is_later(&claim, store)? {
            standing = Standing::Older;
        }
    }
    Ok(standing)
}

/// Notes in a store that came from a backup that there was a later state of it, before more is committed.
///
/// # Errors
/// If the catalogue cannot be written.
pub fn note_later_state(store: &Store, settings: &Settings) -> Result<()> {
    for claim in folders(settings).into_iter().filter_map(read) {
        if is_later(&claim, store)? && store.later_state()? != Some(claim.commits) {
            store.note_later_state(claim.commits)?;
        }
    }
    Ok(())
}

/// Whether a later state of a store has written a claim. A store that is gone was no state of this one.
fn is_later(claim: &Claim, store: &Store) -> Result<bool> {
    if !is_same_store(claim, store)? {
        return Ok(false);
    }
    if store.later_state()? == Some(claim.commits) {
        return Ok(true);
    }
    Ok(claim.commits > store.commits()? && claim.commits > commits_now(store)?)
}

/// The commits of a store at this moment. One that is read shows an earlier moment, and a run may have committed
/// and written a claim since.
fn commits_now(store: &Store) -> Result<i64> {
    let now = if store.is_writable() {
        None
    } else {
        Store::open_to_read(store.root())?
    };
    Ok(now.as_ref().unwrap_or(store).commits()?)
}

/// Notes which store writes to those of the folders that are there: if it has written now, or no claim is
/// there yet.
///
/// # Errors
/// If a folder cannot be written.
pub fn claim(store: &Store, settings: &Settings, has_written: bool) -> Result<()> {
    let is_single = settings.input.hosts == HostLayout::Single;
    let claim = Claim {
        store: store.id()?.unwrap_or_default(),
        path: settings.paths.store_dir.to_string_lossy().into_owned(),
        machine: settings.machine.clone(),
        host: is_single.then(|| settings.host.clone()),
        commits: store.commits()?,
    };
    for folder in folders(settings)
        .into_iter()
        .filter(|folder| folder.is_dir())
    {
        let known = read(folder);
        if known.is_none() || (has_written && known.as_ref() != Some(&claim)) {
            files::write_atomically(&folder.join(NAME), None, |out| {
                Ok(serde_json::to_writer_pretty(out, &claim)?)
            })?;
        }
    }
    Ok(())
}

/// Notes that a store which came from a backup is complete again.
///
/// # Errors
/// If the catalogue cannot be written.
pub fn complete(store: &Store, settings: &Settings) -> Result<()> {
    for claim in folders(settings).into_iter().filter_map(read) {
        if is_same_store(&claim, store)? {
            store.complete(claim.commits)?;
        }
    }
    Ok(())
}

fn folders(settings: &Settings) -> Vec<&Path> {
    let mut folders = vec![settings.paths.report_dir.as_path()];
    if settings.archive.enabled {
        folders.push(&settings.paths.archive_dir);
    }
    folders
}

fn is_same_store(claim: &Claim, store: &Store) -> Result<bool> {
    Ok(store.id()?.is_some_and(|id| id == claim.store))
}

/// Whether somebody else writes to a folder.
fn is_foreign(claim: &Claim, store: &Store, settings: &Settings) -> Result<bool> {
    if !is_same_store(claim, store)? {
        let is_other_machine = (claim.machine.as_ref().zip(settings.machine.as_ref()))
            .is_some_and(|(one, other)| one != other);
        // A store in the place of another one, which is gone, takes over what that has written.
        let is_gone = Path::new(&claim.path) == settings.paths.store_dir
            || !store::catalog_path(Path::new(&claim.path)).exists();
        return Ok(is_other_machine || !is_gone);
    }
    let Some(host) = claim.host.as_ref().filter(|host| **host != settings.host) else {
        return Ok(false);
    };
    let is_renamed =
        (store.former_names()?.iter()).any(|(former, now)| former == host && *now == settings.host);
    Ok(settings.input.hosts == HostLayout::Single && !is_renamed && store.hosts()?.contains(host))
}

/// The claim in a folder. `None` if there is none that can be read.
fn read(folder: &Path) -> Option<Claim> {
    let path = folder.join(NAME);
    // Nothing else is opened: a pipe would be waited for.
    if !std::fs::metadata(&path).ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(LONGEST).read_to_end(&mut text).ok()?;
    let claim: Claim = serde_json::from_slice(&text).ok()?;
    (0..=MOST_COMMITS).contains(&claim.commits).then_some(claim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::Environment;

    struct Place {
        root: tempfile::TempDir,
    }

    impl Place {
        fn settings(&self, host: &str, store: &str, machine: Option<&str>) -> Settings {
            let text = format!(
                "host: {host}\npaths: {{report_dir: reports, archive_dir: archive, store_dir: {store}}}\n"
            );
            let environment = Environment {
                machine: machine.map(str::to_owned),
                ..Environment::for_tests()
            };
            let file = self.root.path().join("settings.yaml");
            std::fs::create_dir_all(self.root.path().join("reports")).unwrap();
            Settings::of_text(&text, &file, &environment).unwrap()
        }
    }

    fn open(settings: &Settings) -> Store {
        Store::open(&settings.paths.store_dir, "now", "test").unwrap()
    }

    fn place() -> Place {
        Place {
            root: tempfile::tempdir().unwrap(),
        }
    }

    #[test]
    fn a_folder_belongs_to_one_store_until_that_is_gone() {
        let place = place();
        let (one, other) = (
            place.settings("a", "one", None),
            place.settings("a", "other", None),
        );
        let store = open(&one);
        for _ in 0..2 {
            assert_eq!(examine(&store, &one).unwrap(), Standing::Current);
            claim(&store, &one, true).unwrap();
        }
        let error = examine(&open(&other), &other).unwrap_err();
        assert!(matches!(error, Error::OtherStore { .. }), "{error}");
        assert!(error.to_string().contains("/one"), "{error}");
        drop(store);
        std::fs::remove_dir_all(&one.paths.store_dir).unwrap();
        let store = open(&other);
        examine(&store, &other).unwrap();
        claim(&store, &other, true).unwrap();
        // Made again in the same place.
        drop(store);
        std::fs::remove_dir_all(&other.paths.store_dir).unwrap();
        examine(&open(&other), &other).unwrap();
    }

    #[test]
    fn a_store_that_moved_is_known_and_one_of_another_machine_is_not() {
        let place = place();
        let here = place.settings("a", "store", Some("here"));
        let store = open(&here);
        claim(&store, &here, true).unwrap();
        drop(store);
        let moved = place.settings("a", "moved", Some("here"));
        std::fs::rename(&here.paths.store_dir, &moved.paths.store_dir).unwrap();
        std::os::unix::fs::symlink(&moved.paths.store_dir, &here.paths.store_dir).unwrap();
        for settings in [&moved, &here] {
            examine(&open(settings), settings).unwrap();
        }
        std::fs::remove_file(&here.paths.store_dir).unwrap();
        // The same paths on another machine, with a store of its own.
        let there = place.settings("a", "store", Some("there"));
        examine(&open(&there), &there).unwrap_err();
    }

    #[test]
    fn an_older_state_of_a_store_is_told_until_it_has_caught_up() {
        let place = place();
        let settings = place.settings("a", "store", None);
        let store = open(&settings);
        store.complete(7).unwrap();
        claim(&store, &settings, true).unwrap();
        assert_eq!(examine(&store, &settings).unwrap(), Standing::Current);
        let text = std::fs::read_to_string(settings.paths.report_dir.join(NAME)).unwrap();
        let later = text.replace("\"commits\": 7", "\"commits\": 9");
        std::fs::write(settings.paths.report_dir.join(NAME), later).unwrap();
        assert_eq!(examine(&store, &settings).unwrap(), Standing::Older);
        note_later_state(&store, &settings).unwrap();
        // More commits make it no later state.
        store.complete(9).unwrap();
        store.note_later_state(9).unwrap();
        assert_eq!(examine(&store, &settings).unwrap(), Standing::Older);
        complete(&store, &settings).unwrap();
        assert_eq!(examine(&store, &settings).unwrap(), Standing::Current);
    }

    #[test]
    fn an_archive_folder_is_claimed_only_if_archives_go_there() {
        for is_used in [false, true] {
            let place = place();
            let mut settings = place.settings("a", "store", None);
            settings.archive.enabled = is_used;
            let archives = &settings.paths.archive_dir;
            std::fs::create_dir_all(archives).unwrap();
            let store = open(&settings);
            claim(&store, &settings, true).unwrap();
            assert!(settings.paths.report_dir.join(NAME).exists());
            assert_eq!(archives.join(NAME).exists(), is_used);
            // Another store's claim to it matters only if archives go there.
            let other = place.settings("a", "other", None);
            open(&other);
            let foreign = Claim {
                store: "another".to_owned(),
                path: other.paths.store_dir.to_string_lossy().into_owned(),
                machine: None,
                host: None,
                commits: 1,
            };
            let foreign = serde_json::to_vec(&foreign).unwrap();
            std::fs::write(archives.join(NAME), foreign).unwrap();
            assert_eq!(examine(&store, &settings).is_err(), is_used);
        }
    }

    #[test]
    fn a_claim_of_an_absurd_number_of_commits_is_ignored() {
        let place = place();
        let settings = place.settings("a", "store", None);
        let store = open(&settings);
        claim(&store, &settings, true).unwrap();
        let file = settings.paths.report_dir.join(NAME);
        let own = std::fs::read_to_string(&file).unwrap();
        let commits = format!("\"commits\": {}", store.commits().unwrap());
        for (number, standing) in [
            (MOST_COMMITS.to_string(), Standing::Older),
            ((MOST_COMMITS + 1).to_string(), Standing::Current),
            (i64::MAX.to_string(), Standing::Current),
            (u64::MAX.to_string(), Standing::Current),
            ("-1".to_owned(), Standing::Current),
            (i64::MIN.to_string(), Standing::Current),
        ] {
            let text = own.replace(&commits, &format!("\"commits\": {number}"));
            assert_ne!(text, own);
            std::fs::write(&file, text).unwrap();
            assert_eq!(examine(&store, &settings).unwrap(), standing, "{number}");
            if standing == Standing::Current {
                note_later_state(&store, &settings).unwrap();
                complete(&store, &settings).unwrap();
                assert_eq!(store.later_state().unwrap(), None, "{number}");
            }
        }
    }

    #[test]
    fn what_is_no_claim_claims_nothing() {
        let place = place();
        let settings = place.settings("a", "store", None);
        let store = open(&settings);
        let file = settings.paths.report_dir.join(NAME);
        let long = format!("{{\"store\": \"{}\"", "x".repeat(100_000));
        for text in ["", "x", "{}", "[]", &long] {
            std::fs::write(&file, text).unwrap();
            examine(&store, &settings).unwrap();
            claim(&store, &settings, true).unwrap();
        }
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        examine(&store, &settings).unwrap();
    }

    #[test]
    fn what_was_committed_since_a_reader_began_is_no_later_state() {
        let place = Place {
            root: tempfile::tempdir().unwrap(),
        };
        let settings = place.settings("web1", "store", None);
        let mut writer = open(&settings);
        claim(&writer, &settings, true).unwrap();
        let reader = Store::open_to_read(&settings.paths.store_dir)
            .unwrap()
            .unwrap();
        let log = include_bytes!("../../store/tests/recordings/bandwhich_20261122_0843.log");
        let folded = store::fold_log(
            writer.root(),
            "web1",
            "log",
            log.as_slice(),
            &store::Tuning::default(),
        );
        writer.ingest(vec![folded.unwrap()]).unwrap();
        claim(&writer, &settings, true).unwrap();
        assert!(writer.commits().unwrap() > reader.commits().unwrap());
        assert_eq!(examine(&reader, &settings).unwrap(), Standing::Current);
    }
}
