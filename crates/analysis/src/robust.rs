//! Statistics that a few wild values do not move.

use statrs::distribution::{ContinuousCDF as _, Normal, StudentsT};

/// Makes a median absolute deviation comparable with a standard deviation: 1 / Φ⁻¹(3/4).
const MAD_TO_SIGMA: f64 = 1.482_602_218_505_602;
/// Makes a mean absolute deviation comparable with a standard deviation: √(π/2).
const MEAN_TO_SIGMA: f64 = 1.253_314_137_315_5;

/// The middle of some values, the mean of the two middle ones if there is none. `None` of nothing.
pub fn median(values: &mut [f64]) -> Option<f64> {
    let count = values.len();
    if count == 0 {
        return None;
    }
    let (low, upper, _) = values.select_nth_unstable_by(count / 2, f64::total_cmp);
    let upper = *upper;
    if count % 2 == 1 {
        return Some(upper);
    }
    let lower = low.iter().copied().max_by(f64::total_cmp)?;
    Some(f64::midpoint(lower, upper))
}

/// The middle of the days with a value.
pub(crate) fn usual_day<'a>(days: impl Iterator<Item = &'a f64>) -> Option<f64> {
    median(&mut days.copied().collect::<Vec<_>>())
}

/// The value that a part of the values does not exceed, from 0 to 1. `None` of nothing.
pub(crate) fn quantile(values: &mut [f64], part: f64) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let place = (part.clamp(0.0, 1.0) * (values.len() - 1) as f64).round() as usize;
    let (_, value, _) = values.select_nth_unstable_by(place, f64::total_cmp);
    Some(*value)
}

/// A robust standard deviation of values about their median: by the median absolute deviation, or,
/// where more than half of the values are the same, by the mean one (Iglewicz and Hoaglin 1993).
/// Zero where all values are the same.
pub(crate) fn sigma(values: &mut [f64]) -> f64 {
    let Some(middle) = median(values) else {
        return 0.0;
    };
    for value in values.iter_mut() {
        *value = (*value - middle).abs();
    }
    match median(values) {
        Some(deviation) if deviation > 0.0 => deviation * MAD_TO_SIGMA,
        _ => values.iter().sum::<f64>() / values.len() as f64 * MEAN_TO_SIGMA,
    }
}

/// The logarithm that a value exceeds with a probability, from the logarithms of past values: Weissman's
/// (1978) estimate beyond the largest of them, with Hill's (1975) index of the tail from the largest
/// hundredth. `None` of less than a hundred values.
pub(crate) fn tail(logs: &mut [f64], probability: f64) -> Option<f64> {
    if logs.len() < 100 {
        return None;
    }
    let largest = (logs.len() / 100).max(8);
    logs.sort_unstable_by(|one, other| other.total_cmp(one));
    let from = logs[largest];
    let index = logs[..largest].iter().map(|log| log - from).sum::<f64>() / largest as f64;
    let passed = largest as f64 / logs.len() as f64;
    Some(from + index * (passed / probability).ln())
}

/// The probability that a standard normal value is further from zero than this one.
pub(crate) fn two_sided_p(z: f64) -> f64 {
    (2.0 * Normal::standard().sf(z.abs())).clamp(0.0, 1.0)
}

/// The point below which a part of Student's distribution lies. `None` without a degree of freedom.
pub(crate) fn student(part: f64, freedom: f64) -> Option<f64> {
    let student = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some(student.inverse_cdf(part)).filter(|point| point.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_and_spreads() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(quantile(&mut [1.0, 2.0, 3.0, 4.0, 5.0], 0.5), Some(3.0));
        assert_eq!(sigma(&mut []), 0.0);
        assert_eq!(sigma(&mut [5.0; 4]), 0.0);
        assert!((sigma(&mut [1.0, 2.0, 3.0, 4.0, 5.0]) - 1.4826).abs() < 1e-4);
        // More than half are the same: the mean deviation is 0.8.
        assert!((sigma(&mut [1.0, 1.0, 1.0, 5.0, 1.0]) - 0.8 * 1.2533).abs() < 1e-3);
    }

    #[test]
    fn the_tail_of_pareto_values_is_where_it_is() {
        // Of a Pareto distribution with index 2, x is exceeded with x^-2: 1e-5 at ln x = 5.756.
        let mut logs: Vec<f64> = (1..=10_000)
            .map(|place| -(f64::from(place) / 10_001.0).ln() / 2.0)
            .collect();
        let found = tail(&mut logs, 1e-5).unwrap();
        assert!((found - 5.756).abs() < 0.1, "{found}");
        // If nothing varies, nothing lies beyond.
        assert_eq!(tail(&mut [3.0; 100], 1e-5), Some(3.0));
        assert_eq!(tail(&mut [3.0; 99], 1e-5), None);
    }

    #[test]
    fn tails() {
        assert!((two_sided_p(1.959_964) - 0.05).abs() < 1e-6);
        assert!((student(0.975, 10.0).unwrap() - 2.228_139).abs() < 1e-4);
        assert_eq!(student(0.975, 0.0), None);
    }
}
