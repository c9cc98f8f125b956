//! The catalogue: which segments and runs are alive, and which logs were read.
//!
//! Each row bears a checksum of its own: SQLite finds a damaged page only where its structure
//! breaks, and a changed number would be believed.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, params};
use twox_hash::XxHash3_64;

use crate::sidecar::{FORMAT, Segment, Source};
use crate::{Error, Result};

const NAME: &str = "catalog.sqlite";
const REBUILT: &str = "catalog-rebuilt.sqlite";

const TABLES: &str = "
    CREATE TABLE source (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        generation INTEGER NOT NULL,
        host TEXT NOT NULL,
        log TEXT NOT NULL,
        damaged INTEGER NOT NULL,
        sum INTEGER AS (row_sum(name, generation, host, log, damaged)) STORED,
        UNIQUE (name, generation)
    ) STRICT;
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
    CREATE TABLE segment (
        file TEXT PRIMARY KEY,
        source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
        host TEXT NOT NULL,
        kind TEXT NOT NULL,
        day INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        checksum TEXT NOT NULL,
        tail_of INTEGER,
        sum INTEGER AS (row_sum(file, source, host, kind, day, rows, first, last, checksum,
            tail_of)) STORED
    ) STRICT;
    CREATE INDEX segment_by_day ON segment (host, kind, day);
    CREATE INDEX segment_by_source ON segment (source);
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

/// The machine that the store belongs to. Catalogues of earlier versions get this table when they are next
/// written.
const OWNER_TABLE: &str = "
    CREATE TABLE IF NOT EXISTS owner (
        id INTEGER PRIMARY KEY CHECK (id = 0),
        host TEXT NOT NULL,
        machine TEXT,
        sum INTEGER AS (row_sum(id, host, machine)) STORED
    ) STRICT;
";

/// The tables, and the columns that their checksums cover.
const SUMS: [(&str, &str); 11] = [
    ("owner", "id, host, machine"),
    ("source", "name, generation, host, log, damaged"),
    (
        "run",
        "source, number, host, first, last, earliest, latest, style, may_continue, may_go_on, owes",
    ),
    (
        "segment",
        "file, source, host, kind, day, rows, first, last, checksum, tail_of",
    ),
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

/// Where the catalogue is.
pub(crate) fn path(root: &Path) -> PathBuf {
    root.join(NAME)
}

/// Opens the catalogue and makes it where there is no store yet.
pub(crate) fn open(root: &Path) -> Result<Connection> {
    require_writable(root)?;
    let mut catalog = connect(root)?;
    if version(root, &catalog)? == 0 {
        require_no_sources(root)?;
        let transaction =
            catalog.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        create(&transaction)?;
        transaction.commit()?;
    }
    catalog.execute_batch(OWNER_TABLE)?;
    Ok(catalog)
}

/// Opens the catalogue to read it. `None` where there is no store yet.
pub(crate) fn open_to_read(root: &Path) -> Result<Option<Connection>> {
    let catalog = match path(root).is_file() {
        true => connect(root).or_else(|error| match error.sqlite_error_code() {
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => connect_to_read(root),
            _ => Err(error),
        })?,
        false => return require_no_sources(root).map(|()| None),
    };
    // One transaction for all that is asked: all answers are as of its first read, which is the next line.
    catalog.execute_batch("BEGIN")?;
    if version(root, &catalog)? == 0 {
        return require_no_sources(root).map(|()| None);
    }
    Ok(Some(catalog))
}

/// Ensures that the file may be written, if there is one. SQLite would open it to read, and find out at the
/// first write.
fn require_writable(root: &Path) -> Result<()> {
    let path = path(root);
    match OpenOptions::new().read(true).write(true).open(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(files::Error::new("write", &path, error).into())
        }
        _ => Ok(()),
    }
}

/// Gives the files that SQLite keeps beside the catalogue its permissions. SQLite does so when it makes
/// them: those that were made while the catalogue was read-only for a moment would lock everybody out.
fn repair_permissions(root: &Path) {
    let path = path(root);
    let Ok(catalog) = std::fs::metadata(&path) else {
        return;
    };
    for suffix in ["-wal", "-shm"] {
        let mut file = path.clone().into_os_string();
        file.push(suffix);
        let differs = std::fs::symlink_metadata(&file).is_ok_and(|file| {
            file.is_file() && file.permissions().readonly() && !catalog.permissions().readonly()
        });
        if differs {
            // Whoever may not do this is told by SQLite that the catalogue is read-only.
            let _ = std::fs::set_permissions(&file, catalog.permissions());
        }
    }
}

