//! What a page with filters shows: whom a process, or anybody, talked to on a day, who of them is new, and how much
//! that was.

use app::{Result, show};
use reporting::{BreakdownRequest, Dimension, Filter, LineSubject, TableRequest};
use settings::Settings;
use traffic::Period;

/// The remotes of a day with what was moved, a line each, the largest first.
pub(crate) fn remotes(
    settings: &Settings,
    filter: Filter,
    day: Period,
    now: i64,
) -> Result<Vec<String>> {
    let request = BreakdownRequest {
        period: day,
        filter,
        tables: vec![TableRequest {
            by: Dimension::Remote,
            top: Some(10),
        }],
    };
    let answer = show(&request, settings, now)?;
    let lines = answer.tables.iter().flat_map(|table| &table.lines);
    Ok(lines
        .map(|line| {
            let remote = match &line.subject {
                LineSubject::Remote { remote } => display::printable(remote),
                _ => "".into(),
            };
            let new = if line.is_new == Some(true) {
                " (new)"
            } else {
                ""
            };
            format!("{remote}{new}: {}", display::bytes(line.total_bytes()))
        })
        .collect())
}

#[expect(clippy::print_stdout, reason = "an example shows what it makes")]
fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::load(None, &settings::Environment::of_this_process())?;
    let now = jiff::Timestamp::now().as_second();
    let today = Period::day(settings.today(now));
    for line in remotes(&settings, Filter::default(), today, now)? {
        println!("{line}");
    }
    Ok(())
}
