//! The usual form of a row, read eight bytes at a time.
//!
//! Nearly all rows look alike: an interface of up to fifteen bytes, ports without leading zeros,
//! numbers of up to sixteen digits, the time of the row before. These are read here without a loop
//! over bytes; `None` leaves the line to the grammar proper in `line.rs`, which decides alone what is
//! a row and what is not. Where both read a line, they read the same: the laws in `tests/laws.rs` and
//! the fuzz targets compare them.

use wide::u8x16;

use crate::rows::{Cell, INTERFACE, Kind, ends_hash};

/// The time of a row as it stands in the text, `1735689600> `, and its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    text: [u8; 12],
    pub(crate) time: i64,
}

const PROCESS: &[u8; 10] = b"process: <";
const CONNECTION: &[u8; 13] = b"connection: <";
const ADDRESS: &[u8; 17] = b"remote_address: <";

impl Stamp {
    /// The stamp of a row with this time, where it is of the usual length: until the year 2286.
    pub(crate) fn of(line: &[u8], time: i64) -> Option<Self> {
        let start = line.iter().position(|&byte| byte == b'<')? + 1;
        let text = *line.get(start..)?.first_chunk()?;
        text.ends_with(b"> ").then_some(Stamp { text, time })
    }
}

/// Reads a line of the usual form, which begins at `start` of its text, and appends the row. (It is
/// written where it stays: a copy of freshly written small fields costs more than all the rest.)
#[inline(always)]
pub(crate) fn row(line: &[u8], start: usize, stamp: &Stamp, into: &mut Vec<Cell>) -> Option<Kind> {
    if line.len() > usize::from(u16::MAX) {
        return None;
    }
    match line.first()? {
        b'c' => connection(line, start, stamp, into),
        b'p' => process(line, start, stamp, into),
        b'r' => address(line, start, stamp, into),
        _ => None,
    }
}

#[inline(always)]
fn connection(line: &[u8], start: usize, stamp: &Stamp, into: &mut Vec<Cell>) -> Option<Kind> {
    const MARK: &[u8; 15] = b") up/down Bps: ";
    const NAME: &[u8; 11] = b" process: \"";
    if head(line, CONNECTION, stamp)? != INTERFACE - 1 || line[INTERFACE - 1] != b'<' {
        return None;
    }
    let ends = INTERFACE + end_of_interface(line)?;
    let host = ends + 5 + port_at_head(load(line, ends + 1)?)?;
    if line.get(host - 4..)?.first_chunk()? != b" => " {
        return None;
    }
    let ends_end = host + parenthesis(line, host)?;
    if line.get(ends_end..)?.first_chunk()? != MARK {
        return None;
    }
    let protocol: [u8; 5] = *line[..ends_end].last_chunk()?;
    if (protocol != *b" (tcp") & (protocol != *b" (udp") {
        return None;
    }
    let colon = ends_end - 6 - port_at_end(load(line, ends_end - 13)?)?;
    if (line[colon] != b':') | (colon < host) {
        return None;
    }
    let (up, slash) = number_at_head(line, ends_end + MARK.len())?;
    let (down, after) = number_at_head(line, slash + 1)?;
    let name = after + NAME.len();
    if line[slash] != b'/'
        || line.get(after..)?.first_chunk()? != NAME
        || name >= line.len()
        || *line.last()? != b'"'
    {
        return None;
    }
    into.push(Cell {
        up,
        down,
        hash: ends_hash(&line[ends..ends_end]),
        line: start as u32,
        length: line.len() as u16,
        ends: (ends as u16, ends_end as u16),
        name: name as u16,
        name_end: (line.len() - 1) as u16,
        kind: Kind::Connection,
        odd: false,
    });
    Some(Kind::Connection)
}

#[inline(always)]
fn process(line: &[u8], start: usize, stamp: &Stamp, into: &mut Vec<Cell>) -> Option<Kind> {
    let quote = head(line, PROCESS, stamp)?;
    let (rates, up, down) = rates_and_connections(line)?;
    if line[quote] != b'"' || rates <= quote + 1 || line[rates - 1] != b'"' {
        return None;
    }
    into.push(plain(
        Kind::Process,
        line,
        start,
        (quote + 1, rates - 1),
        (up, down),
    ));
    Some(Kind::Process)
}

