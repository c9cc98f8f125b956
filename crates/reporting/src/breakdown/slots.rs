//! A period cut into hours, days and months of the local clock, and what fell into each.

use std::ops::Range;

use display::Moment;
use jiff::tz::TimeZone;
use traffic::Volume;

use super::answer::{BreakdownLine, Dimension, LineSubject};
use super::filter::HoursOfDay;
use crate::history;

/// Hours of a period in their order; all else is made of them.
pub(super) struct Slots {
    hours: Vec<Slot>,
    zone: TimeZone,
}

/// An hour; where the clock shifts, it is longer or shorter.
#[derive(Clone, Debug)]
struct Slot {
    seconds: Range<i64>,
    volume: Volume,
    observed: u64,
}

impl Slots {
    /// The hours of a stretch of time that are asked for.
    pub(super) fn new(seconds: &Range<i64>, wanted: Option<HoursOfDay>, zone: &TimeZone) -> Self {
        let hours = history::hours(seconds.start, seconds.end, zone);
        let ends = hours.iter().skip(1).map(|hour| hour.start);
        let ends: Vec<i64> = ends.chain([seconds.end]).collect();
        let hours = hours.iter().zip(ends);
        Slots {
            hours: hours
                .filter(|(hour, _)| wanted.is_none_or(|wanted| wanted.contains(hour.hour)))
                .map(|(hour, end)| Slot {
                    seconds: hour.start..end,
                    volume: Volume::ZERO,
                    observed: 0,
                })
                .collect(),
            zone: zone.clone(),
        }
    }

    /// The number of the hour that holds a second. `None` if it is not asked for.
    pub(super) fn place(&self, second: i64) -> Option<usize> {
        let after = self
            .hours
            .partition_point(|slot| slot.seconds.start <= second);
        let place = after.checked_sub(1)?;
        self.hours[place].seconds.contains(&second).then_some(place)
    }

    pub(super) fn add(&mut self, place: usize, volume: Volume) {
        self.hours[place].volume.add(volume);
    }

    pub(super) fn observe(&mut self, place: usize, seconds: u64) {
        self.hours[place].observed += seconds;
    }

    /// Seconds observed, and those there were until `now`, of so many hosts.
    pub(super) fn coverage(&self, now: i64, hosts: u64) -> (u64, u64) {
        let sums = self
            .hours
            .iter()
            .map(|slot| (slot.observed, slot.expected(now)));
        let (observed, expected) = sums.fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
        (observed, expected * hosts)
    }

    /// Lines of hours, days or months; nothing else is made here.
    pub(super) fn lines(&self, by: Dimension, now: i64, hosts: u64) -> Vec<BreakdownLine> {
        let moment = |second: i64| Moment::new(second, &self.zone);
        let key = |slot: &Slot| {
            let start = moment(slot.seconds.start).civil();
            match by {
                Dimension::Month => (start.date().first_of_month(), 0),
                Dimension::Day => (start.date(), 0),
                // An hour that comes twice is two.
                _ => (start.date(), slot.seconds.start),
            }
        };
        let groups = self.hours.chunk_by(|one, next| key(one) == key(next));
        groups
            .map(|slots| {
                let (first, last) = (&slots[0], &slots[slots.len() - 1]);
                let mut volume = Volume::ZERO;
                slots.iter().for_each(|slot| volume.add(slot.volume));
                let observed = slots.iter().map(|slot| slot.observed).sum();
                let expected: u64 = slots.iter().map(|slot| slot.expected(now)).sum();
                BreakdownLine {
                    subject: LineSubject::Time {
                        start: moment(first.seconds.start),
                        end: moment(last.seconds.end),
                    },
                    upload_bytes: volume.up,
                    download_bytes: volume.down,
                    first_seen: None,
                    last_seen: None,
                    is_new: None,
                    observed_seconds: Some(observed),
                    expected_seconds: Some(expected * hosts),
                }
            })
            .collect()
    }
}

impl Slot {
    fn expected(&self, now: i64) -> u64 {
        let end = self.seconds.end.min(now);
        u64::try_from(end - self.seconds.start).unwrap_or(0)
    }
}
