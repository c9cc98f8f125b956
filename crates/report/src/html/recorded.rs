//! What was recorded of the period and what was not, and how to read the numbers.

use serde::Serialize;

use super::names::{Name, Names};
use super::quantities::{bytes, clock, count, duration, percent};
use crate::Report;

/// Gaps that a page lists; the JSON has more.
const MOST_GAPS: usize = 50;
/// Gaps that are shown unfolded.
const FEW_GAPS: usize = 5;
/// Notes that a page shows.
const MOST_NOTES: usize = 40;
/// Columns of a note.
const NOTE: usize = 400;

/// What was recorded.
#[derive(Serialize)]
pub(super) struct Recorded {
    observed: String,
    expected: String,
    ratio: String,
    gaps: Vec<Gap>,
    gaps_total: u64,
    gaps_folded: bool,
    notes: Vec<String>,
    facts: Vec<(&'static str, String)>,
    damaged: Vec<Damaged>,
    damaged_total: u64,
}

#[derive(Serialize)]
struct Gap {
    start: String,
    end: String,
    length: String,
}

#[derive(Serialize)]
struct Damaged {
    file: Name,
    line: u64,
    reason: Name,
}

impl Recorded {
    pub(super) fn new(report: &Report, is_day: bool, names: &mut Names) -> Self {
        let coverage = &report.coverage;
        let gaps: Vec<Gap> = (coverage.gaps.iter().take(MOST_GAPS))
            .map(|gap| Gap {
                start: clock(gap.start, is_day),
                end: if is_day && gap.end == report.period.end {
                    "24:00:00".to_owned()
                } else {
                    clock(gap.end, is_day)
                },
                length: duration(gap.end.as_second().abs_diff(gap.start.as_second())),
            })
            .collect();
        Recorded {
            observed: duration(coverage.observed_seconds),
            expected: duration(coverage.expected_seconds),
            ratio: percent(coverage.ratio),
            gaps_total: coverage.gaps_total,
            gaps_folded: gaps.len() > FEW_GAPS,
            gaps,
            notes: notes(report),
            facts: facts(report),
            damaged: damaged(report, names),
            damaged_total: report.input.damaged_lines,
        }
    }
}

fn notes(report: &Report) -> Vec<String> {
    let notes = report.notes.iter().take(MOST_NOTES);
    notes
        .map(|note| {
            let text = display::cut(&note.message, NOTE, "…");
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

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let input = &report.input;
    let mut facts = vec![
        (
            "Owner known, of the bytes",
            percent(report.attributed_ratio),
        ),
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
