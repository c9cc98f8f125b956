//! What lines and notes are made of: times, ports and numbers at one end of some text.

use crate::Reason;

/// What was read at the head of some text, and what follows it.
pub(crate) type Head<'a, T> = Result<(T, &'a [u8]), Reason>;

pub(crate) type Number = Result<u128, Reason>;

/// Reads `<kind>: <ts> `.
pub(crate) fn timestamp<'a>(line: &'a [u8], prefix: &[u8]) -> Head<'a, i64> {
    let rest = line.strip_prefix(prefix).ok_or(Reason::UnknownKind)?;
    let (negative, digits) = match rest.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, rest),
    };
    let (value, rest) = leading_number(digits).ok_or(Reason::Timestamp)?;
    let rest = rest.strip_prefix(b"> ").ok_or(Reason::Timestamp)?;
    let value = value.ok().and_then(|value| i128::try_from(value).ok());
    let value = value.map(|value| if negative { -value } else { value });
    let value = value
        .and_then(|value| i64::try_from(value).ok())
        .ok_or(Reason::TimestampRange)?;
    Ok((value, rest))
}

pub(crate) fn local_port(text: &[u8]) -> Option<(Result<u16, Reason>, &[u8])> {
    let (value, rest) = leading_number(text)?;
    Some((port(value), rest.strip_prefix(b" => ")?))
}

pub(crate) fn port(number: Number) -> Result<u16, Reason> {
    u16::try_from(number.map_err(|_| Reason::PortRange)?).map_err(|_| Reason::PortRange)
}

/// ASCII digits at the head: their value, and what follows. `None` if there is no digit.
pub(crate) fn leading_number(text: &[u8]) -> Option<(Number, &[u8])> {
    let length = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(length);
    (length > 0).then(|| (number(digits), rest))
}

/// ASCII digits at the end: what stands before them, and their value.
pub(crate) fn trailing_number(text: &[u8]) -> Option<(&[u8], Number)> {
    let start = text
        .iter()
        .rposition(|byte| !byte.is_ascii_digit())
        .map_or(0, |at| at + 1);
    let (rest, digits) = text.split_at(start);
    (!digits.is_empty()).then(|| (rest, number(digits)))
}

fn number(digits: &[u8]) -> Number {
    if digits.len() <= 19 {
        // Nineteen digits fit into 64 bits.
        let value = digits
            .iter()
            .fold(0u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        return Ok(u128::from(value));
    }
    digits.iter().try_fold(0u128, |sum, digit| {
        sum.checked_mul(10)
            .and_then(|sum| sum.checked_add(u128::from(digit - b'0')))
            .ok_or(Reason::NumberRange)
    })
}
