//! Findings with their reasons, for a terminal.

use super::lines::Lines;
use crate::DatedFinding;

/// Findings that are shown with their reasons.
const MOST: usize = 50;

/// Writes findings, each with its reasons and its id.
pub(crate) fn findings(lines: &mut Lines, found: &[DatedFinding<'_>], muted: u64) {
    lines.blank();
    let muted = match muted {
        0 => String::new(),
        muted => format!(", {muted} muted"),
    };
    lines.heading(&match found.len() {
        0 => format!("No findings{muted}"),
        1 => format!("1 finding{muted}"),
        count => format!("{count} findings{muted}"),
    });
    for one in found.iter().take(MOST) {
        let head = format!("  {} {}, {}", one.mark(), one.label(), one.when());
        let id = &one.finding.id.0;
        let room = lines.width.saturating_sub(id.len() + 1);
        let head = display::fitted(&lines.plain(&head), room, lines.ellipsis());
        lines.line(&format!("{head} {id}"));
        let message = lines.plain(&one.message());
        lines.paragraph("    ", &message);
        for reason in &one.finding.reasons {
            let reason = lines.plain(reason);
            lines.paragraph("    - ", &reason);
        }
    }
    if found.len() > MOST {
        lines.line(&format!("  and {} more", found.len() - MOST));
    }
}
