//! Numbers and times as text; no line break parts a number from its unit.

use display::Moment;

pub(super) fn bytes(bytes: u64) -> String {
    unbroken(&display::bytes(bytes))
}

pub(super) fn rate(bytes_per_second: u64) -> String {
    unbroken(&display::rate(bytes_per_second))
}

pub(super) fn percent(ratio: f64) -> String {
    unbroken(&display::percent(ratio))
}

pub(super) fn duration(seconds: u64) -> String {
    unbroken(&display::duration(seconds))
}

fn unbroken(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}

pub(super) fn clock(moment: Moment, is_day: bool) -> String {
    let format = if is_day { "%H:%M:%S" } else { "%-d %b, %H:%M" };
    moment.civil().strftime(format).to_string()
}

/// A number with thin spaces between thousands.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

pub(super) fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", count(number))
}

/// A time to the minute.
pub(super) fn short_clock(moment: Moment, is_day: bool) -> String {
    let format = if is_day { "%H:%M" } else { "%-d %b, %H:%M" };
    moment.civil().strftime(format).to_string()
}
