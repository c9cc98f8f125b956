//! The period beside others.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::arithmetic::rate;

display::twin!(upload_bps => upload_bytes_per_second: u64);
display::twin!(download_bps => download_bytes_per_second: u64);

/// What another period came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes sent.
    pub upload_bytes: u64,
    /// Bytes received.
    pub download_bytes: u64,
    /// Seconds observed.
    pub observed_seconds: u64,
    /// Days that these bytes are the sum of.
    pub days: u32,
}

/// What a report is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// As many days right before. `None` if nothing of them is stored.
    pub previous: Option<Totals>,
    /// The same days of the week before. `None` if nothing of them is stored, and of periods of a week
    /// and more.
    pub same_weekday: Option<Totals>,
}

/// Both comparisons of a report; `{}` in JSON if there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparisons {
    /// With as many days right before.
    #[serde(serialize_with = "or_empty", deserialize_with = "unless_empty")]
    pub previous: Option<Compared>,
    /// With the same days of the week before; not of periods of a week and more.
    #[serde(serialize_with = "or_empty", deserialize_with = "unless_empty")]
    pub same_weekday: Option<Compared>,
}

/// Another period, and how this one differs from it. Changes are ratios: 0.25 is a quarter more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// Bytes sent then.
    pub upload_bytes: u64,
    /// Bytes received then.
    pub download_bytes: u64,
    /// Seconds observed then.
    pub observed_seconds: u64,
    /// Days that these bytes are the sum of.
    pub days: u32,
    /// Mean bytes per second sent then.
    #[serde(flatten, with = "upload_bps")]
    pub upload_bps: u64,
    /// Mean bytes per second received then.
    #[serde(flatten, with = "download_bps")]
    pub download_bps: u64,
    /// Change of the mean rate sent. `None` if there was none then.
    pub upload_change: Option<f64>,
    /// Change of the mean rate received. `None` if there was none then.
    pub download_change: Option<f64>,
    /// Change of the mean rate of both. `None` if there was none then.
    pub change: Option<f64>,
    /// Change of the bytes a day. `None` if there were none then, and for a partial period.
    pub bytes_change: Option<f64>,
}

impl Comparison {
    /// Compares both with this period, whose days are all over or not.
    pub(crate) fn with(&self, now: &Totals, partial: bool) -> Comparisons {
        Comparisons {
            previous: self.previous.map(|then| compare(now, &then, partial)),
            same_weekday: self.same_weekday.map(|then| compare(now, &then, partial)),
        }
    }
}

fn compare(now: &Totals, then: &Totals, partial: bool) -> Compared {
    // Rates compare days that were not observed alike.
    let by_rate = |now_bytes: u128, then_bytes: u128| {
        change(
            now_bytes,
            now.observed_seconds,
            then_bytes,
            then.observed_seconds,
        )
    };
    Compared {
        upload_bytes: then.upload_bytes,
        download_bytes: then.download_bytes,
        observed_seconds: then.observed_seconds,
        days: then.days,
        upload_bps: rate(then.upload_bytes, then.observed_seconds),
        download_bps: rate(then.download_bytes, then.observed_seconds),
        upload_change: by_rate(now.upload_bytes.into(), then.upload_bytes.into()),
        download_change: by_rate(now.download_bytes.into(), then.download_bytes.into()),
        change: by_rate(now.total(), then.total()),
        bytes_change: if partial {
            None
        } else {
            change(now.total(), now.days.into(), then.total(), then.days.into())
        },
    }
}

impl Totals {
    fn total(&self) -> u128 {
        u128::from(self.upload_bytes) + u128::from(self.download_bytes)
    }
}

/// `(now / per_now) / (then / per_then) - 1`, to six decimals.
fn change(now: u128, per_now: u64, then: u128, per_then: u64) -> Option<f64> {
    if then == 0 || per_now == 0 || per_then == 0 {
        return None;
    }
    let ratio = (now as f64 / per_now as f64) / (then as f64 / per_then as f64) - 1.0;
    Some((ratio * 1e6).round_ties_even() / 1e6)
}

fn or_empty<S: Serializer>(value: &Option<Compared>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(compared) => compared.serialize(serializer),
        None => serializer.collect_map(std::iter::empty::<((), ())>()),
    }
}

fn unless_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Compared>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Compared(Compared),
        Empty {},
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Compared(compared) => Some(compared),
        Either::Empty {} => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(upload_bytes: u64, observed_seconds: u64, days: u32) -> Totals {
        Totals {
            upload_bytes,
            download_bytes: 0,
            observed_seconds,
            days,
        }
    }

    #[test]
    fn a_day_that_was_half_observed_is_compared_by_its_rate() {
        let compared = compare(&totals(1000, 100, 1), &totals(400, 50, 1), false);
        assert_eq!(compared.upload_change, Some(0.25));
        assert_eq!(compared.bytes_change, Some(1.5));
        assert_eq!(compared.download_change, None);
        assert_eq!(
            compare(&totals(1, 1, 1), &totals(1, 1, 1), true).bytes_change,
            None
        );
    }

    #[test]
    fn the_largest_numbers_give_finite_changes() {
        for (now, then) in [(u64::MAX, 1), (1, u64::MAX), (u64::MAX, u64::MAX)] {
            let compared = compare(&totals(now, 1, 1), &totals(then, u64::MAX, u32::MAX), false);
            assert!(compared.change.is_some_and(f64::is_finite));
        }
    }
}
