//! The connection rows that were read before, so that they need not be read again.
//!
//! A connection is printed once a second for as long as it moves anything, and its lines differ in
//! nothing but the time and two numbers. What the grammar once read in such a line holds for every
//! other one with the same bytes around the numbers: the interface ends at the first place where it
//! may, and so does the host, and both places lie before the first number, beyond which neither
//! looks. So the bytes are compared, and only the numbers are read.

use std::sync::atomic::{AtomicU64, Ordering};

use memchr::{memchr, memrchr};
use wide::u8x16;

use crate::Connection;
use crate::quick::{self, HEAD, MARK, Numbers, Stamp, Window};

/// The number of no row.
pub(crate) const NONE: u32 = u32::MAX;

/// Rows that are remembered where frames have few.
const LEAST: usize = 2048;
/// Places of the table for each row: few rows meet at one place.
const PLACES: usize = 8;
/// Places that are looked at. A log made to have many rows meet at one gains nothing but that they
/// are read by the grammar.
const PROBES: usize = 8;
/// Bytes behind the numbers that are compared: an owner's name of up to fifteen bytes.
const TAIL: usize = 32;
/// Bytes before the numbers that five overlapping chunks cover.
const COVERED: usize = 80;

/// What stands before the owner's name behind the numbers.
const OWNER: &[u8; 11] = b" process: \"";

/// Numbers the editions of all readers.
static EDITIONS: AtomicU64 = AtomicU64::new(1);

fn next_edition() -> u64 {
    EDITIONS.fetch_add(1, Ordering::Relaxed)
}

/// A row but for its time and its numbers, in two cache lines.
#[derive(Debug)]
#[repr(C, align(64))]
struct Known {
    /// What stands between the time and the numbers: its first 32 bytes, sixteen from its middle and
    /// its last 32.
    head: [[u8; 16]; 5],
    /// What stands behind the numbers, the line feed included, at the end.
    tail: [u8; TAIL],
    /// A bit for each byte of `tail` that is not part of it.
    beside_tail: u32,
    head_length: u16,
    /// Where the ports and the peer begin in the line.
    ends: u16,
    tail_length: u8,
    name_length: u8,
    /// Where all of a head lies that the chunks do not cover.
    rest: u32,
}

/// Rows by their bytes.
#[derive(Debug)]
pub(crate) struct KnownRows {
    edition: u64,
    rows: Vec<Known>,
    /// Numbers of rows by hash, at most an eighth of it.
    table: Vec<u32>,
    /// Long heads.
    rests: Vec<u8>,
    /// Connection rows of the largest frame that was read lately.
    pub(crate) of_a_frame: usize,
}

impl Default for KnownRows {
    fn default() -> Self {
        KnownRows {
            edition: next_edition(),
            rows: Vec::new(),
            table: Vec::new(),
            rests: Vec::new(),
            of_a_frame: 0,
        }
    }
}

impl KnownRows {
    /// Which rows the numbers mean: never the same for others.
    pub(crate) fn edition(&self) -> u64 {
        self.edition
    }

    /// Forgets all rows where most of them are likely to be gone. Numbers given out before mean
    /// nothing any more.
    pub(crate) fn forget_old(&mut self) {
        if self.rows.len() > LEAST.max(4 * self.of_a_frame) {
            self.edition = next_edition();
            self.rows.clear();
            self.rests.clear();
            self.table.fill(NONE);
        }
        self.of_a_frame = 0;
    }

    /// The number of the row that begins the window and has these numbers, if it is known.
    #[inline(always)]
    pub(crate) fn find(&self, window: &Window, numbers: &Numbers) -> Option<u32> {
        let mask = self.table.len().checked_sub(1)?;
        let head = Head::of(window, numbers);
        let first_tail = quick::part::<16>(window, numbers.end - 31);
        let last_tail = quick::part::<16>(window, numbers.end - 15);
        let tail_length = numbers.end + 1 - numbers.tail;
        let mut place = head.hash as usize;
        for _ in 0..PROBES {
            let number = self.table[place & mask];
            let known = self.rows.get(number as usize)?;
            let mut equal = u8x16::splat(0xff);
            for (one, other) in known.head.iter().zip(&head.chunks) {
                equal &= u8x16::new(*one).simd_eq(u8x16::new(*other));
            }
            let [first, last] = known.tail.as_chunks::<16>().0 else {
                return None;
            };
            let tail = u8x16::new(*first)
                .simd_eq(u8x16::new(first_tail))
                .to_bitmask()
                | u8x16::new(*last)
                    .simd_eq(u8x16::new(last_tail))
                    .to_bitmask()
                    << 16;
            let lengths = (usize::from(known.head_length) == head.length)
                & (usize::from(known.tail_length) == tail_length);
            if (equal.to_bitmask() == 0xffff) & (tail | known.beside_tail == u32::MAX) & lengths
                && (head.length <= COVERED || self.rest_is(known, window))
            {
                return Some(number);
            }
            place = place.wrapping_add(1);
        }
        None
    }

    #[cold]
    fn rest_is(&self, known: &Known, window: &Window) -> bool {
        let length = usize::from(known.head_length);
        self.rests[known.rest as usize..][..length] == window[HEAD..HEAD + length]
    }

