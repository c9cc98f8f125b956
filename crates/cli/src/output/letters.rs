//! What became of letters, a line each.

use std::io::Write;

use mailing::MailResult;

use crate::failure::Failure;

/// Says what became of letters, a line each.
///
/// # Errors
/// If the output refuses.
pub(crate) fn show(result: &MailResult, out: &mut dyn Write) -> Result<(), Failure> {
    for subject in &result.sent {
        writeln!(out, "Mailed: {}", display::printable(subject))?;
    }
    for letter in &result.waiting {
        let trouble = letter.trouble.as_deref().unwrap_or("not tried yet");
        writeln!(
            out,
            "Attention: in the outbox, to be sent later: {}\n  {}",
            display::printable(&letter.subject),
            display::printable(trouble)
        )?;
    }
    for letter in &result.refused {
        writeln!(
            out,
            "Attention: {} refused {}\n  {}",
            letter.address,
            display::printable(&letter.subject),
            display::printable(&letter.reason)
        )?;
    }
    for letter in &result.set_aside {
        writeln!(
            out,
            "Attention: {}: {}. `report --date DAY --force` writes it again.",
            letter.path, letter.reason
        )?;
    }
    for fault in &result.template_faults {
        writeln!(
            out,
            "Attention: {}; the built-in template was used",
            display::printable(fault)
        )?;
    }
    Ok(())
}
