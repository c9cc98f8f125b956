//! Whether two runs are the same, by the hashes of their frames.
//!
//! Of old runs less is kept of each hash, so that identity costs 3 bytes a frame rather than 8. That two runs
//! have the same frames, or that a new one holds all of an old one, is then still decided by a hash of 128 bits
//! over the whole hashes. Only that a new run is a part of an old one is decided by the short ones: by chance a
//! single frame is taken for one of the 3,600 of an hour in 1 of 4,700 cases, two frames in 1 of 78 billion.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use traffic::RunSummary;
use twox_hash::XxHash3_128;

/// Bytes that are kept of a hash.
const WIDTH: usize = 3;
/// Runs of fewer frames keep their hashes whole.
const FEWEST: usize = 16;

/// How the hashes of a run were shortened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShortHashes {
    /// Bytes of each hash that are kept.
    bytes: u8,
    /// The first hash, whole: it names the source.
    pub(crate) first: u64,
    /// The hash of the whole hashes: its lower and its upper half.
    all: [u64; 2],
}

impl ShortHashes {
    /// Shortens hashes. `None` if they are too few: they stay whole.
    pub(crate) fn shorten(hashes: &mut [u64]) -> Option<Self> {
        let first = *hashes.first()?;
        if hashes.len() < FEWEST {
            return None;
        }
        let short = ShortHashes {
            bytes: WIDTH as u8,
            first,
            all: sum(hashes),
        };
        hashes.iter_mut().for_each(|hash| *hash &= short.mask());
        Some(short)
    }

    /// Bytes of each hash that are kept.
    pub(crate) fn width(&self) -> usize {
        usize::from(self.bytes.clamp(1, 8))
    }

    fn mask(&self) -> u64 {
        u64::MAX >> (64 - 8 * self.width())
    }
}

/// The hash of hashes.
fn sum(hashes: &[u64]) -> [u64; 2] {
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
    let sum = XxHash3_128::oneshot(&bytes);
    [sum as u64, (sum >> 64) as u64]
}

/// How a new run relates to a known one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// They share nothing.
    Apart,
    /// The known run holds all of the new one.
    Known,
    /// The new run holds all of the known one, and more.
    Longer,
    /// They share this many frames, and each has others.
    Diverged(usize),
}

/// Whether a new run has the very same frames as a known one.
pub(crate) fn has_same_frames(
    new: &RunSummary,
    known: &RunSummary,
    short: Option<&ShortHashes>,
) -> bool {
    is_same(&new.hashes, &known.hashes, short)
}

/// Compares a new run with a known one, of which `short` tells how its hashes were shortened.
pub(crate) fn relation(
    new: &RunSummary,
    known: &RunSummary,
    short: Option<&ShortHashes>,
) -> Relation {
    // Of two with the same frames, the one whose end is seen wins, then the one that idled longer,
    // then the one that knows more process ids: a plain copy of a collector's log knows none.
    let better = match (new.may_go_on, known.may_go_on) {
        (false, true) => true,
        (true, false) => false,
        _ => {
            let size = |run: &RunSummary| (run.frames, run.text_bytes, run.owners);
            size(new) > size(known)
        }
    };
    if new.hashes.is_empty() || known.hashes.is_empty() {
        return compare_idle(new, known, better);
    }
    compare(&new.hashes, &known.hashes, short, better)
}

/// Compares runs of which one has idle frames only: it is known by its beginning, which notes date.
fn compare_idle(new: &RunSummary, known: &RunSummary, better: bool) -> Relation {
    if new.first.is_none() || new.first != known.first {
        return Relation::Apart;
    }
    match (new.hashes.is_empty(), known.hashes.is_empty()) {
        (true, true) if better => Relation::Longer,
        (false, _) => Relation::Longer,
        _ => Relation::Known,
    }
}

fn is_same(new: &[u64], known: &[u64], short: Option<&ShortHashes>) -> bool {
    match short {
        None => new == known,
        Some(short) => new.len() == known.len() && sum(new) == short.all,
    }
}

