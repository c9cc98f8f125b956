//! What the template shows: every number as text, every name harmless, every chart drawn.

use display::Moment;
use serde::Serialize;

use super::change::{report_days, signed};
use super::findings::{Findings, findings};
use super::headline::{Headline, Tile, tiles};
use super::lists::{Entry, Lists, Mover, NewNames, Row, Week, movers, new_names, row, week};
use super::names::{FullName, Name, Names};
use super::options::HtmlOptions;
use super::over_time::{Curve, Hour, curve, timeline};
use super::page_head::PageHead;
use super::processes::{Process, processes};
use super::quantities::{bytes, count, counted, duration};
use super::recorded::Recorded;
use crate::{Compared, Report};

/// Connections that a page lists. A file beside it has all.
const MOST_CONNECTIONS: usize = 50;

/// A page.
#[derive(Serialize)]
pub(super) struct Page {
    title: String,
    /// The element by which an index knows the page.
    head: String,
    host: Name,
    period: String,
    zone: String,
    made: String,
    made_shown: String,
    partial: bool,
    observed: bool,
    headline: Headline,
    tiles: Vec<Tile>,
    findings: Findings,
    curve: Option<Curve>,
    timeline: Vec<Hour>,
    timeline_unit: &'static str,
    week: Option<Week>,
    compared: Vec<ComparedRow>,
    movers: Vec<Mover>,
    movers_days: String,
    past: Option<String>,
    new_processes: Option<NewNames>,
    new_remotes: Option<NewNames>,
    processes: Vec<Process>,
    remotes: Vec<Entry>,
    ports: Vec<Entry>,
    protocols: Vec<Entry>,
    interfaces: Vec<Entry>,
    has_traces: bool,
    has_charts: bool,
    quotas: Vec<Quota>,
    recorded: Recorded,
    connections: Vec<Row>,
    connections_total: String,
    connections_more: bool,
    /// The file that has all connections. `None` if none has.
    connections_file: Option<String>,
    full_names: Vec<FullName>,
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
        let connections = report.connections.iter().take(MOST_CONNECTIONS);
        Page {
            title: format!("{}: {period}", display::cut(&report.host, 64, "…")),
            head: PageHead::new(report).element(),
            host: names.show(&report.host),
            period,
            zone: report.period.timezone.clone(),
            made: timestamp.to_string(),
            made_shown: timestamp.civil().strftime("%-d %B %Y, %H:%M").to_string(),
            partial: report.period.partial,
            observed: report.coverage.observed_seconds > 0 || report.total_bytes() > 0,
            headline: Headline::new(report),
            tiles: tiles(report),
            findings: findings(report),
            curve: options.charts.then(|| curve(report)).flatten(),
            timeline: timeline(report),
            timeline_unit: if report_days(report) > 2 {
                "Day"
            } else {
                "Hour"
            },
            week: report
                .history
                .as_ref()
                .filter(|_| options.charts)
                .and_then(week),
            compared: compared(report),
            movers: movers(report, &mut names),
            movers_days: (report.usual.as_ref())
                .map_or_else(String::new, |usual| counted(usual.days as u64, "day")),
            past: report.history.as_ref().map(|history| {
                format!(
                    "{} observed since {}",
                    counted(history.days as u64, "day"),
                    history.start.civil().strftime("%-d %B %Y")
                )
            }),
            new_processes: new_names(report, |history| &history.new_processes, is_day, &mut names),
            new_remotes: new_names(report, |history| &history.new_remotes, is_day, &mut names),
            processes: processes(&lists, is_day, &mut names),
            remotes: lists.remotes(&mut names),
            ports: lists.ports(&mut names),
            protocols: lists.plain(&report.protocols, &mut names),
            interfaces: lists.plain(&report.interfaces, &mut names),
            has_traces: options.charts && options.traces.is_some(),
            has_charts: options.charts,
            quotas: quotas(report, &mut names),
            recorded: Recorded::new(report, is_day, &mut names),
            connections: connections
                .map(|connection| row(connection, is_day, &mut names))
                .collect(),
            connections_total: count(report.connections_total),
            connections_more: (MOST_CONNECTIONS.min(report.connections.len()) as u64)
                < report.connections_total,
            connections_file: options.all_connections.map(str::to_owned),
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
