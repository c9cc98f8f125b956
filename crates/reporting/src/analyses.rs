//! Trend, anomalies and patterns of a host's stored history.

use std::ops::Range;

use analysis::{History, Month, anomalies, billing_month, patterns, talks_needed, trend};
use display::Moment;
use jiff::civil::Date;
use report::{AnalysisResult, HostAnalysis};
use settings::Settings;
use store::Store;
use traffic::Period;

use crate::build::Reporter;
use crate::error::Result;
use crate::explain::explain;
use crate::findings::once_each;
use crate::history::{self, HistoryRequest};
use crate::mutes;
use crate::talks;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnalysisKind {
    /// The direction of volumes, who moves more or less, what the month will come to.
    Trend,
    /// What is unusual, and who is new or silent.
    Anomaly,
    /// What recurs: beacons, the shape of the week, transfers.
    Patterns,
}

/// What is judged if no days are asked for: up to the last day of the past that holds anything. `last_seen`
/// and `now` are seconds since 1970.
pub fn usual_period(kind: AnalysisKind, last_seen: i64, settings: &Settings, now: i64) -> Period {
    let yesterday = settings.today(now).yesterday().unwrap_or(Date::MIN);
    // A log that ends some seconds after midnight tells of the day before.
    let seen = Moment::new(last_seen.saturating_sub(3600), &settings.time_zone);
    let seen = seen.civil().date();
    let last = seen.min(yesterday);
    let days: i32 = match kind {
        AnalysisKind::Trend => 28,
        AnalysisKind::Anomaly => 1,
        AnalysisKind::Patterns => 7,
    };
    let first = last.checked_sub(jiff::ToSpan::days(days - 1));
    Period {
        first: first.unwrap_or(last),
        last,
    }
}

impl Reporter<'_> {
    /// Judges a period of a host.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn judge(
        &mut self,
        store: &Store,
        host: &str,
        kind: AnalysisKind,
        period: Period,
    ) -> Result<HostAnalysis> {
        let (settings, now) = (self.settings, self.now);
        let zone = &settings.time_zone;
        let thresholds = &settings.analysis.thresholds;
        let asked = period.seconds(zone);
        let judged = asked.start..asked.end.min(now).max(asked.start);
        let last = Moment::new(judged.end.saturating_sub(1), zone)
            .civil()
            .date();
        let month_begins = i8::try_from(thresholds.month_begins).unwrap_or(1);
        let month = month(billing_month(month_begins, last), settings);
        let wanted = HistoryRequest {
            host,
            judged: judged.clone(),
            zone,
            loopback: settings.input.includes_loopback(),
            resolution: settings.input.resolution_seconds(),
            month: month.start,
        };
        let mut history = if judged.is_empty() {
            History {
                host: host.to_owned(),
                ..History::default()
            }
        } else {
            history::read(store, &wanted)?
        };
        let mut told = match kind {
            AnalysisKind::Trend => {
                AnalysisResult::Trend(trend(&history, judged.clone(), Some(&month), thresholds))
            }
            AnalysisKind::Anomaly => {
                self.host_counts.add(store, &wanted, &mut history)?;
                let mut found = anomalies(&history, judged.clone(), thresholds);
                found.findings = once_each(found.findings);
                explain(&mut found.findings, store, &wanted)?;
                (found.findings).sort_by(|one, other| one.order().cmp(&other.order()));
                AnalysisResult::Anomaly(found)
            }
            AnalysisKind::Patterns => {
                if !judged.is_empty() {
                    history.talks = talks::read(store, &wanted, talks_needed(&judged))?;
                }
                AnalysisResult::Patterns(patterns(&history, judged.clone(), thresholds))
            }
        };
        let muted = mutes::remove_muted(told.findings_mut(), &mutes::in_force(settings), settings);
        Ok(HostAnalysis::new(host, &asked, zone, told, muted))
    }
}

/// A billing month as forecasts take it.
fn month(period: Period, settings: &Settings) -> Month {
    let seconds: Range<i64> = period.seconds(&settings.time_zone);
    Month {
        start: seconds.start,
        end: seconds.end,
        days: period.days().map(history::number_and_weekday).collect(),
    }
}
