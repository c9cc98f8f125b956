//! A log folder in hard use: logs that grow frame by frame and are rotated in each way that logrotate has,
//! runs that are killed or meet, and readers beside them. In the end all is as one undisturbed run over the
//! same logs makes it.
//!
//! Each way of rotation has a folder, and so a host, of its own. Logs are rotated between frames: one that is
//! cut within a frame loses that frame, which no reader can restore. `SEED` repeats the choices of a run, not
//! the moments at which they meet.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use crate::containers::gzip;
use crate::lab::{Lab, Ran};

/// 2020-11-20 23:55 UTC: the logs cross a midnight.
const START: u64 = 1_605_916_500;
const DAYS: [&str; 3] = ["2020-11-20", "2020-11-21", "2020-11-22"];

/// A letter, which a terminal should not see.
const PREVIEW: &[&str] = &[
    "email",
    "preview",
    "--date",
    "2020-11-20",
    "--host",
    "create",
    "--output",
    "letter.eml",
];

const SETTINGS: &str = "timezone: UTC\ninput: {hosts: directories}\n\
    reports: {format: [json], compress_reports: false, generate_summary: false, max_connections: 100000}\n\
    archive: {settle_minutes: 0, clean_old_archives: false}\n";

/// Numbers that only look random (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// The ways in which logrotate rotates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Create,
    Copy,
    CopyTruncate,
    DelayCompress,
    DateExt,
}

const WAYS: [Way; 5] = [
    Way::Create,
    Way::Copy,
    Way::CopyTruncate,
    Way::DelayCompress,
    Way::DateExt,
];

impl Way {
    fn host(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// What logrotate's settings say for it.
    fn words(self) -> &'static str {
        match self {
            Way::Create => "create",
            Way::Copy => "copy",
            Way::CopyTruncate => "copytruncate",
            Way::DelayCompress => "compress\n delaycompress\n create",
            Way::DateExt => "dateext\n dateformat -%Y%m%d-%s\n create",
        }
    }
}

/// bandwhich as it writes a log, and whoever rotates it.
struct Recording {
    way: Way,
    folder: PathBuf,
    log: File,
    second: u64,
    /// Connections: port, the refresh in which they end, and their last five.
    talks: Vec<(u64, u64, [[u64; 2]; 5])>,
    /// What is printed and not written yet.
    pending: Vec<u8>,
    /// All that was written.
    whole: Vec<u8>,
    /// Where logs were rotated.
    rotated: usize,
    /// What each log held that was rotated away.
    logs: Vec<Vec<u8>>,
    real: bool,
}

fn open(path: &Path) -> File {
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .unwrap()
}

