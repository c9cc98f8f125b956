//! `collect` with a small program in bandwhich's place, which also keeps what it printed.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::lab::Lab;

/// Prints a numbered frame of ROWS connections every 0.3 s, as bandwhich does every second.
const FAKE: &str = r#"#!/bin/sh
[ "$1" = --version ] && { echo "bandwhich 0.23.1"; exit 0; }
echo "$$" >> "$0.pids"
echo "$*" > "$0.args"
echo "listens" >&2
n=0
while :; do
  n=$((n + 1))
  t=$(date +%s)
  {
    echo "Refreshing:"
    echo "process: <$t> \"fake\" up/down Bps: $n/$$ connections: 1"
    i=0
    while [ $i -lt ROWS ]; do
      i=$((i + 1))
      echo "connection: <$t> <eth0>:$i => 192.0.2.7:443 (tcp) up/down Bps: $n/$$ process: \"fake\""
    done
    echo
  } > "$0.frame"
  cat "$0.frame" >> "$0.copy"
  cat "$0.frame" || exit 0
  sleep 0.3
done
"#;

struct Collecting {
    lab: Lab,
    child: Child,
}

impl Collecting {
    fn start() -> Self {
        Collecting::start_with("timezone: UTC\n", "1", |command| command)
    }

    fn start_with(
        settings: &str,
        rows: &str,
        prepare: impl Fn(&mut Command) -> &mut Command,
    ) -> Self {
        let lab = Lab::with(&format!(
            "{settings}collect: {{bandwhich: ./fake, args: [--show-dns], interfaces: true}}\n"
        ));
        let fake = lab.path("fake");
        fs::write(&fake, FAKE.replace("ROWS", rows)).unwrap();
        fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_network-monitor"));
        command
            .args(["--config", "settings.yaml", "collect"])
            .current_dir(lab.path(""))
            .env_remove("NOTIFY_SOCKET")
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let child = prepare(&mut command).spawn().unwrap();
        Collecting { lab, child }
    }

    fn signal(&self, signal: &str) {
        kill(signal, self.child.id());
    }

    /// How it ended, and what it said.
    fn wait(&mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        let mut said = String::new();
        let stderr = self.child.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        (status.code(), said)
    }

    /// The process ids of all that ran in bandwhich's place.
    fn fakes(&self) -> Vec<u32> {
        let pids = fs::read_to_string(self.lab.path("fake.pids")).unwrap_or_default();
        pids.lines().map(|pid| pid.parse().unwrap()).collect()
    }

    fn logs(&self) -> Vec<PathBuf> {
        logs_in(&self.lab.logs())
    }

    fn wait_for_frames(&self, folder: &Path, count: usize) {
        until(|| (logs_in(folder).iter().map(|log| frames(log).len())).sum::<usize>() >= count);
    }
}

impl Drop for Collecting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn kill(signal: &str, pid: u32) {
    let pid = pid.to_string();
    let status = Command::new("kill")
        .args([&format!("-{signal}"), &pid])
        .status();
    assert!(status.unwrap().success());
}

#[track_caller]
fn until(mut done: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < limit, "it did not come to pass");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The logs of a folder, in the order in which they were begun.
fn logs_in(folder: &Path) -> Vec<PathBuf> {
    let mut logs: Vec<PathBuf> = (fs::read_dir(folder).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "log"))
        .collect();
    // `…_0900_2.log` comes after `…_0900.log`.
    logs.sort_by_key(|path| path.with_extension(""));
    logs
}

/// The frames of a log, each as it was printed. Notes stand between them.
fn frames(log: &Path) -> Vec<String> {
    let text = fs::read_to_string(log).unwrap();
    (text.split_inclusive("\n\n"))
        .filter_map(|piece| Some(piece[piece.find("Refreshing:")?..].to_owned()))
        .filter(|frame| frame.ends_with("\n\n"))
        .collect()
}

fn all_frames(logs: &[PathBuf]) -> Vec<String> {
    logs.iter().flat_map(|log| frames(log)).collect()
}

/// The last note of a log, without its time.
fn last_note(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap();
    let mut notes = text
        .lines()
        .filter(|line| line.starts_with("network-monitor: <"));
    let note = notes.next_back().unwrap();
    note[note.find("> ").unwrap() + 2..].to_owned()
}

