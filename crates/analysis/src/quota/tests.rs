use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use traffic::Period;

use super::*;

const GB: u64 = 1_000_000_000;

fn quota(per: Per, first_day: i8, bytes: u64) -> Quota {
    Quota {
        name: "uplink".to_owned(),
        bytes,
        per,
        first_day,
        direction: None,
        scope: QuotaScope::Total,
    }
}

/// Whole days from `first` on, fully observed.
fn days(first: Date, bytes: &[u64]) -> Vec<DayUse> {
    first
        .series(1.day())
        .zip(bytes)
        .map(|(day, bytes)| DayUse {
            day,
            elapsed: 86_400,
            is_over: true,
            expected: 86_400,
            observed: 86_400,
            bytes: *bytes,
        })
        .collect()
}

fn state(quota: &Quota, days: &[DayUse]) -> QuotaState {
    let today = days.last().unwrap().day;
    let window = quota.window(today);
    let ahead: Vec<DayAhead> = today
        .series(1.day())
        .skip(1)
        .take_while(|day| *day <= window.last)
        .map(|day| DayAhead {
            day,
            seconds: 86_400,
        })
        .collect();
    quota.state(window, Period::day(today), days, &ahead)
}

#[test]
fn a_billing_month_begins_on_its_day_or_on_the_last_of_a_short_month() {
    let cases = [
        (1, date(2026, 11, 1), date(2026, 11, 1), date(2026, 11, 30)),
        (1, date(2026, 11, 30), date(2026, 11, 1), date(2026, 11, 30)),
        (15, date(2026, 1, 14), date(2025, 12, 15), date(2026, 1, 14)),
        (15, date(2026, 1, 15), date(2026, 1, 15), date(2026, 2, 14)),
        (31, date(2026, 2, 27), date(2026, 1, 31), date(2026, 2, 27)),
        (31, date(2026, 2, 28), date(2026, 2, 28), date(2026, 3, 30)),
        (31, date(2024, 2, 29), date(2024, 2, 29), date(2024, 3, 30)),
        (30, date(2026, 3, 1), date(2026, 2, 28), date(2026, 3, 29)),
    ];
    for (first_day, day, first, last) in cases {
        let window = quota(Per::Month, first_day, GB).window(day);
        assert_eq!(
            (window.first, window.last),
            (first, last),
            "{first_day} {day}"
        );
    }
    let day = date(2026, 3, 29);
    assert_eq!(quota(Per::Day, 1, GB).window(day), Period::day(day));
}

#[test]
fn every_day_lies_in_exactly_one_month() {
    for first_day in 1..=31 {
        let quota = quota(Per::Month, first_day, GB);
        let mut before = quota.window(date(2023, 12, 31));
        for day in date(2024, 1, 1).series(1.day()).take(800) {
            let window = quota.window(day);
            assert!(
                window.first <= day && day <= window.last,
                "{first_day} {day}"
            );
            if window != before {
                assert_eq!(window.first, before.last.tomorrow().unwrap());
                assert_eq!(window.first, day);
                before = window;
            }
        }
    }
}

#[test]
fn each_threshold_is_new_only_on_the_day_that_crosses_it() {
    let quota = quota(Per::Month, 1, 100 * GB);
    let used = days(
        date(2026, 11, 1),
        &[40 * GB, 9 * GB, GB, 0, 45 * GB, 10 * GB],
    );
    let told = |count: usize| -> Vec<(u32, bool)> {
        let state = state(&quota, &used[..count]);
        state
            .crossed
            .iter()
            .map(|one| (one.percent, one.is_new))
            .collect()
    };
    assert_eq!(told(2), []);
    assert_eq!(told(3), [(50, true)]);
    assert_eq!(told(4), [(50, false)]);
    assert_eq!(told(5), [(50, false), (75, true), (90, true)]);
    assert_eq!(
        told(6),
        [(50, false), (75, false), (90, false), (100, true)]
    );
    assert_eq!(state(&quota, &used[..5]).news().unwrap().percent, 90);
    assert_eq!(state(&quota, &used[..4]).news(), None);
}

#[test]
fn what_was_before_the_month_counts_for_the_pace_alone() {
    let quota = quota(Per::Month, 1, 100 * GB);
    let state = state(
        &quota,
        &days(date(2026, 10, 30), &[90 * GB, 5 * GB, 5 * GB]),
    );
    assert_eq!(state.used_bytes, 5 * GB);
    assert!(state.crossed.is_empty());
    assert_eq!(state.projection.unwrap().history_days, 3);
}

