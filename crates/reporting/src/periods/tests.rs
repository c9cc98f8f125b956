use super::*;
use crate::tests::{DAY, DAY_SECONDS, Lab, START, day, log};

/// The day of most logs, in days since 1970.
const NUMBER: i64 = START / DAY_SECONDS;

/// The plan of `web1` on a day.
fn planned(lab: &Lab, when: Option<&str>, today: Date) -> ReportPlan {
    let when = when.map(|when| when.parse::<When>().unwrap());
    plan(&lab.store, "web1", when, &lab.settings.time_zone, today).unwrap()
}

fn later(days: i64) -> Date {
    day(days).first
}

/// A history of these days after the first, of which reports tell the news.
fn reported(days: &[i64]) -> Lab {
    let mut lab = Lab::new("");
    for after in days {
        lab.ingest("web1", &log(START + after * DAY_SECONDS, "curl"));
    }
    let pending = lab.store.pending_days("web1").unwrap();
    lab.store.mark_reported("web1", &pending).unwrap();
    lab
}

#[test]
fn a_day_with_news_is_reported_until_it_has_none() {
    let mut lab = Lab::new("");
    assert_eq!(planned(&lab, None, later(1)), ReportPlan::default());
    lab.ingest("web1", &log(START, "curl"));
    let plan = planned(&lab, None, later(1));
    assert_eq!(
        (plan.periods, plan.told.clone()),
        (vec![day(0)], vec![NUMBER])
    );
    lab.store.mark_reported("web1", &plan.told).unwrap();
    assert_eq!(planned(&lab, None, later(1)), ReportPlan::default());
}

#[test]
fn the_days_that_compare_themselves_with_a_day_with_news_are_reported_too() {
    let mut lab = reported(&[0, 1, 2, 7]);
    lab.ingest("web1", &log(START + 3_600, "wget"));
    let plan = planned(&lab, None, later(10));
    assert_eq!(plan.periods, [day(0), day(1), day(7)]);
    assert_eq!(plan.told, [NUMBER]);
}

#[test]
fn a_day_that_was_not_over_is_due_once_it_is() {
    let mut lab = reported(&[0]);
    lab.store
        .mark_unfinished("web1", &DAY.to_string(), true)
        .unwrap();
    assert_eq!(planned(&lab, None, DAY), ReportPlan::default());
    assert_eq!(planned(&lab, None, later(1)).periods, [day(0)]);
}

#[test]
fn a_day_that_lost_something_is_reported_only_if_it_is_asked_for() {
    let mut lab = reported(&[0]);
    let old = lab.store.days_before(NUMBER + 1).unwrap();
    lab.store.drop_days(&old).unwrap();
    lab.ingest("web1", &log(START + 3_600, "wget"));
    let zone = lab.settings.time_zone.clone();
    assert!(has_lost(&lab.store, "web1", day(0), &zone).unwrap());
    assert!(!has_lost(&lab.store, "web1", day(1), &zone).unwrap());
    // The report that was written when the store held all of the day stays.
    let plan = planned(&lab, None, later(1));
    assert_eq!((plan.periods, plan.told), (vec![], vec![NUMBER]));
    assert_eq!(
        planned(&lab, Some("2026-11-22"), later(1)).periods,
        [day(0)]
    );
}

#[test]
fn a_period_that_is_asked_for_tells_only_the_news_of_its_days() {
    let mut lab = Lab::new("");
    for after in [0, 3] {
        lab.ingest("web1", &log(START + after * DAY_SECONDS, "curl"));
    }
    let plan = planned(&lab, Some("2026-11-22"), later(5));
    assert_eq!((plan.periods, plan.told), (vec![day(0)], vec![NUMBER]));
    let plan = planned(&lab, Some("2026-11-22..2026-11-24"), later(5));
    let period = Period {
        first: DAY,
        last: later(2),
    };
    assert_eq!(
        (plan.periods, plan.told),
        (vec![day(0), period], vec![NUMBER])
    );
    assert_eq!(
        planned(&lab, Some("2026-11-20"), later(5)),
        ReportPlan::default()
    );
}

/// The evening of a UTC day is the next day in Berlin.
#[test]
fn a_day_of_utc_is_told_only_with_both_local_days_that_it_touches() {
    let mut lab = Lab::new("");
    lab.settings.time_zone = TimeZone::get("Europe/Berlin").unwrap();
    lab.ingest("web1", &log(START + 12 * 3_600, "curl"));
    lab.ingest("web1", &log(START + 23 * 3_600 + 1_800, "curl"));
    let plan = planned(&lab, Some("2026-11-22"), later(5));
    assert_eq!((plan.periods, plan.told), (vec![day(0)], vec![]));
    let plan = planned(&lab, None, later(5));
    assert_eq!(
        (plan.periods, plan.told),
        (vec![day(0), day(1)], vec![NUMBER])
    );
}
