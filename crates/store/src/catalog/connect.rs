//! The catalogue's file: how it is opened, and how SQLite reckons the checksums of its rows.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use twox_hash::XxHash3_64;

use crate::Result;

pub(super) const NAME: &str = "catalog.sqlite";

/// Where the catalogue is.
pub(crate) fn path(root: &Path) -> PathBuf {
    root.join(NAME)
}

/// Ensures that the file may be written, if there is one. SQLite would open it to read, and find out at the
/// first write.
pub(super) fn require_writable(root: &Path) -> Result<()> {
    let path = path(root);
    match OpenOptions::new().read(true).write(true).open(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(::files::Error::new("write", &path, error).into())
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
pub(crate) fn connect_to_read(root: &Path) -> rusqlite::Result<Connection> {
    let path = path(root);
    let mut log = path.clone().into_os_string();
    log.push("-wal");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let is_in_use = std::fs::metadata(&log).is_ok_and(|log| log.len() > 0);
    let catalog = if is_in_use {
        // What a writer left beside the file is part of it.
        Connection::open_with_flags(path, flags)?
    } else {
        let uri = immutable(&path);
        Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?
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
pub(super) fn with_sums(catalog: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    catalog.create_scalar_function("row_sum", -1, flags, |values| Ok(row_sum(values)))
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
