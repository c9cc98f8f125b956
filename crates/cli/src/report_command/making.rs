//! How one report is made: the rows and facts of a period become all of its files.

use display::Moment;
use report::{
    Builder, Comparison, Context, HtmlOptions, Options, ParquetOptions, ParquetRows, Report,
    Totals, Traces,
};
use store::Store;
use tracing::{debug, warn};
use traffic::Period;

use super::DamagedPeriod;
use crate::facts::{input_facts, past};
use crate::failure::Failure;
use crate::findings;
use crate::publish::{Folder, Written};
use crate::quotas;
use crate::terminal::World;
use settings::{ReportFormat, Settings};

/// Says what damage keeps from being told.
pub(super) fn note_damage(
    damage: &mut Vec<DamagedPeriod>,
    host: &str,
    period: &Period,
    what: &str,
    error: &store::Error,
) {
    let reason = format!("{what}: {error}");
    warn!("{}: {reason}", period.stamp());
    damage.push(DamagedPeriod {
        host: host.to_owned(),
        first_day: period.first.to_string(),
        last_day: period.last.to_string(),
        reason,
    });
}

/// Makes the report of one period and writes its files.
///
/// # Errors
/// Where the store cannot be read or a file not be written.
pub fn write(
    store: &Store,
    host: &str,
    period: Period,
    settings: &Settings,
    world: &World,
    force: bool,
    damage: &mut Vec<DamagedPeriod>,
) -> Result<(Report, Vec<Written>), Failure> {
    let zone = &settings.time_zone;
    let seconds = period.seconds(zone);
    let resolution = settings.input.resolution_seconds();
    let include_loopback = settings.input.includes_loopback();
    let context = Context {
        host: host.to_owned(),
        period,
        zone: zone.clone(),
        zone_name: settings.zone_name(),
        now: world.now,
        resolution,
    };
    let options = Options {
        top_n: settings.reports.top_n,
        max_connections: settings.reports.max_connections,
        include_loopback,
    };
    let formats = settings.reports.formats_to_write();
    let mut folder = Folder::open(settings, host, &period, force)?;
    let mut parquet = match formats.contains(&ReportFormat::Parquet) {
        true => {
            let file = folder.begin(&format!("report_{}.parquet", period.stamp()))?;
            let options = ParquetOptions {
                resolution,
                batch_size: settings.processing.batch_size,
                include_loopback,
            };
            Some(ParquetRows::new(file, host, options).map_err(|error| folder.failed(&error))?)
        }
        false => None,
    };
    let mut builder = Builder::new(context, options);
    let logs = store.input_facts(host, seconds.clone())?;
    builder.collector_notes(&logs.interfaces, &logs.noted);
    store.read_rows::<Failure>(host, seconds.clone(), |row| {
        Failure::if_interrupted()?;
        builder.row(row);
        match &mut parquet {
            Some(parquet) => parquet.row(row).map_err(|error| folder.failed(&error)),
            None => Ok(()),
        }
    })?;
    for facts in store.read_facts(host, seconds.clone())? {
        builder.bucket(&facts);
    }
    let input = input_facts(&logs, zone);
    let compared = comparison(store, host, period, settings, damage)?;
    let mut report = builder.finish(input, compared);
    let quotas = quotas::states(store, settings, Some(host), period, world.now)?;
    report.set_quotas(quotas, zone);
    match findings::tell(&mut report, store, period, settings, world.now) {
        Err(Failure::Store(error)) if error.is_damaged_file() => {
            note_damage(damage, host, &period, "no findings", &error);
        }
        told => told?,
    }
    if formats.contains(&ReportFormat::Html) {
        match past(store, host, seconds.start, include_loopback) {
            Err(Failure::Store(error)) if error.is_damaged_file() => {
                note_damage(damage, host, &period, "no look back", &error);
            }
            past => report.look_back(&past?, zone, options.top_n),
        }
    }

    if formats.contains(&ReportFormat::Json) {
        folder.write_json(
            "report",
            |timestamp| report.to_json(timestamp),
            Moment::new(world.now, zone),
        )?;
    }
    if formats.contains(&ReportFormat::Csv) {
        let mut csv = Vec::new();
        report::write_csv(&report, &mut csv).map_err(|error| folder.failed(&error))?;
        folder.write("report", "csv", &csv)?;
    }
    if formats.contains(&ReportFormat::Html) {
        let charts = settings.reports.include_charts;
        let traces = match charts {
            true => Some(traces(store, &report, seconds, include_loopback)?),
            false => None,
        };
        let options = HtmlOptions {
            charts,
            traces: traces.as_ref(),
        };
        folder.write_html(
            |timestamp| report.to_html(timestamp, &options),
            Moment::new(world.now, zone),
        )?;
    }
    if let Some(parquet) = parquet {
        let file = parquet.finish().map_err(|error| folder.failed(&error))?;
        folder.end(file)?;
    }
    if settings.reports.generate_summary {
        let summary = |timestamp: Moment| report.summary_json(timestamp);
        folder.write_json("summary", summary, Moment::new(world.now, zone))?;
    }
    if settings.reports.compress_reports {
        folder.write_zip()?;
    }
    debug!("{host} {}: report made", period.stamp());
    Ok((report, folder.finish()))
}

/// Reads the rows once more, for what only the entries of the finished lists need.
fn traces(
    store: &Store,
    report: &Report,
    seconds: std::ops::Range<i64>,
    include_loopback: bool,
) -> Result<Traces, Failure> {
    let mut traces = Traces::new(report, include_loopback);
    store.read_rows::<Failure>(&report.host, seconds, |row| {
        traces.row(row);
        Ok(())
    })?;
    Ok(traces)
}

fn comparison(
    store: &Store,
    host: &str,
    period: Period,
    settings: &Settings,
    damage: &mut Vec<DamagedPeriod>,
) -> Result<Comparison, Failure> {
    let resolution = settings.input.resolution_seconds();
    let loopback = settings.input.includes_loopback();
    let mut totals = |other: Period| -> Result<Option<Totals>, Failure> {
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
