//! Beacons: traffic to one peer and port at regular times.
//!
//! The score is that of RITA v5 (Active Countermeasures, Real Intelligence Threat Analytics): the mean
//! of four parts, which ask whether the times are regular, the sizes alike, the events spread evenly,
//! and whether they go on. If a part of the time was not observed, it is left out. The mean alone is
//! high for everything that is busy all day, so the times have to be close and to go on, too.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::period::{self, Period};
use crate::days::HOUR;
use crate::finding::FindingDraft;
use crate::robust::median;
use crate::words;
use crate::{Contributor, Finding, FindingKind, History, Severity, Subject, Talks, Thresholds};

display::dated!(first_seen: i64, read);
display::dated!(last_seen: i64, read);

/// Events that a beacon has at least.
const LEAST_EVENTS: usize = 4;
/// Intervals between them, those of no length left out.
const LEAST_INTERVALS: usize = 3;
/// Connections a day from which on it is a strobe.
const STROBE: f64 = 86_400.0;
/// Bins of the histogram.
const BINS: usize = 24;
/// Bins that a histogram of two levels fills at least.
const LEAST_BINS: usize = 11;
/// Part of the largest bin within which bins are alike.
const ALIKE: f64 = 0.05;
/// Part of a bin that has to be observed.
const LEAST_OBSERVED: f64 = 0.5;
/// Hours of the day with events from which on the duration counts.
const LEAST_HOURS: usize = 6;
/// Hours one after another that are a whole duration.
const WHOLE_HOURS: f64 = 12.0;
/// Difference of the quartiles below which nothing is skewed.
const LEAST_SPREAD: f64 = 10.0;
/// Closeness of the times that a beacon has at least. Alike sizes, an even histogram and a whole
/// day alone score 0.85: so does every resolver that people's names are looked up at.
const LEAST_CLOSENESS: f64 = 0.8;
/// Score of the duration that a beacon has at least, and hours of the day: films are fetched at
/// regular times, too.
const LEAST_DURATION: f64 = 0.5;
const LEAST_LASTING: u32 = 7;
/// Events from which on a beacon may be a warning: a day of one an hour.
const LEAST_FOR_WARNING: u64 = 24;
/// Beacons that are told at most.
const MOST: usize = 100;

/// Traffic to one peer and port at regular times. An event is a talk: see [`Talks`]. Traffic that
/// returns in less than six seconds has no pauses that the log shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beacon {
    /// The peer's address or host name.
    pub remote: String,
    /// The peer's port. `None` if the log does not tell.
    pub port: Option<u16>,
    /// `tcp` or `udp`. `None` if the log does not tell.
    pub protocol: Option<String>,
    /// The process most of the bytes belong to. `None` if none is known.
    pub process: Option<String>,
    /// The mean of the scores of the four parts, from 0 to 1.
    pub score: f64,
    /// Whether the time between two events, in seconds, is always the same.
    pub times: Regularity,
    /// Whether the bytes of an event are always the same.
    pub sizes: Regularity,
    /// Whether events are spread evenly.
    pub histogram: Evenness,
    /// Whether it goes on.
    pub duration: Persistence,
    /// Its period. `None` if the times repeat too loosely for one.
    pub period: Option<Period>,
    /// Whether there are so many connections that they are a strobe: 86,400 a day or more.
    pub is_strobe: bool,
    /// Events.
    pub events: u64,
    /// Connections.
    pub connections: u64,
    /// Bytes of all events, both directions.
    pub bytes: u64,
    /// First event, in seconds since 1970.
    #[serde(flatten, with = "first_seen")]
    pub first_seen: i64,
    /// Last event, in seconds since 1970.
    #[serde(flatten, with = "last_seen")]
    pub last_seen: i64,
}

/// How alike some values are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Regularity {
    /// The mean of symmetry and closeness, from 0 to 1.
    pub score: f64,
    /// 1 less the size of Bowley's skewness of the quartiles, from 0 to 1.
    pub symmetry: f64,
    /// How close half of the values are to the median, as a part of it, from 0 to 1.
    pub closeness: f64,
    /// The median.
    pub median: f64,
    /// The median absolute deviation from it.
    pub deviation: f64,
}