impl Recording {
    fn new(lab: &Lab, way: Way, real: bool) -> Self {
        let folder = lab.logs().join(way.host());
        fs::create_dir_all(&folder).unwrap();
        Recording {
            way,
            log: open(&folder.join("bw.log")),
            folder,
            second: 0,
            talks: Vec::new(),
            pending: Vec::new(),
            whole: Vec::new(),
            rotated: 0,
            logs: Vec::new(),
            real,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.join("bw.log")
    }

    /// One more refresh, as bandwhich prints it: means over up to five, of connections that come and go.
    fn print(&mut self, dice: &mut Dice) {
        let refresh = self.second;
        self.second += 1;
        if dice.below(8) == 0 {
            let port = 20_000 + refresh % 30_000;
            self.talks
                .push((port, refresh + 2 + dice.below(40), [[0; 2]; 5]));
        }
        let time = START + refresh;
        let (mut rows, mut sums) = (String::new(), [0; 2]);
        for (port, ends, windows) in &mut self.talks {
            let is_over = refresh >= *ends;
            windows[(refresh % 5) as usize] = if is_over {
                [0; 2]
            } else {
                [100 + dice.below(9_000), 1_000 + dice.below(90_000)]
            };
            let mean = |way: usize| {
                windows.iter().map(|bytes| bytes[way]).sum::<u64>() / 5.min(refresh + 1)
            };
            let (up, down) = (mean(0), mean(1));
            if up + down > 0 {
                sums = [sums[0] + up, sums[1] + down];
                rows.push_str(&format!(
                    "connection: <{time}> <eth0>:{port} => 192.0.2.{}:443 (tcp) up/down Bps: {up}/{down} \
                     process: \"curl\"\n",
                    *port % 250
                ));
            }
        }
        self.talks.retain(|(_, ends, _)| refresh < ends + 5);
        let frame = if rows.is_empty() {
            "Refreshing:\n<NO TRAFFIC>\n\n".to_owned()
        } else {
            format!(
                "Refreshing:\nprocess: <{time}> \"curl\" up/down Bps: {}/{} connections: 1\n{rows}\n",
                sums[0], sums[1]
            )
        };
        self.pending.extend_from_slice(frame.as_bytes());
    }

    /// Writes so many bytes of what is pending.
    fn write(&mut self, count: usize) {
        let bytes: Vec<u8> = self.pending.drain(..count).collect();
        self.log.write_all(&bytes).unwrap();
        self.whole.extend_from_slice(&bytes);
    }

    fn act(&mut self, dice: &mut Dice) {
        for _ in 0..1 + dice.below(30) {
            self.print(dice);
        }
        // As a pipe cuts it: anywhere.
        self.write(self.pending.len() - dice.below(self.pending.len() as u64) as usize);
        if dice.below(6) == 0 {
            self.write(self.pending.len());
            self.rotate();
        }
    }

    fn rotate(&mut self) {
        let held = match self.way {
            Way::Copy => self.whole.clone(),
            _ => self.whole[self.rotated..].to_vec(),
        };
        if !self.real {
            self.imitate();
        } else if !self.logrotate() {
            // It rotates no log twice in the second that a name tells.
            return;
        }
        self.logs.push(held);
        self.rotated = self.whole.len();
        // As a postrotate script has the writer do.
        self.log = open(&self.path());
    }

    /// Runs logrotate itself, and says whether it rotated the log.
    fn logrotate(&self) -> bool {
        let (settings, state) = (self.folder.join(".conf"), self.folder.join(".state"));
        let text = format!(
            "{} {{\n rotate 10000\n ifempty\n nomail\n {}\n}}\n",
            self.path().display(),
            self.way.words()
        );
        fs::write(&settings, text).unwrap();
        let output = std::process::Command::new("logrotate")
            .args(["--force", "--state"])
            .args([&state, &settings])
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        let is_skipped = complaint.contains("already exists, skipping rotation");
        assert!(output.status.success() || is_skipped, "{output:?}");
        !is_skipped
    }

    /// Does what logrotate does, in its order.
    fn imitate(&self) {
        let log = self.path();
        let numbered = |number: usize, end: &str| self.folder.join(format!("bw.log.{number}{end}"));
        if self.way == Way::DateExt {
            let stamp = START + self.second;
            fs::rename(&log, self.folder.join(format!("bw.log-20201121-{stamp}"))).unwrap();
        } else {
            if self.way == Way::DelayCompress && numbered(1, "").exists() {
                let plain = fs::read(numbered(1, "")).unwrap();
                fs::write(numbered(1, ".gz"), gzip(&plain)).unwrap();
                // A run may have archived it meanwhile.
                let _ = fs::remove_file(numbered(1, ""));
            }
            for number in (1..self.logs.len() + 1).rev() {
                for end in ["", ".gz"] {
                    let _ = fs::rename(numbered(number, end), numbered(number + 1, end));
                }
            }
            match self.way {
                Way::Copy | Way::CopyTruncate => drop(fs::copy(&log, numbered(1, "")).unwrap()),
                _ => fs::rename(&log, numbered(1, "")).unwrap(),
            }
            if self.way == Way::CopyTruncate {
                File::options()
                    .write(true)
                    .open(&log)
                    .unwrap()
                    .set_len(0)
                    .unwrap();
            }
        }
        if matches!(self.way, Way::Create | Way::DelayCompress | Way::DateExt) {
            drop(open(&log));
        }
    }
}

/// What went on, counted.
#[derive(Default)]
struct Counts {
    runs: AtomicU64,
    killed: AtomicU64,
    refused: AtomicU64,
    read: AtomicU64,
    half_compressed: AtomicU64,
}

/// A soak that goes on until it is over, or something is wrong.
struct Soak {
    lab: Lab,
    ends: Instant,
    failed: AtomicBool,
    failures: Mutex<Vec<String>>,
    counts: Counts,
}

impl Soak {
    fn goes_on(&self) -> bool {
        Instant::now() < self.ends && !self.failed.load(Ordering::Relaxed)
    }

