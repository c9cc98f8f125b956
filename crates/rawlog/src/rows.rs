//! The rows of a frame where they stand in its text: what they count is known, the rest on demand.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::fast::FixedState;
use memchr::memchr;

use crate::known::KnownRows;
use crate::quick::HEAD;
use crate::{Kind, Line, Row, parse_line};

/// A row in 32 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) up: u64,
    pub(crate) down: u64,
    /// Where its line begins in the text of its block.
    pub(crate) line: u32,
    pub(crate) form: Form,
    pub(crate) kind: Kind,
}

/// What is known of a row besides its numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// A connection row by its number among the known ones.
    Known(u32),
    /// A process or address row: where in its line the name or host begins and ends.
    Plain(u16, u16),
    /// It was read by the grammar, and is again where more than its numbers is asked for.
    Odd,
}

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
            line: start as u32,
            form: Form::Odd,
            kind: row.kind(),
        }
    }
}

/// Hash of a connection's ends, for tables; the same in each run of the program.
fn ends_hash(ends: &[u8]) -> u64 {
    let mut hasher = FixedState::with_seed(0x6e6d).build_hasher();
    hasher.write(ends);
    hasher.finish()
}

/// The rows of a frame, in the order of the log.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) cells: &'a [Cell],
    /// The known rows that the cells speak of. `None` if they speak of none.
    pub(crate) known: Option<&'a KnownRows>,
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

    /// What the numbers of these rows mean: in frames of the same edition, rows with the same
    /// [`RowRef::number`] are one row seen again.
    pub fn edition(self) -> u64 {
        self.known.map_or(0, KnownRows::edition)
    }

    /// One after the other.
    #[inline]
    pub fn iter(self) -> impl ExactSizeIterator<Item = RowRef<'a>> + Clone {
        let Rows { text, known, .. } = self;
        let row = move |cell| RowRef { text, cell, known };
        self.cells.iter().map(row)
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
            known: None,
        }
    }
}

/// A row where it stands in its frame.
#[derive(Clone, Copy, Debug)]
pub struct RowRef<'a> {
    text: &'a [u8],
    cell: &'a Cell,
    known: Option<&'a KnownRows>,
}

impl<'a> RowRef<'a> {
    fn line(self) -> &'a [u8] {
        let rest = &self.text[self.cell.line as usize..];
        &rest[..memchr(b'\n', rest).unwrap_or(rest.len())]
    }

    fn part(self, from: usize, to: usize) -> &'a [u8] {
        let line = self.cell.line as usize;
        &self.text[line + from..line + to]
    }

    fn known(self, number: u32) -> (&'a KnownRows, u32) {
        (self.known.expect("a number is given to known rows"), number)
    }

    /// Which of the three kinds it is.
    #[inline]
    pub fn kind(self) -> Kind {
        self.cell.kind
    }

    /// Bytes per refresh; what is beyond 64 bits is held there.
    #[inline]
    pub fn up(self) -> u64 {
        self.cell.up
    }

    /// Bytes per refresh; what is beyond 64 bits is held there.
    #[inline]
    pub fn down(self) -> u64 {
        self.cell.down
    }

    /// A number that all rows of this [`Rows::edition`] share which are the same but for the time and
    /// what they count. Numbers are small and given from 0 on. `None` if the reader did not compare
    /// the row with others: such a row may be the same as any other.
    #[inline]
    pub fn number(self) -> Option<u32> {
        match self.cell.form {
            Form::Known(number) => Some(number),
            Form::Plain(..) | Form::Odd => None,
        }
    }

    /// The process of a process or connection row, the host of an address row.
    pub fn name(self) -> &'a [u8] {
        match self.cell.form {
            Form::Known(number) => {
                let (known, number) = self.known(number);
                known.name(number)
            }
            Form::Plain(start, end) => self.part(start.into(), end.into()),
            Form::Odd => match self.row() {
                Row::Process(row) => row.name,
                Row::Connection(row) => row.process,
                Row::Address(row) => row.host,
            },
        }
    }

    /// The interface of a connection row that names one.
    pub fn interface(self) -> Option<&'a [u8]> {
        match self.cell.form {
            Form::Known(number) => {
                let (known, number) = self.known(number);
                Some(self.part(HEAD + 1, known.ends(number).0 - 1))
            }
            Form::Plain(..) => None,
            Form::Odd => match self.row() {
                Row::Connection(row) => row.interface,
                Row::Process(_) | Row::Address(_) => None,
            },
        }
    }

    /// What tells a connection from all others, interfaces aside: see [`Row::ends`]. Empty for other
    /// rows.
    pub fn ends(self) -> Cow<'a, [u8]> {
        match self.cell.form {
            Form::Known(number) => {
                let (known, number) = self.known(number);
                let (start, end) = known.ends(number);
                Cow::Borrowed(self.part(start, end))
            }
            Form::Plain(..) => Cow::Borrowed(&[]),
            Form::Odd => Cow::Owned(self.row().ends()),
        }
    }

    /// A hash of [`RowRef::ends`], the same in each run of the program.
    pub fn ends_hash(self) -> u64 {
        ends_hash(&self.ends())
    }

    /// All of it.
    pub fn row(self) -> Row<'a> {
        match parse_line(self.line()) {
            Line::Row(row) => row,
            other => unreachable!("the line was a row and is {other:?}"),
        }
    }
}