/// How evenly events are spread over the time that was observed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evenness {
    /// The better of both, from 0 to 1.
    pub score: f64,
    /// 1 less the coefficient of variation of the bins, from 0 to 1.
    pub flatness: f64,
    /// Part of the filled bins that have one of two levels, from 0 to 1. `None` if fewer than 11
    /// bins are filled.
    pub two_levels: Option<f64>,
    /// Events in each of 24 bins of equal length, as if all of it had been observed. `None` if
    /// less than half was.
    pub bins: Vec<Option<f64>>,
}

/// How long events go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Persistence {
    /// The better of both, from 0 to 1. 0 where fewer than 6 hours of the day have events.
    pub score: f64,
    /// Time from the first event to the last as a part of what was observed, from 0 to 1.
    pub coverage: f64,
    /// Hours of the day one after another with events; midnight does not end them.
    pub consecutive_hours: u32,
    /// Hours of the day with events.
    pub hours: u32,
}

/// Finds the beacons of a stretch of time.
pub(super) fn beacons(
    history: &History,
    judged: &Range<i64>,
    thresholds: &Thresholds,
) -> Vec<Beacon> {
    let scene = Scene::new(history, judged);
    let found = history.talks.iter().filter_map(|talks| {
        let beacon = scene.judge(talks, judged)?;
        is_told(&beacon, thresholds).then_some(beacon)
    });
    let mut found: Vec<Beacon> = found.collect();
    found.sort_by(|one, other| {
        let order = other.is_strobe.cmp(&one.is_strobe);
        order
            .then(other.score.total_cmp(&one.score))
            .then_with(|| (&one.remote, one.port).cmp(&(&other.remote, other.port)))
    });
    found.truncate(MOST);
    found
}

/// The time that was observed.
struct Scene {
    /// First second of the first observed hour, and the second after the last.
    span: Range<i64>,
    /// Hours of which nothing was observed.
    gaps: Vec<Range<i64>>,
    /// Part of each bin that was observed.
    observed: Vec<f64>,
}

impl Scene {
    fn new(history: &History, judged: &Range<i64>) -> Self {
        let hours = &history.hours[history.hours_within(judged)];
        let is_seen = |hour: &&crate::Hour| hour.observed > 0;
        let start = hours.iter().find(is_seen).map_or(0, |hour| hour.start);
        let end = hours
            .iter()
            .rfind(is_seen)
            .map_or(0, |hour| hour.start + HOUR);
        let gaps = (hours.iter())
            .filter(|hour| hour.observed == 0)
            .map(|hour| hour.start..hour.start + HOUR)
            .collect();
        let length = (end - start) as f64 / BINS as f64;
        let mut seconds = [0.0; BINS];
        for hour in hours {
            let part = f64::from(hour.observed.min(3600)) / HOUR as f64;
            for (bin, seconds) in seconds.iter_mut().enumerate() {
                let first = length * bin as f64 + (start - hour.start) as f64;
                let both = (first + length).min(HOUR as f64) - first.max(0.0);
                *seconds += both.max(0.0) * part;
            }
        }
        Self {
            span: start..end,
            gaps,
            observed: seconds.iter().map(|seen| seen / length.max(1.0)).collect(),
        }
    }

    /// Whether a whole hour without observation lies between two events.
    fn is_torn(&self, from: i64, to: i64) -> bool {
        let first = self.gaps.partition_point(|gap| gap.start < from);
        self.gaps.get(first).is_some_and(|gap| gap.end <= to)
    }

    fn judge(&self, talks: &Talks, judged: &Range<i64>) -> Option<Beacon> {
        let mut events: Vec<(i64, u64)> = (talks.starts.iter().copied())
            .zip(talks.bytes.iter().copied())
            .filter(|(start, _)| judged.contains(start) && self.span.contains(start))
            .collect();
        events.sort_unstable();
        let (&(first, _), &(last, _)) = (events.first()?, events.last()?);
        let days = (self.span.end - self.span.start) as f64 / (24 * HOUR) as f64;
        let is_strobe = talks.connections as f64 >= STROBE * days.max(1.0)
            || events.len() as f64 >= STROBE * days.max(1.0);
        let mut intervals: Vec<f64> = events
            .windows(2)
            .filter(|pair| pair[1].0 > pair[0].0 && !self.is_torn(pair[0].0, pair[1].0))
            .map(|pair| (pair[1].0 - pair[0].0) as f64)
            .collect();
        let is_judged = events.len() >= LEAST_EVENTS && intervals.len() >= LEAST_INTERVALS;
        if !is_judged && !is_strobe {
            return None;
        }
        let mut sizes: Vec<f64> = events.iter().map(|(_, bytes)| *bytes as f64).collect();
        let starts: Vec<i64> = events.iter().map(|(start, _)| *start).collect();
        let times = regularity(&mut intervals, 1.0);
        let sizes = regularity(&mut sizes, 0.0);
        let histogram = self.histogram(&starts);
        let duration = self.duration(first, last, &starts);
        Some(Beacon {
            remote: talks.remote.clone(),
            port: talks.port,
            protocol: talks.protocol.clone(),
            process: talks.process.clone(),
            score: (times.score + sizes.score + histogram.score + duration.score) / 4.0,
            times,
            sizes,
            histogram,
            duration,
            period: period::period(&starts, &intervals),
            is_strobe,
            events: events.len() as u64,
            connections: talks.connections,
            bytes: (events.iter()).fold(0, |sum: u64, (_, bytes)| sum.saturating_add(*bytes)),
            first_seen: first,
            last_seen: last,
        })
    }

