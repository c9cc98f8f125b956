//! What of each quota is used, by the history.

use analysis::{DayAhead, DayUse, Direction, HISTORY_DAYS, Quota, QuotaScope, QuotaState};
use std::collections::HashMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use store::{Store, Totals};
use traffic::{Period, Table, Volume};

use crate::error::Result;
use settings::Settings;

/// What was counted for quotas so far: each day of each host is read once, however many hosts and days are
/// reported.
#[derive(Debug, Default)]
pub(crate) struct QuotaUse {
    days: HashMap<DayKey, Option<Totals>>,
}

/// A day of a host, and the process if only one counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct DayKey {
    host: String,
    day: Date,
    process: Option<String>,
}

impl QuotaUse {
    /// The quotas of a host, or of all, at the end of a period or at `now`, seconds since 1970, whichever
    /// is first. Thresholds crossed within the period are new.
    ///
    /// # Errors
    /// If the store cannot be read. What a damaged file holds counts as not observed.
    pub(crate) fn states(
        &mut self,
        store: &Store,
        settings: &Settings,
        host: Option<&str>,
        period: Period,
        now: i64,
    ) -> Result<Vec<QuotaState>> {
        let known = store.hosts()?;
        let concerns = |quota: &&Quota| match (&quota.scope, host) {
            (QuotaScope::Host(name), Some(host)) => name == host,
            _ => true,
        };
        let quotas = settings.quotas.iter().filter(concerns);
        quotas
            .map(|quota| {
                let hosts = match &quota.scope {
                    QuotaScope::Host(name) => known.iter().filter(|host| *host == name).collect(),
                    QuotaScope::Total | QuotaScope::Process(_) => known.iter().collect(),
                };
                let mut count = Count {
                    store,
                    settings,
                    quota,
                    hosts,
                    now,
                    known: &mut self.days,
                };
                count.state(period)
            })
            .collect()
    }
}

/// Counts what one quota counts.
struct Count<'a> {
    store: &'a Store,
    settings: &'a Settings,
    quota: &'a Quota,
    hosts: Vec<&'a String>,
    now: i64,
    known: &'a mut HashMap<DayKey, Option<Totals>>,
}

impl Count<'_> {
    fn state(&mut self, period: Period) -> Result<QuotaState> {
        let zone = &self.settings.time_zone;
        let seconds = |day: Date| Period::day(day).seconds(zone);
        let now = self.now;
        let has_begun = |day: &Date| seconds(*day).start < now;
        let last = period
            .days()
            .filter(has_begun)
            .last()
            .unwrap_or(period.first);
        let window = self.quota.window(last);
        let first = window.first.min(last.saturating_sub(HISTORY_DAYS.days()));
        let mut by_host = Vec::new();
        for host in self.hosts.clone() {
            let days = Period { first, last }.days();
            let totals: Vec<_> = days
                .map(|day| self.day(host, day))
                .collect::<Result<_, _>>()?;
            // A host that was not there yet, or is there no more, is not expected.
            if totals.iter().any(Option::is_some) {
                by_host.push(totals);
            }
        }
        let hosts = by_host.len().max(1) as u64;
        let days: Vec<DayUse> = Period { first, last }
            .days()
            .enumerate()
            .map(|(number, day)| {
                let of_day = seconds(day);
                let elapsed = of_day.end.min(self.now).saturating_sub(of_day.start).max(0);
                let elapsed = elapsed.unsigned_abs();
                let mut volume = Volume::default();
                let mut observed = 0;
                for totals in by_host.iter().filter_map(|totals| totals[number]) {
                    volume.add(totals.volume);
                    observed += totals.observed_seconds;
                }
                DayUse {
                    day,
                    elapsed,
                    is_over: of_day.end <= self.now,
                    expected: elapsed * hosts,
                    observed: observed.min(elapsed * hosts),
                    bytes: match self.quota.direction {
                        None => volume.total(),
                        Some(Direction::Up) => volume.up,
                        Some(Direction::Down) => volume.down,
                    },
                }
            })
            .collect();
        let ahead: Vec<DayAhead> = Period {
            first: last,
            last: window.last,
        }
        .days()
        .filter_map(|day| {
            let of_day = seconds(day);
            let from = if day == last {
                self.now.clamp(of_day.start, of_day.end)
            } else {
                of_day.start
            };
            let left = of_day.end - from;
            (left > 0).then_some(DayAhead {
                day,
                seconds: left.unsigned_abs(),
            })
        })
        .collect();
        Ok(self.quota.state(window, period, &days, &ahead))
    }

    /// What was counted on a day of a host. `None` if nothing was observed.
    fn day(&mut self, host: &str, day: Date) -> Result<Option<Totals>> {
        files::check_interrupted()?;
        let key = DayKey {
            host: host.to_owned(),
            day,
            process: match &self.quota.scope {
                QuotaScope::Process(name) => Some(name.clone()),
                QuotaScope::Total | QuotaScope::Host(_) => None,
            },
        };
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let totals = match self.read(host, day) {
            Err(error) if error.is_damaged_file() => None,
            totals => totals?,
        };
        self.known.insert(key, totals);
        Ok(totals)
    }

    fn read(&self, host: &str, day: Date) -> Result<Option<Totals>, store::Error> {
        let seconds = Period::day(day).seconds(&self.settings.time_zone);
        let resolution = self.settings.input.resolution_seconds();
        let loopback = self.settings.input.includes_loopback();
        let totals = self
            .store
            .totals(host, seconds.clone(), resolution, loopback)?;
        let (Some(mut totals), QuotaScope::Process(name)) = (totals, &self.quota.scope) else {
            return Ok(totals);
        };
        totals.volume = Volume::default();
        self.store.read_rows::<store::Error>(host, seconds, |row| {
            let counts = row.table == Table::Traffic || (loopback && row.table == Table::Loopback);
            if counts && row.process == Some(name) {
                totals.volume.add(row.volume);
            }
            Ok(())
        })?;
        Ok(Some(totals))
    }
}

#[cfg(test)]
mod tests;
