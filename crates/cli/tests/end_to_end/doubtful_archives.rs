//! Archives that nothing describes, and archives that are gone.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::lab::{Lab, recording, timeless};

const LOG: &str = "bandwhich_20201122_0914.log";
const OTHER: &str = "bandwhich_20201122_0843.log";
const BEFORE: &str = "bandwhich_20201121_0854.log";
const LATER: &str = "bandwhich_20201122_0919.log";

fn lab(more: &str) -> Lab {
    let settings =
        format!("timezone: UTC\narchive: {{settle_minutes: 0, clean_old_archives: false{more}}}\n");
    let lab = Lab::with(&settings);
    for name in [LOG, OTHER, BEFORE] {
        lab.put(name, &recording(name));
    }
    lab.run(&["report"]).done();
    lab
}

fn files(lab: &Lab, folder: &str) -> Vec<String> {
    let below = lab.path(folder);
    let name = |path: &Path| path.strip_prefix(&below).unwrap().display().to_string();
    (lab.contents(folder).keys())
        .map(|path| name(path))
        .collect()
}

/// Makes metadata useless, in each way.
const DAMAGES: [fn(&Path); 4] = [
    |path| fs::remove_file(path).unwrap(),
    |path| fs::write(path, b"").unwrap(),
    |path| {
        let text = fs::read_to_string(path).unwrap();
        fs::write(path, text.replacen('{', "[", 1)).unwrap();
    },
    |path| {
        let text = fs::read_to_string(path).unwrap();
        fs::write(
            path,
            text.replace("\"schema_version\": 1", "\"schema_version\": 9"),
        )
        .unwrap();
    },
];

fn reports(lab: &Lab) -> Vec<Value> {
    ["20201121", "20201122"]
        .map(|day| {
            let mut report = timeless(lab.written(&format!("report_{day}.json")));
            report["input"]["damaged_samples"] = Value::Null;
            report
        })
        .to_vec()
}

#[test]
fn archives_that_nothing_describes_are_read_and_named() {
    for format in ["zip", "tar.gz"] {
        for damage in DAMAGES {
            let lab = lab(&format!(", compress_format: {format}"));
            let archive = format!("logs_20201122.{format}");
            let (before, bytes) = (reports(&lab), fs::read(lab.path("archive").join(&archive)));
            for folder in ["store", "reports"] {
                fs::remove_dir_all(lab.path(folder)).unwrap();
            }
            damage(&lab.path("archive/metadata_20201122.json"));
            for command in [
                &["archive", "verify"][..],
                &["archive", "list"],
                &["archive", "restore", "2020-11", "--to", "back"],
                &["store", "rebuild", "--from-archives"],
            ] {
                let ran = lab.run(command);
                assert_eq!(ran.code, 3, "{command:?} {ran:?}");
                assert!(
                    ran.said.contains(&format!("{archive}: its metadata")),
                    "{ran:?}"
                );
            }
            for name in [LOG, OTHER, BEFORE] {
                assert_eq!(
                    fs::read(lab.path("back").join(name)).unwrap(),
                    recording(name)
                );
            }
            lab.run(&["report"]).done();
            assert_eq!(reports(&lab), before);
            // Nothing joins it, and nothing deletes it.
            lab.put(LATER, &recording(LATER));
            let ran = lab.run(&["report"]);
            assert_eq!(ran.code, 3, "{ran:?}");
            assert!(ran.said.contains("nothing is added to it"), "{ran:?}");
            assert_eq!(files(&lab, "logs"), [LATER]);
            let path = lab.path("settings.yaml");
            let text = fs::read_to_string(&path).unwrap();
            let text = text.replace("clean_old_archives: false", "retention_days: 30");
            fs::write(&path, text).unwrap();
            lab.run(&["archive"]);
            assert_eq!(
                fs::read(lab.path("archive").join(&archive)).unwrap(),
                bytes.unwrap()
            );
            assert!(!files(&lab, "archive").contains(&format!("logs_20201121.{format}")));
        }
    }
}

