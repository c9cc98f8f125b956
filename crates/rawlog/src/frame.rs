//! Lines → frames. A frame is one refresh of bandwhich: its rows, or word that there was no traffic.

use memchr::memchr;

use crate::known::KnownRows;
use crate::line::glued_header;
use crate::quick::{self, Stamp, WINDOW, Window};
use crate::rows::{Cell, Form, Rows};
use crate::{Fault, Kind, Limits, Line, Reason, Row, parse_line};

/// One refresh.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame<'a> {
    /// Line number of its first line, from 1.
    pub line: u64,
    /// Offset of its first byte in the log.
    pub offset: u64,
    /// Its text, from the header to the empty line that closes it. Of an overlong line only the part
    /// that the reader keeps.
    pub text: &'a [u8],
    /// Whether it begins with `Refreshing:` (since 0.17.0).
    pub header: bool,
    /// Whether it says `<NO TRAFFIC>` and holds no row. In a frame with rows that line is a fault.
    pub idle: bool,
    /// What ends it.
    pub closing: Closing,
    /// Its time: that of its rows. `None` for an idle frame, which has none.
    pub timestamp: Option<i64>,
    /// XXH3 of its text where it has rows, 64 bits, without a seed.
    pub hash: u64,
    /// Its rows, in the order of the log.
    pub rows: Rows<'a>,
    /// Lines in it that are no rows.
    pub faults: Faults<'a>,
}

/// The hash that [`Frame::hash`] is of a frame's text.
pub fn frame_hash(text: &[u8]) -> u64 {
    twox_hash::XxHash3_64::oneshot(text)
}

/// What ends a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// The empty line that belongs to it: the frame is whole.
    EmptyLine,
    /// A row of the next refresh. Whole where frames have no header (up to 0.16.0), else cut.
    NextRows,
    /// The next frame's header. Whole where frames have no header, else the frame was cut.
    NextHeader,
    /// The end of the log: more may follow.
    EndOfLog,
    /// It grew past the reader's limits; the lines that belong to it and follow are faults.
    TooLong,
}

impl Frame<'_> {
    /// Bytes that it takes in the log: its text, and what was not kept of overlong lines.
    pub fn bytes(&self) -> u64 {
        self.text.len() as u64
            + self
                .faults
                .iter()
                .map(|fault| fault.lost_bytes())
                .sum::<u64>()
    }

    /// Whether all that bandwhich printed for this refresh is here.
    pub fn is_whole(&self) -> bool {
        match self.closing {
            Closing::EmptyLine => true,
            Closing::NextRows | Closing::NextHeader | Closing::EndOfLog => !self.header,
            Closing::TooLong => false,
        }
    }
}

/// The faults of a frame, in the order of the log.
#[derive(Clone, Copy, Debug)]
pub struct Faults<'a> {
    text: &'a [u8],
    places: &'a [FaultAt],
    base: Position,
}

impl<'a> Faults<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.places.is_empty()
    }

    /// One after the other.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Fault<'a>> {
        let (text, base) = (self.text, self.base);
        self.places.iter().map(move |place| place.fault(text, base))
    }
}

impl PartialEq for Faults<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// A place in the log, or in a part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Line ends before it.
    pub(crate) lines: u64,
    pub(crate) offset: u64,
}

/// A fault by its places in the block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FaultAt {
    at: Position,
    bytes: u64,
    text: (usize, usize),
    reason: Reason,
}

impl FaultAt {
    pub(crate) fn fault<'a>(&self, text: &'a [u8], base: Position) -> Fault<'a> {
        Fault {
            line: base.lines + self.at.lines + 1,
            offset: base.offset + self.at.offset,
            bytes: self.bytes,
            text: &text[self.text.0..self.text.1],
            reason: self.reason,
        }
    }
}

/// What stands at the head of some text, by its places in the block.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece {
    Frame(FrameAt),
    Fault(FaultAt),
    /// A collector's note, by the place of its line in the block.
    Note(usize, usize),
    /// Bytes that say nothing.
    Filler(u64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameAt {
    at: Position,
    text: (usize, usize),
    header: bool,
    idle: bool,
    closing: Closing,
    timestamp: Option<i64>,
    hash: u64,
    cells: (usize, usize),
    faults: (usize, usize),
}

/// What a block holds.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    pub(crate) pieces: Vec<Piece>,
    cells: Vec<Cell>,
    faults: Vec<FaultAt>,
}