#[test]
fn a_steady_pace_ends_on_the_day_it_must() {
    let quota = quota(Per::Month, 1, 100 * GB);
    let projection = state(&quota, &days(date(2026, 11, 1), &[5 * GB; 10]))
        .projection
        .unwrap();
    // Fifty are left, five a day: the twentieth uses up the last.
    let expected = Some(date(2026, 11, 20));
    assert_eq!(projection.exhausted_on, expected);
    assert_eq!(
        (projection.earliest, projection.latest),
        (expected, expected)
    );
    assert_eq!(projection.bytes, 150 * GB);
    assert!(!projection.by_weekday);
}

#[test]
fn busy_weekdays_are_projected_on_their_weekdays() {
    // Four weeks that move 10 GB on each Saturday alone; the fifth Saturday is November 28.
    let bytes: Vec<u64> = date(2026, 10, 26)
        .series(1.day())
        .take(28)
        .map(|day| if weekday(day) == 5 { 10 * GB } else { 0 })
        .collect();
    let used = days(date(2026, 10, 26), &bytes);
    let state = state(&quota(Per::Month, 1, 35 * GB), &used);
    assert_eq!(state.used_bytes, 30 * GB);
    let projection = state.projection.unwrap();
    assert!(projection.by_weekday);
    assert_eq!(projection.exhausted_on, Some(date(2026, 11, 28)));
    assert_eq!(projection.bytes, 40 * GB);
}

#[test]
fn scattered_days_give_a_range_and_few_days_none_but_the_middle() {
    let quota = quota(Per::Month, 1, 100 * GB);
    let uneven: Vec<u64> = (0..10)
        .map(|day| if day % 2 == 0 { 2 * GB } else { 8 * GB })
        .collect();
    let scattered = state(&quota, &days(date(2026, 11, 1), &uneven))
        .projection
        .unwrap();
    assert!(scattered.earliest < scattered.exhausted_on);
    assert!(scattered.exhausted_on < scattered.latest);
    let few = state(&quota, &days(date(2026, 11, 1), &[10 * GB, 10 * GB]))
        .projection
        .unwrap();
    assert_eq!(few.exhausted_on, Some(date(2026, 11, 10)));
    assert_eq!(few.latest, None);
}

#[test]
fn half_observed_days_may_have_moved_twice_as_much() {
    let quota = quota(Per::Month, 1, 100 * GB);
    let mut used = days(date(2026, 11, 1), &[5 * GB; 10]);
    used.iter_mut().for_each(|day| day.observed /= 2);
    let state = state(&quota, &used);
    assert_eq!(state.coverage_ratio, 0.5);
    let projection = state.projection.unwrap();
    assert_eq!(projection.exhausted_on, Some(date(2026, 11, 20)));
    assert_eq!(projection.earliest, Some(date(2026, 11, 15)));
}

#[test]
fn what_is_used_up_names_the_day_it_was() {
    let quota = quota(Per::Month, 1, 10 * GB);
    let state = state(&quota, &days(date(2026, 11, 1), &[6 * GB, 6 * GB, 6 * GB]));
    assert_eq!(state.used_ratio, 1.8);
    assert_eq!(
        state.projection.unwrap().exhausted_on,
        Some(date(2026, 11, 2))
    );
}

#[test]
fn nothing_is_projected_from_nothing_and_past_the_end() {
    let month = quota(Per::Month, 1, GB);
    let mut unobserved = days(date(2026, 11, 1), &[0, 0]);
    unobserved.iter_mut().for_each(|day| day.observed = 0);
    let state_of = state(&month, &unobserved);
    assert_eq!((state_of.projection, state_of.coverage_ratio), (None, 0.0));
    let day = quota(Per::Day, 1, GB);
    assert_eq!(
        state(&day, &days(date(2026, 11, 1), &[GB / 2])).projection,
        None
    );
}

#[test]
fn extreme_numbers_break_nothing() {
    let quota = quota(Per::Month, 1, u64::MAX);
    let state = state(&quota, &days(date(2026, 11, 1), &[u64::MAX, u64::MAX, 3]));
    assert_eq!(state.used_bytes, u64::MAX);
    assert_eq!(state.crossed.len(), 4);
    assert!(serde_json::to_string(&state).is_ok());
}
