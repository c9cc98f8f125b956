//! `analysis`: trend, anomalies and patterns of the stored history. It reads the store alone and asks
//! for no lock.

mod mutes;

use std::io::Write;

use report::{Analysis, TextOptions};
use reporting::{Reporter, usual_period};
use store::Store;
use tracing::warn;
use traffic::When;

use crate::args::{AnalysisArgs, AnalysisCommand, AnalysisFormat, AnalysisKind};
use app::RunOutcome;

use crate::failure::Failure;
use crate::terminal::Terminal;
use display::Moment;
use display::print_json;
use settings::Settings;

/// Days of the longest period that is judged.
const MOST_DAYS: usize = 366;

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
    match (&args.command, args.kind) {
        (Some(AnalysisCommand::Mute(args)), _) => mutes::mute(args, settings, now, terminal, out),
        (Some(AnalysisCommand::Unmute(args)), _) => {
            mutes::unmute(args, settings, now, terminal, out)
        }
        (Some(AnalysisCommand::Mutes(args)), _) => mutes::list(args, settings, now, out),
        (None, Some(kind)) => analyse(args, kind, settings, now, terminal, out),
        (None, None) => Err(Failure::Usage(
            "nothing to look for; write --type trend, anomaly or patterns".to_owned(),
        )),
    }
}

fn analyse(
    args: &AnalysisArgs,
    kind: AnalysisKind,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let asked = match &args.date {
        Some(text) => {
            let when = text.parse::<When>();
            let when = when.map_err(|error| Failure::Usage(error.to_string()))?;
            Some(when.on(settings.today(now)))
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
    let chosen = last_seen
        .iter()
        .filter(|(host, _)| args.host.as_ref().is_none_or(|asked| asked == host));
    for (store, (host, last)) in store
        .iter()
        .flat_map(|store| chosen.clone().map(move |one| (store, one)))
    {
        files::check_interrupted()?;
        let kind = kind.into();
        let period = asked.unwrap_or_else(|| usual_period(kind, *last, settings, now));
        match reporter.judge(store, host, kind, period) {
            Err(reporting::Error::Store(error)) if error.is_damaged_file() => {
                warn!("{host}: not analysed: {error}");
                ending = RunOutcome::Attention;
            }
            judged => document.hosts.push(judged?),
        }
    }
    let mut written = Vec::new();
    match args.format {
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