/// Opens the file, which may still be empty.
pub(crate) fn connect(root: &Path) -> rusqlite::Result<Connection> {
    repair_permissions(root);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let catalog = Connection::open_with_flags(path(root), flags)?;
    catalog.busy_timeout(std::time::Duration::from_secs(30))?;
    catalog.pragma_update(None, "journal_mode", "WAL")?;
    catalog.pragma_update(None, "synchronous", "FULL")?;
    catalog.pragma_update(None, "foreign_keys", true)?;
    with_sums(&catalog)?;
    Ok(catalog)
}

/// Opens the file where its folder may not be written, and SQLite can keep nothing beside it.
fn connect_to_read(root: &Path) -> rusqlite::Result<Connection> {
    let path = path(root);
    let mut log = path.clone().into_os_string();
    log.push("-wal");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let is_in_use = std::fs::metadata(&log).is_ok_and(|log| log.len() > 0);
    let catalog = match is_in_use {
        // What a writer left beside the file is part of it.
        true => Connection::open_with_flags(path, flags)?,
        false => {
            let uri = immutable(&path);
            Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?
        }
    };
    catalog.busy_timeout(std::time::Duration::from_secs(30))?;
    with_sums(&catalog)?;
    Ok(catalog)
}

/// The URI of a file that is read without locks.
fn immutable(path: &Path) -> OsString {
    let mut uri = b"file:".to_vec();
    // Not all that a path may hold may stand in a URI.
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'%' | b'?' | b'#' => uri.extend(format!("%{byte:02X}").bytes()),
            _ => uri.push(*byte),
        }
    }
    uri.extend(b"?immutable=1");
    OsString::from_vec(uri)
}

/// Lets the catalogue reckon its checksums.
fn with_sums(catalog: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    catalog.create_scalar_function("row_sum", -1, flags, |values| Ok(row_sum(values)))
}

/// Makes the tables of an empty catalogue, within a transaction of the caller's.
pub(crate) fn create(catalog: &Connection) -> Result<()> {
    catalog.execute_batch(&format!(
        "{TABLES} {OWNER_TABLE} PRAGMA user_version = {FORMAT};"
    ))?;
    Ok(())
}

/// Whether the catalogue has a table of the machine that the store belongs to.
pub(crate) fn has_owner_table(catalog: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'owner'";
    catalog.prepare(sql)?.exists([])
}

/// The owner by a catalogue that is about to be replaced. `None` if it cannot tell.
pub(crate) fn owner_before(root: &Path) -> Option<crate::Owner> {
    let catalog = Connection::open_with_flags(path(root), OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    with_sums(&catalog).ok()?;
    crate::owner::read(&catalog).ok()?
}

/// The format of the catalogue; 0 where it is empty.
fn version(root: &Path, catalog: &Connection) -> Result<i64> {
    let found = catalog.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match found {
        0 | FORMAT => Ok(found),
        _ => Err(Error::OtherFormat {
            path: path(root),
            found,
            known: FORMAT,
        }),
    }
}

/// Holds that a store without a catalogue is a new one: else its history would be out of sight,
/// and what is written would go beside it.
fn require_no_sources(root: &Path) -> Result<()> {
    let folder = root.join("sources");
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::CatalogDamaged {
            path: path(root),
            reason: "it is missing, or making it anew was not finished".to_owned(),
        });
    }
    Ok(())
}

/// Holds that the catalogue is as it was written.
pub(crate) fn verify(root: &Path, catalog: &Connection) -> Result<()> {
    let damaged = |reason: String| Error::CatalogDamaged {
        path: path(root),
        reason,
    };
    let found: String = catalog.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(damaged(found.replace('\n', ": ")));
    }
    for (table, columns) in SUMS {
        if table == "owner" && !has_owner_table(catalog)? {
            continue;
        }
        let sql = format!("SELECT 1 FROM {table} WHERE sum IS NOT row_sum({columns}) LIMIT 1");
        let row = catalog.query_row(&sql, [], |_| Ok(())).optional()?;
        if row.is_some() {
            return Err(damaged(format!("a checksum in its table {table} differs")));
        }
    }
    Ok(())
}

