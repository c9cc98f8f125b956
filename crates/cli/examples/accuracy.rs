//! Prints how far the counting is off the truth, as a Markdown table: one line a recording.
//!
//! `cargo run --release -p network-monitor --example accuracy [FOLDER]`; a folder holds logs and,
//! in `truth/`, what tcpdump saw of each.

use std::io::{self, Write};
use std::path::PathBuf;

#[path = "../tests/accuracy/measure.rs"]
mod measure;

use measure::{Measured, measure_all, percent, worst};

const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/tests/recordings");
/// Owners are compared where at least this part of the bytes, in percent, has one.
const OWNED: f64 = 98.0;

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let measured = measure_all(&folder.unwrap_or_else(|| RECORDINGS.into()));
    let out = &mut io::stdout().lock();
    writeln!(
        out,
        "| recording | scenario | true bytes | sum of values | exact counting | best in the log \
         | worst peer | worst owner | without owner | wrong owner |"
    )?;
    writeln!(out, "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|")?;
    for recording in &measured {
        writeln!(out, "{}", line(recording))?;
    }
    Ok(())
}

fn line(recording: &Measured) -> String {
    let Measured {
        name,
        scenario,
        truth,
        ..
    } = recording;
    let off = |bytes: u64| format!("{bytes} ({:+.3} %)", percent(bytes, *truth));
    let share = |bytes: u64| format!("{:.2} %", percent(bytes, *truth) + 100.0);
    let dash = || "–".to_owned();
    let unowned = recording.without_owner;
    let owners_are_known = unowned.is_some_and(|bytes| percent(bytes, *truth) + OWNED < 0.0);
    let owner = worst(&recording.owners).filter(|_| owners_are_known);
    let cells = [
        name.trim_end_matches(".log").to_owned(),
        scenario.clone(),
        truth.to_string(),
        recording.naive.map_or_else(dash, off),
        off(recording.counted),
        off(recording.in_log),
        worst(&recording.peers).map_or_else(dash, |peer| format!("{:+.2} %", peer.error())),
        owner.map_or_else(dash, |owner| format!("{:+.2} %", owner.error())),
        unowned.map_or_else(dash, share),
        unowned.map_or_else(dash, |_| share(recording.wrong_owner)),
    ];
    format!("| {} |", cells.join(" | "))
}
