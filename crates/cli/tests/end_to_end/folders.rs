//! Folders as they should not be: full, read-only, in the way, crowded, changing under the reader.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::lab::{Lab, Ran, recording};
use crate::processes::{assert_reports, long_log, start};

const LOG: &str = "bandwhich_20201122_0914.log";

/// Runs a script with mounts of its own, where the system allows that. `$NM` is the program.
fn with_mounts(lab: &Lab, script: &str) -> Option<Ran> {
    let unshare = |script: &str| {
        lab.prepared(Path::new("unshare"))
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("NM", env!("CARGO_BIN_EXE_network-monitor"))
            .args(["-rm", "sh", "-c", script])
            .output()
    };
    let try_out = "mkdir -p mounted && mount -t tmpfs tmpfs mounted";
    if !unshare(try_out).is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: this system allows no mounts without privileges");
        return None;
    }
    fs::remove_dir(lab.path("mounted")).unwrap();
    let output = unshare(script).unwrap();
    Some(Ran {
        code: output.status.code().unwrap(),
        said: String::from_utf8(output.stdout).unwrap(),
        complained: String::from_utf8(output.stderr).unwrap(),
    })
}

#[test]
fn a_disk_that_is_really_full_is_told_and_heals() {
    for kilobytes in [16, 64, 120, 200] {
        let lab = Lab::new();
        lab.put(LOG, &recording(LOG));
        let script = format!(
            "mkdir store reports
             mount -t tmpfs -o size={kilobytes}k tmpfs store || exit 9
             $NM -q -c settings.yaml report; echo $?
             mount -o remount,size=50m store || exit 9
             $NM -q -c settings.yaml report && $NM -c settings.yaml store check"
        );
        let Some(ran) = with_mounts(&lab, &script) else {
            return;
        };
        assert_eq!(ran.code, 0, "{kilobytes}: {ran:?}");
        let first = ran.said.lines().next().unwrap();
        if first != "0" {
            assert_eq!(first, "1", "{kilobytes}: {ran:?}");
            let store = lab.path("store").to_string_lossy().into_owned();
            assert!(ran.complained.contains(&store), "{kilobytes}: {ran:?}");
        }
        lab.written("report_20201122.json");
    }
}

#[test]
fn a_report_folder_that_takes_nothing_is_named() {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    let says_where = |ran: &Ran| {
        assert_eq!(ran.code, 1, "{ran:?}");
        let folder = lab.path("reports").to_string_lossy().into_owned();
        assert!(ran.complained.contains(&folder), "{ran:?}");
    };
    fs::write(lab.path("reports"), "a file in the way").unwrap();
    says_where(&lab.run(&["report"]));
    fs::remove_file(lab.path("reports")).unwrap();
    fs::create_dir(lab.path("reports")).unwrap();

    fs::set_permissions(lab.path("reports"), fs::Permissions::from_mode(0o555)).unwrap();
    let is_root = fs::write(lab.path("reports/probe"), "").is_ok();
    if is_root {
        eprintln!("SKIPPED: root may write to a folder without the permission to");
        fs::remove_file(lab.path("reports/probe")).unwrap();
    } else {
        says_where(&lab.run(&["report"]));
    }
    fs::set_permissions(lab.path("reports"), fs::Permissions::from_mode(0o755)).unwrap();

    let script = "mount --bind reports reports && mount -o remount,ro,bind reports || exit 9
                  exec $NM -c settings.yaml report";
    if let Some(ran) = with_mounts(&lab, script) {
        says_where(&ran);
        assert!(ran.complained.contains("read-only"), "{ran:?}");
    }
    assert_reports(&lab);
}

#[test]
fn a_status_is_shown_to_whoever_may_only_read_the_store() {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    lab.run(&["ingest"]).done();
    let before = lab.timeless_status();
    let shows_all = |ran: Ran| {
        let status = ran.done().json();
        assert!(status["store"]["rows"].as_u64() > Some(0), "{status}");
    };
    let script = "mount --bind store store && mount -o remount,ro,bind store || exit 9
                  exec $NM -c settings.yaml status --json";
    if let Some(ran) = with_mounts(&lab, script) {
        shows_all(ran);
    }
    let root = lab.path("");
    if fs::metadata(&root).unwrap().uid() == 0 {
        // What the tests were built into may be in a folder that others do not see.
        let program = lab.path("program");
        // Another process copies it: a file that this one has open to write could be inherited by a program that
        // another test starts at this moment, and could not be run until that program ends.
        let copied = Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_network-monitor"))
            .arg(&program)
            .status();
        assert!(copied.unwrap().success());
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = lab.prepared(&program);
        command.args(["-c", "settings.yaml", "status", "--json"]);
        let output = command.uid(65_534).gid(65_534).output().unwrap();
        let complained = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{complained}");
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(status["store"]["rows"].as_u64() > Some(0), "{status}");
        fs::remove_file(program).unwrap();
    } else {
        eprintln!("SKIPPED: only root can be somebody else");
    }
    assert_eq!(lab.timeless_status(), before);
}

/// Changes a log while it is read, and puts it back.
fn change_while_read(change: fn(&Path)) {
    let lab = Lab::new();
    let log = long_log();
    lab.put("long.log", &log);
    let mut child = start(&lab, &["-v", "ingest"]);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("long.log: reading") {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "it never read");
    }
    change(&lab.logs().join("long.log"));
    let mut complained = String::new();
    stderr.read_to_string(&mut complained).unwrap();
    let code = child.wait().unwrap().code();
    assert!(matches!(code, Some(0 | 3)), "{code:?} {complained}");
    assert!(!complained.contains("panicked"), "{complained}");

    lab.put("long.log", &log);
    lab.run(&["ingest"]).done();
    let calm = Lab::new();
    calm.put("long.log", &log);
    calm.run(&["ingest"]).done();
    let rows = |lab: &Lab| lab.run(&["status", "--json"]).done().json()["store"]["rows"].clone();
    assert_eq!(rows(&lab), rows(&calm));
    lab.run(&["store", "check"]).done();
}

