//! What `show` answers: who moved how much, from what the history holds now. It only reads.

use jiff::civil::Date;
use reporting::{Breakdown, BreakdownRequest, asked_period, breakdown};
use settings::Settings;
use store::Store;
use traffic::{Period, When};

use crate::error::{Error, Result};

/// Seconds after midnight by which a log that tells of the day before may end.
const LATE: i64 = 300;

/// Adds up what is asked for, of the host that the request names, or of all.
///
/// # Errors
/// If there is no history, or it does not know the host, or cannot be read.
pub fn show(request: &BreakdownRequest, settings: &Settings, now: i64) -> Result<Breakdown> {
    let store = open(settings)?;
    let known = store.hosts()?;
    let hosts = match &request.filter.host {
        None => known,
        Some(asked) if known.contains(asked) => vec![asked.clone()],
        Some(asked) => {
            let asked = asked.clone();
            return Err(Error::NoSuchHost { asked, known });
        }
    };
    Ok(breakdown(&store, &hosts, request, settings, now)?)
}

/// Today, or the last day of a host, or of all, that has anything if today has nothing: logs are usually read once
/// a day. `None` if no day has.
///
/// # Errors
/// If there is no history, or it cannot be read.
pub fn last_day(host: Option<&str>, settings: &Settings, now: i64) -> Result<Option<Date>> {
    let seen = open(settings)?.last_seen()?.into_iter();
    let of_host = seen.filter(|(name, _)| host.is_none_or(|host| host == name));
    let last = of_host.map(|(_, last)| last).max();
    let day = |last: i64| settings.today(last.saturating_sub(LATE));
    Ok(last.map(|last| day(last).min(settings.today(now))))
}

/// The days that are meant by what was typed: what begins with what is recorded begins with the first day of the
/// host, or of all.
///
/// # Errors
/// If there is no history, or it cannot be read.
pub fn days_of(when: When, host: Option<&str>, settings: &Settings, now: i64) -> Result<Period> {
    let (zone, today) = (&settings.time_zone, settings.today(now));
    Ok(asked_period(when, &open(settings)?, host, zone, today)?)
}

/// The last day of a host that is over and has anything, or the one at hand if there is none.
///
/// # Errors
/// If the history cannot be read.
pub(crate) fn last_whole_day(
    store: &Store,
    host: &str,
    settings: &Settings,
    now: i64,
) -> Result<Option<Date>> {
    let Some((_, last)) = store
        .last_seen()?
        .into_iter()
        .find(|(name, _)| name == host)
    else {
        return Ok(None);
    };
    let seen = settings.today(last.saturating_sub(LATE));
    let past = seen.min(settings.today(now).yesterday().unwrap_or(Date::MIN));
    let seconds = Period::day(past).seconds(&settings.time_zone);
    Ok(Some(if store.has_facts(host, seconds)? {
        past
    } else {
        seen
    }))
}

fn open(settings: &Settings) -> Result<Store> {
    let folder = &settings.paths.store_dir;
    Store::open_to_read(folder)?.ok_or_else(|| {
        Error::NotThere(format!(
            "there is no history yet in {}; `network-monitor report` makes one of the logs",
            files::show(folder)
        ))
    })
}
