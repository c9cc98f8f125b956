//! The least that is found of what was hidden, of a few seeds; `examples/score.rs` tells it of many.

#[path = "histories/mod.rs"]
mod histories;
#[path = "histories/hostile.rs"]
mod hostile;
#[path = "histories/score.rs"]
mod score;

use histories::{Plan, make};
use score::{Backups, Beacons, Score, Trends, day_by_day, first_days};

const SEEDS: std::ops::Range<u64> = 500..504;

#[test]
fn hidden_anomalies_are_found_and_little_else() {
    let mut score = Score::default();
    for seed in SEEDS {
        let plan = Plan {
            spikes: true,
            ..Plan::QUIET
        };
        let made = make(seed, plan);
        score.add(&made, &day_by_day(&made.history), |_| true);
    }
    assert!(
        score.recall() >= 0.9 && score.precision() >= 0.9,
        "{score:?}"
    );
}

#[test]
fn after_three_days_large_deviations_are_found_and_little_else() {
    let mut score = Score::default();
    for seed in 500..510 {
        for past in 3..=6 {
            first_days(seed, past, &mut score);
        }
    }
    assert!(
        score.recall() >= 0.7 && score.precision() >= 0.9,
        "{score:?}: recall {:.3}, precision {:.3}",
        score.recall(),
        score.precision()
    );
}

#[test]
fn trends_have_their_sign_and_their_interval() {
    let mut trends = Trends::default();
    for seed in SEEDS {
        trends.add(seed, 0.01);
    }
    assert_eq!(trends.sign, trends.all, "{trends:?}");
    assert!(trends.within * 10 >= trends.all * 8, "{trends:?}");
}

#[test]
fn beacons_are_found_among_ordinary_peers() {
    let mut beacons = Beacons::default();
    for seed in SEEDS {
        for jitter in [0.0, 0.1, 0.2] {
            beacons.add(seed, jitter, 99);
        }
    }
    assert!(beacons.met * 100 >= beacons.hidden * 95, "{beacons:?}");
    assert!(beacons.per_thousand() <= 2.0, "{beacons:?}");
}

#[test]
fn backups_are_found_among_ordinary_peers() {
    let mut backups = Backups::default();
    for seed in SEEDS {
        backups.add(seed, 45);
    }
    assert!(backups.met * 10 >= backups.hidden * 9, "{backups:?}");
    assert!(backups.mistaken <= 2, "{backups:?}");
}
