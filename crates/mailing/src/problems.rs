//! What an administrator has to look at, first things first.

use analysis::FindingKind;
use files::Space;
use report::{DatedFinding, Gap, Report};
use serde::Serialize;

use crate::silence::{FORGOTTEN, HostLastSeen};

/// Gaps, logs and lines that a problem names.
const MAX_NAMED: usize = 5;

/// The kind of what analyses found.
const FINDING: &str = "finding";
const ONGOING: &str = "ongoing";
const ENDED: &str = "ended";
const QUOTA: &str = "quota";

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// What kind it is: words joined by `_`, for templates and filters.
    #[serde(rename = "type")]
    pub code: &'static str,
    /// A sentence, made printable.
    pub message: String,
}

impl Problem {
    /// Whether it is about the recording, and not about what was recorded.
    pub(crate) fn is_of_recording(&self) -> bool {
        !matches!(self.code, FINDING | ONGOING | ENDED | QUOTA)
    }
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
    /// What is named: findings first, then quotas, then problems of the recording. Logs beyond the first few
    /// share one entry.
    pub(crate) list: Vec<Problem>,
    /// Warnings of analyses that are new.
    pub(crate) findings: usize,
    /// Warnings that go on.
    pub(crate) ongoing: usize,
    /// Quotas that crossed a threshold.
    pub(crate) quotas: usize,
    /// Everything else: gaps, damage, a full disk.
    pub(crate) others: usize,
}

impl Problems {
    /// How many there are of each kind that there is: `1 new warning`, `2 problems`.
    pub(crate) fn counted(&self) -> impl Iterator<Item = String> {
        let kinds = [
            (self.findings, "new warning", "new warnings"),
            (self.ongoing, "ongoing", "ongoing"),
            (self.quotas, "quota", "quotas"),
            (self.others, "problem", "problems"),
        ];
        let there = kinds.into_iter().filter(|(count, ..)| *count > 0);
        there.map(|(count, one, many)| display::counted(count as u64, one, many))
    }
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
    // One entry stands for all logs that are not named.
    let others = problems.len() + unnamed.saturating_sub(1);
    let told = Findings::of(report);
    let mut list = told.list();
    list.append(&mut problems);
    Problems {
        list,
        findings: told.new.len(),
        ongoing: told.ongoing.len(),
        quotas: told.quotas.len(),
        others,
    }
}

/// The findings that a letter names one by one, each kind in order. None is left out for want of room: what is
/// a warning is told.
pub(crate) struct Findings<'a> {
    /// Warnings that are new.
    pub(crate) new: Vec<DatedFinding<'a>>,
    /// Warnings that go on.
    pub(crate) ongoing: Vec<DatedFinding<'a>>,
    /// What went on the day before and is no more.
    pub(crate) ended: Vec<DatedFinding<'a>>,
    /// Quotas that crossed a threshold.
    pub(crate) quotas: Vec<DatedFinding<'a>>,
}

impl<'a> Findings<'a> {
    pub(crate) fn of(report: &'a Report) -> Self {
        let mut found = Self {
            new: Vec::new(),
            ongoing: Vec::new(),
            ended: Vec::new(),
            quotas: Vec::new(),
        };
        for one in report.found() {
            if one.finding.kind == FindingKind::Quota {
                found.quotas.push(one);
            } else if one.has_ended() {
                found.ended.push(one);
            } else if one.finding.is_warning() {
                let is_ongoing = one.goes_on();
                let list = if is_ongoing {
                    &mut found.ongoing
                } else {
                    &mut found.new
                };
                list.push(one);
            }
        }
        found
    }

    fn list(&self) -> Vec<Problem> {
        let all = [
            (FINDING, &self.new),
            (ONGOING, &self.ongoing),
            (ENDED, &self.ended),
            (QUOTA, &self.quotas),
        ];
        let all = all
            .into_iter()
            .flat_map(|(code, found)| found.iter().map(move |one| (code, one)));
        all.map(|(code, one)| Problem {
            code,
            message: display::printable(&one.sentence()).into_owned(),
        })
        .collect()
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
