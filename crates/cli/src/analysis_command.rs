//! `analysis`: trend, anomalies and patterns of the stored history. It reads the store alone and asks
//! for no lock.

use std::io::Write;
use std::ops::Range;

use analysis::{History, Month, anomalies, billing_month, patterns, talks_needed, trend};
use display::{Moment, print_json};
use jiff::civil::Date;
use report::{Analysis, HostAnalysis, TextOptions, Told};
use store::Store;
use tracing::warn;
use traffic::{Period, When};

use crate::args::{AnalysisArgs, AnalysisCommand, AnalysisFormat, AnalysisKind};
use crate::failure::{Ending, Failure};
use crate::findings::once_each;
use crate::history::{self, Wanted};
use crate::mutes;
use crate::terminal::World;
use settings::Settings;

/// Days of the longest period that is judged.
const MOST_DAYS: usize = 366;

/// Runs the command.
///
/// # Errors
/// Where what was typed makes no sense, or the store cannot be read.
pub fn run(
    args: &AnalysisArgs,
    settings: &Settings,
    world: &World,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    match (&args.command, args.kind) {
        (Some(AnalysisCommand::Mute(args)), _) => mutes::mute(args, settings, world, out),
        (Some(AnalysisCommand::Unmute(args)), _) => mutes::unmute(args, settings, world, out),
        (Some(AnalysisCommand::Mutes(args)), _) => mutes::list(args, settings, world, out),
        (None, Some(kind)) => analyse(args, kind, settings, world, out),
        (None, None) => Err(Failure::Usage(
            "nothing to look for; write --type trend, anomaly or patterns".to_owned(),
        )),
    }
}

fn analyse(
    args: &AnalysisArgs,
    kind: AnalysisKind,
    settings: &Settings,
    world: &World,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    let asked = match &args.date {
        Some(text) => {
            let when = text.parse::<When>();
            let when = when.map_err(|error| Failure::Usage(error.to_string()))?;
            Some(when.on(world.today(settings)))
        }
        None => None,
    };
    if asked.is_some_and(|period| period.days().take(MOST_DAYS + 1).count() > MOST_DAYS) {
        return Err(Failure::Usage(format!(
            "--date {} has more than {MOST_DAYS} days; an analysis takes no more",
            args.date.as_deref().unwrap_or_default()
        )));
    }
    let store = Store::open_to_read(&settings.paths.store_dir)?;
    let last_seen = match &store {
        Some(store) => store.last_seen()?,
        None => Vec::new(),
    };
    let known: Vec<&str> = last_seen.iter().map(|(host, _)| host.as_str()).collect();
    if let Some(host) = &args.host
        && !known.contains(&host.as_str())
    {
        return Err(Failure::Usage(match known.is_empty() {
            true => format!("the store holds nothing of host {host:?}; it is empty"),
            false => format!(
                "the store holds nothing of host {host:?}; it knows {}",
                known.join(", ")
            ),
        }));
    }
    let mut document = Analysis::new(
        Moment::new(world.now, &settings.time_zone),
        settings.time_zone.clone(),
        settings.zone_name(),
    );
    let mut ending = Ending::Done;
    let chosen = last_seen
        .iter()
        .filter(|(host, _)| args.host.as_ref().is_none_or(|asked| asked == host));
    for (store, (host, last)) in store
        .iter()
        .flat_map(|store| chosen.clone().map(move |one| (store, one)))
    {
        Failure::if_interrupted()?;
        let period = asked.unwrap_or_else(|| usual(kind, *last, settings, world));
        match judge(store, host, kind, period, settings, world) {
            Err(Failure::Store(error)) if error.is_damaged_file() => {
                warn!("{host}: not judged: {error}");
                ending = Ending::Attention;
            }
            judged => document.hosts.push(judged?),
        }
    }
    let mut written = Vec::new();
    match args.format {
        AnalysisFormat::Text => {
            let text = document.to_text(&TextOptions {
                width: world.width,
                colour: match args.output {
                    Some(_) => display::Colour::Plain,
                    None => world.colour,
                },
                ..TextOptions::default()
            });
            written.extend(text.into_bytes());
        }
        AnalysisFormat::Json => print_json(&document, &mut written)?,
        AnalysisFormat::Html => {
            let page = document.to_html().map_err(|error| Failure::Report {
                path: "analysis".to_owned(),
                reason: error.to_string(),
            })?;
            written.extend(page.into_bytes());
            written.push(b'\n');
        }
    }
    match &args.output {
        Some(path) => files::write_atomically(path, None, |to| to.write_all(&written))?,
        None => out.write_all(&written)?,
    }
    Ok(ending)
}

/// What is judged where no days are asked for: up to the last day of the past that holds anything.
fn usual(kind: AnalysisKind, last_seen: i64, settings: &Settings, world: &World) -> Period {
    let yesterday = world.today(settings).yesterday().unwrap_or(Date::MIN);
    // A log that ends some seconds after midnight tells of the day before.
    let seen = Moment::new(last_seen.saturating_sub(3600), &settings.time_zone);
    let seen = seen.civil().date();
    let last = seen.min(yesterday);
    let days: i32 = match kind {
        AnalysisKind::Trend => 28,
        AnalysisKind::Anomaly => 1,
        AnalysisKind::Patterns => 7,
    };
    let first = last.checked_sub(jiff::ToSpan::days(days - 1));
    Period {
        first: first.unwrap_or(last),
        last,
    }
}

fn judge(
    store: &Store,
    host: &str,
    kind: AnalysisKind,
    period: Period,
    settings: &Settings,
    world: &World,
) -> Result<HostAnalysis, Failure> {
    let zone = &settings.time_zone;
    let thresholds = &settings.analysis.thresholds;
    let asked = period.seconds(zone);
    let judged = asked.start..asked.end.min(world.now).max(asked.start);
    let last = Moment::new(judged.end.saturating_sub(1), zone)
        .civil()
        .date();
    let month_begins = i8::try_from(thresholds.month_begins).unwrap_or(1);
    let month = month(billing_month(month_begins, last), settings);
    let wanted = Wanted {
        host,
        judged: judged.clone(),
        zone,
        loopback: settings.input.includes_loopback(),
        resolution: settings.input.resolution_seconds(),
        month: month.start,
    };
    let mut history = match judged.is_empty() {
        true => History {
            host: host.to_owned(),
            ..History::default()
        },
        false => history::read(store, &wanted)?,
    };
    let mut told = match kind {
        AnalysisKind::Trend => {
            Told::Trend(trend(&history, judged.clone(), Some(&month), thresholds))
        }
        AnalysisKind::Anomaly => {
            history::count_other_hosts(store, &wanted, &mut history)?;
            let mut found = anomalies(&history, judged.clone(), thresholds);
            found.findings = once_each(found.findings);
            Told::Anomaly(found)
        }
        AnalysisKind::Patterns => {
            if !judged.is_empty() {
                history.talks = history::talks(store, &wanted, talks_needed(&judged))?;
            }
            Told::Patterns(patterns(&history, judged.clone(), thresholds))
        }
    };
    let muted = mutes::take_muted(told.findings_mut(), &mutes::in_force(settings), settings);
    Ok(HostAnalysis::new(host, &asked, zone, told, muted))
}

/// A billing month as forecasts take it.
fn month(period: Period, settings: &Settings) -> Month {
    let seconds: Range<i64> = period.seconds(&settings.time_zone);
    Month {
        start: seconds.start,
        end: seconds.end,
        days: period.days().map(history::number_and_weekday).collect(),
    }
}
