//! The rows of a frame where they stand in its text: what they count is known, the rest on demand.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::fast::FixedState;
use memchr::memchr;

use crate::{Line, Row, parse_line};

/// The kind of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `process:`
    Process,
    /// `connection:`
    Connection,
    /// `remote_address:`
    Address,
}

/// A row in 40 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) up: u64,
    pub(crate) down: u64,
    /// Of a connection's ends.
    pub(crate) hash: u64,
    /// Where its line begins in the text of its block, and how long it is.
    pub(crate) line: u32,
    pub(crate) length: u16,
    /// Where a connection's ends begin and end in its line. The interface stands before, the process
    /// ends the line.
    pub(crate) ends: (u16, u16),
    /// Where the name begins: of an address row, the host.
    pub(crate) name: u16,
    /// Where the name ends.
    pub(crate) name_end: u16,
    pub(crate) kind: Kind,
    /// It was read by the grammar: its line alone is known, and that only by its line feed.
    pub(crate) odd: bool,
}

/// Where the interface begins in a row of the usual form.
pub(crate) const INTERFACE: usize = 26;

impl Cell {
    /// The cell of a row that the grammar read in the line at `start`.
    pub(crate) fn of(row: &Row<'_>, start: usize) -> Cell {
        // Nothing moves 2^64 bytes in a second: what is beyond is held there.
        let bound = |bytes: u128| u64::try_from(bytes).unwrap_or(u64::MAX);
        let (up, down) = match row {
            Row::Process(row) => (row.up, row.down),
            Row::Connection(row) => (row.up, row.down),
            Row::Address(row) => (row.up, row.down),
        };
        Cell {
            up: bound(up),
            down: bound(down),
            hash: match row.kind() {
                Kind::Connection => ends_hash(&row.ends()),
                Kind::Process | Kind::Address => 0,
            },
            line: start as u32,
            length: 0,
            ends: (0, 0),
            name: 0,
            name_end: 0,
            kind: row.kind(),
            odd: true,
        }
    }
}

/// Hash of a connection's ends, for tables; the same in each run of the program.
#[inline]
pub(crate) fn ends_hash(ends: &[u8]) -> u64 {
    let mut hasher = FixedState::with_seed(0x6e6d).build_hasher();
    hasher.write(ends);
    hasher.finish()
}

/// The rows of a frame, in the order of the log.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) cells: &'a [Cell],
}

impl<'a> Rows<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.cells.len()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.cells.is_empty()
    }

    /// One after the other.
    pub fn iter(self) -> impl ExactSizeIterator<Item = RowRef<'a>> + Clone {
        let text = self.text;
        self.cells.iter().map(move |cell| RowRef { text, cell })
    }
}

impl PartialEq for Rows<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter()
            .map(RowRef::row)
            .eq(other.iter().map(RowRef::row))
    }
}

/// All rows in a text, whatever stands between them.
///
/// ```
/// let rows = rawlog::RowList::of(b"\nremote_address: <1> h up/down Bps: 5/6 connections: 1\nx\n");
/// assert_eq!(rows.rows().iter().next().map(|row| row.down()), Some(6));
/// ```
#[derive(Debug)]
pub struct RowList<'a> {
    text: &'a [u8],
    cells: Vec<Cell>,
}

impl<'a> RowList<'a> {
    /// The rows of a text of at most 4 GiB.
    pub fn of(text: &'a [u8]) -> Self {
        let mut start = 0;
        let mut cells = Vec::new();
        for line in text.split(|&byte| byte == b'\n') {
            if let Line::Row(row) = parse_line(line) {
                cells.push(Cell::of(&row, start));
            }
            start += line.len() + 1;
        }
        RowList { text, cells }
    }

    /// The rows.
    pub fn rows(&self) -> Rows<'_> {
        Rows {
            text: self.text,
            cells: &self.cells,
        }
    }
}

/// A row where it stands in its frame.
#[derive(Clone, Copy, Debug)]
pub struct RowRef<'a> {
    text: &'a [u8],
    cell: &'a Cell,
}

impl<'a> RowRef<'a> {
    fn line(self) -> &'a [u8] {
        let rest = &self.text[self.cell.line as usize..];
        match self.cell.odd {
            true => &rest[..memchr(b'\n', rest).unwrap_or(rest.len())],
            false => &rest[..usize::from(self.cell.length)],
        }
    }

    fn part(self, from: u16, to: u16) -> &'a [u8] {
        let line = self.cell.line as usize;
        &self.text[line + usize::from(from)..line + usize::from(to)]
    }

    /// Which of the three kinds it is.
    pub fn kind(self) -> Kind {
        self.cell.kind
    }

    /// Bytes per refresh; what is beyond 64 bits is held there.
    pub fn up(self) -> u64 {
        self.cell.up
    }

    /// Bytes per refresh; what is beyond 64 bits is held there.
    pub fn down(self) -> u64 {
        self.cell.down
    }

    /// The process of a process or connection row, the host of an address row.
    pub fn name(self) -> &'a [u8] {
        if !self.cell.odd {
            return self.part(self.cell.name, self.cell.name_end);
        }
        match self.row() {
            Row::Process(row) => row.name,
            Row::Connection(row) => row.process,
            Row::Address(row) => row.host,
        }
    }

    /// The interface of a connection row that names one.
    pub fn interface(self) -> Option<&'a [u8]> {
        match self.kind() {
            Kind::Process | Kind::Address => None,
            Kind::Connection if self.cell.odd => match self.row() {
                Row::Connection(row) => row.interface,
                Row::Process(_) | Row::Address(_) => None,
            },
            Kind::Connection => Some(self.part(INTERFACE as u16, self.cell.ends.0 - 1)),
        }
    }

    /// What tells a connection from all others, interfaces aside: see [`Row::ends`]. Empty for other
    /// rows.
    pub fn ends(self) -> Cow<'a, [u8]> {
        match self.cell.odd {
            true => Cow::Owned(self.row().ends()),
            false => Cow::Borrowed(self.part(self.cell.ends.0, self.cell.ends.1)),
        }
    }

    /// A hash of [`RowRef::ends`], the same in each run of the program.
    pub fn ends_hash(self) -> u64 {
        self.cell.hash
    }

    /// All of it.
    pub fn row(self) -> Row<'a> {
        match parse_line(self.line()) {
            Line::Row(row) => row,
            other => unreachable!("the line was a row and is {other:?}"),
        }
    }
}
