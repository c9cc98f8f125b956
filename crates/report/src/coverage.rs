//! How much of the period was observed, and when it was not.

use display::Moment;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::arithmetic;
use crate::buckets::ClosedBuckets;

/// Gaps that are listed.
const MAX_GAPS: usize = 1000;
/// Seconds without bandwhich that are said one by one; a restart takes less.
pub(crate) const LONG_HOLE: i64 = 2;

/// How much of the period was observed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Seconds observed: refreshes, of which bandwhich makes one a second.
    pub observed_seconds: u64,
    /// Seconds the period has; of a partial one, the seconds until now.
    pub expected_seconds: u64,
    /// Observed of expected, from 0 to 1, to four decimals. 0 if nothing was expected.
    pub ratio: f64,
    /// When nothing was observed for a bucket or longer, in order of time, at most 1000.
    pub gaps: Vec<Gap>,
    /// How many gaps there are.
    #[serde(default)]
    pub gaps_total: u64,
    /// When bandwhich did not run between two logs of a collector, in order of time, at most 1000. Of
    /// restarts within a second both ends may be the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holes: Vec<ShownHole>,
    /// About how many bytes passed in all such times and in packets that were lost. `None` without a
    /// collector's notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_bytes: Option<u64>,
    /// Bytes counted of those that passed, from 0 to 1, to four decimals. `None` without a collector's
    /// notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte_ratio: Option<f64>,
}

/// A time in which bandwhich did not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownHole {
    /// The last second with.
    pub start: Moment,
    /// When the next log began.
    pub end: Moment,
    /// About how many bytes passed meanwhile; null where counters began again.
    pub missed_bytes: Option<u64>,
}

/// The same in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hole {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) missed_bytes: Option<u64>,
}

/// A time without any observation, to the second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// First second without.
    pub start: Moment,
    /// First second with.
    pub end: Moment,
}

impl Coverage {
    /// Whether more than a thousandth of the bytes was missed.
    pub fn misses_bytes(&self) -> bool {
        self.byte_ratio.is_some_and(|ratio| ratio < 0.999)
    }

    /// Adds what the kernel's counts say of the bytes: those that were counted, and those that were not.
    pub(crate) fn add_bytes(&mut self, counted: u128, lost: u64, holes: &[Hole], zone: &TimeZone) {
        let passed = holes.iter().filter_map(|hole| hole.missed_bytes);
        let missed = passed.fold(lost, u64::saturating_add);
        let all = counted.saturating_add(missed.into());
        self.missed_bytes = Some(missed);
        self.byte_ratio = (all > 0).then(|| arithmetic::share(counted, all));
        let shown = holes.iter().take(MAX_GAPS).map(|hole| ShownHole {
            start: Moment::new(hole.start, zone),
            end: Moment::new(hole.end, zone),
            missed_bytes: hole.missed_bytes,
        });
        self.holes = shown.collect();
    }

    /// The coverage until `now`, in seconds since 1970.
    pub(crate) fn new(buckets: &ClosedBuckets, zone: &TimeZone, now: i64) -> Self {
        let span = &buckets.span;
        let until = now.clamp(span.start, span.end);
        let expected = until.abs_diff(span.start);
        let observed = buckets.observed();
        let gaps = gaps(buckets, until);
        Coverage {
            observed_seconds: observed,
            expected_seconds: expected,
            ratio: arithmetic::coverage(observed, expected),
            holes: Vec::new(),
            missed_bytes: None,
            byte_ratio: None,
            gaps_total: gaps.len() as u64,
            gaps: gaps
                .into_iter()
                .take(MAX_GAPS)
                .map(|(start, end)| Gap {
                    start: Moment::new(start, zone),
                    end: Moment::new(end, zone),
                })
                .collect(),
        }
    }
}

/// Stretches with at least one whole bucket in which nothing was observed.
fn gaps(buckets: &ClosedBuckets, until: i64) -> Vec<(i64, i64)> {
    let resolution = buckets.resolution;
    let mut gaps = Vec::new();
    // Where the next bucket would begin, and the first second that was not observed.
    let (mut expected, mut unseen) = (buckets.span.start, buckets.span.start);
    let mut close = |expected: i64, next: i64, unseen: i64, seen: i64| {
        let whole_bucket = next.saturating_sub(expected) >= resolution;
        if whole_bucket && seen.saturating_sub(unseen) >= resolution {
            gaps.push((unseen, seen));
        }
    };
    for bucket in &buckets.list {
        let Some((first, last)) = bucket.seen else {
            continue;
        };
        let first = first.max(bucket.start);
        close(expected, bucket.start, unseen, first.min(until));
        expected = bucket.start.saturating_add(resolution);
        // A refresh stamped with a second stands for that second.
        unseen = unseen.max(last.saturating_add(1));
    }
    close(expected, until, unseen, until);
    gaps
}
