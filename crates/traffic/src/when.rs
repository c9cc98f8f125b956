//! The words by which a user names a period: `yesterday`, `30d`, `2026-W48`, `2026-03-01..today`.

use jiff::ToSpan as _;
use jiff::civil::{Date, ISOWeekDate, Weekday, date};

use crate::Period;

/// A period as a user names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// `today`
    Today,
    /// `yesterday`
    Yesterday,
    /// `30d`: so many days up to today, today included. `week` is `7d` and `month` is `30d`.
    LastDays(u16),
    /// `last-week`: Monday to Sunday of the week before this one.
    LastWeek,
    /// `last-month`: the month of the calendar before this one.
    LastMonth,
    /// `A..today`, `A..yesterday`, `A..` (up to today), `..B`.
    Range {
        /// The first day. `None` for the beginning of what is recorded.
        first: Option<Date>,
        /// The last day.
        last: LastDay,
    },
    /// A day, a week or month of the calendar, a year or a range of days.
    Fixed(Period),
}

/// The last day of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastDay {
    /// Today.
    Today,
    /// Yesterday.
    Yesterday,
    /// A day of the calendar.
    Day(Date),
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
                "{given:?} names no period; use today, yesterday, week, month, last-week, last-month, 30d, \
                 YYYYMMDD, YYYY-MM-DD, YYYYMM, YYYY-MM, YYYY-Www, YYYY, or a range A..B of days, in which A may be \
                 missing and B be today"
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
            "week" => return Ok(When::LastDays(7)),
            "month" => return Ok(When::LastDays(30)),
            "last-week" => return Ok(When::LastWeek),
            "last-month" => return Ok(When::LastMonth),
            _ => {}
        }
        if let Some((first, last)) = text.split_once("..") {
            let first = match first {
                "" => None,
                first => Some(day(first).ok_or_else(error)?),
            };
            let last = match last {
                "" if first.is_none() => return Err(error()),
                "" | "today" => LastDay::Today,
                "yesterday" => LastDay::Yesterday,
                last => LastDay::Day(day(last).ok_or_else(error)?),
            };
            return match (first, last) {
                (Some(first), LastDay::Day(last)) if first > last => {
                    Err(PeriodError::Reversed { given: given() })
                }
                (Some(first), LastDay::Day(last)) => Ok(When::Fixed(Period { first, last })),
                _ => Ok(When::Range { first, last }),
            };
        }
        if let Some(days) = days(text) {
            return Ok(When::LastDays(days));
        }
        let period = day(text)
            .map(Period::day)
            .or_else(|| month(text))
            .or_else(|| week(text))
            .or_else(|| year(text))
            .ok_or_else(error)?;
        Ok(When::Fixed(period))
    }
}

impl When {
    /// The first day of a period without one: bandwhich has no earlier times.
    pub const BEGINNING: Date = date(1970, 1, 1);

    /// The days meant, if it is `today`. What begins with what is recorded begins with [`Self::BEGINNING`], or with
    /// the first day that is known. A range that has not begun is its first day.
    ///
    /// ```
    /// # use jiff::civil::date;
    /// let when: traffic::When = "last-week".parse().unwrap();
    /// let week = when.on(date(2026, 11, 29), None);
    /// assert_eq!((week.first, week.last), (date(2026, 11, 16), date(2026, 11, 22)));
    /// ```
    pub fn on(self, today: Date, first_known: Option<Date>) -> Period {
        let back = |days: i32| today.checked_sub(days.days()).unwrap_or(Date::MIN);
        match self {
            When::Today => Period::day(today),
            When::Yesterday => Period::day(back(1)),
            When::LastDays(days) => Period {
                first: back(i32::from(days) - 1),
                last: today,
            },
            When::LastWeek => {
                let since_monday = i32::from(today.weekday().to_monday_zero_offset());
                Period {
                    first: back(since_monday + 7),
                    last: back(since_monday + 1),
                }
            }
            When::LastMonth => {
                let last = back(i32::from(today.day()));
                Period {
                    first: last.first_of_month(),
                    last,
                }
            }
            When::Range { first, last } => {
                let last = match last {
                    LastDay::Today => today,
                    LastDay::Yesterday => back(1),
                    LastDay::Day(day) => day,
                };
                match first {
                    Some(first) => Period {
                        first,
                        last: last.max(first),
                    },
                    None => Period {
                        first: first_known.unwrap_or(Self::BEGINNING).min(last),
                        last,
                    },
                }
            }
            When::Fixed(period) => period,
        }
    }

    /// Whether it begins with what is recorded.
    pub fn is_open(self) -> bool {
        matches!(self, When::Range { first: None, .. })
    }
}

/// `30d`.
fn days(text: &str) -> Option<u16> {
    let digits = text.strip_suffix('d')?;
    let is_number = digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|days| is_number && *days > 0)
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
    of_digits(&digits)
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
    let first = of_digits(&(digits + "01"))?;
    Some(Period {
        first,
        last: first.last_of_month(),
    })
}

/// `YYYY-Www`, a week of ISO 8601.
fn week(text: &str) -> Option<Period> {
    let (year, week) = text.split_once("-W")?;
    let is_number =
        |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(year, 4) || !is_number(week, 2) {
        return None;
    }
    let (year, week) = (year.parse().ok()?, week.parse().ok()?);
    let day = |weekday| {
        ISOWeekDate::new(year, week, weekday)
            .ok()
            .map(|day| day.date())
    };
    Some(Period {
        first: day(Weekday::Monday)?,
        last: day(Weekday::Sunday)?,
    })
}

