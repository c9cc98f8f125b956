//! An I/O error that says what was being done to which path.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The result of an operation on a path.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An I/O error with its action and path: `cannot open /x/y.log: permission denied`.
///
/// The message holds the cause already, so [`source`](StdError::source) goes on below it: a
/// printer of whole chains says nothing twice.
#[derive(Debug)]
pub struct Error {
    action: &'static str,
    path: PathBuf,
    cause: io::Error,
}

impl Error {
    /// Builds an error from what was being done ("open", "read", "rename") and to what.
    pub fn new(action: &'static str, path: impl Into<PathBuf>, cause: io::Error) -> Self {
        Self {
            action,
            path: path.into(),
            cause,
        }
    }

    /// Returns a closure for `map_err` that adds the action and the path.
    pub fn context<'a>(
        action: &'static str,
        path: &'a (impl AsRef<Path> + ?Sized),
    ) -> impl FnOnce(io::Error) -> Self + 'a {
        let path = path.as_ref();
        move |cause| Self::new(action, path, cause)
    }

    /// What was being done, as a verb: "open".
    pub fn action(&self) -> &'static str {
        self.action
    }

    /// The path it was done to.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The kind of the cause, to tell a full disk from a missing file.
    pub fn kind(&self) -> io::ErrorKind {
        self.cause.kind()
    }

    /// The cause as the system gave it.
    pub fn cause(&self) -> &io::Error {
        &self.cause
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot {} {}: {}",
            self.action,
            show(&self.path),
            describe(&self.cause)
        )
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.source()
    }
}

/// Keeps the path and the kind where only an `io::Error` fits, as in an implementation of `Write`.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        io::Error::new(error.kind(), error)
    }
}

/// Says what an I/O error means in our style: `permission denied`, without capital and number.
pub fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    let Some(number) = error.raw_os_error() else {
        return text;
    };
    let text = text
        .strip_suffix(&format!(" (os error {number})"))
        .unwrap_or(&text);
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        // "RPC struct is bad" keeps its capitals.
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

/// Shows a path in a message; see [`ShownPath`].
pub fn show(path: &Path) -> ShownPath<'_> {
    ShownPath(path)
}

/// A path made safe for a message: bytes that are no text become U+FFFD, and characters that
/// steer a terminal or turn the reading direction are escaped.
#[derive(Debug, Clone, Copy)]
pub struct ShownPath<'a>(&'a Path);

impl fmt::Display for ShownPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, &self.0.to_string_lossy())
    }
}

/// Writes text with the characters escaped that could change what a terminal shows.
pub(crate) fn write_escaped(f: &mut impl fmt::Write, text: &str) -> fmt::Result {
    for letter in text.chars() {
        if letter.is_control() || turns_direction(letter) {
            write!(f, "{}", letter.escape_default())?;
        } else {
            f.write_char(letter)?;
        }
    }
    Ok(())
}

/// The same as a `String`, for text that is kept.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    write_escaped(&mut out, text).expect("writing to a String does not fail");
    out
}

/// Whether a character turns the direction of reading (bidirectional controls, Unicode UAX #9), or is one
/// of the two separators that some viewers break lines at.
pub fn turns_direction(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_action_the_path_and_the_cause() {
        let cause = std::fs::File::open("/nowhere/y.log").unwrap_err();
        let error = Error::new("open", "/nowhere/y.log", cause);
        assert_eq!(
            error.to_string(),
            "cannot open /nowhere/y.log: no such file or directory"
        );
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_chain_of_sources_does_not_repeat_the_cause() {
        let error = Error::new("read", "x", io::Error::other("the wire is cut"));
        assert_eq!(error.to_string(), "cannot read x: the wire is cut");
        assert!(error.source().is_none());
    }

    #[test]
    fn an_error_inside_an_io_error_keeps_its_path_and_kind() {
        let inner = Error::new("sync", "a/b", io::ErrorKind::StorageFull.into());
        let outer = io::Error::from(inner);
        assert_eq!(outer.kind(), io::ErrorKind::StorageFull);
        assert_eq!(outer.to_string(), "cannot sync a/b: no storage space");
    }

    #[test]
    fn a_shown_path_cannot_steer_a_terminal() {
        let path = Path::new("a\u{1b}[2J\nb\u{202e}gol.x é");
        assert_eq!(show(path).to_string(), "a\\u{1b}[2J\\nb\\u{202e}gol.x é");
    }

    #[cfg(unix)]
    #[test]
    fn a_shown_path_survives_bytes_that_are_no_text() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"x\xff\x1b.log"));
        assert_eq!(show(path).to_string(), "x\u{fffd}\\u{1b}.log");
    }
}