impl Pieces {
    pub(crate) fn clear(&mut self) {
        self.pieces.clear();
        self.cells.clear();
        self.faults.clear();
    }

    /// The frame in its text, which stands at `base` in the log.
    pub(crate) fn frame<'a>(
        &'a self,
        frame: &FrameAt,
        text: &'a [u8],
        base: Position,
        known: &'a KnownRows,
    ) -> Frame<'a> {
        Frame {
            line: base.lines + frame.at.lines + 1,
            offset: base.offset + frame.at.offset,
            text: &text[frame.text.0..frame.text.1],
            header: frame.header,
            idle: frame.idle,
            closing: frame.closing,
            timestamp: frame.timestamp,
            hash: frame.hash,
            rows: Rows {
                text,
                cells: &self.cells[frame.cells.0..frame.cells.1],
                known: Some(known),
            },
            faults: Faults {
                text,
                places: &self.faults[frame.faults.0..frame.faults.1],
                base,
            },
        }
    }
}

/// What a fault adds to the size of its frame: a frame of nothing but two-byte lines must not take
/// thirty times its text in memory.
const FAULT_BYTES: usize = 64;

/// Pieces that are split off at a time: text of nothing but tiny lines must not take fifty times its size
/// in memory.
const MOST_PIECES: usize = 1 << 16;

/// A frame that grew past the limits, of which more lines may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overlong {
    header: bool,
    timestamp: Option<i64>,
    kind: Kind,
}

/// An overlong line: where it begins in the text, and how many of its bytes were taken out.
pub(crate) type Removed = (usize, u64);

/// Splits text into pieces.
pub(crate) struct Splitter<'a> {
    pub(crate) text: &'a [u8],
    /// The text, and behind it as much of anything as a window holds.
    pub(crate) padded: &'a [u8],
    /// Whether the text is all there is, so that its last frame ends with it.
    pub(crate) at_end: bool,
    pub(crate) limits: Limits,
    pub(crate) removed: &'a [Removed],
    pub(crate) into: &'a mut Pieces,
    pub(crate) known: &'a mut KnownRows,
    /// How much of the text was taken, and where that is.
    pub(crate) taken: usize,
    pub(crate) at: Position,
    /// The frame before, if it was too long and has not ended.
    pub(crate) overlong: Option<Overlong>,
}

/// A line of the text.
#[derive(Clone, Copy)]
struct Cut<'a> {
    start: usize,
    content: &'a [u8],
}

impl Cut<'_> {
    /// Its length with the line feed.
    fn length(&self) -> usize {
        self.content.len() + 1
    }
}

/// What one line says. A row was appended to the cells; here are its kind and its time.
enum Read {
    Refreshing,
    NoTraffic,
    Empty,
    Row(Kind, i64),
    Note,
    Fault(Reason),
}

const HEADER: &[u8; 12] = b"Refreshing:\n";

impl<'a> Splitter<'a> {
    /// Takes pieces that the text holds whole: all, or as many as may be held at a time. Says whether
    /// these were all.
    pub(crate) fn split(&mut self) -> bool {
        while self.into.pieces.len() < MOST_PIECES {
            let Some(piece) = self.next() else {
                return true;
            };
            self.into.pieces.push(piece);
        }
        false
    }

