//! `analysis`: trend, anomalies and patterns of the stored history. It reads the store alone and asks
//! for no lock.

mod mutes;

use std::cmp::Reverse;
use std::io::Write;

use report::{Analysis, HostAnalysis, TextOptions};
use reporting::{Reporter, usual_period};
use store::Store;
use tracing::warn;
use traffic::{Period, When};

use crate::args::{AnalysisArgs, AnalysisCommand, AnalysisFormat, AnalysisKind};
use app::RunOutcome;

use crate::failure::Failure;
use crate::terminal::Terminal;
use display::Moment;
use display::print_json;
use settings::Settings;

/// Days of the longest period that is judged.
const MOST_DAYS: usize = 366;
/// What is looked for if nothing is named.
const EVERY_KIND: [AnalysisKind; 3] = [
    AnalysisKind::Anomaly,
    AnalysisKind::Patterns,
    AnalysisKind::Trend,
];

/// Runs the command.
///
/// # Errors
/// If what was typed makes no sense, or the store cannot be read.
pub fn run(
    args: &AnalysisArgs,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    if let (Some(_), Some(option)) = (&args.command, args.stray_option()) {
        return Err(Failure::Usage(format!(
            "{option} belongs to an analysis, and means nothing before mute, unmute or mutes"
        )));
    }
    match &args.command {
        Some(AnalysisCommand::Mute(args)) => mutes::mute(args, settings, now, terminal, out),
        Some(AnalysisCommand::Unmute(args)) => mutes::unmute(args, settings, now, terminal, out),
        Some(AnalysisCommand::Mutes(args)) => mutes::list(args, settings, now, out),
        None => analyse(args, settings, now, terminal, out),
    }
}

fn analyse(
    args: &AnalysisArgs,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let when = args.date.as_ref().map(|text| text.parse::<When>());
    let when = when
        .transpose()
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let store = Store::open_to_read(&settings.paths.store_dir)?;
    let last_seen = match &store {
        Some(store) => store.last_seen()?,
        None => Vec::new(),
    };
    if let Some(asked) = &args.host
        && !last_seen.iter().any(|(host, _)| host == asked)
    {
        let known = last_seen.into_iter().map(|(host, _)| host).collect();
        let asked = asked.clone();
        return Err(app::Error::NoSuchHost { asked, known }.into());
    }
    let mut document = Analysis::new(
        Moment::new(now, &settings.time_zone),
        settings.time_zone.clone(),
        settings.zone_name(),
    );
    let mut ending = RunOutcome::Done;
    let mut reporter = Reporter::new(settings, now);
    let kinds = match args.kind {
        Some(kind) => vec![kind],
        None => EVERY_KIND.to_vec(),
    };
    let chosen = last_seen
        .iter()
        .filter(|(host, _)| args.host.as_ref().is_none_or(|asked| asked == host));
    for (store, (host, last)) in store
        .iter()
        .flat_map(|store| chosen.clone().map(move |one| (store, one)))
    {
        let asked = match when {
            Some(when) => Some(asked_period(args, when, store, host, settings, now)?),
            None => None,
        };
        for kind in &kinds {
            files::check_interrupted()?;
            let kind = (*kind).into();
            let period = asked.unwrap_or_else(|| usual_period(kind, *last, settings, now));
            match reporter.judge(store, host, kind, period) {
                Err(reporting::Error::Store(error)) if error.is_damaged_file() => {
                    warn!("{host}: not analysed: {error}");
                    ending = RunOutcome::Attention;
                }
                judged => document.hosts.push(judged?),
            }
        }
    }
    // The worst first; where nothing is found, the order stays.
    let worst = |host: &HostAnalysis| {
        let severities = host.told.findings().iter().map(|finding| finding.severity);
        severities.max()
    };
    document.hosts.sort_by_key(|host| Reverse(worst(host)));
    let mut written = Vec::new();
    match args.format() {
        AnalysisFormat::Text => {
            let text = document.to_text(&TextOptions {
                width: terminal.width,
                colour: match args.output {
                    Some(_) => display::Colour::Plain,
                    None => terminal.colour,
                },
                ..TextOptions::default()
            });
            written.extend(text.into_bytes());
        }
        AnalysisFormat::Json => print_json(&document, &mut written)?,
        AnalysisFormat::Html => {
            let page = document
                .to_html()
                .map_err(|error| reporting::Error::Render {
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

/// The days that were typed, of a host.
fn asked_period(
    args: &AnalysisArgs,
    when: When,
    store: &Store,
    host: &str,
    settings: &Settings,
    now: i64,
) -> Result<Period, Failure> {
    let (zone, today) = (&settings.time_zone, settings.today(now));
    let period = reporting::asked_period(when, store, Some(host), zone, today)?;
    if period.days().take(MOST_DAYS + 1).count() > MOST_DAYS {
        return Err(Failure::Usage(format!(
            "--date {} has more than {MOST_DAYS} days; an analysis takes no more",
            args.date.as_deref().unwrap_or_default()
        )));
    }
    Ok(period)
}
