//! What became of logs and archives, in lines.

use std::collections::BTreeMap;

use lifecycle::ArchiveSummary;

/// Archives that are named; of more, the number.
const SHOWN: usize = 10;

/// What was archived, in lines.
pub(crate) fn summary_text(summary: &ArchiveSummary) -> String {
    let mut text = format!(
        "Archive: {} archived, {} removed, {} left for later",
        display::counted(summary.archived, "log", "logs"),
        summary.removed,
        summary.waiting.len()
    );
    if !summary.expired.is_empty() {
        let expired = display::counted(summary.expired.len() as u64, "file", "files");
        text.push_str(&format!(", {expired} deleted because of their age"));
    }
    let days = || summary.dropped.iter().map(|dropped| &dropped.day);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for log in &summary.waiting {
        *reasons.entry(&log.reason).or_default() += 1;
    }
    for (reason, count) in reasons {
        text.push_str(&format!("\n  {count} left: {}", display::printable(reason)));
    }
    for path in summary.written.iter().take(SHOWN) {
        text.push_str(&format!("\n  {path}"));
    }
    if let Some(more) = summary
        .written
        .len()
        .checked_sub(SHOWN)
        .filter(|more| *more > 0)
    {
        text.push_str(&format!(
            "\n  and {}",
            display::counted(more as u64, "more archive", "more archives")
        ));
    }
    if let (Some(first), Some(last)) = (days().min(), days().max()) {
        let bytes = summary.dropped.iter().map(|dropped| dropped.bytes).sum();
        text.push_str(&format!(
            "\nHistory: {} dropped because of their age, {first} to {last}, {}",
            display::counted(summary.dropped.len() as u64, "day", "days"),
            display::bytes(bytes)
        ));
    }
    if let (Some(first), Some(last)) = (summary.expiring.first(), summary.expiring.last()) {
        text.push_str(&format!(
            "\nNote: the next run deletes {} of these archives, whose days are past \
             archive.retention_days, {first} to {last}. \
             archive.clean_old_archives: false keeps them, or a larger number of days.",
            summary.expiring.len()
        ));
    }
    for trouble in &summary.trouble {
        let reason = display::printable(&trouble.reason);
        text.push_str(&format!("\nAttention: {}: {reason}", trouble.path));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifecycle::Unreadable;

    #[test]
    fn a_summary_says_each_reason_once() {
        let waiting = |path: &str| Unreadable {
            path: path.to_owned(),
            reason: "its day is not over".to_owned(),
        };
        let summary = ArchiveSummary {
            archived: 1,
            waiting: vec![waiting("a"), waiting("b")],
            ..ArchiveSummary::default()
        };
        assert_eq!(
            summary_text(&summary),
            "Archive: 1 log archived, 0 removed, 2 left for later\n  2 left: its day is not over"
        );
    }
}
