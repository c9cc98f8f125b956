//! Whether a log holds rates or, by `--total-utilization`, running sums.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use rawlog::{Kind, RowRef, Rows};
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
