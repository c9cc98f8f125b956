//! Which names are read as logs, and what is said of the others.

use std::fs;

use crate::containers::gzip;
use crate::lab::{Lab, recording, totals};

const LOG: &str = "bandwhich_20201122_0914.log";

#[test]
fn names_of_rotation_are_read() {
    let log = recording(LOG);
    let alone = Lab::new();
    alone.put("bw.log", &log);
    let (_, expected) = alone.report(&[]);
    let expected = totals(&expected["reports"][0]);
    for name in [
        "bw.log-20201122",
        "bw.log-1606036440",
        "bw.log-20201122-09",
        "bw.log.2020-11-22",
        "bw.log.1",
        "bw.log-20201122.gz",
        "bw.log.1.gz",
    ] {
        let lab = Lab::new();
        if name.ends_with(".gz") {
            lab.put(name, &gzip(&log));
        } else {
            lab.put(name, &log);
        }
        let (code, result) = lab.report(&[]);
        assert_eq!(code, 0, "{name}: {result}");
        assert_eq!(totals(&result["reports"][0]), expected, "{name}");
    }
}

#[test]
fn a_compression_that_cannot_be_read_is_said_with_its_cure() {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    lab.put("bw.log-20201121.xz", b"\xfd7zXZ\0");
    lab.put("bw.log.2.bz2", b"BZh9");
    let ran = lab.run(&["report"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    for words in [
        "bw.log-20201121.xz",
        "compressed by xz",
        "bw.log.2.bz2",
        "decompress it",
    ] {
        assert!(ran.complained.contains(words), "{words}: {ran:?}");
    }
    let status = lab.run(&["status"]);
    assert_eq!(status.code, 3, "{status:?}");
    assert!(status.said.contains("compressed by xz"), "{status:?}");
}

#[test]
fn a_log_without_a_name_of_one_is_said_once_and_can_be_ingested() {
    let lab = Lab::new();
    lab.put("bandwhich", &recording(LOG));
    lab.put("bw.log.bak", &gzip(&recording(LOG)));
    for other in 0..100 {
        lab.put(
            format!("notes_{other}.txt"),
            b"Refreshing:\nnothing of bandwhich\n",
        );
    }
    let ran = lab.run(&["report"]).done();
    assert_eq!(
        ran.complained.matches("hold output of bandwhich").count(),
        1,
        "{ran:?}"
    );
    for words in [
        "2 files in ",
        "70 more files with other names than those of logs were not checked",
    ] {
        assert!(ran.complained.contains(words), "{words}: {ran:?}");
    }
    let ran = lab.run(&["report", "-v"]).done();
    let words = "notes_1.txt: skipped: its name is not a log's";
    assert!(ran.complained.contains(words), "{ran:?}");
    let ran = lab.run(&["report", "-q"]).done();
    assert_eq!(ran.complained, "");
    let path = lab.logs().join("bandwhich");
    let ran = lab.run(&["ingest".as_ref(), path.as_os_str()]).done();
    assert!(ran.said.contains("1 new"), "{ran:?}");
}

#[test]
fn files_that_nobody_looked_into_are_counted() {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    for other in 0..33 {
        lab.put(format!("notes_{other}.txt"), b"nothing of bandwhich\n");
    }
    lab.put("zz", &recording(LOG));
    let ran = lab.run(&["report"]).done();
    let words = "2 more files with other names than those of logs were not checked";
    assert!(ran.complained.contains(words), "{ran:?}");
}

#[test]
fn what_the_program_writes_itself_is_passed_over_in_silence() {
    let lab = Lab::with("timezone: UTC\nlogging: {file: logs/own.log}\n");
    lab.put(LOG, &recording(LOG));
    lab.put(".network-monitor-0123456789Ab.tmp", &recording(LOG));
    lab.put("own.log.1", b"a line of ours\n");
    let path = lab.path("settings.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let text = text
        .replace("report_dir: reports", "report_dir: logs/reports")
        .replace("archive_dir: archive", "archive_dir: logs/archive")
        .replace("store_dir: store", "store_dir: logs/store")
        .replace(
            "archive: {enabled: false}",
            "archive: {settle_minutes: 0, clean_old_archives: false}",
        );
    fs::write(&path, text).unwrap();
    for _ in 0..2 {
        let ran = lab.run(&["report"]).done();
        let complaints = ran
            .complained
            .lines()
            .filter(|line| !line.ends_with(": archived"));
        assert_eq!(complaints.count(), 0, "{ran:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn folders_of_any_bytes_are_hosts_of_their_own() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let lab = Lab::with("timezone: UTC\ninput: {hosts: directories}\n");
    let folders: [&[u8]; 6] = [
        b"bad\xff",
        b"bad\\xFF",
        b"bad\\x5CxFF",
        b"bad\\\xff",
        b"DOMAIN\\name",
        b"bad\\xff",
    ];
    for folder in folders {
        lab.put(
            std::path::Path::new(OsStr::from_bytes(folder)).join(LOG),
            &recording(LOG),
        );
    }
    lab.run(&["ingest"]).done();
    let status = lab.run(&["status", "--json"]).json();
    let hosts = status["store"]["hosts"].as_array().unwrap();
    assert_eq!(hosts.len(), folders.len(), "{hosts:?}");
    for host in ["bad\\xFF", "bad\\x5CxFF", "DOMAIN\\name", "bad\\xff"] {
        assert!(hosts.contains(&host.into()), "{host}: {hosts:?}");
    }
}
