//! Values that others computed, and histories that break nothing.

use super::*;
use crate::history::Hour;

/// A history of whole days with these bytes received; `None` was not observed.
fn days(values: &[Option<u64>]) -> History {
    let mut history = History {
        host: "web1".to_owned(),
        ..History::default()
    };
    let mut down = Vec::new();
    for (number, value) in (0..).zip(values) {
        for hour in 0..24u8 {
            history.hours.push(Hour {
                start: (i64::from(number) * 24 + i64::from(hour)) * 3600,
                observed: if value.is_some() { 3600 } else { 0 },
                day: number,
                weekday: (number % 7) as u8,
                hour,
            });
            down.push(value.map_or(0, |value| if hour == 12 { value } else { 0 }));
        }
    }
    history.series.push(Series {
        subject: Subject::Total,
        up: vec![0; down.len()],
        down,
    });
    history
}

fn judge(history: &History) -> TrendReport {
    let end = history.hours.last().map_or(0, |hour| hour.start + 3600);
    trend(history, end - 86_400..end, None, &Thresholds::default())
}

fn slope_of(values: &[u64]) -> Slope {
    let values: Vec<_> = values.iter().map(|value| Some(*value)).collect();
    let report = judge(&days(&values));
    let is_down = |line: &&TrendLine| line.direction == Direction::Down;
    report.lines.iter().find(is_down).unwrap().slope.unwrap()
}

#[test]
fn slope_and_test_with_ties_are_those_of_scipy_and_pymannkendall() {
    // pymannkendall 1.4.3 original_test: S = 46, Var(S) = 394, z = 2.26707; scipy.stats.theilslopes.
    let found = slope_of(&[23, 24, 29, 6, 29, 24, 24, 29, 23, 32, 19, 29, 35, 33, 35]);
    assert!((found.per_day - 0.833_333).abs() < 1e-5, "{found:?}");
    assert!((found.p - 0.023_386_118).abs() < 1e-7, "{found:?}");
    // Sen's interval: 0 to 1.5714; ranks between two slopes are rounded outwards.
    assert!((found.low - 0.0).abs() <= 1e-9, "{found:?}");
    assert!((1.571..1.7).contains(&found.high), "{found:?}");
    // S = 29, Var(S) = 120.333.
    let found = slope_of(&[10, 35, 35, 20, 50, 50, 50, 40, 75, 60]);
    assert!((found.per_day - 5.0).abs() < 1e-9, "{found:?}");
    assert!((found.p - 0.010_695_416).abs() < 1e-7, "{found:?}");
    assert!((0.0..=1.0).contains(&found.low), "{found:?}");
    assert!((8.125..10.0).contains(&found.high), "{found:?}");
}

#[test]
fn too_few_days_say_so() {
    let report = judge(&days(&[Some(5_000_000), None, Some(7_000_000)]));
    let because = report.silent_because.unwrap();
    assert_eq!(because, "not enough history: 2 days observed, 7 are needed");
    assert!(report.findings.is_empty());
    assert!(report.lines.iter().all(|line| line.slope.is_none()));
}

#[test]
fn growth_is_told_and_a_steady_week_is_not() {
    let grown: Vec<_> = (0..42u64)
        .map(|day| Some(100_000_000 + day * 5_000_000))
        .collect();
    let report = judge(&days(&grown));
    assert_eq!(report.findings.len(), 1, "{report:?}");
    let finding = &report.findings[0];
    assert_eq!(finding.kind, FindingKind::Trend);
    assert!((finding.observed.unwrap() - 5_000_000.0).abs() < 500_000.0);
    let week = [9u64, 9, 9, 9, 9, 1, 1];
    let steady: Vec<_> = (0..42)
        .map(|day| Some(week[day % 7] * 10_000_000))
        .collect();
    assert!(judge(&days(&steady)).findings.is_empty());
}

#[test]
fn a_tomorrow_of_the_same_growth_is_the_same_finding() {
    let id = |length: u64| {
        let grown: Vec<_> = (0..length)
            .map(|day| Some(100_000_000 + day * 5_000_000))
            .collect();
        judge(&days(&grown)).findings[0].id.clone()
    };
    assert_eq!(id(42), id(43));
}

#[test]
fn a_mover_is_compared_with_the_day_before_and_the_same_weekdays() {
    let mut history = days(&vec![Some(1_000); 29]);
    let mut down = vec![0; history.hours.len()];
    (0..27).for_each(|day| down[day * 24] = 1_000);
    (down[27 * 24], down[28 * 24]) = (2_000, 9_000);
    history.series.push(Series {
        subject: Subject::Process("rsync".to_owned()),
        up: vec![0; down.len()],
        down,
    });
    let report = judge(&history);
    let mover = &report.gained[0];
    assert_eq!(
        (mover.now, mover.before, mover.usual),
        (9_000.0, 2_000.0, Some(1_000.0))
    );
    assert!(report.lost.is_empty());
}

#[test]
fn a_month_goes_on_as_its_days_do() {
    // 14 of 28 days of 10 MB each have passed.
    let history = days(&[Some(10_000_000); 14]);
    let month = Month {
        start: 0,
        end: 28 * 86_400,
        days: (0..28).map(|day| (day, (day % 7) as u8)).collect(),
    };
    let now = 14 * 86_400;
    let report = trend(
        &history,
        now - 86_400..now,
        Some(&month),
        &Thresholds::default(),
    );
    let down = report.forecasts[1];
    assert_eq!(
        (down.so_far, down.total, down.linear),
        (140e6, 280e6, 280e6)
    );
    assert_eq!((down.low, down.high), (280e6, 280e6));
}
