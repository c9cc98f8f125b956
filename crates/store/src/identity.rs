//! Whether two runs are the same, by the hashes of their frames.

use traffic::RunSummary;

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

/// Compares a new run with a known one.
pub(crate) fn relation(new: &RunSummary, known: &RunSummary) -> Relation {
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
    compare(&new.hashes, &known.hashes, better)
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

fn compare(new: &[u64], known: &[u64], better: bool) -> Relation {
    let (Some(first_new), Some(first_known)) = (new.first(), known.first()) else {
        return Relation::Apart;
    };
    if new == known {
        return if better {
            Relation::Longer
        } else {
            Relation::Known
        };
    }
    if stretch(known, new, *first_new) {
        return Relation::Known;
    }
    if stretch(new, known, *first_known) {
        return Relation::Longer;
    }
    let known: std::collections::HashSet<u64> = known.iter().copied().collect();
    match new.iter().filter(|hash| known.contains(hash)).count() {
        0 => Relation::Apart,
        shared => Relation::Diverged(shared),
    }
}

/// Whether `part`, which begins with `first`, is a stretch of `whole`.
fn stretch(whole: &[u64], part: &[u64], first: u64) -> bool {
    part.len() <= whole.len()
        && whole[..=whole.len() - part.len()]
            .iter()
            .enumerate()
            .any(|(place, &hash)| hash == first && whole[place..place + part.len()] == *part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_a_middle_and_a_copy_are_known() {
        for new in [&[1, 2, 3, 4][..], &[1, 2], &[2, 3], &[4]] {
            assert_eq!(compare(new, &[1, 2, 3, 4], false), Relation::Known);
        }
    }

    #[test]
    fn a_run_that_grew_is_longer() {
        assert_eq!(compare(&[1, 2, 3], &[1, 2], true), Relation::Longer);
        assert_eq!(compare(&[0, 1, 2, 3], &[1, 2], true), Relation::Longer);
        // Grown by idle frames only.
        assert_eq!(compare(&[1, 2], &[1, 2], true), Relation::Longer);
    }

    #[test]
    fn runs_that_part_ways_have_diverged() {
        assert_eq!(
            compare(&[1, 2, 9], &[1, 2, 3], false),
            Relation::Diverged(2)
        );
        assert_eq!(compare(&[8, 9], &[1, 2, 3], false), Relation::Apart);
        assert_eq!(compare(&[], &[1], false), Relation::Apart);
    }
}
