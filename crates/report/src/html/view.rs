//! What the template shows: every number as text, every name harmless, every chart drawn.

use display::Moment;
use serde::Serialize;

use super::change::{report_days, sentence, signed};
use super::findings::{Findings, findings};
use super::lists::{Entry, Lists, NewNames, Row, Week, new_names, row, week};
use super::names::{FullName, Name, Names};
use super::options::HtmlOptions;
use super::quantities::{bytes, clock, count, counted, duration, percent, rate};
use crate::charts::{self, CurveSize, curve_svg};
use crate::traces::List;
use crate::{Compared, Report, UNKNOWN};

/// Gaps that a page lists; the JSON has more.
const MOST_GAPS: usize = 100;

/// A page.
#[derive(Serialize)]
pub(super) struct Page {
    title: String,
    host: Name,
    period: String,
    zone: String,
    made: String,
    made_shown: String,
    partial: bool,
    observed: bool,
    verdict: String,
    leaders: Vec<String>,
    figures: Vec<Figure>,
    findings: Findings,
    compared: Vec<ComparedRow>,
    quotas: Vec<Quota>,
    coverage: Coverage,
    notes: Vec<String>,
    curve: Option<Curve>,
    timeline: Vec<Hour>,
    timeline_unit: &'static str,
    processes: Vec<Entry>,
    remotes: Vec<Entry>,
    ports: Vec<Entry>,
    protocols: Vec<Entry>,
    interfaces: Vec<Entry>,
    week: Option<Week>,
    past: Option<String>,
    new_processes: Option<NewNames>,
    new_remotes: Option<NewNames>,
    has_traces: bool,
    has_charts: bool,
    connections: Vec<Row>,
    connections_total: String,
    connections_listed: String,
    connections_more: bool,
    input: Vec<(&'static str, String)>,
    damaged: Vec<Damaged>,
    damaged_total: u64,
    full_names: Vec<FullName>,
}

/// One of the numbers that come first.
#[derive(Serialize)]
struct Figure {
    class: &'static str,
    name: &'static str,
    value: String,
    detail: String,
}

#[derive(Serialize)]
struct Quota {
    name: Name,
    used: String,
    rest: String,
    /// Per cent that are used, at most 100.
    percent: u32,
}

#[derive(Serialize)]
struct ComparedRow {
    name: &'static str,
    received: String,
    sent: String,
    received_change: String,
    sent_change: String,
    change: String,
    observed: String,
}

#[derive(Serialize)]
struct Coverage {
    ratio: String,
    observed: String,
    expected: String,
    gaps: Vec<Gap>,
    gaps_total: u64,
}

#[derive(Serialize)]
struct Gap {
    start: String,
    end: String,
    length: String,
}

#[derive(Serialize)]
struct Curve {
    wide: String,
    narrow: String,
    step: String,
    cuts_peaks: bool,
}

#[derive(Serialize)]
struct Hour {
    start: String,
    received: String,
    sent: String,
    peak_received: String,
    peak_sent: String,
    observed: String,
}

#[derive(Serialize)]
struct Damaged {
    file: Name,
    line: u64,
    reason: Name,
}

impl Page {
    pub(super) fn new(report: &Report, timestamp: Moment, options: &HtmlOptions<'_>) -> Self {
        let mut names = Names::default();
        let lists = Lists {
            report,
            options,
            total: report.total_bytes(),
        };
        let period = period(report);
        let is_day = report_days(report) == 1;
        Page {
            title: format!("{}: {period}", display::cut(&report.host, 64, "…")),
            host: names.show(&report.host),
            period,
            zone: report.period.timezone.clone(),
            made: timestamp.to_string(),
            made_shown: timestamp.civil().strftime("%-d %B %Y, %H:%M").to_string(),
            partial: report.period.partial,
            observed: report.coverage.observed_seconds > 0 || report.total_bytes() > 0,
            verdict: verdict(report),
            leaders: leaders(report),
            figures: figures(report),
            findings: findings(report),
            compared: compared(report),
            quotas: quotas(report, &mut names),
            coverage: coverage(report, is_day),
            notes: notes(report),
            curve: options.charts.then(|| curve(report)).flatten(),
            timeline: timeline(report),
            timeline_unit: if report_days(report) > 2 {
                "Day"
            } else {
                "Hour"
            },
            processes: lists.processes(&mut names),
            remotes: lists.remotes(&mut names),
            ports: lists.ports(&mut names),
            protocols: lists.plain(&report.protocols, List::Protocols, &mut names),
            interfaces: lists.plain(&report.interfaces, List::Interfaces, &mut names),
            week: report
                .history
                .as_ref()
                .filter(|_| options.charts)
                .and_then(week),
            past: report.history.as_ref().map(|history| {
                format!(
                    "{} observed since {}",
                    counted(history.days as u64, "day"),
                    history.start.civil().strftime("%-d %B %Y")
                )
            }),
            new_processes: new_names(report, |history| &history.new_processes, is_day, &mut names),
            new_remotes: new_names(report, |history| &history.new_remotes, is_day, &mut names),
            has_traces: options.charts && options.traces.is_some(),
            has_charts: options.charts,
            connections: report
                .connections
                .iter()
                .map(|connection| row(connection, is_day, &mut names))
                .collect(),
            connections_total: count(report.connections_total),
            connections_listed: count(report.connections.len() as u64),
            connections_more: (report.connections.len() as u64) < report.connections_total,
            input: input(report),
            damaged: damaged(report, &mut names),
            damaged_total: report.input.damaged_lines,
            full_names: names.finish(),
        }
    }
}

fn period(report: &Report) -> String {
    let first = report.period.start.civil();
    // The end belongs to the next day; a minute before it is the last.
    let last = report.period.end.earlier(60).civil();
    if first.date() == last.date() {
        return first.strftime("%A, %-d %B %Y").to_string();
    }
    format!(
        "{} to {}",
        first.strftime("%a, %-d %B %Y"),
        last.strftime("%a, %-d %B %Y")
    )
}

fn verdict(report: &Report) -> String {
    let coverage = &report.coverage;
    if coverage.observed_seconds == 0 && report.total_bytes() == 0 {
        return "Nothing was observed.".to_owned();
    }
    let mut text = format!(
        "{} down, {} up{}",
        bytes(report.total_download_bytes),
        bytes(report.total_upload_bytes),
        if report.period.partial { " so far" } else { "" }
    );
    let comparison = &report.comparison;
    let before = match report_days(report) {
        1 => "the day before",
        _ => "the days before",
    };
    let than = comparison
        .previous
        .as_ref()
        .and_then(|then| sentence(report, then, before))
        .or_else(|| {
            let then = comparison.same_weekday.as_ref()?;
            sentence(report, then, "the same time last week")
        });
    if let Some(than) = than {
        text.push_str(&format!(": {than}"));
    }
    if let Some(missed) = coverage.missed_bytes.filter(|_| coverage.misses_bytes()) {
        text.push_str(&format!("; about {} missed", bytes(missed)));
    }
    text.push_str(&match coverage.gaps_total {
        0 if coverage.ratio >= 0.99 => "; observed without a gap.".to_owned(),
        0 => format!("; {} observed.", percent(coverage.ratio)),
        1 => format!("; 1 gap, {} observed.", percent(coverage.ratio)),
        many => format!("; {many} gaps, {} observed.", percent(coverage.ratio)),
    });
    text
}

/// Who moved most, and when.
fn leaders(report: &Report) -> Vec<String> {
    let mut leaders = Vec::new();
    let known = report
        .top_processes
        .iter()
        .find(|process| process.name != UNKNOWN);
    if let Some(top) = known.filter(|top| top.share > 0.0) {
        let name = display::cut(&top.name, 48, "…");
        leaders.push(format!("Most by {name}: {}", percent(top.share)));
    }
    if let Some(top) = report.top_remotes.first().filter(|top| top.share > 0.0) {
        let name = display::cut(&top.address, 48, "…");
        leaders.push(format!("Most with {name}: {}", percent(top.share)));
    }
    let busiest = report
        .timeline
        .iter()
        .max_by_key(|entry| entry.upload_bytes.saturating_add(entry.download_bytes));
    if let Some(busiest) = busiest.filter(|_| report.timeline.len() > 1) {
        let volume = busiest.upload_bytes.saturating_add(busiest.download_bytes);
        if volume > 0 {
            let when = busiest.start.civil();
            let when = match report_days(report) {
                1 => format!("Busiest hour from {}", when.strftime("%H:%M")),
                2 => format!("Busiest hour from {}", when.strftime("%-d %b, %H:%M")),
                _ => format!("Busiest day {}", when.strftime("%a, %-d %b")),
            };
            leaders.push(format!("{when}: {}", bytes(volume)));
        }
    }
    leaders
}

fn figures(report: &Report) -> Vec<Figure> {
    let figure = |class, name, value, detail| Figure {
        class,
        name,
        value,
        detail,
    };
    vec![
        figure(
            "down",
            "Received",
            bytes(report.total_download_bytes),
            format!("mean {}", rate(report.total_download_bps)),
        ),
        figure(
            "up",
            "Sent",
            bytes(report.total_upload_bytes),
            format!("mean {}", rate(report.total_upload_bps)),
        ),
        figure(
            "",
            "Peak received",
            rate(report.peak_download_bps),
            format!("95 % of the time below {}", rate(report.p95_download_bps)),
        ),
        figure(
            "",
            "Peak sent",
            rate(report.peak_upload_bps),
            format!("95 % of the time below {}", rate(report.p95_upload_bps)),
        ),
        figure(
            "",
            "Observed",
            percent(report.coverage.ratio),
            format!(
                "{} of {}",
                duration(report.coverage.observed_seconds),
                duration(report.coverage.expected_seconds)
            ),
        ),
        figure(
            "",
            "Owner known",
            percent(report.attributed_ratio),
            "of the bytes".to_owned(),
        ),
    ]
}

fn compared(report: &Report) -> Vec<ComparedRow> {
    let row = |name, then: &Compared| ComparedRow {
        name,
        received: bytes(then.download_bytes),
        sent: bytes(then.upload_bytes),
        received_change: signed(then.download_change),
        sent_change: signed(then.upload_change),
        change: signed(then.change),
        observed: duration(then.observed_seconds),
    };
    let before = match report_days(report) {
        1 => "The day before",
        _ => "The days before",
    };
    let comparison = &report.comparison;
    let previous = comparison.previous.iter().map(|then| row(before, then));
    let week = comparison.same_weekday.iter();
    let rows = previous.chain(week.map(|then| row("The same time last week", then)));
    // For a week both are the same days.
    rows.take(if report_days(report) == 7 { 1 } else { 2 })
        .collect()
}

fn quotas(report: &Report, names: &mut Names) -> Vec<Quota> {
    let shown = |text: &str| display::cut(text, 200, "…");
    let quotas = report.quotas.iter();
    quotas
        .map(|state| {
            let [used, rest] = crate::quota_lines(state);
            Quota {
                name: names.show(&state.name),
                used: shown(&used),
                rest: shown(&rest),
                percent: (state.used_ratio * 100.0).min(100.0) as u32,
            }
        })
        .collect()
}

fn coverage(report: &Report, is_day: bool) -> Coverage {
    let coverage = &report.coverage;
    Coverage {
        ratio: percent(coverage.ratio),
        observed: duration(coverage.observed_seconds),
        expected: duration(coverage.expected_seconds),
        gaps_total: coverage.gaps_total,
        gaps: coverage
            .gaps
            .iter()
            .take(MOST_GAPS)
            .map(|gap| Gap {
                start: clock(gap.start, is_day),
                end: if is_day && gap.end == report.period.end {
                    "24:00:00".to_owned()
                } else {
                    clock(gap.end, is_day)
                },
                length: duration(gap.end.as_second().abs_diff(gap.start.as_second())),
            })
            .collect(),
    }
}

fn notes(report: &Report) -> Vec<String> {
    let notes = report.notes.iter();
    notes
        .map(|note| {
            let text = display::cut(&note.message, 400, "…");
            let mut characters = text.chars();
            let first = characters
                .next()
                .map(|first| first.to_uppercase().to_string());
            let mut sentence = first.unwrap_or_default() + characters.as_str();
            if !sentence.ends_with(['.', '…']) {
                sentence.push('.');
            }
            sentence
        })
        .collect()
}

fn curve(report: &Report) -> Option<Curve> {
    Some(Curve {
        wide: curve_svg(report, CurveSize::Wide, "wide")?,
        narrow: curve_svg(report, CurveSize::Narrow, "narrow")?,
        step: duration(report.curve.step_seconds.into()),
        cuts_peaks: charts::cuts_peaks(report),
    })
}

fn timeline(report: &Report) -> Vec<Hour> {
    let days = report_days(report);
    let entries = report.timeline.iter();
    entries
        .map(|entry| Hour {
            start: entry
                .start
                .civil()
                .strftime(match days {
                    1 => "%H:%M",
                    2 => "%-d %b, %H:%M",
                    _ => "%a, %-d %b",
                })
                .to_string(),
            received: bytes(entry.download_bytes),
            sent: bytes(entry.upload_bytes),
            peak_received: rate(entry.peak_download_bps),
            peak_sent: rate(entry.peak_upload_bps),
            observed: duration(entry.observed_seconds),
        })
        .collect()
}

fn input(report: &Report) -> Vec<(&'static str, String)> {
    let input = &report.input;
    let mut facts = vec![
        ("Logs", count(input.files)),
        ("Bytes read", bytes(input.bytes)),
        ("Lines", count(input.lines)),
        ("Refreshes", count(input.frames)),
        ("Refreshes without traffic", count(input.idle_frames)),
        ("Runs of bandwhich", count(input.runs)),
        ("Damaged lines", count(input.damaged_lines)),
    ];
    if input.disagreement_bytes > 0 {
        let differ = bytes(input.disagreement_bytes);
        facts.push(("Tables of the logs differ by", differ));
    }
    if report.loopback_bytes > 0 {
        facts.push(("Loopback", bytes(report.loopback_bytes)));
    }
    facts
}

fn damaged(report: &Report, names: &mut Names) -> Vec<Damaged> {
    let samples = report.input.damaged_samples.iter();
    samples
        .map(|sample| Damaged {
            file: names.show(&sample.file),
            line: sample.line,
            reason: names.show(&sample.reason),
        })
        .collect()
}
