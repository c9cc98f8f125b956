//! What was read.

use lifecycle::IngestSummary;

/// One line per fact of what was read.
pub(crate) fn accounting(ingest: &IngestSummary) -> String {
    let mut text = format!(
        "Logs: {} found, {} new, {} not changed since, {} only repeating others, {} empty",
        ingest.files, ingest.new, ingest.unchanged, ingest.known, ingest.empty
    );
    if !ingest.unreadable.is_empty() {
        text.push_str(&format!(", {} with trouble", ingest.unreadable.len()));
    }
    if ingest.bytes_read > 0 {
        let bytes = &ingest.accounting;
        let parts = [
            (bytes.frames, "in frames"),
            (bytes.idle, "idle"),
            (bytes.damaged, "damaged"),
            (bytes.cut, "cut off"),
            (bytes.undated, "undated"),
            (bytes.unfinished, "unfinished"),
            (bytes.filler, "empty lines"),
            (bytes.notes, "notes of the collector"),
            (ingest.known_bytes, "already known"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(bytes, _)| *bytes > 0)
            .map(|(bytes, what)| format!("{bytes} {what}"))
            .collect();
        text.push_str(&format!(
            "\nBytes read: {} = {}",
            ingest.bytes_read,
            parts.join(" + ")
        ));
    }
    text
}