    fn next(&mut self) -> Option<Piece> {
        if let Some(overlong) = self.overlong {
            match self.rest_of(overlong)? {
                Some(fault) => return Some(Piece::Fault(fault)),
                None => self.overlong = None,
            }
        }
        if self.is_header(self.taken) {
            return self.frame();
        }
        if self.text.get(self.taken) == Some(&b'\n') {
            return Some(self.empty_lines());
        }
        let cut = self.cut(self.taken)?;
        let reason = match self.read(&cut) {
            Read::Refreshing => return self.frame(),
            Read::Row(..) => {
                self.into.cells.pop();
                return self.frame();
            }
            Read::Empty => {
                let bytes = cut.length();
                self.take(bytes, 1);
                return Some(Piece::Filler(bytes as u64));
            }
            Read::Note => {
                self.take(cut.length(), 1);
                return Some(Piece::Note(cut.start, cut.length()));
            }
            Read::NoTraffic => Reason::MisplacedIdle,
            Read::Fault(reason) => {
                if let Some(head) = glued_head(&cut, reason) {
                    let fault = self.fault(&head, self.at, Reason::GluedHeader);
                    self.take(head.content.len(), 0);
                    return Some(Piece::Fault(fault));
                }
                reason
            }
        };
        let fault = self.fault(&cut, self.at, reason);
        self.take(cut.length(), 1);
        self.at.offset += fault.bytes - cut.length() as u64;
        Some(Piece::Fault(fault))
    }

    /// The empty lines that stand here, as one piece.
    fn empty_lines(&mut self) -> Piece {
        let rest = &self.text[self.taken..];
        let count = rest
            .iter()
            .position(|&byte| byte != b'\n')
            .unwrap_or(rest.len());
        self.take(count, count as u64);
        Piece::Filler(count as u64)
    }

    /// The next line of a frame that is too long, as a fault; nothing if the frame ended before it.
    fn rest_of(&mut self, overlong: Overlong) -> Option<Option<FaultAt>> {
        if self.is_header(self.taken) {
            return Some(None);
        }
        let cut = self.cut(self.taken)?;
        let line = if cut.content.len() > self.limits.max_line_bytes {
            Line::Fault(Reason::TooLong)
        } else {
            parse_line(cut.content)
        };
        let reason = match line {
            // An empty line is filler then.
            Line::Refreshing | Line::Empty => return Some(None),
            Line::Row(row) => {
                let (kind, time) = (row.kind(), row.timestamp());
                let is_next = overlong.timestamp.is_some_and(|first| first != time)
                    || (!overlong.header && kind < overlong.kind);
                if is_next {
                    return Some(None);
                }
                self.overlong = Some(Overlong {
                    timestamp: Some(time),
                    kind,
                    ..overlong
                });
                Reason::FrameTooLong
            }
            Line::Fault(reason) if glued_head(&cut, reason).is_some() => return Some(None),
            Line::Fault(Reason::TooLong) => Reason::TooLong,
            Line::Fault(_) | Line::NoTraffic | Line::Note(_) => Reason::FrameTooLong,
        };
        let fault = self.fault(&cut, self.at, reason);
        self.take(cut.length(), 1);
        self.at.offset += fault.bytes - cut.length() as u64;
        Some(Some(fault))
    }

    fn take(&mut self, bytes: usize, lines: u64) {
        self.taken += bytes;
        self.at.offset += bytes as u64;
        self.at.lines += lines;
    }

    /// Whether a line with nothing but a header begins at `start`.
    fn is_header(&self, start: usize) -> bool {
        self.limits.max_line_bytes >= HEADER.len() && self.text[start..].starts_with(HEADER)
    }

