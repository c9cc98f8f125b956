//! Quotas in words, and the findings that tell of thresholds.

use analysis::{
    Direction, Finding, FindingId, FindingKind, Per, QuotaScope, QuotaState, Severity, Subject,
};
use display::{bytes, percent};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};
use traffic::Period;

use crate::Report;

/// Coverage below which it is told.
const WELL_COVERED: f64 = 0.99;
/// Days of history below which a projection says how few they are.
const FEW_DAYS: u32 = 7;

impl Report {
    /// Adds the quotas, and a finding for each that crossed a threshold within the period.
    pub fn set_quotas(&mut self, quotas: Vec<QuotaState>, zone: &TimeZone) {
        let news = quotas.iter().filter_map(|state| self.finding(state, zone));
        let news: Vec<Finding> = news.collect();
        self.findings.splice(0..0, news);
        self.quotas = quotas;
    }

    fn finding(&self, state: &QuotaState, zone: &TimeZone) -> Option<Finding> {
        let crossing = state.news()?;
        let seconds = Period::day(crossing.day).seconds(zone);
        let subject = match &state.scope {
            QuotaScope::Process(name) => Subject::Process(name.clone()),
            QuotaScope::Total | QuotaScope::Host(_) => Subject::Total,
        };
        let named = format!(
            "quota\0{}\0{}\0{}",
            state.name, state.first_day, crossing.percent
        );
        let hash = Sha256::digest(named);
        let id = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let [used, rest] = quota_lines(state);
        let summary = format!(
            "Quota {}: past {} % since {}",
            state.name,
            crossing.percent,
            short(crossing.day)
        );
        let detail = format!("{used}, {rest}");
        Some(Finding {
            id: FindingId(id),
            kind: FindingKind::Quota,
            severity: match crossing.percent {
                100.. => Severity::Critical,
                75.. => Severity::Warning,
                _ => Severity::Info,
            },
            host: self.host.clone(),
            subject,
            direction: state.direction,
            start: seconds.start,
            end: seconds.end,
            method: "share of a quota".to_owned(),
            observed: Some(state.used_bytes as f64),
            expected: None,
            unit: "bytes".to_owned(),
            excess_bytes: None,
            history_days: state
                .projection
                .map_or(0, |projection| projection.history_days),
            contributors: Vec::new(),
            message: format!("{summary}; {detail}."),
            summary,
            detail,
            culprit: None,
            since: None,
            reasons: Vec::new(),
            state: None,
        })
    }
}

/// A quota in two parts of a sentence: how much is used, and how it goes on. The names in them are
/// not made printable.
pub fn quota_lines(state: &QuotaState) -> [String; 2] {
    let mut used = format!(
        "{} of {}",
        percent(state.used_ratio),
        bytes(state.limit_bytes)
    );
    used.push_str(match state.direction {
        None => "",
        Some(Direction::Up) => " sent",
        Some(Direction::Down) => " received",
    });
    match &state.scope {
        QuotaScope::Total => {}
        QuotaScope::Host(name) => used.push_str(&format!(" by host {name}")),
        QuotaScope::Process(name) => used.push_str(&format!(" by process {name}")),
    }
    let (first, last) = (short(state.first_day), short(state.last_day));
    match state.per {
        Per::Day => used.push_str(&format!(" on {first}")),
        Per::Month => used.push_str(&format!(" from {first} to {last}")),
    }
    let mut rest = course(state);
    if state.coverage_ratio < WELL_COVERED {
        rest.push_str(&format!(
            "; {} was observed, so it is at least this",
            percent(state.coverage_ratio)
        ));
    }
    [used, rest]
}

/// When it is used up.
fn course(state: &QuotaState) -> String {
    if let Some(full) = state.crossed.iter().find(|one| one.percent == 100) {
        return format!("used up on {}", short(full.day));
    }
    let Some(projection) = state.projection else {
        let text = if state.coverage_ratio > 0.0 {
            "not exhausted"
        } else {
            "nothing was observed"
        };
        return text.to_owned();
    };
    let mut text = match (projection.exhausted_on, projection.earliest) {
        (Some(day), earliest) => {
            let mut text = format!("about {} exhausted", short(day));
            match (earliest, projection.latest) {
                (Some(earliest), Some(latest)) if earliest < latest => {
                    text.push_str(&format!(" ({} to {})", short(earliest), short(latest)));
                }
                (Some(earliest), None) if earliest < day => {
                    text.push_str(&format!(" ({} at the earliest)", short(earliest)));
                }
                _ => {}
            }
            text
        }
        (None, earliest) => {
            let part = projection.bytes as f64 / state.limit_bytes as f64;
            let mut text = format!("about {} by the end", percent(part));
            if let Some(earliest) = earliest {
                text.push_str(&format!(
                    ", exhausted on {} at the earliest",
                    short(earliest)
                ));
            }
            text
        }
    };
    if projection.history_days < FEW_DAYS {
        text.push_str(&match projection.history_days {
            0 => ", by less than a day of history".to_owned(),
            1 => ", by one day of history".to_owned(),
            days => format!(", by {days} days of history"),
        });
    }
    text
}

/// `27 Nov`.
fn short(day: Date) -> String {
    day.strftime("%-d %b").to_string()
}