/// Compares whole hashes with those of a known run, which may be short.
fn compare(new: &[u64], known: &[u64], short: Option<&ShortHashes>, better: bool) -> Relation {
    if is_same(new, known, short) {
        return if better {
            Relation::Longer
        } else {
            Relation::Known
        };
    }
    let masked: Cow<'_, [u64]> = match short {
        None => new.into(),
        Some(short) => new.iter().map(|hash| hash & short.mask()).collect(),
    };
    if new.len() < known.len() && places(known, &masked).next().is_some() {
        return Relation::Known;
    }
    let is_whole = |place: usize| is_same(&new[place..place + known.len()], known, short);
    if places(&masked, known).any(is_whole) {
        return Relation::Longer;
    }
    // Short hashes meet by chance, neighbours do not.
    let at_once = if short.is_some() { 2 } else { 1 };
    let known: std::collections::HashSet<&[u64]> = known.windows(at_once).collect();
    let shared = masked.windows(at_once).filter(|few| known.contains(few));
    match shared.count() {
        0 => Relation::Apart,
        shared => Relation::Diverged(shared + at_once - 1),
    }
}

/// Where `part`, which is not empty, is a stretch of `whole`.
fn places<'a>(whole: &'a [u64], part: &'a [u64]) -> impl Iterator<Item = usize> + 'a {
    let count = (whole.len() + 1).saturating_sub(part.len());
    let is_there =
        move |place: &usize| whole[*place] == part[0] && whole[*place..place + part.len()] == *part;
    (0..count).filter(is_there)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(new: &[u64], known: &[u64], better: bool) -> Relation {
        compare(new, known, None, better)
    }

    #[test]
    fn a_prefix_a_middle_and_a_copy_are_known() {
        for new in [&[1, 2, 3, 4][..], &[1, 2], &[2, 3], &[4]] {
            assert_eq!(whole(new, &[1, 2, 3, 4], false), Relation::Known);
        }
    }

    #[test]
    fn a_run_that_grew_is_longer() {
        assert_eq!(whole(&[1, 2, 3], &[1, 2], true), Relation::Longer);
        assert_eq!(whole(&[0, 1, 2, 3], &[1, 2], true), Relation::Longer);
        // Grown by idle frames only.
        assert_eq!(whole(&[1, 2], &[1, 2], true), Relation::Longer);
    }

    #[test]
    fn runs_that_part_ways_have_diverged() {
        assert_eq!(whole(&[1, 2, 9], &[1, 2, 3], false), Relation::Diverged(2));
        assert_eq!(whole(&[8, 9], &[1, 2, 3], false), Relation::Apart);
    }

    /// Numbers that look like hashes.
    fn hashes(seed: u64, count: u64) -> Vec<u64> {
        let hash =
            |number: u64| twox_hash::XxHash3_64::oneshot_with_seed(seed, &number.to_le_bytes());
        (0..count).map(hash).collect()
    }

    #[test]
    fn short_hashes_tell_the_same_of_copies_parts_and_longer_runs() {
        let log = hashes(1, 3600);
        let mut known = log[100..3000].to_vec();
        let short = ShortHashes::shorten(&mut known).unwrap();
        assert!(known.iter().all(|hash| *hash < 1 << 24));
        let against = |new: &[u64], better| compare(new, &known, Some(&short), better);
        assert_eq!(against(&log[100..3000], false), Relation::Known);
        assert_eq!(against(&log[100..3000], true), Relation::Longer);
        for part in [
            &log[100..110],
            &log[500..2000],
            &log[2990..3000],
            &log[700..701],
        ] {
            assert_eq!(against(part, false), Relation::Known);
        }
        for longer in [&log[..3000], &log[100..], &log[..]] {
            assert_eq!(against(longer, true), Relation::Longer);
        }
        assert_eq!(against(&log[2000..], true), Relation::Diverged(1000));
        // A frame that differs only in the bytes that are not kept makes another run.
        let mut other = log[100..3000].to_vec();
        other[5] ^= 1 << 60;
        assert_ne!(against(&other, true), Relation::Longer);
    }

    #[test]
    fn another_log_of_the_same_time_is_not_known_by_short_hashes() {
        let mut known = hashes(1, 3600);
        let short = ShortHashes::shorten(&mut known).unwrap();
        for seed in 2..200 {
            for length in [2, 16, 900, 3600, 7200] {
                let new = hashes(seed, length);
                let found = compare(&new, &known, Some(&short), true);
                assert_eq!(found, Relation::Apart, "{seed} {length}");
            }
        }
    }

    #[test]
    fn few_hashes_stay_whole() {
        let mut few = hashes(1, 15);
        assert_eq!(ShortHashes::shorten(&mut few), None);
        assert_eq!(few, hashes(1, 15));
    }
}
