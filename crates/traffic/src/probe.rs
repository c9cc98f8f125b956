//! The frames of a run that wait until it is known whether they hold rates or running sums.
//!
//! A run that turns out to be several hands the frames from each restart on to the next run, which
//! looks at them anew. So what a frame tells beside the one before it, its [`FrameComparison`], is found once, and
//! a run's [`Probe`] only adds up the sights of its frames.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use rawlog::{Kind, Row, Rows};

use crate::Volume;
use crate::mode::{Mode, row_volume};

/// Frames with rows that are looked at before a run counts as one of rates.
const FRAMES: u64 = 60;
/// Equal rises of one key from zero that make running sums: a steady stream fills its window in
/// five refreshes, so that a rate rises by the same amount four times after its first sight.
const EQUAL_RISES: u32 = 5;

type Name = (u8, Vec<u8>);

/// What a frame tells beside the one before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct FrameComparison {
    /// Number of the frame among all that were looked at.
    frame: u64,
    sum: u64,
    /// The sum of the frame before, with the frame's own values where both have a key.
    sum_of_both: u64,
    /// Keys that are in both frames.
    pairs: u32,
    /// One of them rose.
    rose: bool,
    /// One of them fell.
    fell: bool,
    /// Keys that rose often enough by the same from zero: the frames from which on they did, and
    /// before which they were in no two frames, for a probe that begins between.
    steady: Vec<(u64, u64)>,
}

/// Looks at frames, one after the other.
#[derive(Default)]
pub(crate) struct Sights {
    /// Number of the next frame.
    next: u64,
    keys: HashMap<Name, Seen, FixedState>,
    /// Sum of the frame before.
    sum_before: u128,
    /// Frame before which keys were last forgotten.
    forgotten: u64,
}

struct Seen {
    frame: u64,
    value: Volume,
    rise: u64,
    /// The first frame behind the one where the key's last pair began.
    after_pair: u64,
    climbs: Vec<Climb>,
}

/// Equal rises of a key from zero.
struct Climb {
    /// The probes that begin from the first to the last of these frames see it from zero.
    begun: (u64, u64),
    rises: u32,
}

impl Sights {
    /// Frames that were looked at.
    #[cfg(test)]
    pub(crate) fn looked_at(&self) -> u64 {
        self.next
    }

    /// Looks at a frame with rows behind those that wait since `first`, or at the first to wait.
    pub(crate) fn look(&mut self, rows: Rows<'_>, first: Option<u64>) -> FrameComparison {
        self.forget_before(first);
        let mut sight = FrameComparison {
            frame: self.next,
            ..FrameComparison::default()
        };
        let (mut sum, mut of_both) = (0u128, 0u128);
        for (key, value) in sums(rows) {
            sum += u128::from(value.total());
            let seen = self.keys.entry(key).or_insert(Seen {
                frame: self.next,
                value,
                rise: 0,
                after_pair: 0,
                climbs: Vec::new(),
            });
            if seen.frame + 1 == self.next {
                of_both += u128::from(seen.value.total());
                let rise = value.total().saturating_sub(seen.value.total());
                sight.pairs += 1;
                sight.rose |= rise > 0;
                sight.fell |= value.up < seen.value.up || value.down < seen.value.down;
                seen.climb(rise, &mut sight.steady);
            }
            seen.frame = self.next;
            seen.value = value;
        }
        sight.sum = u64::try_from(sum).unwrap_or(u64::MAX);
        sight.sum_of_both = u64::try_from(sum + self.sum_before - of_both).unwrap_or(u64::MAX);
        self.sum_before = sum;
        self.next += 1;
        sight
    }

    /// Forgets the keys that were last seen before the frame from which on frames wait.
    fn forget_before(&mut self, first: Option<u64>) {
        match first {
            None => {
                self.keys = HashMap::default();
                self.sum_before = 0;
                self.forgotten = self.next;
            }
            Some(first) if self.next - self.forgotten >= FRAMES => {
                self.keys.retain(|_, seen| seen.frame >= first);
                self.keys.shrink_to_fit();
                self.forgotten = self.next;
            }
            Some(_) => {}
        }
    }
}

impl Seen {
    /// Notes how much the key rose in the frame at hand.
    fn climb(&mut self, rise: u64, steady: &mut Vec<(u64, u64)>) {
        if rise == 0 || rise != self.rise {
            self.climbs.clear();
        }
        for climb in &mut self.climbs {
            climb.rises += 1;
        }
        if rise > 0 && self.value.total().abs_diff(rise) <= 1 {
            self.climbs.push(Climb {
                begun: (self.after_pair, self.frame),
                rises: 1,
            });
        }
        self.climbs.retain(|climb| {
            let is_steady = climb.rises >= EQUAL_RISES;
            if is_steady {
                steady.push(climb.begun);
            }
            !is_steady
        });
        self.rise = rise;
        self.after_pair = self.frame + 1;
    }
}

