//! What is found of what was hidden, day by day as a reader of daily reports would meet it.

use analysis::{Direction, Finding, FindingKind, History, Thresholds, anomalies};

use super::histories::{DAYS, FIRST_JUDGED, Hidden, Made, What, start_of_day};

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
