//! Each distinct text once.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher as _;

/// Texts by number. Names from a log are bytes; they become text when they are looked up.
#[derive(Default)]
pub struct Strings {
    texts: Vec<Box<[u8]>>,
    table: HashTable<u32>,
}

/// Number of a text in a [`Strings`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextId(pub(crate) u32);

impl Strings {
    /// The text's number; the same text has the same number.
    pub fn intern(&mut self, text: &[u8]) -> TextId {
        if let Some(id) = self.find(text) {
            return id;
        }
        let hash = hash(text);
        let id = u32::try_from(self.texts.len()).expect("fewer than 2^32 texts are alive");
        self.texts.push(text.into());
        let texts = &self.texts;
        self.table
            .insert_unique(hash, id, |&id| crate::strings::hash(&texts[id as usize]));
        TextId(id)
    }

    /// The text's number, if it has one.
    pub(crate) fn find(&self, text: &[u8]) -> Option<TextId> {
        let is_it = |&id: &u32| *self.texts[id as usize] == *text;
        self.table.find(hash(text), is_it).map(|&id| TextId(id))
    }

    /// The bytes of a text.
    pub fn bytes(&self, id: TextId) -> &[u8] {
        &self.texts[id.0 as usize]
    }

    /// A text; what is not UTF-8 in it becomes U+FFFD.
    pub fn text(&self, id: TextId) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.bytes(id))
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

/// Whether both are equal. Names and connections are too short to be worth a call of `memcmp`.
#[inline(always)]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    #[inline(always)]
    fn parts<const N: usize>(one: &[u8], other: &[u8]) -> bool {
        // The last part may overlap the one before it.
        let mut equal = one.last_chunk::<N>() == other.last_chunk::<N>();
        for (one, other) in one.as_chunks::<N>().0.iter().zip(other.as_chunks::<N>().0) {
            equal &= one == other;
        }
        equal
    }
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        16..=64 => parts::<16>(one, other),
        8..=15 => parts::<8>(one, other),
        4..=7 => parts::<4>(one, other),
        0..=3 => one.iter().zip(other).all(|(one, other)| one == other),
        _ => one == other,
    }
}

/// A hash that is the same in each run of the program.
pub(crate) fn hash(text: &[u8]) -> u64 {
    FixedState::with_seed(0x6e6d).hash_one(text)
}
