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
    /// Its text, from the header to the empty line that closes it. Of an overlong line only the part
    /// that the reader keeps.
    pub text: &'a [u8],
    /// Whether it begins with `Refreshing:` (since 0.17.0).
    pub header: bool,
    /// Whether it says `<NO TRAFFIC>` and holds no row. In a frame with rows that line is a fault.
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
    /// A frame that holds nothing yet.
    pub(crate) fn empty() -> Self {
        Frame {
            line: 1,
            offset: 0,
            text: &[],
            header: false,
            idle: false,
            closing: Closing::EndOfLog,
            rows: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Forgets what it held, but not the memory.
    fn begin(&mut self, at: Position) {
        (self.line, self.offset) = (at.line, at.offset);
        (self.header, self.idle) = (false, false);
        self.rows.clear();
        self.faults.clear();
    }

    /// Bytes that it takes in the log: its text, and what was not kept of overlong lines.
    pub fn bytes(&self) -> u64 {
        self.text.len() as u64 + self.faults.iter().map(Fault::lost_bytes).sum::<u64>()
    }

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
    /// A frame: the one that the caller lent.
    Frame,
    Fault(Fault<'a>),
    /// An empty line between frames.
    Empty,
}

/// A piece, and how much of the text it took.
#[derive(Debug)]
pub(crate) struct Taken<'a> {
    pub(crate) piece: Piece<'a>,
    pub(crate) bytes: usize,
    /// Line ends among these bytes.
    pub(crate) lines: u64,
}

/// What a fault adds to the size of its frame: a frame of nothing but two-byte lines must not take
/// thirty times its text in memory.
const FAULT_BYTES: usize = 64;

pub(crate) struct Splitter {
    pub(crate) max_line_bytes: usize,
    pub(crate) max_frame_bytes: usize,
}

/// A line of the text: its content, and its length with the line feed.
struct Cut<'a> {
    content: &'a [u8],
    length: usize,
}

fn cut_line(text: &[u8]) -> Option<Cut<'_>> {
    memchr(b'\n', text).map(|end| Cut {
        content: &text[..end],
        length: end + 1,
    })
}

impl Splitter {
    /// Takes one piece off the head of `text`; `None` where `text` does not hold all of it yet.
    /// `frame` lends its memory, and is the frame where the piece is one.
    pub(crate) fn next<'a>(
        &self,
        text: &'a [u8],
        at_end: bool,
        at: Position,
        frame: &mut Frame<'a>,
    ) -> Option<Taken<'a>> {
        let cut = cut_line(text)?;
        let piece = match self.read(cut.content) {
            Line::Refreshing | Line::Row(_) => return self.frame(text, at_end, at, frame),
            Line::Empty => Piece::Empty,
            Line::NoTraffic => Piece::Fault(fault_at(&cut, at, Reason::MisplacedIdle)),
            Line::Fault(reason) => {
                if let Some(head) = glued_head(&cut, reason) {
                    let piece = Piece::Fault(fault_at(&head, at, Reason::GluedHeader));
                    return Some(Taken {
                        piece,
                        bytes: head.length,
                        lines: 0,
                    });
                }
                Piece::Fault(fault_at(&cut, at, reason))
            }
        };
        Some(Taken {
            piece,
            bytes: cut.length,
            lines: 1,
        })
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
        frame: &mut Frame<'a>,
    ) -> Option<Taken<'a>> {
        frame.begin(at);
        let (mut taken, mut lines) = (0, 0);
        let mut rank = 0;
        // Where the frame's word that there is no traffic stands among its faults.
        let mut idle = None;
        frame.closing = loop {
            let Some(cut) = cut_line(&text[taken..]) else {
                if at_end {
                    break Closing::EndOfLog;
                }
                return None;
            };
            let here = Position {
                line: at.line + lines,
                offset: at.offset + taken as u64,
            };
            match self.read(cut.content) {
                Line::Refreshing if lines == 0 => frame.header = true,
                Line::Refreshing => break Closing::NextHeader,
                Line::Empty => {
                    taken += cut.length;
                    lines += 1;
                    break Closing::EmptyLine;
                }
                Line::NoTraffic => {
                    idle = idle.or(Some(frame.faults.len()));
                    frame
                        .faults
                        .push(fault_at(&cut, here, Reason::MisplacedIdle));
                }
                Line::Row(row) => {
                    if let Some(first) = frame.rows.first()
                        && (first.timestamp() != row.timestamp()
                            || (!frame.header && row.rank() < rank))
                    {
                        break Closing::NextRows;
                    }
                    rank = row.rank();
                    frame.rows.push(row);
                }
                Line::Fault(reason) => {
                    if let Some(head) = glued_head(&cut, reason) {
                        frame
                            .faults
                            .push(fault_at(&head, here, Reason::GluedHeader));
                        taken += head.length;
                        break Closing::NextHeader;
                    }
                    frame.faults.push(fault_at(&cut, here, reason));
                }
            }
            taken += cut.length;
            lines += 1;
            if taken + frame.faults.len() * FAULT_BYTES > self.max_frame_bytes {
                break Closing::TooLong;
            }
        };
        // Only now it is known whether rows follow.
        if let Some(at) = idle
            && frame.rows.is_empty()
        {
            frame.faults.remove(at);
            frame.idle = true;
        }
        frame.text = &text[..taken];
        Some(Taken {
            piece: Piece::Frame,
            bytes: taken,
            lines,
        })
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
        content: &cut.content[..length],
        length,
    })
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

