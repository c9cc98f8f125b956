//! What the keys gathered → rows, given out in batches, each with the best-known owner.

use super::flip::given;
use super::kinds::{has_process, has_remote, is_loopback_host, table};
use super::run::RunFold;
use crate::slots::{Nth, Part, Slot, Way};
use crate::{Row, Strings, Table, TextId};

/// Frames after which an absent key is forgotten; until then its name is still known.
const FORGET_AFTER: u64 = 64;
/// Frames after which what an absent key counts is settled.
const CLOSED_AFTER: u64 = 5;
/// Keys beyond those that are alive which are held until they are given out: a log with more has
/// a bucket's rows given out in parts, and its keys are forgotten after five frames.
const MOST_KEYS: usize = 500_000;
/// Buckets that are collected before their rows are given out.
const BATCH_BUCKETS: u32 = 16;
/// Rows that are collected before they are given out.
const BATCH_ROWS: usize = 200_000;
/// How many texts may be held before those no longer needed are dropped.
const MAX_TEXTS: usize = 50_000;

impl RunFold {
    /// Gives up keys that are gone before their bucket ends, if they are too many to be held.
    pub(super) fn shed_keys(&mut self) {
        if self.slots.len() > self.alive + MOST_KEYS {
            self.close_bucket();
            self.alive = self.slots.len();
        }
    }

    /// Turns what the keys gathered in the bucket at hand into rows.
    pub(super) fn close_bucket(&mut self) {
        let Some(bucket) = self.bucket else { return };
        for index in std::mem::take(&mut self.in_bucket) {
            let slot = self.slots.get_mut(index);
            slot.in_bucket = false;
            if slot.way == Way::Turned {
                self.adopt(index);
            }
            let slot = self.slots.get_mut(index);
            close_parts(&mut self.rows, slot, bucket, self.unknown);
        }
        self.batch_buckets += 1;
        self.forget_gone();
    }

    /// Forgets the keys that have been away for long.
    fn forget_gone(&mut self) {
        let mut gone = Vec::new();
        let after = if self.slots.len() > MOST_KEYS {
            CLOSED_AFTER
        } else {
            FORGET_AFTER
        };
        while let Some(&(last, index, life)) = self.leaving.front()
            && last.is_none_or(|last| last.number() + after < self.next)
        {
            self.leaving.pop_front();
            let is_away = |slot: &Slot| {
                // What this very frame has is not away.
                (slot.life, slot.last_frame) == (life, last)
                    && slot.seen != Some(Nth::of(self.next))
            };
            if self.slots.peek(index).is_some_and(is_away) {
                gone.push(index);
            }
        }
        // Places are given anew in the order in which they became free.
        gone.sort_unstable();
        gone.dedup();
        for index in gone {
            let mut slot = self.slots.remove(index);
            given(&slot, &mut self.doubled, &mut self.turned);
            resolve(&mut self.rows, &mut slot);
        }
    }

    /// Whether enough rows were gathered to give them out.
    pub(crate) fn batch_is_full(&self) -> bool {
        self.batch_buckets >= BATCH_BUCKETS || self.rows.len() >= BATCH_ROWS
    }

    /// Gives the rows that are ready to `give`. Rows of a live connection whose owner is not known
    /// yet may wait for one more batch.
    pub(crate) fn give_rows(&mut self, last: bool, give: impl FnOnce(&[Row], &Strings)) {
        let newest = self.bucket.unwrap_or(0);
        let oldest = newest - i64::from(BATCH_BUCKETS) * self.resolution;
        let mut waiting = Vec::new();
        for slot in self.slots.iter_mut() {
            if !slot.unresolved.is_empty() {
                slot.end_part(self.unknown);
            }
            resolve(&mut self.rows, slot);
            let kept = std::mem::take(&mut slot.unresolved);
            if !last {
                for place in kept {
                    let row = self.rows[place as usize];
                    if row.bucket >= oldest && row.bucket <= newest {
                        slot.unresolved
                            .push(u32::try_from(waiting.len()).unwrap_or(u32::MAX));
                        waiting.push(place);
                    }
                }
            }
        }
        self.flip_rows();
        let mut taken_out = waiting.clone();
        taken_out.sort_unstable();
        if !last && self.suspects {
            // Nor is it known yet whether they are loopback.
            let unsure = |row: &Row| {
                row.table == Table::Loopback
                    && (oldest..=newest).contains(&row.bucket)
                    && (row.remote).is_some_and(|name| !is_loopback_host(self.strings.bytes(name)))
            };
            let places = (0u32..).zip(&self.rows).filter(|(_, row)| unsure(row));
            waiting.extend(
                places
                    .map(|(place, _)| place)
                    .filter(|place| taken_out.binary_search(place).is_err()),
            );
            taken_out.clone_from(&waiting);
            taken_out.sort_unstable();
        }
        let kept: Vec<Row> = waiting
            .iter()
            .map(|&place| self.rows[place as usize])
            .collect();
        let mut place = 0u32;
        self.rows.retain(|_| {
            let stays = taken_out.binary_search(&place).is_err();
            place += 1;
            stays
        });
        for row in &mut self.rows {
            if let Some(remote) = row.remote
                && let Some(&name) = self.names_of_hosts.get(&remote)
            {
                row.remote = Some(name);
            }
        }
        give(&self.rows, &self.strings);
        self.rows = kept;
        self.batch_buckets = 0;
        if !last && self.strings.len() > MAX_TEXTS {
            self.drop_texts();
        }
    }

