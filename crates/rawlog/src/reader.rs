//! Bytes from any source → frames, in bounded memory.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;
use std::slice;

use memchr::{memchr, memrchr};

use crate::frame::{Piece, Position, Splitter};
use crate::{Fault, Frame, Reason};

/// Bounds on what the reader keeps in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes asked for at a time. The items are the same for any size.
    pub chunk_size: usize,
    /// A line with more bytes before its line feed is a fault; what lies beyond is not kept.
    pub max_line_bytes: usize,
    /// A longer frame is given out in parts. Each fault in it counts as 64 bytes on top of its text.
    pub max_frame_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            chunk_size: 4 << 20,
            max_line_bytes: 65_536,
            max_frame_bytes: 16 << 20,
        }
    }
}

/// What the reader hands out. Every byte of the log is in exactly one item.
#[derive(Debug, PartialEq)]
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

impl Item<'_> {
    /// Bytes that it takes in the log. The sum over all items is what was read.
    pub fn bytes(&self) -> u64 {
        match self {
            Item::Frame(frame) => frame.bytes(),
            Item::Fault(fault) | Item::Unfinished(fault) => fault.bytes,
            Item::Filler(bytes) => *bytes,
        }
    }
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
/// outcome.expect("a slice can be read to its end");
/// ```
pub struct Reader<R> {
    source: R,
    limits: Limits,
    buffer: Vec<u8>,
    /// Where the buffer's head stands in the log.
    at: Position,
    /// Where the buffer's last, unfinished line begins.
    last_line: usize,
    /// Bytes taken out of each overlong line in the buffer, in order.
    removed: VecDeque<u64>,
    /// The buffer's last line is overlong: what follows is dropped up to its end.
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
            last_line: 0,
            removed: VecDeque::new(),
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
        let mut outcome = self.fill();
        if self.buffer.starts_with(BYTE_ORDER_MARK) {
            let mark = BYTE_ORDER_MARK.len();
            self.buffer.drain(..mark);
            self.at.offset = mark as u64;
            visit(Item::Filler(mark as u64));
        }
        loop {
            self.shorten_lines();
            let ended = self.ended || outcome.is_err();
            let taken = self.split(ended, &mut visit);
            self.buffer.drain(..taken);
            self.last_line -= taken;
            if ended {
                break;
            }
            outcome = self.fill();
        }
        let mut extent = Extent {
            bytes: self.at.offset,
            lines: self.at.line - 1,
        };
        if !self.buffer.is_empty() {
            let bytes = self.buffer.len() as u64 + self.removed.pop_front().unwrap_or(0);
            visit(Item::Unfinished(Fault {
                line: self.at.line,
                offset: self.at.offset,
                bytes,
                text: &self.buffer,
                reason: Reason::Unfinished,
            }));
            extent.bytes += bytes;
        }
        (extent, outcome)
    }

    /// Visits all whole pieces in the buffer; gives the bytes of it that they took.
    fn split(&mut self, ended: bool, visit: &mut impl FnMut(Item<'_>)) -> usize {
        let splitter = Splitter {
            max_line_bytes: self.limits.max_line_bytes,
            max_frame_bytes: self.limits.max_frame_bytes,
        };
        let mut frame = Frame::empty();
        let mut from = 0;
        while let Some(taken) = splitter.next(&self.buffer[from..], ended, self.at, &mut frame) {
            from += taken.bytes;
            self.at.offset += taken.bytes as u64;
            self.at.line += taken.lines;
            match taken.piece {
                Piece::Frame => {
                    self.at.offset += restore(&mut frame.faults, &mut self.removed);
                    visit(Item::Frame(&frame));
                }
                Piece::Fault(mut fault) => {
                    self.at.offset += restore(slice::from_mut(&mut fault), &mut self.removed);
                    visit(Item::Fault(fault));
                }
                Piece::Empty => visit(Item::Filler(taken.bytes as u64)),
            }
        }
        from
    }

    /// Reads one chunk behind what the buffer holds.
    fn fill(&mut self) -> io::Result<()> {
        let filled = self.buffer.len();
        // What is held is one unfinished frame: read at least as much again, so that a large frame
        // is not scanned over and over. A byte order mark is never torn.
        let wanted = self
            .limits
            .chunk_size
            .max(filled)
            .max(BYTE_ORDER_MARK.len());
        let mut chunk = (&mut self.source).take(wanted as u64);
        let outcome = chunk.read_to_end(&mut self.buffer);
        self.ended = self.buffer.len() - filled < wanted;
        outcome.map(drop)
    }

    /// Takes out of each new line what lies beyond the limit, so that the items are the same
    /// however the text is cut into chunks.
    fn shorten_lines(&mut self) {
        let kept_of_line = self.limits.max_line_bytes.saturating_add(1);
        // The text from `from` on is still to be seen; what is kept of it moves to `to`.
        let (mut from, mut to) = (self.last_line, self.last_line);
        loop {
            let rest = &self.buffer[from..];
            let window = &rest[..rest.len().min(kept_of_line)];
            if let Some(end) = memrchr(b'\n', window) {
                // All lines that end in the window are short enough.
                self.keep(from..from + end + 1, &mut to);
                from += end + 1;
                self.last_line = to;
                continue;
            }
            let kept = window.len();
            let beyond = &rest[kept..];
            let end = memchr(b'\n', beyond);
            let count = end.unwrap_or(beyond.len());
            self.keep(from..from + kept, &mut to);
            from += kept + count;
            if kept == kept_of_line {
                match self.removed.back_mut() {
                    Some(removed) if self.dropping => *removed += count as u64,
                    _ => self.removed.push_back(count as u64),
                }
                self.dropping = end.is_none();
            }
            if end.is_none() {
                break;
            }
        }
        self.buffer.truncate(to);
    }

    fn keep(&mut self, part: Range<usize>, to: &mut usize) {
        let length = part.len();
        if part.start != *to {
            self.buffer.copy_within(part, *to);
        }
        *to += length;
    }
}

