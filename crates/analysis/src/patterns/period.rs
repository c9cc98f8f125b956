//! The period of events, by their autocovariance.
//!
//! As Elastic's beaconing package does: the normalised autocovariance at a lag and its multiples. Events
//! are points, so it is taken from the differences between them, smoothed by half a period.

use serde::{Deserialize, Serialize};

use crate::robust::median;

/// Autocovariance that a period has at least.
const LEAST: f64 = 0.7;
/// Multiples of a period that are looked at.
const MULTIPLES: usize = 3;
/// Steps of the median interval.
const STEPS: f64 = 16.0;

/// A period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Period {
    /// Seconds.
    pub seconds: f64,
    /// How far the times between events vary about it, as a part of it: twice the median deviation,
    /// which is the half width of a uniform spread.
    pub jitter: f64,
    /// Normalised autocovariance, averaged over its first three multiples: 0.7 to 1.
    pub correlation: f64,
}

/// The period of events in order, in seconds, with the intervals between them, ascending.
pub(super) fn period(events: &[i64], intervals: &[f64]) -> Option<Period> {
    let usual = median(&mut intervals.to_vec())?;
    let step = usual / STEPS;
    let (first, last) = (*events.first()?, *events.last()?);
    let length = last.saturating_sub(first) as f64;
    if step <= 0.0 || length < usual * (MULTIPLES + 1) as f64 {
        return None;
    }
    let lags = Lags::new(events, step, (STEPS as usize) * (2 * MULTIPLES + 2));
    // Around the usual interval, and half of it where every other event is not seen.
    let (low, high) = ((STEPS * 0.4) as usize, (STEPS * 2.0) as usize);
    let (best, correlation) = (low..=high)
        .map(|lag| (lag, lags.correlation(lag, length)))
        .max_by(|one, other| one.1.total_cmp(&other.1))?;
    if correlation < LEAST {
        return None;
    }
    let about = best as f64 * step;
    let mut near: Vec<f64> = (intervals.iter().copied())
        .filter(|interval| (interval / about - 1.0).abs() <= 0.5)
        .collect();
    let seconds = median(&mut near).unwrap_or(about);
    for interval in &mut near {
        *interval = (*interval - seconds).abs();
    }
    let deviation = median(&mut near).unwrap_or(0.0);
    Some(Period {
        seconds,
        jitter: 2.0 * deviation / seconds,
        correlation: correlation.min(1.0),
    })
}

/// How many pairs of events lie a lag apart, by steps.
struct Lags {
    pairs: Vec<f64>,
    events: f64,
    step: f64,
}

impl Lags {
    fn new(events: &[i64], step: f64, steps: usize) -> Self {
        let mut pairs = vec![0.0; steps];
        for (place, one) in events.iter().enumerate() {
            for other in &events[place + 1..] {
                let lag = (other.saturating_sub(*one) as f64 / step).round() as usize;
                match pairs.get_mut(lag) {
                    Some(pairs) => *pairs += 1.0,
                    None => break,
                }
            }
        }
        Self {
            pairs,
            events: events.len() as f64,
            step,
        }
    }

    /// Autocovariance at a lag and its multiples, averaged, where the one at no lag is 1.
    fn correlation(&self, lag: usize, length: f64) -> f64 {
        let width = lag / 2;
        let weight = |away: usize| 1.0 - away as f64 / width.max(1) as f64;
        let smooth = |at: usize| -> f64 {
            let around = at.saturating_sub(width)..(at + width + 1).min(self.pairs.len());
            around
                .map(|lag| self.pairs[lag] * weight(lag.abs_diff(at)).max(0.0))
                .sum()
        };
        let weights = (width as f64).max(1.0);
        // Pairs that chance puts at a lag.
        let chance = |at: f64| {
            let left = (length - at * self.step).max(0.0);
            self.events * self.events * self.step * left / (length * length) * weights
        };
        let sum: f64 = (1..=MULTIPLES)
            .map(|times| {
                let at = lag * times;
                let left = (1.0 - at as f64 * self.step / length).max(0.01);
                let own = self.events + 2.0 * (smooth(0) - 0.0);
                (smooth(at) - chance(at as f64)) / left / (own - chance(0.0)).max(1e-9)
            })
            .sum();
        sum / MULTIPLES as f64
    }
}