#[cfg(test)]
mod tests {
    use crate::{Item, Limits, Reader};

    const SSH: &str = "process: <7> \"ssh\" up/down Bps: 3/4 connections: 1\n";
    const SSH_LATER: &str = "process: <8> \"ssh\" up/down Bps: 3/4 connections: 1\n";
    const PEER: &str = "remote_address: <7> 192.0.2.7 up/down Bps: 3/4 connections: 1\n";

    /// Each item as one line of text.
    fn items(log: &str) -> Vec<String> {
        items_within(log, Limits::default().max_frame_bytes)
    }

    fn items_within(log: &str, max_frame_bytes: usize) -> Vec<String> {
        let mut items = Vec::new();
        let limits = Limits {
            max_frame_bytes,
            ..Limits::default()
        };
        let (_, outcome) = Reader::new(log.as_bytes(), limits).for_each(|item| {
            items.push(match item {
                Item::Frame(frame) => {
                    let head = if frame.header { "head " } else { "" };
                    let idle = if frame.idle { "idle " } else { "" };
                    let whole = if frame.is_whole() { "whole" } else { "cut" };
                    let faults: Vec<_> = frame.faults.iter().map(|fault| fault.reason).collect();
                    let rows = frame.rows.len();
                    format!(
                        "{head}{idle}{rows} rows {faults:?} {:?} {whole}",
                        frame.closing
                    )
                }
                Item::Fault(fault) => format!("{:?}", fault.reason),
                Item::Filler(bytes) => format!("filler {bytes}"),
                Item::Unfinished(fault) => format!("unfinished {}", fault.bytes),
            });
        });
        outcome.unwrap();
        items
    }

    #[test]
    fn an_empty_line_ends_a_frame() {
        let log = format!("Refreshing:\n{SSH}{PEER}\nRefreshing:\n<NO TRAFFIC>\n\n");
        assert_eq!(
            items(&log),
            [
                "head 2 rows [] EmptyLine whole",
                "head idle 0 rows [] EmptyLine whole"
            ]
        );
    }

    #[test]
    fn a_frame_without_anything_in_it_is_not_idle() {
        assert_eq!(items("Refreshing:\n\n"), ["head 0 rows [] EmptyLine whole"]);
    }