    /// Remembers a row that the grammar read at the head of the window. Gives its number, or none
    /// if it is of an unusual form.
    pub(crate) fn learn(&mut self, window: &Window, row: &Connection<'_>) -> Option<u32> {
        let numbers = quick::numbers(window)?;
        let head = Head::of(window, &numbers);
        let name_length = row.process.len();
        let returns = usize::from(window[numbers.end - 1] == b'\r');
        let tail_length = OWNER.len() + name_length + 2 + returns;
        let ends = HEAD + 2 + row.interface?.len();
        let remote = memrchr(b':', &window[..numbers.mark])? + 1;
        // Ports have several texts where they begin with zeros.
        let is_usual = |port: usize| window[port] != b'0' || !window[port + 1].is_ascii_digit();
        // The grammar and the numbers at hand must speak of the same places.
        if Stamp::of(window).is_none()
            || numbers.end + 1 - numbers.tail != tail_length
            || tail_length > TAIL
            || !window[numbers.tail..].starts_with(OWNER)
            || !window[numbers.mark..].starts_with(MARK)
            || (u128::from(numbers.up), u128::from(numbers.down)) != (row.up, row.down)
            || memchr(b'\n', &window[..numbers.end]).is_some()
            || !is_usual(ends + 1)
            || !is_usual(remote)
        {
            return None;
        }
        if let Some(number) = self.find(window, &numbers) {
            return Some(number);
        }
        if self.table.len() < PLACES * (self.rows.len() + 1) {
            self.grow();
        }
        let place = self.vacancy(head.hash)?;
        let mut tail = [0; TAIL];
        tail[TAIL - tail_length..].copy_from_slice(&window[numbers.tail..=numbers.end]);
        let rest = self.rests.len();
        if head.length > COVERED {
            self.rests
                .extend_from_slice(&window[HEAD..HEAD + head.length]);
        }
        let number = u32::try_from(self.rows.len()).ok()?;
        self.rows.push(Known {
            head: head.chunks,
            tail,
            beside_tail: u32::MAX.checked_shr(tail_length as u32).unwrap_or(0),
            head_length: head.length as u16,
            ends: ends as u16,
            tail_length: tail_length as u8,
            name_length: name_length as u8,
            rest: u32::try_from(rest).ok()?,
        });
        self.table[place] = number;
        Some(number)
    }

    /// A free place of the table near the one of this hash.
    fn vacancy(&self, hash: u64) -> Option<usize> {
        let mask = self.table.len() - 1;
        (0..PROBES)
            .map(|probe| (hash as usize).wrapping_add(probe) & mask)
            .find(|&place| self.table[place] == NONE)
    }

    fn grow(&mut self) {
        let places = PLACES * (2 * self.rows.len()).max(LEAST);
        self.table.clear();
        self.table.resize(places.next_power_of_two(), NONE);
        for number in 0..self.rows.len() {
            if let Some(place) = self.vacancy(hash(&self.rows[number].head)) {
                self.table[place] = number as u32;
            }
        }
    }

    /// Where the ports and the peer begin and end in a line of this row.
    pub(crate) fn ends(&self, number: u32) -> (usize, usize) {
        let known = &self.rows[number as usize];
        let end = HEAD + usize::from(known.head_length) - MARK.len();
        (usize::from(known.ends), end)
    }

    /// The owner of the row.
    pub(crate) fn name(&self, number: u32) -> &[u8] {
        let known = &self.rows[number as usize];
        let start = TAIL - usize::from(known.tail_length) + OWNER.len();
        &known.tail[start..start + usize::from(known.name_length)]
    }
}

/// What stands between the time and the numbers of a line.
struct Head {
    chunks: [[u8; 16]; 5],
    length: usize,
    hash: u64,
}

impl Head {
    #[inline(always)]
    fn of(window: &Window, numbers: &Numbers) -> Head {
        // The mark stands far enough from the beginning for what is taken off here.
        let end = numbers.mark + MARK.len();
        let length = end - HEAD;
        let chunks = [
            quick::part(window, HEAD),
            quick::part(window, HEAD + 16),
            quick::part(window, HEAD + (length - 16) / 2),
            quick::part(window, end - 32),
            quick::part(window, end - 16),
        ];
        Head {
            chunks,
            length,
            hash: hash(&chunks),
        }
    }
}

/// A hash of a head: its first 32 bytes hold the interface and the local port, the sixteen before its
/// last the rest of the peer and its port.
#[inline(always)]
fn hash(head: &[[u8; 16]; 5]) -> u64 {
    const KEYS: [u64; 6] = [
        0x9e37_79b9_7f4a_7c15,
        0xbf58_476d_1ce4_e5b9,
        0x94d0_49bb_1331_11eb,
        0xd6e8_feb8_6659_fd93,
        0xa076_1d64_78bd_642f,
        0xe703_7ed1_a0b4_28db,
    ];
    let mut hash = 0;
    for (part, keys) in [head[0], head[1], head[3]]
        .iter()
        .zip(KEYS.as_chunks::<2>().0)
    {
        let part = u128::from_le_bytes(*part);
        let (low, high) = (part as u64 ^ keys[0], (part >> 64) as u64 ^ keys[1]);
        let product = u128::from(low) * u128::from(high);
        hash ^= product as u64 ^ (product >> 64) as u64;
    }
    hash
}
