//! Which archives are past their time.

use jiff::ToSpan as _;
use jiff::civil::Date;

/// Gives those of `archives` whose day lies more than `days` days before today. The day in an
/// archive's name counts, not when it was written.
pub fn expired<T>(archives: &[T], day: impl Fn(&T) -> Date, today: Date, days: u32) -> Vec<&T> {
    let Ok(oldest) = today.checked_sub(i64::from(days).days()) else {
        return Vec::new();
    };
    archives
        .iter()
        .filter(|archive| day(archive) < oldest)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn an_archive_goes_on_the_day_after_its_last() {
        let days = [date(2026, 1, 30), date(2026, 1, 31), date(2026, 3, 2)];
        let gone = |today, keep| expired(&days, |day| *day, today, keep);
        assert_eq!(gone(date(2026, 3, 1), 30), [&days[0]; 0]);
        assert_eq!(gone(date(2026, 3, 2), 30), [&days[0]]);
        assert_eq!(gone(date(2026, 3, 3), 30), [&days[0], &days[1]]);
        assert_eq!(gone(date(2026, 3, 2), 36_500), [&days[0]; 0]);
        assert_eq!(gone(date(-9999, 1, 1), 36_500), [&days[0]; 0]);
    }
}