    fn histogram(&self, starts: &[i64]) -> Evenness {
        let mut counts = [0.0; BINS];
        let length = (self.span.end - self.span.start).max(1);
        for start in starts {
            let bin = (start - self.span.start) as f64 / length as f64 * BINS as f64;
            counts[(bin as usize).min(BINS - 1)] += 1.0;
        }
        let bins: Vec<Option<f64>> = (counts.iter().zip(&self.observed))
            .map(|(count, part)| (*part >= LEAST_OBSERVED).then(|| count / part))
            .collect();
        evenness(bins)
    }

    fn duration(&self, first: i64, last: i64, starts: &[i64]) -> Persistence {
        let hour = |second: i64| ((second - self.span.start) / HOUR).rem_euclid(24) as usize;
        let mut filled = [Some(false); 24];
        // Of a single day, hours that were not observed do not end a run.
        if self.span.end - self.span.start <= 25 * HOUR {
            for gap in self
                .gaps
                .iter()
                .filter(|gap| self.span.contains(&gap.start))
            {
                filled[hour(gap.start)] = None;
            }
        }
        for start in starts {
            filled[hour(*start)] = Some(true);
        }
        let length = (self.span.end - self.span.start).max(1) as f64;
        persistence((last - first) as f64 / length, &filled)
    }
}

/// Whether it is regular enough to be called a beacon.
fn is_told(beacon: &Beacon, thresholds: &Thresholds) -> bool {
    let is_regular = beacon.times.closeness >= LEAST_CLOSENESS
        && beacon.duration.score >= LEAST_DURATION
        && beacon.duration.hours >= LEAST_LASTING
        && beacon.score >= thresholds.min_beacon_score;
    beacon.is_strobe || is_regular
}

/// How alike values are; `nothing` is the closeness where the median is below 1.
fn regularity(values: &mut [f64], nothing: f64) -> Regularity {
    values.sort_unstable_by(f64::total_cmp);
    let half = values.len() / 2;
    let (lower, upper) = (&values[..half], &values[values.len() - half..]);
    let middle = |values: &[f64]| median(&mut values.to_vec());
    let Some(second) = middle(values) else {
        return Regularity::default();
    };
    let first = middle(lower).unwrap_or(second);
    let third = middle(upper).unwrap_or(second);
    let spread = third - first;
    let bowley = if spread < LEAST_SPREAD || second == first || second == third {
        0.0
    } else {
        (first + third - 2.0 * second) / spread
    };
    let mut deviations: Vec<f64> = values.iter().map(|value| (value - second).abs()).collect();
    let deviation = median(&mut deviations).unwrap_or(0.0);
    let closeness = if second < 1.0 {
        nothing
    } else {
        ((second - deviation) / second).max(0.0)
    };
    let symmetry = 1.0 - bowley.abs();
    Regularity {
        score: f64::midpoint(symmetry, closeness),
        symmetry,
        closeness,
        median: second,
        deviation,
    }
}

