//! Days and periods in a time zone. The words that name them are in `when.rs`.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Days of the calendar, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Period {
    /// First day.
    pub first: Date,
    /// Last day.
    pub last: Date,
}

impl Period {
    /// One day.
    pub fn day(date: Date) -> Self {
        Period {
            first: date,
            last: date,
        }
    }

    /// Start (included) and end (excluded) in seconds since 1970: days of 23 and 25 hours are right.
    pub fn seconds(&self, zone: &TimeZone) -> std::ops::Range<i64> {
        let start = |date: Date| {
            date.to_zoned(zone.clone())
                .map_or(i64::MAX, |zoned| zoned.timestamp().as_second())
        };
        start(self.first)..self.last.tomorrow().map_or(i64::MAX, start)
    }

    /// Its days, in order.
    pub fn days(&self) -> impl Iterator<Item = Date> + use<> {
        let last = self.last;
        self.first
            .series(jiff::ToSpan::day(1))
            .take_while(move |day| *day <= last)
    }

    /// Whether it is one day.
    pub fn is_day(&self) -> bool {
        self.first == self.last
    }

    /// `YYYYMMDD`, or `YYYYMMDD-YYYYMMDD`: as it stands in names of files.
    pub fn stamp(&self) -> String {
        let first = self.first.strftime("%Y%m%d");
        if self.is_day() {
            first.to_string()
        } else {
            format!("{first}-{}", self.last.strftime("%Y%m%d"))
        }
    }

    /// As many days right before it.
    pub fn previous(&self) -> Option<Period> {
        let days = self.first.until(self.last).ok()?.get_days() + 1;
        let back = |date: Date| date.checked_sub(jiff::ToSpan::days(days)).ok();
        Some(Period {
            first: back(self.first)?,
            last: back(self.last)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_of_23_and_25_hours_have_their_length() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let hours = |day| {
            let range = Period::day(day).seconds(&zone);
            (range.end - range.start) / 3600
        };
        assert_eq!(hours(date(2026, 3, 29)), 23);
        assert_eq!(hours(date(2026, 10, 25)), 25);
        assert_eq!(hours(date(2026, 3, 30)), 24);
    }

    #[test]
    fn the_period_before_has_as_many_days() {
        let march = Period {
            first: date(2026, 3, 1),
            last: date(2026, 3, 7),
        };
        let before = march.previous().unwrap();
        assert_eq!(
            (before.first, before.last),
            (date(2026, 2, 22), date(2026, 2, 28))
        );
        assert_eq!(before.stamp(), "20260222-20260228");
    }
}
