//! Whose volumes differ most from usual days.
//!
//! Each day of the period is set beside the same weekdays of the four weeks before, or beside all working
//! days or weekends where those are too few. Only hours that were observed on both count, so that a day that
//! is not over, and one with a gap, are compared with the same hours.

use std::ops::Range;

use analysis::{Direction, History, Series, Subject, Thresholds, median};
use report::{Mover, UNKNOWN};
use traffic::Volume;

/// Days before a day that tell what is usual.
const LOOK_BACK: i32 = 28;
/// The fewest days that tell what is usual, and the fewest of one weekday.
const LEAST_DAYS: usize = 2;
const LEAST_WEEKDAYS: usize = 3;
/// The least part of the hours of a day that a usual day has to share.
const LEAST_COVERAGE: f64 = 0.8;
/// Processes that are told.
const MOST: usize = 10;
/// Part of the usual that a difference is at least.
const LEAST_PART: f64 = 0.2;

/// The processes that moved more or less than usual in a stretch of time, and the number of days that they were
/// compared with. Nothing if there are too few days before. Differences that are less than `min_bytes` are left out.
pub(crate) fn movers(
    history: &History,
    judged: &Range<i64>,
    thresholds: &Thresholds,
) -> (Vec<Mover>, usize) {
    let days: Vec<ComparedDay> = days_of(history, judged)
        .into_iter()
        .map(|hours| ComparedDay::new(history, hours))
        .collect();
    let fewest = days.iter().map(|day| day.usual.len()).min().unwrap_or(0);
    if fewest < LEAST_DAYS {
        return (Vec::new(), 0);
    }
    let mut movers: Vec<Mover> = (history.series.iter())
        .filter_map(|series| mover(series, &days))
        .filter(|mover| is_worth_a_line(mover, thresholds))
        .collect();
    movers.sort_by(|one, other| {
        let order = other.difference().cmp(&one.difference());
        order.then_with(|| one.process.cmp(&other.process))
    });
    movers.truncate(MOST);
    (movers, fewest)
}

fn is_worth_a_line(mover: &Mover, thresholds: &Thresholds) -> bool {
    let (direction, change) = mover.largest_change();
    let usual = match direction {
        Direction::Up => mover.usual.up,
        Direction::Down => mover.usual.down,
    };
    change.unsigned_abs() as f64 >= (thresholds.min_bytes as f64).max(usual as f64 * LEAST_PART)
}

/// A day of the period, and the days that it is compared with.
struct ComparedDay {
    /// Places of its hours that were observed.
    hours: Vec<usize>,
    /// Of each usual day, the places of the same hours, and by how much they count, since not all of each was
    /// observed.
    usual: Vec<(Vec<usize>, f64)>,
}

/// The places of the hours of each day in a stretch of time.
fn days_of(history: &History, seconds: &Range<i64>) -> Vec<Vec<usize>> {
    let mut days: Vec<Vec<usize>> = Vec::new();
    let mut last = None;
    for (place, hour) in history.hours.iter().enumerate() {
        if !seconds.contains(&hour.start) {
            continue;
        }
        if last != Some(hour.day) {
            days.push(Vec::new());
            last = Some(hour.day);
        }
        days.last_mut().expect("a day was just added").push(place);
    }
    days
}

impl ComparedDay {
    fn new(history: &History, places: Vec<usize>) -> Self {
        let hours = &history.hours;
        let observed = |places: &[usize]| -> u64 {
            let seconds = places.iter().map(|place| u64::from(hours[*place].observed));
            seconds.sum()
        };
        let Some(first) = places.first().map(|place| hours[*place]) else {
            return Self {
                hours: places,
                usual: Vec::new(),
            };
        };
        let mut seen: Vec<usize> = places;
        seen.retain(|place| hours[*place].observed > 0);
        let of_day: u32 = seen
            .iter()
            .fold(0, |all, place| all | 1 << hours[*place].hour);
        let needed = observed(&seen);
        let before = first.start.saturating_sub(i64::from(LOOK_BACK) * 86_400)..first.start;
        let usual_of = |is_alike: &dyn Fn(u8) -> bool| -> Vec<(Vec<usize>, f64)> {
            let days = days_of(history, &before).into_iter();
            days.filter(|places| is_alike(hours[places[0]].weekday))
                .filter_map(|mut places| {
                    places.retain(|place| of_day & 1 << hours[*place].hour != 0);
                    let found = observed(&places);
                    let is_enough = found > 0 && found as f64 >= needed as f64 * LEAST_COVERAGE;
                    is_enough.then(|| (places, needed as f64 / found as f64))
                })
                .collect()
        };
        let mut usual = usual_of(&|weekday| weekday == first.weekday);
        if usual.len() < LEAST_WEEKDAYS {
            usual = usual_of(&|weekday| (weekday >= 5) == (first.weekday >= 5));
        }
        Self { hours: seen, usual }
    }
}

