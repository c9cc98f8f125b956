//! A value in JSON under two keys: the one that users count on, and a clearer one.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Makes a module for `#[serde(flatten, with = "…")]` of a field that is written under its own key and a second one, and
/// read from its own.
///
/// ```
/// display::twin!(upload_bps => upload_bytes_per_second: u64);
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Rate {
///     #[serde(flatten, with = "upload_bps")]
///     upload_bps: u64,
/// }
/// let json = serde_json::to_string(&Rate { upload_bps: 7 }).unwrap();
/// assert_eq!(json, r#"{"upload_bps":7,"upload_bytes_per_second":7}"#);
/// assert_eq!(serde_json::from_str::<Rate>(&json).unwrap().upload_bps, 7);
/// ```
#[macro_export]
macro_rules! twin {
    ($key:ident => $second:ident: $value:ty) => {
        pub(crate) mod $key {
            pub(crate) fn serialize<S: ::serde::Serializer>(
                value: &$value,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                $crate::serialize_twin([stringify!($key), stringify!($second)], value, serializer)
            }

            pub(crate) fn deserialize<'de, D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$value, D::Error> {
                $crate::deserialize_twin(stringify!($key), deserializer)
            }
        }
    };
}

/// Writes a value under both keys.
///
/// # Errors
/// If the serializer refuses.
pub fn serialize_twin<T: Serialize, S: Serializer>(
    keys: [&'static str; 2],
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    for key in keys {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

/// Reads a value from its own key.
///
/// # Errors
/// If the key is missing, or is something else.
pub fn deserialize_twin<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    key: &'static str,
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_map(Key(key, PhantomData))
}

struct Key<T>(&'static str, PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Key<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the key {}", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<String>()? {
            if name == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        found.ok_or_else(|| A::Error::missing_field(self.0))
    }
}
