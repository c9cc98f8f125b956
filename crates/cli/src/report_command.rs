//! `report`: ingest, then write the reports of every day with news, or of the period asked for.

mod letters;
mod making;

use display::print_json;
pub use making::write;

use std::io::Write;
use std::path::Path;

use analysis::QuotaState;
use report::{Report, TextOptions};
use serde::Serialize;
use store::Store;
use tracing::warn;
use traffic::{Period, UtcDay, When};

use crate::archive_command::{archive_logs, told};
use crate::archiving::{ArchiveSummary, Scope};
use crate::args::ReportArgs;
use crate::claims::{self, Standing};
use crate::dry_run::{DryRun, PlannedReport};
use crate::email_command;
use crate::failure::{Ending, Failure};
use crate::letter::Subject;
use crate::newer_archives;
use crate::own_host;
use crate::passed_over;
use crate::periods::{Plan, has_lost, plan};
use crate::pipeline::{IngestSummary, LogFolder, ingest_folder, look_for_logs};
use crate::post::{self, MailResult};
use crate::progress::Progress;
use crate::publish::{self, Written, is_written};
use crate::quotas;
use crate::retention;
use crate::terminal::World;
use crate::watch;
use letters::Letters;
use making::note_damage;
use settings::{HostLayout, Settings};

/// Reports of a host that are summarised in full on the terminal; of more, each gets a line.
const FULL_SUMMARIES: usize = 3;

/// What `report --json` prints.
#[derive(Debug, Default, Serialize)]
pub struct RunResult {
    /// What became of the logs.
    pub ingest: IngestSummary,
    /// The reports.
    pub reports: Vec<ReportResult>,
    /// What became of logs that are finished, and of what is past its time. `None` where neither is
    /// asked for.
    pub archive: Option<ArchiveSummary>,
    /// What became of the letters. `None` where none are sent.
    pub mail: Option<MailResult>,
    /// What could not be said, for a file of the store is damaged.
    pub damage: Vec<DamagedPeriod>,
    /// Whether the store is older than the reports and archives that it has written.
    pub store_is_older: bool,
    /// Archives with logs that the history does not hold.
    pub newer_archives: Vec<String>,
    /// Periods asked for of which the store dropped days because of their age.
    pub dropped: Vec<DroppedPeriod>,
    /// The quotas, now.
    pub quotas: Vec<QuotaState>,
    /// Whether nothing had to be done.
    pub nothing_new: bool,
    /// Settings that are accepted and have no effect in this version.
    pub not_yet_active: Vec<&'static str>,
}

/// A period that cannot be reported, or not be compared.
#[derive(Debug, Serialize)]
pub struct DamagedPeriod {
    /// Host.
    pub host: String,
    /// First day.
    pub first_day: String,
    /// Last day.
    pub last_day: String,
    /// What is damaged, and what that keeps from being told.
    pub reason: String,
}

/// A period of which the store dropped days.
#[derive(Debug, Serialize)]
pub struct DroppedPeriod {
    /// Host.
    pub host: String,
    /// First day.
    pub first_day: String,
    /// Last day.
    pub last_day: String,
    /// What that means for its report.
    pub consequence: &'static str,
}

/// One report.
#[derive(Debug, Serialize)]
pub struct ReportResult {
    /// Host.
    pub host: String,
    /// First day.
    pub first_day: String,
    /// Last day.
    pub last_day: String,
    /// Bytes sent.
    pub total_upload_bytes: u64,
    /// Bytes received.
    pub total_download_bytes: u64,
    /// Share of the period that was observed.
    pub coverage: f64,
    /// Damaged lines in its logs.
    pub damaged_lines: u64,
    /// Its files.
    pub files: Vec<Written>,
}

