//! Days and periods in a time zone, and the words that name them.

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

/// A period as a user names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// `today`
    Today,
    /// `yesterday`
    Yesterday,
    /// `week`: the last seven days, today included.
    Week,
    /// `month`: the last thirty days, today included.
    Month,
    /// A day, a month or a range of days.
    Fixed(Period),
}

/// The text names no period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeriodError {
    /// No form that is known, or no day of the calendar.
    Unknown {
        /// What was given.
        given: String,
    },
    /// A range whose last day comes before its first.
    Reversed {
        /// What was given.
        given: String,
    },
}

impl std::fmt::Display for PeriodError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PeriodError::Unknown { given } => write!(
                f,
                "{given:?} names no period; use today, yesterday, week, month, YYYYMMDD, YYYY-MM-DD, \
                 YYYYMM, YYYY-MM, or a range A..B of days"
            ),
            PeriodError::Reversed { given } => {
                write!(
                    f,
                    "{given:?} ends before it begins; the earlier day comes first"
                )
            }
        }
    }
}

impl std::error::Error for PeriodError {}

impl std::str::FromStr for When {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let given = || text.to_owned();
        let error = || PeriodError::Unknown { given: given() };
        match text {
            "today" => return Ok(When::Today),
            "yesterday" => return Ok(When::Yesterday),
            "week" => return Ok(When::Week),
            "month" => return Ok(When::Month),
            _ => {}
        }
        if let Some((first, last)) = text.split_once("..") {
            let period = Period {
                first: day(first).ok_or_else(error)?,
                last: day(last).ok_or_else(error)?,
            };
            return (period.first <= period.last)
                .then_some(When::Fixed(period))
                .ok_or_else(|| PeriodError::Reversed { given: given() });
        }
        let period = day(text)
            .map(Period::day)
            .or_else(|| month(text))
            .ok_or_else(error)?;
        Ok(When::Fixed(period))
    }
}

impl When {
    /// The days meant, if it is `today`.
    pub fn on(self, today: Date) -> Period {
        let back = |days: i32| {
            today
                .checked_sub(jiff::ToSpan::days(days))
                .unwrap_or(Date::MIN)
        };
        match self {
            When::Today => Period::day(today),
            When::Yesterday => Period::day(back(1)),
            When::Week => Period {
                first: back(6),
                last: today,
            },
            When::Month => Period {
                first: back(29),
                last: today,
            },
            When::Fixed(period) => period,
        }
    }
}

/// `YYYYMMDD` or `YYYY-MM-DD`.
fn day(text: &str) -> Option<Date> {
    let digits = match text.len() {
        8 => text.to_owned(),
        10 => {
            let (year, rest) = text.split_once('-')?;
            let (month, day) = rest.split_once('-')?;
            (year.len() == 4 && month.len() == 2).then(|| format!("{year}{month}{day}"))?
        }
        _ => return None,
    };
    date(&digits)
}

/// `YYYYMM` or `YYYY-MM`.
fn month(text: &str) -> Option<Period> {
    let digits = match text.len() {
        6 => text.to_owned(),
        7 => text
            .split_once('-')
            .filter(|(year, _)| year.len() == 4)
            .map(|(y, m)| y.to_owned() + m)?,
        _ => return None,
    };
    let first = date(&(digits + "01"))?;
    Some(Period {
        first,
        last: first.last_of_month(),
    })
}

fn date(digits: &str) -> Option<Date> {
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| digits[range].parse::<i16>().ok();
    Date::new(number(0..4)?, number(4..6)? as i8, number(6..8)? as i8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn fixed(text: &str) -> Option<(Date, Date)> {
        match text.parse() {
            Ok(When::Fixed(period)) => Some((period.first, period.last)),
            _ => None,
        }
    }

    #[test]
    fn each_form_of_the_contract_is_read() {
        let day = date(2026, 2, 28);
        assert_eq!(fixed("20260228"), Some((day, day)));
        assert_eq!(fixed("2026-02-28"), Some((day, day)));
        assert_eq!(fixed("202602"), Some((date(2026, 2, 1), day)));
        assert_eq!(
            fixed("2024-02"),
            Some((date(2024, 2, 1), date(2024, 2, 29)))
        );
        assert_eq!(fixed("20260228..2026-03-01"), Some((day, date(2026, 3, 1))));
        assert_eq!(
            "week".parse::<When>().unwrap().on(day).first,
            date(2026, 2, 22)
        );
        assert_eq!(
            "month".parse::<When>().unwrap().on(day).first,
            date(2026, 1, 30)
        );
        assert_eq!(
            "yesterday".parse::<When>().unwrap().on(day).first,
            date(2026, 2, 27)
        );
    }

    #[test]
    fn anything_else_is_refused_with_the_forms() {
        for text in [
            "",
            "now",
            "Today",
            "2026",
            "20260229",
            "2026-13",
            "20261301",
            "2026-2-28",
            "+2026-02",
            "20260228..",
            "..20260228",
            "2026022８",
            "20260228 ",
            "-0260228",
        ] {
            let error = text.parse::<When>().unwrap_err();
            assert!(error.to_string().contains("YYYY-MM"), "{text}");
        }
        let error = "20260301..20260228".parse::<When>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"20260301..20260228\" ends before it begins; the earlier day comes first"
        );
    }

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
