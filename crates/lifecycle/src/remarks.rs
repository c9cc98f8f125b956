//! What is said of a log that was read: damage, impossible times, a name that contradicts its times.

use display::Moment;
use files::FoundLog;
use settings::Settings;
use store::{FoldedLog, IngestReport, Outcome};
use tracing::{debug, info, warn};
use traffic::UtcDay;

use crate::summary::{IngestSummary, Unreadable};

/// Whether no line of it is bandwhich's, and there are lines.
pub(crate) fn is_no_log(folded: &FoldedLog) -> bool {
    let log = &folded.summary;
    log.frames == 0
        && log.undated_frames == 0
        && (log.damaged_lines > 0 || (log.accounting.unfinished > 0 && !log.has_begun))
}

/// Says what is wrong with a log. Gives it back, so that the catalogue remembers.
pub(crate) fn note_folded(
    folded: &FoldedLog,
    settings: &Settings,
    now: i64,
    summary: &mut IngestSummary,
) -> Option<String> {
    let (name, log) = (&folded.name, &folded.summary);
    summary.damaged_lines += log.damaged_lines;
    let mut damage = None;
    if let Some(failure) = &folded.failure {
        damage = Some(format!(
            "could be read only up to byte {}: {failure}",
            folded.extent.bytes
        ));
    } else if is_no_log(folded) {
        damage = Some(match log.prefixed_lines {
            0 => "not a bandwhich log: no line in it is what `bandwhich --raw` prints".to_owned(),
            _ => "each line has a prefix; hint: `journalctl --output=cat` writes them without"
                .to_owned(),
        });
    }
    if let Some(damage) = &damage {
        summary.unreadable(name, damage);
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share needs no more than 53 bits"
    )]
    let share = log.damaged_lines as f64 / folded.extent.lines.max(1) as f64;
    if log.damaged_lines > 0 && damage.is_none() {
        let first = &log.damaged[0];
        let text = format!(
            "{} of {} lines are damaged, the first at line {}: {}",
            log.damaged_lines, folded.extent.lines, first.line, first.reason
        );
        if share > settings.input.damaged_lines_threshold {
            warn!("{name}: {text}");
            let reason = text.clone();
            summary.damaged.push(Unreadable {
                path: name.clone(),
                reason,
            });
            damage = Some(text);
        } else {
            info!("{name}: {text}");
        }
    }
    if log.undated_frames > 0 {
        warn!(
            "{name}: {} frames have an impossible time and are left out",
            log.undated_frames
        );
    }
    if log.timeless_frames > 0 {
        info!(
            "{name}: {} idle frames without any time; when they were is unknown",
            log.timeless_frames
        );
    }
    for (time, step) in folded.clock_steps() {
        if !(-1..UtcDay::SECONDS).contains(&step) {
            let way = if step < 0 { "back" } else { "ahead" };
            warn!(
                "{name}: the clock jumped {way} by {} s to {}",
                step.unsigned_abs(),
                Moment::new(time, &settings.time_zone)
            );
        }
    }
    if folded
        .span()
        .is_some_and(|(_, last)| last > now + UtcDay::SECONDS)
    {
        warn!("{name}: holds frames from the future; is the clock right?");
    }
    damage
}

/// Says where a log's name claims another day than its times.
pub(crate) fn note_name(log: &FoundLog, folded: &FoldedLog, settings: &Settings) {
    let (Some(name), Some((first, last))) = (log.name_date, folded.span()) else {
        return;
    };
    let claimed = jiff::civil::date(name.year, name.month, name.day)
        .at(name.hour, name.minute, 0, 0)
        .to_zoned(settings.time_zone.clone())
        .map(|claimed| claimed.timestamp().as_second());
    if let Ok(claimed) = claimed
        && !(first - UtcDay::SECONDS..=last + UtcDay::SECONDS).contains(&claimed)
    {
        info!(
            "{}: its name says another day than its times; the times decide",
            folded.name
        );
    }
}

pub(crate) fn note_report(report: &IngestReport, summary: &mut IngestSummary) {
    summary.bytes_read += report.bytes;
    summary.lines += report.lines;
    summary.known_bytes += report.known_bytes;
    summary.accounting.add(&report.accounting);
    let word = match report.outcome {
        Outcome::New => {
            summary.new += 1;
            "new"
        }
        Outcome::Grown => {
            summary.new += 1;
            "partly new"
        }
        Outcome::Known => {
            summary.known += 1;
            "known already"
        }
        Outcome::Empty => {
            summary.empty += 1;
            "nothing to count"
        }
    };
    debug!(
        "{}: {word}, {} bytes, {} runs",
        report.name, report.bytes, report.new_runs
    );
    summary.diverged_frames += report.diverged_frames as u64;
    if report.diverged_frames > 0 {
        warn!(
            "{}: shares {} frames with a log that went on differently; they are counted twice",
            report.name, report.diverged_frames
        );
    }
}

#[cfg(test)]
mod tests;
