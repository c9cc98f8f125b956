//! What an administrator has to look at, first things first.

use analysis::{FindingKind, Severity};
use files::Space;
use report::{Gap, Report};
use serde::Serialize;

use crate::silence::{FORGOTTEN, HostLastSeen};

/// Gaps, logs and lines that a problem names.
const MAX_NAMED: usize = 5;

/// The kind of what analyses found.
const FINDING: &str = "finding";

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// What kind it is: words joined by `_`, for templates and filters.
    #[serde(rename = "type")]
    pub code: &'static str,
    /// A sentence, made printable.
    pub message: String,
}

/// A log that could not be read, or not wholly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableLog {
    /// Where it is.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What a report does not know.
#[derive(Clone, Debug, Default)]
pub struct Circumstances {
    /// The last refresh of each host.
    pub last_seen: Vec<HostLastSeen>,
    /// The logs that this run could not read.
    pub unreadable: Vec<UnreadableLog>,
    /// Frames that two logs share which then went on differently.
    pub diverged_frames: u64,
    /// The disk of the history. `None` if the system does not say.
    pub disk: Option<Space>,
}

/// What has to be looked at, most urgent first, and how many there are of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Problems {
    /// The problems that are named; findings and logs beyond the first few share one entry each.
    pub(crate) list: Vec<Problem>,
    /// All findings of analyses that are new.
    pub(crate) findings: usize,
    /// Quotas that crossed a threshold.
    pub(crate) quotas: usize,
    /// Everything else: gaps, damage, a full disk.
    pub(crate) others: usize,
}

/// The problems of a report, most urgent first.
pub(crate) fn problems(report: &Report, circumstances: &Circumstances) -> Problems {
    let mut problems = Vec::new();
    let mut add = |code, message: String| {
        problems.push(Problem {
            code,
            message: display::printable(&message).into_owned(),
        });
    };
    if let Some(Space { free, all }) = circumstances.disk.filter(Space::is_nearly_full) {
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
    for silence in &circumstances.last_seen {
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
    for trouble in circumstances.unreadable.iter().take(MAX_NAMED) {
        add(
            "unreadable_log",
            format!("{}: {}", trouble.path, trouble.reason),
        );
    }
    let unnamed = circumstances.unreadable.len().saturating_sub(MAX_NAMED);
    if unnamed > 0 {
        let logs = display::counted(unnamed as u64, "more log", "more logs");
        add(
            "unreadable_log",
            format!("{logs} could not be read, or not wholly."),
        );
    }
    if let Some(message) = damage(report) {
        add("damaged_input", message);
    }
    if circumstances.diverged_frames > 0 {
        add(
            "counted_twice",
            format!(
                "{} refreshes are in two logs that then went on differently: they are counted \
                 twice.",
                circumstances.diverged_frames
            ),
        );
    }
    // What goes on was told before; what is merely worth knowing is in the report. Quotas are asked for.
    let is_problem = |one: &report::DatedFinding<'_>| {
        let finding = one.finding;
        !one.goes_on() && (finding.severity > Severity::Info || finding.kind == FindingKind::Quota)
    };
    let news: Vec<_> = report.found().filter(is_problem).collect();
    for found in news.iter().take(MAX_NAMED) {
        add(FINDING, found.sentence());
    }
    if news.len() > MAX_NAMED {
        let more = news.len() - MAX_NAMED;
        add(FINDING, format!("{more} more findings are in the report."));
    }
    let quotas = news
        .iter()
        .filter(|found| found.finding.kind == FindingKind::Quota)
        .count();
    let others = problems.iter().filter(|one| one.code != FINDING).count();
    // One entry stands for all logs that are not named.
    let others = others + unnamed.saturating_sub(1);
    Problems {
        list: problems,
        findings: news.len() - quotas,
        quotas,
        others,
    }
}

/// The host's log stopped within the period and has not gone on since.
fn ended(report: &Report, circumstances: &Circumstances) -> Option<String> {
    let last_gap = report.coverage.gaps.last()?;
    let seen = circumstances
        .last_seen
        .iter()
        .find(|seen| seen.host == report.host)?;
    let is_last = last_gap.end == report.period.end && seen.last_seen < last_gap.end.as_second();
    (is_last && report.coverage.observed_seconds > 0).then(|| {
        format!(
            "The log stopped at {}, and nothing came after it: is bandwhich still running?",
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

#[cfg(test)]
mod tests;
