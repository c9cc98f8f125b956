//! Numbers as people read them: SI units, powers of 1000.

/// The units above a byte, each a thousand times the one before.
const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];

/// A number of bytes: `999 B`, `1.5 kB`, `440.3 GB`.
///
/// ```
/// assert_eq!(display::bytes(1_536), "1.5 kB");
/// ```
pub fn bytes(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut unit = 1000u128;
    let mut name = 0;
    loop {
        // In tenths, half up; what would read 1000.0 is 1.0 of the next unit.
        let tenths = (u128::from(bytes) * 10 + unit / 2) / unit;
        if tenths < 10_000 || name + 1 == UNITS.len() {
            return format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[name]);
        }
        unit *= 1000;
        name += 1;
    }
}

/// An estimated number of bytes, in three digits and without its sign: `999 B`, `1.54 kB`, `440 GB`.
///
/// ```
/// assert_eq!(display::approximate_bytes(1_536.0), "1.54 kB");
/// ```
pub fn approximate_bytes(bytes: f64) -> String {
    let mut value = bytes.abs();
    let mut unit = "B";
    for next in UNITS {
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

/// A rate in bytes per second: `1.5 kB/s`.
pub fn rate(bytes_per_second: u64) -> String {
    bytes(bytes_per_second) + "/s"
}

/// A ratio from 0 to 1: `41.0 %`. Only nothing reads 0.0 and only all of it reads 100.0.
///
/// ```
/// assert_eq!(display::percent(0.41), "41.0 %");
/// assert_eq!(display::percent(0.9999), "99.9 %");
/// ```
pub fn percent(ratio: f64) -> String {
    let rounded = (ratio * 1000.0).round() / 10.0;
    if ratio > 0.0 && rounded < 0.1 {
        return "<0.1 %".to_owned();
    }
    if ratio < 1.0 && rounded >= 100.0 {
        return "99.9 %".to_owned();
    }
    format!("{rounded:.1} %")
}

/// A number of seconds: `45 s`, `6 min 30 s`, `23 h 53 min`, `3 d 4 h`.
///
/// ```
/// assert_eq!(display::duration(390), "6 min 30 s");
/// ```
pub fn duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    // A day is left in hours: "24 h" says what "1 d" would hide on days of 23 and 25.
    let units = if seconds <= 2 * 86_400 {
        &UNITS[1..]
    } else {
        &UNITS[..]
    };
    let at = units.iter().position(|(length, _)| seconds >= *length);
    let at = at.unwrap_or(units.len() - 1);
    let (length, name) = units[at];
    let mut text = format!("{} {name}", seconds / length);
    if let Some((smaller, name)) = units.get(at + 1) {
        let rest = seconds % length / smaller;
        if rest > 0 {
            text += &format!(" {rest} {name}");
        }
    }
    text
}

/// A number of things: `1 log`, `2 logs`.
///
/// ```
/// assert_eq!(display::counted(1, "log", "logs"), "1 log");
/// ```
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_in_the_largest_unit_that_holds_them() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (440_300_000_000, "440.3 GB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (number, text) in cases {
            assert_eq!(bytes(number), text);
        }
        assert_eq!(rate(5_100_000), "5.1 MB/s");
    }

    #[test]
    fn estimates_have_three_digits() {
        let cases = [
            (0.0, "0 B"),
            (999.0, "999 B"),
            (1234.0, "1.23 kB"),
            (-56_700_000.0, "56.7 MB"),
            (999_950_000.0, "1.00 GB"),
        ];
        for (number, text) in cases {
            assert_eq!(approximate_bytes(number), text);
        }
    }

    #[test]
    fn durations_read_in_two_units() {
        let cases = [
            (0, "0 s"),
            (59, "59 s"),
            (3600, "1 h"),
            (86_012, "23 h 53 min"),
            (86_400, "24 h"),
            (90_000, "25 h"),
            (604_800, "7 d"),
        ];
        for (seconds, text) in cases {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn a_part_is_never_shown_as_nothing_or_as_all() {
        for (ratio, text) in [
            (0.0, "0.0 %"),
            (0.0001, "<0.1 %"),
            (0.9999, "99.9 %"),
            (1.0, "100.0 %"),
        ] {
            assert_eq!(percent(ratio), text);
        }
    }
}
