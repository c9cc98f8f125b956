//! What templates see: docs/email_templates.md describes every name here. The names of the last
//! block of [`ReportData`] are those of the templates of this project's first version.

use std::borrow::Cow;

use analysis::FindingKind;
use display::{fitted, printable};
use jiff::tz::TimeZone;
use report::{Compared, Report};
use serde::Serialize;
use traffic::Period;

use crate::census::{Census, RemoteCensus};
use crate::news::{self, News, signed_percent};
use crate::problems::{Problem, Problems};
use display::Moment;

/// Rows of a list; the attachments and files hold all.
const ROWS: usize = 15;
/// Columns of a name: a log may hold names of any length.
const NAME: usize = 80;
/// Columns of a sentence that may hold names.
const SENTENCE: usize = 400;
/// Problems and notes that are told.
const SENTENCES: usize = 20;
/// Entries of the timeline that a row of bars can show.
const BARS: usize = 31;

/// What every letter has.
pub(crate) struct Frame<'a> {
    /// Made printable.
    pub(crate) prefix: Cow<'a, str>,
    pub(crate) zone: &'a TimeZone,
    pub(crate) now: i64,
}

/// What `daily_report` is rendered with.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ReportData {
    pub(crate) subject: String,
    host: String,
    period: String,
    partial: bool,
    timezone: String,
    verdict: String,
    version: &'static str,
    problems: Vec<Problem>,
    #[serde(flatten)]
    news: News,
    days: Vec<Day>,
    busiest: Option<String>,
    against: Option<String>,
    download_change: String,
    upload_change: String,
    download: String,
    upload: String,
    total: String,
    download_rate: String,
    upload_rate: String,
    peak_download_rate: String,
    peak_upload_rate: String,
    p95_download_rate: String,
    p95_upload_rate: String,
    observed: String,
    expected: String,
    coverage: String,
    comparisons: Vec<Comparison>,
    quotas: Vec<String>,
    bars: Vec<Bar>,
    bars_are_hours: bool,
    has_gaps: bool,
    /// Always none: letters had a picture once, and templates may ask for it.
    curve: Option<&'static str>,
    unknown_share: Option<String>,
    notes: Vec<String>,
    files: Vec<File>,

    date: String,
    date_str: String,
    generated_time: String,
    total_records: u64,
    total_upload_mb: f64,
    total_download_mb: f64,
    unique_processes: usize,
    unique_remotes: usize,
    duration_hours: f64,
    top_processes: Vec<Process>,
    top_remotes: Vec<Remote>,
    hourly_distribution: Vec<Hour>,
    alerts: Vec<Problem>,
}

/// What `error_report` is rendered with.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ErrorData {
    pub(crate) subject: String,
    host: String,
    title: String,
    message: String,
    hint: String,
    version: &'static str,
    date: String,
    date_str: String,
    generated_time: String,
}

#[derive(Clone, Debug, Serialize)]
struct Comparison {
    change: String,
    rate: String,
    name: String,
}

/// An hour or day of the period, as parts of the busiest, from 0 to 100.
#[derive(Clone, Debug, Serialize)]
struct Bar {
    label: String,
    download: u64,
    upload: u64,
    observed: bool,
    glyph: char,
}

/// A day of a longer period.
#[derive(Clone, Debug, Serialize)]
struct Day {
    label: String,
    download: String,
    upload: String,
    observed: String,
    warnings: usize,
}

/// A file of the report.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) size: String,
    pub(crate) attached: bool,
    pub(crate) left_out: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Process {
    name: String,
    download: String,
    upload: String,
    share: String,
    percent: u64,
    process_name: String,
    upload_mb: f64,
    download_mb: f64,
    total_mb: f64,
    connections: u64,
}

#[derive(Clone, Debug, Serialize)]
struct Remote {
    name: String,
    download: String,
    upload: String,
    share: String,
    percent: u64,
    processes: String,
    remote_address: String,
    upload_mb: f64,
    download_mb: f64,
    access_count: u64,
    common_protocol: String,
}

#[derive(Clone, Debug, Serialize)]
struct Hour {
    hour: String,
    upload_mb: f64,
    download_mb: f64,
    connections: u64,
    avg_rate: f64,
}

