//! Who was met first when, and what is sent to names on each day: what newcomers are judged by.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use analysis::{DayBytes, DayNames, History, Hour, Met, Subject};
use store::{Seen, quarter_start};

use crate::hours::{HOUR, place};

/// Seconds before what is judged in which somebody who was met first may still be a newcomer.
const STAYS_NEW: i64 = 7 * 24 * HOUR;

/// Bytes sent and received on some days.
type Volumes<'a> = BTreeMap<i32, HashMap<&'a str, (u64, u64)>>;

/// Adds newcomers of a kind, and what is sent to names of that kind on each day.
pub(crate) fn add<'a>(
    history: &mut History,
    digests: impl Iterator<Item = (i64, &'a BTreeMap<String, Seen>)> + Clone,
    subject: fn(String) -> Subject,
    judged: &Range<i64>,
) {
    let start = history
        .hours
        .first()
        .map_or(judged.start, |hour| hour.start);
    let start = history.since.unwrap_or(start);
    let first = first_seen(digests.clone(), start);
    let volumes = volumes(digests.clone(), &history.hours);
    let day_of = |second: i64| place(&history.hours, second).map(|at| history.hours[at].day);
    let judged_day = day_of(judged.start);
    let kind = subject(String::new());
    for (day, names) in &volumes {
        let is_new = |name: &str| first.get(name).is_some_and(|at| day_of(*at) == Some(*day));
        let (mut old, mut largest) = (Vec::new(), 0);
        for (name, (up, _)) in names {
            if is_new(name) {
                largest = largest.max(*up);
            } else if *up > 0 {
                old.push(*up);
            }
        }
        old.sort_unstable();
        let median = old
            .get(old.len().saturating_sub(1) / 2)
            .copied()
            .unwrap_or(0);
        let known = history.names.iter().position(|known| known.day == *day);
        let known = known.unwrap_or_else(|| {
            history.names.push(DayNames {
                day: *day,
                ..DayNames::default()
            });
            history.names.len() - 1
        });
        let known = &mut history.names[known];
        match kind {
            Subject::Process(_) => {
                (known.median_process, known.largest_new_process) = (median, largest);
            }
            Subject::Remote(_) => {
                (known.median_remote, known.largest_new_remote) = (median, largest);
            }
            Subject::Port(_) | Subject::Total => {}
        }
    }
    let is_newcomer = |at: &i64| (judged.start - STAYS_NEW..judged.end).contains(at);
    let mut met: Vec<Met> = (first.iter())
        .filter(|(name, at)| **name != report::UNKNOWN && is_newcomer(at))
        .map(|(name, at)| Met {
            subject: subject((*name).to_owned()),
            first_seen: *at,
            other_hosts: 0,
            volumes: (volumes.range(judged_day.unwrap_or(i32::MAX)..))
                .filter_map(|(day, names)| {
                    let (up, down) = *names.get(name)?;
                    Some(DayBytes {
                        day: *day,
                        up,
                        down,
                    })
                })
                .collect(),
        })
        .collect();
    met.sort_unstable_by(|one, other| one.subject.cmp(&other.subject));
    history.met.extend(met);
    if matches!(kind, Subject::Remote(_)) {
        let is_judged = |day: i64| day + 24 * HOUR > judged.start && day < judged.end;
        let seen = digests.filter(|(day, _)| is_judged(*day));
        let seen = seen.flat_map(|(_, names)| names.keys());
        let mut since: Vec<(String, i64)> = seen
            .filter_map(|name| Some((name.clone(), *first.get(name.as_str())?)))
            .collect();
        since.sort_unstable();
        since.dedup();
        history.remotes_since = since;
    }
}

/// When each name was met first in the days looked at.
fn first_seen<'a>(
    digests: impl Iterator<Item = (i64, &'a BTreeMap<String, Seen>)>,
    start: i64,
) -> HashMap<&'a str, i64> {
    let mut first: HashMap<&str, i64> = HashMap::new();
    for (day, names) in digests {
        for (name, seen) in names {
            let second = seen.since(day).max(start);
            let entry = first.entry(name).or_insert(second);
            *entry = second.min(*entry);
        }
    }
    first
}

/// Bytes of each name on each day of the local calendar.
fn volumes<'a>(
    digests: impl Iterator<Item = (i64, &'a BTreeMap<String, Seen>)>,
    hours: &[Hour],
) -> Volumes<'a> {
    let mut volumes = Volumes::new();
    for (start, names) in digests {
        let day_of =
            |quarter: u8| place(hours, quarter_start(start, quarter)).map(|at| hours[at].day);
        let days: Vec<Option<i32>> = (0..=u8::MAX).map(day_of).collect();
        for (name, seen) in names {
            for (quarter, up, down) in &seen.quarters {
                let Some(day) = days[usize::from(*quarter)] else {
                    continue;
                };
                let of_day = volumes.entry(day).or_default();
                let sum = of_day.entry(name.as_str()).or_default();
                sum.0 = sum.0.saturating_add(*up);
                sum.1 = sum.1.saturating_add(*down);
            }
        }
    }
    volumes
}
