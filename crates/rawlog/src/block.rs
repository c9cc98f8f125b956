//! A stretch of a log that ends where a piece ends, so that blocks can be read side by side.

use crate::frame::{Overlong, Piece, Pieces, Position, Removed, Splitter};
use crate::known::KnownRows;
use crate::quick::WINDOW;
use crate::{Fault, Item, Limits, Line, Reason, parse_line};

/// A part of a log, as [`Reader::next_block`](crate::Reader::next_block) cuts it.
///
/// What takes the time is [`Block::read`], which needs nothing but the block: several blocks may be
/// read at the same time. Their items then come in order from [`Block::visit`].
#[derive(Debug, Default)]
pub struct Block {
    pub(crate) buffer: Vec<u8>,
    /// How much of the buffer is text; what lies behind is room.
    pub(crate) length: usize,
    /// Overlong lines and what was taken out of them, in order.
    pub(crate) removed: Vec<Removed>,
    /// Bytes of a mark before the text.
    pub(crate) mark: u64,
    pub(crate) limits: Limits,
    /// The log ends with it.
    pub(crate) ended: bool,
    /// The frame before the text, if it was too long and goes on in it.
    pub(crate) overlong: Option<Overlong>,
    /// How much of the text was split, and what came of it.
    done: Option<Done>,
    pieces: Pieces,
    known: KnownRows,
}

/// How far the text of a block was split.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    taken: usize,
    at: Position,
    overlong: Option<Overlong>,
    /// Nothing whole is left.
    all: bool,
}

/// How much of a log was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Bytes, the last unfinished line included.
    pub bytes: u64,
    /// Lines that have a line end.
    pub lines: u64,
}

impl Block {
    pub(crate) fn text(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    /// Forgets what it held, but not the memory.
    pub(crate) fn clear(&mut self) {
        self.length = 0;
        self.removed.clear();
        self.mark = 0;
        self.overlong = None;
        self.ended = false;
        self.forget_pieces();
    }

    /// Forgets what came of splitting text that was not whole.
    pub(crate) fn forget_pieces(&mut self) {
        self.done = None;
        self.pieces.clear();
    }

    /// Reads its text; once is enough.
    pub fn read(&mut self) {
        if self.done.is_none() {
            self.split();
        }
    }

    /// Splits the text as far as it is whole, or as far as may be held at a time; gives how far that is.
    pub(crate) fn split(&mut self) -> usize {
        self.forget_pieces();
        self.known.forget_old();
        self.split_on(Done {
            overlong: self.overlong,
            ..Done::default()
        })
    }

    /// The frame that is too long and goes on behind what was split.
    pub(crate) fn overlong_at_end(&self) -> Option<Overlong> {
        self.done.and_then(|done| done.overlong)
    }

    /// Splits on from where it was split before.
    fn split_on(&mut self, from: Done) -> usize {
        self.pieces.clear();
        if self.buffer.len() < self.length + WINDOW {
            self.buffer.resize(self.length + WINDOW, 0);
        }
        let mut splitter = Splitter {
            padded: &self.buffer,
            text: &self.buffer[..self.length],
            at_end: self.ended,
            limits: self.limits,
            removed: &self.removed,
            into: &mut self.pieces,
            known: &mut self.known,
            taken: from.taken,
            at: from.at,
            overlong: from.overlong,
        };
        let all = splitter.split();
        let done = Done {
            taken: splitter.taken,
            at: splitter.at,
            overlong: splitter.overlong,
            all,
        };
        self.done = Some(done);
        done.taken
    }

    /// Calls `visit` with each item of the block, in order. `extent` is what was visited of the log
    /// before, and then includes this block.
    pub fn visit(&mut self, extent: &mut Extent, mut visit: impl FnMut(Item<'_>)) {
        self.read();
        if self.mark > 0 {
            visit(Item::Filler(self.mark));
            extent.bytes += self.mark;
        }
        let base = Position {
            lines: extent.lines,
            offset: extent.bytes,
        };
        let mut done = self.done.unwrap_or_default();
        self.visit_pieces(base, &mut visit);
        while !done.all && done.taken < self.length {
            self.split_on(done);
            done = self.done.unwrap_or_default();
            self.visit_pieces(base, &mut visit);
        }
        let Done { taken, at: end, .. } = done;
        let text = self.text();
        extent.bytes += end.offset;
        extent.lines += end.lines;
        if self.ended && taken < text.len() {
            // Only an overlong line has bytes taken out.
            let lost = self.removed.last().filter(|(start, _)| *start == taken);
            let bytes = (text.len() - taken) as u64 + lost.map_or(0, |(_, lost)| *lost);
            visit(Item::Unfinished(Fault {
                line: extent.lines + 1,
                offset: extent.bytes,
                bytes,
                text: &text[taken..],
                reason: Reason::Unfinished,
            }));
            extent.bytes += bytes;
        }
    }

    /// Calls `visit` with each piece that is held.
    fn visit_pieces(&self, base: Position, visit: &mut impl FnMut(Item<'_>)) {
        let text = self.text();
        for piece in &self.pieces.pieces {
            match piece {
                Piece::Frame(frame) => {
                    visit(Item::Frame(&self.pieces.frame(
                        frame,
                        text,
                        base,
                        &self.known,
                    )));
                }
                Piece::Fault(fault) => visit(Item::Fault(fault.fault(text, base))),
                Piece::Note(start, length) => {
                    let line = &text[*start..start + length - 1];
                    let Line::Note(note) = parse_line(line) else {
                        unreachable!("the line was a note");
                    };
                    visit(Item::Note(note, *length as u64));
                }
                Piece::Filler(bytes) => visit(Item::Filler(*bytes)),
            }
        }
    }
}
