//! What is not to be told, as it was asked for on the command line. It lies in a file of its own, for
//! no history tells it: `store rebuild` leaves it as it is.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

const NAME: &str = "mutes.json";
/// The only form of the file there is so far.
const VERSION: u32 = 1;
/// How long another change is waited for: each takes an instant.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something muted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MuteRecord {
    /// Whom or what, as it was typed: the key of the record.
    pub target: String,
    /// The last day, `YYYY-MM-DD`. `None` mutes for good.
    #[serde(default)]
    pub until: Option<String>,
    /// Why. `None` if nobody said.
    #[serde(default)]
    pub why: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    mutes: Vec<MuteRecord>,
}

/// What is muted in a store's folder, in the order of targets; it needs no lock.
///
/// # Errors
/// If the file cannot be read, or is none of this program's.
pub fn mutes(root: &Path) -> Result<Vec<MuteRecord>> {
    let path = root.join(NAME);
    let text = match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        outcome => outcome.map_err(files::Error::context("read", &path))?,
    };
    match serde_json::from_slice::<File>(&text) {
        Ok(file) if file.version == VERSION => Ok(file.mutes),
        Ok(file) => Err(damaged(path, format!("its version is {}", file.version))),
        Err(error) => Err(damaged(path, error.to_string())),
    }
}

/// Mutes something, or changes what was said of it. The same again changes nothing.
///
/// # Errors
/// If the file cannot be read or written.
pub fn mute(root: &Path, record: MuteRecord, started: &str) -> Result<()> {
    change(root, started, |mutes| {
        mutes.retain(|known| known.target != record.target);
        mutes.push(record);
        mutes.sort_by(|one, other| one.target.cmp(&other.target));
    })
}

/// Takes a mute back, and says whether there was one.
///
/// # Errors
/// If the file cannot be read or written.
pub fn unmute(root: &Path, target: &str, started: &str) -> Result<bool> {
    let mut was_there = false;
    change(root, started, |mutes| {
        was_there = mutes.iter().any(|known| known.target == target);
        mutes.retain(|known| known.target != target);
    })?;
    Ok(was_there)
}

/// Changes the file under a lock of its own, so that it may be changed while a run holds the store.
fn change(root: &Path, started: &str, act: impl FnOnce(&mut Vec<MuteRecord>)) -> Result<()> {
    files::create_folder(root)?;
    let lock = root.join("mutes.lock");
    let begun = Instant::now();
    let _held = loop {
        match files::Lock::acquire(&lock, started, "analysis mute") {
            Err(files::LockError::Held { .. }) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            outcome => break outcome?,
        }
    };
    let before = mutes(root)?;
    let mut after = before.clone();
    act(&mut after);
    if after == before {
        return Ok(());
    }
    let file = File {
        version: VERSION,
        mutes: after,
    };
    let text = serde_json::to_string_pretty(&file).expect("texts are JSON") + "\n";
    files::write_atomically(&root.join(NAME), None, |to| to.write_all(text.as_bytes()))?;
    Ok(())
}

fn damaged(path: PathBuf, reason: String) -> Error {
    Error::MutesDamaged { path, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(target: &str, until: Option<&str>) -> MuteRecord {
        MuteRecord {
            target: target.to_owned(),
            until: until.map(str::to_owned),
            why: None,
        }
    }

    #[test]
    fn a_mute_is_kept_changed_and_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("store");
        assert_eq!(mutes(&root).unwrap(), []);
        mute(&root, record("process:b", None), "now").unwrap();
        mute(&root, record("process:a", None), "now").unwrap();
        mute(&root, record("process:b", Some("2026-03-04")), "now").unwrap();
        let expected = [
            record("process:a", None),
            record("process:b", Some("2026-03-04")),
        ];
        assert_eq!(mutes(&root).unwrap(), expected);
        assert!(unmute(&root, "process:a", "now").unwrap());
        assert!(!unmute(&root, "process:a", "now").unwrap());
        assert_eq!(mutes(&root).unwrap(), expected[1..]);
    }

    #[test]
    fn a_file_that_is_damaged_is_named_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        for text in [
            "{\"version\": 1, \"mutes\": [",
            "{\"version\": 9, \"mutes\": []}",
        ] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(
                mute(folder.path(), record("process:a", None), "now"),
                Err(Error::MutesDamaged { .. })
            ));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