    /// The line that begins at `start`, if it ends in the text.
    fn cut(&self, start: usize) -> Option<Cut<'a>> {
        let rest = &self.text[start..];
        let end = memchr(b'\n', rest)?;
        Some(Cut {
            start,
            content: &rest[..end],
        })
    }

    /// Text from `start` on, and what lies behind it.
    #[inline(always)]
    fn window(&self, start: usize) -> Option<&'a Window> {
        self.padded.get(start..)?.first_chunk()
    }

    #[inline(never)]
    fn read(&mut self, cut: &Cut<'_>) -> Read {
        if cut.content.len() > self.limits.max_line_bytes {
            return Read::Fault(Reason::TooLong);
        }
        match parse_line(cut.content) {
            Line::Refreshing => Read::Refreshing,
            Line::NoTraffic => Read::NoTraffic,
            Line::Empty => Read::Empty,
            Line::Row(row) => {
                let mut cell = Cell::of(&row, cut.start);
                if let Row::Connection(row) = &row
                    && cut.length() < WINDOW
                    && let Some(window) = self.window(cut.start)
                    && let Some(number) = self.known.learn(window, row)
                {
                    cell.form = Form::Known(number);
                }
                self.into.cells.push(cell);
                Read::Row(row.kind(), row.timestamp())
            }
            Line::Note(_) => Read::Note,
            Line::Fault(reason) => Read::Fault(reason),
        }
    }

    /// Takes rows of the usual form with this time from `taken` on, until there is none or one of `most`
    /// (bytes and cells) is passed: each kind in a loop of its own, from `first` on in the order in which bandwhich prints
    /// them. Gives how many connections were among them.
    #[inline(always)]
    fn take_usual_rows(
        &mut self,
        stamp: &Stamp,
        first: Kind,
        taken: &mut usize,
        most: (usize, usize),
    ) -> usize {
        let plain = |plain: quick::Plain| {
            let form = Form::Plain(plain.name.0, plain.name.1);
            (plain.up, plain.down, form, plain.end + 1)
        };
        if first == Kind::Process {
            self.take_rows(Kind::Process, taken, most, |_, window| {
                quick::process(window, stamp).map(plain)
            });
        }
        let before = self.into.cells.len();
        if first <= Kind::Connection {
            self.take_rows(Kind::Connection, taken, most, |known, window| {
                let row = quick::connection(window, stamp)?;
                let form = Form::Known(known.find(window, &row)?);
                Some((row.up, row.down, form, row.end + 1))
            });
        }
        let connections = self.into.cells.len() - before;
        self.take_rows(Kind::Address, taken, most, |_, window| {
            quick::address(window, stamp).map(plain)
        });
        connections
    }

    /// Takes rows of the usual form of one kind, from `taken` on, until there is none or `most` is passed.
    /// `read` gives the numbers, the form and the length of the one at the head of a window.
    #[inline(always)]
    fn take_rows(
        &mut self,
        kind: Kind,
        taken: &mut usize,
        (most, most_cells): (usize, usize),
        read: impl Fn(&KnownRows, &Window) -> Option<(u64, u64, Form, usize)>,
    ) {
        while *taken <= most
            && self.into.cells.len() <= most_cells
            && let Some(window) = self.window(*taken)
            && let Some((up, down, form, length)) = read(self.known, window)
            && *taken + length <= self.text.len()
        {
            self.into.cells.push(Cell {
                up,
                down,
                line: *taken as u32,
                form,
                kind,
            });
            *taken += length;
        }
    }

    fn fault(&self, cut: &Cut<'_>, at: Position, reason: Reason) -> FaultAt {
        let glued = usize::from(reason != Reason::GluedHeader);
        let removed = || {
            let place = self
                .removed
                .binary_search_by_key(&cut.start, |&(start, _)| start);
            place.map_or(0, |place| self.removed[place].1)
        };
        let lost = if reason == Reason::TooLong {
            removed()
        } else {
            0
        };
        FaultAt {
            at,
            bytes: (cut.content.len() + glued) as u64 + lost,
            text: (cut.start, cut.start + cut.content.len()),
            reason,
        }
    }

    fn frame(&mut self) -> Option<Piece> {
        let (first_cell, first_fault) = (self.into.cells.len(), self.into.faults.len());
        let start = self.taken;
        let (mut taken, mut lines) = (start, 0);
        // Bytes of overlong lines that were taken out of the text.
        let mut lost = 0;
        let (mut header, mut timestamp, mut kind) = (false, None, Kind::Process);
        // Where the frame's word that there is no traffic stands among its faults.
        let mut idle = None;
        if self.is_header(start) {
            header = true;
            (taken, lines) = (start + HEADER.len(), 1);
        }
        // The time of the rows, where they can be read without the grammar.
        let mut stamp = None;
        if self.limits.max_line_bytes >= WINDOW {
            stamp = self.window(taken).and_then(Stamp::of);
        }
        let mut connections = 0;
        let most_cells = first_cell.saturating_add(self.limits.max_frame_rows);
        let closing = loop {
            // Where it grows past the limits.
            let faults = self.into.faults.len() - first_fault;
            let most = self
                .limits
                .max_frame_bytes
                .saturating_sub(faults * FAULT_BYTES)
                + start;
            if taken > most || self.into.cells.len() > most_cells {
                break Closing::TooLong;
            }
            if let Some(stamp) = &stamp
                && timestamp.is_none_or(|time| time == stamp.time)
            {
                // Without headers, a row of an earlier kind begins the next frame.
                let first = if header { Kind::Process } else { kind };
                let before = self.into.cells.len();
                connections += self.take_usual_rows(stamp, first, &mut taken, (most, most_cells));
                if let [rows @ .., last] = &self.into.cells[before..] {
                    kind = last.kind;
                    timestamp = Some(stamp.time);
                    lines += rows.len() as u64 + 1;
                }
                if taken > most || self.into.cells.len() > most_cells {
                    break Closing::TooLong;
                }
            }
            if self.text.get(taken) == Some(&b'\n') {
                taken += 1;
                lines += 1;
                break Closing::EmptyLine;
            }
            let Some(cut) = self.cut(taken) else {
                if self.at_end {
                    break Closing::EndOfLog;
                }
                self.into.cells.truncate(first_cell);
                self.into.faults.truncate(first_fault);
                return None;
            };
            let here = Position {
                lines: self.at.lines + lines,
                offset: self.at.offset + (taken - start) as u64 + lost,
            };
            match self.read(&cut) {
                Read::Row(found, time) => {
                    if let Some(first) = timestamp
                        && (first != time || (!header && found < kind))
                    {
                        self.into.cells.pop();
                        break Closing::NextRows;
                    }
                    timestamp = Some(time);
                    kind = found;
                    connections += usize::from(kind == Kind::Connection);
                }
                Read::Refreshing if taken == start => header = true,
                Read::Refreshing => break Closing::NextHeader,
                Read::Empty => {
                    taken += cut.length();
                    lines += 1;
                    break Closing::EmptyLine;
                }
                Read::NoTraffic => {
                    idle = idle.or(Some(self.into.faults.len()));
                    let fault = self.fault(&cut, here, Reason::MisplacedIdle);
                    self.into.faults.push(fault);
                }
                // No collector writes there: it is no more to be believed than any other line.
                Read::Note => {
                    let fault = self.fault(&cut, here, Reason::MisplacedNote);
                    self.into.faults.push(fault);
                }
                Read::Fault(reason) => {
                    if let Some(head) = glued_head(&cut, reason) {
                        let fault = self.fault(&head, here, Reason::GluedHeader);
                        self.into.faults.push(fault);
                        taken += head.content.len();
                        break Closing::NextHeader;
                    }
                    let fault = self.fault(&cut, here, reason);
                    lost += fault.bytes - cut.length() as u64;
                    self.into.faults.push(fault);
                }
            }
            taken += cut.length();
            lines += 1;
        };
        self.known.of_a_frame = self.known.of_a_frame.max(connections);
        // Only now it is known whether rows follow.
        let no_rows = timestamp.is_none();
        if let Some(at) = idle
            && no_rows
        {
            self.into.faults.remove(at);
        }
        let frame = FrameAt {
            at: self.at,
            text: (start, taken),
            header,
            idle: idle.is_some() && no_rows,
            closing,
            timestamp,
            hash: match timestamp {
                Some(_) => frame_hash(&self.text[start..taken]),
                None => 0,
            },
            cells: (first_cell, self.into.cells.len()),
            faults: (first_fault, self.into.faults.len()),
        };
        if closing == Closing::TooLong {
            self.overlong = Some(Overlong {
                header,
                timestamp,
                kind,
            });
        }
        self.take(taken - start, lines);
        self.at.offset += lost;
        Some(Piece::Frame(frame))
    }
}

/// What stands before a header that another line's text is glued to.
fn glued_head<'a>(cut: &Cut<'a>, reason: Reason) -> Option<Cut<'a>> {
    if reason == Reason::TooLong {
        // Its end is not kept.
        return None;
    }
    let length = glued_header(cut.content)?;
    Some(Cut {
        start: cut.start,
        content: &cut.content[..length],
    })
}

#[cfg(test)]
mod tests;
