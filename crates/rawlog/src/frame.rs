//! Lines → frames. A frame is one refresh of bandwhich: its rows, or word that there was no traffic.

use crate::line::glued_header;
use crate::quick::{self, Stamp};
use crate::rows::{Cell, Kind, Rows};
use crate::{Fault, Limits, Line, Reason, parse_line};

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
    xxhash_rust::xxh3::xxh3_64(text)
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// An overlong line: where it begins in the text, and how many of its bytes were taken out.
pub(crate) type Removed = (usize, u64);

/// Splits text into pieces.
pub(crate) struct Splitter<'a> {
    pub(crate) text: &'a [u8],
    /// Whether the text is all there is, so that its last frame ends with it.
    pub(crate) at_end: bool,
    pub(crate) limits: Limits,
    pub(crate) removed: &'a [Removed],
    pub(crate) into: &'a mut Pieces,
    /// From that of the line at hand on.
    line_feeds: &'a [u32],
    /// How much of the text was taken, and where that is.
    pub(crate) taken: usize,
    pub(crate) at: Position,
    stamp: Option<Stamp>,
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

impl<'a> Splitter<'a> {
    pub(crate) fn new(
        text: &'a [u8],
        at_end: bool,
        limits: Limits,
        removed: &'a [Removed],
        line_feeds: &'a [u32],
        into: &'a mut Pieces,
    ) -> Self {
        Splitter {
            line_feeds,
            text,
            at_end,
            limits,
            removed,
            into,
            taken: 0,
            at: Position {
                lines: 0,
                offset: 0,
            },
            stamp: None,
        }
    }

    /// Takes all pieces that the text holds whole.
    pub(crate) fn split(&mut self) {
        while let Some(piece) = self.next() {
            self.into.pieces.push(piece);
        }
    }