fn is_alive(pid: u32) -> bool {
    // A zombie whose parent died is init's to bury.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn what_is_printed_is_written_unchanged_and_a_signal_ends_with_a_whole_frame() {
    let mut run = Collecting::start();
    run.wait_for_frames(&run.lab.logs(), 4);
    run.signal("TERM");
    let begun = Instant::now();
    let (code, said) = run.wait();
    assert_eq!(code, Some(0), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(2));
    let logs = run.logs();
    let [log] = &logs[..] else { panic!("{logs:?}") };
    let text = fs::read_to_string(log).unwrap();
    assert!(text.starts_with("network-monitor: <") && text.ends_with("\n\n"));
    assert!(text.contains("arguments \"--raw --no-resolve --show-dns\""));
    // The own addresses stand at the head; the counters there and at the end.
    assert!(!text.contains("> address \"lo\""), "{text}");
    let counts = text
        .matches("> interface \"lo\" loopback received ")
        .count();
    assert!(counts >= 2, "{text}");
    // The last frame may have been printed after the signal.
    let copy = frames(&run.lab.path("fake.copy"));
    let written = frames(log);
    assert_eq!(written[..], copy[..written.len()]);
    assert!(copy.len() - written.len() <= 1);
    let args = fs::read_to_string(run.lab.path("fake.args")).unwrap();
    assert_eq!(args.trim(), "--raw --no-resolve --show-dns");
    assert!(said.contains("bandwhich says: listens"), "{said}");
    assert!(run.fakes().into_iter().all(|pid| !is_alive(pid)));
    let ingested = run.lab.run(&["ingest"]).done();
    assert!(
        ingested.said.contains("notes of the collector"),
        "{}",
        ingested.said
    );
    assert!(!ingested.said.contains("damaged"), "{}", ingested.said);
}

#[test]
fn a_bandwhich_that_is_killed_is_started_again_into_a_new_log() {
    let mut run = Collecting::start();
    run.wait_for_frames(&run.lab.logs(), 3);
    kill("KILL", run.fakes()[0]);
    until(|| run.fakes().len() == 2 && run.logs().len() == 2);
    run.wait_for_frames(&run.lab.logs(), 6);
    run.signal("INT");
    let (code, said) = run.wait();
    assert_eq!(code, Some(0), "{said}");
    let expected = "bandwhich: ended (signal 9); it is started again at once";
    assert!(said.contains(expected), "{said}");
    // The logs say so, too.
    let notes: Vec<String> = run.logs().iter().map(|log| last_note(log)).collect();
    assert_eq!(
        notes,
        ["stopped \"ended (signal 9)\"", "stopped \"asked to stop\""]
    );
    let copy = frames(&run.lab.path("fake.copy"));
    let written = all_frames(&run.logs());
    // Of each of both, the frame at hand may be lost.
    assert!(written.len() + 2 >= copy.len() && written.iter().all(|frame| copy.contains(frame)));
    assert!(run.fakes().into_iter().all(|pid| !is_alive(pid)));
}

#[test]
fn a_collector_that_is_killed_leaves_whole_frames_and_nobody_behind() {
    let mut run = Collecting::start();
    run.wait_for_frames(&run.lab.logs(), 3);
    run.signal("KILL");
    run.wait();
    let pid = run.fakes()[0];
    until(|| !is_alive(pid));
    let text = fs::read_to_string(&run.logs()[0]).unwrap();
    assert!(text.ends_with("\n\n"));
    let copy = frames(&run.lab.path("fake.copy"));
    let written = all_frames(&run.logs());
    assert_eq!(written[..], copy[..written.len()]);
    // What was printed until the pipe broke.
    assert!(
        copy.len() - written.len() <= 3,
        "{} of {}",
        written.len(),
        copy.len()
    );
}

#[test]
fn a_new_hour_begins_a_new_log_between_two_frames() {
    // A zone in which an hour ends in three seconds.
    let now = jiff::Timestamp::now().as_second();
    let east = 3600 - 3 - now.rem_euclid(3600);
    let zone = format!(
        "<XXX>-{}:{:02}:{:02}",
        east / 3600,
        east / 60 % 60,
        east % 60
    );
    let mut run =
        Collecting::start_with("timezone: local\n", "1", |command| command.env("TZ", &zone));
    until(|| run.logs().len() == 2);
    run.wait_for_frames(&run.lab.logs(), 14);
    run.signal("TERM");
    let (code, said) = run.wait();
    assert_eq!(code, Some(0), "{said}");
    let logs = run.logs();
    assert_eq!(logs.len(), 2, "{said}");
    assert!(logs.iter().all(|log| frames(log).len() >= 2));
    let copy = frames(&run.lab.path("fake.copy"));
    let written = all_frames(&logs);
    assert_eq!(
        written[..],
        copy[..written.len()],
        "each frame once, in order"
    );
    assert!(copy.len() - written.len() <= 1);
    // The last counts of a log are the first of the next.
    let counts = |log: &Path, last: bool| {
        let text = fs::read_to_string(log).unwrap();
        let mut lines = text
            .lines()
            .filter(|line| line.contains("interface \"lo\""));
        let line = if last {
            lines.next_back()
        } else {
            lines.next()
        };
        line.unwrap().to_owned()
    };
    assert_eq!(counts(&logs[0], true), counts(&logs[1], false));
    // Both are one run.
    run.lab.run(&["ingest"]).done();
}

