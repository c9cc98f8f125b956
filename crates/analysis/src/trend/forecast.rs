//! What a month will come to.

use serde::{Deserialize, Serialize};

use crate::days::{Day, total};
use crate::robust::{median, sigma, student, usual_day};
use crate::{Direction, History, Series};

/// A billing month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// Its first second, since 1970.
    pub start: i64,
    /// The second after its last.
    pub end: i64,
    /// Its days: days of the local calendar since 1970-01-01, each with its weekday, 0 is Monday.
    pub days: Vec<(i32, u8)>,
}

/// What a month will come to, one direction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Which way.
    pub direction: Direction,
    /// Bytes counted in it so far.
    pub so_far: f64,
    /// Part of the time so far that was observed, from 0 to 1.
    pub coverage: f64,
    /// Bytes at its end: what was counted, and usual days for what is left or was not observed.
    pub total: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end of its 95 % interval.
    pub high: f64,
    /// Bytes at its end as vnStat estimates: what was counted, by the time that passed.
    pub linear: f64,
    /// Whether the weekday counts in the usual day.
    pub by_weekday: bool,
    /// Days the usual one rests on.
    pub days: u32,
}

/// Days that usual ones rest on.
const LOOK_BACK: usize = 56;
/// Days from which on each weekday has a usual day of its own.
const WEEKS: usize = 21;

/// Forecasts a month at a moment of it. `None` before anything of it was observed, or without days to
/// tell what is usual.
pub(super) fn forecast(
    history: &History,
    days: &[Day],
    series: &Series,
    direction: Direction,
    month: &Month,
    now: i64,
) -> Option<Forecast> {
    let now = now.clamp(month.start, month.end);
    let so_far = history.hours_within(&(month.start..now));
    let counted = total(&series.bytes(direction)[so_far.clone()]);
    let observed: f64 = history.hours[so_far]
        .iter()
        .map(|hour| f64::from(hour.observed.min(3600)))
        .sum();
    let (passed, length) = ((now - month.start) as f64, (month.end - month.start) as f64);
    if observed <= 0.0 || passed <= 0.0 {
        return None;
    }
    let known: Vec<(u8, f64)> = days[days.len().saturating_sub(LOOK_BACK)..]
        .iter()
        .filter_map(|day| Some((day.weekday, day.bytes(series, direction)?)))
        .collect();
    let by_weekday = known.len() >= WEEKS;
    let usual = |weekday: u8| {
        let of = known.iter().filter(|day| !by_weekday || day.0 == weekday);
        median(&mut of.map(|day| day.1).collect::<Vec<_>>())
    };
    let mut residuals = Vec::new();
    for (weekday, bytes) in &known {
        residuals.push(bytes - usual(*weekday)?);
    }
    // Every second of the month that was not observed goes on like a usual day of its weekday.
    let mut left = 0.0;
    let mut days_left = 0.0;
    for (number, weekday) in &month.days {
        let seen = days.iter().find(|day| day.number == *number);
        let missing = 1.0 - seen.map_or(0.0, part_seen);
        left += usual(*weekday).or_else(|| usual_of_all(&known))? * missing;
        days_left += missing;
    }
    let spread = sigma(&mut residuals);
    let count = known.len() as f64;
    // The days left differ from the usual one by themselves, and the usual one from the true one.
    let error = spread * (days_left + days_left * days_left / count.max(1.0)).sqrt();
    let reach = student(0.975, count - 1.0)? * error;
    let all = counted + left;
    Some(Forecast {
        direction,
        so_far: counted,
        coverage: (observed / passed).min(1.0),
        total: all,
        low: (all - reach).max(counted),
        high: all + reach,
        linear: counted / passed * length,
        by_weekday,
        days: u32::try_from(known.len()).unwrap_or(u32::MAX),
    })
}

/// Part of a whole day that was observed; the history may end in it.
fn part_seen(day: &Day) -> f64 {
    match day.expected {
        82_800.. => day.coverage(),
        _ => day.observed as f64 / 86_400.0,
    }
}

fn usual_of_all(known: &[(u8, f64)]) -> Option<f64> {
    usual_day(known.iter().map(|(_, bytes)| bytes))
}
