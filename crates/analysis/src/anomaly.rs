//! What is unusual in some days, against what is usual at each hour of the week.

mod baseline;
mod events;
mod met;
mod scene;
mod seasonal_esd;
mod shift;
mod silence;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::days::{Day, observed_days};
use crate::{Direction, Expected, Finding, History, Subject, Thresholds, words};
use baseline::{Baselines, Logs};

display::dated!(start: i64, read);

/// Series of which the band is given at most.
const MOST_BANDS: usize = 12;

/// What is unusual.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnomalyReport {
    /// Why nothing was judged. `None` if something was.
    pub silent_because: Option<String>,
    /// Days before what was judged of which something was observed.
    pub history_days: u32,
    /// What was found, the most severe and the largest first.
    pub findings: Vec<Finding>,
    /// What was usual beside what was: of the whole host, and of whom findings are about.
    pub bands: Vec<Band>,
}

/// A series with what is usual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Whose.
    pub subject: Subject,
    /// Which way.
    pub direction: Direction,
    /// The hours judged, in order.
    pub hours: Vec<BandHour>,
}

/// An hour of a series.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BandHour {
    /// First second, since 1970.
    #[serde(flatten, with = "start")]
    pub start: i64,
    /// Bytes of the whole hour: where a part of it was observed, scaled up. `None` if that is less than
    /// a quarter.
    pub bytes: Option<f64>,
    /// Bytes that were observed, as reports count them.
    pub observed_bytes: u64,
    /// What is usual. `None` without history.
    pub expected: Option<Expected>,
    /// Whether a finding is about it.
    pub is_unusual: bool,
}

/// Judges the days of a stretch of time, each against the eight weeks before it.
///
/// The score of an hour is the modified z of Iglewicz and Hoaglin (1993) of log(1 + bytes) against the
/// median of the same hours of the week, after the level of each day was taken out. Its scale is the
/// larger of what these hours and what all hours vary. Where all vary so much that no score is large, an
/// hour beyond the tail of them all is unusual still (Weissman 1978, Hill 1975). Fallbacks: hours of working days and weekends
/// apart below three weeks, hours of the day where those are too few. From three days on, and below
/// [`Thresholds::min_history_days`], only large deviations of the whole host are told.
pub fn anomalies(history: &History, judged: Range<i64>, thresholds: &Thresholds) -> AnomalyReport {
    let mut report = AnomalyReport::default();
    if !history.is_sound() {
        report.silent_because = Some(words::UNSOUND.to_owned());
        return report;
    }
    let days = history.days();
    let within = history.hours_within(&judged);
    let is_judged = |day: &Day| day.hours.start < within.end && day.hours.end > within.start;
    let first = days.iter().position(is_judged).unwrap_or(days.len());
    report.history_days = observed_days(&days[..first]);
    let logs = Logs::new(history);
    let learning = thresholds.while_learning();
    let mut judged = Vec::new();
    for place in (first..days.len()).take_while(|&place| is_judged(&days[place])) {
        let past = &days[place.saturating_sub(baseline::DAYS)..place];
        let observed = observed_days(past);
        if observed < thresholds.least_days() {
            continue;
        }
        let is_learning = observed < thresholds.min_history_days;
        let thresholds = if is_learning { &learning } else { thresholds };
        let baselines = Baselines::new(&logs, past, thresholds);
        let day = &days[place];
        let unusual = judge_day(history, past, day, &baselines, thresholds, &mut report);
        judged.push(JudgedDay {
            day,
            baselines,
            unusual,
        });
    }
    if judged.is_empty() {
        report.silent_because = Some(words::too_little(
            report.history_days,
            thresholds.least_days(),
        ));
        return report;
    }
    report
        .findings
        .sort_by(|one, other| one.order().cmp(&other.order()));
    report.bands = bands(history, &judged, &report.findings);
    report
}

/// A day that was judged.
struct JudgedDay<'a> {
    day: &'a Day,
    baselines: Baselines<'a>,
    /// Series, directions and hours that findings are about.
    unusual: Vec<(usize, Direction, Range<usize>)>,
}

/// Judges a day. Gives the hours that findings are about.
fn judge_day<'a>(
    history: &'a History,
    past: &[Day],
    day: &'a Day,
    baselines: &Baselines<'a>,
    thresholds: &'a Thresholds,
    report: &mut AnomalyReport,
) -> Vec<(usize, Direction, Range<usize>)> {
    let scene = scene::Scene {
        history,
        day,
        past_days: observed_days(past),
        baselines,
        thresholds,
    };
    let met = met::names(history, day);
    let mut events = Vec::new();
    for (number, series) in history.series.iter().enumerate() {
        // Who was just met has nothing that is usual.
        if met.contains(&series.subject) {
            continue;
        }
        // The parts of a host take longer to learn than the whole.
        if scene.is_learning() && series.subject != Subject::Total {
            continue;
        }
        for direction in Direction::ALL {
            events.extend(events::of_day(&scene, number, direction));
        }
    }
    let shifts = shift::of_day(history, past, day, baselines, thresholds);
    // A new level is told once, and not as hours that are unusual.
    events.retain(|event| {
        let is_its = |shift: &shift::Shift| {
            (shift.series, shift.direction) == (event.series, event.direction)
                || (history.series[shift.series].subject == Subject::Total
                    && shift.direction == event.direction
                    && event.excess.abs() <= shift.a_day.abs() * 1.5)
        };
        !shifts.iter().any(is_its)
    });
    let told = events::merge(events, &scene);
    let shifts = shift::told(&shifts, history);
    let findings = &mut report.findings;
    findings.extend(told.iter().map(|event| event.finding(&scene)));
    findings.extend(shifts.iter().map(|shift| shift.finding(&scene)));
    findings.extend(met::findings(&scene));
    findings.extend(silence::findings(&scene, past));
    let about = told.into_iter().map(|told| told.main);
    about
        .map(|event| (event.series, event.direction, event.hours))
        .collect()
}

/// The whole host, and whom findings are about, beside what was usual.
fn bands(history: &History, judged: &[JudgedDay<'_>], findings: &[Finding]) -> Vec<Band> {
    let mut bands = Vec::new();
    for (number, series) in history.series.iter().enumerate() {
        let subject = &series.subject;
        for direction in Direction::ALL {
            let is_about = |finding: &Finding| {
                finding.subject == *subject && finding.direction.is_none_or(|way| way == direction)
            };
            if *subject != Subject::Total && !findings.iter().any(is_about) {
                continue;
            }
            let hours = judged.iter().flat_map(|judged| {
                let baseline = judged.baselines.of(number, direction);
                judged.day.hours.clone().map(move |hour| BandHour {
                    start: history.hours[hour].start,
                    bytes: baseline.whole_hour(hour),
                    observed_bytes: series.bytes(direction)[hour],
                    expected: baseline.expected(&history.hours[hour]),
                    is_unusual: judged.unusual.iter().any(|(its, way, hours)| {
                        (*its, *way) == (number, direction) && hours.contains(&hour)
                    }),
                })
            });
            bands.push(Band {
                subject: subject.clone(),
                direction,
                hours: hours.collect(),
            });
        }
    }
    bands.truncate(MOST_BANDS);
    bands
}

#[cfg(test)]
#[path = "anomaly/tests.rs"]
mod tests;