#[test]
fn a_log_that_is_cut_while_it_is_read_is_read_again() {
    change_while_read(|log| {
        let file = fs::OpenOptions::new().write(true).open(log).unwrap();
        file.set_len(file.metadata().unwrap().len() / 3).unwrap();
    });
}

#[test]
fn a_log_that_is_deleted_while_it_is_read_is_counted_once() {
    change_while_read(|log| fs::remove_file(log).unwrap());
}

/// Fills a folder with logs of three seconds, a minute apart.
fn crowd(lab: &Lab, logs: u64) {
    for number in 0..logs {
        let start = 1_577_836_800 + number * 60;
        let mut log = String::new();
        for time in start..start + 3 {
            log.push_str(&format!(
                "Refreshing:\nprocess: <{time}> \"curl\" up/down Bps: 500/20000 connections: 1\n\
                 connection: <{time}> <eth0>:51234 => 198.51.100.{}:443 (tcp) up/down Bps: \
                 500/20000 process: \"curl\"\n\n",
                number % 250
            ));
        }
        lab.put(format!("{number}.log"), log.as_bytes());
    }
}

fn crowded(logs: u64) {
    let lab = Lab::new();
    crowd(&lab, logs);
    for (new, unchanged) in [(logs, 0), (0, logs)] {
        let ingest = timed(&lab, &["ingest", "--json"]).done().json();
        assert_eq!(
            (&ingest["new"], &ingest["unchanged"]),
            (&new.into(), &unchanged.into())
        );
    }
    let status = timed(&lab, &["status", "--json"]).done().json();
    assert_eq!(status["store"]["sources"], logs);
    assert_eq!(status["store"]["runs"], logs);
    timed(&lab, &["store", "check"]).done();
}

/// Runs the program, however long it takes, and tells what it took.
fn timed(lab: &Lab, arguments: &[&str]) -> Ran {
    let begin = std::time::Instant::now();
    let mut child = start(lab, &[&["-q"], arguments].concat());
    let status = format!("/proc/{}/status", child.id());
    let mut peak = String::new();
    // What is printed fits into a pipe.
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(&status).unwrap_or_default();
        if let Some(line) = status.lines().find(|line| line.starts_with("VmHWM")) {
            peak = line.replace("VmHWM:", "").trim().to_owned();
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    eprintln!("{arguments:?}: {:.1?}, {peak}", begin.elapsed());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        said: String::from_utf8(output.stdout).unwrap(),
        complained: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_folder_of_many_logs_is_ingested_whole() {
    crowded(600);
}

#[test]
#[ignore = "takes minutes; make test-faults"]
fn faults_of_a_hundred_thousand_logs() {
    crowded(100_000);
}

#[test]
#[ignore = "takes a while; make test-faults"]
fn faults_of_a_compressed_bomb() {
    let lab = Lab::with("timezone: UTC\ninput: {max_expansion: 100}\n");
    // 1 GiB and more of idle frames, some thousand times smaller when packed.
    let script = "yes '<NO TRAFFIC>' | head -c 1200000000 | gzip -1 > logs/bomb.log.gz";
    let packed = Command::new("sh")
        .current_dir(lab.path(""))
        .args(["-c", script])
        .status();
    assert!(packed.unwrap().success());
    lab.put(LOG, &recording(LOG));
    let ran = timed(&lab, &["ingest", "--json"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.said.contains("more than 100 times"), "{ran:?}");
    assert_eq!(ran.json()["new"], 1);
}

#[test]
fn data_of_time_zones_that_are_missing_are_named() {
    let lab = Lab::with("timezone: Europe/Berlin\n");
    // The machine's own data may lie in any of three folders.
    let hide = "for folder in /usr/share/zoneinfo /usr/share/lib/zoneinfo /etc/zoneinfo; do
                    [ ! -d $folder ] || mount -t tmpfs tmpfs $folder || exit 9
                done";
    for (zone, code) in [("Europe/Berlin", 2), ("UTC", 0), ("local", 0)] {
        lab.configure(&format!("timezone: {zone}\n"));
        let script = format!("{hide}\n$NM -c settings.yaml report");
        let Some(ran) = with_mounts(&lab, &script) else {
            return;
        };
        assert_eq!(ran.code, code, "{zone}: {ran:?}");
        for words in ["no time zone data", "install the package tzdata"] {
            assert_eq!(ran.complained.contains(words), code == 2, "{zone}: {ran:?}");
        }
    }
}

#[test]
fn a_current_folder_that_was_deleted_matters_to_no_absolute_path() {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    let script = "mkdir gone && cd gone && rmdir ../gone && exec $NM -c $HOME/settings.yaml report";
    let run = |script: &str| {
        let output = lab
            .prepared(Path::new("sh"))
            .env("NM", env!("CARGO_BIN_EXE_network-monitor"))
            .env("PATH", "/usr/bin:/bin")
            .args(["-c", script])
            .output()
            .unwrap();
        let complained = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), complained)
    };
    assert_eq!(run(script), (0, String::new()));
    assert!(lab.path("reports/report_20201122.json").exists());
    let (code, complained) = run(&script.replace("$HOME/", ""));
    assert_eq!(code, 2, "{complained}");
    assert!(complained.contains("settings.yaml"), "{complained}");
}