impl ReportData {
    pub(crate) fn new(
        report: &Report,
        period: Period,
        problems: Problems,
        frame: &Frame<'_>,
    ) -> Self {
        let verdict = verdict(report, &problems);
        let news = News::new(report, period, &problems);
        let subject = news::subject(report, period, &problems, &frame.prefix);
        let mut problems = problems.list;
        for problem in &mut problems {
            problem.message = shortened(&problem.message, SENTENCE);
        }
        let days = days(period);
        let host = shortened(&report.host, NAME);
        let census = Census::of(report, ROWS);
        let bars = bars(report);
        let comparison = &report.comparison;
        let comparisons = [
            (&comparison.previous, "the day before", "the {} days before"),
            (
                &comparison.same_weekday,
                "the same weekday before",
                "the same {} weekdays before",
            ),
        ];
        let notes = report.notes.iter().take(SENTENCES);
        Self {
            subject,
            news,
            days: days_side_by_side(report),
            busiest: busiest(report),
            against: against(report, period),
            download_change: change(report, |then| then.download_change),
            upload_change: change(report, |then| then.upload_change),
            period: long_days(period),
            partial: report.period.partial,
            timezone: report.period.timezone.clone(),
            verdict,
            version: env!("CARGO_PKG_VERSION"),
            download: bytes(report.total_download_bytes),
            upload: bytes(report.total_upload_bytes),
            total: bytes(report.total_bytes()),
            download_rate: display::rate(report.total_download_bps),
            upload_rate: display::rate(report.total_upload_bps),
            peak_download_rate: display::rate(report.peak_download_bps),
            peak_upload_rate: display::rate(report.peak_upload_bps),
            p95_download_rate: display::rate(report.p95_download_bps),
            p95_upload_rate: display::rate(report.p95_upload_bps),
            observed: display::duration(report.coverage.observed_seconds),
            expected: display::duration(report.coverage.expected_seconds),
            coverage: covered(&report.coverage),
            quotas: report.quotas.iter().take(SENTENCES).map(quota).collect(),
            comparisons: comparisons
                .into_iter()
                .filter_map(|(then, one, many)| Some(compared(then.as_ref()?, one, many)))
                .collect(),
            has_gaps: bars.iter().any(|bar| !bar.observed),
            bars,
            bars_are_hours: are_hours(report),
            curve: None,
            unknown_share: (report.attributed_ratio < 1.0)
                .then(|| display::percent(1.0 - report.attributed_ratio)),
            notes: notes
                .map(|note| shortened(&note.message, SENTENCE))
                .collect(),
            files: Vec::new(),
            date: period.first.to_string(),
            date_str: days,
            generated_time: Moment::new(frame.now, frame.zone).minute(),
            total_records: report
                .input
                .lines
                .saturating_sub(report.input.damaged_lines),
            total_upload_mb: megabytes(report.total_upload_bytes),
            total_download_mb: megabytes(report.total_download_bytes),
            unique_processes: census.processes,
            unique_remotes: census.remotes,
            duration_hours: hundredths(report.coverage.observed_seconds as f64 / 3600.0),
            top_processes: processes(report),
            top_remotes: remotes(report, &census),
            hourly_distribution: hours(report, &census),
            alerts: problems.clone(),
            problems,
            host,
        }
    }

    /// Adds the files.
    pub(crate) fn with_files(self, files: Vec<File>) -> Self {
        Self { files, ..self }
    }
}

impl ErrorData {
    pub(crate) fn new(
        host: &str,
        title: &str,
        message: &str,
        hint: &str,
        frame: &Frame<'_>,
    ) -> Self {
        let host = shortened(host, NAME);
        let civil = Moment::new(frame.now, frame.zone).civil();
        let date = civil.date().to_string();
        // An error may have several lines; each must be harmless.
        let lines: Vec<String> = message
            .lines()
            .take(SENTENCES)
            .map(|line| shortened(line, SENTENCE))
            .collect();
        Self {
            subject: if frame.prefix.is_empty() {
                format!("{host}: {title} ({})", civil.strftime("%-d %b"))
            } else {
                format!("{}: {host}, {date}: {title}", frame.prefix)
            },
            host,
            title: title.to_owned(),
            message: lines.join("\n"),
            hint: printable(hint).into_owned(),
            version: env!("CARGO_PKG_VERSION"),
            date_str: date.clone(),
            date,
            generated_time: Moment::new(frame.now, frame.zone).minute(),
        }
    }
}

