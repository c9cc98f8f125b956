//! The 95th percentile of five minutes, by which carriers bill.

use serde::{Deserialize, Serialize};

use crate::{Direction, FiveMinutes};

/// Seconds of five minutes.
const SECONDS: u64 = 300;

/// The 95th percentile of a month's five minutes, one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentile {
    /// Which way.
    pub direction: Direction,
    /// Bytes a second. `None` if nothing was observed.
    pub bps: Option<u64>,
    /// Five minutes of which something was observed.
    pub present: u64,
    /// Five minutes of the month so far.
    pub expected: u64,
    /// How many were over the rate that was paid for. `None` if there is no such rate.
    pub over_committed: Option<u64>,
}

/// The percentile as vnStat counts it: sums in ascending order, of which the one counts whose index
/// from 0 is round-half-even(0.95 n) − 1. What was observed in part is taken as it is.
pub(crate) fn percentile(
    five_minutes: &[FiveMinutes],
    direction: Direction,
    expected: u64,
    committed_bps: Option<u64>,
) -> Percentile {
    let mut sums: Vec<u64> = five_minutes
        .iter()
        .map(|sum| match direction {
            Direction::Up => sum.up,
            Direction::Down => sum.down,
        })
        .collect();
    sums.sort_unstable();
    let is_over = |rate: u64| sums.iter().filter(|&&sum| sum / SECONDS > rate).count() as u64;
    Percentile {
        direction,
        bps: index(sums.len()).map(|index| sums[index] / SECONDS),
        present: sums.len() as u64,
        expected,
        over_committed: committed_bps.map(is_over),
    }
}

/// Where the percentile stands among so many sums.
fn index(count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    let place = (count as f64 * 0.95).round_ties_even() as usize;
    Some(place.saturating_sub(1).min(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_vnstats() {
        for (count, place) in [(100, 94), (20, 18), (8928, 8481), (1, 0), (2, 1)] {
            assert_eq!(index(count), Some(place), "{count}");
        }
        assert_eq!(index(0), None);
    }

    #[test]
    fn a_rate_and_how_often_it_was_passed() {
        let sums: Vec<_> = (1..=20)
            .map(|number| FiveMinutes {
                start: number * 300,
                observed: 300,
                up: number.unsigned_abs() * 3000,
                down: 0,
            })
            .collect();
        let up = percentile(&sums, Direction::Up, 24, Some(150));
        assert_eq!(
            (up.bps, up.present, up.expected, up.over_committed),
            (Some(190), 20, 24, Some(5))
        );
        let none = percentile(&[], Direction::Down, 0, None);
        assert_eq!((none.bps, none.over_committed), (None, None));
    }
}