#[inline(always)]
fn address(line: &[u8], start: usize, stamp: &Stamp, into: &mut Vec<Cell>) -> Option<Kind> {
    let host = head(line, ADDRESS, stamp)?;
    let (rates, up, down) = rates_and_connections(line)?;
    if rates < host {
        return None;
    }
    into.push(plain(Kind::Address, line, start, (host, rates), (up, down)));
    Some(Kind::Address)
}

#[inline(always)]
fn plain(
    kind: Kind,
    line: &[u8],
    start: usize,
    name: (usize, usize),
    (up, down): (u64, u64),
) -> Cell {
    Cell {
        up,
        down,
        hash: 0,
        line: start as u32,
        length: line.len() as u16,
        ends: (0, 0),
        name: name.0 as u16,
        name_end: name.1 as u16,
        kind,
        odd: false,
    }
}

/// Takes `<kind>: <stamp> ` off the head; where it ends, at least one byte follows.
#[inline(always)]
fn head<const N: usize>(line: &[u8], kind: &[u8; N], stamp: &Stamp) -> Option<usize> {
    let (found, rest) = line.split_first_chunk::<N>()?;
    let (time, rest) = rest.split_first_chunk::<12>()?;
    ((found == kind) & (*time == stamp.text) & !rest.is_empty()).then_some(N + 12)
}

/// How long the interface is whose end, `>:`, is among the first sixteen bytes.
#[inline(always)]
fn end_of_interface(line: &[u8]) -> Option<usize> {
    let bytes = u8x16::new(*line.get(INTERFACE..)?.first_chunk()?);
    let place = bytes
        .simd_eq(u8x16::splat(b'>'))
        .to_bitmask()
        .trailing_zeros() as usize;
    (*line.get(INTERFACE + place + 1)? == b':').then_some(place + 1)
}

/// Where the first closing parenthesis is behind `from`, if it is among the next 48 bytes.
#[inline(always)]
fn parenthesis(line: &[u8], from: usize) -> Option<usize> {
    let bytes = line.get(from..)?.first_chunk::<48>()?;
    let mut bits = 0;
    for (place, part) in bytes.as_chunks::<16>().0.iter().enumerate() {
        let found = u8x16::new(*part).simd_eq(u8x16::splat(b')')).to_bitmask();
        bits |= u64::from(found) << (16 * place);
    }
    (bits != 0).then_some(bits.trailing_zeros() as usize)
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

/// The length of a port without leading zero at the head of eight bytes.
#[inline(always)]
fn port_at_head(word: u64) -> Option<usize> {
    let count = (no_digits(word ^ (0x30 * ONES)).trailing_zeros() / 8) as usize;
    is_port(word, count).then_some(count)
}

/// The length of a port without leading zero at the end of eight bytes.
#[inline(always)]
fn port_at_end(word: u64) -> Option<usize> {
    let count = (no_digits(word ^ (0x30 * ONES)).leading_zeros() / 8) as usize;
    is_port(word.checked_shr(64 - 8 * count as u32).unwrap_or(0), count).then_some(count)
}

/// Whether the first `count` bytes of the word, all of them digits, are a port without leading zero.
/// Without branches: the length of ports cannot be predicted.
#[inline(always)]
fn is_port(word: u64, count: usize) -> bool {
    let leading_zero = (word & 0xff == 0x30) & (count > 1);
    // As texts of the same length compare, so do their numbers.
    let too_large = (count == 5) & (word.swap_bytes() >> 24 > 0x36_35_35_33_35);
    count.wrapping_sub(1) < 5 && !(leading_zero | too_large)
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

    #[test]
    fn ports_have_no_leading_zeros_and_end_at_65535() {
        let head = |text: &[u8; 8]| port_at_head(u64::from_le_bytes(*text));
        assert_eq!(head(b"0 => 192"), Some(1));
        assert_eq!(head(b"65535 =>"), Some(5));
        assert_eq!(head(b"65536 =>"), None);
        assert_eq!(head(b"080 => 1"), None);
        assert_eq!(head(b"123456 ="), None);
        assert_eq!(head(b" 80 => 1"), None);
        let end = |text: &[u8; 8]| port_at_end(u64::from_le_bytes(*text));
        assert_eq!(end(b"168.7:80"), Some(2));
        assert_eq!(end(b"7:65535\0"), None);
        assert_eq!(end(b".7:65535"), Some(5));
        assert_eq!(end(b".7:65536"), None);
        assert_eq!(end(b"68.7:080"), None);
        assert_eq!(end(b"68.71:00"), None);
        assert_eq!(end(b"168.71:0"), Some(1));
    }
}
