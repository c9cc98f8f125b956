//! Bytes from any source → blocks and items, in bounded memory.

use std::io::{self, ErrorKind, Read};
use std::ops::Range;

use memchr::{memchr, memrchr};

use crate::frame::Overlong;
use crate::quick::WINDOW;
use crate::{Block, Extent, Item, Limits};

/// Reads a log frame by frame.
///
/// ```
/// use rawlog::{Item, Limits, Reader};
/// let log = b"Refreshing:\nprocess: <7> \"ssh\" up/down Bps: 3/4 connections: 1\n\n";
/// let mut frames = 0;
/// let (extent, outcome) = Reader::new(&log[..], Limits::default()).for_each(|item| {
///     if let Item::Frame(frame) = item {
///         assert_eq!(frame.timestamp, Some(7));
///         frames += 1;
///     }
/// });
/// assert_eq!((frames, extent.lines), (1, 3));
/// outcome.expect("a slice can be read to its end");
/// ```
pub struct Reader<R> {
    source: R,
    limits: Limits,
    /// What was read but not yet handed out: the head of an unfinished piece.
    kept: Vec<u8>,
    /// Where its last, unfinished line begins.
    last_line: usize,
    /// Its overlong lines, and what was taken out of each.
    removed: Vec<(usize, u64)>,
    /// Its last line is overlong: what follows is dropped up to its end.
    dropping: bool,
    /// The frame before it was too long and has not ended.
    overlong: Option<Overlong>,
    begun: bool,
    ended: bool,
    outcome: io::Result<()>,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl<R: Read> Reader<R> {
    /// A reader at the beginning of a log.
    pub fn new(source: R, limits: Limits) -> Self {
        Reader {
            source,
            limits: limits.bounded(),
            kept: Vec::new(),
            last_line: 0,
            removed: Vec::new(),
            dropping: false,
            overlong: None,
            begun: false,
            ended: false,
            outcome: Ok(()),
        }
    }

    /// Calls `visit` with each item of the log, in order. Where the source fails, all items that
    /// were whole before have been visited.
    ///
    /// # Errors
    /// Only what the source itself raises; the extent tells how far it was read.
    pub fn for_each(mut self, mut visit: impl FnMut(Item<'_>)) -> (Extent, io::Result<()>) {
        let mut extent = Extent::default();
        let mut block = Block::default();
        while self.next_block(&mut block) {
            block.visit(&mut extent, &mut visit);
        }
        (extent, self.outcome())
    }

    /// Fills the block with the next part of the log; gives `false` once there is none. Reusing a
    /// block saves its memory.
    pub fn next_block(&mut self, block: &mut Block) -> bool {
        block.clear();
        if self.ended {
            return false;
        }
        block.limits = self.limits;
        block.removed.append(&mut self.removed);
        block.overlong = self.overlong.take();
        loop {
            self.fill(block);
            block.ended = self.ended;
            let whole = match (self.ended, last_border(block.text())) {
                (true, _) => return true,
                // The piece that reaches over the end begins again in the next block.
                (false, Some(border)) => {
                    self.overlong = None;
                    border
                }
                // Without empty lines only reading tells where pieces end.
                (false, None) => {
                    let whole = block.split();
                    self.overlong = block.overlong_at_end();
                    whole
                }
            };
            self.keep_rest(block, whole);
            if whole > 0 {
                return true;
            }
            block.forget_pieces();
        }
    }

    /// What became of the source, once there are no more blocks.
    ///
    /// # Errors
    /// What the source raised.
    pub fn outcome(self) -> io::Result<()> {
        self.outcome
    }

    /// Takes what lies behind `whole` out of the block again.
    fn keep_rest(&mut self, block: &mut Block, whole: usize) {
        self.kept.clear();
        self.kept.extend_from_slice(&block.text()[whole..]);
        self.last_line -= whole;
        block.length = whole;
        let first = block.removed.partition_point(|&(start, _)| start < whole);
        let rest = block.removed.drain(first..);
        self.removed
            .extend(rest.map(|(start, count)| (start - whole, count)));
        if whole == 0 {
            block.removed.append(&mut self.removed);
        }
    }

    /// Reads one chunk behind what is kept of the log.
    fn fill(&mut self, block: &mut Block) {
        let filled = self.kept.len();
        // What is kept is one unfinished frame: read at least as much again, so that a large frame
        // is not read over and over. A byte order mark is never torn.
        let wanted = self
            .limits
            .chunk_size
            .max(filled)
            .max(BYTE_ORDER_MARK.len());
        if block.buffer.len() < filled + wanted + WINDOW {
            block.buffer.resize(filled + wanted + WINDOW, 0);
        }
        block.buffer[..filled].copy_from_slice(&self.kept);
        block.length = filled;
        while block.length < filled + wanted && !self.ended {
            match self
                .source
                .read(&mut block.buffer[block.length..filled + wanted])
            {
                Ok(0) => self.ended = true,
                Ok(count) => block.length += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => (self.ended, self.outcome) = (true, Err(error)),
            }
        }
        if !self.begun {
            self.begun = true;
            if block.text().starts_with(BYTE_ORDER_MARK) {
                block.mark = BYTE_ORDER_MARK.len() as u64;
                block
                    .buffer
                    .copy_within(BYTE_ORDER_MARK.len()..block.length, 0);
                block.length -= BYTE_ORDER_MARK.len();
            }
        }
        self.shorten_lines(block);
    }

    /// Takes out of each new line what lies beyond the limit, so that the items are the same
    /// however the text is cut into chunks.
    fn shorten_lines(&mut self, block: &mut Block) {
        let kept_of_line = self.limits.max_line_bytes + 1;
        // The text from `from` on is still to be seen; what is kept of it moves to `to`.
        let (mut from, mut to) = (self.last_line, self.last_line);
        let keep = |buffer: &mut [u8], part: Range<usize>, to: &mut usize| {
            let length = part.len();
            if part.start != *to {
                buffer.copy_within(part, *to);
            }
            *to += length;
        };
        loop {
            let rest = &block.buffer[from..block.length];
            let window = &rest[..rest.len().min(kept_of_line)];
            if let Some(end) = memrchr(b'\n', window) {
                // All lines that end in the window are short enough.
                keep(&mut block.buffer, from..from + end + 1, &mut to);
                from += end + 1;
                self.last_line = to;
                continue;
            }
            let kept = window.len();
            let beyond = &rest[kept..];
            let end = memchr(b'\n', beyond);
            let count = end.unwrap_or(beyond.len());
            keep(&mut block.buffer, from..from + kept, &mut to);
            from += kept + count;
            if kept == kept_of_line {
                match block.removed.last_mut() {
                    Some((_, removed)) if self.dropping => *removed += count as u64,
                    _ => block.removed.push((self.last_line, count as u64)),
                }
                self.dropping = end.is_none();
            }
            if end.is_none() {
                break;
            }
        }
        block.length = to;
    }
}

/// Where the last empty line ends: whatever stands before, a piece ends there.
fn last_border(text: &[u8]) -> Option<usize> {
    let mut end = memrchr(b'\n', text)?;
    loop {
        let start = memrchr(b'\n', &text[..end]).map_or(0, |before| before + 1);
        if matches!(&text[start..end], b"" | b"\r") {
            return Some(end + 1);
        }
        end = start.checked_sub(1)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fault, Reason};

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
                    Item::Note(..) | Item::Unfinished(_) => panic!(),
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
            let mut take = |fault: Fault<'_>| {
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
                    Item::Fault(fault) | Item::Unfinished(fault) => take(fault),
                    Item::Note(..) | Item::Filler(_) => panic!(),
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
        let mut block = Block::default();
        assert!(reader.next_block(&mut block));
        assert!(reader.ended && block.buffer.capacity() < 1 << 20);
        assert_eq!(block.removed, [(0, length - 65_537)]);
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