/// A checksum of values and their types.
fn row_sum(values: &Context<'_>) -> i64 {
    let mut bytes = Vec::new();
    for value in (0..values.len()).map(|index| values.get_raw(index)) {
        match value {
            ValueRef::Null => bytes.push(b'n'),
            ValueRef::Integer(number) => {
                bytes.push(b'i');
                bytes.extend(number.to_le_bytes());
            }
            ValueRef::Real(number) => {
                bytes.push(b'r');
                bytes.extend(number.to_le_bytes());
            }
            ValueRef::Text(text) | ValueRef::Blob(text) => {
                bytes.push(b'b');
                bytes.extend(text.len().to_le_bytes());
                bytes.extend(text);
            }
        }
    }
    i64::from_ne_bytes(XxHash3_64::oneshot(&bytes).to_ne_bytes())
}

/// Begins a new catalogue beside the one in use, for a rebuild.
pub(crate) fn begin_rebuilt(root: &Path) -> Result<Connection> {
    remove_rebuilt(root)?;
    let catalog = Connection::open(root.join(REBUILT))?;
    catalog.pragma_update(None, "synchronous", "FULL")?;
    catalog.pragma_update(None, "foreign_keys", true)?;
    with_sums(&catalog)?;
    Ok(catalog)
}

/// Removes what a rebuild left that did not come to its end.
pub(crate) fn remove_rebuilt(root: &Path) -> Result<()> {
    for suffix in ["", "-journal"] {
        crate::commit::remove(&root.join(format!("{REBUILT}{suffix}")))?;
    }
    Ok(())
}

/// Puts the new catalogue in the place of the old one, and opens it. Readers of the old one are waited
/// for; whoever reads longer than that keeps reading the old file.
///
/// What SQLite keeps beside the old catalogue goes first, because it must not be taken for the new one's.
/// A crash in between leaves an old catalogue that may lack its last commits, which is found out
/// ([`crate::commit::require_current`]).
pub(crate) fn replace_by_rebuilt(root: &Path, rebuilt: Connection) -> Result<Connection> {
    rebuilt.close().map_err(|(_, error)| error)?;
    let _alone = crate::readers::wait_for_readers(root);
    for suffix in ["-wal", "-shm"] {
        crate::commit::remove(&root.join(format!("{NAME}{suffix}")))?;
    }
    let path = path(root);
    std::fs::rename(root.join(REBUILT), &path)
        .map_err(files::Error::context("put in place", &path))?;
    files::sync_folder(root)?;
    Ok(connect(root)?)
}

/// A live run, as far as the catalogue knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveRun {
    pub(crate) source: i64,
    pub(crate) name: String,
    pub(crate) generation: i64,
    pub(crate) number: i64,
    pub(crate) host: String,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) style: String,
    pub(crate) may_continue: bool,
    pub(crate) may_go_on: bool,
    /// Some files of its source are missing.
    pub(crate) damaged: bool,
}

const RUN: &str = "SELECT run.source, source.name, source.generation, run.number, run.host, \
     run.first, run.last, run.style, run.may_continue, run.may_go_on, source.damaged \
     FROM run JOIN source ON source.id = run.source";

fn live_run(row: &rusqlite::Row<'_>) -> rusqlite::Result<LiveRun> {
    Ok(LiveRun {
        source: row.get(0)?,
        name: row.get(1)?,
        generation: row.get(2)?,
        number: row.get(3)?,
        host: row.get(4)?,
        first: row.get(5)?,
        last: row.get(6)?,
        style: row.get(7)?,
        may_continue: row.get(8)?,
        may_go_on: row.get(9)?,
        damaged: row.get(10)?,
    })
}

