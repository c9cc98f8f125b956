//! Catalogues of format 2 → 3. No other file changes: segments and sidecars of format 2 are read as they are.

use rusqlite::{Connection, TransactionBehavior};

use super::tables::FILES;
use crate::Result;

/// The format that this begins with.
pub(super) const FROM: i64 = 2;

/// The tables of format 2 that format 3 has too but with other columns, and what their checksums cover.
pub(super) const SUMS: [(&str, &str); 2] = [
    ("source", "name, generation, host, log, damaged"),
    (
        "segment",
        "file, source, host, kind, day, rows, first, last, checksum, tail_of",
    ),
];

/// Fills the new tables. A source is marked in packed segments as it is called now; a segment has one part.
const FILL: &str = "
    INSERT INTO source (id, name, generation, host, log, damaged, label, day)
        SELECT id, name, generation, host, log, damaged, name || '-' || generation,
            (SELECT min(earliest) FROM run WHERE run.source = old_source.id) / 86400
        FROM old_source;
    INSERT INTO segment (file, host, kind, day, rows, first, last, checksum, packed)
        SELECT file, host, kind, day, rows, first, last, checksum, 0 FROM old_segment ORDER BY file;
    INSERT INTO part (source, segment, tail_of, rows)
        SELECT old_segment.source, segment.id, coalesce(old_segment.tail_of, -1), old_segment.rows
        FROM old_segment JOIN segment ON segment.file = old_segment.file;
    DROP TABLE old_segment;
    DROP TABLE old_source;
";

/// Makes a catalogue of format 2 one of format 3, in one transaction.
pub(super) fn migrate(catalog: &mut Connection) -> Result<()> {
    // Else a renamed table would take along what refers to it, and one that goes would take its rows along.
    catalog.pragma_update(None, "foreign_keys", false)?;
    catalog.pragma_update(None, "legacy_alter_table", true)?;
    let transaction = catalog.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "ALTER TABLE source RENAME TO old_source; ALTER TABLE segment RENAME TO old_segment; \
         DROP INDEX segment_by_day;",
    )?;
    transaction.execute_batch(FILES)?;
    transaction.execute_batch(FILL)?;
    transaction.pragma_update(None, "user_version", crate::sidecar::FORMAT)?;
    transaction.commit()?;
    catalog.pragma_update(None, "legacy_alter_table", false)?;
    catalog.pragma_update(None, "foreign_keys", true)?;
    Ok(())
}
