//! What a file's name says: whether it is a log's, how that is compressed, when it began.

use std::ffi::OsStr;

/// A date and time of day in a file's name, in the zone of whoever named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameDate {
    /// 1 to 9999.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
    /// 1 to the month's last day.
    pub day: i8,
    /// 0 to 23.
    pub hour: i8,
    /// 0 to 59.
    pub minute: i8,
}

/// What the name of a file promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// A log that can be read.
    Log,
    /// A log that is compressed by a program whose files cannot be read.
    Compressed(&'static str),
    /// No log.
    Other,
}

/// Compressions that are read.
const READ: [&[u8]; 2] = [b".gz", b".zst"];
/// Compressions that are not, as logrotate's `compressext` and others name them.
const UNREAD: [(&[u8], &str); 8] = [
    (b".xz", "xz"),
    (b".bz2", "bzip2"),
    (b".lz4", "LZ4"),
    (b".lzma", "LZMA"),
    (b".lzo", "LZO"),
    (b".br", "Brotli"),
    (b".Z", "compress"),
    (b".7z", "7-Zip"),
];

/// Looks at a name: `*.log`, or what rotation makes of it, also compressed.
pub(super) fn promise(name: &OsStr) -> Promise {
    let name = name.as_encoded_bytes();
    let read = READ.iter().find_map(|end| name.strip_suffix(*end));
    if is_log(read.unwrap_or(name)) {
        return Promise::Log;
    }
    let unread = (UNREAD.iter()).find_map(|(end, how)| Some((name.strip_suffix(*end)?, *how)));
    match unread {
        Some((name, how)) if is_log(name) => Promise::Compressed(how),
        _ => Promise::Other,
    }
}

/// Whether a log's name has something behind `.log` that rotation appends.
pub(super) fn is_rotated(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let read = READ.iter().find_map(|end| name.strip_suffix(*end));
    let name = read.unwrap_or(name);
    is_log(name) && !name.ends_with(b".log")
}

/// `*.log`, and behind it what rotation appends: numbers and dates, as `.1`, `-20261121`, `-1795168800`,
/// `-20261121-13`, `.2026-11-21_13:05` (logrotate's `dateformat` takes any text; these are all digits and
/// what parts them).
fn is_log(name: &[u8]) -> bool {
    let is_part =
        |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'T');
    let end = name.iter().rposition(|byte| !is_part(byte));
    let Some(end) = end.map(|end| end + 1) else {
        return false;
    };
    let (base, appended) = name.split_at(end);
    base.ends_with(b".log") && is_rotation(appended)
}

/// Whether it is nothing, or a separator and text that ends with a digit.
fn is_rotation(appended: &[u8]) -> bool {
    match appended {
        [] => true,
        [b'.' | b'-' | b'_', .., last] => last.is_ascii_digit(),
        _ => false,
    }
}

/// A name that a shell's `*` passes over too.
pub(super) fn is_hidden(name: &OsStr) -> bool {
    // The root of an ext filesystem has a lost+found that only root can read.
    name.as_encoded_bytes().starts_with(b".") || name == "lost+found"
}

/// The start that a name claims.
pub(super) fn name_date(name: &OsStr) -> Option<NameDate> {
    let text = name.as_encoded_bytes().strip_prefix(b"bandwhich_")?;
    let (stamp, rest) = text.split_at_checked("YYYYMMDD_HHMM".len())?;
    if stamp[8] != b'_' || !rest.starts_with(b".log") {
        return None;
    }
    let number = |from: usize, to: usize| {
        stamp[from..to].iter().try_fold(0_i16, |sum, byte| {
            byte.is_ascii_digit()
                .then(|| sum * 10 + i16::from(byte - b'0'))
        })
    };
    // Two digits, so they fit.
    let small = |from: usize| number(from, from + 2).map(|value| value as i8);
    let date = NameDate {
        year: number(0, 4)?,
        month: small(4)?,
        day: small(6)?,
        hour: small(9)?,
        minute: small(11)?,
    };
    let exists = date.year > 0
        && (1..=12).contains(&date.month)
        && (1..=days_in(date.year, date.month)).contains(&date.day)
        && date.hour < 24
        && date.minute < 60;
    exists.then_some(date)
}

fn days_in(year: i16, month: i8) -> i8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Promise {
        promise(OsStr::new(name))
    }

    #[test]
    fn rotated_names_are_logs() {
        let appended = [
            "",
            ".1",
            ".0",
            ".31",
            "-20261121",
            "-1795168800",
            "-20261121-13",
            "-2026112113",
            "-2026-11-21",
            ".20261121",
            "_20261121",
            "-20261121.1",
            ".2026-11-21_13:05",
            "-20261121T1305",
        ];
        for appended in appended {
            for end in ["", ".gz", ".zst"] {
                for base in ["bw.log", "bandwhich_20261121_1300.log", "a-1.log"] {
                    let name = format!("{base}{appended}{end}");
                    assert_eq!(of(&name), Promise::Log, "{name}");
                }
            }
            assert_eq!(
                of(&format!("bw.log{appended}.xz")),
                Promise::Compressed("xz")
            );
            assert_eq!(
                of(&format!("bw.log{appended}.bz2")),
                Promise::Compressed("bzip2")
            );
        }
    }

    #[test]
    fn a_rotated_name_has_something_appended() {
        let rotated = |name: &str| is_rotated(OsStr::new(name));
        assert!(rotated("bw.log.1") && rotated("bw.log-20261121.gz"));
        assert!(!rotated("bw.log") && !rotated("bw.log.gz") && !rotated("bw.1"));
    }

    #[test]
    fn other_names_are_none() {
        for name in [
            "",
            ".",
            "log",
            "log.1",
            "bandwhich",
            "bandwhich.1",
            "bw.logs",
            "bw.log.",
            "bw.log-",
            "bw.log.bak",
            "bw.log.old",
            "bw.log~",
            "bw.log.tmp",
            "bw.log1",
            "bw.log20261121",
            "bw.log-20261121-",
            "bw.log:1",
            "bw.txt.xz",
            "20261121",
            "bw.log.gz.gz",
            "bw.log.1.gz.2",
        ] {
            assert_eq!(of(name), Promise::Other, "{name}");
        }
    }
}