/// Runs the command. A letter tells of a run that fails.
///
/// # Errors
/// Where the store, a report or the outbox cannot be written. What was done before stays done.
pub fn run(
    args: &ReportArgs,
    settings: &Settings,
    world: &World,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    let settled = own_host::settled(settings);
    let ended = settled.and_then(|settings| run_untold(args, &settings, world, out));
    ended.inspect_err(|failure| {
        if !args.dry_run {
            post::tell_failure(failure, settings, world);
        }
    })
}

fn run_untold(
    args: &ReportArgs,
    settings: &Settings,
    world: &World,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    let when = match &args.date {
        Some(text) => Some(
            text.parse::<When>()
                .map_err(|error| Failure::Usage(error.to_string()))?,
        ),
        None => None,
    };
    if args.dry_run {
        return dry_run(args, when, settings, world, out);
    }
    if args.force && args.date.is_none() {
        warn!(
            "without --date, --force writes anew only reports of days with new logs; for others name \
             the day, as in --date yesterday --force"
        );
    }
    let mut result = RunResult {
        not_yet_active: settings.not_yet_active(),
        ..RunResult::default()
    };
    if !result.not_yet_active.is_empty() {
        warn!(
            "not yet active in this version: {}",
            result.not_yet_active.join(", ")
        );
    }
    let mut is_over = false;
    let mut store = Store::open(&settings.paths.store_dir, &world.started(), "report")?;
    own_host::record(&store, settings)?;
    let standing = claims::examine(&store, settings)?;
    publish::sweep(settings);
    for run in watch::AbandonedRun::of(&store) {
        warn!("{}", run.sentence(&settings.time_zone));
    }
    let mut letters = Letters::open(settings, world, &store)?;
    let progress = Progress::new(world.quiet);
    result.ingest = ingest_folder(&mut store, settings, world.now, &progress)?;
    result.newer_archives = newer_archives::newer_archives(&store, settings)?
        .iter()
        .map(|path| files::show(path).to_string())
        .collect();
    result.store_is_older = standing == Standing::Older;
    let is_behind = result.store_is_older || !result.newer_archives.is_empty();
    let today = world.today(settings);
    let asked = when.map(|when| when.on(today));
    let known = store.hosts()?;
    let hosts = hosts(&store, args, settings)?;
    for host in &hosts {
        if args.host.is_some() && !known.contains(host) {
            return Err(Failure::Usage(format!(
                "the store holds nothing of host {host:?}; it knows {}",
                known.join(", ")
            )));
        }
        let mut plan = plan(&store, host, when, &settings.time_zone, today)?;
        if let Some(asked) = asked
            && has_lost(&store, host, asked, &settings.time_zone)?
        {
            let dropped = mind_dropped(&mut plan, host, asked, settings, args.force);
            result.dropped.push(dropped);
        }
        if is_behind {
            keep_written(&mut plan, host, settings, &mut result.damage);
        }
        for period in &plan.periods {
            Failure::if_interrupted()?;
            let damaged = &mut result.damage;
            let made = write(&store, host, *period, settings, world, args.force, damaged);
            let (report, files) = match made {
                Err(Failure::Store(error)) if error.is_damaged_file() => {
                    let told = UtcDay::of_period(period, &settings.time_zone);
                    plan.told
                        .retain(|day| !told.contains(&UtcDay::from_number(*day)));
                    note_damage(&mut result.damage, host, period, "no report", &error);
                    continue;
                }
                made => made?,
            };
            let paths = files.iter().map(|file| Path::new(&file.path));
            store.note_report(paths, &period.last.to_string())?;
            let mut is_mailed = true;
            if !report.period.partial || asked == Some(*period) {
                let subject = Subject {
                    report: &report,
                    period: *period,
                    files: &files,
                    moved: None,
                };
                is_mailed = letters.write(&store, &subject, &result.ingest, args.force);
            }
            if period.is_day() {
                let day = period.first.to_string();
                // The next run looks at the day again, and writes the letter that is missing.
                let is_unfinished = report.period.partial || !is_mailed;
                store.mark_unfinished(host, &day, is_unfinished)?;
            }
            if !args.json && !world.quiet {
                match plan.periods.len() {
                    ..=FULL_SUMMARIES => show(&report, &files, world, out)?,
                    _ => show_line(&report, *period, out)?,
                }
            }
            is_over |= is_used(&report.quotas, args);
            result.reports.push(summarise(&report, *period, files));
        }
        store.mark_reported(host, &plan.told)?;
    }
    // A report tells by itself where its log stopped.
    let told = |host: &String| result.reports.iter().any(|report| report.host == *host);
    let untold: Vec<String> = hosts.into_iter().filter(|host| !told(host)).collect();
    let silences = asked.is_none().then_some(untold.as_slice());
    let (mail, mail_failure) = letters.finish(&store, silences);
    result.mail = mail;
    result.quotas = quotas::states(&store, settings, None, Period::day(today), world.now)?;
    is_over |= is_used(&result.quotas, args);
    result.archive = finish_logs(&mut store, settings, world, &result.reports)?;
    // As long as more is to be had from the folders than the store holds, they stay those of its later state.
    let files = result.reports.iter().flat_map(|report| &report.files);
    let has_written = files.into_iter().any(|file| file.is_new)
        || result
            .archive
            .as_ref()
            .is_some_and(|archive| !archive.written.is_empty());
    if !is_behind {
        claims::claim(&store, settings, has_written)?;
    }
    let archived = result.archive.as_ref();
    result.nothing_new = result.ingest.new == 0
        && !archived.is_some_and(ArchiveSummary::did_something)
        && result.damage.is_empty()
        && !is_behind
        && result
            .reports
            .iter()
            .flat_map(|report| &report.files)
            .all(|file| !file.is_new);
    if args.json {
        print_json(&result, out)?;
    } else if !world.quiet {
        conclude(&result, when, settings, out)?;
    }
    // `email flush` may be at work. The next run writes the letters.
    let is_postponed = mail_failure.as_ref().is_some_and(|one| one.code() == 5);
    match mail_failure {
        None => watch::forget_abandoned(&mut store, "report"),
        Some(_) if is_postponed => {}
        Some(failure) => return Err(failure),
    }
    let attention = is_postponed
        || is_behind
        || result.ingest.needs_attention()
        || !result.damage.is_empty()
        || archived.is_some_and(|archive| !archive.trouble.is_empty())
        || result
            .mail
            .as_ref()
            .is_some_and(MailResult::needs_attention);
    Ok(if is_over {
        Ending::Threshold
    } else if attention {
        Ending::Attention
    } else {
        Ending::Done
    })
}

