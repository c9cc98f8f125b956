//! What a page of a dashboard shows of a host: the report of yesterday, in memory, and what was unusual.

use report::{HostAnalysis, Report};
use reporting::{AnalysisKind, Reporter, Result};
use settings::Settings;
use store::Store;
use traffic::Period;

/// The report of a host's yesterday and its anomalies. `None` if there is no history yet.
pub(crate) fn yesterday(
    settings: &Settings,
    host: &str,
    now: i64,
) -> Result<Option<(Report, HostAnalysis)>> {
    let Some(store) = Store::open_to_read(&settings.paths.store_dir)? else {
        return Ok(None);
    };
    let day = Period::day(settings.today(now));
    let day = day.previous().unwrap_or(day);
    let mut reporter = Reporter::new(settings, now);
    let built = reporter.build(&store, host, day)?;
    let judged = reporter.judge(&store, host, AnalysisKind::Anomaly, day)?;
    Ok(Some((built.report, judged)))
}

#[expect(clippy::print_stdout, reason = "an example shows what it makes")]
fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::load(None, &settings::Environment::of_this_process())?;
    let now = jiff::Timestamp::now().as_second();
    if let Some((report, judged)) = yesterday(&settings, &settings.host, now)? {
        println!("{}", report.to_text(&report::TextOptions::default()));
        println!("{} findings", judged.told.findings().len());
    }
    Ok(())
}
