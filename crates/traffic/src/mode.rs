//! Whether a log holds rates or, by `--total-utilization`, running sums.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use rawlog::{Kind, Row, RowRef, Rows};
use serde::{Deserialize, Serialize};

use crate::Volume;

/// What the values of a log are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Bytes per refresh.
    Rate,
    /// Bytes per refresh, summed up since the start of bandwhich.
    Cumulative,
}

/// Frames with rows that are looked at before a run counts as one of rates.
const FRAMES: u32 = 60;
/// Equal rises of one key from zero that make running sums: a steady stream fills its window in
/// five refreshes, so that a rate rises by the same amount four times after its first sight.
const EQUAL_RISES: u32 = 5;

/// Gathers evidence from the first frames of a run.
#[derive(Default)]
pub(crate) struct Probe {
    frames: u32,
    rises: u32,
    /// Keys in neighbouring frames that were compared.
    pairs: u32,
    most_equal_rises: u32,
    /// Sums of the first two frames.
    first_sums: [u64; 2],
    keys: HashMap<(u8, Vec<u8>), Seen, FixedState>,
}

struct Seen {
    frame: u32,
    value: Volume,
    rise: Option<u64>,
    equal_rises: u32,
}

impl Probe {
    /// Looks at the next frame of the run that has rows. Gives the verdict once there is one.
    pub(crate) fn look(&mut self, rows: Rows<'_>) -> Option<Mode> {
        let mut sums: HashMap<(u8, Vec<u8>), Volume, FixedState> = HashMap::default();
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
        let fell = sums.iter().any(|(key, value)| {
            self.keys.get(key).is_some_and(|seen| {
                seen.frame + 1 == self.frames
                    && (value.up < seen.value.up || value.down < seen.value.down)
            })
        });
        if fell {
            return Some(self.verdict().unwrap_or(Mode::Rate));
        }
        let mut rose = false;
        for (key, value) in sums {
            let seen = self.keys.entry(key).or_insert(Seen {
                frame: self.frames,
                value,
                rise: None,
                equal_rises: 0,
            });
            if seen.frame + 1 == self.frames {
                self.pairs += 1;
                let rise = value.total().saturating_sub(seen.value.total());
                rose |= rise > 0;
                seen.equal_rises = match seen.rise {
                    _ if rise == 0 => 0,
                    None if seen.value.total().abs_diff(rise) <= 1 => 1,
                    Some(before) if before == rise && seen.equal_rises > 0 => seen.equal_rises + 1,
                    _ => 0,
                };
                self.most_equal_rises = self.most_equal_rises.max(seen.equal_rises);
                seen.rise = Some(rise);
            }
            seen.frame = self.frames;
            seen.value = value;
        }
        if self.frames < 2 {
            self.first_sums[self.frames as usize] = self
                .keys
                .values()
                .fold(0, |sum, seen| sum.saturating_add(seen.value.total()));
        }
        self.frames += 1;
        self.rises += u32::from(rose);
        (self.frames >= FRAMES).then(|| self.verdict().unwrap_or(Mode::Rate))
    }

    /// Whether running sums are so small at first that they began within the last few refreshes.
    pub(crate) fn has_just_begun(&self) -> bool {
        let [first, second] = self.first_sums;
        first <= second.saturating_sub(first).saturating_mul(5)
    }

    /// What the frames so far say; `None` where they say nothing.
    pub(crate) fn verdict(&self) -> Option<Mode> {
        let steps = self.frames.saturating_sub(1);
        // Rates fall sooner or later, and the sooner the more keys there are. What never falls and
        // mostly rises are sums.
        let rising = (steps >= 12 && self.pairs >= 60 && self.rises * 5 >= steps * 4)
            || (steps >= 40 && self.rises >= 16);
        (rising || self.most_equal_rises >= EQUAL_RISES).then_some(Mode::Cumulative)
    }
}

/// Running sums back to values per refresh.
#[derive(Default)]
pub(crate) struct Counters {
    from_zero: bool,
    frame: u64,
    last: HashMap<Vec<u8>, Counter, FixedState>,
    key: Vec<u8>,
}

#[derive(Default)]
struct Counter {
    frame: u64,
    now: Volume,
    /// Its value in the frame before, once the frame at hand is done the same as `now`.
    before: Option<Volume>,
}

/// All counters fell: bandwhich was restarted.
pub(crate) struct Fell;

impl Counters {
    /// Whether nothing was counted yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// Counters; `from_zero` tells whether those of the first frame count in full, as they do in a
    /// run that is seen from its start.
    pub(crate) fn new(from_zero: bool) -> Self {
        Counters {
            from_zero,
            ..Counters::default()
        }
    }

    /// The values of a frame's rows.
    pub(crate) fn differences(
        &mut self,
        rows: Rows<'_>,
        values: &mut Vec<Volume>,
    ) -> Result<(), Fell> {
        let first = self.last.is_empty();
        self.frame += 1;
        self.sum_up(rows);
        let (mut common, mut fell) = (0, 0);
        for counter in self
            .last
            .values()
            .filter(|counter| counter.frame == self.frame)
        {
            if let Some(before) = counter.before {
                common += 1;
                fell += u32::from(counter.now.up < before.up || counter.now.down < before.down);
            }
        }
        if fell > 0 && fell == common {
            return Err(Fell);
        }
        values.clear();
        for row in rows.iter() {
            self.set_key(row);
            let counter = self
                .last
                .get_mut(&self.key)
                .expect("each row was summed up");
            let (now, before) = (counter.now, counter.before.replace(counter.now));
            values.push(match before {
                Some(before) if now.up < before.up || now.down < before.down => now, // pruned
                Some(before) => now.zip(before, u64::saturating_sub),
                None if first && !self.from_zero => Volume::ZERO,
                None => now,
            });
        }
        // bandwhich forgets all but its largest rows; one that comes back begins at zero.
        self.last.retain(|_, counter| counter.frame == self.frame);
        Ok(())
    }

    /// Sums the rows of each key: a block may hold several processes of one name.
    fn sum_up(&mut self, rows: Rows<'_>) {
        for row in rows.iter() {
            self.set_key(row);
            if !self.last.contains_key(&self.key) {
                self.last.insert(self.key.clone(), Counter::default());
            }
            let counter = self.last.get_mut(&self.key).expect("it was just inserted");
            if counter.frame != self.frame {
                counter.frame = self.frame;
                counter.now = Volume::ZERO;
            }
            counter.now.add(row_volume(row));
        }
    }

    fn set_key(&mut self, row: RowRef<'_>) {
        let key = &mut self.key;
        key.clear();
        key.push(row.kind() as u8);
        if row.kind() == Kind::Connection {
            key.extend_from_slice(&row.ends());
            key.push(0);
            key.extend_from_slice(row.interface().unwrap_or_default());
        } else {
            key.extend_from_slice(row.name());
        }
    }
}

pub(crate) fn row_volume(row: RowRef<'_>) -> Volume {
    // No network moves 2^63 bytes in a second; what claims to is held at the bound.
    let bound = |bytes: u64| bytes.min(i64::MAX as u64);
    Volume {
        up: bound(row.up()),
        down: bound(row.down()),
    }
}