    #[test]
    fn a_header_cuts_the_frame_before_it() {
        let log = format!("Refreshing:\n{SSH}Refreshing:\n<NO TRAFFIC>\n\n");
        assert_eq!(
            items(&log),
            [
                "head 1 rows [] NextHeader cut",
                "head idle 0 rows [] EmptyLine whole"
            ]
        );
    }

    #[test]
    fn a_header_behind_a_cut_line_begins_a_frame() {
        let log = format!("Refreshing:\n{SSH}connection: <7> <ethRefreshing:\n<NO TRAFFIC>\n\n");
        assert_eq!(
            items(&log),
            [
                "head 1 rows [GluedHeader] NextHeader cut",
                "head idle 0 rows [] EmptyLine whole"
            ]
        );
        assert_eq!(
            items("\x1b[?1049lRefreshing:\n<NO TRAFFIC>\n\n"),
            ["GluedHeader", "head idle 0 rows [] EmptyLine whole"]
        );
    }

    #[test]
    fn another_time_begins_another_frame() {
        let log = format!("Refreshing:\n{SSH}{SSH_LATER}\n");
        assert_eq!(
            items(&log),
            ["head 1 rows [] NextRows cut", "1 rows [] EmptyLine whole"]
        );
    }

    #[test]
    fn frames_without_header_end_where_time_or_kind_goes_on_anew() {
        let log = format!("{SSH}{PEER}{SSH}{PEER}{SSH_LATER}");
        assert_eq!(
            items(&log),
            [
                "2 rows [] NextRows whole",
                "2 rows [] NextRows whole",
                "1 rows [] EndOfLog whole"
            ]
        );
    }

    #[test]
    fn within_a_header_the_order_of_kinds_does_not_matter() {
        let log = format!("Refreshing:\n{PEER}{SSH}\n");
        assert_eq!(items(&log), ["head 2 rows [] EmptyLine whole"]);
    }

    #[test]
    fn a_frame_at_the_end_of_the_log_may_go_on() {
        let log = format!("Refreshing:\n{SSH}");
        assert_eq!(items(&log), ["head 1 rows [] EndOfLog cut"]);
        assert_eq!(
            items(&format!("{log}{}", &SSH[..9])),
            ["head 1 rows [] EndOfLog cut", "unfinished 9"]
        );
    }

    #[test]
    fn no_traffic_is_a_fault_wherever_there_is_traffic() {
        for body in [
            format!("<NO TRAFFIC>\n{SSH}"),
            format!("{SSH}<NO TRAFFIC>\n"),
        ] {
            let log = format!("Refreshing:\n{body}\n");
            assert_eq!(items(&log), ["head 1 rows [MisplacedIdle] EmptyLine whole"]);
        }
        assert_eq!(items("<NO TRAFFIC>\n"), ["MisplacedIdle"]);
        assert_eq!(
            items("Refreshing:\n<NO TRAFFIC>\n<NO TRAFFIC>\n\n"),
            ["head idle 0 rows [MisplacedIdle] EmptyLine whole"]
        );
    }

    #[test]
    fn a_damaged_line_stays_in_its_frame() {
        let log = format!("Refreshing:\n{SSH}what is this\n{PEER}\n");
        assert_eq!(items(&log), ["head 2 rows [UnknownKind] EmptyLine whole"]);
    }

    #[test]
    fn a_large_frame_is_given_out_in_parts() {
        let log = format!("Refreshing:\n{SSH}{SSH}{SSH}\n");
        assert_eq!(
            items_within(&log, 12 + SSH.len()),
            ["head 2 rows [] TooLong cut", "1 rows [] EmptyLine whole"]
        );
    }

    #[test]
    fn many_small_faults_make_a_large_frame() {
        let log = format!("Refreshing:\n{}", "x\n".repeat(100));
        let items = items_within(&log, 1000);
        assert_eq!(items.len(), 1 + (100 - 15));
        assert!(items[0].ends_with("TooLong cut"));
    }
}
