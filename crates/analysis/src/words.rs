//! Words for findings.

use crate::{Direction, Subject};

/// Why a history is not judged at all.
pub(crate) const UNSOUND: &str =
    "the history's clock does not go forward, or it is too long to be judged";

/// Why a short history is not judged.
pub(crate) fn too_little(days: u32, needed: u32) -> String {
    let day = if days == 1 { "day" } else { "days" };
    format!("not enough history: {days} {day} observed, {needed} are needed")
}

/// A subject in a sentence.
pub(crate) fn who(subject: &Subject) -> String {
    match subject {
        Subject::Total => "the host".to_owned(),
        Subject::Process(name) => name.clone(),
        Subject::Remote(name) => name.clone(),
        Subject::Port(port) => format!("port {port}"),
    }
}

/// What a direction does, of the host or a process.
pub(crate) fn verb(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "sends",
        Direction::Down => "receives",
    }
}

/// What was done in a direction.
pub(crate) fn done(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "sent",
        Direction::Down => "received",
    }
}

/// Bytes with a decimal unit and three digits.
pub(crate) fn bytes(bytes: f64) -> String {
    let mut value = bytes.abs();
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB", "PB", "EB"] {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    match value {
        _ if unit == "B" => format!("{value:.0} B"),
        ..10.0 => format!("{value:.2} {unit}"),
        ..100.0 => format!("{value:.1} {unit}"),
        _ => format!("{value:.0} {unit}"),
    }
}

/// Seconds in the largest unit that keeps them readable.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        ..119.5 => format!("{seconds:.0} s"),
        ..7195.0 => format!("{:.0} min", seconds / 60.0),
        ..172_000.0 => format!("{:.1} h", seconds / 3600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}

/// Bytes with their sign.
pub(crate) fn signed(value: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "+" };
    format!("{sign}{}", bytes(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units() {
        assert_eq!(bytes(0.0), "0 B");
        assert_eq!(bytes(999.0), "999 B");
        assert_eq!(bytes(1234.0), "1.23 kB");
        assert_eq!(bytes(999_950_000.0), "1.00 GB");
        assert_eq!(signed(-56_700_000.0), "−56.7 MB");
    }
}
