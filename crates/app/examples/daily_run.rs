//! A daily run with somebody who listens, and the status after it: all that a service needs.

use app::{FinishedReport, ReportRequest, ReportRun, Result, Status, report_run, status};
use lifecycle::Unwatched;
use settings::Settings;

/// Reports every day with news, and hands over a line of each report as soon as it is written.
pub(crate) fn daily_run(
    settings: &Settings,
    now: i64,
    mut line: impl FnMut(String),
) -> Result<(ReportRun, Status)> {
    let mut on_report = |finished: &FinishedReport<'_>| {
        let bytes = display::bytes(finished.report.total_bytes());
        line(format!("{}: {bytes}", finished.period.stamp()));
    };
    let request = ReportRequest::default();
    let run = report_run(&request, settings, now, &Unwatched, &mut on_report)?;
    let (status, failure) = status(settings, now);
    failure.map_or(Ok((run, status)), Err)
}

#[expect(clippy::print_stdout, reason = "an example shows what it makes")]
fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::load(None, &settings::Environment::of_this_process())?;
    let now = jiff::Timestamp::now().as_second();
    let (run, status) = daily_run(&settings, now, |line| println!("{line}"))?;
    println!("{:?}", run.outcome);
    for sentence in &status.attention {
        println!("{}", display::printable(sentence));
    }
    Ok(())
}