    fn next(&mut self) -> Option<Piece> {
        let mut line_feeds = self.line_feeds;
        let cut = self.cut(&mut line_feeds, self.taken)?;
        let reason = match self.read(&cut) {
            Read::Refreshing => return self.frame(),
            Read::Row(..) => {
                self.into.cells.pop();
                return self.frame();
            }
            Read::Empty => {
                let bytes = cut.length();
                self.take(bytes, 1);
                self.line_feeds = line_feeds;
                return Some(Piece::Filler(bytes as u64));
            }
            Read::Note => {
                self.take(cut.length(), 1);
                self.line_feeds = line_feeds;
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
        self.line_feeds = line_feeds;
        Some(Piece::Fault(fault))
    }

    fn take(&mut self, bytes: usize, lines: u64) {
        self.taken += bytes;
        self.at.offset += bytes as u64;
        self.at.lines += lines;
    }

    /// The line that begins at `start`, with one line feed taken off these.
    #[inline(always)]
    fn cut(&self, line_feeds: &mut &[u32], start: usize) -> Option<Cut<'a>> {
        let (end, rest) = line_feeds.split_first()?;
        *line_feeds = rest;
        Some(Cut {
            start,
            content: &self.text[start..*end as usize],
        })
    }

    #[inline(always)]
    fn read(&mut self, cut: &Cut<'_>) -> Read {
        if cut.content.len() > self.limits.max_line_bytes {
            return Read::Fault(Reason::TooLong);
        }
        self.read_by_grammar(cut)
    }

    #[inline(never)]
    fn read_by_grammar(&mut self, cut: &Cut<'_>) -> Read {
        match parse_line(cut.content) {
            Line::Refreshing => Read::Refreshing,
            Line::NoTraffic => Read::NoTraffic,
            Line::Empty => Read::Empty,
            Line::Row(row) => {
                self.stamp = Stamp::of(cut.content, row.timestamp());
                self.into.cells.push(Cell::of(&row, cut.start));
                Read::Row(row.kind(), row.timestamp())
            }
            Line::Note(_) => Read::Note,
            Line::Fault(reason) => Read::Fault(reason),
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
        let (start, all_line_feeds) = (self.taken, self.line_feeds);
        let mut line_feeds = all_line_feeds;
        let mut taken = start;
        // Bytes of overlong lines that were taken out of the text.
        let mut lost = 0;
        let (mut header, mut timestamp, mut kind) = (false, None, Kind::Process);
        // Where the frame's word that there is no traffic stands among its faults.
        let mut idle = None;
        let closing = loop {
            let rest = line_feeds;
            let Some(cut) = self.cut(&mut line_feeds, taken) else {
                if self.at_end {
                    break Closing::EndOfLog;
                }
                self.into.cells.truncate(first_cell);
                self.into.faults.truncate(first_fault);
                return None;
            };
            let here = |splitter: &Self| Position {
                lines: splitter.at.lines + (all_line_feeds.len() - rest.len()) as u64,
                offset: splitter.at.offset + (taken - start) as u64 + lost,
            };
            let row = match &self.stamp {
                Some(stamp) if cut.content.len() <= self.limits.max_line_bytes => {
                    let row = quick::row(cut.content, cut.start, stamp, &mut self.into.cells);
                    row.map(|kind| Read::Row(kind, stamp.time))
                }
                _ => None,
            };
            match row.unwrap_or_else(|| self.read(&cut)) {
                Read::Row(found, time) => {
                    if let Some(first) = timestamp
                        && (first != time || (!header && found < kind))
                    {
                        self.into.cells.pop();
                        line_feeds = rest;
                        break Closing::NextRows;
                    }
                    timestamp = Some(time);
                    kind = found;
                }
                Read::Refreshing if taken == start => header = true,
                Read::Refreshing => {
                    line_feeds = rest;
                    break Closing::NextHeader;
                }
                Read::Empty => {
                    taken += cut.length();
                    break Closing::EmptyLine;
                }
                Read::NoTraffic => {
                    idle = idle.or(Some(self.into.faults.len()));
                    let fault = self.fault(&cut, here(self), Reason::MisplacedIdle);
                    self.into.faults.push(fault);
                }
                // No collector writes there: it is no more to be believed than any other line.
                Read::Note => {
                    let fault = self.fault(&cut, here(self), Reason::MisplacedNote);
                    self.into.faults.push(fault);
                }
                Read::Fault(reason) => {
                    if let Some(head) = glued_head(&cut, reason) {
                        let fault = self.fault(&head, here(self), Reason::GluedHeader);
                        self.into.faults.push(fault);
                        taken += head.content.len();
                        line_feeds = rest;
                        break Closing::NextHeader;
                    }
                    let fault = self.fault(&cut, here(self), reason);
                    lost += fault.bytes - cut.length() as u64;
                    self.into.faults.push(fault);
                }
            }
            taken += cut.length();
            let faults = self.into.faults.len() - first_fault;
            if taken - start + faults * FAULT_BYTES > self.limits.max_frame_bytes {
                break Closing::TooLong;
            }
        };
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
        self.take(
            taken - start,
            (all_line_feeds.len() - line_feeds.len()) as u64,
        );
        self.at.offset += lost;
        self.line_feeds = line_feeds;
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
                Item::Note(_, bytes) => format!("note {bytes}"),
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
    fn a_note_stands_between_frames_and_nowhere_else() {
        let note = "network-monitor: <7> owner :22 => :443 (tcp) pid 9 process \"ssh\"\n";
        let frame = format!("Refreshing:\n{SSH}\n");
        let length = note.len();
        assert_eq!(
            items(&format!("{note}{note}\n{frame}{note}\n{frame}")),
            [
                &format!("note {length}"),
                &format!("note {length}"),
                "filler 1",
                "head 1 rows [] EmptyLine whole",
                &format!("note {length}"),
                "filler 1",
                "head 1 rows [] EmptyLine whole"
            ]
        );
        assert_eq!(
            items(&format!("Refreshing:\n{note}{SSH}\n")),
            ["head 1 rows [MisplacedNote] EmptyLine whole"]
        );
        // What a name of fifteen bytes can print at most.
        let forged = SSH.replace("ssh", "\n\nnetwork-monit");
        assert_eq!(
            items(&format!("Refreshing:\n{forged}\n"))[1..],
            ["UnknownKind", "filler 1"]
        );
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