    fn fail(&self, failure: String) {
        self.failed.store(true, Ordering::Relaxed);
        self.failures.lock().unwrap().push(failure);
    }

    /// A run that changes things, and now and then is killed.
    fn run(&self, dice: &mut Dice) {
        // Often enough two meet.
        std::thread::sleep(Duration::from_millis(dice.below(500)));
        let commands: [&[&str]; 5] = [
            &["report"],
            &["report", "--no-archive"],
            &["ingest"],
            &["archive"],
            &["report", "--force", "--date", "2020-11-21"],
        ];
        let command = commands[dice.below(commands.len() as u64) as usize];
        if dice.below(3) == 0 {
            let mut running = self
                .lab
                .prepared(Path::new(env!("CARGO_BIN_EXE_network-monitor")))
                .args(command)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_millis(dice.below(400)));
            running.kill().unwrap();
            running.wait().unwrap();
            self.counts.killed.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let ran = self.lab.run(command);
        self.counts.runs.fetch_add(1, Ordering::Relaxed);
        match ran.code {
            0 => {}
            // Two runs meet.
            5 => drop(self.counts.refused.fetch_add(1, Ordering::Relaxed)),
            // A log of which only the beginning is compressed yet.
            3 if is_half_compressed(&ran) => {
                self.counts.half_compressed.fetch_add(1, Ordering::Relaxed);
            }
            _ => self.fail(format!("{command:?}: {ran:?}")),
        }
    }

