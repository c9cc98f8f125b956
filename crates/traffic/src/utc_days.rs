//! Days of UTC, in which the store counts its news, and the local days that overlap them.

use std::collections::BTreeSet;

use crate::Period;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A day since 1970 as it is written.
pub fn day_of_utc(day: i64) -> String {
    let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day));
    date.map_or_else(|_| day.to_string(), |date| date.to_string())
}

/// Days (UTC, since 1970) whose news a report of a period tells, or a part of it.
pub fn days_told_by(period: &Period, zone: &TimeZone) -> std::ops::RangeInclusive<i64> {
    let seconds = period.seconds(zone);
    seconds.start.div_euclid(DAY)..=(seconds.end - 1).div_euclid(DAY)
}

/// The local days that overlap a day of UTC.
pub fn local_days(day: i64, zone: &TimeZone) -> BTreeSet<Date> {
    let (first, last) = (day.saturating_mul(DAY), day.saturating_mul(DAY) + DAY - 1);
    [first, last]
        .into_iter()
        .filter_map(|second| jiff::Timestamp::from_second(second).ok())
        .map(|time| time.to_zoned(zone.clone()).date())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_day_of_utc_overlaps_one_or_two_local_days() {
        let day = |name: &str| {
            let zone = TimeZone::get(name).unwrap();
            local_days(20_000, &zone).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(day("UTC"), [date(2024, 10, 4)]);
        assert_eq!(day("Asia/Tokyo"), [date(2024, 10, 4), date(2024, 10, 5)]);
        assert_eq!(
            day("America/New_York"),
            [date(2024, 10, 3), date(2024, 10, 4)]
        );
    }
}
