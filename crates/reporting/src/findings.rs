//! What is found in the period of a report, and what of it is news.
//!
//! All of it follows from the stored history and the mutes: a report that is made again, or after a
//! run that was killed, says the same. So the day before is judged along with the period, and nothing
//! is remembered of what was told.

use std::ops::Range;

use analysis::{
    Band, Finding, FindingKind, History, Judged, Subject, Thresholds, anomalies, patterns, trend,
    with_states,
};
use report::{Learning, Report, Usual};
use store::Store;
use traffic::Period;

use crate::error::Result;
use crate::explain::explain;
use crate::history::{self, HistoryRequest};
use crate::host_counts::HostCounts;
use crate::movers::movers;
use crate::mutes;
use crate::talks;
use settings::Settings;

/// Days of the longest period of which findings are told.
const MOST_DAYS: usize = 31;
/// Hours of a period that have to be observed before something is said to have ended.
const LEAST_HOURS: usize = 12;

/// What was found.
#[derive(Debug, Default)]
struct Findings {
    /// What is not muted.
    told: Vec<Finding>,
    /// How many are muted.
    muted: u64,
    /// Why nothing was judged. `None` if something was.
    silent_because: Option<String>,
    /// What was usual.
    usual: Option<Usual>,
    /// Set while the history is shorter than the settings ask for.
    learning: Option<Learning>,
}

/// Adds what is found in the period of a report, up to `now`, unless that is switched off.
///
/// # Errors
/// If the store cannot be read.
pub(crate) fn add(
    report: &mut Report,
    store: &Store,
    period: Period,
    settings: &Settings,
    now: i64,
    host_counts: &mut HostCounts,
) -> Result<()> {
    if settings.analysis.in_reports {
        let found = of_period(report, store, period, settings, now, host_counts)?;
        report.learning = found.learning;
        report.set_findings(found.told, found.muted, found.silent_because);
        report.usual = found.usual;
    }
    Ok(())
}

fn of_period(
    report: &mut Report,
    store: &Store,
    period: Period,
    settings: &Settings,
    now: i64,
    host_counts: &mut HostCounts,
) -> Result<Findings> {
    let zone = &settings.time_zone;
    let host = &report.host.clone();
    let seconds = period.seconds(zone);
    let seconds = seconds.start..seconds.end.min(now);
    if seconds.is_empty() {
        return Ok(Findings::default());
    }
    if period.days().count() > MOST_DAYS {
        return Ok(silent(format!(
            "reported only for periods of at most {MOST_DAYS} days"
        )));
    }
    let day_before = period.first.yesterday().map(Period::day);
    let before = day_before.map_or(seconds.start, |day| day.seconds(zone).start)..seconds.start;
    let wanted = HistoryRequest {
        host,
        judged: before.start..seconds.end,
        zone,
        loopback: settings.input.includes_loopback(),
        resolution: settings.input.resolution_seconds(),
        // No month is reckoned here.
        month: seconds.end,
    };
    let thresholds = &settings.analysis.thresholds;
    let mut history = history::read(store, &wanted)?;
    let mut found = anomalies(&history, seconds.clone(), thresholds);
    let (movers, days) = movers(&history, &seconds, thresholds);
    let usual = Usual {
        bands: total_bands(&mut found.bands),
        movers,
        days,
    };
    if let Some(reason) = found.silent_because {
        return Ok(Findings {
            usual: Some(usual),
            ..silent(reason)
        });
    }
    // Who is new everywhere matters only where somebody is new here.
    let is_first = |finding: &Finding| finding.kind == FindingKind::FirstSeen;
    if found.findings.iter().any(is_first) {
        host_counts.add(store, &wanted, &mut history)?;
        found = anomalies(&history, seconds.clone(), thresholds);
    }
    let needed = thresholds.min_history_days;
    let learning = (found.history_days < needed).then_some(Learning {
        days: found.history_days,
        needed,
    });
    let mut unusual = once_each(found.findings);
    explain(&mut unusual, store, &wanted)?;
    history.talks = talks::read(store, &wanted, wanted.judged.clone())?;
    let mut now_found = lasting(&history, &seconds, thresholds);
    now_found.told.splice(0..0, unusual);
    let mut before_found = lasting(&history, &before, thresholds);
    let earlier = anomalies(&history, before, thresholds).findings;
    before_found.told.extend(earlier);
    let is_gone = |old: &Finding| can_tell(&history, &seconds, old);
    let mut told = with_states(now_found, &before_found, is_gone);
    drop_first_sights_of_beacons(&mut told);
    let muted = mutes::remove_muted(&mut told, &mutes::in_force(settings), settings);
    Ok(Findings {
        told,
        muted,
        silent_because: None,
        usual: Some(usual),
        learning,
    })
}