/// Says what becomes of the report of a period of which the store dropped days. One that was written
/// when the store held more is kept.
fn mind_dropped(
    plan: &mut Plan,
    host: &str,
    asked: Period,
    settings: &Settings,
    force: bool,
) -> DroppedPeriod {
    let has_rest = plan.periods.contains(&asked);
    let is_kept = is_written(settings, host, &asked) && !force;
    if is_kept {
        plan.periods.retain(|period| *period != asked);
    }
    DroppedPeriod {
        host: host.to_owned(),
        first_day: asked.first.to_string(),
        last_day: asked.last.to_string(),
        consequence: match (has_rest, is_kept) {
            (false, _) => "the store holds nothing of it any more, because of its age",
            (true, false) => "the store holds a part of it only, because of its age",
            (true, true) => {
                "the store holds a part of it only, because of its age; the report that was written \
                 before stays, unless --force is given"
            }
        },
    }
}

/// Takes reports that were written before out of a plan: the history is older than the archives, and could
/// say less than they do.
fn keep_written(plan: &mut Plan, host: &str, settings: &Settings, damage: &mut Vec<DamagedPeriod>) {
    let periods = std::mem::take(&mut plan.periods);
    for period in periods {
        if !is_written(settings, host, &period) {
            plan.periods.push(period);
            continue;
        }
        let days = UtcDay::of_period(&period, &settings.time_zone);
        plan.told
            .retain(|day| !days.contains(&UtcDay::from_number(*day)));
        damage.push(DamagedPeriod {
            host: host.to_owned(),
            first_day: period.first.to_string(),
            last_day: period.last.to_string(),
            reason: format!(
                "the report that was written before stays, because the history may hold less; {}",
                newer_archives::CURE
            ),
        });
    }
}

