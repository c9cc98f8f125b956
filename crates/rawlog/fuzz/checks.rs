//! What holds for any bytes: the fuzz targets and the ordinary tests call the same functions.

use std::collections::HashMap;
use std::io::{self, Read};

use rawlog::{
    Closing, Connection, Fault, Frame, Item, Limits, Line, Reader, Reason, Row, RowList, RowRef,
    looks_prefixed, parse_line,
};

/// A row or note that was read reads the same after it was printed, and nothing panics.
pub(crate) fn check_line(line: &[u8]) {
    looks_prefixed(line);
    let mut printed = Vec::new();
    let read = parse_line(line);
    match read {
        Line::Row(row) => row.print(&mut printed),
        Line::Note(note) => note.print(&mut printed),
        Line::Refreshing | Line::NoTraffic | Line::Empty | Line::Fault(_) => return,
    }
    assert_eq!(printed.pop(), Some(b'\n'));
    assert_eq!(parse_line(&printed), read);
}

/// The reader's laws, for several limits and chunk sizes.
pub(crate) fn check_reader(log: &[u8]) {
    let usual = Limits::default();
    for (max_line_bytes, max_frame_bytes) in [
        (usual.max_line_bytes, usual.max_frame_bytes),
        (usual.max_line_bytes, 200),
        (90, usual.max_frame_bytes),
        (11, 100),
        (0, 0),
    ] {
        let limits = Limits {
            chunk_size: usize::MAX,
            max_line_bytes,
            max_frame_bytes,
            ..usual
        };
        check_reader_with(log, limits);
    }
}

/// The reader's laws for these limits, whatever the chunk size in them.
pub(crate) fn check_reader_with(log: &[u8], limits: Limits) {
    let whole = read(
        log,
        Limits {
            chunk_size: log.len() + 1,
            ..limits
        },
    );
    check_places(log, limits, &whole);
    check_against_lines(log, limits, &whole);
    // A longer log is cut into fewer pieces: only the time it takes is in question.
    let small = if log.len() < 4096 { 1 } else { 1021 };
    let odd = 4 + log.len() % 61 * small;
    for chunk_size in [small, odd] {
        let parts = read(
            log,
            Limits {
                chunk_size,
                ..limits
            },
        );
        assert!(
            whole == parts,
            "chunks of {chunk_size} bytes change the items of {limits:?}"
        );
    }
}

/// An item that owns its text.
#[derive(Debug, PartialEq)]
enum Seen {
    Frame(SeenFrame),
    Fault(SeenFault),
    Note(Vec<u8>, u64),
    Filler(u64),
    Unfinished(SeenFault),
}

#[derive(Debug, PartialEq)]
struct SeenFrame {
    line: u64,
    offset: u64,
    bytes: u64,
    text: Vec<u8>,
    header: bool,
    idle: bool,
    closing: Closing,
    timestamp: Option<i64>,
    rows: Vec<u8>,
    faults: Vec<SeenFault>,
}

#[derive(Clone, Debug, PartialEq)]
struct SeenFault {
    line: u64,
    offset: u64,
    bytes: u64,
    text: Vec<u8>,
    reason: Reason,
}

impl SeenFrame {
    fn new(frame: &Frame<'_>) -> Self {
        SeenFrame {
            line: frame.line,
            offset: frame.offset,
            bytes: frame.bytes(),
            text: frame.text.to_vec(),
            header: frame.header,
            idle: frame.idle,
            closing: frame.closing,
            timestamp: frame.timestamp,
            rows: printed(frame),
            faults: frame
                .faults
                .iter()
                .map(|fault| SeenFault::new(&fault))
                .collect(),
        }
    }
}

impl SeenFault {
    fn new(fault: &Fault<'_>) -> Self {
        let Fault {
            line,
            offset,
            bytes,
            text,
            reason,
        } = *fault;
        SeenFault {
            line,
            offset,
            bytes,
            text: text.to_vec(),
            reason,
        }
    }
}

fn printed(frame: &Frame<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for row in frame.rows.iter() {
        check_row(row);
        row.row().print(&mut out);
        assert_eq!(Some(row.row().timestamp()), frame.timestamp);
    }
    // The beginning of a fault may look like a row.
    let partial = |fault: Fault<'_>| matches!(fault.reason, Reason::TooLong | Reason::GluedHeader);
    if !frame.faults.iter().any(partial) {
        let again = RowList::of(frame.text);
        assert!(again.rows() == frame.rows);
        again.rows().iter().for_each(check_row);
    }
    out
}