fn mover(series: &Series, days: &[ComparedDay]) -> Option<Mover> {
    let Subject::Process(process) = &series.subject else {
        return None;
    };
    if process == UNKNOWN {
        return None;
    }
    let of = |direction: Direction| {
        let bytes = series.bytes(direction);
        let sum = |places: &[usize]| -> u64 {
            let bytes = places.iter().map(|place| bytes[*place]);
            bytes.fold(0, u64::saturating_add)
        };
        let now = days.iter().map(|day| sum(&day.hours));
        let usual = days.iter().map(|day| {
            let days = day.usual.iter();
            let mut sums: Vec<f64> = days
                .map(|(places, scale)| sum(places) as f64 * scale)
                .collect();
            median(&mut sums).unwrap_or(0.0)
        });
        (
            now.fold(0, u64::saturating_add),
            usual.sum::<f64>().round() as u64,
        )
    };
    let ((up, usual_up), (down, usual_down)) = (of(Direction::Up), of(Direction::Down));
    Some(Mover {
        process: process.clone(),
        now: Volume { up, down },
        usual: Volume {
            up: usual_up,
            down: usual_down,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use analysis::Hour;

    /// Days of 24 hours from a Monday on, each hour observed whole, in which a process moves so many bytes a day.
    fn history(days: &[u64]) -> History {
        let hours = (0..days.len() * 24).map(|at| Hour {
            start: at as i64 * 3600,
            observed: 3600,
            day: (at / 24) as i32,
            weekday: (at / 24 % 7) as u8,
            hour: (at % 24) as u8,
        });
        let series = |name: &str, down: Vec<u64>| Series {
            subject: Subject::Process(name.to_owned()),
            up: vec![0; down.len()],
            down,
        };
        let by_hour = days.iter().flat_map(|bytes| vec![bytes / 24; 24]).collect();
        History {
            hours: hours.collect(),
            series: vec![
                series("curl", by_hour),
                series("steady", vec![10_000_000; days.len() * 24]),
                series(
                    UNKNOWN,
                    (0..days.len() as u64 * 24)
                        .map(|at| at * 1_000_000)
                        .collect(),
                ),
            ],
            ..History::default()
        }
    }

    const MB: u64 = 24_000_000;

    #[test]
    fn a_day_is_compared_with_the_same_weekdays() {
        let mut days = vec![MB; 22];
        // Mondays are busy, and so is the last one, by a third more.
        for monday in [0, 7, 14] {
            days[monday] = 3 * MB;
        }
        days[21] = 4 * MB;
        let (movers, compared) = movers(
            &history(&days),
            &(21 * 86_400..22 * 86_400),
            &Thresholds::default(),
        );
        assert_eq!(compared, 3);
        assert_eq!(movers.len(), 1, "{movers:?}");
        assert_eq!((movers[0].now.down, movers[0].usual.down), (4 * MB, 3 * MB));
        assert_eq!(
            (movers[0].process.as_str(), movers[0].difference()),
            ("curl", MB)
        );
    }

    #[test]
    fn what_is_not_over_is_compared_with_the_same_hours() {
        let mut history = history(&[MB; 8]);
        // Wednesday's working days are Monday and Tuesday; it has half its hours, and moves twice as much.
        let judged = 2 * 86_400..2 * 86_400 + 43_200;
        for hour in &mut history.hours[60..] {
            hour.observed = 0;
        }
        for bytes in &mut history.series[0].down[48..60] {
            *bytes *= 2;
        }
        let (movers, compared) = movers(&history, &judged, &Thresholds::default());
        assert_eq!((movers.len(), compared), (1, 2));
        assert_eq!((movers[0].now.down, movers[0].usual.down), (MB, MB / 2));
    }

    #[test]
    fn nothing_is_told_without_days_to_compare_with() {
        let (days, judged) = ([MB, 9 * MB], 86_400..2 * 86_400);
        assert_eq!(
            movers(&history(&days), &judged, &Thresholds::default()),
            (Vec::new(), 0)
        );
        assert_eq!(
            movers(&History::default(), &judged, &Thresholds::default()),
            (Vec::new(), 0)
        );
    }

    #[test]
    fn a_usual_day_that_was_observed_in_part_is_scaled_or_left_out() {
        let mut history = history(&[MB, MB, MB, 2 * MB]);
        for place in 0..24 {
            // Monday lacks a tenth, Tuesday a half of each hour.
            history.hours[place].observed = 3240;
            history.series[0].down[place] = MB / 24 / 10 * 9;
            history.hours[24 + place].observed = 1800;
        }
        let (movers, compared) =
            movers(&history, &(3 * 86_400..4 * 86_400), &Thresholds::default());
        let curl = movers.iter().find(|mover| mover.process == "curl").unwrap();
        assert_eq!((curl.now.down, curl.usual.down), (2 * MB, MB));
        assert_eq!(compared, 2);
    }
}
