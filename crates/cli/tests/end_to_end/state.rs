//! All that two labs must have in common, file by file, where one of them was disturbed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::containers::unzip;
use crate::lab::{Lab, timeless};

/// What each file holds, by its path; beside it what the program says of its store.
pub(crate) type State = BTreeMap<String, String>;

impl Lab {
    /// The files of the lab without what may differ: times at which reports were made, and numbers
    /// by which the store tells versions of its files apart. A file too many is a difference, so
    /// that no temporary file stays unseen.
    #[track_caller]
    pub(crate) fn state(&self) -> State {
        let status = self.timeless_status();
        let check = self.run(&["store", "check"]).done().said;
        let mut state = self.files("");
        state.insert("status".to_owned(), status);
        state.insert("check".to_owned(), check);
        state.insert("history".to_owned(), history(&self.path("store")));
        state
    }

    /// The files below a folder, as in [`Lab::state`].
    pub(crate) fn files(&self, folder: &str) -> State {
        let root = self.path("");
        let mut state = State::new();
        for path in paths(&self.path(folder)) {
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            if let Some(content) = content(&name, &fs::read(&path).unwrap()) {
                let mut name = without_generation(&name);
                while state.contains_key(&name) {
                    name.push_str(" once more");
                }
                state.insert(name, content);
            }
        }
        state
    }
}

/// All files below a folder that may not be there.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths.extend(self::paths(&path))
        } else {
            paths.push(path)
        }
    }
    paths
}

/// What is held against the same file of another lab; `None` if that need not have it.
fn content(name: &str, bytes: &[u8]) -> Option<String> {
    if name == "store/last_run.json" {
        return None;
    }
    // It holds the path of the store, and how often that was committed.
    if name.ends_with("/.network-monitor") {
        return Some(String::new());
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    Some(match extension {
        "json" => match serde_json::from_slice::<Value>(bytes) {
            Ok(record) if name.starts_with("store/outbox/") => return letter(&record),
            Ok(document) if name.starts_with("archive/") => archived(document),
            Ok(report) => timeless(report).to_string(),
            Err(error) => format!("no JSON: {error}"),
        },
        "zip" => {
            let members = unzip(bytes).into_iter();
            let mut lines: Vec<String> = members
                .filter_map(|(name, member)| {
                    Some(format!("{name}: {}\n", content(&name, &member)?))
                })
                .collect();
            lines.sort();
            lines.concat()
        }
        // They name versions and times; `store check` and `status` look into them.
        "source" | "sources" | "sqlite" | "seal" => String::new(),
        // It names versions of sources; what it holds is part of the history.
        "parquet" if name.contains("/packed-") => String::new(),
        _ => format!(
            "{} bytes, {:016x}",
            bytes.len(),
            twox_hash::XxHash3_64::oneshot(bytes)
        ),
    })
}

/// The record of a letter without times and the number of problems. One that tells of a run that went wrong
/// is that run's own, if nobody waits for it.
fn letter(record: &Value) -> Option<String> {
    let states: Vec<&Value> = (record["recipients"].as_array().unwrap().iter())
        .map(|recipient| &recipient["state"])
        .collect();
    if record["kind"] == "error" && states.iter().all(|state| *state == "delivered") {
        return None;
    }
    let kept = ["kind", "host", "about", "message_id", "edition"];
    let subject = without_problems(record["subject"].as_str().unwrap());
    Some(format!(
        "{subject:?} {:?} {states:?}",
        kept.map(|key| &record[key])
    ))
}

/// A letter's subject without `, 2 problems`: one of them may be that the disk is nearly full, which is no
/// matter of a lab's and may change between two of them.
fn without_problems(subject: &str) -> &str {
    match subject.rsplit_once(", ") {
        Some((rest, last)) if last.ends_with(" problem") || last.ends_with(" problems") => rest,
        _ => subject,
    }
}

#[test]
fn a_subject_is_compared_without_its_problems() {
    let rest = "web1, 2026-11-22: 1.2 GB down, 340 MB up";
    for problems in ["", ", 1 problem", ", 12 problems"] {
        assert_eq!(without_problems(&format!("{rest}{problems}")), rest);
    }
    let findings = format!("{rest}, 2 findings");
    assert_eq!(without_problems(&findings), findings);
}

/// What is said of an archive without what depends on times and on the order of its members.
fn archived(mut document: Value) -> String {
    for key in ["archive", "compression_ratio"] {
        document.as_object_mut().unwrap().remove(key);
    }
    let members = document["members"].as_array_mut().unwrap();
    for member in members.iter_mut() {
        member.as_object_mut().unwrap().remove("modified");
    }
    members.sort_by_key(|member| member["name"].to_string());
    document.to_string()
}

/// Every row and every bucket of a store, as one number.
fn history(root: &Path) -> String {
    let Some(store) = store::Store::open_to_read(root).unwrap() else {
        return String::new();
    };
    let all = 0..4_000_000_000;
    let mut lines = Vec::new();
    for host in store.hosts().unwrap() {
        store
            .read_rows::<store::Error>(&host, all.clone(), |row| {
                lines.push(format!("{host} {row:?}"));
                Ok(())
            })
            .unwrap();
        let facts = store.read_facts(&host, all.clone()).unwrap();
        lines.extend(facts.iter().map(|facts| format!("{host} {facts:?}")));
    }
    lines.sort();
    let hash = twox_hash::XxHash3_64::oneshot(lines.join("\n").as_bytes());
    format!("{} rows and buckets, {hash:016x}", lines.len())
}

/// `…/0123456789abcdef-7-end0-1.parquet` → `…/0123456789abcdef-end0.parquet`
fn without_generation(name: &str) -> String {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let Some((stem, extension)) = file.split_once('.') else {
        return name.to_owned();
    };
    if name.starts_with("store/") && extension == "sources" {
        let (stem, _) = stem.rsplit_once('-').unwrap_or((stem, ""));
        return format!("{folder}/{stem}.{extension}");
    }
    if !name.starts_with("store/") || !["parquet", "source"].contains(&extension) {
        return name.to_owned();
    }
    let mut parts = stem.split('-');
    let source = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts
        .skip(1)
        .filter(|part| part.starts_with("end") || part.starts_with("part"))
        .collect();
    format!("{folder}/{source}-{}.{extension}", rest.join("-"))
}
