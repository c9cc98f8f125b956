//! The period hour by hour or day by day, as the clocks of its zone showed it.

use display::Moment;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use traffic::{Period, Volume};

use crate::buckets::ClosedBuckets;

display::twin!(peak_upload_bps => peak_upload_bytes_per_second: u64);
display::twin!(peak_download_bps => peak_download_bytes_per_second: u64);

/// Days up to which hours are shown.
const MAX_DAYS_IN_HOURS: usize = 2;

/// An hour, or a day where the period is longer than two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Its start.
    pub start: Moment,
    /// Bytes sent.
    pub upload_bytes: u64,
    /// Bytes received.
    pub download_bytes: u64,
    /// Seconds observed.
    pub observed_seconds: u64,
    /// Most bytes sent in a second, a mean over bandwhich's five refreshes.
    #[serde(flatten, with = "peak_upload_bps")]
    pub peak_upload_bps: u64,
    /// Most bytes received in a second, a mean over bandwhich's five refreshes.
    #[serde(flatten, with = "peak_download_bps")]
    pub peak_download_bps: u64,
}

/// The entries that began before `now` (seconds since 1970), or that hold something.
pub(crate) fn timeline(
    buckets: &ClosedBuckets,
    period: &Period,
    zone: &TimeZone,
    now: i64,
) -> Vec<TimelineEntry> {
    let last = buckets
        .list
        .last()
        .map_or(i64::MIN, |bucket| bucket.start.saturating_add(1));
    let until = now.max(last).min(buckets.span.end);
    let starts: Vec<i64> = if period.days().take(MAX_DAYS_IN_HOURS + 1).count() <= MAX_DAYS_IN_HOURS
    {
        let first = (buckets.span.start < until).then_some(buckets.span.start);
        std::iter::successors(first, |&start| {
            Some(next_hour(start, zone)).filter(|&next| next < until)
        })
        .collect()
    } else {
        period
            .days()
            .map(|day| Period::day(day).seconds(zone).start)
            .take_while(|&start| start < until)
            .collect()
    };
    let mut rest = buckets.list.as_slice();
    let mut entries = Vec::with_capacity(starts.len());
    for (index, &start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(i64::MAX);
        let (inside, after) = rest.split_at(rest.partition_point(|bucket| bucket.start < end));
        rest = after;
        let mut volume = Volume::ZERO;
        let mut peak = Volume::ZERO;
        let mut observed = 0u64;
        for bucket in inside {
            volume.add(bucket.volume);
            peak = peak.max(bucket.peak);
            observed = observed.saturating_add(bucket.observed(buckets.resolution));
        }
        entries.push(TimelineEntry {
            start: Moment::new(start, zone),
            upload_bytes: volume.up,
            download_bytes: volume.down,
            observed_seconds: observed,
            peak_upload_bps: peak.up,
            peak_download_bps: peak.down,
        });
    }
    entries
}

/// When the clocks next show a full hour, or are set.
fn next_hour(start: i64, zone: &TimeZone) -> i64 {
    let Ok(timestamp) = Timestamp::from_second(start) else {
        return i64::MAX;
    };
    let offset = i64::from(zone.to_offset(timestamp).seconds());
    let full = start + 3600 - (start + offset).rem_euclid(3600);
    match zone
        .following(timestamp)
        .next()
        .map(|transition| transition.timestamp().as_second())
    {
        Some(set) if set > start && set < full => set,
        _ => full,
    }
}
