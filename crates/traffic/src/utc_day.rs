//! Days of UTC, in which the store counts what it holds and what is new.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::{Range, RangeInclusive};

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::Period;

/// A day of UTC, by its number: 0 is 1970-01-01.
///
/// ```
/// let day = traffic::UtcDay::of(1_583_020_800);
/// assert_eq!((day.number(), day.to_string().as_str()), (18_322, "2020-03-01"));
/// assert_eq!(day.seconds(), 1_583_020_800..1_583_107_200);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UtcDay(i64);

impl UtcDay {
    /// Seconds of each of them.
    pub const SECONDS: i64 = 86_400;

    /// The day of a number.
    pub fn from_number(number: i64) -> Self {
        UtcDay(number)
    }

    /// The day that a second (since 1970) lies in.
    #[inline]
    pub fn of(second: i64) -> Self {
        UtcDay(second.div_euclid(Self::SECONDS))
    }

    /// The day of a date.
    ///
    /// ```
    /// let date = jiff::civil::date(1969, 12, 31);
    /// assert_eq!(traffic::UtcDay::of_date(date).number(), -1);
    /// ```
    pub fn of_date(day: Date) -> Self {
        let since = day.duration_since(date(1970, 1, 1));
        UtcDay::of(since.as_secs())
    }

    /// The days that a period overlaps on the clocks of a zone.
    pub fn of_period(period: &Period, zone: &TimeZone) -> RangeInclusive<Self> {
        Self::of_seconds(&period.seconds(zone))
    }

    /// The days that a stretch of seconds (since 1970) overlaps.
    pub fn of_seconds(seconds: &Range<i64>) -> RangeInclusive<Self> {
        Self::of(seconds.start)..=Self::of(seconds.end.saturating_sub(1))
    }

    /// Days since 1970.
    #[inline]
    pub fn number(self) -> i64 {
        self.0
    }

    /// Start (included) and end (excluded) in seconds since 1970.
    pub fn seconds(self) -> Range<i64> {
        let start = |number: i64| number.saturating_mul(Self::SECONDS);
        start(self.0)..start(self.0.saturating_add(1))
    }

    /// Its date; none outside of the years that calendars have.
    pub fn date(self) -> Option<Date> {
        let days = Span::new().try_days(self.0).ok()?;
        date(1970, 1, 1).checked_add(days).ok()
    }

    /// The days on the clocks of a zone that its first and its last second lie in: one or two.
    pub fn local_days(self, zone: &TimeZone) -> BTreeSet<Date> {
        let seconds = self.seconds();
        [seconds.start, seconds.end.saturating_sub(1)]
            .into_iter()
            .filter_map(|second| Timestamp::from_second(second).ok())
            .map(|time| time.to_zoned(zone.clone()).date())
            .collect()
    }
}

/// `2020-03-01`; the number if it has no date.
impl fmt::Display for UtcDay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date() {
            Some(date) => date.fmt(formatter),
            None => self.0.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ZONES: [&str; 6] = [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Tokyo",
        "Pacific/Kiritimati",
        "America/St_Johns",
    ];

    #[test]
    fn a_day_of_utc_overlaps_one_or_two_local_days() {
        let day = |name: &str| {
            let zone = TimeZone::get(name).unwrap();
            let days = UtcDay::from_number(20_000).local_days(&zone);
            days.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(day("UTC"), [date(2024, 10, 4)]);
        assert_eq!(day("Asia/Tokyo"), [date(2024, 10, 4), date(2024, 10, 5)]);
        assert_eq!(
            day("America/New_York"),
            [date(2024, 10, 3), date(2024, 10, 4)]
        );
    }

    #[test]
    fn a_local_day_overlaps_the_days_that_its_ends_lie_in() {
        let days = |name: &str, day: Date| {
            let zone = TimeZone::get(name).unwrap();
            let days = UtcDay::of_period(&Period::day(day), &zone);
            (days.start().number(), days.end().number())
        };
        assert_eq!(days("UTC", date(2024, 10, 4)), (20_000, 20_000));
        assert_eq!(days("Asia/Tokyo", date(2024, 10, 4)), (19_999, 20_000));
        assert_eq!(
            days("America/New_York", date(2024, 10, 4)),
            (20_000, 20_001)
        );
    }

    #[test]
    fn numbers_without_a_date_are_written_as_they_are() {
        for number in [i64::MIN, -4_371_588, 2_932_897, 7_304_485, i64::MAX] {
            let day = UtcDay::from_number(number);
            assert_eq!((day.date(), day.to_string()), (None, number.to_string()));
            assert!(day.local_days(&TimeZone::UTC).is_empty());
        }
    }

    proptest! {
        #[test]
        fn a_second_lies_in_its_day(second in i64::MIN / 2..i64::MAX / 2) {
            let day = UtcDay::of(second);
            prop_assert!(day.seconds().contains(&second));
            prop_assert_eq!(UtcDay::of_seconds(&day.seconds()), day..=day);
        }

        #[test]
        fn a_date_is_read_back(number in -4_371_587_i64..=2_932_896) {
            let day = UtcDay::from_number(number);
            let date = day.date().unwrap();
            prop_assert_eq!(UtcDay::of_date(date), day);
            prop_assert_eq!(day.to_string(), date.to_string());
        }

        #[test]
        fn both_kinds_of_days_agree_on_what_overlaps(number in 0_i64..30_000, zone in 0..ZONES.len()) {
            let zone = TimeZone::get(ZONES[zone]).unwrap();
            let day = UtcDay::from_number(number);
            let local = day.local_days(&zone);
            prop_assert!((1..=2).contains(&local.len()));
            for date in local {
                prop_assert!(UtcDay::of_period(&Period::day(date), &zone).contains(&day));
            }
        }
    }
}