#[test]
fn a_log_that_is_deleted_is_begun_again_and_its_folder_made() {
    let settings = "timezone: UTC\n";
    let mut run = Collecting::start_with(settings, "1", |command| {
        command.env("NETWORK_MONITOR__COLLECT__SYNC_SECONDS", "1")
    });
    let folder = run.lab.logs();
    let harms: [fn(&Path, &Path); 3] = [
        |_, log| fs::remove_file(log).unwrap(),
        |_, log| fs::rename(log, log.with_extension("log.1")).unwrap(),
        |folder, _| fs::remove_dir_all(folder).unwrap(),
    ];
    for harm in harms {
        run.wait_for_frames(&folder, 2);
        let log = run.logs().pop().unwrap();
        harm(&folder, &log);
        let copied = frames(&run.lab.path("fake.copy")).len();
        // Another log, and the frames from then on: what came until the next sync is lost at most.
        until(|| {
            let logs = logs_in(&folder);
            let count = logs.last().map_or(0, |log| frames(log).len());
            count >= 3
        });
        let logs = run.logs();
        let written = frames(logs.last().unwrap());
        let copy = frames(&run.lab.path("fake.copy"));
        assert!(copy.iter().position(|frame| *frame == written[0]).unwrap() <= copied + 8);
        let text = fs::read_to_string(logs.last().unwrap()).unwrap();
        assert!(text.starts_with("network-monitor: <"), "{text}");
        fs::remove_file(logs.last().unwrap()).unwrap();
    }
    // The folder is locked again, and its state can be asked.
    until(|| folder.join(".collector.json").exists());
    assert_eq!(run.lab.run(&["collect"]).code, 5);
    run.signal("TERM");
    let (code, said) = run.wait();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("was deleted or moved"), "{said}");
    assert_eq!(run.fakes().len(), 1, "bandwhich went on");
    assert!(!folder.join(".collector.json").exists());
}

#[test]
fn a_bandwhich_that_a_signal_stopped_is_started_again() {
    let mut run = Collecting::start();
    run.wait_for_frames(&run.lab.logs(), 2);
    kill("STOP", run.fakes()[0]);
    until(|| run.fakes().len() == 2);
    run.wait_for_frames(&run.lab.logs(), 6);
    // Also one that goes on soon: what came meanwhile is lost.
    kill("STOP", run.fakes()[1]);
    std::thread::sleep(Duration::from_millis(500));
    // It was killed by now.
    let _ = Command::new("kill")
        .args(["-CONT", &run.fakes()[1].to_string()])
        .status();
    until(|| run.fakes().len() == 3);
    run.wait_for_frames(&run.lab.logs(), 10);
    run.signal("TERM");
    let (code, said) = run.wait();
    assert_eq!(code, Some(0), "{said}");
    let expected = "bandwhich: stopped by a signal; it is started again at once";
    assert!(said.contains(expected), "{said}");
    let note = last_note(&run.logs()[0]);
    assert_eq!(note, "stopped \"stopped by a signal\"");
    assert!(run.fakes().into_iter().all(|pid| !is_alive(pid)));
}

#[test]
fn a_collector_that_is_slow_to_end_writes_its_last_note() {
    let mut run = Collecting::start();
    run.wait_for_frames(&run.lab.logs(), 2);
    run.signal("TERM");
    // As on a machine that gives it no time.
    run.signal("STOP");
    std::thread::sleep(Duration::from_millis(1500));
    run.signal("CONT");
    let (code, said) = run.wait();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("stopped by signal 15: "), "{said}");
    assert_eq!(last_note(&run.logs()[0]), "stopped \"asked to stop\"");
}

/// What holds a packet socket on c0 as bandwhich does, started by a script in its place.
const LISTENER: &str = r#"python3 -c '
import socket, time
listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
listener.bind(("c0", 3))
time.sleep(60)' &
"#;

