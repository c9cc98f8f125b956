//! The curve of a period: rates in steps fine enough to draw.

use serde::{Deserialize, Serialize};
use traffic::Volume;

use crate::arithmetic::rate;
use crate::buckets::ClosedBuckets;

display::twin!(upload_bps => upload_bytes_per_second: Vec<Option<u64>>);
display::twin!(download_bps => download_bytes_per_second: Vec<Option<u64>>);
display::twin!(peak_upload_bps => peak_upload_bytes_per_second: Vec<Option<u64>>);
display::twin!(peak_download_bps => peak_download_bytes_per_second: Vec<Option<u64>>);

/// Steps a chart can show.
const MOST_STEPS: i64 = 400;
/// Seconds that a step may have: five minutes, as vnStat and bills by the 95th percentile count.
const STEPS: [i64; 7] = [300, 900, 1800, 3600, 7200, 21_600, 86_400];

/// Mean and peak rates in steps of equal length from the period's start on. All lists are of the
/// same length; what was not observed is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curve {
    /// Seconds of a step.
    pub step_seconds: u32,
    /// Mean bytes per second sent, over the seconds observed.
    #[serde(flatten, with = "upload_bps")]
    pub upload_bps: Vec<Option<u64>>,
    /// Mean bytes per second received, over the seconds observed.
    #[serde(flatten, with = "download_bps")]
    pub download_bps: Vec<Option<u64>>,
    /// Most bytes sent in a second, a mean over bandwhich's five refreshes.
    #[serde(flatten, with = "peak_upload_bps")]
    pub peak_upload_bps: Vec<Option<u64>>,
    /// Most bytes received in a second, a mean over bandwhich's five refreshes.
    #[serde(flatten, with = "peak_download_bps")]
    pub peak_download_bps: Vec<Option<u64>>,
}

impl Curve {
    /// The curve until the last bucket that was observed.
    pub(crate) fn new(buckets: &ClosedBuckets) -> Self {
        let length = buckets.span.end.saturating_sub(buckets.span.start);
        let step = STEPS
            .into_iter()
            .find(|step| step % buckets.resolution == 0 && length / step <= MOST_STEPS)
            .unwrap_or(86_400);
        let mut curve = Curve {
            step_seconds: u32::try_from(step).unwrap_or(u32::MAX),
            ..Curve::default()
        };
        let number = |start: i64| start.saturating_sub(buckets.span.start) / step;
        for group in buckets
            .list
            .chunk_by(|a, b| number(a.start) == number(b.start))
        {
            let (mut volume, mut peak, mut seconds) = (Volume::ZERO, Volume::ZERO, 0u64);
            for bucket in group {
                volume.add(bucket.volume);
                peak = peak.max(bucket.peak);
                seconds = seconds.saturating_add(bucket.observed(buckets.resolution));
            }
            if seconds == 0 {
                continue;
            }
            let at = usize::try_from(number(group[0].start)).unwrap_or(0);
            curve.put(at, volume.map(|bytes| rate(bytes, seconds)), peak);
        }
        curve
    }

    /// Sets one step; steps before it that were not set are unobserved.
    fn put(&mut self, at: usize, mean: Volume, peak: Volume) {
        for (list, value) in [
            (&mut self.upload_bps, mean.up),
            (&mut self.download_bps, mean.down),
            // A step on the edge of a run may be averaged higher than any refresh of it was.
            (&mut self.peak_upload_bps, peak.up.max(mean.up)),
            (&mut self.peak_download_bps, peak.down.max(mean.down)),
        ] {
            list.resize(at, None);
            list.push(Some(value));
        }
    }

    /// Steps.
    pub fn len(&self) -> usize {
        self.upload_bps.len()
    }

    /// Whether nothing was observed.
    pub fn is_empty(&self) -> bool {
        self.upload_bps.is_empty()
    }
}
