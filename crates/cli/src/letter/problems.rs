//! What an administrator has to look at, first things first.

use analysis::{FindingKind, Severity};
use display::Moment;
use report::{Gap, Report};
use serde::Serialize;
use traffic::UtcDay;

use crate::pipeline::IngestSummary;
use crate::terminal::World;
use settings::Settings;

/// Gaps, logs and lines that a problem names.
const MAX_NAMED: usize = 5;
/// Free bytes below which any disk is nearly full, and below which one that is 95 % full is.
const LITTLE: u64 = 1_000_000_000;
const SOME: u64 = 20_000_000_000;
/// Hosts that have been silent for longer were retired, or their logs are history.
const FORGOTTEN: i64 = 8 * UtcDay::SECONDS;

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    /// What kind it is: words joined by `_`, for templates and filters.
    #[serde(rename = "type")]
    pub code: &'static str,
    /// A sentence, made printable.
    pub message: String,
}

/// A host whose logs stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The host.
    pub host: String,
    /// Its last refresh, in seconds since 1970.
    pub last_seen: i64,
}

/// What a report does not know.
#[derive(Clone, Debug)]
pub struct Circumstances<'a> {
    /// The last refresh of each host, in seconds since 1970.
    pub last_seen: &'a [Silence],
    /// What this run read.
    pub ingest: &'a IngestSummary,
    /// Free and all bytes of the disk of the history. `None` where the system does not tell.
    pub disk: Option<(u64, u64)>,
}

/// The problems of a report, most urgent first.
pub(super) fn problems(report: &Report, circumstances: &Circumstances<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |code, message: String| {
        problems.push(Problem {
            code,
            message: display::printable(&message).into_owned(),
        });
    };
    if let Some((free, all)) = circumstances
        .disk
        .filter(|(free, all)| is_nearly_full(*free, *all))
    {
        add(
            "disk_nearly_full",
            format!(
                "The disk of the history is nearly full: {} of {} are free.",
                display::bytes(free),
                display::bytes(all)
            ),
        );
    }
    let ended = ended(report, circumstances);
    if let Some(message) = &ended {
        add("silent_log", message.clone());
    }
    for silence in circumstances.last_seen {
        let start = report.period.start.as_second();
        if silence.host != report.host
            && silence.last_seen < start
            && silence.last_seen > start - FORGOTTEN
        {
            let since = report.period.start.civil();
            let since = since.strftime("%Y-%m-%d");
            add(
                "silent_host",
                format!("{}: nothing was logged on or after {since}.", silence.host),
            );
        }
    }
    if let Some(message) = gaps(report, ended.is_some()) {
        add("gap", message);
    }
    for trouble in circumstances.ingest.unreadable.iter().take(MAX_NAMED) {
        add(
            "unreadable_log",
            format!("{}: {}", trouble.path, trouble.reason),
        );
    }
    if let Some(message) = damage(report) {
        add("damaged_input", message);
    }
    if circumstances.ingest.diverged_frames > 0 {
        add(
            "counted_twice",
            format!(
                "{} refreshes are in two logs that then went on differently: they are counted \
                 twice.",
                circumstances.ingest.diverged_frames
            ),
        );
    }
    // What goes on was told before; what is merely worth knowing is in the report. Quotas are asked for.
    let is_problem = |one: &report::Found<'_>| {
        let finding = one.finding;
        !one.goes_on() && (finding.severity > Severity::Info || finding.kind == FindingKind::Quota)
    };
    let news: Vec<_> = report.found().filter(is_problem).collect();
    for found in news.iter().take(MAX_NAMED) {
        add("finding", found.sentence());
    }
    if news.len() > MAX_NAMED {
        let more = news.len() - MAX_NAMED;
        add(
            "finding",
            format!("{more} more findings are in the report."),
        );
    }
    problems
}

