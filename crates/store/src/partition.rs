//! Where a segment lies: `<kind>/date=YYYY-MM-DD/host=NAME/<name>.parquet`, as Hive partitions.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use traffic::{Table, UtcDay};

/// Characters that a folder's name must not hold: separators, what Hive reserves, controls.
const RESERVED: &AsciiSet = &CONTROLS
    .add(b'/')
    .add(b'\\')
    .add(b'=')
    .add(b'%')
    .add(b':')
    .add(b'*')
    .add(b'?')
    .add(b'"')
    .add(b'\'')
    .add(b'<')
    .add(b'>')
    .add(b'|')
    .add(b'#')
    .add(b'[')
    .add(b']')
    .add(b'{')
    .add(b'}')
    .add(b'^');

/// What a segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Rows of a table.
    Rows(Table),
    /// Facts of buckets.
    Buckets,
}

impl Kind {
    pub(crate) const ALL: [Kind; 5] = [
        Kind::Rows(Table::Traffic),
        Kind::Rows(Table::Loopback),
        Kind::Rows(Table::Apart),
        Kind::Rows(Table::Peers),
        Kind::Buckets,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::Rows(table) => table.as_str(),
            Kind::Buckets => "buckets",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The folder of a kind, day and host, below the store.
pub(crate) fn folder(kind: Kind, day: i64, host: &str) -> PathBuf {
    Path::new(kind.as_str())
        .join(format!("date={}", UtcDay::from_number(day)))
        .join(format!("host={}", encoded(host)))
}

/// Bytes of a folder's name; file systems take 255, and `host=` stands before it.
const LONGEST: usize = 200;

/// A host as the name of a folder. A name too long for one is cut and told apart by its hash.
pub(crate) fn encoded(host: &str) -> String {
    let mut name = match host {
        "." | ".." => host.replace('.', "%2E"),
        _ => utf8_percent_encode(host, RESERVED).to_string(),
    };
    if name.len() > LONGEST {
        name.truncate(LONGEST - 17);
        name.push_str(&format!(
            "~{:016x}",
            twox_hash::XxHash3_64::oneshot(host.as_bytes())
        ));
    }
    name
}

/// The host whose folder has this name, unless that was too long for it.
pub(crate) fn decoded(folder: &str) -> Option<String> {
    let host = percent_encoding::percent_decode_str(folder).decode_utf8();
    Some(host.ok()?.into_owned())
}

/// Day number and host of a segment's path below the store.
pub(crate) fn parse_folder(path: &Path) -> Option<(Kind, i64, String)> {
    let mut parts = path.iter().map(|part| part.to_str());
    let kind = Kind::parse(parts.next()??)?;
    let date: jiff::civil::Date = parts.next()??.strip_prefix("date=")?.parse().ok()?;
    let host = decoded(parts.next()??.strip_prefix("host=")?)?;
    Some((kind, UtcDay::of_date(date).number(), host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_host_fits_into_a_folder_and_keeps_its_own() {
        let (one, other) = ("é".repeat(126), "é".repeat(127));
        assert!(encoded(&one).len() <= LONGEST && encoded(&other).len() <= LONGEST);
        assert_ne!(encoded(&one), encoded(&other));
    }

    #[test]
    fn a_folder_is_read_back() {
        for host in ["web1", "a/b=c%d", "..", "ünï 日本", "x\u{1}y"] {
            let folder = folder(Kind::Rows(Table::Traffic), 20_000, host);
            assert_eq!(folder.components().count(), 3, "{host}");
            let path = folder.join("x.parquet");
            let (kind, day, back) = parse_folder(&path).unwrap();
            assert_eq!(
                (kind, day, back.as_str()),
                (Kind::Rows(Table::Traffic), 20_000, host)
            );
        }
    }
}