/// Puts the bytes that were taken out of overlong lines back into the counts of their faults, the
/// faults of one piece; gives their sum.
fn restore(faults: &mut [Fault<'_>], removed: &mut VecDeque<u64>) -> u64 {
    let mut sum = 0;
    for fault in faults {
        fault.offset += sum;
        if fault.reason == Reason::TooLong {
            let count = removed.pop_front().unwrap_or(0);
            fault.bytes += count;
            sum += count;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &str = "Refreshing:\nprocess: <7> \"ssh\" up/down Bps: 3/4 connections: 1\n\n";

    struct Failing<'a>(&'a [u8]);

    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::Error::other("the disk is gone"));
            }
            self.0.read(buffer)
        }
    }

    #[test]
    fn an_empty_log_has_no_items() {
        let reader = Reader::new(&b""[..], Limits::default());
        let (extent, outcome) = reader.for_each(|item| panic!("{item:?}"));
        outcome.unwrap();
        assert_eq!(extent, Extent { bytes: 0, lines: 0 });
    }

    #[test]
    fn what_was_whole_before_the_source_failed_is_visited() {
        let log = format!("{FRAME}{FRAME}Refreshing:\nproc");
        let mut seen = Vec::new();
        let (extent, outcome) = Reader::new(Failing(log.as_bytes()), Limits::default())
            .for_each(|item| seen.push(item.bytes()));
        assert_eq!(outcome.unwrap_err().to_string(), "the disk is gone");
        assert_eq!(seen, [FRAME.len() as u64, FRAME.len() as u64, 12, 4]);
        assert_eq!(
            extent,
            Extent {
                bytes: log.len() as u64,
                lines: 7
            }
        );
    }

    #[test]
    fn a_byte_order_mark_is_filler_only_at_the_beginning() {
        for chunk_size in [1, 2, 3, 4, 1000] {
            let limits = Limits {
                chunk_size,
                ..Limits::default()
            };
            let mut seen = Vec::new();
            let log = format!("\u{feff}{FRAME}\n\u{feff}{FRAME}");
            let (extent, outcome) = Reader::new(log.as_bytes(), limits).for_each(|item| {
                seen.push(match item {
                    Item::Frame(frame) => format!("frame at {}", frame.offset),
                    Item::Fault(fault) => format!("{:?}", fault.reason),
                    Item::Filler(bytes) => format!("filler {bytes}"),
                    Item::Unfinished(_) => panic!(),
                });
            });
            outcome.unwrap();
            let second = 3 + FRAME.len() + 1 + 3;
            let expected = [
                "filler 3".to_owned(),
                "frame at 3".to_owned(),
                "filler 1".to_owned(),
                "GluedHeader".to_owned(),
                format!("frame at {second}"),
            ];
            assert_eq!(seen, expected, "in chunks of {chunk_size}");
            assert_eq!(
                extent,
                Extent {
                    bytes: log.len() as u64,
                    lines: 7
                }
            );
        }
    }

    #[test]
    fn each_overlong_line_carries_its_own_bytes() {
        let (short, long, longer) = ("not a row\n", "x".repeat(300), "y".repeat(5000));
        let log = format!("Refreshing:\n{long}\n{short}{longer}\n{short}\n{longer}\n{short}{long}");
        for chunk_size in [1, 10, 100, 6000, 1 << 20] {
            let limits = Limits {
                chunk_size,
                max_line_bytes: 20,
                ..Limits::default()
            };
            let mut seen = Vec::new();
            let mut frames = Vec::new();
            let mut take = |fault: &Fault<'_>| {
                assert!(log.as_bytes()[fault.offset as usize..].starts_with(fault.text));
                assert!(fault.text.len() <= 21);
                seen.push((fault.line, fault.offset, fault.bytes));
            };
            let (extent, outcome) =
                Reader::new(log.as_bytes(), limits).for_each(|item| match item {
                    Item::Frame(frame) => {
                        frames.push((frame.offset, frame.bytes()));
                        frame.faults.iter().for_each(&mut take);
                    }
                    Item::Fault(fault) | Item::Unfinished(fault) => take(&fault),
                    Item::Filler(_) => panic!(),
                });
            outcome.unwrap();
            assert_eq!(frames, [(0, 12 + 301 + 10 + 5001 + 10 + 1)]);
            let expected = [
                (2, 12, 301),
                (3, 313, 10),
                (4, 323, 5001),
                (5, 5324, 10),
                (7, 5335, 5001),
                (8, 10336, 10),
                (9, 10346, 300),
            ];
            assert_eq!(seen, expected, "in chunks of {chunk_size}");
            assert_eq!(
                extent,
                Extent {
                    bytes: log.len() as u64,
                    lines: 8
                }
            );
        }
    }

    #[test]
    fn a_line_of_just_the_limit_is_read() {
        let row = "process: <7> \"ssh\" up/down Bps: 3/4 connections: 1";
        for (max_line_bytes, rows) in [(row.len(), 1), (row.len() - 1, 0)] {
            let limits = Limits {
                max_line_bytes,
                ..Limits::default()
            };
            let mut found = 0;
            let log = format!("{row}\n");
            let (_, outcome) = Reader::new(log.as_bytes(), limits).for_each(|item| match item {
                Item::Frame(frame) => found += frame.rows.len(),
                Item::Fault(fault) => {
                    assert_eq!((fault.reason, fault.bytes), (Reason::TooLong, 51));
                }
                other => panic!("{other:?}"),
            });
            outcome.unwrap();
            assert_eq!(found, rows);
        }
    }

    #[test]
    fn an_endless_line_is_not_kept() {
        let length = 50 << 20;
        let limits = Limits {
            chunk_size: 1 << 16,
            ..Limits::default()
        };
        let mut reader = Reader::new(io::repeat(b'x').take(length), limits);
        while !reader.ended {
            reader.fill().unwrap();
            reader.shorten_lines();
            assert!(reader.buffer.capacity() < 1 << 20);
        }
        assert_eq!(reader.removed, [length - 65_537]);
    }

    #[test]
    fn an_overlong_line_has_no_header_at_its_end() {
        // The end of such a line is not kept, so that the rule cannot depend on it.
        let log = format!("{}Refreshing:\n", "\0".repeat(100));
        for max_line_bytes in [99, 100, 110] {
            let limits = Limits {
                max_line_bytes,
                ..Limits::default()
            };
            let (_, outcome) = Reader::new(log.as_bytes(), limits).for_each(|item| {
                let Item::Fault(fault) = item else {
                    panic!("{item:?}")
                };
                assert_eq!((fault.reason, fault.bytes), (Reason::TooLong, 112));
            });
            outcome.unwrap();
        }
    }
}
