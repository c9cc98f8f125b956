//! Finds the logs of a folder and reads each, whatever it is compressed with.

use std::io::Read as _;
use std::path::Path;

use files::{Result, discover, open_log};

/// The logs of a folder in the order of their names: what is shown of each, and its bytes unpacked.
pub(crate) fn sizes(folder: &Path) -> Result<Vec<(String, u64)>> {
    let mut sizes = Vec::new();
    for log in discover(folder, &[])?.logs {
        let mut bytes = Vec::new();
        let mut open = open_log(&log.path)?;
        (open.read_to_end(&mut bytes)).map_err(files::Error::context("read", &log.path))?;
        sizes.push((files::show(&log.relative).to_string(), bytes.len() as u64));
    }
    Ok(sizes)
}

#[expect(clippy::print_stdout, reason = "an example shows what it makes")]
fn main() -> Result<()> {
    for (name, bytes) in sizes(Path::new("."))? {
        println!("{name}: {bytes} bytes");
    }
    Ok(())
}
