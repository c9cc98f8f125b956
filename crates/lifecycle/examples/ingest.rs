//! Brings the logs of the log folder into the history, with nobody watching.

use lifecycle::{IngestSummary, Result, Unwatched, ingest_folder};
use settings::Settings;
use store::Store;

/// What was read. Logs that the history holds already are not read again.
pub(crate) fn ingest(settings: &Settings, now: i64) -> Result<IngestSummary> {
    let started = settings::started(now);
    let mut store = Store::open(&settings.paths.store_dir, &started, "example")?;
    ingest_folder(&mut store, settings, now, &Unwatched)
}

#[expect(clippy::print_stdout, reason = "an example shows what it makes")]
fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::load(None, &settings::Environment::of_this_process())?;
    let summary = ingest(&settings, jiff::Timestamp::now().as_second())?;
    println!(
        "{} logs, {} new, {} lines read",
        summary.files, summary.new, summary.lines
    );
    for log in &summary.unreadable {
        println!("{}: {}", log.path, display::printable(&log.reason));
    }
    Ok(())
}
