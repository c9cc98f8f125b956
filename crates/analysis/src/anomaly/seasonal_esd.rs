//! The cross-check of an event: seasonal hybrid ESD.
//!
//! Hochenbaum, Vallis and Kejariwal (2017), arXiv:1704.07706: the seasonal part of a decomposition by
//! LOESS (Cleveland et al. 1990, STL) and the median are taken out, and what is left is tested with a
//! generalised ESD about median and median absolute deviation.

use super::scene::{Event, Scene};
use crate::esd;

/// Part of the hours that are tested.
const MOST: f64 = 0.1;
/// Weeks that are decomposed.
const WEEKS: usize = 4;
/// Hours of a week.
const WEEK: usize = 168;
/// Hours of a day.
const DAY: usize = 24;

/// Whether S-H-ESD also calls one of an event's hours an outlier in the same direction.
pub(super) fn confirms(scene: &Scene<'_, '_>, event: &Event) -> bool {
    let baseline = scene.baseline(event.series, event.direction);
    let end = event.hours.end;
    let start = end.saturating_sub(WEEKS * WEEK);
    let values: Vec<f32> = (start..end)
        .map(|place| {
            let usual = baseline.expected(&scene.history.hours[place]);
            let bytes = baseline
                .whole_hour(place)
                .or(usual.map(|usual| usual.middle));
            bytes.unwrap_or(0.0).ln_1p() as f32
        })
        .collect();
    let period = match values.len() {
        length if length >= 2 * WEEK => WEEK,
        length if length >= 2 * DAY => DAY,
        _ => return false,
    };
    let Ok(parts) = stlrs::params().robust(true).fit(&values, period) else {
        return false;
    };
    let left: Vec<f64> = (values.iter().zip(parts.seasonal()))
        .map(|(value, seasonal)| f64::from(value - seasonal))
        .collect();
    if left.iter().any(|value| !value.is_finite()) {
        return false;
    }
    let outliers = esd::outliers(&left, MOST);
    let middle = crate::robust::median(&mut left.clone()).unwrap_or(0.0);
    outliers.iter().any(|&place| {
        event.hours.contains(&(start + place)) && (left[place] > middle) == (event.excess > 0.0)
    })
}
