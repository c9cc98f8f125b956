//! A second in time, as the clocks of the report's zone showed it.

use std::fmt;

use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, civil};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A second in time with the offset of its zone: `2025-01-01T00:00:00+01:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    second: i64,
    offset: Offset,
}

impl Moment {
    /// The moment of `second` (seconds since 1970) in a zone. Seconds that no calendar holds become
    /// the nearest that one does.
    ///
    /// ```
    /// let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    /// let moment = display::Moment::new(1_735_686_000, &zone);
    /// assert_eq!(moment.to_string(), "2025-01-01T00:00:00+01:00");
    /// ```
    pub fn new(second: i64, zone: &TimeZone) -> Self {
        let second = second.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let timestamp = Timestamp::from_second(second).unwrap_or_default();
        Moment {
            second,
            offset: zone.to_offset(timestamp),
        }
    }

    /// Seconds since 1970.
    pub fn as_second(self) -> i64 {
        self.second
    }

    /// Date and time on the zone's clocks.
    pub fn civil(self) -> civil::DateTime {
        self.offset.to_datetime(self.timestamp())
    }

    /// Date, hour and minute on the zone's clocks: `2026-11-21 14:02`.
    ///
    /// ```
    /// let moment = display::Moment::new(1_735_686_000, &jiff::tz::TimeZone::UTC);
    /// assert_eq!(moment.minute(), "2024-12-31 23:00");
    /// ```
    pub fn minute(self) -> String {
        self.civil().strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// Date and time on the zone's clocks, as spreadsheets read them: `2026-11-21 14:02:31`.
    ///
    /// ```
    /// let moment = display::Moment::new(1_735_686_000, &jiff::tz::TimeZone::UTC);
    /// assert_eq!(moment.spreadsheet(), "2024-12-31 23:00:00");
    /// ```
    pub fn spreadsheet(self) -> String {
        self.civil().strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The moment `seconds` before, on the same clocks.
    pub fn earlier(self, seconds: i64) -> Self {
        Moment {
            second: self.second.saturating_sub(seconds),
            ..self
        }
    }

    /// Appends what [`Display`](fmt::Display) shows, for files that hold very many moments.
    ///
    /// ```
    /// let mut text = Vec::new();
    /// display::Moment::new(1_735_686_000, &jiff::tz::TimeZone::UTC).write_to(&mut text);
    /// assert_eq!(text, b"2024-12-31T23:00:00+00:00");
    /// ```
    pub fn write_to(self, text: &mut Vec<u8>) {
        match self.usual() {
            Some(usual) => text.extend(usual),
            None => text.extend(self.to_string().into_bytes()),
        }
    }

    /// As it is shown, if its year has four digits and its offset whole minutes.
    fn usual(self) -> Option<[u8; 25]> {
        let offset = self.offset.seconds();
        let local = self.second.checked_add(i64::from(offset))?;
        let (year, month, day) = date_of(local.div_euclid(86_400));
        if !(0..10_000).contains(&year) || offset % 60 != 0 {
            return None;
        }
        let mut text = *b"0000-00-00T00:00:00+00:00";
        let mut put = |at: usize, number: i64| {
            let number = u8::try_from(number.rem_euclid(100)).unwrap_or(0);
            text[at] = b'0' + number / 10;
            text[at + 1] = b'0' + number % 10;
        };
        let (clock, ahead) = (local.rem_euclid(86_400), i64::from(offset.abs()));
        put(0, year / 100);
        put(2, year);
        put(5, month);
        put(8, day);
        put(11, clock / 3600);
        put(14, clock / 60 % 60);
        put(17, clock % 60);
        put(20, ahead / 3600);
        put(23, ahead / 60 % 60);
        if offset < 0 {
            text[19] = b'-';
        }
        Some(text)
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_second(self.second).unwrap_or_default()
    }
}

/// Year, month and day of a day since 1970. Years begin in March here, so that the leap day is the last of
/// one, and are counted by eras of 400.
fn date_of(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day)
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().display_with_offset(self.offset).fmt(f)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let text = String::deserialize(deserializer)?;
        let timestamp: Timestamp = text.parse().map_err(D::Error::custom)?;
        let pieces = jiff::fmt::temporal::Pieces::parse(&text).map_err(D::Error::custom)?;
        let offset = pieces.to_numeric_offset().unwrap_or(Offset::UTC);
        Ok(Moment {
            second: timestamp.as_second(),
            offset,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_back_as_it_was_written() {
        for (zone, text) in [
            ("UTC", "2025-01-01T00:00:00+00:00"),
            ("America/St_Johns", "2024-12-31T20:30:00-03:30"),
        ] {
            let moment = Moment::new(1_735_689_600, &TimeZone::get(zone).unwrap());
            let json = serde_json::to_string(&moment).unwrap();
            assert_eq!(json, format!("{text:?}"));
            assert_eq!(serde_json::from_str::<Moment>(&json).unwrap(), moment);
        }
    }

    #[test]
    fn what_is_written_is_what_is_shown() {
        let zones = [
            "UTC",
            "Europe/Berlin",
            "America/St_Johns",
            "Asia/Kathmandu",
            "Africa/Monrovia",
        ];
        for zone in zones.map(|zone| TimeZone::get(zone).unwrap()) {
            // Over 10,000 years in steps that meet all clocks, and each day of some years.
            let far = (-62_300_000_000..=253_500_000_000).step_by(86_399 * 1_237);
            let near = (-40..200).flat_map(|year| (0..367).map(move |day| (year, day)));
            let near = near.map(|(year, day)| year * 31_556_952 + day * 86_400 - 1);
            for second in far.chain(near) {
                let moment = Moment::new(second, &zone);
                let mut text = Vec::new();
                moment.write_to(&mut text);
                assert_eq!(String::from_utf8(text).unwrap(), moment.to_string());
            }
        }
    }

    #[test]
    fn impossible_seconds_become_the_nearest_possible_ones() {
        assert!(
            Moment::new(i64::MAX, &TimeZone::UTC)
                .to_string()
                .starts_with("9999-12-3")
        );
        assert!(
            Moment::new(i64::MIN, &TimeZone::UTC)
                .to_string()
                .starts_with("-009999-")
        );
    }
}
