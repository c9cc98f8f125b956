//! Seconds since 1970 in JSON: a time that people and programs read alike (RFC 3339, in UTC), and the number beside it
//! as `KEY_unix` for those who count on it.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serializer};

use crate::Moment;

/// Makes a module for `#[serde(flatten, with = "…")]` of a field of seconds since 1970, an `i64` or an `Option<i64>`:
/// it writes the field's key as RFC 3339 and `KEY_unix` as the number. With `read`, both are read, and so is a number
/// under the key itself, as earlier versions wrote it.
///
/// ```
/// display::dated!(started: i64, read);
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Run {
///     #[serde(flatten, with = "started")]
///     started: i64,
/// }
/// let json = serde_json::to_string(&Run { started: 1_735_686_000 }).unwrap();
/// assert_eq!(json, r#"{"started":"2024-12-31T23:00:00+00:00","started_unix":1735686000}"#);
/// assert_eq!(serde_json::from_str::<Run>(&json).unwrap().started, 1_735_686_000);
/// assert_eq!(serde_json::from_str::<Run>(r#"{"started": 7}"#).unwrap().started, 7);
/// ```
#[macro_export]
macro_rules! dated {
    ($key:ident: i64, read) => {
        mod $key {
            $crate::dated!(@serialize $key, i64);

            pub(super) fn deserialize<'de, D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<i64, D::Error> {
                let second = $crate::deserialize_dated($crate::dated!(@keys $key), deserializer)?;
                second.ok_or_else(|| ::serde::de::Error::missing_field(stringify!($key)))
            }
        }
    };
    ($key:ident: Option<i64>, read) => {
        mod $key {
            $crate::dated!(@serialize $key, Option<i64>);

            pub(super) fn deserialize<'de, D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Option<i64>, D::Error> {
                $crate::deserialize_dated($crate::dated!(@keys $key), deserializer)
            }
        }
    };
    (@serialize $key:ident, $seconds:ty) => {
        pub(super) fn serialize<S: ::serde::Serializer>(
            second: &$seconds,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            $crate::serialize_dated($crate::dated!(@keys $key), *second, serializer)
        }
    };
    (@keys $key:ident) => {
        [stringify!($key), concat!(stringify!($key), "_unix")]
    };
    ($key:ident: $seconds:ty) => {
        mod $key {
            $crate::dated!(@serialize $key, $seconds);
        }
    };
}

/// Writes both keys.
///
/// # Errors
/// If the serializer refuses.
pub fn serialize_dated<S: Serializer>(
    [key, unix]: [&'static str; 2],
    second: impl Into<Option<i64>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let second = second.into();
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry(
        key,
        &second.map(|second| Moment::new(second, &TimeZone::UTC)),
    )?;
    map.serialize_entry(unix, &second)?;
    map.end()
}

/// Reads either key.
///
/// # Errors
/// If what is there is no time.
pub fn deserialize_dated<'de, D: Deserializer<'de>>(
    keys: [&'static str; 2],
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    deserializer.deserialize_map(Keys(keys))
}

/// A time as it is written, now or by an earlier version.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Second(i64),
    Text(String),
    Nothing(()),
}

impl Written {
    fn second<E: serde::de::Error>(self) -> Result<Option<i64>, E> {
        match self {
            Written::Second(second) => Ok(Some(second)),
            Written::Text(text) => {
                let timestamp: Timestamp = text.parse().map_err(E::custom)?;
                Ok(Some(timestamp.as_second()))
            }
            Written::Nothing(()) => Ok(None),
        }
    }
}

struct Keys([&'static str; 2]);

impl<'de> Visitor<'de> for Keys {
    type Value = Option<i64>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the time {}", self.0[0])
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let [key, unix] = self.0;
        let (mut dated, mut number) = (None, None);
        while let Some(name) = map.next_key::<String>()? {
            if name == unix {
                number = map.next_value::<Option<i64>>()?;
            } else if name == key {
                dated = map.next_value::<Written>()?.second::<A::Error>()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        // The number holds what no calendar does.
        Ok(number.or(dated))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    dated!(start: i64, read);
    dated!(end: Option<i64>, read);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Span {
        name: String,
        #[serde(flatten, with = "start")]
        start: i64,
        #[serde(flatten, with = "end")]
        end: Option<i64>,
    }

    #[test]
    fn times_are_dated_with_their_numbers_beside_and_read_in_every_form() {
        for (start, end) in [
            (0, None),
            (-1, Some(1_795_305_600)),
            (i64::MAX, Some(i64::MIN)),
        ] {
            let name = "x".to_owned();
            let span = Span { name, start, end };
            let json = serde_json::to_string(&span).unwrap();
            assert_eq!(serde_json::from_str::<Span>(&json).unwrap(), span, "{json}");
        }
        let json = r#"{"name": "x", "start": 7, "end": "1970-01-01T01:00:08+01:00"}"#;
        let span: Span = serde_json::from_str(json).unwrap();
        assert_eq!((span.start, span.end), (7, Some(8)));
        assert!(serde_json::from_str::<Span>(r#"{"name": "x", "end": null}"#).is_err());
        assert!(serde_json::from_str::<Span>(r#"{"name": "x", "start": "noon"}"#).is_err());
    }
}
