use std::fs;

use super::*;
use crate::Reporter;
use crate::tests::{DAY_SECONDS, Lab, NOW, START, day, log};

const QUOTAS: &str = "quota:\n\
    - {name: uplink, bytes: 10 kB, per: month}\n\
    - {name: sent, bytes: 1 kB, per: day, direction: up, scope: host web1}\n\
    - {name: backup, bytes: 5 kB, per: month, scope: process backup}\n";

/// Two hosts on two days.
fn lab() -> Lab {
    let mut lab = Lab::new(QUOTAS);
    for start in [START - DAY_SECONDS, START] {
        lab.ingest("web1", &log(start, "curl"));
        lab.ingest("web2", &log(start, "backup"));
    }
    lab
}

fn used(states: &[QuotaState]) -> Vec<(&str, u64)> {
    let states = states.iter();
    states
        .map(|state| (state.name.as_str(), state.used_bytes))
        .collect()
}

#[test]
fn a_quota_counts_what_it_is_about() {
    let lab = lab();
    let mut reporter = Reporter::new(&lab.settings, NOW);
    // Three refreshes of 1100 bytes a day and host.
    let of_web1 = reporter.quotas(&lab.store, Some("web1"), day(0)).unwrap();
    assert_eq!(
        used(&of_web1),
        [("uplink", 13_200), ("sent", 300), ("backup", 6_600)]
    );
    // What is another host's alone is none of this report's.
    let of_web2 = reporter.quotas(&lab.store, Some("web2"), day(0)).unwrap();
    assert_eq!(used(&of_web2), [("uplink", 13_200), ("backup", 6_600)]);
    let all = reporter.quotas(&lab.store, None, day(0)).unwrap();
    assert_eq!(all, of_web1);
    assert_eq!(all[0].news().map(|crossing| crossing.percent), Some(100));
}

#[test]
fn each_day_of_each_host_is_read_once() {
    let mut lab = lab();
    // A store that is only read keeps no sums.
    lab.store = lab.reader();
    let mut reporter = Reporter::new(&lab.settings, NOW);
    reporter.quotas(&lab.store, Some("web1"), day(0)).unwrap();
    let segments = lab.segments();
    assert!(segments.len() >= 4);
    segments
        .iter()
        .for_each(|path| fs::remove_file(path).unwrap());
    // All that the second report needs was counted for the first.
    let of_web2 = reporter.quotas(&lab.store, Some("web2"), day(0)).unwrap();
    assert_eq!(used(&of_web2), [("uplink", 13_200), ("backup", 6_600)]);
    // Another reporter has to read, and counts what is damaged as not observed.
    let mut other = Reporter::new(&lab.settings, NOW);
    let of_web2 = other.quotas(&lab.store, Some("web2"), day(0)).unwrap();
    assert_eq!(used(&of_web2), [("uplink", 0), ("backup", 0)]);
}

#[test]
fn nothing_is_expected_of_a_host_that_was_not_there() {
    let mut lab = Lab::new(QUOTAS);
    lab.ingest("web1", &log(START, "curl"));
    let before = Reporter::new(&lab.settings, NOW).quotas(&lab.store, None, day(0));
    lab.ingest("old", &log(START - 100 * DAY_SECONDS, "curl"));
    let after = Reporter::new(&lab.settings, NOW).quotas(&lab.store, None, day(0));
    assert_eq!(before.unwrap(), after.unwrap());
}

#[test]
fn a_period_that_is_not_over_is_counted_up_to_now() {
    let lab = lab();
    let mut reporter = Reporter::new(&lab.settings, START + 3_600);
    let states = reporter.quotas(&lab.store, None, day(0)).unwrap();
    assert_eq!(states[1].first_day, day(0).first);
    assert!(states[1].coverage_ratio < 3.5 / 3_600.0, "{:?}", states[1]);
    assert!(states[1].coverage_ratio > 2.5 / 3_600.0, "{:?}", states[1]);
}