/// Live runs by a condition and an order.
fn live_runs(
    catalog: &Connection,
    rest: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<LiveRun>> {
    let mut query = catalog.prepare_cached(&format!("{RUN} {rest}"))?;
    let runs = query.query_map(params, live_run)?;
    Ok(runs.collect::<rusqlite::Result<_>>()?)
}

/// Live runs of a host that overlap a stretch of time.
pub(crate) fn runs_within(
    catalog: &Connection,
    host: &str,
    first: i64,
    last: i64,
) -> Result<Vec<LiveRun>> {
    let rest = "WHERE run.host = ?1 AND run.latest >= ?2 AND run.earliest <= ?3 \
         ORDER BY run.first, source.name, run.number";
    live_runs(catalog, rest, params![host, first, last])
}

/// All runs of a source.
pub(crate) fn runs_of(catalog: &Connection, source: i64) -> Result<Vec<LiveRun>> {
    live_runs(
        catalog,
        "WHERE run.source = ?1 ORDER BY run.number",
        [source],
    )
}

/// Runs whose end depends on another log, and that end within a stretch of time.
pub(crate) fn ends_within(
    catalog: &Connection,
    host: &str,
    from: i64,
    to: i64,
) -> Result<Vec<LiveRun>> {
    let rest = "WHERE run.host = ?1 AND run.last BETWEEN ?2 AND ?3 AND run.owes \
         ORDER BY run.last DESC, source.name, source.generation";
    live_runs(catalog, rest, params![host, from, to])
}

/// Runs that may continue another log's and begin within a stretch of time.
pub(crate) fn starts_within(
    catalog: &Connection,
    host: &str,
    from: i64,
    to: i64,
) -> Result<Vec<LiveRun>> {
    let rest = "WHERE run.host = ?1 AND run.first BETWEEN ?2 AND ?3 AND run.may_continue \
         ORDER BY run.first, source.name, source.generation";
    live_runs(catalog, rest, params![host, from, to])
}

/// A generation of a source's name that no file bears, be it a segment that is older than its
/// sidecar, or a file that goes with this commit.
pub(crate) fn next_generation(
    root: &Path,
    catalog: &Connection,
    name: &str,
    going: &[String],
) -> Result<i64> {
    let sql = "SELECT max(generation) FROM source WHERE name = ?1";
    let newest: Option<i64> = catalog.query_row(sql, [name], |row| row.get(0))?;
    let going = going
        .iter()
        .filter_map(|file| source_of_file(file))
        .filter(|(its, _)| *its == name)
        .map(|(_, generation)| generation);
    let mut generation = going.chain(newest).max().unwrap_or(0) + 1;
    while root.join(Source::file(name, generation)).exists() {
        generation += 1;
    }
    Ok(generation)
}

/// Name and generation of a source.
pub(crate) fn name_of(catalog: &Connection, source: i64) -> Result<(String, i64)> {
    let sql = "SELECT name, generation FROM source WHERE id = ?1";
    let mut query = catalog.prepare_cached(sql)?;
    Ok(query.query_row([source], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Makes a source live, with its runs and segments.
/// `damaged` tells that some of its files are missing: its log, met again, replaces it.
pub(crate) fn insert_source(catalog: &Connection, source: &Source, damaged: bool) -> Result<i64> {
    catalog.execute(
        "INSERT INTO source (name, generation, host, log, damaged) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            source.name,
            source.generation,
            source.host,
            source.log,
            damaged
        ],
    )?;
    let id = catalog.last_insert_rowid();
    for run in &source.runs {
        let summary = &run.summary;
        let (Some(first), Some(last)) = (summary.first, summary.last) else {
            continue;
        };
        let (earliest, latest) = summary.extremes.unwrap_or((first, last));
        let style = format!("{:?} {}", summary.mode, summary.framed);
        catalog.execute(
            "INSERT INTO run VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                id,
                summary.run,
                source.host,
                first,
                last,
                earliest,
                latest,
                style,
                summary.may_continue,
                summary.may_go_on && summary.framed,
                summary.may_go_on || summary.may_continue
            ],
        )?;
    }
    for segment in &source.segments {
        insert_segment(catalog, id, &source.host, segment, None)?;
    }
    Ok(id)
}

/// Makes a segment live. `tail_of` is the number of the run whose end it settles.
pub(crate) fn insert_segment(
    catalog: &Connection,
    source: i64,
    host: &str,
    segment: &Segment,
    tail_of: Option<i64>,
) -> Result<()> {
    catalog.execute(
        "INSERT INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            segment.file,
            source,
            host,
            segment.kind,
            segment.day,
            i64::try_from(segment.rows).unwrap_or(i64::MAX),
            segment.first,
            segment.last,
            segment.checksum,
            tail_of
        ],
    )?;
    Ok(())
}

/// Files and days of a source's segments; with `tail_of`, only of that run's tail.
pub(crate) fn segments_of(
    catalog: &Connection,
    source: i64,
    tail_of: Option<i64>,
) -> Result<Vec<(String, i64)>> {
    let mut query = catalog.prepare_cached(
        "SELECT file, day FROM segment WHERE source = ?1 AND (?2 IS NULL OR tail_of = ?2)",
    )?;
    let files = query.query_map(params![source, tail_of], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(files.collect::<rusqlite::Result<_>>()?)
}

/// Files of a host's day, each with its source.
pub(crate) fn segments_of_day(
    catalog: &Connection,
    host: &str,
    day: i64,
) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT file, source FROM segment WHERE host = ?1 AND day = ?2 ORDER BY file";
    let mut query = catalog.prepare_cached(sql)?;
    let files = query.query_map(params![host, day], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(files.collect::<rusqlite::Result<_>>()?)
}

/// Whether a transaction made the file live.
pub(crate) fn names_file(catalog: &Connection, file: &str) -> Result<bool> {
    let segment = catalog
        .query_row("SELECT 1 FROM segment WHERE file = ?1", [file], |_| Ok(()))
        .optional()?;
    if segment.is_some() {
        return Ok(true);
    }
    let Some((name, generation)) = source_of_file(file) else {
        return Ok(false);
    };
    let sql = "SELECT 1 FROM source WHERE name = ?1 AND generation = ?2";
    Ok(catalog
        .query_row(sql, params![name, generation], |_| Ok(()))
        .optional()?
        .is_some())
}

/// Sidecars that lie in the store and that no transaction made live.
pub(crate) fn unnamed_sources(root: &Path, catalog: &Connection) -> Result<Vec<String>> {
    let mut query = catalog.prepare_cached("SELECT name, generation FROM source")?;
    let named = query.query_map([], |row| {
        Ok(Source::file(&row.get::<_, String>(0)?, row.get(1)?))
    })?;
    let named: HashSet<PathBuf> = named.collect::<rusqlite::Result<_>>()?;
    let folder = root.join("sources");
    let entries = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        outcome => outcome.map_err(files::Error::context("list", &folder))?,
    };
    let mut unnamed = Vec::new();
    for entry in entries {
        let name = entry
            .map_err(files::Error::context("list", &folder))?
            .file_name();
        let file = Path::new("sources").join(&name);
        let is_source = name.to_str().is_some_and(|name| name.ends_with(".source"));
        if is_source && !named.contains(&file) {
            unnamed.push(file.to_string_lossy().into_owned());
        }
    }
    Ok(unnamed)
}

/// Name and generation of a sidecar's path.
pub(crate) fn source_of_file(file: &str) -> Option<(&str, i64)> {
    let (name, generation) = file
        .strip_prefix("sources/")?
        .strip_suffix(".source")?
        .rsplit_once('-')?;
    Some((name, generation.parse().ok()?))
}

/// Notes that a day of a host has news that no report tells yet. Totals that hold the day and
/// its digest are forgotten.
pub(crate) fn insert_pending(catalog: &Connection, host: &str, day: i64) -> Result<()> {
    catalog.execute(
        "INSERT OR IGNORE INTO pending VALUES (?1, ?2)",
        params![host, day],
    )?;
    forget_sums(catalog, host, day)
}

/// Forgets totals that hold a day, and its digest.
pub(crate) fn forget_sums(catalog: &Connection, host: &str, day: i64) -> Result<()> {
    let (start, end) = (
        day.saturating_mul(86_400),
        day.saturating_add(1).saturating_mul(86_400),
    );
    catalog.execute(
        "DELETE FROM total WHERE host = ?1 AND first < ?3 AND past > ?2",
        params![host, start, end],
    )?;
    catalog.execute(
        "DELETE FROM digest WHERE host = ?1 AND day = ?2",
        params![host, day],
    )?;
    Ok(())
}
