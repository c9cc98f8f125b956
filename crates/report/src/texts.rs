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
    /// The number of a text that has one.
    pub(crate) fn find(&self, text: &str) -> Option<Name> {
        let is_it = |name: &Name| self.get(*name) == text;
        self.table.find(hash(text), is_it).copied()
    }

    /// The number of a text, which is most likely that of `last`; that becomes the text's.
    pub(crate) fn intern_again(
        &mut self,
        text: Option<&str>,
        last: &mut Option<Name>,
    ) -> Option<Name> {
        let text = text?;
        if last.is_none_or(|last| self.get(last) != text) {
            *last = Some(self.intern(text));
        }
        *last
    }

    /// The text's number; the same text has the same number.
    pub(crate) fn intern(&mut self, text: &str) -> Name {
        if let Some(name) = self.find(text) {
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

    /// The place of each text among all of them, by its number: to sort by many times.
    pub(crate) fn ranks(&self) -> Ranks {
        let count = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        let mut names: Vec<Name> = (1..=count).filter_map(NonZeroU32::new).map(Name).collect();
        names.sort_unstable_by(|one, other| self.get(*one).cmp(self.get(*other)));
        let mut ranks = vec![0; names.len()];
        for (rank, name) in (0..).zip(names) {
            ranks[name.index()] = rank;
        }
        Ranks(ranks)
    }

    /// Forgets what only [`Texts::intern`] needs.
    pub(crate) fn close(&mut self) {
        self.table = HashTable::new();
        self.all.shrink_to_fit();
    }
}

/// Places of texts in their order.
pub(crate) struct Ranks(Vec<u32>);

impl Ranks {
    /// The place of a text.
    pub(crate) fn of(&self, name: Name) -> u32 {
        self.0[name.index()]
    }
}

impl Name {
    /// The number: never 0.
    pub(crate) fn number(self) -> u32 {
        self.0.get()
    }

    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

fn slice<'a>(all: &'a str, ends: &[usize], name: Name) -> &'a str {
    let index = name.index();
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
            assert_eq!((texts.intern(text), texts.find(text)), (*name, Some(*name)));
        }
        assert_eq!(texts.find("c"), None);
        let mut last = None;
        for text in [
            Some("a"),
            Some("a"),
            None,
            Some("b"),
            Some("new"),
            Some("a"),
        ] {
            let name = texts.intern_again(text, &mut last);
            assert_eq!(name.map(|name| texts.get(name)), text);
        }
        assert_eq!(size_of::<Option<Name>>(), 4);
    }

    #[test]
    fn ranks_are_in_the_order_of_the_texts() {
        let mut texts = Texts::default();
        let words = ["b", "日本", "", "ab", "a"];
        let names = words.map(|text| texts.intern(text));
        let ranks = texts.ranks();
        assert_eq!(names.map(|name| ranks.of(name)), [3, 4, 0, 2, 1]);
    }
}
