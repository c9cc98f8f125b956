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

/// `19 recorded days`.
pub(crate) fn recorded_days(days: u32) -> String {
    match days {
        1 => "1 recorded day".to_owned(),
        days => format!("{days} recorded days"),
    }
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

/// A subject at the head of a sentence. Names of others stay as they are.
pub(crate) fn who_first(subject: &Subject) -> String {
    match subject {
        Subject::Total => "The host".to_owned(),
        Subject::Port(port) => format!("Port {port}"),
        _ => who(subject),
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
    format!("{sign}{}", display::approximate_bytes(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_has_its_sign() {
        assert_eq!(signed(1234.0), "+1.23 kB");
        assert_eq!(signed(-56_700_000.0), "−56.7 MB");
    }
}
