//! The history of a host as analyses judge it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use analysis::{FiveMinutes, History, Hour, Series, Subject};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::{Digest, Seen, Store};
use traffic::Volume;

use crate::error::Result;
use crate::hours::{HOUR, place};
use crate::newcomers;

/// Days that are looked back at before what is judged: eight weeks.
pub const LOOK_BACK: i64 = 56;
/// Processes, peers and ports of which there are series: those that moved most.
const SERIES: usize = 50;

/// Which history.
pub struct HistoryRequest<'a> {
    /// Host.
    pub host: &'a str,
    /// What is judged; eight weeks before it come along.
    pub judged: Range<i64>,
    /// Zone of the hours.
    pub zone: &'a TimeZone,
    /// Whether loopback counts.
    pub loopback: bool,
    /// Seconds of a bucket.
    pub resolution: i64,
    /// First second of the billing month that holds the end.
    pub month: i64,
}

/// Reads the history of a host. It costs little once the days' digests are kept.
///
/// # Errors
/// If the store cannot be read.
pub fn read(store: &Store, wanted: &HistoryRequest<'_>) -> Result<History> {
    let start = wanted.judged.start - LOOK_BACK * 24 * HOUR;
    let since = store.first_seen(wanted.host)?;
    let start = start.max(since.unwrap_or(start)).min(wanted.judged.end);
    let mut history = History {
        host: wanted.host.to_owned(),
        hours: hours(start, wanted.judged.end, wanted.zone),
        since: since.map(|since| since.max(start)),
        ..History::default()
    };
    let digests = store.digests(wanted.host, start..wanted.judged.end, wanted.loopback)?;
    let mut total = Series {
        subject: Subject::Total,
        up: vec![0; history.hours.len()],
        down: vec![0; history.hours.len()],
    };
    for (day, digest) in &digests {
        for (number, held) in &digest.five_minutes {
            let second = day + i64::from(*number) * 300;
            if let Some(place) = place(&history.hours, second) {
                let hour = &mut history.hours[place];
                let observed = u32::try_from(held.observed).unwrap_or(u32::MAX);
                hour.observed = hour.observed.saturating_add(observed).min(3600);
                add(&mut total, place, held.volume);
            }
        }
    }
    history.series.push(total);
    let kinds: [(Named, Names); 3] = [
        (Subject::Process, |digest| &digest.processes),
        (Subject::Remote, |digest| &digest.remotes),
        (Subject::Port, |digest| &digest.ports),
    ];
    let cut = digests.iter().any(|(_, digest)| digest.names_cut);
    for (subject, names) in kinds {
        let traced = digests.iter().map(|(day, digest)| (*day, names(digest)));
        history
            .series
            .extend(series(traced.clone(), &history.hours, subject));
        if !cut {
            newcomers::add(&mut history, traced, subject, &wanted.judged);
        }
    }
    if wanted.resolution <= 300 {
        let month = wanted.month..wanted.judged.end;
        history.five_minutes = five_minutes(&digests, &month);
    }
    Ok(history)
}

type Named = fn(String) -> Subject;
type Names = fn(&Digest) -> &BTreeMap<String, Seen>;

/// Every hour of a stretch of time by the local clock.
pub(crate) fn hours(start: i64, end: i64, zone: &TimeZone) -> Vec<Hour> {
    let mut hours = Vec::new();
    // Hours begin where the local clock shows a whole one.
    let minutes_in = |second: i64| {
        let at = Timestamp::from_second(second)
            .unwrap_or_default()
            .to_zoned(zone.clone());
        i64::from(at.minute()) * 60 + i64::from(at.second())
    };
    let mut second = start - minutes_in(start);
    while second < end {
        let at = Timestamp::from_second(second)
            .unwrap_or_default()
            .to_zoned(zone.clone());
        let (day, weekday) = number_and_weekday(at.date());
        hours.push(Hour {
            start: second,
            observed: 0,
            day,
            weekday,
            hour: u8::try_from(at.hour()).unwrap_or(0),
        });
        let next = second + HOUR;
        // If a zone shifts by half an hour, the next hour is shorter or longer.
        second = next - minutes_in(next) % HOUR;
        if second <= hours[hours.len() - 1].start {
            second = next;
        }
    }
    hours
}

/// Days of the calendar since 1970-01-01, and the day of the week, 0 for Monday: as analyses name days.
pub fn number_and_weekday(day: Date) -> (i32, u8) {
    let epoch = jiff::civil::date(1970, 1, 1);
    let number = day.since(epoch).map_or(0, |span| span.get_days());
    let weekday = u8::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
    (number, weekday)
}

fn add(series: &mut Series, place: usize, volume: Volume) {
    series.up[place] = series.up[place].saturating_add(volume.up);
    series.down[place] = series.down[place].saturating_add(volume.down);
}

/// Series of the names of a kind that moved most.
fn series<'a>(
    digests: impl Iterator<Item = (i64, &'a BTreeMap<String, Seen>)> + Clone,
    hours: &[Hour],
    subject: Named,
) -> Vec<Series> {
    let mut volumes: HashMap<&str, u64> = HashMap::new();
    for (_, names) in digests.clone() {
        for (name, seen) in names {
            let moved = seen
                .quarters
                .iter()
                .map(|(_, up, down)| up.saturating_add(*down));
            let sum = volumes.entry(name).or_default();
            *sum = moved.fold(*sum, u64::saturating_add);
        }
    }
    let mut most: Vec<(&str, u64)> = volumes.into_iter().filter(|(_, sum)| *sum > 0).collect();
    most.sort_unstable_by(|one, other| (other.1, one.0).cmp(&(one.1, other.0)));
    most.truncate(SERIES);
    let mut found: BTreeMap<&str, Series> = (most.iter())
        .map(|(name, _)| {
            let series = Series {
                subject: subject((*name).to_owned()),
                up: vec![0; hours.len()],
                down: vec![0; hours.len()],
            };
            (*name, series)
        })
        .collect();
    for (day, names) in digests {
        for (name, series) in &mut found {
            for (quarter, up, down) in names.get(*name).into_iter().flat_map(|seen| &seen.quarters)
            {
                if let Some(place) = place(hours, store::quarter_start(day, *quarter)) {
                    let volume = Volume {
                        up: *up,
                        down: *down,
                    };
                    add(series, place, volume);
                }
            }
        }
    }
    most.iter()
        .filter_map(|(name, _)| found.remove(name))
        .collect()
}

/// The five minutes of a stretch of the days that were read.
fn five_minutes(digests: &[(i64, Digest)], seconds: &Range<i64>) -> Vec<FiveMinutes> {
    let mut found = Vec::new();
    for (day, digest) in digests {
        for (number, held) in &digest.five_minutes {
            let start = day + i64::from(*number) * 300;
            let observed = u32::try_from(held.observed.min(300)).unwrap_or(300);
            if observed > 0 && seconds.contains(&start) {
                found.push(FiveMinutes {
                    start,
                    observed,
                    up: held.volume.up,
                    down: held.volume.down,
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