/// What is known of a row at first sight is what the grammar reads in it.
fn check_row(seen: RowRef<'_>) {
    let row = seen.row();
    let (up, down, name, interface) = match row {
        Row::Process(row) => (row.up, row.down, row.name, None),
        Row::Connection(row) => (row.up, row.down, row.process, row.interface),
        Row::Address(row) => (row.up, row.down, row.host, None),
    };
    let bound = |bytes: u128| u64::try_from(bytes).unwrap_or(u64::MAX);
    assert_eq!((seen.up(), seen.down()), (bound(up), bound(down)));
    assert_eq!((seen.kind(), seen.name()), (row.kind(), name));
    assert_eq!(seen.interface(), interface);
    assert_eq!(*seen.ends(), row.ends());
    let mut line = Vec::new();
    row.print(&mut line);
    let plain = RowList::of(&line);
    let hashes = plain.rows().iter().map(|row| row.ends_hash());
    assert!(
        hashes.eq([seen.ends_hash()]),
        "the hash is that of the ends"
    );
}

/// Rows with the same number are the same but for what they count.
fn check_numbers(frame: &Frame<'_>, numbered: &mut HashMap<(u64, u32), Vec<u8>>) {
    for row in frame.rows.iter() {
        let Some(number) = row.number() else { continue };
        let mut line = Vec::new();
        let Row::Connection(connection) = row.row() else {
            panic!("only connection rows have numbers");
        };
        let same = Connection {
            timestamp: 0,
            up: 0,
            down: 0,
            ..connection
        };
        Row::Connection(same).print(&mut line);
        let known = numbered
            .entry((frame.rows.edition(), number))
            .or_insert_with(|| line.clone());
        assert_eq!(*known, line);
    }
}

/// Reads a log; checks on the way that the items lie end to end and fill it.
fn read(log: &[u8], limits: Limits) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut sum = 0;
    let mut numbered = HashMap::new();
    let (extent, outcome) = Reader::new(Trickle(log), limits).for_each(|item| {
        if let Item::Frame(frame) = &item {
            check_numbers(frame, &mut numbered);
        }
        match &item {
            Item::Frame(frame) => assert_eq!(frame.offset, sum),
            Item::Fault(fault) | Item::Unfinished(fault) => assert_eq!(fault.offset, sum),
            Item::Note(..) | Item::Filler(_) => {}
        }
        sum += item.bytes();
        // How much of it comes at a time says nothing.
        if let (Item::Filler(bytes), Some(Seen::Filler(before))) = (&item, seen.last_mut()) {
            *before += bytes;
            return;
        }
        seen.push(match item {
            Item::Frame(frame) => Seen::Frame(SeenFrame::new(frame)),
            Item::Fault(fault) => Seen::Fault(SeenFault::new(&fault)),
            Item::Note(note, bytes) => {
                let mut printed = Vec::new();
                note.print(&mut printed);
                Seen::Note(printed, bytes)
            }
            Item::Filler(bytes) => Seen::Filler(bytes),
            Item::Unfinished(fault) => Seen::Unfinished(SeenFault::new(&fault)),
        });
    });
    outcome.expect("the source does not fail");
    assert_eq!(sum, log.len() as u64, "every byte is in one item");
    assert_eq!(extent.bytes, log.len() as u64);
    assert_eq!(extent.lines, line_ends(log));
    seen
}

fn line_ends(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// A source that gives fewer bytes than it is asked for, as pipes do.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let part = if buffer.len() > 5 {
            buffer.len() / 2 + 1
        } else {
            buffer.len()
        };
        self.0.read(&mut buffer[..part])
    }
}

/// Counts lines up to offsets that only grow.
struct Lines<'a> {
    log: &'a [u8],
    offset: usize,
    line: u64,
}

impl Lines<'_> {
    fn line_at(&mut self, offset: u64) -> u64 {
        self.line += line_ends(&self.log[self.offset..offset as usize]);
        self.offset = offset as usize;
        self.line
    }
}

/// Lines, offsets and texts are those of the log.
fn check_places(log: &[u8], limits: Limits, items: &[Seen]) {
    let mut lines = Lines {
        log,
        offset: 0,
        line: 1,
    };
    for item in items {
        match item {
            Seen::Frame(frame) => {
                let from = frame.offset as usize;
                let text = &log[from..][..frame.bytes as usize];
                assert_eq!(frame.line, lines.line_at(frame.offset));
                if frame
                    .faults
                    .iter()
                    .all(|fault| fault.reason != Reason::TooLong)
                {
                    assert_eq!(frame.text, text);
                }
                let mut end = frame.offset;
                for fault in &frame.faults {
                    assert!(
                        fault.offset >= end,
                        "faults are in order and do not overlap"
                    );
                    check_fault(log, limits, fault, &mut lines);
                    end = fault.offset + fault.bytes;
                }
                assert!(
                    end <= frame.offset + frame.bytes,
                    "faults lie within their frame"
                );
                assert_eq!(frame.timestamp.is_none(), frame.rows.is_empty());
                assert!(
                    !frame.idle || frame.rows.is_empty(),
                    "an idle frame has no rows"
                );
                assert_eq!(
                    frame.closing == Closing::EmptyLine,
                    ends_with_empty_line(text)
                );
            }
            Seen::Fault(fault) => check_fault(log, limits, fault, &mut lines),
            Seen::Note(..) | Seen::Filler(_) => {}
            Seen::Unfinished(fault) => {
                assert_eq!(fault.offset + fault.bytes, log.len() as u64);
                assert_eq!(fault.line, lines.line_at(log.len() as u64));
                assert!(!log[fault.offset as usize..].contains(&b'\n'));
                assert_eq!(fault.reason, Reason::Unfinished);
                assert!(log[fault.offset as usize..].starts_with(&fault.text));
            }
        }
    }
}

