//! The usual form of a row, read sixteen bytes at a time.
//!
//! Nearly all rows look alike: the time of the row before, numbers of up to fifteen digits, a line of
//! some hundred bytes. These are read here without a loop over bytes. `None` leaves the line to the
//! grammar proper in `line.rs`, which decides alone what is a row and what is not; a connection's ports,
//! names and peer are only compared with those that it read before (`known.rs`). Where both read a line,
//! they read the same: the laws in `tests/laws.rs` and the fuzz targets compare them.

use wide::u8x16;

/// Bytes that are looked at from the beginning of a line; as many stand behind the text of a block.
pub(crate) const WINDOW: usize = 288;
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
        let text: &[u8; 12] = window[start..].first_chunk()?;
        let (first, last) = (load(text, 0)?, load(text, 2)?);
        if (no_digits(first ^ (0x30 * ONES)) | no_digits(last ^ (0x30 * ONES))) != 0
            || !text.ends_with(b"> ")
        {
            return None;
        }
        let mut stamp = Stamp {
            time: (decimal(&text[..10])) as i64,
            process: [0; _],
            connection: [0; _],
            address: [0; _],
        };
        fn fill(row: &mut [u8], kind: &[u8], text: &[u8]) {
            row[..kind.len()].copy_from_slice(kind);
            row[kind.len()..].copy_from_slice(text);
        }
        fill(&mut stamp.process, PROCESS, text);
        fill(&mut stamp.connection, CONNECTION, text);
        fill(&mut stamp.address, ADDRESS, text);
        Some(stamp)
    }

    /// Whether a connection row with this time begins the window.
    #[inline(always)]
    pub(crate) fn begins_connection(&self, window: &Window) -> bool {
        begins(window, &self.connection)
    }
}

/// Whether the window begins so: two overlapping chunks tell.
#[inline(always)]
fn begins<const N: usize>(window: &Window, with: &[u8; N]) -> bool {
    match (
        with.first_chunk(),
        with.last_chunk::<16>(),
        chunk(window, N - 16),
    ) {
        (Some(first), Some(last), Some(end)) => {
            let equal = u8x16::new(*first).simd_eq(u8x16::new(
                *window.first_chunk().expect("a window is longer"),
            )) & u8x16::new(*last).simd_eq(u8x16::new(end));
            equal.to_bitmask() == 0xffff
        }
        _ => false,
    }
}

/// Sixteen bytes of the window.
#[inline(always)]
pub(crate) fn chunk(window: &Window, at: usize) -> Option<[u8; 16]> {
    window.get(at..)?.first_chunk().copied()
}

