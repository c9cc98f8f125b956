//! Which slot a row has whose number the reader tells.

use crate::TextId;

/// What was found for a row with a number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) slot: u32,
    /// That of the slot.
    pub(crate) life: u32,
    pub(crate) name: TextId,
    pub(crate) interface: Option<TextId>,
}

/// Where nothing was found yet.
const NOWHERE: Place = Place {
    slot: u32::MAX,
    life: 0,
    name: TextId(0),
    interface: None,
};

/// Editions that are kept: blocks read side by side have one each.
const EDITIONS: usize = 32;

/// The places of numbered rows, by the edition of their numbers.
#[derive(Default)]
pub(crate) struct Places {
    /// The edition at hand last.
    editions: Vec<(u64, Vec<Place>)>,
}

impl Places {
    /// Takes numbers for those of this edition.
    pub(crate) fn open(&mut self, edition: u64) {
        if self.editions.last().is_some_and(|last| last.0 == edition) {
            return;
        }
        let known = self.editions.iter().position(|one| one.0 == edition);
        let places = match known {
            Some(known) => self.editions.remove(known),
            None if self.editions.len() < EDITIONS => (edition, Vec::new()),
            None => {
                // The one that was at hand longest ago.
                let (_, mut places) = self.editions.remove(0);
                places.clear();
                (edition, places)
            }
        };
        self.editions.push(places);
    }

    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.editions.clear();
    }

    #[inline(always)]
    pub(crate) fn get(&self, number: u32) -> Place {
        let places = self.editions.last().map_or(&[][..], |last| &last.1);
        places.get(number as usize).copied().unwrap_or(NOWHERE)
    }

    pub(crate) fn set(&mut self, number: u32, place: Place) {
        let Some((_, places)) = self.editions.last_mut() else {
            return;
        };
        let number = number as usize;
        if places.len() <= number {
            places.resize(number + 1, NOWHERE);
        }
        places[number] = place;
    }
}
