//! Judges a day by the weeks before it: every hour sends a million bytes, and one night a process sends
//! two thousand times as much.

#![expect(clippy::print_stdout, reason = "an example shows what it makes")]

use analysis::{AnomalyReport, History, Hour, Series, Subject, Thresholds, anomalies};

const HOUR: i64 = 3_600;
const DAYS: i64 = 21;
/// Monday, 2026-11-02 in UTC.
const START: i64 = 1_793_577_600;

fn main() {
    for finding in judge_last_day().findings {
        println!("{:?}: {}", finding.severity, finding.message);
    }
}

/// What is unusual on the last of three weeks.
pub(crate) fn judge_last_day() -> AnomalyReport {
    let hours: Vec<Hour> = (0..DAYS * 24).map(hour).collect();
    let incident = usize::try_from((DAYS - 1) * 24 + 2).unwrap_or_default();
    let mut sent = vec![1_000_000; hours.len()];
    sent[incident] = 2_000_000_000;
    let mut by_rsync = vec![0; hours.len()];
    by_rsync[incident] = 1_999_000_000;
    let series = |subject, up: Vec<u64>| Series {
        subject,
        down: vec![0; up.len()],
        up,
    };
    let history = History {
        host: "web1".to_owned(),
        since: Some(START),
        series: vec![
            series(Subject::Total, sent),
            series(Subject::Process("rsync".to_owned()), by_rsync),
        ],
        hours,
        ..History::default()
    };
    let end = START + DAYS * 24 * HOUR;
    anomalies(&history, end - 24 * HOUR..end, &Thresholds::default())
}

fn hour(number: i64) -> Hour {
    let day = i32::try_from((START + number * HOUR) / 86_400).unwrap_or_default();
    Hour {
        start: START + number * HOUR,
        observed: 3_600,
        day,
        weekday: u8::try_from(number / 24 % 7).unwrap_or_default(),
        hour: u8::try_from(number % 24).unwrap_or_default(),
    }
}
