//! What is found of what was hidden, day by day as a reader of daily reports would meet it.

use analysis::{
    Direction, Finding, FindingKind, History, Subject, Thresholds, anomalies, patterns, trend,
};

use super::histories::{DAYS, FIRST_JUDGED, Hidden, Made, Plan, What, make, start_of_day, talks};

/// The findings of each day, with what was known on that day.
pub(crate) fn day_by_day(history: &History) -> Vec<Finding> {
    let thresholds = Thresholds::default();
    let mut found: Vec<Finding> = Vec::new();
    let mut known = history.clone();
    for day in (FIRST_JUDGED..DAYS).rev() {
        known.hours.truncate((day + 1) * 24);
        for series in &mut known.series {
            series.up.truncate((day + 1) * 24);
            series.down.truncate((day + 1) * 24);
        }
        let judged = start_of_day(day)..start_of_day(day + 1);
        found.extend(anomalies(&known, judged, &thresholds).findings);
    }
    found
}

fn covers(hidden: &Hidden, finding: &Finding) -> bool {
    let first = start_of_day(0) + hidden.first as i64 * 3600;
    let last = start_of_day(0) + (hidden.last as i64 + 1) * 3600;
    let is_its = match (hidden.what, finding.kind) {
        (What::Spike(_), FindingKind::Spike) => true,
        (What::Shift, FindingKind::LevelShift | FindingKind::Spike) => true,
        (What::Death, kind) => {
            matches!(
                kind,
                FindingKind::Silence | FindingKind::Drop | FindingKind::LevelShift
            )
        }
        _ => false,
    };
    let way = |way: Direction| finding.direction.is_none_or(|of| of == way);
    is_its && finding.start < last && finding.end > first && hidden.direction.is_none_or(way)
}

/// Hidden things found, and findings that are true.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Score {
    pub(crate) hidden: usize,
    pub(crate) met: usize,
    pub(crate) findings: usize,
    pub(crate) right: usize,
}

impl Score {
    pub(crate) fn add(&mut self, made: &Made, found: &[Finding], of: impl Fn(What) -> bool) {
        for hidden in made.hidden.iter().filter(|hidden| of(hidden.what)) {
            self.hidden += 1;
            self.met += usize::from(found.iter().any(|finding| covers(hidden, finding)));
        }
        self.findings += found.len();
        let is_right =
            |finding: &&Finding| made.hidden.iter().any(|hidden| covers(hidden, finding));
        self.right += found.iter().filter(is_right).count();
    }

    pub(crate) fn recall(&self) -> f64 {
        self.met as f64 / self.hidden.max(1) as f64
    }

    pub(crate) fn precision(&self) -> f64 {
        self.right as f64 / self.findings.max(1) as f64
    }
}

/// What is found after the first days of a history: of spikes of ten times the usual, each in a history that
/// begins so many days before it; and in the same history the day before it, which has nothing to find.
pub(crate) fn first_days(seed: u64, past: usize, score: &mut Score) {
    let plan = Plan {
        spikes: true,
        ..Plan::QUIET
    };
    let made = make(seed, plan);
    for hidden in made.hidden.iter().filter(|one| one.what == What::Spike(10)) {
        let day = hidden.first / 24;
        for (day, is_hidden) in [(day, true), (day - 1, false)] {
            let within = (day - past) * 24..(day + 1) * 24;
            let mut known = made.history.clone();
            known.hours = known.hours[within.clone()].to_vec();
            known.since = known.hours.first().map(|hour| hour.start);
            for series in &mut known.series {
                series.up = series.up[within.clone()].to_vec();
                series.down = series.down[within.clone()].to_vec();
            }
            let judged = start_of_day(day)..start_of_day(day + 1);
            let found = anomalies(&known, judged, &Thresholds::default()).findings;
            let right = found
                .iter()
                .filter(|finding| covers(hidden, finding))
                .count();
            score.findings += found.len();
            score.right += right;
            if is_hidden {
                score.hidden += 1;
                score.met += usize::from(right > 0);
            }
        }
    }
}

/// Trends of total volumes: how many there were, whose sign was right, whose interval holds the truth.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trends {
    pub(crate) all: usize,
    pub(crate) sign: usize,
    pub(crate) within: usize,
}

impl Trends {
    pub(crate) fn add(&mut self, seed: u64, growth: f64) {
        let plan = Plan {
            growth,
            ..Plan::QUIET
        };
        let made = make(seed, plan);
        let judged = start_of_day(DAYS - 7)..start_of_day(DAYS);
        let report = trend(&made.history, judged, None, &Thresholds::default());
        let is_whole = |line: &&analysis::TrendLine| line.subject == Subject::Total;
        for line in report.lines.iter().filter(is_whole) {
            let slope = line.slope.expect("eight weeks have a slope");
            let truth = made.slopes[usize::from(line.direction == Direction::Down)];
            let is_told = slope.p <= 0.05;
            self.all += 1;
            self.sign += usize::from(if growth == 0.0 {
                !is_told
            } else {
                is_told && slope.per_day.signum() == growth.signum()
            });
            self.within += usize::from(slope.low <= truth && truth <= slope.high);
        }
    }
}

/// Beacons of a jitter that were found, and peers that were taken for one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beacons {
    pub(crate) hidden: usize,
    pub(crate) met: usize,
    /// Met with the right period, to a twentieth.
    pub(crate) timed: usize,
    pub(crate) ordinary: usize,
    pub(crate) mistaken: usize,
}

impl Beacons {
    pub(crate) fn add(&mut self, seed: u64, jitter: f64, ordinary: usize) {
        let (history, hidden) = talks::day(seed, jitter, ordinary);
        let judged = start_of_day(0)..start_of_day(1);
        let found = patterns(&history, judged, &Thresholds::default()).beacons;
        let mut met = 0;
        for hidden in &hidden {
            let Some(beacon) = found.iter().find(|one| one.remote == hidden.remote) else {
                continue;
            };
            met += 1;
            let is_right = |seconds: f64| (seconds / hidden.period - 1.0).abs() <= 0.05;
            let is_timed = beacon.period.is_some_and(|period| is_right(period.seconds));
            self.timed += usize::from(is_timed);
        }
        self.hidden += hidden.len();
        self.met += met;
        self.ordinary += ordinary;
        self.mistaken += found.len() - met;
    }

    /// Of a thousand ordinary peers.
    pub(crate) fn per_thousand(&self) -> f64 {
        self.mistaken as f64 * 1000.0 / self.ordinary.max(1) as f64
    }
}

/// Nightly backups that were found, and what was found besides.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backups {
    pub(crate) hidden: usize,
    pub(crate) met: usize,
    pub(crate) ordinary: usize,
    pub(crate) mistaken: usize,
}

impl Backups {
    pub(crate) fn add(&mut self, seed: u64, ordinary: usize) {
        let (history, backups) = talks::week(seed, ordinary);
        let judged = start_of_day(6)..start_of_day(7);
        let found = patterns(&history, judged, &Thresholds::default()).recurring;
        let is_its = |remote: &&String| found.iter().any(|one| one.remote == **remote);
        let met = backups.iter().filter(is_its).count();
        let is_other = |one: &&analysis::Recurring| !backups.contains(&one.remote);
        self.hidden += backups.len();
        self.met += met;
        self.ordinary += ordinary;
        self.mistaken += found.iter().filter(is_other).count();
    }
}