#[test]
fn a_log_begins_with_the_own_addresses_and_ends_with_what_the_capture_lost() {
    // A network of its own, which takes no rights here; where it does, there is nothing to show.
    let script = "ip link add c0 type veth peer name c1 && ip addr add 192.0.2.1/24 dev c0 && \
                  ip link set c0 up && ip link set c1 up && exec \"$@\"";
    let probe = "ip link add c0 type veth peer name c1 && command -v python3";
    let probe = Command::new("unshare")
        .args(["-rn", "sh", "-c", probe])
        .output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        return;
    }
    let mut run = Collecting::start_with("timezone: UTC\n", "1", |command| {
        let folder = command.get_current_dir().unwrap().to_owned();
        let fake = fs::read_to_string(folder.join("fake")).unwrap();
        let fake = fake.replace("n=0\n", &format!("{LISTENER}n=0\n"));
        fs::write(folder.join("fake"), fake).unwrap();
        let mut wrapped = Command::new("unshare");
        wrapped
            .args(["-rn", "sh", "-c", script, "sh"])
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        *command = wrapped;
        command
    });
    let state = run.lab.logs().join(".collector.json");
    until(|| fs::read_to_string(&state).is_ok_and(|state| state.contains("[\"c0\"]")));
    run.wait_for_frames(&run.lab.logs(), 3);
    run.signal("TERM");
    let (code, said) = run.wait();
    assert_eq!(code, Some(0), "{said}");
    let text = fs::read_to_string(&run.logs()[0]).unwrap();
    let (head, rest) = text.split_once("\n\n").unwrap();
    assert!(head.contains("> address \"c0\" 192.0.2.1/24"), "{head}");
    assert!(rest.contains("> capture \"c0\" packets "), "{rest}");
    assert!(rest.contains(" dropped 0\n"), "{rest}");
}

#[test]
fn what_would_spoil_the_log_is_refused_with_the_reason() {
    let lab = Lab::with("timezone: UTC\ncollect: {bandwhich: /nowhere/bandwhich}\n");
    for argument in ["-t", "--total-utilization", "-st"] {
        let ran = lab.run(&["collect", "--", argument]);
        assert_eq!(ran.code, 2);
        assert!(
            ran.complained.contains("is refused: its running sums"),
            "{}",
            ran.complained
        );
    }
    let ran = lab.run(&["collect"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.complained.contains("bandwhich: was not found"),
        "{}",
        ran.complained
    );
    assert!(
        ran.complained.contains("hint: install bandwhich"),
        "{}",
        ran.complained
    );
}

#[test]
fn one_folder_has_one_collector() {
    let mut run = Collecting::start();
    run.wait_for_frames(&run.lab.logs(), 1);
    let ran = run.lab.run(&["collect"]);
    assert_eq!(ran.code, 5, "{}", ran.complained);
    // Whoever asks is told that it runs.
    until(|| run.lab.logs().join(".collector.json").exists());
    let said = run.lab.run(&["status"]).said;
    assert!(said.contains("Collector running since "), "{said}");
    let said = run.lab.run(&["status", "--json"]).said;
    let status: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(status["collector"]["starts"], 1, "{said}");
    run.signal("TERM");
    assert_eq!(run.wait().0, Some(0));
}

#[test]
fn a_full_disk_is_told_and_what_waited_is_written_when_there_is_room() {
    // A disk of its own, which a name space of mounts allows even without rights; where it does not,
    // there is nothing to show.
    let script = "mount -t tmpfs -o size=256k tmpfs logs && head -c 120000 /dev/zero > logs/filler && \
                  exec \"$@\"";
    let probe = Command::new("unshare").args(["-rm", "true"]).status();
    if !probe.is_ok_and(|status| status.success()) {
        return;
    }
    let mut run = Collecting::start_with("timezone: UTC\n", "200", |command| {
        let program = command.get_program().to_owned();
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        let folder = command.get_current_dir().unwrap().to_owned();
        let mut wrapped = Command::new("unshare");
        wrapped
            .args(["-rm", "sh", "-c", script, "sh"])
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        *command = wrapped;
        command
    });
    // What another mount name space sees.
    let root = PathBuf::from(format!("/proc/{}/root", run.child.id()));
    let logs = root.join(run.lab.logs().strip_prefix("/").unwrap());
    until(|| logs.join("filler").exists());
    run.wait_for_frames(&logs, 1);
    let copy = run.lab.path("fake.copy");
    // More than fits.
    until(|| fs::metadata(&copy).is_ok_and(|copy| copy.len() > 180_000));
    let full = all_frames(&logs_in(&logs));
    fs::remove_file(logs.join("filler")).unwrap();
    run.wait_for_frames(&logs, full.len() + 3);
    let written = all_frames(&logs_in(&logs));
    let text = fs::read_to_string(&logs_in(&logs)[0]).unwrap();
    assert!(text.ends_with("\n\n"), "nothing is cut");
    run.signal("TERM");
    let (_, said) = run.wait();
    assert!(
        said.contains("no space left") || said.contains("No space left"),
        "{said}"
    );
    assert!(said.contains("frames wait in memory"), "{said}");
    let copy = frames(&copy);
    assert_eq!(
        written[..],
        copy[..written.len()],
        "each frame once, in order"
    );
}
