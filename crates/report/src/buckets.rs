//! What is known of each time bucket of the period.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::FixedState;
use traffic::{BucketFacts, Volume, observed_seconds};

use crate::arithmetic::{percentile_95, rate};

/// vnStat and those who bill by the 95th percentile sum five minutes.
const PERCENTILE_SECONDS: i64 = 300;

/// Buckets for which there is room from the beginning: more than two years of minutes.
const MOST_RESERVED: usize = 1 << 20;

/// One bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// Its start, seconds since 1970.
    pub(crate) start: i64,
    /// Bytes of its rows.
    pub(crate) volume: Volume,
    /// Largest sum of all connections in one refresh.
    pub(crate) peak: Volume,
    /// Refreshes of all logs.
    frames: u64,
    /// Seconds that these refreshes observed.
    observed: u64,
    /// Seconds that more than one log observed.
    overlap: u64,
    /// First and last refresh. `None` if only rows are known.
    pub(crate) seen: Option<(i64, i64)>,
}

impl Bucket {
    /// Seconds observed. A few refreshes take less than a second: no more than the bucket has.
    pub(crate) fn observed(&self, resolution: i64) -> u64 {
        self.observed.min(self.length(resolution))
    }

    /// Whether more than one log observed it.
    fn is_observed_twice(&self, resolution: i64) -> bool {
        let length = self.length(resolution);
        self.frames > length + length / 4
    }

    /// A bucket stored at a coarser resolution shows that by how far its refreshes lie apart.
    fn length(&self, resolution: i64) -> u64 {
        let spread = self
            .seen
            .map_or(0, |(first, last)| last.saturating_sub(first));
        resolution.max(spread.saturating_add(1)).unsigned_abs()
    }
}

/// The buckets of a period.
pub(crate) struct Buckets {
    list: Vec<Bucket>,
    /// Where in the list a bucket is, by its start.
    places: HashMap<i64, u32, FixedState>,
    /// The facts of buckets that several logs observed: a long period has hundreds of thousands of buckets, and
    /// few of them are shared.
    shared: HashMap<i64, Vec<BucketFacts>, FixedState>,
    span: Range<i64>,
    resolution: i64,
    /// Rows and facts that were not of the period.
    pub(crate) outside: u64,
}

impl Buckets {
    pub(crate) fn new(span: Range<i64>, resolution: i64) -> Self {
        let resolution = resolution.max(1);
        let length = span.end.saturating_sub(span.start) / resolution;
        Buckets {
            // What is not used costs no memory.
            list: Vec::with_capacity(usize::try_from(length).unwrap_or(0).min(MOST_RESERVED)),
            places: HashMap::with_hasher(FixedState::with_seed(0x6e6d)),
            shared: HashMap::with_hasher(FixedState::with_seed(0x6e6d)),
            span,
            resolution,
            outside: 0,
        }
    }

    /// The bucket, if it is of the period.
    fn at(&mut self, start: i64) -> Option<&mut Bucket> {
        if !self.span.contains(&start) {
            self.outside += 1;
            return None;
        }
        let empty = Bucket {
            start,
            volume: Volume::ZERO,
            peak: Volume::ZERO,
            frames: 0,
            observed: 0,
            overlap: 0,
            seen: None,
        };
        let next = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        let place = *self.places.entry(start).or_insert(next) as usize;
        if place == self.list.len() {
            self.list.push(empty);
        }
        self.list.get_mut(place)
    }

    /// Adds bytes; false if the bucket is not of the period.
    pub(crate) fn add_volume(&mut self, start: i64, volume: Volume) -> bool {
        self.at(start)
            .map(|bucket| bucket.volume.add(volume))
            .is_some()
    }

    /// Whether the bucket is of the period.
    pub(crate) fn holds(&mut self, start: i64) -> bool {
        let holds = self.span.contains(&start);
        self.outside += u64::from(!holds);
        holds
    }

