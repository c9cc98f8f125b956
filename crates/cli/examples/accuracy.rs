//! Prints how far the counting is off the truth, as a Markdown table: one line a recording.
//!
//! `cargo run --release -p network-monitor --example accuracy [FOLDER]`; a folder holds logs and,
//! in `truth/`, what tcpdump saw of each. `docs/accuracy.md` says how to read the table.

use std::io::{self, Write};
use std::path::PathBuf;

#[path = "../tests/accuracy/measure.rs"]
mod measure;

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folders = match folder {
        Some(folder) => vec![folder],
        None => vec![measure::recordings(), measure::field_recordings()],
    };
    for folder in folders {
        let table = measure::table(&measure::measure_all(&folder));
        writeln!(io::stdout(), "{table}")?;
    }
    Ok(())
}
