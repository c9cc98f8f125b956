//! The slope of some days, and whether it is an accident.
//!
//! - Theil, H. (1950): A rank-invariant method of linear and polynomial regression analysis.
//! - Sen, P. K. (1968): Estimates of the regression coefficient based on Kendall's tau. JASA 63.
//! - Mann, H. B. (1945); Kendall, M. G. (1975): Rank correlation methods.
//! - Hirsch, R. M., Slack, J. R., Smith, R. A. (1982): Techniques of trend analysis for monthly water
//!   quality data. Water Resources Research 18(1): only the same seasons are compared.

use serde::{Deserialize, Serialize};

use crate::robust::{median, two_sided_p, usual_day};

/// Weeks from which on only the same weekdays are compared.
const WEEKS: f64 = 3.0;
/// Standard normal value with 2.5 % above it.
const Z95: f64 = 1.959_963_984_540_054;

/// A day's value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    /// Day.
    pub at: f64,
    /// Weekday.
    pub season: u8,
    /// Bytes.
    pub value: f64,
}

/// How a volume changes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slope {
    /// Bytes a day gained each day.
    pub per_day: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end of its 95 % interval.
    pub high: f64,
    /// The slope of a week as a percentage of the usual day. `None` if that is nothing.
    pub percent_per_week: Option<f64>,
    /// Probability of such a slope if there is no trend.
    pub p: f64,
    /// Whether only the same weekdays were compared.
    pub by_weekday: bool,
    /// Days it rests on.
    pub days: u32,
}

/// The slope through some days in order. `None` of fewer than two different days.
pub(crate) fn slope(points: &[Point]) -> Option<Slope> {
    let (first, last) = (points.first()?, points.last()?);
    let by_weekday = last.at - first.at >= WEEKS * 7.0 - 1.0;
    let season = |point: &Point| if by_weekday { point.season } else { 0 };
    let (points, usual) = if by_weekday {
        scaled(points)
    } else {
        (points.to_vec(), usual_of(points))
    };
    let (mut slopes, mut s, mut variance) = (Vec::new(), 0.0, 0.0);
    for number in 0..7 {
        let of: Vec<&Point> = points
            .iter()
            .filter(|point| season(point) == number)
            .collect();
        for (place, one) in of.iter().enumerate() {
            for other in &of[place + 1..] {
                let rise = other.value - one.value;
                slopes.push(rise / (other.at - one.at));
                s += if rise == 0.0 { 0.0 } else { rise.signum() };
            }
        }
        variance += variance_of(&of);
    }
    slopes.retain(|slope| slope.is_finite());
    let per_day = median(&mut slopes)?;
    // With continuity correction.
    let z = match (variance > 0.0, s == 0.0) {
        (true, false) => (s - s.signum()) / variance.sqrt(),
        _ => 0.0,
    };
    slopes.sort_unstable_by(f64::total_cmp);
    let (count, half) = (slopes.len() as f64, Z95 * variance.sqrt());
    let at = |rank: f64| slopes[(rank.max(0.0) as usize).min(slopes.len() - 1)];
    // Ranks from 1: the lower is rounded down, the upper up, so that the interval is not too narrow.
    let low = at(((count - half) / 2.0).floor() - 1.0);
    let high = at(((count + half) / 2.0 + 1.0).ceil() - 1.0);
    Some(Slope {
        per_day,
        low,
        high,
        percent_per_week: usual
            .filter(|usual| *usual > 0.0)
            .map(|usual| per_day * 7.0 / usual * 100.0),
        p: two_sided_p(z),
        by_weekday,
        days: u32::try_from(points.len()).unwrap_or(u32::MAX),
    })
}

