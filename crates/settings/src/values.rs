//! Reads single values: sizes, durations, numbers, switches, paths.
//!
//! Every error is the end of a sentence that begins with the typed text: `is not a size; write …`.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

use super::locate::Environment;

/// Reads `true` or `false`, also as `yes`, `no`, `on`, `off`.
pub(crate) fn switch(typed: &str) -> Result<bool, String> {
    match typed.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Ok(true),
        "false" | "no" | "off" => Ok(false),
        _ => Err("is neither true nor false".to_owned()),
    }
}

/// Reads a number that must lie in a range.
pub(crate) fn number<N>(range: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, String>
where
    N: FromStr + PartialOrd + Display,
{
    move |typed| match typed.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!(
            "is not a number from {} to {}",
            range.start(),
            range.end()
        )),
    }
}

/// Reads a number with or without a fraction that must lie in a range.
pub(crate) fn decimal(range: RangeInclusive<f64>) -> impl Fn(&str) -> Result<f64, String> {
    move |typed| match typed.parse::<f64>() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!(
            "is not a number from {} to {}, such as 0.5",
            range.start(),
            range.end()
        )),
    }
}

/// Reads a number of bytes: `65536`, `64KiB`, `10MB`. `k`, `M`, `G`, `T`, `P` with `B` are powers of 1000,
/// with `iB` powers of 1024.
pub(crate) fn size(range: RangeInclusive<u64>) -> impl Fn(&str) -> Result<u64, String> {
    move |typed| {
        let wrong = "is not a size; write a whole number of bytes, or one with a unit as in 10MB \
                     or 4MiB";
        let digits = typed.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = typed.split_at(digits);
        let scale: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "tb" => 1_000_000_000_000,
            "pb" => 1_000_000_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            "tib" => 1 << 40,
            "pib" => 1 << 50,
            _ => return Err(wrong.to_owned()),
        };
        if number.is_empty() {
            return Err(wrong.to_owned());
        }
        let bytes = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(scale));
        bytes.filter(|bytes| range.contains(bytes)).ok_or_else(|| {
            let (least, most) = (show_size(*range.start()), show_size(*range.end()));
            format!("is out of range; write a size from {least} to {most}")
        })
    }
}

/// Writes a size as `size` reads it, in the largest unit that leaves it whole.
pub(crate) fn show_size(bytes: u64) -> String {
    let units = [
        (1 << 50, "PiB"),
        (1_000_000_000_000_000, "PB"),
        (1 << 40, "TiB"),
        (1_000_000_000_000, "TB"),
        (1 << 30, "GiB"),
        (1_000_000_000, "GB"),
        (1 << 20, "MiB"),
        (1_000_000, "MB"),
        (1 << 10, "KiB"),
        (1_000, "kB"),
    ];
    let fitting = units
        .iter()
        .find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    fitting.map_or_else(
        || bytes.to_string(),
        |(unit, name)| format!("{}{name}", bytes / unit),
    )
}

/// Reads a whole number of seconds: `60`, `60s`, `5m`, `1h 30m`.
pub(crate) fn duration(range: RangeInclusive<u64>) -> impl Fn(&str) -> Result<Duration, String> {
    move |typed| {
        let wrong = "is not a duration; write whole seconds, or a number with a unit as in 60s or \
                     5m";
        let seconds = if typed.bytes().all(|byte| byte.is_ascii_digit()) {
            typed.parse::<u64>().ok()
        } else {
            let duration: Option<SignedDuration> = typed.parse().ok();
            duration
                .filter(|duration| duration.subsec_nanos() == 0)
                .and_then(|duration| u64::try_from(duration.as_secs()).ok())
        };
        let seconds = seconds.ok_or(wrong)?;
        if !range.contains(&seconds) {
            let (least, most) = (range.start(), range.end());
            return Err(format!(
                "is out of range; write a duration from {least}s to {most}s"
            ));
        }
        Ok(Duration::from_secs(seconds))
    }
}

/// Reads a whole number of days, `2` or `2d`, or `never`.
pub(crate) fn days_or_never(typed: &str) -> Result<Option<u32>, String> {
    if typed == "never" {
        return Ok(None);
    }
    let days = typed.strip_suffix('d').map_or(typed, str::trim_end);
    match days.parse() {
        Ok(days) if days <= 36_500 => Ok(Some(days)),
        _ => Err("is not a number of days from 0 to 36500, nor never".to_owned()),
    }
}

/// Reads the length of a bucket. It must divide 900 seconds: the offset of every time zone in use
/// is a whole number of quarter hours, so every zone's days and hours then begin on a bucket.
pub(crate) fn resolution(typed: &str) -> Result<Duration, String> {
    let resolution = duration(0..=u64::MAX)(typed)?;
    let seconds = resolution.as_secs();
    if !(1..=900).contains(&seconds) || 900 % seconds != 0 {
        return Err(
            "does not divide 15 minutes; write a duration such as 1s, 10s, 60s, 300s or \
                    900s"
                .to_owned(),
        );
    }
    Ok(resolution)
}

