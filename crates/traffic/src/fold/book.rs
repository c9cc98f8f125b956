//! The values of a frame → the sums of its keys.

use std::hint::select_unpredictable;

use super::give::{close_parts, push_row};
use super::run::{RunFold, Style};
use crate::Volume;
use crate::slots::{Kind, Nth, Part, Slot, Way};

impl RunFold {
    /// Adds the frame at hand to the sums of its keys.
    pub(super) fn book(&mut self, time: i64, seconds: i64) {
        let frame = self.next;
        let refreshes = match self.style {
            Style::Fresh => frame + 1,
            Style::Resumed(before) => frame + 1 + before,
            Style::Continued | Style::Legacy => 5,
        };
        let weight = refreshes.min(5);
        let remainder = (frame % 5) as usize;
        let (at, before) = (Nth::of(frame), Nth::before(frame));
        let mut sum = Volume::ZERO;
        for &index in &self.present {
            let slot = self.slots.get_mut(index);
            let followed = frame > 0 && slot.last_frame == before;
            if slot.way == Way::Turned {
                slot.now = slot.now.turned();
            }
            let window = slot.now.map(|bytes| bytes.saturating_mul(weight));
            if followed {
                // Without branches: nothing tells in advance what grows.
                let last = slot
                    .last_window
                    .map(|bytes| bytes.saturating_add(weight - 1));
                let grew = (window.up > last.up) | (window.down > last.down);
                slot.last_growth = select_unpredictable(grew, Some(at), slot.last_growth);
                let same =
                    (window.up == slot.last_window.up) & (window.down == slot.last_window.down);
                slot.steady_since = select_unpredictable(same, slot.steady_since, Some(at));
            } else {
                if slot
                    .last_frame
                    .is_some_and(|last| frame - last.number() > 5)
                {
                    slot.reopen();
                }
                if slot.in_bucket
                    && !matches!(slot.kind, Kind::Residual | Kind::Rest)
                    && let Some(bucket) = self.bucket
                {
                    // A pause ends a row, so that rows tell when a key spoke. Rounding comes and goes.
                    close_parts(&mut self.rows, slot, bucket, self.unknown);
                }
                slot.last_growth = (!self.damaged_before).then_some(at);
                slot.steady_since = Some(at);
            }
            slot.windows[remainder].add(window);
            slot.last_window = window;
            slot.last_frame = Some(at);
            slot.last_time = time;
            if slot.kind != Kind::PeerBeside && matches!(slot.way, Way::Plain | Way::Turned) {
                sum.add(slot.now);
            }
            if !slot.in_bucket {
                slot.in_bucket = true;
                self.in_bucket.push(index);
            }
            if slot.last_name != slot.part_name {
                let other = slot.begin_part(self.unknown);
                if let Some((name, part)) = other
                    && let Some(bucket) = self.bucket
                {
                    push_row(&mut self.rows, slot, bucket, name, &part);
                }
            }
            slot.part.join(&Part {
                fifths: window,
                peak: slot.now,
                frames: 1,
                first: time,
                last: time,
            });
        }
        self.frames += 1;
        self.note(time, seconds, 0, sum);
        std::mem::swap(&mut self.before, &mut self.present);
        self.present.clear();
    }
}

impl Slot {
    /// Ends the part under one name and begins that under another. Gives the part under a third name
    /// that this ends, too.
    #[cold]
    fn begin_part(&mut self, unknown: crate::TextId) -> Option<(crate::TextId, Part)> {
        self.end_part(unknown);
        self.part_name = self.last_name;
        match self.known {
            Some((name, _)) if self.last_name != unknown && name != self.last_name => {
                self.known.take()
            }
            _ => None,
        }
    }

    /// Adds the part at hand to what was seen of the slot in this bucket under its name.
    pub(super) fn end_part(&mut self, unknown: crate::TextId) {
        if self.part.frames == 0 {
            return;
        }
        let part = std::mem::take(&mut self.part);
        let name = self.part_name;
        if name == unknown {
            match &mut self.unknown {
                Some(unknown) => unknown.join(&part),
                None => self.unknown = Some(part),
            }
            return;
        }
        self.names.count(name, part.frames);
        match &mut self.known {
            // The part under another name went when this one began.
            Some((_, known)) => known.join(&part),
            None => self.known = Some((name, part)),
        }
    }
}
