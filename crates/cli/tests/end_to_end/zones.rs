//! Days are cut on the clocks of the settings' time zone.

use serde_json::Value;

use crate::lab::{Lab, recording, totals};

/// Begins at 23:59:25 in Berlin and goes on past midnight, into the day of 23 hours.
const MIDNIGHT: &str = "bandwhich_20200328_2359.log";
/// Begins at 01:59:30 and goes on past 03:00, for the hour between is left out.
const SPRING: &str = "bandwhich_20200329_0159.log";
/// Begins at 02:59:25 in the hour that comes twice.
const FALL: &str = "bandwhich_20201025_0259.log";

fn reports(zone: &str, logs: &[&str]) -> (Lab, Vec<Value>) {
    let lab = Lab::with(&format!("timezone: {zone}\n"));
    for name in logs {
        lab.put(name, &recording(name));
    }
    let (code, result) = lab.report(&[]);
    assert_eq!(code, 0, "{result}");
    let reports = result["reports"].as_array().unwrap().clone();
    (lab, reports)
}

fn days(reports: &[Value]) -> Vec<&str> {
    reports
        .iter()
        .map(|report| report["first_day"].as_str().unwrap())
        .collect()
}

fn sum(reports: &[Value]) -> (u64, u64) {
    reports
        .iter()
        .map(totals)
        .fold((0, 0), |sum, day| (sum.0 + day.0, sum.1 + day.1))
}

#[test]
fn a_log_over_midnight_feeds_two_days_that_add_up() {
    let (lab, berlin) = reports("Europe/Berlin", &[MIDNIGHT]);
    assert_eq!(days(&berlin), ["2020-03-28", "2020-03-29"]);
    assert!(berlin.iter().all(|day| totals(day).0 > 0));
    let (_, utc) = reports("UTC", &[MIDNIGHT]);
    assert_eq!(days(&utc), ["2020-03-28"]);
    assert_eq!(sum(&berlin), totals(&utc[0]));
    let seconds = |day: &str| {
        lab.written(&format!("report_{day}.json"))["coverage"]["observed_seconds"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(seconds("20200328") + seconds("20200329"), 75);
}

#[test]
fn a_period_over_both_days_is_their_sum() {
    let (lab, days) = reports("Europe/Berlin", &[MIDNIGHT]);
    let (code, both) = lab.report(&["--date", "2020-03-28..2020-03-29"]);
    assert_eq!(code, 0);
    assert_eq!(totals(&both["reports"][0]), sum(&days));
    let report = lab.written("report_20200328-20200329.json");
    assert_eq!(report["coverage"]["expected_seconds"], 86_400 + 82_800);
    assert_eq!(report["period"]["start"], "2020-03-28T00:00:00+01:00");
    assert_eq!(report["period"]["end"], "2020-03-30T00:00:00+02:00");
}

#[test]
fn a_day_is_as_long_as_the_clocks_make_it() {
    for (log, zone, day, seconds, hours) in [
        (SPRING, "Europe/Berlin", "20200329", 82_800, 23),
        (FALL, "Europe/Berlin", "20201025", 90_000, 25),
        (SPRING, "UTC", "20200329", 86_400, 24),
        (FALL, "UTC", "20201025", 86_400, 24),
    ] {
        let (lab, found) = reports(zone, &[log]);
        assert_eq!(found.len(), 1, "{log} {zone}");
        let report = lab.written(&format!("report_{day}.json"));
        let coverage = &report["coverage"];
        // Until the day is over it is only as long as it has lasted.
        if report["period"]["partial"] == false {
            assert_eq!(coverage["expected_seconds"], seconds, "{log} {zone}");
            assert_eq!(report["timeline"].as_array().unwrap().len(), hours);
        }
        assert_eq!(coverage["observed_seconds"], 70, "{log} {zone}");
    }
}

#[test]
fn a_zone_moves_times_and_no_bytes() {
    let (_, berlin) = reports("Europe/Berlin", &[MIDNIGHT, SPRING, FALL]);
    for zone in ["UTC", "America/Los_Angeles", "Asia/Kathmandu"] {
        let (_, other) = reports(zone, &[MIDNIGHT, SPRING, FALL]);
        assert_eq!(sum(&other), sum(&berlin), "{zone}");
    }
}
