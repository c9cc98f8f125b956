//! A collector's log and a plain copy of what it recorded are the same traffic.

use std::fmt::Write as _;

use store::Outcome;

use super::{HOST, Lab, assert_same, recordings};

/// A recording, and the same with notes before each frame: the owner of each port is its number.
fn plain_and_noted() -> (Vec<u8>, Vec<u8>) {
    let logs = recordings();
    let mut is_it = logs.iter();
    let plain = is_it
        .find(|(name, _)| name == "bandwhich_20261122_0914.log")
        .map(|(_, log)| log.clone())
        .unwrap();
    let mut noted = String::from(
        "network-monitor: <1795338867> format 1 collector \"0\" bandwhich \"0\" arguments \"\"\n",
    );
    for frame in std::str::from_utf8(&plain).unwrap().split_inclusive("\n\n") {
        for line in frame.lines().filter(|line| line.starts_with("connection")) {
            let (_, rest) = line.split_once(">:").unwrap();
            let (port, _) = rest.split_once(' ').unwrap();
            let (ends, _) = rest.split_once(" (").unwrap();
            let (_, remote) = ends.rsplit_once(':').unwrap();
            let (_, name) = rest.split_once("process: ").unwrap();
            let protocol = if rest.contains("(udp)") { "udp" } else { "tcp" };
            if name != "\"<UNKNOWN>\"" {
                let owner =
                    format!("owner :{port} => :{remote} ({protocol}) pid {port} process {name}");
                writeln!(noted, "network-monitor: <1795338867> {owner}").unwrap();
            }
        }
        noted.push('\n');
        noted.push_str(frame);
    }
    (plain, noted.into_bytes())
}

/// Bytes by whether their process id is known, and whether it is the right one.
fn with_and_without_pid(lab: &Lab) -> (u64, u64) {
    let (mut with, mut without) = (0, 0);
    lab.store
        .read_rows::<store::Error>(HOST, 0..4_000_000_000, |row| {
            match row.pid {
                Some(pid) => {
                    assert_eq!(Some(pid), row.local_port.map(u32::from));
                    with += row.volume.total();
                }
                None => without += row.volume.total(),
            }
            Ok(())
        })
        .unwrap();
    (with, without)
}

#[test]
fn notes_change_no_volume_and_a_plain_copy_is_known() {
    let (plain, noted) = plain_and_noted();
    let mut alone = Lab::new();
    alone.ingest(&[("plain", &plain)]);
    assert_eq!(with_and_without_pid(&alone).0, 0);
    for order in [
        [("plain", &plain[..]), ("noted", &noted[..])],
        [("noted", &noted[..]), ("plain", &plain[..])],
    ] {
        let mut lab = Lab::new();
        let first = lab.ingest(&order[..1]);
        assert_eq!(first[0].outcome, Outcome::New);
        let second = lab.ingest(&order[1..]);
        if order[1].0 == "plain" {
            assert_eq!(second[0].outcome, Outcome::Known);
        }
        assert_same(&lab.history(), &alone.history(), order[0].0);
        let (with, without) = with_and_without_pid(&lab);
        // What bandwhich calls unknown has no owner.
        assert!(with * 3 > without * 2, "{with} with, {without} without");
        assert!(lab.store.check().unwrap().damaged.is_empty());
    }
}

#[test]
fn each_byte_of_a_noted_log_is_accounted_for() {
    let (plain, noted) = plain_and_noted();
    let report = Lab::new().ingest(&[("noted", &noted)]);
    let accounting = &report[0].accounting;
    assert_eq!(accounting.total(), noted.len() as u64);
    assert_eq!((accounting.damaged, accounting.cut), (0, 0));
    let added = noted.len() - plain.len();
    assert_eq!(accounting.notes + accounting.filler, added as u64);
}