/// The host's log stopped within the period and has not gone on since.
fn ended(report: &Report, circumstances: &Circumstances<'_>) -> Option<String> {
    let last_gap = report.coverage.gaps.last()?;
    let seen = circumstances
        .last_seen
        .iter()
        .find(|seen| seen.host == report.host)?;
    let is_last = last_gap.end == report.period.end && seen.last_seen < last_gap.end.as_second();
    (is_last && report.coverage.observed_seconds > 0).then(|| {
        format!(
            "The log stopped at {}, and nothing came after it: does bandwhich still run?",
            last_gap.start.civil().strftime("%H:%M:%S on %Y-%m-%d")
        )
    })
}

fn gaps(report: &Report, has_ended: bool) -> Option<String> {
    let coverage = &report.coverage;
    let gaps = &coverage.gaps[..coverage.gaps.len() - usize::from(has_ended)];
    if gaps.is_empty() {
        return None;
    }
    let one_day = coverage.expected_seconds <= 25 * 3600;
    let shown = |gap: &Gap| {
        let format = if one_day { "%H:%M" } else { "%Y-%m-%d %H:%M" };
        let (start, end) = (gap.start.civil(), gap.end.civil());
        let end = match (one_day, gap.end == report.period.end) {
            (true, true) => "24:00".to_owned(),
            _ => end.strftime(format).to_string(),
        };
        format!("{}–{end}", start.strftime(format))
    };
    let mut named: Vec<String> = gaps.iter().take(MAX_NAMED).map(shown).collect();
    let count = coverage.gaps_total - u64::from(has_ended);
    if count > named.len() as u64 {
        named.push(format!("and {} more", count - named.len() as u64));
    }
    let seconds: i64 = gaps
        .iter()
        .map(|gap| gap.end.as_second() - gap.start.as_second())
        .sum();
    Some(format!(
        "Nothing was observed for {} in {count} {}: {}.",
        display::duration(seconds.unsigned_abs()),
        if count == 1 { "gap" } else { "gaps" },
        named.join(", ")
    ))
}

fn damage(report: &Report) -> Option<String> {
    let input = &report.input;
    if input.damaged_lines == 0 {
        return None;
    }
    let sample = match input.damaged_samples.first() {
        Some(sample) => format!(
            ", the first in {} line {}: {}",
            sample.file, sample.line, sample.reason
        ),
        None => String::new(),
    };
    Some(format!(
        "{} of {} lines are damaged and not counted{sample}.",
        input.damaged_lines, input.lines
    ))
}

pub(crate) fn is_nearly_full(free: u64, all: u64) -> bool {
    free < LITTLE || (free < SOME && free < all / 20)
}

/// The hosts among these that logged nothing on the whole of yesterday or later, and did before.
pub fn silent<'a>(
    last_seen: &'a [Silence],
    settings: &Settings,
    world: &World,
) -> impl Iterator<Item = (&'a Silence, String)> {
    let zone = settings.time_zone.clone();
    let yesterday = world.today(settings).yesterday().map_or(i64::MIN, |day| {
        traffic::Period::day(day).seconds(&zone).start
    });
    last_seen
        .iter()
        .filter(move |seen| seen.last_seen < yesterday && seen.last_seen > yesterday - FORGOTTEN)
        .map(move |seen| (seen, Moment::new(seen.last_seen, &zone).minute()))
}

#[cfg(test)]
mod tests {
    use super::is_nearly_full;

    #[test]
    fn a_disk_is_nearly_full_by_its_size_and_by_what_is_left() {
        const GB: u64 = 1_000_000_000;
        for (free, all, full) in [
            (GB / 2, 8 * GB, true),
            (2 * GB, 8 * GB, false),
            (4 * GB, 100 * GB, true),
            (6 * GB, 100 * GB, false),
            (100 * GB, 10_000 * GB, false),
        ] {
            assert_eq!(is_nearly_full(free, all), full, "{free} of {all}");
        }
    }
}
