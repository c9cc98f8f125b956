//! The generalised extreme studentised deviate: which of some values are outliers.
//!
//! Rosner, B. (1983): Percentage points for a generalized ESD many-outlier procedure. Technometrics
//! 25(2). With median and median absolute deviation instead of mean and standard deviation it is the
//! test of S-H-ESD: Hochenbaum, J., Vallis, O. S., Kejariwal, A. (2017): Automatic anomaly detection in
//! the cloud via statistical learning. arXiv:1704.07706.

use crate::robust::{median, sigma, student};

/// Significance of the test.
pub(crate) const ALPHA: f64 = 0.05;

/// The places of the outliers, the most extreme first; at most a part of the values is tested.
pub(crate) fn outliers(values: &[f64], most: f64) -> Vec<usize> {
    let most = (values.len() as f64 * most) as usize;
    let mut left: Vec<usize> = (0..values.len()).collect();
    let (mut removed, mut outliers) = (Vec::new(), 0);
    for round in 1..=most {
        let mut rest: Vec<f64> = left.iter().map(|&place| values[place]).collect();
        let middle = median(&mut rest).unwrap_or(0.0);
        let spread = sigma(&mut rest);
        let distance = |place: &usize| (values[*place] - middle).abs();
        let furthest = (0..left.len())
            .max_by(|&one, &other| distance(&left[one]).total_cmp(&distance(&left[other])));
        let (Some(furthest), Some(critical)) = (furthest, critical(values.len(), round)) else {
            break;
        };
        if spread <= 0.0 {
            break;
        }
        let place = left.swap_remove(furthest);
        removed.push(place);
        if distance(&place) / spread > critical {
            outliers = round;
        }
    }
    removed.truncate(outliers);
    removed
}

/// λ of a round, from 1, of a test of so many values.
fn critical(values: usize, round: usize) -> Option<f64> {
    let left = (values + 1).checked_sub(round)? as f64;
    let t = student(1.0 - ALPHA / (2.0 * left), left - 2.0)?;
    Some(t * (left - 1.0) / ((left - 2.0 + t * t) * left).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_critical_values_are_rosners() {
        // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.17.3: 54 values, alpha 0.05.
        let published = [
            3.158, 3.151, 3.143, 3.136, 3.128, 3.120, 3.111, 3.103, 3.094, 3.085,
        ];
        for (round, published) in (1..).zip(published) {
            let found = critical(54, round).unwrap();
            assert!((found - published).abs() < 1e-3, "{round}: {found}");
        }
    }

    #[test]
    fn rosners_values_have_their_three_outliers() {
        // The same page: the highest three are outliers.
        let values = [
            -0.25, 0.68, 0.94, 1.15, 1.20, 1.26, 1.26, 1.34, 1.38, 1.43, 1.49, 1.49, 1.55, 1.56,
            1.58, 1.65, 1.69, 1.70, 1.76, 1.77, 1.81, 1.91, 1.94, 1.96, 1.99, 2.06, 2.09, 2.10,
            2.14, 2.15, 2.23, 2.24, 2.26, 2.35, 2.37, 2.40, 2.47, 2.54, 2.62, 2.64, 2.90, 2.92,
            2.92, 2.93, 3.21, 3.26, 3.30, 3.59, 3.68, 4.30, 4.64, 5.34, 5.42, 6.01,
        ];
        let mut found = outliers(&values, 0.2);
        found.sort_unstable();
        assert_eq!(found[found.len() - 3..], [51, 52, 53]);
    }

    #[test]
    fn plain_series_have_none() {
        assert!(outliers(&[], 0.1).is_empty());
        assert!(outliers(&[7.0; 100], 0.1).is_empty());
        assert!(outliers(&[1.0, 2.0], 0.5).is_empty());
    }
}