/// How evenly bins are filled; those that were not observed are left out.
fn evenness(bins: Vec<Option<f64>>) -> Evenness {
    let counts: Vec<f64> = bins.iter().flatten().copied().collect();
    let mean = counts.iter().sum::<f64>() / counts.len().max(1) as f64;
    let variance = (counts
        .iter()
        .map(|count| (count - mean).powi(2))
        .sum::<f64>())
        / counts.len().max(1) as f64;
    let flatness = if mean > 0.0 {
        (1.0 - variance.sqrt() / mean).max(0.0)
    } else {
        0.0
    };
    let most = counts.iter().copied().fold(0.0, f64::max);
    let width = (most * ALIKE).ceil().max(1.0);
    let filled: Vec<u64> = (counts.iter())
        .filter(|count| **count > 0.0)
        .map(|count| (count / width) as u64)
        .collect();
    let two_levels = (filled.len() >= LEAST_BINS).then(|| {
        let mut levels: BTreeMap<u64, usize> = BTreeMap::new();
        for level in &filled {
            *levels.entry(*level).or_default() += 1;
        }
        let mut sizes: Vec<usize> = levels.into_values().collect();
        sizes.sort_unstable_by(|one, other| other.cmp(one));
        let two: usize = sizes.iter().take(2).sum();
        (two as f64 / (filled.len() - 1) as f64).min(1.0)
    });
    Evenness {
        score: flatness.max(two_levels.unwrap_or(0.0)),
        flatness,
        two_levels,
        bins,
    }
}

/// How long events go on, by hours of the day with events; `None` was not observed.
fn persistence(coverage: f64, filled: &[Option<bool>; 24]) -> Persistence {
    let hours = filled.iter().flatten().filter(|filled| **filled).count();
    let (mut run, mut longest) = (0, 0);
    for filled in filled.iter().chain(filled).flatten() {
        run = if *filled { run + 1 } else { 0 };
        longest = longest.max(run.min(hours));
    }
    let coverage = coverage.clamp(0.0, 1.0);
    let score = if hours >= LEAST_HOURS {
        coverage.max(longest as f64 / WHOLE_HOURS).min(1.0)
    } else {
        0.0
    };
    Persistence {
        score,
        coverage,
        consecutive_hours: u32::try_from(longest).unwrap_or(24),
        hours: u32::try_from(hours).unwrap_or(24),
    }
}

impl Beacon {
    /// Its remote with port, and the protocol if that is not TCP: `203.0.113.9:443`.
    fn whom(&self) -> String {
        let port = self
            .port
            .map_or_else(String::new, |port| format!(":{port}"));
        let remote = match (self.remote.contains(':'), self.port) {
            (true, Some(_)) => format!("[{}]", self.remote),
            _ => self.remote.clone(),
        };
        match self.protocol.as_deref() {
            None | Some("" | "tcp") => format!("{remote}{port}"),
            Some(protocol) => format!("{remote}{port}/{protocol}"),
        }
    }