/// `1.2 GB down, 340 MB up, 2 findings, 1 problem`.
fn verdict(report: &Report, problems: &Problems) -> String {
    let mut verdict = format!(
        "{} down, {} up",
        bytes(report.total_download_bytes),
        bytes(report.total_upload_bytes)
    );
    for count in problems.counted() {
        verdict.push_str(", ");
        verdict.push_str(&count);
    }
    verdict
}

/// `uplink: 82.0 % of 500.0 GB from 1 Nov to 30 Nov, about 27 Nov exhausted`.
fn quota(state: &analysis::QuotaState) -> String {
    let [used, rest] = report::quota_lines(state);
    shortened(&format!("{}: {used}, {rest}", state.name), SENTENCE)
}

/// `2026-11-21`, or both ends.
fn days(period: Period) -> String {
    if period.is_day() {
        period.first.to_string()
    } else {
        format!("{} to {}", period.first, period.last)
    }
}

/// `Saturday 21 November 2026`, or both ends.
fn long_days(period: Period) -> String {
    let long = |day: jiff::civil::Date| day.strftime("%A %-d %B %Y").to_string();
    if period.is_day() {
        long(period.first)
    } else {
        format!("{} to {}", long(period.first), long(period.last))
    }
}

fn compared(then: &Compared, one: &str, many: &str) -> Comparison {
    Comparison {
        change: match then.change {
            Some(change) => format!("{:+.1} %", change * 100.0),
            None => "new".to_owned(),
        },
        rate: display::rate(then.download_bps.saturating_add(then.upload_bps)),
        name: match then.days {
            1 => one.to_owned(),
            days => many.replace("{}", &days.to_string()),
        },
    }
}

/// The day that the day is compared with: `Thu 26 Nov`. Days for longer periods. `None` if nothing is stored of it.
fn against(report: &Report, period: Period) -> Option<String> {
    let then = report.comparison.previous.as_ref()?;
    if period.is_day() {
        let day = period.first.yesterday().ok()?;
        return Some(day.strftime("%a %-d %b").to_string());
    }
    Some(format!("the {} days before", then.days))
}

/// ` (+8 %)`, or blank.
fn change(report: &Report, of: fn(&Compared) -> Option<f64>) -> String {
    let change = report.comparison.previous.as_ref().and_then(of);
    change.map_or_else(String::new, |change| {
        format!(" ({})", signed_percent(change))
    })
}

/// The days of a longer period, each with its warnings.
fn days_side_by_side(report: &Report) -> Vec<Day> {
    if are_hours(report) || report.timeline.len() > BARS {
        return Vec::new();
    }
    let day = |entry: &report::TimelineEntry| {
        let start = entry.start.as_second();
        let end = start + 86_400;
        let warnings = report.findings.iter().filter(|one| {
            one.is_warning() && one.kind != FindingKind::Quota && (start..end).contains(&one.start)
        });
        Day {
            label: entry.start.civil().strftime("%a %-d %b").to_string(),
            download: bytes(entry.download_bytes),
            upload: bytes(entry.upload_bytes),
            observed: display::duration(entry.observed_seconds),
            warnings: warnings.count(),
        }
    };
    report.timeline.iter().map(day).collect()
}

/// The busiest hour or day: `12:00–13:00`, `Fri 27 Nov`.
fn busiest(report: &Report) -> Option<String> {
    let moved =
        |entry: &report::TimelineEntry| entry.upload_bytes.saturating_add(entry.download_bytes);
    let most = report.timeline.iter().max_by_key(|entry| moved(entry))?;
    if report.timeline.len() < 2 || moved(most) == 0 {
        return None;
    }
    let start = most.start.civil();
    if !are_hours(report) {
        return Some(start.strftime("%a %-d %b").to_string());
    }
    let end = match start.hour() + 1 {
        24 => "24:00".to_owned(),
        hour => format!("{hour:02}:00"),
    };
    Some(format!("{}–{end}", start.strftime("%H:%M")))
}

fn bytes(bytes: u64) -> String {
    display::approximate_bytes(bytes as f64)
}

/// The part of the time that was observed, and of the bytes if that is known to be less.
fn covered(coverage: &report::Coverage) -> String {
    let time = display::percent(coverage.ratio);
    match coverage.byte_ratio {
        Some(ratio) if coverage.misses_bytes() => {
            format!("{time}, {} of the bytes", display::percent(ratio))
        }
        _ => time,
    }
}

