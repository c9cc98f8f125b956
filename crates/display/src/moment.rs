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

    fn timestamp(self) -> Timestamp {
        Timestamp::from_second(self.second).unwrap_or_default()
    }
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
