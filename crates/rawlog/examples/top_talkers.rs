//! Reads a log from standard input and prints the bytes of each process, largest first.
//!
//! The numbers are plain sums of the printed values. They are a little too high for traffic just
//! after bandwhich was started and too low for traffic just before it ended: each value is a mean
//! over up to five refreshes.

use std::collections::HashMap;
use std::io::{self, Write as _};

use rawlog::{Item, Kind, Limits, Reader};

#[expect(
    clippy::disallowed_methods,
    reason = "a program may talk to the terminal, the crate may not"
)]
fn main() -> io::Result<()> {
    let text = top_talkers(io::stdin().lock())?;
    match io::stdout().write_all(text.as_bytes()) {
        // Who reads it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

/// A table of the processes of a log, the largest first.
pub(crate) fn top_talkers(log: impl io::Read) -> io::Result<String> {
    let mut talkers: HashMap<Vec<u8>, (u64, u64)> = HashMap::new();
    let mut faults = 0u64;
    let (extent, outcome) = Reader::new(log, Limits::default()).for_each(|item| match item {
        Item::Frame(frame) => {
            faults += frame.faults.len() as u64;
            for row in frame.rows.iter() {
                if row.kind() == Kind::Process {
                    add(&mut talkers, row.name(), row.up(), row.down());
                }
            }
        }
        Item::Fault(_) => faults += 1,
        Item::Note(..) | Item::Filler(_) | Item::Unfinished(_) => {}
    });
    outcome?;

    let mut talkers: Vec<_> = talkers.into_iter().collect();
    talkers.sort_by_key(|(name, (up, down))| {
        (std::cmp::Reverse(up.saturating_add(*down)), name.clone())
    });
    let mut text = format!("{:>15} {:>15}  process\n", "bytes up", "bytes down");
    for (name, (up, down)) in talkers.iter().take(20) {
        // A name may hold escape sequences for the terminal.
        text += &format!("{up:>15} {down:>15}  {}\n", name.escape_ascii());
    }
    text += &format!(
        "{} lines, {faults} of them damaged; sums of means, not exact\n",
        extent.lines
    );
    Ok(text)
}

fn add(talkers: &mut HashMap<Vec<u8>, (u64, u64)>, name: &[u8], up: u64, down: u64) {
    if !talkers.contains_key(name) {
        talkers.insert(name.to_vec(), (0, 0));
    }
    if let Some(sum) = talkers.get_mut(name) {
        *sum = (sum.0.saturating_add(up), sum.1.saturating_add(down));
    }
}
