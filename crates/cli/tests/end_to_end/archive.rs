//! Logs on their way into the archive and back.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::lab::{Lab, Ran, aged, assert_valid, recording, schema, timeless, totals};

const LOG: &str = "bandwhich_20201122_0914.log";
const OTHER: &str = "bandwhich_20201122_0843.log";
const BEFORE: &str = "bandwhich_20201121_0854.log";

fn settings(more: &str) -> String {
    format!("timezone: UTC\narchive: {{settle_minutes: 0, clean_old_archives: false{more}}}\n")
}

fn lab(more: &str) -> Lab {
    Lab::with(&settings(more))
}

fn names(lab: &Lab, folder: &str) -> Vec<String> {
    let below = lab.path(folder);
    let files = if below.exists() {
        lab.contents(folder)
    } else {
        Default::default()
    };
    let name = |path: &PathBuf| {
        path.strip_prefix(&below)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    // Who writes there is looked at in `identity.rs`.
    let is_claim = |name: &String| name == ".network-monitor";
    files
        .keys()
        .map(name)
        .filter(|name| !is_claim(name))
        .collect()
}

fn totals_alone(name: &str, log: &[u8]) -> (u64, u64) {
    let lab = Lab::new();
    lab.put(name, log);
    let (code, result) = lab.report(&[]);
    assert_eq!(code, 0, "{result}");
    totals(&result["reports"][0])
}

fn flip(path: &Path, place: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn metadata(lab: &Lab, name: &str) -> Value {
    let document = fs::read(lab.path("archive").join(name)).unwrap();
    let document = serde_json::from_slice(&document).unwrap();
    assert_valid(&schema("archive.schema.json"), &document);
    document
}

/// Holds that readers nobody here wrote find nothing wrong.
fn assert_foreign_readers_agree(path: &Path, members: usize) {
    let script = "import sys, tarfile, zipfile\n\
        path = sys.argv[1]\n\
        if path.endswith('.zip'):\n\
        \x20   archive = zipfile.ZipFile(path)\n\
        \x20   assert archive.testzip() is None\n\
        \x20   print(len(archive.namelist()))\n\
        else:\n\
        \x20   with tarfile.open(path) as archive:\n\
        \x20       print(sum(len(archive.extractfile(m).read()) == m.size for m in archive))\n";
    let output = match Command::new("python3")
        .args(["-c", script])
        .arg(path)
        .output()
    {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        output => output.unwrap(),
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        members.to_string()
    );
}

#[test]
fn logs_go_into_the_archive_and_come_back() {
    for format in ["zip", "tar.gz"] {
        let lab = lab(&format!(", compress_format: {format}"));
        for name in [LOG, OTHER, BEFORE] {
            lab.put(name, &recording(name));
        }
        let before = fs::metadata(lab.logs().join(LOG))
            .unwrap()
            .modified()
            .unwrap();
        let (code, result) = lab.report(&[]);
        assert_eq!(code, 0, "{result}");
        assert_eq!(result["archive"]["archived"], 3);
        assert_eq!(result["archive"]["removed"], 3);
        assert_eq!(names(&lab, "logs"), [""; 0]);
        let archives = [
            format!("logs_20201121.{format}"),
            format!("logs_20201122.{format}"),
        ];
        let expected = [&archives[..], &["metadata_20201121.json".into()]].concat();
        assert_eq!(names(&lab, "archive")[..3], expected);
        for (archive, members) in archives.iter().zip([1, 2]) {
            assert_foreign_readers_agree(&lab.path("archive").join(archive), members);
        }
        let document = metadata(&lab, "metadata_20201122.json");
        assert_eq!(document["members"].as_array().unwrap().len(), 2);
        assert_eq!(document["members"][0]["name"], OTHER);
        assert_eq!(
            document["members"][0]["sources"].as_array().unwrap().len(),
            1
        );
        let verified = lab.run(&["archive", "verify"]).done();
        assert!(
            verified
                .said
                .contains("2 archives with 3 logs read back, 0 damaged")
        );
        let listed = lab.run(&["archive", "list", "--json"]).done().json();
        assert_eq!(listed[1]["members"][1]["name"], LOG);
        lab.run(&["archive", "list"]).done();

        let reports = lab.contents("reports");
        let (_, again) = lab.report(&[]);
        assert_eq!(again["nothing_new"], true, "{again}");
        lab.run(&["archive", "restore", "20201122", "--to", "logs"])
            .done();
        assert_eq!(names(&lab, "logs"), [OTHER, LOG]);
        assert_eq!(fs::read(lab.logs().join(LOG)).unwrap(), recording(LOG));
        let restored = fs::metadata(lab.logs().join(LOG)).unwrap();
        assert_eq!(restored.modified().unwrap(), before);
        // Found again, they are known (or unchanged, where they got their old inodes), and go.
        let (code, result) = lab.report(&[]);
        assert_eq!((code, &result["ingest"]["new"]), (0, &0.into()), "{result}");
        assert_eq!(result["archive"]["archived"], 0);
        assert_eq!(result["archive"]["removed"], 2);
        assert!(lab.contents("reports") == reports);
        assert_eq!(names(&lab, "logs"), [""; 0]);
    }
}

#[test]
fn a_later_log_of_the_day_joins_its_archive() {
    let lab = lab("");
    lab.put(OTHER, &recording(OTHER));
    lab.run(&["report"]).done();
    // The archive keeps its form.
    lab.configure(&settings(", compress_format: tar.gz"));
    lab.put(LOG, &recording(LOG));
    lab.run(&["report"]).done();
    assert_eq!(
        names(&lab, "archive"),
        ["logs_20201122.zip", "metadata_20201122.json"]
    );
    assert_eq!(
        metadata(&lab, "metadata_20201122.json")["members"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_foreign_readers_agree(&lab.path("archive/logs_20201122.zip"), 2);
    lab.run(&["archive", "verify"]).done();
}

#[test]
fn a_log_that_appears_anew_with_more_stays_beside_the_old_one() {
    let log = recording(LOG);
    let text = String::from_utf8(log.clone()).unwrap();
    let (half, _) = text.match_indices("Refreshing:").nth(60).unwrap();
    let lab = lab("");
    lab.put(LOG, &log[..half]);
    let (code, result) = lab.report(&[]);
    assert_eq!(
        (code, &result["archive"]["removed"]),
        (0, &1.into()),
        "{result}"
    );
    lab.put(LOG, &log);
    let (code, result) = lab.report(&[]);
    assert_eq!(
        (code, &result["archive"]["archived"]),
        (0, &1.into()),
        "{result}"
    );
    assert_eq!(totals(&result["reports"][0]), totals_alone(LOG, &log));
    let members = metadata(&lab, "metadata_20201122.json")["members"].clone();
    assert_eq!(members[0]["name"], LOG);
    assert_eq!(members[1]["name"], LOG.replace(".log", "~2.log"));
    // Both restored and found again add nothing; a copy under another name is stored once.
    lab.run(&["archive", "restore", "20201122", "--to", "logs"])
        .done();
    lab.put("copy.log", &log);
    let (code, result) = lab.report(&["--date", "20201122"]);
    assert_eq!(
        (code, &result["archive"]["removed"]),
        (0, &3.into()),
        "{result}"
    );
    assert_eq!(result["archive"]["archived"], 0, "{result}");
    assert_eq!(totals(&result["reports"][0]), totals_alone(LOG, &log));
    let members = metadata(&lab, "metadata_20201122.json")["members"].clone();
    assert_eq!(members.as_array().unwrap().len(), 2);
    assert!(
        members[1]["found_as"]
            .as_array()
            .unwrap()
            .contains(&"copy.log".into())
    );
}

fn damaged_lab() -> Lab {
    let lab = lab("");
    for name in [LOG, OTHER] {
        lab.put(name, &recording(name));
    }
    lab.run(&["report"]).done();
    // Within the first member, OTHER.
    flip(&lab.path("archive/logs_20201122.zip"), 3_000);
    lab
}

#[test]
fn a_flipped_byte_is_found_and_named() {
    let lab = damaged_lab();
    let ran = lab.run(&["archive", "verify"]);
    assert_eq!(ran.code, 3);
    let said = |text: &str| assert!(ran.said.contains(text), "{}", ran.said);
    said(&format!("logs_20201122.zip: {OTHER}: "));
    said("its checksum is not the one in the catalogue");
    said("1 damaged");
    assert!(!ran.said.contains(&format!("{LOG}: ")), "{}", ran.said);
    // The other log can still be had.
    let ran = lab.run(&["archive", "restore", "2020-11-22", "--to", "back"]);
    assert_eq!(ran.code, 3, "{}", ran.said);
    assert_eq!(names(&lab, "back"), [LOG]);
}

#[test]
fn nothing_joins_an_archive_that_is_damaged() {
    let lab = damaged_lab();
    let archive = fs::read(lab.path("archive/logs_20201122.zip")).unwrap();
    let name = "bandwhich_20201122_0919.log";
    lab.put(name, &recording(name));
    let (code, result) = lab.report(&[]);
    assert_eq!(code, 3, "{result}");
    assert_eq!(names(&lab, "logs"), [name]);
    assert_eq!(
        result["archive"]["trouble"].as_array().unwrap().len(),
        1,
        "{result}"
    );
    assert_eq!(
        fs::read(lab.path("archive/logs_20201122.zip")).unwrap(),
        archive
    );
}

#[test]
fn a_file_that_the_user_put_there_stays() {
    let lab = Lab::with("timezone: UTC\narchive: {settle_minutes: 0}\n");
    fs::create_dir(lab.path("archive")).unwrap();
    let mine = lab.path("archive/logs_20201122.zip");
    fs::write(&mine, "mine").unwrap();
    lab.put(LOG, &recording(LOG));
    let ran = lab.run(&["report"]);
    assert_eq!(ran.code, 3);
    assert!(ran.said.contains("nothing is added to it"), "{}", ran.said);
    // It may have been ours, so that it is named.
    assert_eq!(lab.run(&["archive", "verify"]).code, 3);
    assert_eq!(fs::read(mine).unwrap(), b"mine");
    assert_eq!(names(&lab, "logs"), [LOG]);
}

#[test]
fn a_log_without_content_has_the_day_it_was_written_on() {
    let lab = lab("");
    lab.put("empty.log", b"");
    let written = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    let file = File::options()
        .write(true)
        .open(lab.logs().join("empty.log"))
        .unwrap();
    file.set_modified(written).unwrap();
    drop(file);
    lab.run(&["report"]).done();
    assert_eq!(
        names(&lab, "archive"),
        ["logs_20200913.zip", "metadata_20200913.json"]
    );
    assert_foreign_readers_agree(&lab.path("archive/logs_20200913.zip"), 1);
    lab.run(&["archive", "restore", "20200913", "--to", "back"])
        .done();
    assert_eq!(
        fs::metadata(lab.path("back/empty.log"))
            .unwrap()
            .modified()
            .unwrap(),
        written
    );
}

/// Why the only log was left.
fn reason(lab: &Lab, arguments: &[&str]) -> (i32, String) {
    let (code, result) = lab.report(arguments);
    assert_eq!(result["archive"]["removed"], 0, "{result}");
    (
        code,
        result["archive"]["waiting"][0]["reason"]
            .as_str()
            .unwrap()
            .to_owned(),
    )
}

#[test]
fn what_is_not_finished_stays() {
    let log = recording(LOG);
    // Written just now.
    let settling = Lab::with("timezone: UTC\narchive: {settle_minutes: 10}\n");
    settling.put(LOG, &log);
    let expected = "it was written to less than 10 minutes ago";
    assert_eq!(reason(&settling, &[]), (0, expected.to_owned()));

    // Cut within a line.
    let cut = lab("");
    cut.put(LOG, &log[..log.len() - 20]);
    assert_eq!(
        reason(&cut, &[]),
        (
            0,
            "its last frame is not finished: it is archived a day after it was last written"
                .to_owned()
        )
    );
    // A day later nobody will finish it: it goes to the archive as it is.
    let yesterday = SystemTime::now() - Duration::from_secs(90_000);
    let file = fs::File::options()
        .append(true)
        .open(cut.path("logs").join(LOG));
    file.unwrap().set_modified(yesterday).unwrap();
    let (code, result) = cut.report(&[]);
    assert_eq!(
        (code, &result["archive"]["removed"]),
        (0, &1.into()),
        "{result}"
    );
    cut.run(&["archive", "verify"]).done();
    // Rotation put it aside: nobody will finish it either.
    let rotated = lab("");
    rotated.put("bw.log.1", &log[..log.len() - 20]);
    let (code, result) = rotated.report(&[]);
    assert_eq!(
        (code, &result["archive"]["removed"]),
        (0, &1.into()),
        "{result}"
    );

    // Of today.
    let today = lab("");
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let text = String::from_utf8(log.clone()).unwrap();
    let first = text.split_once(": <").unwrap().1[..10].to_owned();
    let times = text.replace(&first[..7], &now.as_secs().to_string()[..7]);
    today.put(LOG, times.as_bytes());
    assert_eq!(reason(&today, &[]).1, "its day is not over");

    // A read failure: it needs attention once, and stays.
    let broken = lab("");
    let gzip = crate::containers::gzip(&log);
    broken.put("x.log.gz", &gzip[..gzip.len() / 2]);
    let (code, reason) = reason(&broken, &[]);
    assert_eq!(code, 3);
    assert!(reason.contains("could be read only up to byte"), "{reason}");
}

#[test]
fn a_log_that_was_rotated_just_after_midnight_belongs_to_the_day_before() {
    // From 2020-11-22 23:00 on.
    let log = |seconds: i64| {
        let row = |at| {
            format!("Refreshing:\nprocess: <{at}> \"curl\" up/down Bps: 10/20 connections: 1\n\n")
        };
        (0..seconds)
            .map(|second| row(1_606_086_000 + second))
            .collect::<String>()
    };
    for (seconds, day) in [(3_603, "20201122"), (7_300, "20201123")] {
        let lab = lab("");
        lab.put("bandwhich_20201122_2300.log", log(seconds).as_bytes());
        lab.report(&[]);
        let archive = format!("logs_{day}.zip");
        assert!(names(&lab, "archive").contains(&archive), "{seconds}");
    }
}

#[test]
fn a_log_of_the_future_stays_and_says_so() {
    let lab = lab("");
    lab.put(LOG, &recording(LOG));
    let file = File::options().append(true).open(lab.logs().join(LOG));
    let tomorrow = SystemTime::now() + Duration::from_secs(90_000);
    file.unwrap().set_modified(tomorrow).unwrap();
    let expected = "the time of its last change is in the future".to_owned();
    assert_eq!(reason(&lab, &[]), (0, expected));
}

#[test]
fn who_imports_old_logs_is_told_before_their_archives_go() {
    let lab = Lab::with("timezone: UTC\narchive: {settle_minutes: 0, retention_days: 30}\n");
    lab.put(LOG, &recording(LOG));
    let ran = lab.run(&["report"]).done();
    let told = "Note: the next run deletes 1 of these archives";
    assert!(ran.said.contains(told), "{}", ran.said);
    assert!(lab.path("archive/logs_20201122.zip").exists());
    let ran = lab.run(&["report"]).done();
    assert!(!ran.said.contains("Note: the next"), "{}", ran.said);
    assert_eq!(names(&lab, "archive"), [""; 0]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_that_is_open_for_writing_stays() {
    let lab = lab("");
    lab.put(LOG, &recording(LOG));
    let writer = File::options()
        .append(true)
        .open(lab.logs().join(LOG))
        .unwrap();
    assert_eq!(reason(&lab, &[]), (0, "it is open for writing".to_owned()));
    drop(writer);
    let (code, result) = lab.report(&[]);
    assert_eq!(
        (code, &result["archive"]["removed"]),
        (0, &1.into()),
        "{result}"
    );
}

#[test]
fn a_log_waits_for_its_reports() {
    let lab = lab("");
    lab.put(LOG, &recording(LOG));
    let expected = "its reports are not written yet".to_owned();
    assert_eq!(reason(&lab, &["--date", "20190101"]), (0, expected));
    // Asked for on its own, the history is enough.
    lab.run(&["archive"]).done();
    assert_eq!(names(&lab, "logs"), [""; 0]);
}

#[test]
fn originals_that_are_kept_are_archived_once() {
    let lab = lab(", keep_original: true");
    lab.put(LOG, &recording(LOG));
    let (_, first) = lab.report(&[]);
    assert_eq!(first["archive"]["archived"], 1);
    let before = lab.contents("archive");
    let again: Ran = lab.run(&["report"]).done();
    assert!(again.said.contains("Nothing to do"), "{}", again.said);
    assert!(lab.contents("archive") == before);
    assert_eq!(names(&lab, "logs"), [LOG]);
    let (_, none) = lab.report(&["--no-archive"]);
    assert!(none["archive"].is_null());
}

#[test]
fn a_dry_run_tells_and_does_nothing() {
    let lab = lab("");
    lab.put(LOG, &recording(LOG));
    lab.run(&["ingest"]).done();
    for command in ["archive", "report"] {
        let ran = lab.run(&[command, "--dry-run"]).done();
        assert!(ran.said.contains("would archive"), "{}", ran.said);
        assert!(ran.said.contains("with 2020-11-22 of lab"), "{}", ran.said);
    }
    assert_eq!(names(&lab, "logs"), [LOG]);
    assert_eq!(names(&lab, "archive"), [""; 0]);
}

#[test]
fn old_archives_and_reports_go_and_nothing_else() {
    let young = "timezone: UTC\narchive: {settle_minutes: 0, retention_days: 36500}\n";
    let lab = Lab::with(young);
    for name in [LOG, BEFORE] {
        lab.put(name, &recording(name));
    }
    lab.run(&["report"]).done();
    let mine = [
        "archive/logs_20200101.zip",
        "archive/metadata_20200101.json",
        "reports/report_20200101.json",
    ];
    for name in mine {
        fs::write(lab.path(name), "mine").unwrap();
    }
    let archived = names(&lab, "archive");
    lab.run(&["report"]).done();
    assert_eq!(names(&lab, "archive"), archived);
    // One archive is no longer what was written.
    flip(&lab.path("archive/logs_20201121.zip"), 100);
    lab.configure(&young.replace("36500", "30"));
    let path = lab.path("settings.yaml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replace("reports: {", "reports: {retention_days: 30, "),
    )
    .unwrap();
    for command in ["archive", "report"] {
        let ran = lab.run(&[command, "--dry-run"]).done();
        assert!(ran.said.contains("would delete"), "{}", ran.said);
        assert!(ran.said.contains("logs_20201122.zip"), "{}", ran.said);
        assert!(ran.said.contains("report_20201122.csv"), "{}", ran.said);
        assert!(!ran.said.contains("20200101"), "{}", ran.said);
    }
    let ran = lab.run(&["report"]);
    assert_eq!(ran.code, 3, "{}", ran.said);
    assert!(
        ran.said.contains("it is not as this program left it"),
        "{}",
        ran.said
    );
    assert_eq!(
        names(&lab, "archive"),
        [
            "logs_20200101.zip",
            "logs_20201121.zip",
            "metadata_20200101.json",
            "metadata_20201121.json"
        ]
    );
    assert_eq!(names(&lab, "reports"), ["report_20200101.json"]);
    lab.run(&["report"]).done();
}

#[test]
fn reports_that_a_run_makes_are_there_after_it() {
    let lab = Lab::with(
        "timezone: UTC\nreports: {format: [json], compress_reports: false, retention_days: 30}\n",
    );
    lab.put(LOG, &recording(LOG));
    let (code, result) = lab.report(&[]);
    assert_eq!(code, 0, "{result}");
    for file in result["reports"][0]["files"].as_array().unwrap() {
        assert!(Path::new(file["path"].as_str().unwrap()).exists(), "{file}");
    }
    lab.run(&["report"]).done();
    assert_eq!(names(&lab, "reports"), [""; 0]);
    lab.run(&["report", "--date", "2020-11-22"]).done();
    lab.written("report_20201122.json");
}

#[test]
fn one_archive_that_cannot_be_read_does_not_keep_the_others_back() {
    let lab = lab("");
    for name in [LOG, BEFORE] {
        lab.put(name, &recording(name));
    }
    lab.run(&["report"]).done();
    fs::remove_file(lab.path("archive/logs_20201121.zip")).unwrap();
    let ran = lab.run(&["archive", "restore", "2020-11", "--to", "back"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.said.contains("logs_20201121.zip"), "{ran:?}");
    assert!(
        ran.said
            .contains("1 log restored, 0 there already, 1 not restored"),
        "{ran:?}"
    );
    assert_eq!(
        fs::read(lab.path("back").join(LOG)).unwrap(),
        recording(LOG)
    );
}

#[test]
fn a_log_that_another_took_the_place_of_unseen_is_read_and_archived() {
    let lab = lab("");
    let log = recording(LOG);
    // The same file, its size and its time, with other content.
    let other = String::from_utf8(log.clone())
        .unwrap()
        .replace("up/down Bps: 1", "up/down Bps: 2");
    assert_ne!(log, other.as_bytes());
    lab.put(LOG, &log);
    lab.run(&["report"]).done();
    lab.put(BEFORE, &recording(BEFORE));
    lab.put(OTHER, &log);
    lab.run(&["ingest"]).done();
    let path = lab.logs().join(OTHER);
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, &other).unwrap();
    File::options()
        .append(true)
        .open(&path)
        .unwrap()
        .set_modified(time)
        .unwrap();
    let ran = lab.run(&["report"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.said.contains("the next run reads it again"), "{ran:?}");
    assert_eq!(fs::read(&path).unwrap(), other.as_bytes());
    // It shares frames with the other and says so.
    assert_eq!(lab.run(&["report"]).code, 3);
    assert!(!path.exists());
    lab.run(&["archive", "restore", "2020-11-22", "--to", "back"])
        .done();
    assert_eq!(
        fs::read(lab.path("back").join(OTHER)).unwrap(),
        other.as_bytes()
    );
}

#[test]
fn what_a_killed_run_left_goes_also_where_nothing_is_written() {
    let lab = lab("");
    lab.put(LOG, &recording(LOG));
    lab.run(&["report"]).done();
    for folder in ["reports", "archive", "reports/web1"] {
        fs::create_dir_all(lab.path(folder)).unwrap();
        let stray = lab.path(folder).join(".network-monitor-0123456789Ab.tmp");
        fs::write(stray, "half a file").unwrap();
    }
    lab.run(&["report"]).done();
    let strays = |folder| {
        names(&lab, folder)
            .iter()
            .filter(|name| name.ends_with(".tmp"))
            .count()
    };
    assert_eq!((strays("reports"), strays("archive")), (0, 0));
}

#[cfg(unix)]
#[test]
fn a_link_to_a_log_that_was_archived_is_no_trouble() {
    let lab = lab("");
    lab.put(LOG, &recording(LOG));
    std::os::unix::fs::symlink(LOG, lab.logs().join("current.log")).unwrap();
    lab.run(&["report"]).done();
    assert_eq!(names(&lab, "archive").len(), 2);
    assert!(!lab.logs().join(LOG).exists());
    lab.run(&["report"]).done();
}

#[test]
fn the_history_comes_back_from_the_archives_alone() {
    let lab = lab("");
    for name in [LOG, OTHER, BEFORE] {
        lab.put(name, &recording(name));
    }
    lab.run(&["report"]).done();
    let before: Vec<Value> = ["20201121", "20201122"]
        .map(|day| timeless(lab.written(&format!("report_{day}.json"))))
        .to_vec();
    fs::remove_dir_all(lab.path("store")).unwrap();
    fs::remove_dir_all(lab.path("reports")).unwrap();
    let ran = lab.run(&["store", "rebuild", "--from-archives"]).done();
    assert!(
        ran.said
            .contains("3 archived logs were read, 0 with trouble"),
        "{}",
        ran.said
    );
    let (code, result) = lab.report(&[]);
    assert_eq!(code, 0, "{result}");
    for (day, before) in ["20201121", "20201122"].iter().zip(before) {
        let mut after = timeless(lab.written(&format!("report_{day}.json")));
        // Only damaged lines name the file.
        after["input"]["damaged_samples"] = before["input"]["damaged_samples"].clone();
        assert_eq!(after, before, "{day}");
    }
    // The archives are known again, and a log that comes back is too.
    lab.run(&["archive", "verify"]).done();
    lab.put("back.log", &recording(LOG));
    let (code, result) = lab.report(&[]);
    assert_eq!(
        (code, &result["ingest"]["known"]),
        (0, &1.into()),
        "{result}"
    );
    assert_eq!(result["archive"]["removed"], 1, "{result}");
}

#[test]
fn each_machine_has_an_archive_of_its_own() {
    let lab = Lab::with(&format!("{}input: {{hosts: directories}}\n", settings("")));
    lab.put(format!("web1/{LOG}"), &recording(LOG));
    lab.put(format!("db:1/{LOG}"), &recording(LOG));
    let (code, result) = lab.report(&[]);
    assert_eq!(
        (code, &result["archive"]["removed"]),
        (0, &2.into()),
        "{result}"
    );
    let archived = names(&lab, "archive");
    assert!(
        archived.contains(&"db%3A1/logs_20201122.zip".to_owned()),
        "{archived:?}"
    );
    assert!(
        archived.contains(&"web1/logs_20201122.zip".to_owned()),
        "{archived:?}"
    );
    let restore = ["archive", "restore", "20201122", "--to", "logs", "--host"];
    lab.run(&[&restore[..], &["db:1"]].concat()).done();
    assert_eq!(names(&lab, "logs"), [format!("db:1/{LOG}")]);
    let (code, result) = lab.report(&[]);
    assert_eq!((code, &result["ingest"]["new"]), (0, &0.into()), "{result}");
    assert_eq!(lab.run(&[&restore[..], &["web9"]].concat()).code, 1);
}

#[test]
fn a_log_with_a_wild_name_is_archived_and_restored() {
    let lab = lab("");
    let wild = "\u{1b}[31m\u{202e}\\..\n.log";
    lab.put(wild, &aged(&recording(LOG)));
    lab.put("plain.log", &recording(LOG));
    lab.run(&["report", "-v"]).done();
    lab.run(&["archive", "list"]).done();
    lab.run(&["archive", "verify"]).done();
    assert_eq!(names(&lab, "logs"), [""; 0]);
    let ran = lab
        .run(&["archive", "restore", "20201122", "--to", "back"])
        .done();
    assert!(ran.said.contains("1 log restored"), "{}", ran.said);
}
