//! What is wrong with a line, and where it stands. A fault is a value: it never ends the reading.

use std::fmt;

/// A line that is no part of the raw format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault<'a> {
    /// Line number in the log, from 1.
    pub line: u64,
    /// Offset of the line's first byte in the log.
    pub offset: u64,
    /// Bytes that the line takes in the log, its line end included.
    pub bytes: u64,
    /// The line without its line feed. Of an overlong line the beginning: one byte more than the
    /// reader's limit.
    pub text: &'a [u8],
    /// Why it is no row.
    pub reason: Reason,
}

impl Fault<'_> {
    /// Bytes of an overlong line that were not kept.
    pub(crate) fn lost_bytes(&self) -> u64 {
        match self.reason {
            Reason::TooLong => self.bytes.saturating_sub(self.text.len() as u64 + 1),
            _ => 0,
        }
    }
}

/// Why a line is no row and no delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// It begins like nothing that bandwhich prints.
    UnknownKind,
    /// The time in angle brackets is missing or no number.
    Timestamp,
    /// The time does not fit into 64 bits.
    TimestampRange,
    /// The quoted process name is missing or not closed.
    Name,
    /// The `up/down Bps: n/n` part is missing or damaged.
    Rates,
    /// A number does not fit into 128 bits.
    NumberRange,
    /// The `connections: n` part is missing or damaged.
    Connections,
    /// The local port or the ` => ` after it is missing or damaged.
    LocalPort,
    /// The remote host, port or protocol is missing or damaged.
    Remote,
    /// A port is above 65535.
    PortRange,
    /// The line is longer than the reader's limit.
    TooLong,
    /// The line belongs to a frame that is longer than the reader's limits; what it says is left out.
    FrameTooLong,
    /// `<NO TRAFFIC>` outside a frame, or in a frame that has rows.
    MisplacedIdle,
    /// What a collector noted is damaged.
    Note,
    /// A collector's note stands within a frame.
    MisplacedNote,
    /// Another writer's or a cut line's text stands before `Refreshing:` on its line. The fault is
    /// that text; a frame follows.
    GluedHeader,
    /// The last line of the log has no line end: it may be cut.
    Unfinished,
}

impl Reason {
    /// A short phrase for messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::UnknownKind => "is not a line that bandwhich prints",
            Reason::Timestamp => "the time is missing or not a number",
            Reason::TimestampRange => "the time is out of range",
            Reason::Name => "the process name is missing or not closed",
            Reason::Rates => "the up/down numbers are missing or damaged",
            Reason::NumberRange => "a number is out of range",
            Reason::Connections => "the connection count is missing or damaged",
            Reason::LocalPort => "the local port is missing or damaged",
            Reason::Remote => "the remote host, port or protocol is missing or damaged",
            Reason::PortRange => "a port is above 65535",
            Reason::TooLong => "the line is too long",
            Reason::FrameTooLong => "the frame is too long",
            Reason::MisplacedIdle => "<NO TRAFFIC> does not belong here",
            Reason::Note => "the collector's note is damaged",
            Reason::MisplacedNote => "a collector's note does not belong in a frame",
            Reason::GluedHeader => "a cut line stands before Refreshing:",
            Reason::Unfinished => "the last line has no line end",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
