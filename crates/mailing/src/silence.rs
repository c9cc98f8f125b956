//! Hosts whose logs stopped.

use display::Moment;
use settings::Settings;
use traffic::UtcDay;

/// Hosts that have been silent for longer were retired, or their logs are history.
pub(crate) const FORGOTTEN: i64 = 8 * UtcDay::SECONDS;

/// When a host was last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostLastSeen {
    /// The host.
    pub host: String,
    /// Its last refresh, in seconds since 1970.
    pub last_seen: i64,
}

/// The hosts among these that logged nothing on the whole of yesterday or later, and did before; with the
/// minute of their last refresh.
pub(crate) fn silent<'a>(
    last_seen: &'a [HostLastSeen],
    settings: &Settings,
    now: i64,
) -> impl Iterator<Item = (&'a HostLastSeen, String)> {
    let zone = settings.time_zone.clone();
    let yesterday = settings.today(now).yesterday().map_or(i64::MIN, |day| {
        traffic::Period::day(day).seconds(&zone).start
    });
    last_seen
        .iter()
        .filter(move |seen| seen.last_seen < yesterday && seen.last_seen > yesterday - FORGOTTEN)
        .map(move |seen| (seen, Moment::new(seen.last_seen, &zone).minute()))
}

#[cfg(test)]
mod tests;
