//! Rates, shares and percentiles that never divide by nothing and never overflow.

/// Mean bytes per second, rounded half to even. Nothing was observed in zero seconds, so that is 0.
pub(crate) fn rate(bytes: u64, seconds: u64) -> u64 {
    if seconds == 0 {
        return 0;
    }
    let (whole, rest) = (bytes / seconds, bytes % seconds);
    match (u128::from(rest) * 2).cmp(&u128::from(seconds)) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Equal => whole + (whole & 1),
        std::cmp::Ordering::Greater => whole + 1,
    }
}

/// `part / whole` within 0 and 1, to six decimals; 0 of nothing only.
pub(crate) fn share(part: u128, whole: u128) -> f64 {
    ratio(part, whole, 1e6)
}

/// Like [`share`], to four decimals: the precision a second a day deserves.
pub(crate) fn coverage(observed: u64, expected: u64) -> f64 {
    ratio(observed.into(), expected.into(), 1e4)
}

fn ratio(part: u128, whole: u128, scale: f64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    let ratio = part.min(whole) as f64 / whole as f64;
    let least = if part > 0 { 1.0 } else { 0.0 };
    (ratio * scale).round_ties_even().max(least) / scale
}

/// The 95th percentile as vnStat counts it: sorted ascending, the element with the zero-based index
/// `round_half_even(0.95 n) - 1`. 0 of nothing.
pub(crate) fn percentile_95(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values
        .get(percentile_95_index(values.len()))
        .copied()
        .unwrap_or(0)
}

fn percentile_95_index(count: usize) -> usize {
    let (whole, rest) = (
        count / 100 * 95 + count % 100 * 95 / 100,
        count % 100 * 95 % 100,
    );
    let rounded = match rest.cmp(&50) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Equal => whole + (whole & 1),
        std::cmp::Ordering::Greater => whole + 1,
    };
    rounded.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_takes_the_element_that_vnstat_takes() {
        for (count, index) in [
            (100, 94),
            (20, 18),
            (8928, 8481),
            (1, 0),
            (0, 0),
            (2, 1),
            (30, 27),
        ] {
            assert_eq!(percentile_95_index(count), index, "of {count}");
        }
        assert_eq!(percentile_95((1..=100).rev().collect()), 95);
        assert_eq!(percentile_95(Vec::new()), 0);
    }

    #[test]
    fn rates_round_half_to_even_and_do_not_overflow() {
        assert_eq!(
            [rate(5, 2), rate(7, 2), rate(2, 3), rate(1, 3)],
            [2, 4, 1, 0]
        );
        assert_eq!(rate(u64::MAX, 1), u64::MAX);
        assert_eq!(rate(u64::MAX, u64::MAX), 1);
        assert_eq!(rate(7, 0), 0);
    }

    #[test]
    fn shares_stay_within_0_and_1() {
        assert_eq!(share(1, 3), 0.333_333);
        assert_eq!(share(0, 0), 0.0);
        assert_eq!(share(5, 4), 1.0);
        assert_eq!(share(7, 1_000_000_000), 0.000_001);
        assert_eq!(share(u128::MAX, u128::MAX), 1.0);
        assert_eq!(coverage(86_012, 86_400), 0.9955);
    }
}