#[test]
fn a_rebuild_without_archives_names_those_that_nothing_describes() {
    let lab = lab("");
    fs::write(lab.path("archive/metadata_20201122.json"), "{").unwrap();
    let ran = lab.run(&["store", "rebuild"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.said
            .contains("logs_20201122.zip: its metadata cannot be read"),
        "{ran:?}"
    );
}

#[test]
fn damage_in_an_archive_that_nothing_describes_is_found() {
    let lab = lab("");
    fs::remove_dir_all(lab.path("store")).unwrap();
    fs::remove_file(lab.path("archive/metadata_20201122.json")).unwrap();
    let path = lab.path("archive/logs_20201122.zip");
    let mut bytes = fs::read(&path).unwrap();
    bytes[3_000] ^= 1;
    fs::write(&path, bytes).unwrap();
    for command in [
        &["archive", "verify"][..],
        &["store", "rebuild", "--from-archives"],
    ] {
        let ran = lab.run(command);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(
            ran.said.contains(&format!("logs_20201122.zip: {OTHER}: ")),
            "{ran:?}"
        );
    }
}

#[test]
fn the_machine_of_an_archive_that_nothing_describes_is_that_of_its_folder() {
    let lab = Lab::with(
        "timezone: UTC\narchive: {settle_minutes: 0, clean_old_archives: false}\n\
         input: {hosts: directories}\n",
    );
    lab.put(format!("db:1/{LOG}"), &recording(LOG));
    lab.run(&["report"]).done();
    fs::remove_dir_all(lab.path("store")).unwrap();
    fs::remove_file(lab.path("archive/db%3A1/metadata_20201122.json")).unwrap();
    lab.run(&["store", "rebuild", "--from-archives"]);
    let status = lab.run(&["status", "--json"]).json();
    assert_eq!(status["store"]["hosts"], serde_json::json!(["db:1"]));
    let restore = ["archive", "restore", "20201122", "--to", "back", "--host"];
    assert_eq!(lab.run(&[&restore[..], &["db:1"]].concat()).code, 3);
    assert_eq!(files(&lab, "back"), [format!("db:1/{LOG}")]);
}

/// Whether readers name the archive of 2020-11-22 as gone.
fn is_missed(lab: &Lab) -> bool {
    let verify = lab.run(&["archive", "verify"]);
    let status = lab.run(&["status"]);
    let named = |said: &str| said.contains("logs_20201122.zip: it is gone");
    assert_eq!(
        named(&verify.said),
        named(&status.said),
        "{verify:?} {status:?}"
    );
    assert_eq!(verify.code, status.code, "{verify:?} {status:?}");
    assert_eq!(verify.code == 3, named(&verify.said), "{verify:?}");
    named(&verify.said)
}

#[test]
fn an_archive_that_is_gone_is_missed_until_it_is_settled() {
    for settle in ["restored", "forgotten", "expired"] {
        let lab = lab("");
        lab.run(&["archive", "restore", "2020-11-22", "--to", "backup"])
            .done();
        assert!(!is_missed(&lab));
        fs::remove_file(lab.path("archive/logs_20201122.zip")).unwrap();
        assert!(is_missed(&lab));
        // Another log of the day takes its name.
        lab.put(LATER, &recording(LATER));
        lab.run(&["report"]).done();
        assert!(lab.path("archive/logs_20201122.zip").exists());
        assert!(is_missed(&lab));
        // The catalogue made again does not make it forgotten.
        assert_eq!(lab.run(&["store", "rebuild"]).code, 3);
        assert!(is_missed(&lab));
        match settle {
            "restored" => {
                for name in [LOG, OTHER] {
                    lab.put(name, &fs::read(lab.path("backup").join(name)).unwrap());
                }
                lab.run(&["report"]).done();
                assert_eq!(files(&lab, "logs"), [""; 0]);
            }
            "forgotten" => {
                assert_eq!(lab.run(&["archive", "forget", "2020-11-21"]).code, 1);
                lab.run(&["archive", "forget", "2020-11-22"]).done();
            }
            _ => {
                let path = lab.path("settings.yaml");
                let text = fs::read_to_string(&path).unwrap();
                let text = text.replace("clean_old_archives: false", "retention_days: 30");
                fs::write(&path, text).unwrap();
                lab.run(&["archive"]).done();
            }
        }
        assert!(!is_missed(&lab), "{settle}");
        assert!(!lab.path("store/lost_archives.json").exists());
    }
}

#[test]
fn metadata_without_an_archive_are_missed_after_a_rebuild_too() {
    let lab = lab("");
    fs::remove_file(lab.path("archive/logs_20201122.zip")).unwrap();
    fs::remove_dir_all(lab.path("store")).unwrap();
    let ran = lab.run(&["archive", "verify"]);
    assert!(
        ran.code == 3 && ran.said.contains("logs_20201122.zip: it is gone"),
        "{ran:?}"
    );
    let ran = lab.run(&["store", "rebuild", "--from-archives"]);
    assert!(
        ran.code == 3 && ran.said.contains("logs_20201122.zip"),
        "{ran:?}"
    );
    assert!(is_missed(&lab));
    lab.run(&["archive", "forget", "2020-11-22"]).done();
    assert!(!is_missed(&lab));
}

#[test]
fn originals_that_were_kept_are_archived_again_if_their_archive_is_gone() {
    let lab = lab(", keep_original: true");
    fs::remove_file(lab.path("archive/logs_20201122.zip")).unwrap();
    assert!(is_missed(&lab));
    lab.run(&["report"]).done();
    assert!(!is_missed(&lab));
    lab.run(&["archive", "restore", "2020-11-22", "--to", "back"])
        .done();
    assert_eq!(files(&lab, "back"), [OTHER, LOG]);
}
