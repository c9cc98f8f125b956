//! Bytes that change on the disk: found, named, mended; never a wrong number.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::lab::{Lab, recording, timeless};

const DAYS: [&str; 2] = ["20201121", "20201122"];
const LOGS: [&str; 2] = ["bandwhich_20201121_0902.log", "bandwhich_20201122_0919.log"];

/// A small store of two days, and its reports.
struct Sound {
    lab: Lab,
    files: BTreeMap<PathBuf, Vec<u8>>,
    reports: BTreeMap<&'static str, Value>,
    status: String,
}

impl Sound {
    fn new() -> Sound {
        let lab = Lab::new();
        for name in LOGS {
            lab.put(name, &recording(name));
        }
        lab.run(&["report"]).done();
        // Once more, so that totals are remembered.
        lab.run(&["report", "--force", "--date", "2020-11-21..2020-11-22"])
            .done();
        let files = lab.contents("store").into_iter();
        let files = files.map(|(path, (bytes, _))| (path, bytes)).collect();
        let reports = DAYS.map(|day| (day, timeless(lab.written(&format!("report_{day}.json")))));
        let status = lab.timeless_status();
        Sound {
            files,
            reports: reports.into(),
            status,
            lab,
        }
    }

    /// The store as it was.
    fn restore(&self) {
        fs::remove_dir_all(self.lab.path("store")).unwrap();
        for (path, bytes) in &self.files {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        // The reports of a later state would not be replaced.
        fs::remove_file(self.lab.path("reports/.network-monitor")).unwrap_or_default();
    }

    /// Flips a byte and says what goes wrong with that.
    fn flip(&self, path: &Path, place: usize) -> Result<(), String> {
        self.restore();
        let mut bytes = self.files[path].clone();
        bytes[place] ^= 0x41;
        fs::write(path, bytes).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_catalog = name == "catalog.sqlite";

        let checked = self.lab.run(&["store", "check"]);
        let said = format!("{}{}", checked.said, checked.complained);
        // Bytes that nobody uses lie in a catalogue, and in no other file.
        let is_found = matches!(checked.code, 1 | 3);
        if is_found && !(said.contains(name) && (is_catalog || checked.code == 3)) {
            return Err(format!("check does not name it: {said}"));
        }
        if !is_found && (!is_catalog || checked.code != 0) {
            return Err(format!("check does not find it: {} {said}", checked.code));
        }

        for day in DAYS {
            let report = self.lab.path(format!("reports/report_{day}.json"));
            fs::remove_file(report).unwrap_or_default();
        }
        let mut reported = 0;
        for day in DAYS {
            let ran = self
                .lab
                .run(&["report", "--force", "--json", "--date", day]);
            let written = self.lab.path(format!("reports/report_{day}.json"));
            let report = fs::read(&written).ok();
            reported += usize::from(report.is_some());
            let report: Option<Value> = report.map(|json| serde_json::from_slice(&json).unwrap());
            if !is_found && ran.code != 0 {
                return Err(format!("a fault that check did not find: {ran:?}"));
            }
            if let Some(report) = report {
                let (mut report, mut sound) = (timeless(report), self.reports[day].clone());
                if ran.code == 3 {
                    // It says that it cannot compare.
                    report["comparison"] = Value::Null;
                    sound["comparison"] = Value::Null;
                }
                if report != sound {
                    return Err(format!(
                        "wrong numbers of {day}, code {}: {report}",
                        ran.code
                    ));
                }
            } else if !matches!(ran.code, 1 | 3) {
                return Err(format!("no report of {day}: {ran:?}"));
            }
        }
        if !is_catalog && reported == 0 {
            return Err("the other day has no report either".to_owned());
        }
        if !is_found && self.lab.timeless_status() != self.status {
            return Err("status differs".to_owned());
        }
        self.mend()
    }

    /// The cure that is told.
    fn mend(&self) -> Result<(), String> {
        let rebuilt = self.lab.run(&["store", "rebuild"]);
        if ![0, 3].contains(&rebuilt.code) {
            return Err(format!("no rebuild: {rebuilt:?}"));
        }
        for command in [&["ingest"][..], &["report"], &["store", "check"]] {
            let ran = self.lab.run(command);
            if ran.code != 0 {
                return Err(format!("not mended: {command:?} {ran:?}"));
            }
        }
        for day in DAYS {
            if timeless(self.lab.written(&format!("report_{day}.json"))) != self.reports[day] {
                return Err(format!("{day} is not mended"));
            }
        }
        Ok(())
    }
}

/// Flips single bytes, spread evenly over each file of the store.
fn flip_bytes(of_each_file: usize, of_the_catalog: usize) {
    let sound = Sound::new();
    let mut tried = BTreeMap::new();
    let mut failures = Vec::new();
    for (path, bytes) in &sound.files {
        let name = path.strip_prefix(sound.lab.path("store")).unwrap();
        let kind = name.iter().next().unwrap().to_str().unwrap().to_owned();
        let flips = match kind.as_str() {
            "catalog.sqlite" => of_the_catalog,
            // They hold no numbers, and the next run writes them anew.
            "lock" | "readers" | "last_run.json" | "catalog.seal" => continue,
            _ => of_each_file,
        };
        // The first bytes and the last ones, where formats keep what matters.
        for flip in 0..flips {
            let place = flip * (bytes.len() - 1) / (flips - 1).max(1);
            *tried.entry(kind.clone()).or_insert(0) += 1;
            if let Err(failure) = sound.flip(path, place) {
                failures.push(format!("{} byte {place}: {failure}", name.display()));
            }
        }
    }
    eprintln!("flipped bytes: {tried:?}");
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}

#[test]
fn a_flipped_byte_is_found_and_gives_no_wrong_number() {
    flip_bytes(2, 12);
}

#[test]
#[ignore = "takes minutes; make test-faults"]
fn faults_of_flipped_bytes() {
    flip_bytes(25, 300);
}

#[test]
fn a_catalogue_that_is_gone_or_none_is_made_anew_and_never_taken_for_a_new_store() {
    for content in [
        None,
        Some(&b""[..]),
        Some(b"this is no database, however long it may be"),
    ] {
        let sound = Sound::new();
        let catalog = sound.lab.path("store/catalog.sqlite");
        fs::remove_file(&catalog).unwrap();
        if let Some(content) = content {
            fs::write(&catalog, content).unwrap();
        }
        for command in ["report", "ingest", "status"] {
            let ran = sound.lab.run(&[command]);
            assert_eq!(ran.code, 1, "{content:?} {command}: {}", ran.said);
            assert!(
                ran.complained.contains("store rebuild"),
                "{}",
                ran.complained
            );
        }
        sound.mend().unwrap();
        assert_eq!(sound.lab.timeless_status(), sound.status);
    }
}

#[test]
fn a_damaged_mark_of_a_commit_keeps_nobody_out() {
    let sound = Sound::new();
    let stray = sound.lab.path("store/sources/0123456789abcdef-1.source");
    for journal in [&b"\xff\xfe\0\n../../logs/x"[..], b""] {
        fs::write(sound.lab.path("store/journal"), journal).unwrap();
        fs::write(&stray, b"half a commit").unwrap();
        sound.lab.run(&["report"]).done();
        sound.lab.run(&["store", "check"]).done();
        assert!(!stray.exists() && !sound.lab.path("store/journal").exists());
    }
}

#[test]
fn status_names_what_keeps_a_day_from_being_reported() {
    let lab = Lab::new();
    lab.put(LOGS[0], &recording(LOGS[0]));
    lab.run(&["ingest"]).done();
    let mut files = lab.contents("store/traffic").into_iter();
    let (path, (mut bytes, _)) = files.next().unwrap();
    bytes[100] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(lab.run(&["report"]).code, 3);
    let status = lab.run(&["status", "--json"]);
    assert_eq!(status.code, 3, "{status:?}");
    let attention = status.json()["attention"].to_string();
    let name = path.file_name().unwrap().to_str().unwrap();
    for part in [name, "its checksum differs", "store check"] {
        assert!(attention.contains(part), "{attention}");
    }
}
