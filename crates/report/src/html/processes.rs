//! The processes of a page, each of which opens to its remotes, services and hours.

use display::Moment;
use serde::Serialize;
use traffic::Volume;

use super::lists::{Entry, Lists};
use super::names::{Name, Names};
use super::quantities::{bytes, counted, short_clock};
use crate::charts;
use crate::drill_down::{DrillDown, Part};
use crate::traces::{List, Traces};

/// Processes that open; the others have their line alone.
const MOST_OPENED: usize = 25;
/// Remotes and services of each.
const MOST_PARTS: usize = 6;

/// A process.
#[derive(Serialize)]
pub(super) struct Process {
    entry: Entry,
    opened: Option<Opened>,
}

/// What a process opens to.
#[derive(Serialize)]
struct Opened {
    seen: String,
    /// Received and sent over the period. Empty without a chart.
    hours: String,
    /// Whether these are the hours of one day.
    is_day: bool,
    remotes: Vec<Row>,
    remotes_more: Option<String>,
    services: Vec<Row>,
    services_more: Option<String>,
}

/// A remote or service of a process.
#[derive(Serialize)]
struct Row {
    name: Name,
    received: String,
    sent: String,
    seen: String,
}

pub(super) fn processes(lists: &Lists<'_>, is_day: bool, names: &mut Names) -> Vec<Process> {
    let report = lists.report;
    let opened = report.drill_down(MOST_OPENED, MOST_PARTS);
    let mut opened = opened.into_iter();
    let entries = lists.processes(names).into_iter().enumerate();
    entries
        .map(|(at, entry)| {
            let process = &report.top_processes[at];
            let seen = between(process.first_seen, process.last_seen, is_day);
            Process {
                entry,
                opened: opened.next().map(|drill_down| {
                    open(
                        drill_down,
                        &format!("Seen {seen}"),
                        (lists, at),
                        is_day,
                        names,
                    )
                }),
            }
        })
        .collect()
}

fn open(
    found: DrillDown,
    seen: &str,
    (lists, at): (&Lists<'_>, usize),
    is_day: bool,
    names: &mut Names,
) -> Opened {
    let traces = lists.options.traces.filter(|_| lists.options.charts);
    let volumes = traces.map_or(&[][..], |traces| traces.of(List::Processes, at));
    let busiest = traces.and_then(|traces| busiest(traces, volumes, lists, is_day));
    Opened {
        seen: match busiest {
            Some(busiest) => format!("{seen}, most {busiest}"),
            None => seen.to_owned(),
        },
        hours: charts::hours(volumes),
        is_day,
        remotes_more: more(found.remotes_total, found.remotes.len(), "remote"),
        remotes: (found.remotes.iter())
            .map(|part| row(part, &part.key, is_day, names))
            .collect(),
        services_more: more(found.services_total, found.services.len(), "service"),
        services: (found.services.iter())
            .map(|part| {
                let (port, protocol) = &part.key;
                let name = match protocol {
                    Some(protocol) => format!("{port} {protocol}"),
                    None => port.to_string(),
                };
                row(part, &name, is_day, names)
            })
            .collect(),
    }
}

fn row<K>(part: &Part<K>, name: &str, is_day: bool, names: &mut Names) -> Row {
    Row {
        name: names.show(name),
        received: bytes(part.volume.down),
        sent: bytes(part.volume.up),
        seen: between(part.first_seen, part.last_seen, is_day),
    }
}

fn more(total: usize, shown: usize, what: &str) -> Option<String> {
    let rest = total.saturating_sub(shown);
    (rest > 0).then(|| format!("and {}", counted(rest as u64, &format!("more {what}"))))
}

/// When most bytes moved, of a process that was not busy all the time alike.
fn busiest(traces: &Traces, volumes: &[Volume], lists: &Lists<'_>, is_day: bool) -> Option<String> {
    let total = |volume: &Volume| u128::from(volume.up) + u128::from(volume.down);
    let (step, most) = (volumes.iter().enumerate()).max_by_key(|(_, volume)| total(volume))?;
    let busy = volumes.iter().filter(|volume| total(volume) > 0).count();
    if busy < 2 {
        return None;
    }
    let (start, end) = traces.seconds_of(step);
    let clock = |second| short_clock(Moment::new(second, &lists.report.zone), is_day);
    Some(format!(
        "{}–{}: {}",
        clock(start),
        clock(end),
        bytes(most.total())
    ))
}

fn between(first: Moment, last: Moment, is_day: bool) -> String {
    let (first, last) = (short_clock(first, is_day), short_clock(last, is_day));
    if first == last {
        return first;
    }
    format!("{first}–{last}")
}
