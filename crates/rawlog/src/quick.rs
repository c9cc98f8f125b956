//! The usual form of a row, read sixteen bytes at a time.
//!
//! Nearly all rows look alike: the time of the row before, numbers of up to fifteen digits, a line of
//! some hundred bytes. These are read here without a loop over bytes. `None` leaves the line to the
//! grammar proper in `line.rs`, which decides alone what is a row and what is not; a connection's ports,
//! names and peer are only compared with those that it read before (`known.rs`). Where both read a line,
//! they read the same: the laws in `tests/laws.rs` and the fuzz targets compare them.

use wide::u8x16;

/// Bytes that are looked at from the beginning of a line; as many stand behind the text of a block.
pub(crate) const WINDOW: usize = PLACES + 32;
/// Whatever is looked at begins before. Places are taken modulo this, so that the compiler knows, too.
const PLACES: usize = 256;
/// Text from the beginning of a line on.
pub(crate) type Window = [u8; WINDOW];

const PROCESS: &[u8; 10] = b"process: <";
const CONNECTION: &[u8; 13] = b"connection: <";
const ADDRESS: &[u8; 17] = b"remote_address: <";

/// Where a connection row goes on behind its time.
pub(crate) const HEAD: usize = CONNECTION.len() + 12;
/// What stands before the numbers of a connection row.
pub(crate) const MARK: &[u8; 15] = b") up/down Bps: ";
/// A closing parenthesis does not count before; the shortest rows have theirs here.
const MARK_FROM: usize = HEAD + 24;
/// From the mark to the line feed it takes at least as much.
const END_FROM: usize = 28;

/// The time of a frame's rows, and how a row of each kind begins with it.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    pub(crate) time: i64,
    process: [u8; PROCESS.len() + 12],
    connection: [u8; HEAD],
    address: [u8; ADDRESS.len() + 12],
}

impl Stamp {
    /// The stamp of a row with a time of ten digits: until the year 2286.
    pub(crate) fn of(window: &Window) -> Option<Self> {
        let start = match window[0] {
            b'p' => PROCESS.len(),
            b'c' => CONNECTION.len(),
            b'r' => ADDRESS.len(),
            _ => return None,
        };
        let text: [u8; 12] = part(window, start);
        let (digits, end) = text.split_at(10);
        if !digits.iter().all(u8::is_ascii_digit) || end != b"> " {
            return None;
        }
        let mut stamp = Stamp {
            time: decimal(digits) as i64,
            process: [0; _],
            connection: [0; _],
            address: [0; _],
        };
        fn fill(row: &mut [u8], kind: &[u8], text: &[u8]) {
            row[..kind.len()].copy_from_slice(kind);
            row[kind.len()..].copy_from_slice(text);
        }
        fill(&mut stamp.process, PROCESS, &text);
        fill(&mut stamp.connection, CONNECTION, &text);
        fill(&mut stamp.address, ADDRESS, &text);
        Some(stamp)
    }
}

/// Whether the window begins so: two overlapping chunks tell.
#[inline(always)]
fn begins<const N: usize>(window: &Window, with: &[u8; N]) -> bool {
    let (Some(first), Some(last)) = (with.first_chunk(), with.last_chunk()) else {
        return false;
    };
    let equal = u8x16::new(*first).simd_eq(u8x16::new(part(window, 0)))
        & u8x16::new(*last).simd_eq(u8x16::new(part(window, N - 16)));
    equal.to_bitmask() == 0xffff
}

/// Some bytes of the window.
#[inline(always)]
pub(crate) fn part<const N: usize>(window: &Window, at: usize) -> [u8; N] {
    const { assert!(N <= WINDOW - PLACES) };
    let at = at % PLACES;
    *window[at..]
        .first_chunk()
        .expect("so many bytes stand behind every place")
}

/// Where the byte is first, among `16 * CHUNKS` bytes from `from` on.
#[inline(always)]
fn find<const CHUNKS: usize>(window: &Window, from: usize, byte: u8) -> Option<usize> {
    const { assert!(CHUNKS <= 4) };
    let mut bits = 0;
    for number in 0..CHUNKS {
        let chunk = u8x16::new(part(window, from + 16 * number));
        bits |= u64::from(chunk.simd_eq(u8x16::splat(byte)).to_bitmask()) << (16 * number);
    }
    (bits != 0).then(|| from + bits.trailing_zeros() as usize)
}

