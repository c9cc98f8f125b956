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
    for letter in &planned.would_mail {
        let host = display::printable(&letter.report.host);
        let (first, last) = (&letter.report.first_day, &letter.report.last_day);
        let days = if first == last {
            first.clone()
        } else {
            format!("{first}..{last}")
        };
        let condition = match letter.condition {
            "always" => "",
            "problems" => ", if there is a warning or a problem",
            _ => ", if something is critical",
        };
        let to = letter.recipients.join(", ");
        writeln!(out, "would mail    {days} of {host} to {to}{condition}")?;
    }
    if !planned.would_mail_new_days_to.is_empty() {
        let to = planned.would_mail_new_days_to.join(", ");
        writeln!(
            out,
            "would mail    the days of the logs to be read that are over to {to}"
        )?;
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