/// The values of a frame by key: those of processes and addresses, or of connections if it has no others.
fn sums(rows: Rows<'_>) -> HashMap<Name, Volume, FixedState> {
    let mut sums: HashMap<Name, Volume, FixedState> = HashMap::default();
    for row in rows.iter().filter(|row| row.kind() != Kind::Connection) {
        let key = (row.kind() as u8, row.name().to_vec());
        sums.entry(key).or_default().add(row_volume(row));
    }
    if sums.is_empty() {
        for row in rows.iter() {
            if let Row::Connection(connection) = row.row() {
                let mut name = connection.host.to_vec();
                name.extend_from_slice(&connection.local_port.to_be_bytes());
                name.extend_from_slice(&connection.remote_port.to_be_bytes());
                sums.entry((1, name)).or_default().add(row_volume(row));
            }
        }
    }
    sums
}

/// Gathers evidence from the first frames of a run.
#[derive(Default)]
pub(crate) struct Probe {
    /// Number of its first frame.
    first: u64,
    frames: u64,
    rises: u64,
    /// Keys in neighbouring frames that were compared.
    pairs: u64,
    is_steady: bool,
    /// Sums of the first two frames.
    first_sums: [u64; 2],
}

impl Probe {
    /// Takes what was seen in the next frame of the run that has rows. Gives the verdict once there is
    /// one.
    pub(crate) fn look(&mut self, sight: &FrameComparison) -> Option<Mode> {
        if self.frames == 0 {
            self.first = sight.frame;
            self.first_sums[0] = sight.sum;
        } else if sight.fell {
            return Some(self.verdict().unwrap_or(Mode::Rate));
        } else {
            if self.frames == 1 {
                self.first_sums[1] = sight.sum_of_both;
            }
            self.pairs += u64::from(sight.pairs);
            self.rises += u64::from(sight.rose);
            let seen = |&(from, to): &(u64, u64)| (from..=to).contains(&self.first);
            self.is_steady |= sight.steady.iter().any(seen);
        }
        self.frames += 1;
        (self.frames >= FRAMES).then(|| self.verdict().unwrap_or(Mode::Rate))
    }

    /// Number of its first frame, if it has one.
    pub(crate) fn first(&self) -> Option<u64> {
        (self.frames > 0).then_some(self.first)
    }

    /// Whether running sums are so small at first that they began within the last few refreshes.
    pub(crate) fn has_just_begun(&self) -> bool {
        let [first, second] = self.first_sums;
        first <= second.saturating_sub(first).saturating_mul(5)
    }

    /// What the frames so far say; `None` if they say nothing.
    pub(crate) fn verdict(&self) -> Option<Mode> {
        let steps = self.frames.saturating_sub(1);
        // Rates fall sooner or later, and the sooner the more keys there are. What never falls and
        // mostly rises are sums.
        let rising = (steps >= 12 && self.pairs >= 60 && self.rises * 5 >= steps * 4)
            || (steps >= 40 && self.rises >= 16);
        (rising || self.is_steady).then_some(Mode::Cumulative)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rawlog::RowList;

    use super::*;

    proptest! {
        #[test]
        fn what_was_seen_before_a_probe_began_does_not_matter(
            frames in prop::collection::vec(prop::collection::vec((0..3u8, 0..8u64), 0..3), 2..80),
            first in 0..20usize,
        ) {
            let texts: Vec<String> = (frames.iter())
                .map(|rows| {
                    let row = |(name, value): &(u8, u64)| format!(
                        "process: <1790000000> \"{name}\" up/down Bps: {value}/0 connections: 1\n"
                    );
                    rows.iter().map(row).collect()
                })
                .collect();
            let first = first.min(texts.len() - 1);
            let (mut all, mut rest) = (Sights::default(), Sights::default());
            let (mut of_all, mut of_rest) = (Probe::default(), Probe::default());
            for (place, text) in texts.iter().enumerate() {
                let rows = RowList::of(text.as_bytes());
                let begun = (place > 0).then(|| place.saturating_sub(60).min(first) as u64);
                let sight = all.look(rows.rows(), begun);
                if place < first {
                    continue;
                }
                let begun = (place > first).then_some(0);
                let alone = rest.look(rows.rows(), begun);
                prop_assert_eq!(of_all.look(&sight), of_rest.look(&alone));
                prop_assert_eq!(of_all.verdict(), of_rest.verdict());
                prop_assert_eq!(of_all.first_sums, of_rest.first_sums);
            }
        }
    }
}