/// `YYYY`.
fn year(text: &str) -> Option<Period> {
    let first = of_digits(&format!("{text}0101")).filter(|_| text.len() == 4)?;
    Some(Period {
        first,
        last: first.last_of_year(),
    })
}

fn of_digits(digits: &str) -> Option<Date> {
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| digits[range].parse::<i16>().ok();
    Date::new(number(0..4)?, number(4..6)? as i8, number(6..8)? as i8).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = date(2026, 2, 28);

    fn days(text: &str) -> (Date, Date) {
        let period = text.parse::<When>().unwrap().on(TODAY, None);
        (period.first, period.last)
    }

    #[test]
    fn each_form_is_read() {
        for (text, first, last) in [
            ("today", TODAY, TODAY),
            ("yesterday", date(2026, 2, 27), date(2026, 2, 27)),
            ("week", date(2026, 2, 22), TODAY),
            ("7d", date(2026, 2, 22), TODAY),
            ("month", date(2026, 1, 30), TODAY),
            ("30d", date(2026, 1, 30), TODAY),
            ("1d", TODAY, TODAY),
            ("last-week", date(2026, 2, 16), date(2026, 2, 22)),
            ("last-month", date(2026, 1, 1), date(2026, 1, 31)),
            ("20260228", TODAY, TODAY),
            ("2026-02-28", TODAY, TODAY),
            ("202602", date(2026, 2, 1), TODAY),
            ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
            ("2026-W01", date(2025, 12, 29), date(2026, 1, 4)),
            ("2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
            ("2026", date(2026, 1, 1), date(2026, 12, 31)),
            ("20260228..2026-03-01", TODAY, date(2026, 3, 1)),
            ("2026-01-15..today", date(2026, 1, 15), TODAY),
            ("2026-01-15..", date(2026, 1, 15), TODAY),
            (
                "2026-01-15..yesterday",
                date(2026, 1, 15),
                date(2026, 2, 27),
            ),
            ("..2026-01-15", When::BEGINNING, date(2026, 1, 15)),
            // It has not begun.
            ("2026-03-05..today", date(2026, 3, 5), date(2026, 3, 5)),
        ] {
            assert_eq!(days(text), (first, last), "{text}");
        }
    }

    #[test]
    fn an_open_range_begins_with_what_is_known() {
        let open = "..2026-01-15".parse::<When>().unwrap();
        let on = |first_known| open.on(TODAY, Some(first_known)).first;
        assert!(open.is_open() && !"2026".parse::<When>().unwrap().is_open());
        assert_eq!(on(date(2025, 12, 1)), date(2025, 12, 1));
        assert_eq!(on(TODAY), date(2026, 1, 15));
    }

    #[test]
    fn anything_else_is_refused_with_the_forms() {
        for text in [
            "",
            "now",
            "Today",
            "20260229",
            "2026-13",
            "20261301",
            "2026-2-28",
            "+2026-02",
            "..",
            "today..",
            "..week",
            "2026022８",
            "20260228 ",
            "-0260228",
            "0d",
            "d",
            "+7d",
            "7D",
            "99999d",
            "2025-W53",
            "2026-W00",
            "2026-W1",
            "2026-w01",
            "+026",
            "202",
            "last-year",
            "2026-01..2026-02",
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

    prop_compose! {
        fn any_day()(days in 0..40_000i32) -> Date {
            When::BEGINNING.checked_add(days.days()).unwrap()
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,24}") {
            drop(text.parse::<When>());
        }

        #[test]
        fn what_looks_like_a_form_never_ends_before_it_begins(
            text in "([0-9]{0,4}-?(W?[0-9]{1,2})?-?[0-9]{0,2}|[0-9]{1,4}d|last-(week|month)|week|month|today)(\\.\\.(today|[0-9]{8})?)?",
            today in any_day(),
            known in proptest::option::of(any_day()),
        ) {
            if let Ok(when) = text.parse::<When>() {
                let period = when.on(today, known);
                prop_assert!(period.first <= period.last, "{text}: {period:?}");
            }
        }

        #[test]
        fn a_day_and_a_range_are_read_as_they_are_written(one in any_day(), other in any_day()) {
            let (first, last) = (one.min(other), one.max(other));
            let forms = [
                format!("{first}..{last}"),
                format!("{}..{}", first.strftime("%Y%m%d"), last.strftime("%Y%m%d")),
            ];
            for text in forms {
                prop_assert_eq!(text.parse(), Ok(When::Fixed(Period { first, last })));
            }
            prop_assert_eq!(first.to_string().parse(), Ok(When::Fixed(Period::day(first))));
        }

        #[test]
        fn a_week_holds_its_days_and_the_last_one_lies_before_this(today in any_day()) {
            let name = today.strftime("%G-W%V").to_string();
            let week = name.parse::<When>().unwrap().on(today, None);
            prop_assert!(week.first <= today && today <= week.last);
            prop_assert_eq!(week.days().count(), 7);
            let before = When::LastWeek.on(today, None);
            prop_assert_eq!(before.last.tomorrow().ok(), Some(week.first));
            prop_assert_eq!(before.days().count(), 7);
        }

        #[test]
        fn the_last_month_ends_where_this_one_begins(today in any_day()) {
            let month = When::LastMonth.on(today, None);
            prop_assert_eq!(month.last.tomorrow().ok(), Some(today.first_of_month()));
            prop_assert_eq!(month.first.day(), 1);
            prop_assert_eq!(month.first.last_of_month(), month.last);
        }
    }
}
