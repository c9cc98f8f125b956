//! Quotas: counted, told once, projected, checked.

use serde_json::{Value, json};

use crate::lab::{Lab, assert_valid, schema};

/// Noon (UTC) of a day of March 2020.
fn noon(day: i64) -> i64 {
    1_583_020_800 + (day - 1) * 86_400 + 43_200
}

/// A minute at noon that moves `up` and `down` bytes a refresh.
fn log(day: i64, up: u64, down: u64) -> Vec<u8> {
    let mut log = String::new();
    for second in 0..60 {
        let at = noon(day) + second;
        log.push_str(&format!(
            "Refreshing:\nprocess: <{at}> \"nginx\" up/down Bps: {up}/{down} connections: 1\n\
             connection: <{at}> <eth0>:443 => 203.0.113.9:50000 (tcp) up/down Bps: {up}/{down} \
             process: \"nginx\"\n\
             remote_address: <{at}> 203.0.113.9 up/down Bps: {up}/{down} connections: 1\n\n"
        ));
    }
    log.into_bytes()
}

fn lab(quotas: &str) -> Lab {
    Lab::with(&format!(
        "timezone: UTC\nreports: {{format: [json, html]}}\nquota:\n{quotas}"
    ))
}

fn crossed(report: &Value) -> Vec<(u64, bool)> {
    let crossed = report["quotas"][0]["crossed"].as_array().unwrap();
    crossed
        .iter()
        .map(|one| {
            (
                one["percent"].as_u64().unwrap(),
                one["is_new"].as_bool().unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_threshold_is_told_by_the_report_of_its_day_alone() {
    let lab = lab("  - {name: uplink, bytes: 200kB}\n");
    for day in [2, 3, 4] {
        lab.put(format!("{day}.log"), &log(day, 1000, 0));
    }
    let (code, result) = lab.report(&[]);
    assert_eq!(code, 0, "{result}");
    let [second, third, fourth] =
        [2, 3, 4].map(|day| lab.written(&format!("report_2020030{day}.json")));
    assert_eq!(crossed(&second), []);
    assert_eq!(crossed(&third), [(50, true)]);
    assert_eq!(crossed(&fourth), [(50, false), (75, true), (90, true)]);
    assert_eq!(second["findings"], json!([]));
    assert_eq!(third["findings"][0]["kind"], "quota");
    let message = fourth["findings"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("Quota uplink: past 90 % since 4 Mar; 9"),
        "{message}"
    );
    let quota = &fourth["quotas"][0];
    assert_eq!(quota["used_bytes"], 180_000);
    assert_eq!(
        (&quota["first_day"], &quota["last_day"]),
        (&json!("2020-03-01"), &json!("2020-03-31"))
    );
    assert_valid(&schema("report.schema.json"), &fourth);
    assert_valid(
        &schema("summary.schema.json"),
        &lab.written("summary_20200304.json"),
    );
    let page = std::fs::read_to_string(lab.path("reports/report_20200304.html")).unwrap();
    assert!(
        page.contains("<meter ") && page.contains("at least"),
        "{page}"
    );
    // Nothing new, nothing written: the same history gives the same quotas.
    let (_, again) = lab.report(&["--date", "2020-03-04"]);
    assert_eq!(again["nothing_new"], true);
}

#[test]
fn scopes_and_directions_count_what_they_name() {
    let lab = lab(
        "  - {name: all, bytes: 1MB}\n  - {name: up, bytes: 1MB, direction: up}\n\
         \x20 - {name: nginx, bytes: 1MB, scope: process nginx, direction: down}\n\
         \x20 - {name: none, bytes: 1MB, scope: process sshd, per: day}\n\
         \x20 - {name: lab, bytes: 1MB, scope: host lab}\n\
         \x20 - {name: elsewhere, bytes: 1MB, scope: host other}\n",
    );
    lab.put("a.log", &log(2, 100, 300));
    lab.report(&[]);
    let report = lab.written("report_20200302.json");
    let used: Vec<_> = report["quotas"]
        .as_array()
        .unwrap()
        .iter()
        .map(|quota| {
            (
                quota["name"].as_str().unwrap(),
                quota["used_bytes"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        used,
        [
            ("all", 24_000),
            ("up", 6_000),
            ("nginx", 18_000),
            ("none", 0),
            ("lab", 24_000)
        ]
    );
}

#[test]
fn only_who_asks_is_told_by_the_exit_code() {
    let lab = lab("  - {name: day, bytes: 50kB, per: day}\n");
    lab.put("a.log", &log(2, 1000, 0));
    let asked = ["report", "--date", "2020-03-02", "--force"];
    let code = |more: &[&str]| lab.run(&[&asked[..], more].concat()).code;
    assert_eq!(code(&[]), 0);
    assert_eq!(code(&["--check-quota"]), 4);
    assert_eq!(code(&["--check-quota=120"]), 4);
    assert_eq!(code(&["--check-quota=121"]), 0);
    assert_eq!(code(&["--check-quota=0"]), 2);
}
