//! Bytes by name, in bounded memory: a hostile log has any number of names.

use std::collections::HashMap;

use traffic::Volume;

use super::answer::LeftOut;

/// Names that are held. Of more, the smaller half is put together.
const MOST_NAMES: usize = 50_000;

/// Bytes by name.
#[derive(Debug, Default)]
pub(super) struct Tally<D> {
    names: HashMap<String, Sum<D>>,
    /// What was put together.
    others: LeftOut,
}

/// What one name moved, and when.
#[derive(Clone, Debug)]
pub(super) struct Sum<D> {
    pub(super) volume: Volume,
    pub(super) first: i64,
    pub(super) last: i64,
    /// What else is known of it.
    pub(super) detail: D,
}

impl<D> Sum<D> {
    pub(super) fn add(&mut self, other: &Sum<D>) {
        self.volume.add(other.volume);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

impl<D> Tally<D> {
    /// Adds to what is known of a name.
    pub(super) fn add(&mut self, name: &str, sum: Sum<D>) {
        if let Some(known) = self.names.get_mut(name) {
            known.add(&sum);
            return;
        }
        if self.names.len() >= MOST_NAMES {
            self.put_small_ones_together();
        }
        self.names.insert(name.to_owned(), sum);
    }

    /// What is known of a name.
    pub(super) fn known(&mut self, name: &str) -> Option<&mut Sum<D>> {
        self.names.get_mut(name)
    }

    /// Adds all that another one holds.
    pub(super) fn merge(&mut self, other: Tally<D>) {
        for (name, sum) in other.names {
            self.add(&name, sum);
        }
        self.leave_out(other.others);
    }

    /// Names with their sums, those that moved most first, and what they are not.
    pub(super) fn largest(self, top: usize) -> (Vec<(String, Sum<D>)>, LeftOut, bool) {
        let is_exact = self.others.lines == 0;
        let mut left_out = self.others;
        let mut all: Vec<_> = self.names.into_iter().collect();
        sort(&mut all);
        let rest = all.split_off(top.min(all.len()));
        add_all(&mut left_out, &rest);
        (all, left_out, is_exact)
    }

    fn put_small_ones_together(&mut self) {
        let mut all: Vec<_> = self.names.drain().collect();
        sort(&mut all);
        let small = all.split_off(MOST_NAMES / 2);
        add_all(&mut self.others, &small);
        self.names.extend(all);
    }

    fn leave_out(&mut self, more: LeftOut) {
        let others = &mut self.others;
        others.lines += more.lines;
        others.upload_bytes = others.upload_bytes.saturating_add(more.upload_bytes);
        others.download_bytes = others.download_bytes.saturating_add(more.download_bytes);
    }
}

/// Those that moved most first.
fn sort<D>(all: &mut [(String, Sum<D>)]) {
    all.sort_unstable_by(|one, other| {
        let bytes = |sum: &Sum<D>| sum.volume.total();
        (bytes(&other.1), &one.0).cmp(&(bytes(&one.1), &other.0))
    });
}

fn add_all<D>(left_out: &mut LeftOut, sums: &[(String, Sum<D>)]) {
    for (_, sum) in sums {
        left_out.lines += 1;
        left_out.upload_bytes = left_out.upload_bytes.saturating_add(sum.volume.up);
        left_out.download_bytes = left_out.download_bytes.saturating_add(sum.volume.down);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(up: u64, at: i64) -> Sum<()> {
        Sum {
            volume: Volume { up, down: 1 },
            first: at,
            last: at + 1,
            detail: (),
        }
    }

    #[test]
    fn names_add_up_and_the_largest_come_first() {
        let mut one = Tally::default();
        one.add("a", sum(1, 10));
        one.add("b", sum(5, 10));
        let mut other = Tally::default();
        other.add("a", sum(7, 3));
        other.add("c", sum(1, 3));
        one.merge(other);
        let (lines, left_out, is_exact) = one.largest(2);
        let names: Vec<_> = lines.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        let a = &lines[0].1;
        assert_eq!((a.volume.up, a.first, a.last), (8, 3, 11));
        assert!(is_exact);
        let expected = LeftOut {
            lines: 1,
            upload_bytes: 1,
            download_bytes: 1,
        };
        assert_eq!(left_out, expected);
    }

    #[test]
    fn of_very_many_names_the_large_ones_are_kept_and_no_byte_is_lost() {
        let mut tally = Tally::default();
        let count = 4 * MOST_NAMES as u64;
        for number in 0..count {
            tally.add("large", sum(1_000, 0));
            tally.add(&format!("n{number}"), sum(1, 0));
        }
        assert!(tally.names.len() <= MOST_NAMES);
        let (lines, left_out, is_exact) = tally.largest(1);
        assert!(!is_exact);
        assert_eq!(lines[0].0, "large");
        assert_eq!(lines[0].1.volume.up, 1_000 * count);
        assert_eq!((left_out.lines, left_out.upload_bytes), (count, count));
    }
}