/// Where the byte is first, among `16 * CHUNKS` bytes from `from` on.
#[inline(always)]
fn find<const CHUNKS: usize>(window: &Window, from: usize, byte: u8) -> Option<usize> {
    let mut bits = 0;
    for number in 0..CHUNKS {
        let part = u8x16::new(chunk(window, from + 16 * number)?);
        bits |= u128::from(part.simd_eq(u8x16::splat(byte)).to_bitmask()) << (16 * number);
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
    (window[slash] == b'/' && tail < end).then_some(numbers)
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
    if window[QUOTE] != b'"' || rates <= start || window[rates - 1] != b'"' {
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
    let end = match find::<6>(window, N, b'\n') {
        Some(end) => end,
        None => find::<8>(window, N + 96, b'\n')?,
    };
    let (rates, up, down) = rates_and_connections(&window[..end])?;
    (rates >= N).then_some(Plain {
        up,
        down,
        name: (N as u16, rates as u16),
        end,
    })
}

/// Reads ` up/down Bps: n/n connections: n` backwards from the end: where it begins, and the rates.
#[inline(always)]
fn rates_and_connections(line: &[u8]) -> Option<(usize, u64, u64)> {
    const MARK: &[u8; 14] = b" up/down Bps: ";
    const CONNECTIONS: &[u8; 14] = b" connections: ";
    let at = digits_at_end(line)?;
    let (before, found) = line[..at].split_last_chunk::<14>()?;
    let (down, slash) = number_at_end(line, before.len())?;
    let (up, at) = number_at_end(line, slash - 1)?;
    if (found != CONNECTIONS) | (line[slash - 1] != b'/') {
        return None;
    }
    let (before, found) = line[..at].split_last_chunk::<14>()?;
    (found == MARK).then_some((before.len(), up, down))
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x80 * ONES;

/// Eight bytes of the text, the first one lowest.
#[inline(always)]
fn load(text: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*text.get(at..)?.first_chunk()?))
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
fn number_at_head(text: &[u8], at: usize) -> Option<(u64, usize)> {
    let word = load(text, at)? ^ (0x30 * ONES);
    let count = (no_digits(word).trailing_zeros() / 8) as usize;
    if count.wrapping_sub(1) >= 7 {
        return long_number_at_head(text, at, count);
    }
    Some((value(word << (64 - 8 * count)), at + count))
}

#[cold]
fn long_number_at_head(text: &[u8], at: usize, count: usize) -> Option<(u64, usize)> {
    let digits = text
        .get(at..)?
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if count == 0 || digits > 15 {
        return None;
    }
    Some((decimal(&text[at..at + digits]), at + digits))
}

/// Up to fifteen digits before `end`, and before them at least one byte: their value, and where they
/// begin.
#[inline(always)]
fn number_at_end(text: &[u8], end: usize) -> Option<(u64, usize)> {
    let word = load(text, end.wrapping_sub(8))? ^ (0x30 * ONES);
    let count = (no_digits(word).leading_zeros() / 8) as usize;
    if count.wrapping_sub(1) >= 7 {
        return long_number_at_end(text, end, count);
    }
    Some((value(word & (!0 << (64 - 8 * count))), end - count))
}

#[cold]
fn long_number_at_end(text: &[u8], end: usize, count: usize) -> Option<(u64, usize)> {
    let digits = text[..end]
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if count == 0 || digits > 15 || digits == end {
        return None;
    }
    Some((decimal(&text[end - digits..end]), end - digits))
}

fn decimal(digits: &[u8]) -> u64 {
    digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

/// Where the up to seven digits at the end begin.
#[inline(always)]
fn digits_at_end(text: &[u8]) -> Option<usize> {
    let word = load(text, text.len().wrapping_sub(8))? ^ (0x30 * ONES);
    let count = (no_digits(word).leading_zeros() / 8) as usize;
    (count.wrapping_sub(1) < 7).then(|| text.len() - count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_counted_from_both_ends() {
        for (text, expected) in [
            ("7/", (7, 1)),
            ("12345678/", (12_345_678, 8)),
            ("123456789/", (123_456_789, 9)),
            ("999999999999999/", (999_999_999_999_999, 15)),
            ("00012/", (12, 5)),
        ] {
            let padded = format!("{text}{}", "x".repeat(16));
            assert_eq!(number_at_head(padded.as_bytes(), 0), Some(expected));
            let digits = text.trim_end_matches('/');
            let padded = format!("{}/{digits}", "x".repeat(16));
            let (value, length) = expected;
            let end = padded.len();
            assert_eq!(
                number_at_end(padded.as_bytes(), end),
                Some((value, end - length))
            );
        }
        let sixteen = format!("{}1234567890123456{}", "x".repeat(16), "x".repeat(16));
        assert_eq!(number_at_head(sixteen.as_bytes(), 16), None);
        assert_eq!(number_at_end(sixteen.as_bytes(), 32), None);
        assert_eq!(number_at_head(b"/23456789012345678", 0), None);
    }

    #[test]
    fn bytes_beside_the_digits_are_no_digits() {
        for byte in (0..=255u8).filter(|byte| !byte.is_ascii_digit()) {
            let text = [
                b'1', b'9', byte, b'9', b'9', b'9', b'9', b'9', byte, b'4', b'2',
            ];
            assert_eq!(number_at_head(&text, 0), Some((19, 2)), "{byte}");
            assert_eq!(number_at_end(&text, 11), Some((42, 9)), "{byte}");
        }
    }
}
