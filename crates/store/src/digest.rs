//! A day in brief: how much in which quarter of an hour, and which names. Kept in the catalogue
//! until the day gets news, so that looking back over weeks costs little.

use std::collections::BTreeMap;
use std::ops::Range;

use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use traffic::{Table, observed_seconds};

use crate::partition::{Kind, day_number};
use crate::{Result, Store, segment};

/// Seconds of a quarter of an hour: every zone's hours and every resolution fit.
const QUARTER: i64 = 900;
/// Names of a kind that a day keeps; a hostile log has any number.
const MOST_NAMES: usize = 10_000;

/// A quarter of an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarter {
    /// Bytes of both directions.
    pub bytes: u64,
    /// Seconds observed.
    pub observed: u64,
}

/// A day (UTC) of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// By number of the quarter of the day.
    pub quarters: BTreeMap<u8, Quarter>,
    /// Processes, with the quarter that first showed each.
    pub processes: BTreeMap<String, u8>,
    /// Peers, likewise.
    pub remotes: BTreeMap<String, u8>,
    /// Whether there were more names than are kept.
    pub names_cut: bool,
}

impl Store {
    /// The digests of the days (UTC) that hold a stretch of time, each with the second it begins.
    ///
    /// # Errors
    /// Where the catalogue or a segment cannot be read.
    pub fn digests(
        &self,
        host: &str,
        seconds: Range<i64>,
        loopback: bool,
    ) -> Result<Vec<(i64, Digest)>> {
        let days = day_number(seconds.start)..=day_number(seconds.end.saturating_sub(1));
        days.map(|day| {
            let digest = match self.known_digest(host, day, loopback)? {
                Some(known) => known,
                None => self.make_digest(host, day, loopback)?,
            };
            Ok((day * 86_400, digest))
        })
        .collect()
    }

    fn known_digest(&self, host: &str, day: i64, loopback: bool) -> Result<Option<Digest>> {
        let mut query = self.catalog.prepare_cached(
            "SELECT content FROM digest WHERE host = ?1 AND day = ?2 AND loopback = ?3",
        )?;
        let content: Option<String> = query
            .query_row(params![host, day, loopback], |row| row.get(0))
            .optional()?;
        // What cannot be read is made anew.
        Ok(content.and_then(|content| serde_json::from_str(&content).ok()))
    }

    fn make_digest(&self, host: &str, day: i64, loopback: bool) -> Result<Digest> {
        let mut digest = Digest::default();
        let seconds = day * 86_400..(day + 1) * 86_400;
        let quarter = |second: i64| u8::try_from((second - seconds.start) / QUARTER).unwrap_or(0);
        let mut facts = self.read_facts(host, seconds.clone())?;
        for facts in facts.chunk_by_mut(|one, next| one.bucket == next.bucket) {
            let entry = digest.quarters.entry(quarter(facts[0].bucket)).or_default();
            entry.observed = (entry.observed + observed_seconds(facts)).min(QUARTER.unsigned_abs());
        }
        for table in Table::ALL {
            if table == Table::Loopback && !loopback {
                continue;
            }
            for file in self.segments(host, Kind::Rows(table), &seconds)? {
                segment::read_brief(&file?, |row| {
                    if !seconds.contains(&row.bucket) {
                        return;
                    }
                    let quarter = quarter(row.bucket);
                    if table != Table::Peers {
                        let entry = digest.quarters.entry(quarter).or_default();
                        entry.bytes = entry.bytes.saturating_add(row.bytes);
                    }
                    digest.names_cut |= !note(&mut digest.processes, row.process, quarter);
                    digest.names_cut |= !note(&mut digest.remotes, row.remote, quarter);
                })?;
            }
        }
        if self.is_writable() {
            let content = serde_json::to_string(&digest).unwrap_or_default();
            self.catalog.execute(
                "INSERT OR REPLACE INTO digest VALUES (?1, ?2, ?3, ?4)",
                params![host, day, loopback, content],
            )?;
        }
        Ok(digest)
    }
}

/// Notes a name; false where there is no room for it.
fn note(names: &mut BTreeMap<String, u8>, name: Option<&str>, quarter: u8) -> bool {
    let Some(name) = name else {
        return true;
    };
    if let Some(first) = names.get_mut(name) {
        *first = quarter.min(*first);
        return true;
    }
    let has_room = names.len() < MOST_NAMES;
    if has_room {
        names.insert(name.to_owned(), quarter);
    }
    has_room
}