    /// A command that only reads: what a writer does beside it is no trouble.
    fn read(&self, dice: &mut Dice) {
        let commands: [&[&str]; 6] = [
            &["status"],
            &["store", "check"],
            &["analysis", "--type", "anomaly", "--date", "2020-11-21"],
            PREVIEW,
            &["report", "--dry-run"],
            &["archive", "list"],
        ];
        let command = commands[dice.below(commands.len() as u64) as usize];
        let ran = self.lab.run(command);
        self.counts.read.fetch_add(1, Ordering::Relaxed);
        let said = format!("{}{}", ran.said, ran.complained);
        // Killed runs and half compressed logs are rightly told by `status`.
        let told = command[0] == "status" && ran.code == 3;
        let alarms = [
            "store rebuild",
            "panicked",
            "no such file",
            "holds no history",
            "checksum",
        ];
        if !(ran.code == 0 || told) || alarms.iter().any(|alarm| said.contains(alarm)) {
            self.fail(format!("{command:?}: {ran:?}"));
        }
    }
}

fn is_half_compressed(ran: &Ran) -> bool {
    let said = format!("{}{}", ran.said, ran.complained);
    said.contains(".gz: could be read only up to byte")
        && !said.contains("store rebuild")
        && !said.contains("damaged")
}

/// What reports say of traffic, by host and day.
fn told(lab: &Lab) -> Vec<(String, Value)> {
    let mut told = Vec::new();
    for day in DAYS {
        lab.run(&["report", "--force", "--no-archive", "--date", day]);
    }
    for (path, (content, _)) in lab.contents("reports") {
        let name = path
            .strip_prefix(lab.path("reports"))
            .unwrap()
            .display()
            .to_string();
        if !name.ends_with(".json") {
            continue;
        }
        let mut report: Value = serde_json::from_slice(&content).unwrap();
        let report = report.as_object_mut().unwrap();
        // How the logs were cut shows in what was read, and only there.
        for key in ["timestamp", "input", "notes"] {
            report.remove(key);
        }
        told.push((name, Value::Object(report.clone())));
    }
    told
}

fn unpacked(bytes: Vec<u8>) -> Vec<u8> {
    let mut text = Vec::new();
    let log = files::OpenLog::from_stream(Cursor::new(bytes), files::Limits::default());
    log.unwrap().read_to_end(&mut text).unwrap();
    text
}

fn soak(seconds: u64) {
    let seed = match std::env::var("SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64 | 1,
    };
    let real = std::env::var_os("LOGROTATE").is_some();
    eprintln!(
        "SEED={seed}, {seconds} s, {}",
        if real {
            "logrotate"
        } else {
            "imitated rotation"
        }
    );
    let soak = Soak {
        lab: Lab::with(SETTINGS),
        ends: Instant::now() + Duration::from_secs(seconds),
        failed: AtomicBool::new(false),
        failures: Mutex::default(),
        counts: Counts::default(),
    };
    let mut recordings = WAYS.map(|way| Recording::new(&soak.lab, way, real));
    let mut dice = Dice(seed);
    for recording in &mut recordings {
        (0..400).for_each(|_| recording.print(&mut dice));
        recording.write(recording.pending.len());
    }
    soak.lab.run(&["report"]).done();
    std::thread::scope(|scope| {
        for (number, act) in [Soak::run, Soak::run, Soak::read, Soak::read]
            .iter()
            .enumerate()
        {
            let (soak, mut dice) = (&soak, Dice(seed ^ (number as u64 + 1) << 32));
            scope.spawn(move || {
                while soak.goes_on() {
                    act(soak, &mut dice);
                }
            });
        }
        while soak.goes_on() {
            for recording in &mut recordings {
                recording.act(&mut dice);
            }
            std::thread::sleep(Duration::from_millis(50 + dice.below(200)));
        }
    });
    let failures = soak.failures.lock().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let counts = &soak.counts;
    let rotations: usize = recordings
        .iter()
        .map(|recording| recording.logs.len())
        .sum();
    eprintln!(
        "{} runs, {} of them beside another, {} killed, {} readers, {rotations} rotations, {} half compressed",
        count(&counts.runs),
        count(&counts.refused),
        count(&counts.killed),
        count(&counts.read),
        count(&counts.half_compressed)
    );
    settle(&soak.lab, recordings);
}

/// Lets all come to rest, and compares it with the undisturbed twin.
fn settle(lab: &Lab, mut recordings: [Recording; 5]) {
    let twin = Lab::with(SETTINGS);
    for recording in &mut recordings {
        recording.write(recording.pending.len());
    }
    let written = recordings.map(|recording| {
        let Recording {
            way,
            whole,
            mut logs,
            rotated,
            ..
        } = recording;
        let last = if way == Way::Copy { 0 } else { rotated };
        logs.push(whole[last..].to_vec());
        for (number, log) in logs.iter().enumerate() {
            twin.put(format!("{}/bw{number:05}.log", way.host()), log);
        }
        (way, whole, logs)
    });
    for lab in [lab, &twin] {
        lab.run(&["report"]).done();
        lab.run(&["report"]).done();
        for command in ["store", "archive"] {
            let verb = if command == "store" {
                "check"
            } else {
                "verify"
            };
            lab.run(&[command, verb]).done();
        }
    }
    let (found, expected) = (told(lab), told(&twin));
    assert_eq!(found.len(), expected.len());
    for ((name, found), (other, expected)) in found.iter().zip(&expected) {
        assert_eq!(name, other);
        let different = found
            .as_object()
            .unwrap()
            .iter()
            .filter(|(key, value)| **value != expected[*key]);
        let different: Vec<String> = different
            .map(|(key, value)| format!("{key}: {value}\nnot {}", expected[key]))
            .collect();
        assert!(different.is_empty(), "{name}:\n{}", different.join("\n"));
    }
    // Names are used again from day to day.
    let mut folders = vec!["logs"];
    for day in DAYS {
        let ran = lab.run(&["archive", "restore", day, "--to", day]);
        if lab.path(day).exists() {
            drop((ran.done(), folders.push(day)))
        } else {
            assert!(ran.complained.contains("no archive of"), "{ran:?}")
        }
    }
    let mut held: BTreeSet<Vec<u8>> = BTreeSet::new();
    for folder in folders {
        let contents = lab.contents(folder).into_values();
        held.extend(contents.map(|(content, _)| unpacked(content)));
    }
    for (way, whole, logs) in written {
        for log in logs {
            // A copy is told by the whole that it is the beginning of.
            let is_there = held.contains(&log) || (way == Way::Copy && held.contains(&whole));
            assert!(
                is_there || log.is_empty(),
                "{way:?}: a log of {} bytes is lost",
                log.len()
            );
        }
    }
}

#[test]
fn logs_in_hard_use_are_counted_once() {
    soak(12);
}

#[test]
#[ignore = "takes minutes; make test-soak"]
fn soak_of_minutes() {
    soak(std::env::var("SECONDS").map_or(600, |seconds| seconds.parse().unwrap()));
}
