//! Each distinct text once, by number.

use std::hash::BuildHasher as _;
use std::num::NonZeroU32;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Number of a text in a [`Texts`]. An `Option` of it takes no more room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name(NonZeroU32);

/// Texts in one piece of memory: a day may name two million peers.
#[derive(Clone, Default)]
pub(crate) struct Texts {
    all: String,
    ends: Vec<usize>,
    table: HashTable<Name>,
}

impl Texts {
    /// The text's number; the same text has the same number.
    pub(crate) fn intern(&mut self, text: &str) -> Name {
        let (all, ends) = (&self.all, &self.ends);
        if let Some(&name) = self
            .table
            .find(hash(text), |&name| slice(all, ends, name) == text)
        {
            return name;
        }
        let number = u32::try_from(self.ends.len() + 1)
            .ok()
            .and_then(NonZeroU32::new);
        let name = Name(number.expect("fewer than 2^32 texts fit into memory"));
        self.all.push_str(text);
        self.ends.push(self.all.len());
        let (all, ends) = (&self.all, &self.ends);
        self.table
            .insert_unique(hash(text), name, |&name| hash(slice(all, ends, name)));
        name
    }

    /// The text of a number that this gave.
    pub(crate) fn get(&self, name: Name) -> &str {
        slice(&self.all, &self.ends, name)
    }

    /// Forgets what only [`Texts::intern`] needs.
    pub(crate) fn close(&mut self) {
        self.table = HashTable::new();
        self.all.shrink_to_fit();
    }
}

fn slice<'a>(all: &'a str, ends: &[usize], name: Name) -> &'a str {
    let index = name.0.get() as usize - 1;
    let start = index.checked_sub(1).map_or(0, |before| ends[before]);
    &all[start..ends[index]]
}

/// A hash that is the same in each run of the program.
fn hash(text: &str) -> u64 {
    FixedState::with_seed(0x6e6d).hash_one(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_number_and_is_found_by_it() {
        let mut texts = Texts::default();
        let names: Vec<_> = ["", "a", "ab", "b", "日本"]
            .map(|text| texts.intern(text))
            .into();
        for (name, text) in names.iter().zip(["", "a", "ab", "b", "日本"]) {
            assert_eq!(texts.get(*name), text);
            assert_eq!(texts.intern(text), *name);
        }
        assert_eq!(size_of::<Option<Name>>(), 4);
    }
}
