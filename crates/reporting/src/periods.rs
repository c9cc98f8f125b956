//! Which days and periods a run reports.

use std::collections::BTreeSet;

use display::Moment;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::Store;
use traffic::{Period, UtcDay, When};

use crate::error::Result;

/// The reports of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportPlan {
    /// Periods to report, in order.
    pub periods: Vec<Period>,
    /// Days (UTC, since 1970) whose news these reports tell in full.
    pub told: Vec<i64>,
}

impl ReportPlan {
    /// Takes the days of a period out of those whose news is reported: its report is not written.
    pub fn leave_pending(&mut self, period: &Period, zone: &TimeZone) {
        let days = UtcDay::of_period(period, zone);
        self.told
            .retain(|day| !days.contains(&UtcDay::from_number(*day)));
    }
}

/// Plans the reports of a host: without `when`, each day that has news; else that period, and the
/// days in it that have news.
///
/// # Errors
/// If the store cannot be read.
pub fn plan(
    store: &Store,
    host: &str,
    when: Option<When>,
    zone: &TimeZone,
    today: Date,
) -> Result<ReportPlan> {
    let pending = store.pending_days(host)?;
    let mut days = BTreeSet::new();
    for &day in &pending {
        for date in UtcDay::from_number(day).local_days(zone) {
            if has_data(store, host, Period::day(date), zone)? {
                days.insert(date);
            }
        }
    }
    // What was reported before it was over is due once it is.
    for day in store.unfinished_days(host)? {
        days.extend(day.parse::<Date>().ok().filter(|date| *date < today));
    }
    // Their reports compare themselves with these days.
    for day in days.clone() {
        for later in [1, 7] {
            if let Ok(date) = day.checked_add(jiff::ToSpan::days(later))
                && has_data(store, host, Period::day(date), zone)?
            {
                days.insert(date);
            }
        }
    }
    // The report of a day was written when the store held all of it; now it could tell but a part.
    for day in days.clone() {
        if has_lost(store, host, Period::day(day), zone)? {
            days.remove(&day);
        }
    }
    let mut periods: Vec<Period> = days.iter().copied().map(Period::day).collect();
    if let Some(when) = when {
        let asked = asked_period(when, store, Some(host), zone, today)?;
        periods.retain(|day| asked.first <= day.first && day.first <= asked.last);
        if !periods.contains(&asked) && has_data(store, host, asked, zone)? {
            periods.push(asked);
        }
    }
    let told = pending.into_iter().filter(|&day| {
        UtcDay::from_number(day)
            .local_days(zone)
            .into_iter()
            .all(|date| !days.contains(&date) || periods.contains(&Period::day(date)))
    });
    Ok(ReportPlan {
        told: told.collect(),
        periods,
    })
}

fn has_data(store: &Store, host: &str, period: Period, zone: &TimeZone) -> Result<bool> {
    files::check_interrupted()?;
    match store.has_facts(host, period.seconds(zone)) {
        // Whoever reports the day says so.
        Err(error) if error.is_damaged_file() => Ok(true),
        has_facts => Ok(has_facts?),
    }
}

/// The days that are meant by what was typed. What begins with what is recorded begins with the first day of the
/// host, or of all hosts.
///
/// # Errors
/// If the store cannot be read.
pub fn asked_period(
    when: When,
    store: &Store,
    host: Option<&str>,
    zone: &TimeZone,
    today: Date,
) -> Result<Period> {
    let mut first = None;
    if when.is_open() {
        for known in store.hosts()? {
            if host.is_none_or(|host| host == known) {
                let of_host = store.first_seen(&known)?;
                first = first.into_iter().chain(of_host).min();
            }
        }
    }
    let day = |second| Moment::new(second, zone).civil().date();
    Ok(when.on(today, first.map(day)))
}

/// Whether some of a period was dropped from the store because of its age.
pub fn has_lost(store: &Store, host: &str, period: Period, zone: &TimeZone) -> Result<bool> {
    match store.dropped_days(host, period.seconds(zone)) {
        // Whoever reports the period says so.
        Err(error) if error.is_damaged_file() => Ok(false),
        days => Ok(!days?.is_empty()),
    }
}

#[cfg(test)]
mod tests;
