use super::*;
use crate::last_run::LastRun;
use crate::status::{DayCoverage, HostDays};

fn status(host: &str) -> Status {
    Status {
        last_run: Some(LastRun {
            command: "report".to_owned(),
            started: 1_795_435_200,
            duration_seconds: 1.5,
            exit_code: 3,
            error: None,
            last_success: None,
        }),
        coverage: vec![HostDays {
            host: host.to_owned(),
            days: vec![DayCoverage {
                day: "2026-11-22".to_owned(),
                observed_seconds: 43_200,
                expected_seconds: 86_400,
                ratio: 0.5,
                upload_bytes: 300,
                download_bytes: 3_000,
                damaged_lines: 2,
            }],
            today: DayCoverage::default(),
        }],
        ..Status::default()
    }
}

#[test]
fn what_is_not_known_is_left_out() {
    let page = text(&Status::default());
    let samples: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
    let known = [
        "network_monitor_abandoned_runs 0",
        "network_monitor_logs_pending 0",
        "network_monitor_outbox_letters 0",
    ];
    assert_eq!(samples, known);
    assert!(!page.contains("last_run"), "{page}");
}

#[test]
fn a_run_and_a_day_are_samples() {
    let page = text(&status("web1"));
    for sample in [
        "network_monitor_last_run_timestamp_seconds 1795435200",
        "network_monitor_last_run_duration_seconds 1.5",
        "network_monitor_last_run_exit_code 3",
        "network_monitor_day_bytes{host=\"web1\",direction=\"up\"} 300",
        "network_monitor_day_bytes{host=\"web1\",direction=\"down\"} 3000",
        "network_monitor_day_coverage_ratio{host=\"web1\"} 0.5",
        "network_monitor_day_damaged_lines{host=\"web1\"} 2",
    ] {
        assert!(
            page.lines().any(|line| line == sample),
            "no {sample} in {page}"
        );
    }
    assert!(!page.contains("last_success"), "{page}");
    assert!(page.ends_with('\n'));
}

/// Every line is a comment or one sample of ours, whatever a host is called.
#[test]
fn a_hostile_host_forges_no_sample() {
    let hostile = "web1\"} 0\nnetwork_monitor_last_run_exit_code 0\n# \\";
    let page = text(&status(hostile));
    assert_eq!(page.lines().count(), text(&status("web1")).lines().count());
    let exit_codes = page
        .lines()
        .filter(|line| line.starts_with("network_monitor_last_run_exit_code"));
    assert_eq!(
        exit_codes.collect::<Vec<_>>(),
        ["network_monitor_last_run_exit_code 3"]
    );
    let label = "{host=\"web1\\\"} 0\\nnetwork_monitor_last_run_exit_code 0\\n# \\\\\"} 0.5";
    assert!(page.contains(label), "{page}");
}

#[test]
fn each_metric_is_described_before_its_samples() {
    let page = text(&status("web1"));
    let mut described = "";
    for line in page.lines() {
        if let Some(type_of) = line.strip_prefix("# TYPE ") {
            described = type_of.strip_suffix(" gauge").unwrap();
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().unwrap();
            assert_eq!(name, described);
        }
    }
}
