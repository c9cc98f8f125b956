//! Comparisons in words.

use crate::units::percent;
use crate::{Compared, Report};

/// How a ratio of change reads: `12.0 % more than`, `as much as`, `11.3 times as much as`.
pub(super) fn words(change: f64) -> String {
    if change.abs() < 0.005 {
        "about as much as".to_owned()
    } else if change >= 9.0 {
        format!("{:.1} times as much as", change + 1.0)
    } else if change > 0.0 {
        // A percentage here may pass 100, which shares never do.
        format!("{:.0} % more than", change * 100.0)
    } else if change > -0.995 {
        format!("{:.0} % less than", -change * 100.0)
    } else {
        format!("{} less than", percent(-change))
    }
}

/// A signed percentage for a column: `+12.0 %`, `−3.4 %`.
pub(super) fn signed(change: Option<f64>) -> String {
    match change {
        None => "–".to_owned(),
        Some(change) if change.abs() < 0.0005 => "±0 %".to_owned(),
        Some(change) if change >= 9.0 => format!("×{:.1}", change + 1.0),
        Some(change) if change > 0.0 => format!("+{:.1} %", change * 100.0),
        Some(change) => format!("−{}", percent(-change)),
    }
}

/// How the period stands to another, in words that say whether bytes or rates are compared.
pub(super) fn sentence(report: &Report, then: &Compared, what: &str) -> Option<String> {
    let days = u64::from(then.days.max(1));
    let then_a_day = then.observed_seconds / days;
    let now_a_day = report.coverage.observed_seconds / report_days(report);
    let alike = now_a_day.abs_diff(then_a_day) * 50 <= now_a_day.max(then_a_day);
    match (then.bytes_change, then.change) {
        (Some(change), _) if alike => Some(format!("{} {what}", words(change))),
        (_, Some(change)) => Some(format!("{} {what}, per second observed", words(change))),
        _ => None,
    }
}

/// Days of the report, rounded, since days have 23 to 25 hours.
pub(super) fn report_days(report: &Report) -> u64 {
    let span = &report.period;
    let seconds = span.end.as_second().abs_diff(span.start.as_second());
    ((seconds + 43_200) / 86_400).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_read_well() {
        assert_eq!(words(0.118), "12 % more than");
        assert_eq!(words(-0.118), "12 % less than");
        assert_eq!(words(0.001), "about as much as");
        assert_eq!(words(19.0), "20.0 times as much as");
        assert_eq!(signed(Some(-0.5)), "−50.0 %");
        assert_eq!(signed(None), "–");
    }
}
