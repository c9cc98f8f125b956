//! Names: of archives, of members, and of what may be written where a member says.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::digest::sha256;

/// How an archive is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// A zip of deflated members.
    #[serde(rename = "zip")]
    Zip,
    /// A tar of which each member is compressed by itself.
    #[serde(rename = "tar.gz")]
    TarGz,
}

impl Format {
    /// Both.
    pub const ALL: [Format; 2] = [Format::Zip, Format::TarGz];

    /// The end of the archive's name.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Zip => "zip",
            Format::TarGz => "tar.gz",
        }
    }
}

/// `logs_YYYYMMDD.zip` or `.tar.gz`.
pub(crate) fn archive_name(day: Date, format: Format) -> String {
    format!("logs_{}.{}", stamp(day), format.extension())
}

/// `metadata_YYYYMMDD.json`.
pub(crate) fn metadata_name(day: Date) -> String {
    format!("metadata_{}.json", stamp(day))
}

fn stamp(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// Day and format of an archive's name.
pub(crate) fn parse_archive_name(name: &str) -> Option<(Date, Format)> {
    let (stamp, extension) = name.strip_prefix("logs_")?.split_once('.')?;
    let format = Format::ALL
        .into_iter()
        .find(|format| format.extension() == extension)?;
    Some((parse_stamp(stamp)?, format))
}

/// Day of a metadata file's name.
pub(crate) fn parse_metadata_name(name: &str) -> Option<Date> {
    parse_stamp(name.strip_prefix("metadata_")?.strip_suffix(".json")?)
}

fn parse_stamp(stamp: &str) -> Option<Date> {
    if stamp.len() != 8 || !stamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let date = Date::new(
        stamp[..4].parse().ok()?,
        stamp[4..6].parse().ok()?,
        stamp[6..].parse().ok()?,
    );
    date.ok()
}

/// The name of a log in an archive: its path below the log folder, with `/` between its parts.
/// Bytes that no system takes for a name (controls, `\`, what is not UTF-8) become `%XX`, and so do
/// characters that turn the direction of reading: programs that show archives show them as they are.
pub fn member_name(relative: &Path) -> String {
    let mut name = String::new();
    for part in relative.components() {
        let Component::Normal(part) = part else {
            continue;
        };
        if !name.is_empty() {
            name.push('/');
        }
        for chunk in part.as_encoded_bytes().utf8_chunks() {
            for letter in chunk.valid().chars() {
                if letter.is_control() || letter == '\\' || files::turns_direction(letter) {
                    let mut bytes = [0; 4];
                    escape(&mut name, letter.encode_utf8(&mut bytes).as_bytes());
                } else {
                    name.push(letter);
                }
            }
            escape(&mut name, chunk.invalid());
        }
    }
    let parts: Vec<String> = name.split('/').map(fitting).collect();
    parts.join("/")
}

/// Bytes of a file's name that every file system takes.
const LONGEST: usize = 255;

/// A name that is too long as a shorter one, which is still found as a log.
fn fitting(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let digest = sha256(name.as_bytes());
    let end = name.rfind(".log").map_or("", |dot| &name[dot..]);
    let end = if end.len() <= 32 { end } else { "" };
    let rest = format!("~{}{end}", &digest[..16]);
    let start = name.floor_char_boundary(LONGEST - rest.len());
    format!("{}{rest}", &name[..start])
}

fn escape(name: &mut String, bytes: &[u8]) {
    for byte in bytes {
        name.push_str(&format!("%{byte:02X}"));
    }
}

/// A name that is not taken: `x.log`, else `x~2.log`, which is found as a log too.
pub(crate) fn free_name(name: &str, taken: &HashSet<&str>) -> String {
    let start = name.rfind('/').map_or(0, |slash| slash + 1);
    let dot = name[start..]
        .rfind(".log")
        .map_or(name.len(), |dot| start + dot);
    let (stem, rest) = name.split_at(dot);
    let mut free = name.to_owned();
    let mut number = 2;
    while taken.contains(free.as_str()) {
        let numbered = fitting(&format!("{}~{number}{rest}", &stem[start..]));
        free = format!("{}{numbered}", &stem[..start]);
        number += 1;
    }
    free
}

/// Where a member may be written below a folder; says why where it may not be.
pub(crate) fn safe_path(name: &str) -> Result<PathBuf, &'static str> {
    if name.contains(['\0', '\\']) || name.chars().any(char::is_control) {
        return Err("its name holds a character that no log's name has");
    }
    let mut path = PathBuf::new();
    for part in Path::new(name).components() {
        match part {
            Component::Normal(part) => path.push(fitting(&part.to_string_lossy())),
            Component::CurDir => {}
            _ => return Err("its name leads out of the folder"),
        }
    }
    if path.as_os_str().is_empty() || name.ends_with('/') {
        return Err("its name names no file");
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn an_archive_name_is_read_back() {
        for format in Format::ALL {
            let name = archive_name(date(2026, 3, 7), format);
            assert_eq!(
                parse_archive_name(&name),
                Some((date(2026, 3, 7), format)),
                "{name}"
            );
        }
        for name in [
            "logs_20260230.zip",
            "logs_2026-3-07.zip",
            "logs_20260307.rar",
            "logs_20260307.zip.tmp",
            "xlogs_20260307.zip",
            "logs_+2260307.zip",
        ] {
            assert_eq!(parse_archive_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_taken_name_gets_a_number_and_stays_a_log() {
        let taken = HashSet::from(["x.log", "x~2.log", "a.b/y.log.1.gz"]);
        assert_eq!(free_name("x.log", &taken), "x~3.log");
        assert_eq!(free_name("a.b/y.log.1.gz", &taken), "a.b/y~2.log.1.gz");
        assert_eq!(free_name("z.log", &taken), "z.log");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_text_in_a_name_is_escaped() {
        use std::os::unix::ffi::OsStrExt as _;
        let name = |bytes: &[u8]| member_name(Path::new(std::ffi::OsStr::from_bytes(bytes)));
        assert_eq!(name(b"web1/a b:\xc3\xbc.log"), "web1/a b:\u{fc}.log");
        assert_eq!(name(b"a\\b\n\xff.log"), "a%5Cb%0A%FF.log");
        assert_eq!(name("gpj\u{202e}.log".as_bytes()), "gpj%E2%80%AE.log");
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_too_long_is_cut_and_stays_a_log_and_another() {
        use std::os::unix::ffi::OsStrExt as _;
        let long = |byte: u8| [&[byte; 249], &b".log.1"[..]].concat();
        let name = |bytes: &[u8]| member_name(Path::new(std::ffi::OsStr::from_bytes(bytes)));
        // What is not UTF-8 becomes three times as long.
        for byte in [b'a', 0xff, 0xc3] {
            let name = name(&long(byte));
            assert!(name.len() <= LONGEST && name.ends_with(".log.1"), "{name}");
            let free = free_name(&name, &HashSet::from([name.as_str()]));
            assert!(free.len() <= LONGEST && free.ends_with(".log.1"), "{free}");
            assert_ne!(free, name);
        }
        assert_ne!(name(&long(0xff)), name(&long(0xfe)));
        assert_eq!(name(&[b'a'; 255]), "a".repeat(255));
        // An archive from elsewhere.
        let path = safe_path(&format!("{}/x.log", "ü".repeat(200))).unwrap();
        assert!(
            path.components()
                .all(|part| part.as_os_str().len() <= LONGEST)
        );
    }

    #[test]
    fn only_names_below_the_folder_are_safe() {
        for name in ["a.log", "web1/a.log", "./a.log", "a..b/..c.log"] {
            assert!(safe_path(name).is_ok(), "{name}");
        }
        for name in [
            "/etc/passwd",
            "../a.log",
            "a/../../b.log",
            "a/..",
            "..",
            "",
            ".",
            "a/",
            "a\0b",
            "a\\..\\b",
            "a\u{1b}[2J.log",
        ] {
            assert!(safe_path(name).is_err(), "{name:?}");
        }
    }
}
