//! Runs beside each other, signals, and readers that go: with real processes.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::lab::{Lab, recording, timeless};

const LOG: &str = "bandwhich_20201122_0914.log";

/// A run that reads standard input and waits for more of it, with the store in its hands.
struct Waiting {
    child: Child,
    stdin: ChildStdin,
}

impl Waiting {
    fn new(lab: &Lab) -> Waiting {
        let mut child = start(lab, &["-v", "ingest", "-"]);
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&recording(LOG)).unwrap();
        // The lock is signed before the input is read.
        while fs::read(lab.path("store/lock")).is_ok_and(|text| text.is_empty())
            || !lab.path("store/staging").exists()
        {
            assert!(child.try_wait().unwrap().is_none(), "it ended");
            std::thread::yield_now();
        }
        Waiting { child, stdin }
    }

    fn signal(&self, signal: &str) {
        let kill = Command::new("kill")
            .args([format!("-{signal}"), self.child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
    }

    /// Exit code and what was said on standard error. The input stays open until then.
    fn wait(mut self) -> (Option<i32>, Option<i32>, String) {
        let mut complained = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut complained).unwrap();
        let status = self.child.wait().unwrap();
        drop(self.stdin);
        (status.code(), status.signal(), complained)
    }
}

pub(crate) fn start(lab: &Lab, arguments: &[&str]) -> Child {
    lab.prepared(Path::new(env!("CARGO_BIN_EXE_network-monitor")))
        .args(["-c", "settings.yaml"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Holds that a lab reports its log as one that nothing happened to.
pub(crate) fn assert_reports(lab: &Lab) {
    lab.put(LOG, &recording(LOG));
    lab.run(&["report"]).done();
    lab.run(&["store", "check"]).done();
    let calm = Lab::new();
    calm.put(LOG, &recording(LOG));
    calm.run(&["report"]).done();
    let name = "report_20201122.json";
    assert_eq!(timeless(lab.written(name)), timeless(calm.written(name)));
    assert!(!lab.path("store/staging").exists() || lab.contents("store/staging").is_empty());
}

#[test]
fn a_second_run_is_told_who_holds_the_store_and_a_killed_one_holds_it_no_more() {
    let lab = Lab::new();
    let holder = Waiting::new(&lab);
    let pid = format!("pid {}", holder.child.id());
    for command in [&["report"][..], &["ingest"], &["store", "rebuild"]] {
        let ran = lab.run(command);
        assert_eq!(ran.code, 5, "{command:?}: {}", ran.complained);
        for part in [&pid, "started 20", ": ingest", "store/lock"] {
            assert!(ran.complained.contains(part), "{}", ran.complained);
        }
    }
    lab.run(&["status"]).done();
    lab.run(&["status", "--json"]).done();
    lab.run(&["store", "check"]).done();
    holder.signal("KILL");
    assert_eq!(holder.wait().1, Some(9));
    assert_reports(&lab);
}

#[test]
fn a_signal_ends_a_run_with_its_code_and_leaves_the_store_whole() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let lab = Lab::new();
        let waiting = Waiting::new(&lab);
        waiting.signal(signal);
        let (ended, killed, complained) = waiting.wait();
        assert_eq!((ended, killed), (Some(code), None), "{complained}");
        assert_reports(&lab);
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let lab = Lab::new();
    let waiting = Waiting::new(&lab);
    waiting.signal("INT");
    waiting.signal("TERM");
    let (ended, killed, complained) = waiting.wait();
    assert!(
        matches!(ended, Some(130 | 143)),
        "{ended:?} {killed:?} {complained}"
    );
    assert_reports(&lab);
}

/// A log that takes a while.
pub(crate) fn long_log() -> Vec<u8> {
    recording(LOG).repeat(400)
}

#[test]
fn a_signal_stops_the_reading_of_a_long_log() {
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
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let mut complained = String::new();
    stderr.read_to_string(&mut complained).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{complained}");
    assert!(complained.contains("interrupted"), "{complained}");
    // Nothing of the log is in the history, nor is it taken for read.
    let status = lab.run(&["status", "--json"]).json();
    assert_eq!(
        (&status["store"]["sources"], &status["logs_pending"]),
        (&0.into(), &1.into())
    );
    fs::remove_file(lab.logs().join("long.log")).unwrap();
    assert_reports(&lab);
}

#[test]
fn a_signal_stops_the_archiving_of_a_long_log() {
    let lab = Lab::with("timezone: UTC\narchive: {settle_minutes: 0, clean_old_archives: false}\n");
    lab.put("long.log", &long_log());
    lab.run(&["ingest"]).done();
    let mut child = start(&lab, &["archive"]);
    // The new archive is begun.
    while fs::read_dir(lab.path("archive")).map_or(0, Iterator::count) == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    let kill = Command::new("kill").args(["-INT", &pid]).status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let complained = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{complained}");
    assert!(complained.starts_with("error: interrupted"), "{complained}");
    assert!(lab.logs().join("long.log").exists());
    assert!(lab.contents("archive").is_empty());
    assert!(lab.run(&["archive"]).done().said.contains("1 log archived"));
    // The archive, its metadata, and whose they are.
    assert_eq!(lab.contents("archive").len(), 3);
}

#[test]
fn a_reader_that_goes_stops_no_work() {
    for arguments in [
        &["report"][..],
        &["report", "--json"],
        &["status"],
        &["status", "--json"],
        &["config", "show"],
        &["man"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let lab = Lab::new();
        lab.put(LOG, &recording(LOG));
        lab.put("runs.log", &recording("bandwhich_20201121_0854.log"));
        let mut child = start(&lab, arguments);
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let complained = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), complained.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
        if arguments[0] == "report" {
            for day in ["20201121", "20201122"] {
                lab.written(&format!("report_{day}.json"));
            }
            assert_eq!(lab.report(&[]).1["nothing_new"], true, "{arguments:?}");
        }
    }
    // Nor does one that hears no complaints.
    let lab = Lab::new();
    lab.put("broken.log", b"no log at all\n");
    let mut child = start(&lab, &["-vv", "report"]);
    drop(child.stderr.take());
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(3));
}

#[test]
#[cfg(target_os = "linux")]
fn an_output_that_takes_nothing_stops_no_work_and_is_said() {
    for (arguments, is_run) in [
        (&["report"][..], true),
        (&["report", "--json"], true),
        (&["ingest"], true),
        (&["status"], false),
        (&["config", "show"], false),
        (&["man"], false),
        (&["--help"], false),
    ] {
        let lab =
            Lab::with("timezone: UTC\narchive: {settle_minutes: 0, clean_old_archives: false}\n");
        lab.put(LOG, &recording(LOG));
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = lab
            .prepared(Path::new(env!("CARGO_BIN_EXE_network-monitor")))
            .args(["-c", "settings.yaml"])
            .args(arguments)
            .stdout(full)
            .output()
            .unwrap();
        let complained = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {complained}");
        if arguments != ["--help"] {
            let reason = "error: cannot write to standard output: no space left on device\n";
            assert!(complained.ends_with(reason), "{arguments:?}: {complained}");
        }
        if !is_run {
            continue;
        }
        let status = lab.run(&["status", "--json"]).json();
        let run = &status["last_run"];
        assert_eq!(run["exit_code"], 1, "{run}");
        assert_eq!(run["command"], arguments[0], "{run}");
        assert_eq!(status["abandoned_runs"].as_array().unwrap().len(), 0);
        assert_eq!(status["store"]["sources"], 1, "{status}");
        if arguments[0] == "report" {
            lab.written("report_20201122.json");
            assert!(lab.contents("logs").is_empty(), "it is archived");
        }
    }
}