    /// Adds the facts of one log.
    pub(crate) fn add_facts(&mut self, facts: &BucketFacts) {
        let Some(bucket) = self.at(facts.bucket) else {
            return;
        };
        bucket.peak = bucket.peak.max(facts.peak);
        if facts.frames == 0 {
            return;
        }
        bucket.frames = bucket.frames.saturating_add(facts.frames.into());
        let Some((first, last)) = bucket.seen else {
            bucket.seen = Some((facts.first, facts.last));
            bucket.observed = facts.seconds.into();
            return;
        };
        // As far as it matters how long it was observed, the first facts are those that the bucket has.
        let earlier = BucketFacts {
            seconds: u32::try_from(bucket.observed).unwrap_or(u32::MAX),
            first,
            last,
            ..*facts
        };
        bucket.seen = Some((first.min(facts.first), last.max(facts.last)));
        let shared = self.shared.entry(facts.bucket);
        shared.or_insert_with(|| vec![earlier]).push(*facts);
    }

    /// Ends the adding.
    pub(crate) fn close(mut self) -> ClosedBuckets {
        for (start, facts) in &mut self.shared {
            let place = self.places.get(start).map(|place| *place as usize);
            if let Some(bucket) = place.and_then(|place| self.list.get_mut(place)) {
                bucket.observed = observed_seconds(facts);
                let all: u64 = facts.iter().map(|facts| u64::from(facts.seconds)).sum();
                bucket.overlap = all.saturating_sub(bucket.observed);
            }
        }
        let mut list = self.list;
        list.sort_unstable_by_key(|bucket| bucket.start);
        ClosedBuckets {
            list,
            span: self.span,
            resolution: self.resolution,
            outside: self.outside,
        }
    }
}

/// The buckets in order of time.
pub(crate) struct ClosedBuckets {
    pub(crate) list: Vec<Bucket>,
    pub(crate) span: Range<i64>,
    pub(crate) resolution: i64,
    pub(crate) outside: u64,
}

impl ClosedBuckets {
    pub(crate) fn volume(&self) -> Volume {
        let mut sum = Volume::ZERO;
        self.list.iter().for_each(|bucket| sum.add(bucket.volume));
        sum
    }

    pub(crate) fn peak(&self) -> Volume {
        self.list
            .iter()
            .fold(Volume::ZERO, |peak, bucket| peak.max(bucket.peak))
    }

    pub(crate) fn observed(&self) -> u64 {
        self.list.iter().fold(0, |sum, bucket| {
            sum.saturating_add(bucket.observed(self.resolution))
        })
    }

    /// Buckets that more than one log observed.
    pub(crate) fn observed_twice(&self) -> usize {
        self.list
            .iter()
            .filter(|bucket| bucket.is_observed_twice(self.resolution))
            .count()
    }

    /// Seconds that more than one log observed in the other buckets.
    pub(crate) fn overlap(&self) -> u64 {
        let others = self.list.iter();
        let others = others.filter(|bucket| !bucket.is_observed_twice(self.resolution));
        // Two runs that meet in a second share that second.
        let seconds = others
            .map(|bucket| bucket.overlap)
            .filter(|seconds| *seconds > 1);
        seconds.fold(0, u64::saturating_add)
    }

    /// 95th percentile of the mean rates of five minutes, of those that were observed, each
    /// direction for itself. Where the resolution does not divide five minutes: of the least
    /// multiple of it above.
    pub(crate) fn percentile_95(&self) -> Volume {
        let multiple = (PERCENTILE_SECONDS + self.resolution - 1) / self.resolution;
        let interval = multiple.saturating_mul(self.resolution);
        let number = |bucket: &Bucket| bucket.start.saturating_sub(self.span.start) / interval;
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for group in self.list.chunk_by(|a, b| number(a) == number(b)) {
            let mut volume = Volume::ZERO;
            let mut seconds = 0u64;
            for bucket in group {
                volume.add(bucket.volume);
                seconds = seconds.saturating_add(bucket.observed(self.resolution));
            }
            if seconds > 0 {
                up.push(rate(volume.up, seconds));
                down.push(rate(volume.down, seconds));
            }
        }
        Volume {
            up: percentile_95(up),
            down: percentile_95(down),
        }
    }
}