/// Every weekday brought to the level of the usual weekday, and that level: a part of a Sunday is then
/// the same part of a Monday, and the slopes of all weekdays have one middle. As they are where a
/// weekday has none.
fn scaled(points: &[Point]) -> (Vec<Point>, Option<f64>) {
    let weekdays: Vec<Option<f64>> = (0..7)
        .map(|season| {
            let same = points.iter().filter(|point| point.season == season);
            usual_of(&same.copied().collect::<Vec<_>>())
        })
        .collect();
    let usual = median(&mut weekdays.iter().copied().flatten().collect::<Vec<_>>());
    let scale = |point: &Point| {
        let its = weekdays[usize::from(point.season)];
        usual
            .zip(its)
            .map(|(usual, its)| usual / its)
            .filter(|scale| scale.is_normal())
    };
    let all: Option<Vec<Point>> = points
        .iter()
        .map(|point| {
            Some(Point {
                value: point.value * scale(point)?,
                ..*point
            })
        })
        .collect();
    (all.unwrap_or_else(|| points.to_vec()), usual)
}

/// The middle of some days.
fn usual_of(points: &[Point]) -> Option<f64> {
    usual_day(points.iter().map(|point| &point.value))
}

/// The variance of Kendall's S without a trend, corrected for equal values.
fn variance_of(points: &[&Point]) -> f64 {
    let of = |count: f64| count * (count - 1.0) * (2.0 * count + 5.0);
    let mut values: Vec<f64> = points.iter().map(|point| point.value).collect();
    values.sort_unstable_by(f64::total_cmp);
    let ties: f64 = values
        .chunk_by(|one, other| one == other)
        .map(|same| of(same.len() as f64))
        .sum();
    (of(points.len() as f64) - ties) / 18.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[f64]) -> Vec<Point> {
        (values.iter().enumerate())
            .map(|(day, value)| Point {
                at: day as f64,
                season: (day % 7) as u8,
                value: *value,
            })
            .collect()
    }

    #[test]
    fn a_textbook_example() {
        // Gilbert, R. O. (1987): Statistical methods for environmental pollution monitoring, 16.4 and
        // 16.5, the form of the computation: S = 10 of five rising values, Var = 5·4·15/18.
        let rising = slope(&points(&[10.0, 15.0, 14.0, 20.0, 25.0])).unwrap();
        // S = 8, Var = 16.667: Z = 7 / 4.0825.
        assert!((rising.p - two_sided_p(7.0 / 16.667_f64.sqrt())).abs() < 1e-3);
        assert!((rising.per_day - 3.666_666).abs() < 0.2, "{rising:?}");
    }

    #[test]
    fn ties_lower_the_variance() {
        let of: Vec<Point> = points(&[1.0, 1.0, 2.0, 2.0, 2.0]);
        let of: Vec<&Point> = of.iter().collect();
        // (5·4·15 − 2·1·9 − 3·2·11) / 18
        assert!((variance_of(&of) - 12.0).abs() < 1e-12);
    }

    #[test]
    fn a_straight_line_is_met() {
        let straight: Vec<f64> = (0..40).map(|day| 1000.0 + 25.0 * f64::from(day)).collect();
        let found = slope(&points(&straight)).unwrap();
        assert!(found.by_weekday);
        assert!((found.per_day - 25.0).abs() < 0.1, "{found:?}");
        assert!(found.low <= found.per_day && found.per_day <= found.high);
        let few = slope(&points(&straight[..10])).unwrap();
        assert_eq!((few.per_day, few.low, few.high), (25.0, 25.0, 25.0));
        assert!(found.p < 1e-6);
    }

    #[test]
    fn the_shape_of_a_week_is_no_trend() {
        let week = [9.0, 9.0, 9.0, 9.0, 9.0, 1.0, 1.0];
        let values: Vec<f64> = (0..30).map(|day| week[day % 7]).collect();
        let found = slope(&points(&values)).unwrap();
        assert_eq!((found.per_day, found.p), (0.0, 1.0));
    }

    #[test]
    fn one_day_has_no_slope() {
        assert_eq!(slope(&points(&[])), None);
        assert_eq!(slope(&points(&[5.0])), None);
        let constant = slope(&points(&[5.0; 10])).unwrap();
        assert_eq!((constant.per_day, constant.p), (0.0, 1.0));
    }
}
