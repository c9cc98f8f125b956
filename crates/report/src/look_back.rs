//! Sets a report beside the weeks before its period.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use display::Moment;
use foldhash::fast::FixedState;
use jiff::tz::TimeZone;
use traffic::Volume;

use crate::arithmetic::rate;
use crate::ranking::sum;
use crate::{ConnectionView, History, NewName, NewNames, Past, Report, UNKNOWN};

/// Seconds of a past that tell what is usual at all: against less, everything is new.
const LEAST_PAST: u64 = 3600;

impl Report {
    /// Sets the report beside what was before its period; `top_n` names are listed. Nothing is said
    /// of a past of which less than an hour was observed.
    pub fn look_back(&mut self, past: &Past, zone: &TimeZone, top_n: usize) {
        let mut week = [[(0u64, 0u64); 24]; 7];
        let mut days = HashSet::new();
        for &(second, bytes, observed) in &past.stretches {
            if observed == 0 {
                continue;
            }
            let at = Moment::new(second, zone).civil();
            days.insert(at.date());
            let weekday = usize::from(at.weekday().to_monday_zero_offset().unsigned_abs());
            let hour = &mut week[weekday][usize::from(at.hour().unsigned_abs())];
            *hour = (
                hour.0.saturating_add(bytes),
                hour.1.saturating_add(observed),
            );
        }
        let seconds = past
            .stretches
            .iter()
            .map(|(.., observed)| observed)
            .sum::<u64>();
        if seconds < LEAST_PAST {
            return;
        }
        let (processes, remotes) = self.unseen(past);
        let known = !past.names_cut && self.every_connection().is_some();
        self.history = Some(History {
            start: Moment::new(past.start, zone),
            days: days.len(),
            week: week.map(|hours| {
                hours.map(|(bytes, seconds)| (seconds > 0).then(|| rate(bytes, seconds)))
            }),
            new_processes: known
                .then(|| self.top(processes, top_n, |one| (one.process, one.remote_address))),
            new_remotes: known
                .then(|| self.top(remotes, top_n, |one| (one.remote_address, one.process))),
        });
    }

    /// Processes and peers that are not among those of the past.
    fn unseen(&self, past: &Past) -> (Tallies, Tallies) {
        let (mut processes, mut remotes) = (Tallies::default(), Tallies::default());
        for connection in self.every_connection().into_iter().flatten() {
            let tally = (connection.volume, connection.first_seen);
            let process = connection.process.filter(|name| *name != UNKNOWN);
            for (name, seen, tallies) in [
                (process, &past.processes, &mut processes),
                (connection.remote_address, &past.remotes, &mut remotes),
            ] {
                let Some(name) = name.filter(|name| !seen.contains(*name)) else {
                    continue;
                };
                if let Some((volume, first)) = tallies.get_mut(name) {
                    volume.add(tally.0);
                    if tally.1.as_second() < first.as_second() {
                        *first = tally.1;
                    }
                } else {
                    tallies.insert(name.to_owned(), tally);
                }
            }
        }
        (processes, remotes)
    }

    /// Those that moved most, each with whom most of it was moved; `ends` gives a connection's end of the names'
    /// kind and its other one.
    fn top<'a>(
        &'a self,
        tallies: Tallies,
        top_n: usize,
        ends: impl Fn(&ConnectionView<'a>) -> (Option<&'a str>, Option<&'a str>),
    ) -> NewNames {
        let total = tallies.len();
        let mut list: Vec<_> = tallies.into_iter().collect();
        list.sort_unstable_by(|(name, (volume, _)), (other, (than, _))| {
            sum(*than).cmp(&sum(*volume)).then_with(|| name.cmp(other))
        });
        list.truncate(top_n);
        let names = list.iter().map(|(name, _)| name.as_str());
        let places: HashMap<&str, usize, FixedState> = names.zip(0..).collect();
        let mut others: Vec<HashMap<&str, u128, FixedState>> = vec![HashMap::default(); list.len()];
        for connection in self.every_connection().into_iter().flatten() {
            let (Some(name), Some(other)) = ends(&connection) else {
                continue;
            };
            if let Some(&place) = places.get(name) {
                *others[place].entry(other).or_default() += sum(connection.volume);
            }
        }
        let most_with = others.into_iter().map(|others| {
            let most = others
                .into_iter()
                .max_by_key(|(name, bytes)| (*bytes, Reverse(*name)));
            most.map(|(name, _)| name.to_owned())
        });
        let most_with: Vec<_> = most_with.collect();
        let top = (list.into_iter().zip(most_with))
            .map(|((name, (volume, first_seen)), most_with)| NewName {
                name,
                most_with,
                upload_bytes: volume.up,
                download_bytes: volume.down,
                first_seen,
            })
            .collect();
        NewNames { top, total }
    }
}

type Tallies = HashMap<String, (Volume, Moment), FixedState>;
