//! Lines → frames. A frame is one refresh of bandwhich: its rows, or word that there was no traffic.

use memchr::memchr;

use crate::line::glued_header;
use crate::{Fault, Line, Reason, Row, parse_line};

/// One refresh.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame<'a> {
    /// Line number of its first line, from 1.
    pub line: u64,
    /// Offset of its first byte in the log.
    pub offset: u64,
    /// Its bytes, from the header to the empty line that closes it.
    pub text: &'a [u8],
    /// Whether it begins with `Refreshing:` (since 0.17.0).
    pub header: bool,
    /// Whether it says `<NO TRAFFIC>` and holds no row.
    pub idle: bool,
    /// What ends it.
    pub closing: Closing,
    /// Its rows, in the order of the log.
    pub rows: Vec<Row<'a>>,
    /// Lines in it that are no rows.
    pub faults: Vec<Fault<'a>>,
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
    /// It grew past the reader's limit.
    TooLong,
}

impl Frame<'_> {
    /// Its time: that of its rows. `None` for an idle frame, which has none.
    pub fn timestamp(&self) -> Option<i64> {
        self.rows.first().map(Row::timestamp)
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

/// Where the splitter stands in the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    pub(crate) line: u64,
    pub(crate) offset: u64,
}

/// What stands at the head of some text.
#[derive(Debug)]
pub(crate) enum Piece<'a> {
    Frame(Frame<'a>),
    Fault(Fault<'a>),
    /// Empty lines between frames.
    Empty,
}

pub(crate) struct Splitter {
    pub(crate) max_line_bytes: usize,
    pub(crate) max_frame_bytes: usize,
}

/// A line of the text: its content, its length with the line feed, and where it stands.
struct Cut<'a> {
    content: &'a [u8],
    length: usize,
}

fn cut_line(text: &[u8]) -> Option<Cut<'_>> {
    memchr(b'\n', text).map(|end| Cut { content: &text[..end], length: end + 1 })
}

impl Splitter {
    /// Takes one piece off the head of `text`. Gives the piece, the bytes and the lines it took;
    /// `None` where `text` does not hold all of it yet. `rows` lends its memory to the frame.
    pub(crate) fn next<'a>(
        &self,
        text: &'a [u8],
        at_end: bool,
        at: Position,
        rows: Vec<Row<'a>>,
    ) -> Option<(Piece<'a>, usize, u64)> {
        let first = cut_line(text)?;
        if first.content.is_empty() || first.content == b"\r" {
            return Some((Piece::Empty, first.length, 1));
        }
        match self.read(first.content) {
            Line::Refreshing | Line::Row(_) => self.frame(text, at_end, at, rows),
            Line::Empty => Some((Piece::Empty, first.length, 1)),
            Line::NoTraffic => Some(fault(&first, at, Reason::MisplacedIdle)),
            Line::Fault(_) if let Some(head) = glued_header(first.content) => {
                let cut = Cut { content: &first.content[..head], length: head };
                let (piece, taken, _) = fault(&cut, at, Reason::GluedHeader);
                Some((piece, taken, 0))
            }
            Line::Fault(reason) => Some(fault(&first, at, reason)),
        }
    }

    fn read<'a>(&self, content: &'a [u8]) -> Line<'a> {
        if content.len() > self.max_line_bytes {
            return Line::Fault(Reason::TooLong);
        }
        parse_line(content)
    }

    fn frame<'a>(
        &self,
        text: &'a [u8],
        at_end: bool,
        at: Position,
        rows: Vec<Row<'a>>,
    ) -> Option<(Piece<'a>, usize, u64)> {
        let mut frame = Frame {
            line: at.line,
            offset: at.offset,
            text: &[],
            header: false,
            idle: false,
            closing: Closing::EndOfLog,
            rows,
            faults: Vec::new(),
        };
        frame.rows.clear();
        let (mut taken, mut lines) = (0, 0);
        let mut rank = 0;
        loop {
            let Some(cut) = cut_line(&text[taken..]) else {
                if taken > self.max_frame_bytes {
                    frame.closing = Closing::TooLong;
                    break;
                }
                if !at_end {
                    return None;
                }
                break;
            };
            let here = Position { line: at.line + lines, offset: at.offset + taken as u64 };
            match self.read(cut.content) {
                Line::Refreshing if lines == 0 => frame.header = true,
                Line::Refreshing => {
                    frame.closing = Closing::NextHeader;
                    break;
                }
                Line::Empty => {
                    frame.closing = Closing::EmptyLine;
                    taken += cut.length;
                    lines += 1;
                    break;
                }
                Line::NoTraffic if frame.rows.is_empty() && !frame.idle => frame.idle = true,
                Line::NoTraffic => {
                    frame.faults.push(fault_at(&cut, here, Reason::MisplacedIdle));
                }
                Line::Row(row) => {
                    if let Some(first) = frame.rows.first()
                        && (first.timestamp() != row.timestamp()
                            || (!frame.header && row.rank() < rank))
                    {
                        frame.closing = Closing::NextRows;
                        break;
                    }
                    rank = row.rank();
                    frame.rows.push(row);
                }
                Line::Fault(_) if let Some(head) = glued_header(cut.content) => {
                    let cut = Cut { content: &cut.content[..head], length: head };
                    frame.faults.push(fault_at(&cut, here, Reason::GluedHeader));
                    taken += head;
                    frame.closing = Closing::NextHeader;
                    break;
                }
                Line::Fault(reason) => frame.faults.push(fault_at(&cut, here, reason)),
            }
            taken += cut.length;
            lines += 1;
            if taken > self.max_frame_bytes {
                frame.closing = Closing::TooLong;
                break;
            }
        }
        if !frame.rows.is_empty() && frame.idle {
            frame.idle = false;
        }
        frame.text = &text[..taken];
        Some((Piece::Frame(frame), taken, lines))
    }
}

fn fault_at<'a>(cut: &Cut<'a>, at: Position, reason: Reason) -> Fault<'a> {
    Fault {
        line: at.line,
        offset: at.offset,
        bytes: cut.length as u64,
        text: cut.content,
        reason,
    }
}

fn fault<'a>(cut: &Cut<'a>, at: Position, reason: Reason) -> (Piece<'a>, usize, u64) {
    (Piece::Fault(fault_at(cut, at, reason)), cut.length, 1)
}