/// Whether a quota is used by the share that was asked for.
fn is_used(quotas: &[QuotaState], args: &ReportArgs) -> bool {
    let Some(percent) = args.check_quota else {
        return false;
    };
    let mut ratios = quotas.iter().map(|state| state.used_ratio);
    ratios.any(|ratio| ratio * 100.0 >= f64::from(percent))
}

/// Archives the logs that the reports tell of, and deletes what is past its time.
fn finish_logs(
    store: &mut Store,
    settings: &Settings,
    world: &World,
    made: &[ReportResult],
) -> Result<Option<ArchiveSummary>, Failure> {
    if settings.archive.enabled {
        return archive_logs(store, settings, world, Scope::Reported, made).map(Some);
    }
    let mut expired = retention::plan(store, settings, world)?;
    expired.keep_reports(made);
    if expired == retention::Plan::default() {
        return Ok(None);
    }
    let mut summary = ArchiveSummary::default();
    retention::carry_out(expired, store, &mut summary)?;
    Ok(Some(summary))
}

/// The hosts to report: the one asked for, or all that the settings' logs may tell of.
fn hosts(store: &Store, args: &ReportArgs, settings: &Settings) -> Result<Vec<String>, Failure> {
    Ok(match (&args.host, settings.input.hosts) {
        (Some(host), _) => vec![host.clone()],
        (None, HostLayout::Directories) => store.hosts()?,
        (None, HostLayout::Single) => vec![settings.host.clone()],
    })
}

fn dry_run(
    args: &ReportArgs,
    when: Option<When>,
    settings: &Settings,
    world: &World,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    let store = Store::open_to_read(&settings.paths.store_dir)?;
    let LogFolder {
        found,
        pending,
        skipped,
    } = look_for_logs(store.as_ref(), settings)?;
    for sentence in passed_over::sentences(&skipped) {
        warn!("{sentence}");
    }
    let mut planned = DryRun {
        logs_found: found as u64,
        would_read: (pending.iter())
            .map(|log| files::show(&log.path).to_string())
            .collect(),
        ..DryRun::default()
    };
    if let Some(store) = &store {
        let today = world.today(settings);
        for host in hosts(store, args, settings)? {
            let plan = plan(store, &host, when, &settings.time_zone, today)?;
            let reports = plan.periods.iter();
            planned
                .would_report
                .extend(reports.map(|period| PlannedReport::new(&host, period)));
        }
        planned.plan_retention(store, settings, world)?;
        if settings.archive.enabled {
            planned.plan_archives(store, settings, world)?;
        }
    }
    if args.json {
        print_json(&planned, out)?;
    } else {
        planned.show(out)?;
        let logs = display::counted(found as u64, "log", "logs");
        writeln!(
            out,
            "{} of {logs} new or changed. Nothing was done.",
            pending.len()
        )?;
    }
    Ok(Ending::Done)
}

fn summarise(report: &Report, period: Period, files: Vec<Written>) -> ReportResult {
    ReportResult {
        host: report.host.clone(),
        first_day: period.first.to_string(),
        last_day: period.last.to_string(),
        total_upload_bytes: report.total_upload_bytes,
        total_download_bytes: report.total_download_bytes,
        coverage: report.coverage.ratio,
        damaged_lines: report.input.damaged_lines,
        files,
    }
}