/// The numbers of a connection row, and the places around them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    pub(crate) up: u64,
    pub(crate) down: u64,
    /// Where the mark begins.
    pub(crate) mark: usize,
    /// Where the numbers end.
    pub(crate) tail: usize,
    /// Where the line feed is.
    pub(crate) end: usize,
}

/// Reads the numbers of a connection row behind its first parenthesis that can be that of its mark.
/// What stands around them is not looked at.
#[inline(always)]
pub(crate) fn numbers(window: &Window) -> Option<Numbers> {
    let mark = match find::<3>(window, MARK_FROM, b')') {
        Some(mark) => mark,
        None => find::<4>(window, MARK_FROM + 48, b')')?,
    };
    let end = find::<3>(window, mark + END_FROM, b'\n')?;
    let (up, slash) = number_at_head(window, mark + MARK.len())?;
    let (down, tail) = number_at_head(window, slash + 1)?;
    let numbers = Numbers {
        up,
        down,
        mark,
        tail,
        end,
    };
    (part(window, slash) == *b"/" && tail < end).then_some(numbers)
}

/// Reads the numbers of what may be a connection row with this time.
#[inline(always)]
pub(crate) fn connection(window: &Window, stamp: &Stamp) -> Option<Numbers> {
    if !begins(window, &stamp.connection) {
        return None;
    }
    numbers(window)
}

/// What a process or address row of the usual form says.
pub(crate) struct Plain {
    pub(crate) up: u64,
    pub(crate) down: u64,
    /// Where its name or host begins and ends.
    pub(crate) name: (u16, u16),
    /// Where the line feed is.
    pub(crate) end: usize,
}

/// Reads a process row with this time.
#[inline(always)]
pub(crate) fn process(window: &Window, stamp: &Stamp) -> Option<Plain> {
    const QUOTE: usize = PROCESS.len() + 12;
    let plain = plain(window, &stamp.process)?;
    let (start, rates) = (QUOTE + 1, usize::from(plain.name.1));
    if window[QUOTE] != b'"' || rates <= start || part(window, rates - 1) != *b"\"" {
        return None;
    }
    Some(Plain {
        name: (start as u16, plain.name.1 - 1),
        ..plain
    })
}

/// Reads an address row with this time.
#[inline(always)]
pub(crate) fn address(window: &Window, stamp: &Stamp) -> Option<Plain> {
    plain(window, &stamp.address)
}

/// Reads a row that begins so and ends with rates and connections; its name is all between.
#[inline(always)]
fn plain<const N: usize>(window: &Window, beginning: &[u8; N]) -> Option<Plain> {
    if !begins(window, beginning) {
        return None;
    }
    let end = match find::<4>(window, N, b'\n') {
        Some(end) => end,
        None => find::<4>(window, N + 64, b'\n').or_else(|| find::<4>(window, N + 128, b'\n'))?,
    };
    let (rates, up, down) = rates_and_connections(window, end)?;
    // Were a place before the beginning of the window, this one would be far behind it.
    (N..end).contains(&rates).then_some(Plain {
        up,
        down,
        name: (N as u16, rates as u16),
        end,
    })
}

