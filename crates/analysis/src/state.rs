//! What is new, what goes on and what ended, so that nothing is told every day.

use crate::days::HOUR;
use crate::{Finding, FindingKind, FindingState, Severity};

/// What was found of some days, by two measures: by that of what is told, and by a looser one. What
/// was found loosely the day before is not news today, and what still is has not ended: so nothing
/// comes and goes with each day that lies a little above or below the line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// What is told.
    pub told: Vec<Finding>,
    /// What is found by the looser measure, which holds what is told too.
    pub loosely: Vec<Finding>,
}

/// Gives each finding its state against the day before, and adds what ended: of lasting findings of
/// the day before that were a warning those that are gone and of which `can_tell` says that their end was observed.
/// It depends on what was found alone, and not on how often or when reports were made.
pub fn with_states(
    now: Judged,
    before: &Judged,
    can_tell: impl Fn(&Finding) -> bool,
) -> Vec<Finding> {
    let Judged { told, loosely } = now;
    let is_gone = |old: &&Finding| {
        let goes_on = loosely.iter().chain(&told).any(|new| is_same(old, new));
        is_lasting(old.kind) && old.is_warning() && !goes_on && can_tell(old)
    };
    let ended: Vec<Finding> = (before.told.iter().filter(is_gone))
        .map(|old| Finding {
            severity: Severity::Info,
            state: Some(FindingState::Ended),
            ..old.clone()
        })
        .collect();
    let mut findings = told;
    for new in &mut findings {
        let is_known = (before.loosely.iter().chain(&before.told)).any(|old| is_same(old, new));
        new.state = Some(if is_known {
            FindingState::Continuing
        } else {
            FindingState::New
        });
    }
    findings.extend(ended);
    findings
}

/// Kinds that are a condition and no event.
fn is_lasting(kind: FindingKind) -> bool {
    match kind {
        FindingKind::Silence | FindingKind::Beacon => true,
        FindingKind::Spike
        | FindingKind::Drop
        | FindingKind::LevelShift
        | FindingKind::FirstSeen
        | FindingKind::Recurring
        | FindingKind::Trend
        | FindingKind::Quota => false,
    }
}

/// Whether two findings are of the same thing: by their ids, or because an event goes on past midnight.
fn is_same(old: &Finding, new: &Finding) -> bool {
    let goes_on = || {
        matches!(old.kind, FindingKind::Spike | FindingKind::Drop)
            && (old.kind, &old.subject, old.direction) == (new.kind, &new.subject, new.direction)
            && (old.start..=old.end.saturating_add(HOUR - 1)).contains(&new.start)
    };
    old.id == new.id || goes_on()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Subject;
    use crate::finding::FindingDraft;

    fn found(kind: FindingKind, seconds: std::ops::Range<i64>, name: i64) -> Finding {
        FindingDraft::new(kind, Severity::Warning, &Subject::Total, seconds).named("web1", name)
    }

    fn judged(told: &[Finding]) -> Judged {
        Judged {
            told: told.to_vec(),
            loosely: told.to_vec(),
        }
    }

    fn states(now: &Judged, before: &Judged) -> Vec<FindingState> {
        let all = with_states(now.clone(), before, |_| true);
        all.into_iter().filter_map(|one| one.state).collect()
    }

    #[test]
    fn what_was_there_goes_on_and_what_is_gone_ended() {
        let beacon = found(FindingKind::Beacon, 0..10, 443);
        let none = Judged::default();
        let both = judged(std::slice::from_ref(&beacon));
        assert_eq!(states(&both, &none), [FindingState::New]);
        assert_eq!(states(&both, &both), [FindingState::Continuing]);
        assert_eq!(states(&none, &both), [FindingState::Ended]);
        let unseen = with_states(none, &both, |_| false);
        assert_eq!(unseen, []);
    }

    #[test]
    fn what_lies_near_the_line_does_not_come_and_go() {
        let beacon = found(FindingKind::Beacon, 0..10, 443);
        let above = judged(std::slice::from_ref(&beacon));
        let below = Judged {
            told: Vec::new(),
            loosely: vec![beacon],
        };
        assert_eq!(states(&below, &above), []);
        assert_eq!(states(&above, &below), [FindingState::Continuing]);
    }

    #[test]
    fn a_spike_past_midnight_goes_on_and_one_of_the_next_evening_is_new() {
        let evening = judged(&[found(FindingKind::Spike, 82_800..86_400, 82_800)]);
        let night = judged(&[found(FindingKind::Spike, 86_400..90_000, 86_400)]);
        let next = judged(&[found(FindingKind::Spike, 169_200..172_800, 169_200)]);
        assert_eq!(states(&night, &evening), [FindingState::Continuing]);
        assert_eq!(states(&next, &night), [FindingState::New]);
    }
}
