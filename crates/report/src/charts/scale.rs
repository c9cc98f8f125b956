//! Round numbers and times along an axis.

use display::Moment;
use jiff::civil::DateTime;
use traffic::UtcDay;

use crate::Report;

/// Lines of a rate axis: 0 and at most `most` + 1 multiples of a round number up to `top`.
pub(super) fn rates(top: u64, most: u64) -> Vec<u64> {
    let rough = (top / most.max(1)).max(1);
    let magnitude = 10u64.pow(rough.ilog10());
    let step = [1, 2, 5, 10]
        .into_iter()
        .map(|factor| magnitude.saturating_mul(factor))
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    (0..=top / step).map(|line| line * step).collect()
}

/// A mark on the axis of time.
pub(super) struct Tick {
    /// Seconds since 1970.
    pub(super) at: i64,
    pub(super) label: String,
}

/// About `most` marks along the report's period: full hours, or days where its timeline is in days.
pub(super) fn times(report: &Report, most: usize) -> Vec<Tick> {
    let starts = starts(report);
    let most = most.max(1);
    if is_in_days(report) {
        let every = starts.len().div_ceil(most).max(1);
        let label = |at: DateTime| at.strftime("%-d %b").to_string();
        return starts
            .iter()
            .step_by(every)
            .map(|moment| tick(*moment, label(moment.civil())))
            .collect();
    }
    let every = [1, 2, 3, 4, 6, 12, 24]
        .into_iter()
        .find(|every| starts.len() / every <= most)
        .unwrap_or(24);
    let mut ticks: Vec<Tick> = starts
        .into_iter()
        .map(|moment| (moment, moment.civil()))
        .filter(|(_, at)| at.minute() == 0 && usize::from(at.hour().unsigned_abs()) % every == 0)
        .map(|(moment, at)| tick(moment, at.strftime("%H:%M").to_string()))
        .collect();
    ticks.push(tick(report.period.end, "24:00".to_owned()));
    ticks
}

fn tick(moment: Moment, label: String) -> Tick {
    Tick {
        at: moment.as_second(),
        label,
    }
}

fn is_in_days(report: &Report) -> bool {
    let span = &report.period;
    span.end.as_second().saturating_sub(span.start.as_second()) > 50 * 3600
}

/// Hours or days of the period. Those that its timeline has not reached yet follow at equal
/// distances on the clocks of the period's end.
fn starts(report: &Report) -> Vec<Moment> {
    let mut starts: Vec<Moment> = report.timeline.iter().map(|entry| entry.start).collect();
    let step = if is_in_days(report) {
        UtcDay::SECONDS
    } else {
        3600
    };
    let end = report.period.end;
    let reached = starts
        .last()
        .map_or(report.period.start.as_second(), |last| {
            last.as_second().saturating_add(step)
        });
    let ahead = (end.as_second().saturating_sub(reached) + step - 1) / step;
    starts.extend((0..ahead).rev().map(|back| end.earlier((back + 1) * step)));
    starts
}

#[cfg(test)]
mod tests {
    use super::rates;

    #[test]
    fn rate_lines_are_round_and_few() {
        assert_eq!(rates(0, 4), [0]);
        assert_eq!(rates(3, 4), [0, 1, 2, 3]);
        assert_eq!(rates(999, 4), [0, 500]);
        assert_eq!(rates(1_234_567, 4), [0, 500_000, 1_000_000]);
        for top in [1, 17, 1_000_000_007, u64::MAX] {
            let lines = rates(top, 4);
            assert!((1..=6).contains(&lines.len()), "{top}: {lines:?}");
        }
    }
}