    /// Keeps only the texts that something alive refers to.
    fn drop_texts(&mut self) {
        let old = std::mem::take(&mut self.strings);
        let strings = &mut self.strings;
        let mut moved = |id: &mut TextId| *id = strings.intern(old.bytes(*id));
        moved(&mut self.unknown);
        for slot in self.slots.iter_mut() {
            moved(&mut slot.text);
            moved(&mut slot.last_name);
            moved(&mut slot.part_name);
            slot.interface.iter_mut().for_each(&mut moved);
            slot.names.iter_mut().for_each(&mut moved);
            slot.owner.iter_mut().for_each(|(name, _)| moved(name));
            slot.known.iter_mut().for_each(|(name, _)| moved(name));
        }
        for row in &mut self.rows {
            let texts = [&mut row.process, &mut row.interface, &mut row.remote];
            texts.into_iter().flatten().for_each(&mut moved);
        }
        self.names_of_hosts.clear();
        self.places.clear();
    }
}

/// Gives the rows without a name to the connection's owner, if one is known by now.
fn resolve(rows: &mut [Row], slot: &mut Slot) {
    if !slot.unresolved.is_empty()
        && let Some(name) = slot.names.best()
    {
        for place in std::mem::take(&mut slot.unresolved) {
            rows[place as usize].process = Some(name);
            rows[place as usize].pid = slot.pid_as(name);
        }
    }
}

/// Turns what a key gathered in a bucket since its last pause into rows.
pub(super) fn close_parts(rows: &mut Vec<Row>, slot: &mut Slot, bucket: i64, unknown_name: TextId) {
    slot.end_part(unknown_name);
    let best = slot.names.best();
    let mut known = slot.known.take();
    if let Some(unknown) = slot.unknown.take() {
        match (&mut known, best) {
            (Some((name, known)), Some(best)) if *name == best => known.join(&unknown),
            _ => {
                if best.is_none() {
                    let place = u32::try_from(rows.len()).unwrap_or(u32::MAX);
                    slot.unresolved.push(place);
                }
                let name = best.unwrap_or(unknown_name);
                push_row(rows, slot, bucket, name, &unknown);
            }
        }
    }
    if let Some((name, part)) = known {
        push_row(rows, slot, bucket, name, &part);
    }
}

pub(super) fn push_row(
    rows: &mut Vec<Row>,
    slot: &mut Slot,
    bucket: i64,
    name: TextId,
    part: &Part,
) {
    let parts = slot.parts();
    let sum = part.fifths.zip(slot.remainder, u64::saturating_add);
    let volume = sum.map(|fifths| fifths / parts);
    slot.remainder = sum.map(|fifths| fifths % parts);
    if slot.doubled || slot.way == Way::Turned {
        slot.given.add(volume);
    }
    let ports = slot.is_connection();
    rows.push(Row {
        table: table(slot),
        bucket,
        process: has_process(slot).then_some(name),
        pid: slot.pid_as(name),
        interface: slot.interface,
        protocol: slot.protocol,
        local_port: ports.then_some(slot.local_port),
        remote: has_remote(slot).then_some(slot.text),
        remote_port: ports.then_some(slot.remote_port),
        volume,
        peak: if slot.way == Way::Loopback {
            part.peak.map(|bytes| bytes / 2)
        } else {
            part.peak
        },
        frames: part.frames,
        first_seen: part.first,
        last_seen: part.last,
    });
}

impl Slot {
    /// The process id, where the owner has this name: bandwhich may have named another one.
    pub(super) fn pid_as(&self, name: TextId) -> Option<u32> {
        self.owner
            .filter(|(owner, _)| *owner == name)
            .map(|(_, pid)| pid)
    }

    /// What sums of windows are divided by: five refreshes, and loopback sees each packet twice.
    fn parts(&self) -> u64 {
        if self.way == Way::Loopback { 10 } else { 5 }
    }
}
