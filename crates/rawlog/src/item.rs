//! What comes out of a log, piece by piece.

use crate::{Fault, Frame, Note};

/// What the reader hands out. Every byte of the log is in exactly one item, and the items are the same for
/// any size of chunks, filler aside.
#[derive(Debug, PartialEq)]
pub enum Item<'a> {
    /// A refresh, with the faults inside it.
    Frame(&'a Frame<'a>),
    /// A line outside all frames that is no part of the format.
    Fault(Fault<'a>),
    /// What a collector noted between frames, and the bytes of its line.
    Note(Note<'a>, u64),
    /// Bytes that say nothing: empty lines between frames, a byte order mark. How many of them come in one
    /// item depends on the size of chunks.
    Filler(u64),
    /// The last line, which has no line end: never to be counted, for it may be cut.
    Unfinished(Fault<'a>),
}

impl Item<'_> {
    /// Bytes that it takes in the log. The sum over all items is what was read.
    pub fn bytes(&self) -> u64 {
        match self {
            Item::Frame(frame) => frame.bytes(),
            Item::Fault(fault) | Item::Unfinished(fault) => fault.bytes,
            Item::Note(_, bytes) | Item::Filler(bytes) => *bytes,
        }
    }
}