/// The bands of the whole host.
fn total_bands(bands: &mut Vec<Band>) -> Vec<Band> {
    let mut bands = std::mem::take(bands);
    bands.retain(|band| band.subject == Subject::Total);
    bands
}

fn silent(reason: String) -> Findings {
    Findings {
        silent_because: Some(reason),
        ..Findings::default()
    }
}

/// Beacons and trends, by the thresholds and by looser ones.
fn lasting(history: &History, seconds: &Range<i64>, thresholds: &Thresholds) -> Judged {
    let loose = Thresholds {
        max_p: thresholds.max_p * 5.0,
        min_trend: thresholds.min_trend * 0.5,
        min_bytes: thresholds.min_bytes / 2,
        min_beacon_score: thresholds.min_beacon_score * 0.9,
        ..thresholds.clone()
    };
    // Only the whole host's trend is told.
    let total = History {
        host: history.host.clone(),
        hours: history.hours.clone(),
        series: history.total().cloned().into_iter().collect(),
        since: history.since,
        ..History::default()
    };
    let found = patterns(history, seconds.clone(), &loose);
    let mut loosely = found.findings;
    loosely.retain(|finding| finding.kind == FindingKind::Beacon);
    let is_strobe = |finding: &Finding| {
        let mut strobes = found.beacons.iter().filter(|beacon| beacon.is_strobe);
        strobes.any(|beacon| finding.subject == Subject::Remote(beacon.remote.clone()))
    };
    // A strobe is told whatever its score.
    let is_told = |finding: &&Finding| {
        let score = finding.observed.unwrap_or_default();
        score >= thresholds.min_beacon_score || is_strobe(finding)
    };
    let mut told: Vec<Finding> = loosely.iter().filter(is_told).cloned().collect();
    told.extend(trend(&total, seconds.clone(), None, thresholds).findings);
    loosely.extend(trend(&total, seconds.clone(), None, &loose).findings);
    Judged { told, loosely }
}

/// The first sight of a remote, or of who talks to it alone, is in the finding that the remote is a beacon's.
fn drop_first_sights_of_beacons(findings: &mut Vec<Finding>) {
    let beacons: Vec<Subject> = (findings.iter())
        .filter(|one| one.kind == FindingKind::Beacon && one.is_warning())
        .map(|one| one.subject.clone())
        .collect();
    findings.retain(|one| {
        let remote = one
            .culprit
            .as_ref()
            .and_then(|culprit| culprit.remote.clone());
        let is_of_beacon = remote.is_some_and(|name| beacons.contains(&Subject::Remote(name)));
        one.kind != FindingKind::FirstSeen || one.is_warning() || !is_of_beacon
    });
}

/// A silence of several days is found on each of them: the last tells the most.
pub(crate) fn once_each(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        match kept.iter_mut().find(|known| known.id == finding.id) {
            Some(known) if known.end >= finding.end => {}
            Some(known) => *known = finding,
            None => kept.push(finding),
        }
    }
    kept
}

/// Whether what lasted the day before would have been seen in a stretch of time: enough of it was
/// observed, and who was silent talks.
fn can_tell(history: &History, seconds: &Range<i64>, old: &Finding) -> bool {
    let within = |at: &usize| seconds.contains(&history.hours[*at].start);
    let hours: Vec<usize> = (0..history.hours.len()).filter(within).collect();
    let observed = hours.iter().filter(|at| history.hours[**at].observed > 0);
    let is_observed = observed.count() >= LEAST_HOURS;
    let talks = |subject: &Subject| {
        let series = history.series.iter().find(|one| one.subject == *subject);
        series.is_some_and(|one| hours.iter().any(|at| one.up[*at] > 0 || one.down[*at] > 0))
    };
    is_observed && (old.kind != FindingKind::Silence || talks(&old.subject))
}

#[cfg(test)]
mod tests;
