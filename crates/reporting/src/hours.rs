//! Hours of the local clock, and which of them holds a second.

use analysis::Hour;

/// Seconds of an hour.
pub(crate) const HOUR: i64 = 3600;

/// The hour that holds a second.
pub(crate) fn place(hours: &[Hour], second: i64) -> Option<usize> {
    let place = hours
        .partition_point(|hour| hour.start <= second)
        .checked_sub(1)?;
    (second < hours[place].start + 2 * HOUR).then_some(place)
}
