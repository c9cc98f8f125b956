//! What the store knows of the logs, in the words of a report.

use std::collections::BTreeMap;

use display::Moment;
use jiff::tz::TimeZone;
use report::{DamagedSample, InputFacts, Note, Past};
use store::Store;
use traffic::UtcDay;

use crate::error::Result;

/// Seconds before a period that its page looks back: four weeks.
const LOOK_BACK: i64 = 28 * UtcDay::SECONDS;

/// The input of a report: what was read, and what the logs cannot tell.
pub(crate) fn input_facts(facts: &store::InputFacts, zone: &TimeZone) -> InputFacts {
    InputFacts {
        files: facts.logs,
        bytes: facts.bytes,
        lines: facts.lines,
        frames: facts.frames,
        idle_frames: facts.idle_frames,
        runs: facts.runs,
        damaged_lines: facts.damaged_lines,
        disagreement_bytes: facts.disagreement,
        damaged_samples: facts
            .damaged
            .iter()
            .map(|(file, line)| DamagedSample {
                file: file.clone(),
                line: line.line,
                reason: line.reason.clone(),
            })
            .collect(),
        notes: notes(facts, zone),
    }
}

/// What the weeks before a period held, which begins at `until`.
///
/// # Errors
/// If the store cannot be read.
pub(crate) fn past(store: &Store, host: &str, until: i64, loopback: bool) -> Result<Past> {
    let mut past = Past {
        start: until.saturating_sub(LOOK_BACK),
        ..Past::default()
    };
    for (day, digest) in store.digests(host, past.start..until, loopback)? {
        let seen = |names: BTreeMap<String, store::Seen>| {
            names
                .into_iter()
                .filter(|(_, seen)| seen.since(day) < until)
                .map(|(name, _)| name)
        };
        past.stretches.extend(
            (digest.five_minutes.iter())
                .map(|(number, held)| {
                    let start = day + i64::from(*number) * 300;
                    (start, held.volume.total(), held.observed)
                })
                .filter(|(second, ..)| (past.start..until).contains(second)),
        );
        past.names_cut |= digest.names_cut;
        past.processes.extend(seen(digest.processes));
        past.remotes.extend(seen(digest.remotes));
    }
    Ok(past)
}

fn notes(facts: &store::InputFacts, zone: &TimeZone) -> Vec<Note> {
    let mut notes = Vec::new();
    if let (Some(first), Some(last)) = (facts.dropped_days.first(), facts.dropped_days.last()) {
        notes.push(Note::new(
            "days_dropped",
            format!(
                "Days (UTC) of this period that the store no longer holds, because of their age: {}, from \
                 {} to {}",
                facts.dropped_days.len(),
                UtcDay::from_number(*first),
                UtcDay::from_number(*last)
            ),
        ));
    }
    if facts.doubled.total() > 0 {
        notes.push(Note::new(
            "counted_twice",
            format!(
                "{} of the total belong to connections that are also seen from their other end, \
                 as with a bridge, a VPN or a tunnel: these bytes are counted twice",
                display::bytes(facts.doubled.total())
            ),
        ));
    }
    if facts.turned.total() > 0 {
        notes.push(Note::new(
            "turned",
            format!(
                "{} that bandwhich listed as received from an own address of this machine were sent, and \
                 are counted so: the address came after bandwhich had started, or is a container's",
                display::bytes(facts.turned.total())
            ),
        ));
    }
    for log in &facts.crowded_logs {
        notes.push(Note::new(
            "several_writers",
            format!("{log}: more than one frame a second: several bandwhich write to this log"),
        ));
    }
    if facts.unframed_runs > 0 {
        notes.push(Note::new(
            "old_format",
            "Some logs are of bandwhich 0.16.0 or older, which prints nothing while idle: seconds \
             without traffic are inferred, and the first and last five seconds of a run are inexact",
        ));
    }
    if facts.cumulative_runs > 0 {
        notes.push(Note::new(
            "running_sums",
            "Some logs hold running sums (--total-utilization), whose differences are counted",
        ));
    }
    let mut steps = facts
        .clock_steps
        .iter()
        .filter(|(_, step)| *step < -1 || *step > 3600);
    if let Some(&(time, step)) = steps.next() {
        let more = match steps.count() {
            0 => String::new(),
            more => format!(", and {more} times more"),
        };
        let way = if step < 0 { "back" } else { "ahead" };
        notes.push(Note::new(
            "clock_step",
            format!(
                "The clock jumped {way} by {} at {}{more}; volumes are counted by frames, only \
                 their times are moved",
                display::duration(step.unsigned_abs()),
                Moment::new(time, zone)
            ),
        ));
    }
    if facts.cut_frames > 0 {
        notes.push(Note::new(
            "cut_frames",
            format!(
                "Frames cut off when bandwhich ended: {}; their seconds are lost",
                facts.cut_frames
            ),
        ));
    }
    if facts.undated_frames > 0 {
        notes.push(Note::new(
            "undated_frames",
            format!(
                "{} frames have an impossible time and are left out; they claim {}",
                facts.undated_frames,
                display::bytes(facts.undated_bytes)
            ),
        ));
    }
    notes
}

#[cfg(test)]
mod tests;