/// Reads a path: `~` and `${NAME}` are expanded, a relative path begins at `base`.
pub(crate) fn path(typed: &str, base: &Path, environment: &Environment) -> Result<PathBuf, String> {
    if typed.contains('\0') {
        return Err("contains a NUL, which no path can".to_owned());
    }
    let expanded = expand_variables(typed, environment)?;
    let path = match expanded.strip_prefix('~') {
        None => PathBuf::from(expanded),
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            let home = environment.home.as_ref();
            let home = home.ok_or("needs a home folder, but HOME is not set")?;
            home.join(rest.trim_start_matches('/'))
        }
        Some(_) => return Err("names another user's home; write that folder in full".to_owned()),
    };
    Ok(base.join(path).components().collect())
}

fn expand_variables(typed: &str, environment: &Environment) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = typed;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, behind) = after.split_once('}').ok_or("has a ${ without its }")?;
        let value = environment
            .variables
            .get(name)
            .filter(|value| !value.is_empty());
        let shown = display::printable(name);
        let value = value.ok_or_else(|| format!("needs ${{{shown}}}, which is not set"))?;
        expanded.push_str(before);
        expanded.push_str(value);
        rest = behind;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_decimal_and_binary_units() {
        let read = size(0..=u64::MAX);
        let cases = [
            ("0", 0),
            ("65536", 65_536),
            ("10MB", 10_000_000),
            ("10 mb", 10_000_000),
            ("4MiB", 4_194_304),
            ("1kB", 1_000),
            ("1KiB", 1_024),
            ("2GB", 2_000_000_000),
            ("7B", 7),
        ];
        for (typed, bytes) in cases {
            assert_eq!(read(typed), Ok(bytes), "{typed}");
        }
        for typed in ["", "MB", "-1", "1.5MB", "10M", "10MBit", "ten"] {
            assert!(
                read(typed).unwrap_err().starts_with("is not a size"),
                "{typed}"
            );
        }
        assert_eq!(
            size(1..=1 << 30)("99999999999999999999GB").unwrap_err(),
            "is out of range; write a size from 1 to 1GiB"
        );
    }

    #[test]
    fn a_shown_size_reads_back_as_itself() {
        for bytes in [
            0,
            1,
            999,
            1_000,
            1_024,
            65_536,
            10_000_000,
            4 << 20,
            1 << 30,
            1_500_000,
        ] {
            assert_eq!(size(0..=u64::MAX)(&show_size(bytes)), Ok(bytes));
        }
    }

    #[test]
    fn durations_are_whole_seconds_with_or_without_a_unit() {
        let read = duration(1..=86_400);
        let cases = [
            ("60", 60),
            ("60s", 60),
            ("5m", 300),
            ("1h 30m", 5_400),
            ("2 minutes", 120),
        ];
        for (typed, seconds) in cases {
            assert_eq!(read(typed), Ok(Duration::from_secs(seconds)), "{typed}");
        }
        for typed in [
            "",
            "s",
            "1.5s",
            "100ms",
            "-5s",
            "soon",
            "99999999999999999999",
        ] {
            assert!(
                read(typed).unwrap_err().starts_with("is not a duration"),
                "{typed}"
            );
        }
        assert_eq!(
            read("2d").unwrap_err(),
            "is not a duration; write whole seconds, or a number with a unit as in 60s or 5m"
        );
        assert_eq!(
            read("25h").unwrap_err(),
            "is out of range; write a duration from 1s to 86400s"
        );
    }

    #[test]
    fn a_resolution_divides_a_quarter_hour() {
        for typed in ["1s", "5", "10s", "60s", "1m", "100s", "450s", "15m"] {
            assert!(resolution(typed).is_ok(), "{typed}");
        }
        for typed in ["0", "7s", "61s", "600s", "1800s"] {
            let error = resolution(typed).unwrap_err();
            assert!(
                error.starts_with("does not divide 15 minutes"),
                "{typed}: {error}"
            );
        }
    }

    #[test]
    fn switches_understand_three_pairs_of_words() {
        for typed in ["true", "True", "yes", "on"] {
            assert_eq!(switch(typed), Ok(true));
        }
        for typed in ["false", "FALSE", "no", "off"] {
            assert_eq!(switch(typed), Ok(false));
        }
        assert_eq!(switch("1").unwrap_err(), "is neither true nor false");
    }

    #[test]
    fn paths_expand_home_and_variables_and_begin_at_their_base() {
        let mut environment = Environment::for_tests();
        environment
            .variables
            .insert("DATA".into(), "/srv/data".into());
        let read = |typed: &str| path(typed, Path::new("/etc/nm"), &environment);
        assert_eq!(read("~").unwrap(), Path::new("/home/ada"));
        assert_eq!(read("~/logs").unwrap(), Path::new("/home/ada/logs"));
        assert_eq!(read("${DATA}/logs").unwrap(), Path::new("/srv/data/logs"));
        assert_eq!(read("./logs/").unwrap(), Path::new("/etc/nm/logs"));
        assert_eq!(read("a~b$c").unwrap(), Path::new("/etc/nm/a~b$c"));
        assert_eq!(
            read("${NONE}/x").unwrap_err(),
            "needs ${NONE}, which is not set"
        );
        assert_eq!(read("${DATA").unwrap_err(), "has a ${ without its }");
        assert_eq!(
            read("~bob/x").unwrap_err(),
            "names another user's home; write that folder in full"
        );
        environment.home = None;
        assert_eq!(
            path("~/x", Path::new("/"), &environment).unwrap_err(),
            "needs a home folder, but HOME is not set"
        );
    }
}
