//! What a run would do.

use std::io::Write;

use app::DryRun;

use crate::failure::Failure;

/// Prints it, a line each.
///
/// # Errors
/// If the output refuses.
pub(crate) fn show(planned: &DryRun, out: &mut dyn Write) -> Result<(), Failure> {
    for path in &planned.would_read {
        writeln!(out, "would read    {path}")?;
    }
    for report in &planned.would_report {
        let (host, first) = (display::printable(&report.host), &report.first_day);
        if *first == report.last_day {
            writeln!(out, "would report  {first} of {host}")?;
        } else {
            writeln!(out, "would report  {first}..{} of {host}", report.last_day)?;
        }
    }
    if !planned.would_read.is_empty() {
        writeln!(out, "would report  the days of the logs to be read")?;
    }
    for path in &planned.would_delete {
        writeln!(out, "would delete  {path}")?;
    }
    for day in &planned.would_drop {
        let (host, size) = (display::printable(&day.host), display::bytes(day.bytes));
        let day = &day.day;
        writeln!(
            out,
            "would drop    {day} of {host} from the history, {size}"
        )?;
    }
    for log in &planned.would_archive {
        let (host, day) = (display::printable(&log.host), &log.day);
        writeln!(out, "would archive {} with {day} of {host}", log.path)?;
    }
    for log in &planned.would_leave {
        let reason = display::printable(&log.reason);
        writeln!(out, "would leave   {}: {reason}", log.path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