fn show(
    report: &Report,
    files: &[Written],
    world: &World,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let options = TextOptions {
        width: world.width,
        colour: world.colour,
        files: files.iter().map(|file| file.shown()).collect(),
        ..TextOptions::default()
    };
    writeln!(out, "{}", report.to_text(&options))?;
    Ok(())
}

/// One line of a report among many.
fn show_line(report: &Report, period: Period, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(
        out,
        "{}  {:>9} received  {:>9} sent  {:>6} observed  {}",
        period.stamp(),
        display::bytes(report.total_download_bytes),
        display::bytes(report.total_upload_bytes),
        display::percent(report.coverage.ratio),
        display::printable(&report.host)
    )?;
    Ok(())
}

/// The last lines: what was read, and where its bytes went.
fn conclude(
    result: &RunResult,
    when: Option<When>,
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let ingest = &result.ingest;
    if result.nothing_new {
        let why = match (ingest.files, result.reports.is_empty()) {
            (0, true) => format!("no logs in {}", files::show(&settings.paths.log_dir)),
            (_, true) if when.is_some() => "nothing is stored for that period".to_owned(),
            (_, true) => "no log is new or has changed".to_owned(),
            (_, false) => "the reports are up to date".to_owned(),
        };
        writeln!(out, "Nothing to do: {why}.")?;
    }
    if result.reports.len() > FULL_SUMMARIES {
        writeln!(
            out,
            "The reports are in {}",
            files::show(&settings.paths.report_dir)
        )?;
    }
    for trouble in ingest.unreadable.iter().chain(&ingest.damaged) {
        let path = display::printable(&trouble.path);
        writeln!(
            out,
            "Attention: {path}: {}",
            display::printable(&trouble.reason)
        )?;
    }
    if let Some(mail) = &result.mail {
        email_command::show(mail, out)?;
    }
    for dropped in &result.dropped {
        let (first, last) = (&dropped.first_day, &dropped.last_day);
        let host = display::printable(&dropped.host);
        writeln!(out, "{first}..{last} of {host}: {}.", dropped.consequence)?;
    }
    if result.store_is_older {
        writeln!(
            out,
            "Attention: {}",
            newer_archives::older_sentence(settings)
        )?;
    }
    if let Some(sentence) = newer_archives::sentence(&result.newer_archives) {
        writeln!(out, "Attention: {sentence}")?;
    }
    for damaged in &result.damage {
        let days = format!("{}..{}", damaged.first_day, damaged.last_day);
        writeln!(
            out,
            "Attention: {days}: {}",
            display::printable(&damaged.reason)
        )?;
    }
    writeln!(out, "{}", accounting(ingest))?;
    if let Some(archive) = &result.archive
        && *archive != ArchiveSummary::default()
    {
        writeln!(out, "{}", told(archive))?;
    }
    Ok(())
}

/// One line per fact of what was read.
pub fn accounting(ingest: &IngestSummary) -> String {
    let mut text = format!(
        "Logs: {} found, {} new, {} not changed since, {} only repeating others, {} empty",
        ingest.files, ingest.new, ingest.unchanged, ingest.known, ingest.empty
    );
    if !ingest.unreadable.is_empty() {
        text.push_str(&format!(", {} with trouble", ingest.unreadable.len()));
    }
    if ingest.bytes_read > 0 {
        let bytes = &ingest.accounting;
        let parts = [
            (bytes.frames, "in frames"),
            (bytes.idle, "idle"),
            (bytes.damaged, "damaged"),
            (bytes.cut, "cut off"),
            (bytes.undated, "undated"),
            (bytes.unfinished, "unfinished"),
            (bytes.filler, "empty lines"),
            (bytes.notes, "notes of the collector"),
            (ingest.known_bytes, "already known"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(bytes, _)| *bytes > 0)
            .map(|(bytes, what)| format!("{bytes} {what}"))
            .collect();
        text.push_str(&format!(
            "\nBytes read: {} = {}",
            ingest.bytes_read,
            parts.join(" + ")
        ));
    }
    text
}
