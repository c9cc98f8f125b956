//! Where the line feeds of a text are, found sixteen bytes at a time.

use wide::u8x16;

/// The places of the line feeds in a text, in order.
#[derive(Debug, Default)]
pub(crate) struct LineFeeds {
    /// Places, and some room behind them.
    places: Vec<u32>,
    count: usize,
}

impl LineFeeds {
    /// Finds those of a text of at most 4 GiB.
    pub(crate) fn find(&mut self, text: &[u8]) {
        self.count = 0;
        let (blocks, rest) = text.as_chunks::<64>();
        let mut base = 0;
        for block in blocks {
            self.note(base, line_feeds(block));
            base += 64;
        }
        let mut last = [0; 64];
        last[..rest.len()].copy_from_slice(rest);
        self.note(base, line_feeds(&last));
    }

    /// Appends the places of the bits. Two are written whether they are there or not, for there
    /// rarely are more, and how many there are cannot be predicted.
    #[inline(always)]
    fn note(&mut self, base: u32, bits: u64) {
        const ROOM: usize = 64;
        if self.places.len() < self.count + ROOM {
            self.places.resize(self.count + 64 * ROOM, 0);
        }
        let Some(room) = self.places[self.count..].first_chunk_mut::<ROOM>() else {
            return;
        };
        let second = bits & bits.wrapping_sub(1);
        room[0] = base + bits.trailing_zeros();
        room[1] = base + second.trailing_zeros();
        self.count += usize::from(bits != 0) + usize::from(second != 0);
        let mut rest = second & second.wrapping_sub(1);
        let mut next = 2;
        while rest != 0 {
            room[next % ROOM] = base + rest.trailing_zeros();
            rest &= rest - 1;
            next += 1;
        }
        self.count += next - 2;
    }

    /// All of them.
    pub(crate) fn places(&self) -> &[u32] {
        &self.places[..self.count]
    }
}

/// A bit for each line feed of the block, the first byte lowest.
#[inline(always)]
fn line_feeds(block: &[u8; 64]) -> u64 {
    let mut bits = 0;
    for (place, part) in block.as_chunks::<16>().0.iter().enumerate() {
        let found = u8x16::new(*part).simd_eq(u8x16::splat(b'\n')).to_bitmask();
        bits |= u64::from(found) << (16 * place);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found_in_texts_of_any_length() {
        let mut found = LineFeeds::default();
        for length in 0..200 {
            let text: Vec<u8> = (0..length).map(|at| b"x\n\n\x8a("[at * at % 5]).collect();
            found.find(&text);
            let all = (0u32..).zip(&text).filter(|(_, byte)| **byte == b'\n');
            assert!(all.map(|(at, _)| at).eq(found.places().iter().copied()));
        }
        found.find(&[b'\n'; 500]);
        assert_eq!(found.places().len(), 500);
    }
}
