//! What a log without measure may cost: memory and time.

use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::lab::Lab;
use crate::processes::start;

/// 2020-11-22 10:00 UTC.
const START: u64 = 1_606_039_200;

/// A frame of so many connections, each with a peer of its own.
fn frame(log: &mut String, second: u64, connections: u64) {
    frame_of(log, second, 0..connections);
}

/// A frame of some numbered connections.
fn frame_of(log: &mut String, second: u64, numbers: Range<u64>) {
    let time = START + second;
    let peer = |number: u64| {
        format!(
            "10.{}.{}.{}",
            number / 62_500,
            number / 250 % 250,
            number % 250
        )
    };
    let connections = numbers.end - numbers.start;
    let (up, down) = (connections, connections * 1_000);
    writeln!(log, "Refreshing:").unwrap();
    writeln!(
        log,
        "process: <{time}> \"curl\" up/down Bps: {up}/{down} connections: {connections}"
    )
    .unwrap();
    for number in numbers.clone() {
        let (port, peer) = (1_024 + number % 60_000, peer(number));
        writeln!(
            log,
            "connection: <{time}> <eth0>:{port} => {peer}:443 (tcp) up/down Bps: 1/1000 process: \"curl\""
        )
        .unwrap();
    }
    for number in numbers.clone() {
        let peer = peer(number);
        writeln!(
            log,
            "remote_address: <{time}> {peer} up/down Bps: 1/1000 connections: 1"
        )
        .unwrap();
    }
    log.push('\n');
}

/// `ingest --json`: its code, what it printed, seconds, and the most memory it had in MB.
fn measured(lab: &Lab) -> (i32, Value, Duration, u64) {
    measured_run(lab, &["-q", "ingest", "--json"])
}

/// The same of any command that prints JSON.
fn measured_run(lab: &Lab, arguments: &[&str]) -> (i32, Value, Duration, u64) {
    let begin = Instant::now();
    let mut child = start(lab, arguments);
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = kilobytes.unwrap_or(0).max(peak);
        std::thread::sleep(Duration::from_millis(5));
    }
    let elapsed = begin.elapsed();
    let output = child.wait_with_output().unwrap();
    eprintln!("{elapsed:.1?}, {} MB", peak / 1024);
    let json = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code().unwrap(), json, elapsed, peak / 1024)
}

#[test]
fn a_hundred_thousand_connections_at_a_time_are_counted() {
    let lab = Lab::new();
    let mut log = "Refreshing:\n<NO TRAFFIC>\n\n".to_owned();
    (0..3).for_each(|second| frame(&mut log, second, 100_000));
    lab.put("bw.log", log.as_bytes());
    let (code, ingested, _, peak) = measured(&lab);
    assert_eq!(
        (code, &ingested["damaged_lines"]),
        (0, &0.into()),
        "{ingested}"
    );
    assert!(peak < 700, "{peak} MB");
    let (code, result) = lab.report(&["--no-archive"]);
    assert_eq!(code, 0);
    // The last window holds the four refreshes of the run.
    let expected: Value = (100_000_u64 * 1_000 * 4).into();
    assert_eq!(result["reports"][0]["total_download_bytes"], expected);
}

#[test]
fn connections_that_a_log_hands_on_cost_a_report_little() {
    const EACH: u64 = 60_000;
    let lab = Lab::new();
    let mut log = String::new();
    (0..3).for_each(|second| frame_of(&mut log, second, second * EACH..(second + 1) * EACH));
    lab.put("bw.log", log.as_bytes());
    let (code, ingested, ..) = measured(&lab);
    assert_eq!(code, 0, "{ingested}");
    let (code, result, _, peak) = measured_run(&lab, &["-q", "report", "--json"]);
    assert_eq!(code, 0, "{result}");
    assert_eq!(result["reports"].as_array().map(Vec::len), Some(1));
    assert!(peak < 300, "{peak} MB");
}

#[test]
fn a_frame_without_end_is_cut_and_said() {
    let lab = Lab::new();
    let mut log = "Refreshing:\n<NO TRAFFIC>\n\n".to_owned();
    frame(&mut log, 0, 200_000);
    lab.put("bw.log", log.as_bytes());
    let (code, ingested, _, peak) = measured(&lab);
    assert_eq!(code, 3, "{ingested}");
    assert_eq!(ingested["damaged_lines"], 100_000, "{ingested}");
    let reason = ingested["damaged"][0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("the first at line 300006: the frame is too long"),
        "{reason}"
    );
    assert!(peak < 900, "{peak} MB");
}

#[test]
fn empty_lines_cost_no_more_than_other_bytes() {
    let repeated = |lines: &str| {
        let lab = Lab::new();
        let script = format!("yes '{lines}' | head -c 100000000 | gzip -1 > logs/bw.log.gz");
        let packed = Command::new("sh")
            .current_dir(lab.path(""))
            .args(["-c", &script])
            .status();
        assert!(packed.unwrap().success());
        measured(&lab)
    };
    let (code, ingested, empty, peak) = repeated("");
    assert_eq!(
        (code, &ingested["accounting"]["filler"]),
        (0, &100_000_000.into()),
        "{ingested}"
    );
    assert!(peak < 100, "{peak} MB");
    let (.., idle, _) = repeated("Refreshing:\n<NO TRAFFIC>\n");
    assert!(empty < idle, "{empty:?}, idle refreshes take {idle:?}");
}
