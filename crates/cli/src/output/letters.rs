//! What became of letters, a line each.

use std::io::Write;

use mailing::MailResult;

use crate::failure::Failure;
use crate::terminal::Terminal;

/// Says what became of letters, a line each.
///
/// # Errors
/// If the output refuses.
pub(crate) fn show(
    result: &MailResult,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let attention = terminal.attention();
    for subject in &result.sent {
        writeln!(out, "Mailed: {}", display::printable(subject))?;
    }
    for letter in &result.waiting {
        let trouble = letter.trouble.as_deref().unwrap_or("not tried yet");
        writeln!(
            out,
            "{attention}: in the outbox, to be sent later: {}\n  {}",
            display::printable(&letter.subject),
            display::printable(trouble)
        )?;
    }
    for letter in &result.refused {
        writeln!(
            out,
            "{attention}: {} refused {}\n  {}",
            letter.address,
            display::printable(&letter.subject),
            display::printable(&letter.reason)
        )?;
    }
    for letter in &result.set_aside {
        writeln!(
            out,
            "{attention}: {}: {}. `report --date DAY --force` writes it again.",
            letter.path, letter.reason
        )?;
    }
    for fault in &result.template_faults {
        writeln!(
            out,
            "{attention}: {}; the built-in template was used",
            display::printable(fault)
        )?;
    }
    Ok(())
}
