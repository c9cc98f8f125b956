//! The shape of the day and the week.

use serde::{Deserialize, Serialize};

use crate::days::Day;
use crate::{Direction, History, Series, Subject};

/// Processes of which there are shapes: those that moved most.
const PROCESSES: usize = 5;
/// Hours of a week.
const HOURS: usize = 168;
/// Hours that are told as the peak.
const PEAKS: usize = 3;
/// Seconds of an hour that have to be observed.
const LEAST_OBSERVED: u32 = 900;

/// The usual week of one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Whose.
    pub subject: Subject,
    /// Mean bytes sent in each hour of the week, 168 from Monday 00:00. `None` if none of them was
    /// observed.
    pub up: Vec<Option<f64>>,
    /// Mean bytes received, likewise.
    pub down: Vec<Option<f64>>,
    /// The hours of the day that move most, both directions together, most first.
    pub peak_hours: Vec<PeakHour>,
    /// Part of the bytes of a usual week from 22:00 to 06:00, from 0 to 1; eight of 24 hours are a
    /// third. `None` if nothing was moved.
    pub night_share: Option<f64>,
    /// Mean bytes of a day from Monday to Friday. `None` if none was observed.
    pub weekday_bytes: Option<f64>,
    /// Mean bytes of a day of the weekend. `None` if none was observed.
    pub weekend_bytes: Option<f64>,
}

/// An hour of the day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeakHour {
    /// From 0 to 23.
    pub hour: u8,
    /// Mean bytes of this hour over the days of a usual week, both directions.
    pub bytes: f64,
}

/// The shapes of the whole host and of the processes that moved most.
pub(super) fn shapes(history: &History, days: &[Day]) -> Vec<Shape> {
    let moved = |series: &&Series| {
        let all = series.up.iter().chain(&series.down);
        all.fold(0u64, |sum, bytes| sum.saturating_add(*bytes))
    };
    let is_process = |series: &&Series| matches!(series.subject, Subject::Process(_));
    let mut processes: Vec<&Series> = history.series.iter().filter(is_process).collect();
    processes.sort_by_key(|series| std::cmp::Reverse(moved(series)));
    (history.total().into_iter())
        .chain(processes.into_iter().take(PROCESSES))
        .map(|series| shape(history, days, series))
        .collect()
}

fn shape(history: &History, days: &[Day], series: &Series) -> Shape {
    let means = |direction| week(history, days, series.bytes(direction));
    let (up, down) = (means(Direction::Up), means(Direction::Down));
    let both: Vec<Option<f64>> = (up.iter().zip(&down))
        .map(|(up, down)| Some(up.as_ref()? + down.as_ref()?))
        .collect();
    let mean_of = |hours: &mut dyn Iterator<Item = usize>| {
        let known: Vec<f64> = hours.filter_map(|hour| both[hour]).collect();
        let sum: f64 = known.iter().sum();
        (!known.is_empty()).then(|| sum / known.len() as f64)
    };
    let by_hour: Vec<Option<f64>> = (0..24)
        .map(|hour| mean_of(&mut (0..7).map(|day| day * 24 + hour)))
        .collect();
    let mut peak_hours: Vec<PeakHour> = (0u8..24)
        .zip(&by_hour)
        .filter_map(|(hour, bytes)| bytes.map(|bytes| PeakHour { hour, bytes }))
        .filter(|peak| peak.bytes > 0.0)
        .collect();
    peak_hours.sort_by(|one, other| other.bytes.total_cmp(&one.bytes));
    peak_hours.truncate(PEAKS);
    let all: f64 = by_hour.iter().flatten().sum();
    let night: f64 = (by_hour.iter().enumerate())
        .filter(|(hour, _)| *hour >= 22 || *hour < 6)
        .filter_map(|(_, bytes)| *bytes)
        .sum();
    Shape {
        subject: series.subject.clone(),
        peak_hours,
        night_share: (all > 0.0).then(|| (night / all).clamp(0.0, 1.0)),
        weekday_bytes: mean_of(&mut (0..5 * 24)).map(|hour| hour * 24.0),
        weekend_bytes: mean_of(&mut (5 * 24..HOURS)).map(|hour| hour * 24.0),
        up,
        down,
    }
}

/// The mean of each hour of the week; what was observed in part is scaled up.
fn week(history: &History, days: &[Day], bytes: &[u64]) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0u32); HOURS];
    for place in days.iter().flat_map(|day| day.hours.clone()) {
        let hour = &history.hours[place];
        let observed = hour.observed.min(3600);
        if observed >= LEAST_OBSERVED {
            let (sum, count) = &mut sums[usize::from(hour.weekday) * 24 + usize::from(hour.hour)];
            *sum += bytes[place] as f64 * 3600.0 / f64::from(observed);
            *count += 1;
        }
    }
    let mean = |(sum, count): (f64, u32)| (count > 0).then(|| sum / f64::from(count));
    sums.into_iter().map(mean).collect()
}
