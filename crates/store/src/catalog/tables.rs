//! The tables of a catalogue.
//!
//! Each row has a checksum of its own: SQLite finds a damaged page only where its structure
//! breaks, and a changed number would be believed.

/// Which sources and segments are alive. A part is what a segment holds of one source: `tail_of` is the run
/// whose end it settles, -1 if it has the rows of the source itself. Only packed segments have several.
pub(super) const FILES: &str = "
    CREATE TABLE container (
        id INTEGER PRIMARY KEY,
        file TEXT NOT NULL UNIQUE,
        host TEXT NOT NULL,
        day INTEGER NOT NULL,
        sum INTEGER AS (row_sum(id, file, host, day)) STORED,
        UNIQUE (host, day)
    ) STRICT;
    CREATE TABLE source (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        generation INTEGER NOT NULL,
        host TEXT NOT NULL,
        log TEXT NOT NULL,
        damaged INTEGER NOT NULL,
        label TEXT NOT NULL,
        day INTEGER,
        container INTEGER REFERENCES container,
        sum INTEGER AS (row_sum(name, generation, host, log, damaged, label, day, container)) STORED,
        UNIQUE (name, generation)
    ) STRICT;
    CREATE INDEX source_by_container ON source (container, host, day);
    CREATE TABLE segment (
        id INTEGER PRIMARY KEY,
        file TEXT NOT NULL UNIQUE,
        host TEXT NOT NULL,
        kind TEXT NOT NULL,
        day INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        checksum TEXT NOT NULL,
        packed INTEGER NOT NULL,
        sum INTEGER AS (row_sum(id, file, host, kind, day, rows, first, last, checksum, packed)) STORED
    ) STRICT;
    CREATE INDEX segment_by_day ON segment (host, kind, day);
    CREATE INDEX segment_unpacked ON segment (host, day, kind) WHERE NOT packed;
    CREATE TABLE part (
        source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
        segment INTEGER NOT NULL REFERENCES segment ON DELETE CASCADE,
        tail_of INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        sum INTEGER AS (row_sum(source, segment, tail_of, rows)) STORED,
        PRIMARY KEY (source, segment, tail_of)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX part_by_segment ON part (segment);
";

/// All else.
pub(super) const REST: &str = "
    CREATE TABLE run (
        source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
        number INTEGER NOT NULL,
        host TEXT NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        earliest INTEGER NOT NULL,
        latest INTEGER NOT NULL,
        style TEXT NOT NULL,
        may_continue INTEGER NOT NULL,
        may_go_on INTEGER NOT NULL,
        owes INTEGER NOT NULL,
        sum INTEGER AS (row_sum(source, number, host, first, last, earliest, latest, style,
            may_continue, may_go_on, owes)) STORED,
        PRIMARY KEY (source, number)
    ) STRICT;
    CREATE INDEX run_by_end ON run (host, last);
    CREATE INDEX run_by_latest ON run (host, latest);
    CREATE INDEX run_by_start ON run (host, first);
    CREATE TABLE pending (
        host TEXT NOT NULL,
        day INTEGER NOT NULL,
        sum INTEGER AS (row_sum(host, day)) STORED,
        PRIMARY KEY (host, day)
    ) STRICT;
    CREATE TABLE unfinished (
        host TEXT NOT NULL,
        day TEXT NOT NULL,
        sum INTEGER AS (row_sum(host, day)) STORED,
        PRIMARY KEY (host, day)
    ) STRICT;
    CREATE TABLE total (
        host TEXT NOT NULL,
        first INTEGER NOT NULL,
        past INTEGER NOT NULL,
        loopback INTEGER NOT NULL,
        up INTEGER NOT NULL,
        down INTEGER NOT NULL,
        observed INTEGER NOT NULL,
        sum INTEGER AS (row_sum(host, first, past, loopback, up, down, observed)) STORED,
        PRIMARY KEY (host, first, past, loopback)
    ) STRICT;
    CREATE TABLE log (
        path BLOB PRIMARY KEY,
        host TEXT NOT NULL,
        size INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        identity INTEGER NOT NULL,
        damage TEXT,
        first INTEGER,
        last INTEGER,
        whole INTEGER NOT NULL,
        archived TEXT,
        sum INTEGER AS (row_sum(path, host, size, modified, identity, damage, first, last, whole,
            archived)) STORED
    ) STRICT;
    CREATE TABLE archive (
        file TEXT NOT NULL,
        checksum TEXT NOT NULL,
        document TEXT NOT NULL,
        sum INTEGER AS (row_sum(file, checksum, document)) STORED,
        PRIMARY KEY (file, checksum)
    ) STRICT;
    CREATE TABLE report (
        path BLOB PRIMARY KEY,
        last_day TEXT NOT NULL,
        sum INTEGER AS (row_sum(path, last_day)) STORED
    ) STRICT;
    CREATE TABLE digest (
        host TEXT NOT NULL,
        day INTEGER NOT NULL,
        loopback INTEGER NOT NULL,
        content TEXT NOT NULL,
        sum INTEGER AS (row_sum(host, day, loopback, content)) STORED,
        PRIMARY KEY (host, day, loopback)
    ) STRICT;
";

/// The tables, and the columns that their checksums cover.
pub(super) const SUMS: [(&str, &str); 13] = [
    ("meta", "key, value"),
    ("container", "id, file, host, day"),
    (
        "source",
        "name, generation, host, log, damaged, label, day, container",
    ),
    (
        "run",
        "source, number, host, first, last, earliest, latest, style, may_continue, may_go_on, owes",
    ),
    (
        "segment",
        "id, file, host, kind, day, rows, first, last, checksum, packed",
    ),
    ("part", "source, segment, tail_of, rows"),
    (
        "log",
        "path, host, size, modified, identity, damage, first, last, whole, archived",
    ),
    ("archive", "file, checksum, document"),
    ("report", "path, last_day"),
    ("digest", "host, day, loopback, content"),
    ("pending", "host, day"),
    ("unfinished", "host, day"),
    ("total", "host, first, past, loopback, up, down, observed"),
];
