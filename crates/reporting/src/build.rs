//! The rows and facts of a period → one [`Report`] in memory, complete.

use analysis::QuotaState;
use report::{Builder, Comparison, Context, Options, Report, Totals};
use settings::Settings;
use store::{RowOrder, Store};
use traffic::{Period, RowView, UtcDay};

use crate::damage::{DamagedPeriod, note_damage};
use crate::error::{Error, Result};
use crate::facts::{input_facts, past};
use crate::findings;
use crate::host_counts::HostCounts;
use crate::quotas::QuotaUse;

/// Reports by the settings, as of one moment. It remembers what quotas have counted and which hosts met which
/// names, so that the reports of many hosts and days read each day of each host once. So it is for one run:
/// nothing may be added to the history meanwhile.
pub struct Reporter<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) now: i64,
    quota_use: QuotaUse,
    pub(crate) host_counts: HostCounts,
}

/// A report, and what could not be said in it.
#[derive(Debug)]
pub struct BuiltReport {
    /// The report.
    pub report: Report,
    /// What damaged files of the store keep from being reported.
    pub damage: Vec<DamagedPeriod>,
}

impl<'a> Reporter<'a> {
    /// A reporter at `now`, in seconds since 1970.
    pub fn new(settings: &'a Settings, now: i64) -> Self {
        Self {
            settings,
            now,
            quota_use: QuotaUse::default(),
            host_counts: HostCounts::default(),
        }
    }

    /// Builds the report of a period of a host.
    ///
    /// # Errors
    /// If the store cannot be read, or a signal asks to stop.
    pub fn build(&mut self, store: &Store, host: &str, period: Period) -> Result<BuiltReport> {
        self.build_with(store, host, period, RowOrder::Any, |_| Ok(()))
    }

    /// Builds the report of a period of a host, and gives each row that it is built from to `each_row`.
    pub(crate) fn build_with(
        &mut self,
        store: &Store,
        host: &str,
        period: Period,
        order: RowOrder,
        mut each_row: impl FnMut(&RowView<'_>) -> Result<()>,
    ) -> Result<BuiltReport> {
        let (settings, now) = (self.settings, self.now);
        let zone = &settings.time_zone;
        let seconds = period.seconds(zone);
        let include_loopback = settings.input.includes_loopback();
        let context = Context {
            host: host.to_owned(),
            period,
            zone: zone.clone(),
            zone_name: settings.zone_name(),
            now,
            resolution: settings.input.resolution_seconds(),
        };
        let options = Options {
            top_n: settings.reports.top_n,
            max_connections: settings.reports.max_connections,
            include_loopback,
        };
        let mut damage = Vec::new();
        let mut builder = Builder::new(context, options);
        let logs = store.input_facts(host, seconds.clone())?;
        builder.collector_notes(&logs.interfaces, &logs.noted);
        store.read_rows_in::<Error>(order, host, seconds.clone(), |row| {
            files::check_interrupted()?;
            builder.row(row);
            each_row(row)
        })?;
        // Day by day, so that a long period costs no more memory than its report.
        let days = UtcDay::of_seconds(&seconds);
        for day in days.start().number()..=days.end().number() {
            let day = UtcDay::from_number(day).seconds();
            let part = day.start.max(seconds.start)..day.end.min(seconds.end);
            for facts in store.read_facts(host, part)? {
                builder.bucket(&facts);
            }
        }
        let compared = comparison(store, host, period, settings, &mut damage)?;
        let mut report = builder.finish(input_facts(&logs, zone), compared);
        report.set_quotas(self.quotas(store, Some(host), period)?, zone);
        match findings::add(
            &mut report,
            store,
            period,
            settings,
            now,
            &mut self.host_counts,
        ) {
            Err(Error::Store(error)) if error.is_damaged_file() => {
                note_damage(&mut damage, host, &period, "no findings", &error);
            }
            added => added?,
        }
        match past(store, host, seconds.start, include_loopback) {
            Err(Error::Store(error)) if error.is_damaged_file() => {
                note_damage(&mut damage, host, &period, "no look back", &error);
            }
            past => report.look_back(&past?, zone, options.top_n),
        }
        Ok(BuiltReport { report, damage })
    }

    /// The quotas of a host, or of all, at the end of a period or now, whichever is first.
    ///
    /// # Errors
    /// If the store cannot be read. What a damaged file holds counts as not observed.
    pub fn quotas(
        &mut self,
        store: &Store,
        host: Option<&str>,
        period: Period,
    ) -> Result<Vec<QuotaState>> {
        self.quota_use
            .states(store, self.settings, host, period, self.now)
    }
}

fn comparison(
    store: &Store,
    host: &str,
    period: Period,
    settings: &Settings,
    damage: &mut Vec<DamagedPeriod>,
) -> Result<Comparison> {
    let resolution = settings.input.resolution_seconds();
    let loopback = settings.input.includes_loopback();
    let mut totals = |other: Period| -> Result<Option<Totals>> {
        let seconds = other.seconds(&settings.time_zone);
        let totals = match store.totals(host, seconds, resolution, loopback) {
            Err(error) if error.is_damaged_file() => {
                let what = format!("no comparison with {}", other.stamp());
                note_damage(damage, host, &period, &what, &error);
                None
            }
            totals => totals?,
        };
        Ok(totals.map(|totals| Totals {
            upload_bytes: totals.volume.up,
            download_bytes: totals.volume.down,
            observed_seconds: totals.observed_seconds,
            days: u32::try_from(other.days().count()).unwrap_or(u32::MAX),
        }))
    };
    let week = jiff::ToSpan::days(7);
    let week_before = match (
        period.first.checked_sub(week),
        period.last.checked_sub(week),
    ) {
        // Of seven days and more these would be the days right before, or overlap the period.
        (Ok(first), Ok(last)) if period.days().count() < 7 => Some(Period { first, last }),
        _ => None,
    };
    Ok(Comparison {
        previous: period.previous().map(&mut totals).transpose()?.flatten(),
        same_weekday: week_before.map(&mut totals).transpose()?.flatten(),
    })
}