/// Reads ` up/down Bps: n/n connections: n` backwards from the end: where it begins, and the rates.
#[inline(always)]
fn rates_and_connections(window: &Window, end: usize) -> Option<(usize, u64, u64)> {
    const MARK: &[u8; 14] = b" up/down Bps: ";
    const CONNECTIONS: &[u8; 14] = b" connections: ";
    let down_end = end.wrapping_sub(digits_at_end(window, end)? + CONNECTIONS.len());
    let (down, slash) = number_at_end(window, down_end)?;
    let slash = slash.wrapping_sub(1);
    let (up, up_start) = number_at_end(window, slash)?;
    let rates = up_start.wrapping_sub(MARK.len());
    let right = (part(window, down_end) == *CONNECTIONS)
        & (part(window, slash) == *b"/")
        & (part(window, rates) == *MARK);
    right.then_some((rates, up, down))
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x80 * ONES;

/// Eight bytes, the first one lowest.
#[inline(always)]
fn load(window: &Window, at: usize) -> u64 {
    u64::from_le_bytes(part(window, at))
}

/// The high bit of each byte that is no ASCII digit; `word` was XORed with `0x30` in each byte.
#[inline(always)]
fn no_digits(word: u64) -> u64 {
    (((word & !HIGHS) + 0x76 * ONES) | word) & HIGHS
}

/// The value of eight digits, the first one lowest, each from 0 to 9.
#[inline(always)]
fn value(digits: u64) -> u64 {
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff
}

/// Up to fifteen digits from `at` on: their value, and where they end.
#[inline(always)]
fn number_at_head(window: &Window, at: usize) -> Option<(u64, usize)> {
    let word = load(window, at) ^ (0x30 * ONES);
    let count = (no_digits(word).trailing_zeros() / 8) as usize;
    if count.wrapping_sub(1) >= 7 {
        return long_number_at_head(window, at, count);
    }
    Some((value(word << (64 - 8 * count)), at + count))
}

#[cold]
fn long_number_at_head(window: &Window, at: usize, count: usize) -> Option<(u64, usize)> {
    let text: [u8; 16] = part(window, at);
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0 && digits < 16).then(|| (decimal(&text[..digits]), at + digits))
}

/// Up to fifteen digits before `end`: their value, and where they begin.
#[inline(always)]
fn number_at_end(window: &Window, end: usize) -> Option<(u64, usize)> {
    let word = load(window, end.wrapping_sub(8)) ^ (0x30 * ONES);
    let count = (no_digits(word).leading_zeros() / 8) as usize;
    if count.wrapping_sub(1) >= 7 {
        return long_number_at_end(window, end, count);
    }
    Some((
        value(word & (!0 << (64 - 8 * count))),
        end.wrapping_sub(count),
    ))
}

#[cold]
fn long_number_at_end(window: &Window, end: usize, count: usize) -> Option<(u64, usize)> {
    let text: [u8; 16] = part(window, end.wrapping_sub(16));
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let digits = digits.count();
    (count > 0 && digits < 16).then(|| (decimal(&text[16 - digits..]), end.wrapping_sub(digits)))
}

fn decimal(digits: &[u8]) -> u64 {
    digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

/// How many digits stand before `end`, up to seven.
#[inline(always)]
fn digits_at_end(window: &Window, end: usize) -> Option<usize> {
    let word = load(window, end.wrapping_sub(8)) ^ (0x30 * ONES);
    let count = (no_digits(word).leading_zeros() / 8) as usize;
    (count.wrapping_sub(1) < 7).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text in a window, from some place on.
    fn window(text: &str, at: usize) -> Window {
        let mut window = [b'x'; WINDOW];
        window[at..at + text.len()].copy_from_slice(text.as_bytes());
        window
    }

    #[test]
    fn digits_are_counted_from_both_ends() {
        for (text, expected) in [
            ("7", 7),
            ("1234567", 1_234_567),
            ("12345678", 12_345_678),
            ("123456789", 123_456_789),
            ("999999999999999", 999_999_999_999_999),
            ("00012", 12),
        ] {
            let (at, end) = (40, 40 + text.len());
            assert_eq!(number_at_head(&window(text, at), at), Some((expected, end)));
            assert_eq!(number_at_end(&window(text, at), end), Some((expected, at)));
        }
        let sixteen = window("1234567890123456", 40);
        assert_eq!(number_at_head(&sixteen, 40), None);
        assert_eq!(number_at_end(&sixteen, 56), None);
        assert_eq!(number_at_head(&window("/2345678901234567", 40), 40), None);
    }

    #[test]
    fn bytes_beside_the_digits_are_no_digits() {
        for byte in (0..=255u8).filter(|byte| !byte.is_ascii_digit()) {
            let mut window = window("19x99999x42", 40);
            (window[42], window[48]) = (byte, byte);
            assert_eq!(number_at_head(&window, 40), Some((19, 42)), "{byte}");
            assert_eq!(number_at_end(&window, 51), Some((42, 49)), "{byte}");
        }
    }
}