/// Whether the timeline has hours; in a longer period it has days.
fn are_hours(report: &Report) -> bool {
    report.coverage.expected_seconds <= 50 * 3600
}

fn bars(report: &Report) -> Vec<Bar> {
    if report.timeline.len() > BARS {
        return Vec::new();
    }
    let is_short = are_hours(report);
    let total = |up: u64, down: u64| u128::from(up) + u128::from(down);
    let most = report
        .timeline
        .iter()
        .map(|entry| total(entry.upload_bytes, entry.download_bytes))
        .max();
    let most = most.unwrap_or(0).max(1);
    let part = |bytes: u128, of: u128| u64::try_from((bytes * of).div_ceil(most)).unwrap_or(0);
    let bar = |entry: &report::TimelineEntry| {
        let format = if is_short { "%H" } else { "%d" };
        let both = total(entry.upload_bytes, entry.download_bytes);
        let observed = entry.observed_seconds > 0;
        let glyphs = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        Bar {
            label: entry.start.civil().strftime(format).to_string(),
            download: part(entry.download_bytes.into(), 100),
            upload: part(entry.upload_bytes.into(), 100),
            observed,
            glyph: if observed {
                glyphs[usize::try_from(part(both, 8)).unwrap_or(0).clamp(1, 8)]
            } else {
                glyphs[0]
            },
        }
    };
    report.timeline.iter().map(bar).collect()
}

fn processes(report: &Report) -> Vec<Process> {
    let process = |process: &report::TopProcess| Process {
        name: named(&process.name),
        download: bytes(process.download_bytes),
        upload: bytes(process.upload_bytes),
        share: display::percent(process.share),
        percent: hundred(process.share),
        process_name: named(&process.name),
        upload_mb: megabytes(process.upload_bytes),
        download_mb: megabytes(process.download_bytes),
        total_mb: megabytes(process.upload_bytes.saturating_add(process.download_bytes)),
        connections: process.connections,
    };
    report
        .top_processes
        .iter()
        .take(ROWS)
        .map(process)
        .collect()
}

fn remotes(report: &Report, census: &Census<'_>) -> Vec<Remote> {
    let remote = |remote: &report::TopRemote| {
        let seen = census.of_remotes.get(remote.address.as_str());
        let processes = remote.processes.iter().take(3);
        let processes: Vec<String> = processes.map(|name| shortened(name, 20)).collect();
        Remote {
            name: named(&remote.address),
            download: bytes(remote.download_bytes),
            upload: bytes(remote.upload_bytes),
            share: display::percent(remote.share),
            percent: hundred(remote.share),
            processes: processes.join(", "),
            remote_address: named(&remote.address),
            upload_mb: megabytes(remote.upload_bytes),
            download_mb: megabytes(remote.download_bytes),
            access_count: seen.map_or(0, |seen| seen.connections),
            common_protocol: seen.map_or(String::new(), RemoteCensus::common_protocol),
        }
    };
    report.top_remotes.iter().take(ROWS).map(remote).collect()
}

fn hours(report: &Report, census: &Census<'_>) -> Vec<Hour> {
    let entries = report.timeline.iter().zip(&census.of_hours);
    let hour = |(entry, connections): (&report::TimelineEntry, &u64)| {
        let bytes = entry.upload_bytes.saturating_add(entry.download_bytes);
        let rate = bytes as f64 / entry.observed_seconds.max(1) as f64 / 1000.0;
        Hour {
            hour: entry.start.civil().strftime("%H:%M").to_string(),
            upload_mb: megabytes(entry.upload_bytes),
            download_mb: megabytes(entry.download_bytes),
            connections: *connections,
            avg_rate: hundredths(rate),
        }
    };
    entries.map(hour).collect()
}

/// A process may have no name at all; bandwhich shows that as it is.
fn named(name: &str) -> String {
    if name.is_empty() {
        "\"\"".to_owned()
    } else {
        shortened(name, NAME)
    }
}

/// The printable text in at most so many columns.
fn shortened(text: &str, columns: usize) -> String {
    fitted(text, columns, "…").trim_end().to_owned()
}

fn hundred(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * 100.0).round() as u64
}

fn megabytes(bytes: u64) -> f64 {
    hundredths(bytes as f64 / 1e6)
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