fn ends_with_empty_line(frame: &[u8]) -> bool {
    frame.ends_with(b"\n\n") || frame.ends_with(b"\n\r\n")
}

fn check_fault(log: &[u8], limits: Limits, fault: &SeenFault, lines: &mut Lines<'_>) {
    let from = fault.offset as usize;
    let text = &log[from..][..fault.bytes as usize];
    assert_eq!(fault.line, lines.line_at(fault.offset));
    assert!(text.starts_with(&fault.text));
    if fault.reason == Reason::GluedHeader {
        assert_eq!(fault.text, text);
        assert!(log[from + text.len()..].starts_with(b"Refreshing:"));
        return;
    }
    assert_eq!(text.last(), Some(&b'\n'));
    assert_eq!(line_ends(text), 1, "a fault is one line");
    if fault.reason == Reason::TooLong {
        assert_eq!(fault.text.len(), limits.max_line_bytes + 1);
        assert!(text.len() > fault.text.len());
    } else {
        assert_eq!(fault.text, &text[..text.len() - 1]);
        assert!(fault.text.len() <= limits.max_line_bytes);
    }
}

/// The rows, headers and faults are those that a plain look at each line finds.
fn check_against_lines(log: &[u8], limits: Limits, items: &[Seen]) {
    let text = log.strip_prefix(b"\xef\xbb\xbf").unwrap_or(log);
    let (mut rows, mut faults, mut headers, mut idle) = (Vec::new(), Vec::new(), 0, 0);
    let mut notes = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let Some(line) = line.strip_suffix(b"\n") else {
            continue;
        };
        if line.len() > limits.max_line_bytes {
            faults.push((Reason::TooLong, &line[..limits.max_line_bytes + 1]));
            continue;
        }
        match parse_line(line) {
            Line::Refreshing => headers += 1,
            Line::NoTraffic => idle += 1,
            Line::Empty => {}
            Line::Row(row) => row.print(&mut rows),
            Line::Note(_) => notes += 1,
            Line::Fault(reason) => faults.push((reason, line)),
        }
    }
    let (mut seen_rows, mut seen_headers, mut seen_idle) = (Vec::new(), 0, 0);
    let mut seen_faults = Vec::new();
    let mut seen_notes = 0;
    for item in items {
        match item {
            Seen::Frame(frame) => {
                seen_rows.extend_from_slice(&frame.rows);
                seen_headers += u64::from(frame.header);
                seen_idle += u64::from(frame.idle);
                seen_faults.extend_from_slice(&frame.faults);
            }
            // Of a frame that is too long: what it would say.
            Seen::Fault(fault) if fault.reason == Reason::FrameTooLong => {
                match parse_line(&fault.text) {
                    Line::Row(row) => row.print(&mut seen_rows),
                    Line::NoTraffic => seen_idle += 1,
                    Line::Note(_) => seen_notes += 1,
                    Line::Fault(reason) => seen_faults.push(SeenFault {
                        reason,
                        ..fault.clone()
                    }),
                    Line::Refreshing | Line::Empty => panic!("the frame ended before"),
                }
            }
            Seen::Fault(fault) => seen_faults.push(fault.clone()),
            Seen::Note(..) => seen_notes += 1,
            Seen::Filler(_) | Seen::Unfinished(_) => {}
        }
    }
    // The reader knows more than a line tells: what stands in a wrong place, and what is glued.
    seen_faults.retain(|fault| {
        seen_idle += u64::from(fault.reason == Reason::MisplacedIdle);
        seen_notes += u64::from(fault.reason == Reason::MisplacedNote);
        !matches!(fault.reason, Reason::MisplacedIdle | Reason::MisplacedNote)
    });
    assert!(seen_rows == rows);
    assert_eq!((seen_idle, seen_notes), (idle, notes));
    assert_eq!(seen_faults.len(), faults.len());
    for (seen, (reason, line)) in seen_faults.iter().zip(faults) {
        if seen.reason == Reason::GluedHeader {
            seen_headers -= 1;
            assert!(line.starts_with(&seen.text));
        } else {
            assert_eq!((seen.reason, &seen.text[..]), (reason, line));
        }
    }
    assert_eq!(seen_headers, headers);
}
