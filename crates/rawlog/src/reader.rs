//! Bytes from any source → frames, in bounded memory.

use std::io::{self, Read};

use memchr::{memchr, memrchr};

use crate::frame::{Piece, Position, Splitter};
use crate::{Fault, Frame};

/// Bounds on what the reader keeps in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes asked for at a time.
    pub chunk_size: usize,
    /// A longer line is a fault; what lies beyond is never kept.
    pub max_line_bytes: usize,
    /// A longer frame is given out in parts.
    pub max_frame_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { chunk_size: 4 << 20, max_line_bytes: 65_536, max_frame_bytes: 64 << 20 }
    }
}

/// What the reader hands out. Every byte of the log is in exactly one item.
#[derive(Debug)]
pub enum Item<'a> {
    /// A refresh, with the faults inside it.
    Frame(&'a Frame<'a>),
    /// A line outside all frames that is no part of the format.
    Fault(Fault<'a>),
    /// Bytes that say nothing: empty lines between frames, a byte order mark.
    Filler(u64),
    /// The last line, which has no line end: never to be counted, for it may be cut.
    Unfinished(Fault<'a>),
}

/// How much of a log was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Bytes, the last unfinished line included.
    pub bytes: u64,
    /// Lines that have a line end.
    pub lines: u64,
}

/// Reads a log frame by frame.
///
/// ```
/// use rawlog::{Item, Limits, Reader};
/// let log = b"Refreshing:\nprocess: <7> \"ssh\" up/down Bps: 3/4 connections: 1\n\n";
/// let mut frames = 0;
/// let (extent, outcome) = Reader::new(&log[..], Limits::default()).for_each(|item| {
///     if let Item::Frame(frame) = item {
///         assert_eq!(frame.timestamp(), Some(7));
///         frames += 1;
///     }
/// });
/// assert_eq!((frames, extent.lines), (1, 3));
/// # outcome
/// ```
pub struct Reader<R> {
    source: R,
    limits: Limits,
    buffer: Vec<u8>,
    at: Position,
    /// Bytes taken out of an overlong line, by the buffer position behind which they stood.
    removed: Vec<(usize, u64)>,
    /// The line at the buffer's end is overlong: drop what follows up to its end.
    dropping: bool,
    ended: bool,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl<R: Read> Reader<R> {
    /// A reader at the beginning of a log.
    pub fn new(source: R, limits: Limits) -> Self {
        Reader {
            source,
            limits,
            buffer: Vec::new(),
            at: Position { line: 1, offset: 0 },
            removed: Vec::new(),
            dropping: false,
            ended: false,
        }
    }

    /// Calls `visit` with each item of the log, in order. Where the source fails, all items that
    /// were whole before have been visited.
    ///
    /// # Errors
    /// Only what the source itself raises; the extent tells how far it was read.
    pub fn for_each(mut self, mut visit: impl FnMut(Item<'_>)) -> (Extent, io::Result<()>) {
        let splitter = Splitter {
            max_line_bytes: self.limits.max_line_bytes,
            max_frame_bytes: self.limits.max_frame_bytes,
        };
        let mut begun = false;
        loop {
            let outcome = if self.ended { Ok(()) } else { self.fill() };
            let ended = self.ended || outcome.is_err();
            let mut from = 0;
            if !begun && (self.buffer.len() >= BYTE_ORDER_MARK.len() || ended) {
                begun = true;
                if self.buffer.starts_with(BYTE_ORDER_MARK) {
                    from = BYTE_ORDER_MARK.len();
                    self.at.offset = from as u64;
                    visit(Item::Filler(from as u64));
                }
            }
            from = self.split(&splitter, from, ended, &mut visit);
            if ended {
                let rest = &self.buffer[from..];
                let mut extent = Extent { bytes: self.at.offset, lines: self.at.line - 1 };
                if !rest.is_empty() {
                    let removed = self.removed.iter().map(|(_, count)| count).sum::<u64>();
                    let bytes = rest.len() as u64 + removed;
                    visit(Item::Unfinished(Fault {
                        line: self.at.line,
                        offset: self.at.offset,
                        bytes,
                        text: rest,
                        reason: crate::Reason::UnknownKind,
                    }));
                    extent.bytes += bytes;
                }
                return (extent, outcome);
            }
            self.buffer.drain(..from);
            for (position, _) in &mut self.removed {
                *position -= from;
            }
        }
    }

    /// Visits all whole pieces from `from` on; gives the position behind them.
    fn split(
        &mut self,
        splitter: &Splitter,
        mut from: usize,
        ended: bool,
        visit: &mut impl FnMut(Item<'_>),
    ) -> usize {
        let mut rows = Vec::new();
        while let Some((piece, taken, lines)) =
            splitter.next(&self.buffer[from..], ended, self.at, std::mem::take(&mut rows))
        {
            let extra = take_removed(&mut self.removed, from, from + taken);
            match piece {
                Piece::Frame(mut frame) => {
                    if extra > 0 {
                        // Only a fault can be overlong; the last one in the buffer lost bytes.
                        if let Some(fault) = frame
                            .faults
                            .iter_mut()
                            .find(|fault| fault.reason == crate::Reason::TooLong)
                        {
                            fault.bytes += extra;
                        }
                    }
                    visit(Item::Frame(&frame));
                    rows = frame.rows;
                }
                Piece::Fault(mut fault) => {
                    fault.bytes += extra;
                    visit(Item::Fault(fault));
                }
                Piece::Empty => visit(Item::Filler(taken as u64)),
            }
            from += taken;
            self.at.offset += taken as u64 + extra;
            self.at.line += lines;
        }
        from
    }

    /// Reads one chunk behind what the buffer holds, and shortens an overlong line at its end.
    fn fill(&mut self) -> io::Result<()> {
        let filled = self.buffer.len();
        // What is held is one unfinished frame: read at least as much again, so that a large frame
        // is not scanned over and over.
        let wanted = self.limits.chunk_size.max(filled).max(1);
        let mut chunk = (&mut self.source).take(wanted as u64);
        let outcome = chunk.read_to_end(&mut self.buffer);
        self.ended = self.buffer.len() - filled < wanted;
        if self.dropping {
            let end = memchr(b'\n', &self.buffer[filled..]).map(|end| filled + end);
            let drop_to = end.unwrap_or(self.buffer.len());
            self.buffer.drain(filled..drop_to);
            if let Some((_, count)) = self.removed.last_mut() {
                *count += (drop_to - filled) as u64;
            }
            self.dropping = end.is_none();
        }
        let line = memrchr(b'\n', &self.buffer).map_or(0, |at| at + 1);
        let keep = line + self.limits.max_line_bytes + 1;
        if !self.dropping && self.buffer.len() > keep {
            self.removed.push((keep, (self.buffer.len() - keep) as u64));
            self.buffer.truncate(keep);
            self.dropping = true;
        }
        outcome.map(drop)
    }
}

/// Takes out the counts of removed bytes whose place lies in `from..=to` and adds them up.
fn take_removed(removed: &mut Vec<(usize, u64)>, from: usize, to: usize) -> u64 {
    if removed.is_empty() {
        return 0;
    }
    let mut sum = 0;
    removed.retain(|&(position, count)| {
        let inside = from < position && position <= to;
        if inside {
            sum += count;
        }
        !inside
    });
    sum
}
