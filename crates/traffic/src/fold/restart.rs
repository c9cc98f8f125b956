//! Signs that bandwhich was restarted between two frames.

use super::kinds::is_address;
use super::run::{RunFold, Style};
use crate::slots::{Kind, Nth};

/// Frames with the same value that make a steady stream.
const STEADY_FRAMES: u64 = 6;

impl RunFold {
    /// Whether a row is missing that grew in one of the last four frames: its window still held
    /// that refresh, so only a restart takes it away.
    pub(super) fn missing_row(&self) -> bool {
        if self.style == Style::Legacy {
            return false;
        }
        let missing = |kinds: &[Kind]| {
            self.gone.iter().any(|&index| {
                let slot = self.slots.get(index);
                kinds.contains(&slot.kind)
                    && (slot.last_growth).is_some_and(|at| at.number() + 4 >= self.next)
            })
        };
        missing(&[Kind::Connection, Kind::Process])
            || (missing(&[Kind::Peer]) && !self.has_new_host_name())
    }

    /// Finds the keys of the frame before that the frame at hand no longer has.
    pub(super) fn find_gone(&mut self) {
        self.gone.clear();
        if self.followed < self.before.len() {
            let is_gone = |index: &u32| self.slots.get(*index).seen != Some(Nth::of(self.next));
            self.gone
                .extend(self.before.iter().copied().filter(is_gone));
        }
    }

    /// Notes the keys that are gone.
    pub(super) fn note_leaving(&mut self) {
        for &index in &self.gone {
            let slot = self.slots.get(index);
            self.leaving.push_back((slot.last_frame, index, slot.life));
        }
    }

    /// Whether the frame before had a row that was the same for long: a stream that ends leaves its
    /// window step by step, so where all rows are gone at once, bandwhich was restarted.
    pub(super) fn steady_row(&self) -> bool {
        self.style != Style::Legacy
            && self.before.iter().any(|&index| {
                let slot = self.slots.get(index);
                slot.kind != Kind::Rest
                    && (slot.steady_since)
                        .is_some_and(|at| at.number() + STEADY_FRAMES <= self.next)
            })
    }

    /// An address row that vanishes while a named one appears was renamed.
    fn has_new_host_name(&self) -> bool {
        self.present.iter().any(|&index| {
            let slot = self.slots.get(index);
            slot.last_frame.is_none() && !is_address(self.strings.bytes(slot.text))
        })
    }
}