    pub(super) fn finding(&self, history: &History, thresholds: &Thresholds, days: u32) -> Finding {
        let subject = Subject::Remote(self.remote.clone());
        // As long as eight weeks tell that the remote was not always there, the beacon is as severe as on
        // its first day.
        let since = history.newcomer_since(&self.remote, thresholds.min_history_days);
        let is_warning = self.is_strobe || (since.is_some() && self.events >= LEAST_FOR_WARNING);
        let severity = if is_warning {
            Severity::Warning
        } else {
            Severity::Info
        };
        let seconds = self.first_seen..self.last_seen.saturating_add(1);
        let mut draft = FindingDraft::new(FindingKind::Beacon, severity, &subject, seconds);
        draft.method = "beacon score of RITA v5".to_owned();
        draft.observed = Some(self.score);
        draft.unit = "score".to_owned();
        draft.history_days = days;
        // So that who mutes a process mutes its beacons.
        let owner = self.process.iter().map(|process| Contributor {
            subject: Subject::Process(process.clone()),
            excess_bytes: 0,
            share: 1.0,
        });
        draft.contributors.extend(owner);
        let who = self.process.as_deref().unwrap_or("The host");
        let whom = self.whom();
        if self.is_strobe {
            draft.summary = format!("{who} connects to {whom} all the time");
            draft.detail = format!("{} connections", self.connections);
        } else {
            let every = match self.period {
                Some(period) => format!(
                    "every {} (±{:.0} %)",
                    words::duration(period.seconds),
                    period.jitter * 100.0
                ),
                None => format!("about every {}", words::duration(self.times.median)),
            };
            draft.summary = format!("{who} contacts {whom} {every}");
            draft.detail = format!(
                "{} times, {} each",
                self.events,
                display::approximate_bytes(self.sizes.median)
            );
        }
        if let Some(since) = since {
            draft.since = Some(since.min(self.first_seen));
            let new = "The remote was never seen before.";
            draft.reasons.push(new.to_owned());
        }
        draft.reasons.push(format!(
            "The score is {:.2} of 1: times {:.2}, sizes {:.2}, histogram {:.2}, duration {:.2}.",
            self.score,
            self.times.score,
            self.sizes.score,
            self.histogram.score,
            self.duration.score
        ));
        // The same beacon is the same finding tomorrow: its port names it, not its first event.
        let protocol = i64::from(self.protocol.as_deref() == Some("udp"));
        let port = i64::from(self.port.map_or(-1, i32::from));
        draft.named(&history.host, port * 2 + protocol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(starts: &[i64]) -> Regularity {
        let mut intervals: Vec<f64> = (starts.windows(2))
            .map(|pair| (pair[1] - pair[0]) as f64)
            .collect();
        regularity(&mut intervals, 1.0)
    }

    fn sizes(bytes: &[f64]) -> Regularity {
        regularity(&mut bytes.to_vec(), 0.0)
    }

    #[test]
    fn regular_times_score_as_published() {
        for (starts, score) in [
            (&[0, 60, 120, 180, 240][..], 1.0),
            (&[0, 50, 110, 170, 260, 300, 370], 0.917),
            (&[0, 1, 2, 100, 101, 400, 900], 0.173),
        ] {
            let found = times(starts);
            assert!((found.score - score).abs() < 5e-4, "{starts:?}: {found:?}");
        }
    }

    #[test]
    fn alike_sizes_score_as_published() {
        for (bytes, score) in [
            (&[500.0; 10][..], 1.0),
            (&[500.0, 510.0, 490.0, 505.0, 495.0], 0.995),
            (&[10.0, 2000.0, 35.0, 90_000.0, 800.0], 0.023),
        ] {
            let found = sizes(bytes);
            assert!((found.score - score).abs() < 5e-4, "{bytes:?}: {found:?}");
        }
    }

    #[test]
    fn a_median_below_one_is_close_in_time_and_not_in_size() {
        assert_eq!(sizes(&[0.0; 6]).closeness, 0.0);
        assert_eq!(regularity(&mut [0.0; 6], 1.0).closeness, 1.0);
        assert_eq!(regularity(&mut [], 1.0), Regularity::default());
    }

    #[test]
    fn even_bins_are_flat_and_unobserved_ones_are_left_out() {
        assert_eq!(evenness(vec![Some(5.0); 24]).score, 1.0);
        let mut bins = vec![Some(5.0); 24];
        bins[3..9].fill(None);
        assert_eq!(evenness(bins).score, 1.0);
        // A coefficient of variation over 1.
        let mut bins = vec![Some(0.0); 24];
        bins[0] = Some(9.0);
        assert_eq!(evenness(bins).score, 0.0);
        assert_eq!(evenness(vec![None; 24]).score, 0.0);
    }

    #[test]
    fn bins_of_two_levels_are_regular() {
        // Busy by day, slow by night: 12 bins of 100, 12 of 10; 5 apart are one level.
        let bins: Vec<_> = (0..24)
            .map(|bin| Some(if bin < 12 { 100.0 } else { 10.0 }))
            .collect();
        let found = evenness(bins);
        assert_eq!((found.two_levels, found.score), (Some(1.0), 1.0));
        assert!(found.flatness < 0.2);
        // Ten filled bins are too few to tell.
        let bins = (0..24).map(|bin| Some(if bin < 10 { 100.0 } else { 0.0 }));
        assert_eq!(evenness(bins.collect()).two_levels, None);
    }

    #[test]
    fn a_run_of_hours_wraps_around_midnight() {
        let mut filled = [Some(false); 24];
        (20..24)
            .chain(0..4)
            .for_each(|hour| filled[hour] = Some(true));
        let found = persistence(0.5, &filled);
        assert_eq!((found.hours, found.consecutive_hours), (8, 8));
        assert!((found.score - 8.0 / 12.0).abs() < 1e-12);
        assert_eq!(persistence(1.0, &[Some(true); 24]).score, 1.0);
        // An hour that was not observed does not end a run, and is not in it.
        filled[22] = None;
        assert_eq!(persistence(0.5, &filled).consecutive_hours, 7);
        // Five hours are too few, however far apart.
        let mut few = [Some(false); 24];
        for hour in [0, 5, 10, 15, 23] {
            few[hour] = Some(true);
        }
        assert_eq!(persistence(1.0, &few).score, 0.0);
    }
}
