//! Analyses of a stored history: what they find, what of it reports and letters tell, what is muted.

use std::fs;

use serde_json::{Value, json};

use crate::lab::{Lab, assert_valid, schema, timeless};

/// The first second (UTC) of a day of March 2020.
fn midnight(day: i64) -> i64 {
    1_583_020_800 + (day - 1) * 86_400
}

/// What happens on a day.
#[derive(Clone, Copy, Default)]
struct Day {
    /// An hour in which forty times as much is received.
    spike: Option<i64>,
    /// Whether a peer is talked to every ten minutes.
    beacon: bool,
}

/// A day of which somewhat more than half is observed, or all of it where it has a beacon: nginx
/// receives something in each hour.
fn log(number: i64, day: Day) -> Vec<u8> {
    let seconds = if day.beacon { 3600 } else { 1900 };
    let mut log = String::new();
    for hour in 0..24 {
        for second in 0..seconds {
            let at = midnight(number) + hour * 3600 + second;
            let mut rows = Vec::new();
            if second < 5 {
                let factor = if day.spike == Some(hour) { 40 } else { 1 };
                let usual = 40_000 + (number * 7919 + hour * 31) % 10 * 1000;
                // The same in an hour, whatever part of it is observed; a peer an hour, lest they
                // be beacons.
                let usual = usual * seconds / 1900;
                rows.push(("nginx", format!("198.51.100.{}", hour + 1), usual * factor));
            }
            if day.beacon && (30..35).contains(&(second % 600)) {
                rows.push(("<UNKNOWN>", "203.0.113.66".to_owned(), 100));
            }
            log.push_str("Refreshing:\n");
            for (name, _, down) in &rows {
                log.push_str(&format!(
                    "process: <{at}> \"{name}\" up/down Bps: 10/{down} connections: 1\n"
                ));
            }
            for (name, peer, down) in &rows {
                log.push_str(&format!(
                    "connection: <{at}> <eth0>:40000 => {peer}:443 (tcp) up/down Bps: 10/{down} \
                     process: \"{name}\"\n"
                ));
            }
            for (_, peer, down) in &rows {
                log.push_str(&format!(
                    "remote_address: <{at}> {peer} up/down Bps: 10/{down} connections: 1\n"
                ));
            }
            if rows.is_empty() {
                log.push_str("<NO TRAFFIC>\n");
            }
            log.push('\n');
        }
    }
    log.into_bytes()
}

/// Twelve days of March 2020 with a spike on the last and a beacon on the last two.
fn history(settings: &str) -> Lab {
    let lab = Lab::with(&format!(
        "timezone: UTC\nreports: {{format: [json, html]}}\n\
         analysis: {{min_bytes: 100kB{settings}}}\n"
    ));
    for number in 1..=12 {
        let day = Day {
            spike: (number == 12).then_some(15),
            beacon: number >= 11,
        };
        lab.put(format!("{number:02}.log"), &log(number, day));
    }
    lab
}

fn found(document: &Value) -> Vec<(String, String)> {
    let findings = document["findings"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .iter()
        .map(|one| (text(&one["kind"]), text(&one["state"])))
        .collect()
}

fn has(document: &Value, kind: &str, state: &str) -> bool {
    found(document).contains(&(kind.to_owned(), state.to_owned()))
}

fn analysis(lab: &Lab, arguments: &[&str]) -> Value {
    let all = [&["analysis", "--format", "json"], arguments].concat();
    let document = lab.run(&all).done().json();
    assert_valid(&schema("analysis.schema.json"), &document);
    document
}

#[test]
fn without_a_type_all_are_made_and_the_worst_comes_first() {
    let lab = history("");
    lab.run(&["ingest"]).done();
    let document = lab.run(&["analysis", "--json"]).done().json();
    assert_valid(&schema("analysis.schema.json"), &document);
    let hosts = document["hosts"].as_array().unwrap();
    let rank = |host: &Value| {
        let findings = host["findings"].as_array().unwrap().iter();
        let ranks = findings.map(|one| {
            ["info", "warning", "critical"]
                .iter()
                .position(|word| one["severity"] == *word)
        });
        ranks.max().flatten()
    };
    let mut kinds: Vec<&str> = hosts
        .iter()
        .map(|host| host["type"].as_str().unwrap())
        .collect();
    assert!(
        hosts.is_sorted_by(|one, next| rank(one) >= rank(next)),
        "{kinds:?}"
    );
    kinds.sort_unstable();
    assert_eq!(kinds, ["anomaly", "patterns", "trend"]);
    let stray = lab.run(&["analysis", "--type", "trend", "mute", "process:nginx"]);
    assert_eq!(stray.code, 2, "{stray:?}");
    assert!(
        stray.complained.contains("--type belongs to an analysis"),
        "{stray:?}"
    );
}

#[test]
fn findings_are_told_once_muted_at_once_and_the_same_when_made_anew() {
    let lab = history("");
    let ran = lab.run(&["report"]).done();
    assert!(ran.complained.is_empty(), "{}", ran.complained);

    // While the history is short, that is said in one line; from three days on it is judged by what is there.
    let early = lab.written("report_20200303.json");
    assert_eq!(early["findings"], json!([]));
    assert_eq!(
        early["findings_silent_because"],
        "not enough history: 2 days observed, 3 are needed"
    );
    let learning = lab.written("report_20200305.json");
    assert_eq!(learning["findings"], json!([]));
    assert_eq!(learning["findings_silent_because"], Value::Null);
    assert_eq!(learning["learning"], json!({"days": 4, "needed": 7}));
    assert_valid(&schema("report.schema.json"), &learning);
    let quiet = lab.written("report_20200310.json");
    assert_eq!(quiet["findings"], json!([]), "{quiet}");
    assert_eq!(quiet["findings_silent_because"], Value::Null);

    // What is new is told; what goes on, only as that.
    let eleventh = lab.written("report_20200311.json");
    assert!(has(&eleventh, "beacon", "new"), "{:?}", found(&eleventh));
    let twelfth = lab.written("report_20200312.json");
    assert!(has(&twelfth, "spike", "new"), "{:?}", found(&twelfth));
    assert!(
        has(&twelfth, "beacon", "continuing"),
        "{:?}",
        found(&twelfth)
    );
    assert_valid(&schema("report.schema.json"), &twelfth);
    let summary = lab.written("summary_20200312.json");
    assert_valid(&schema("summary.schema.json"), &summary);
    assert_eq!(summary["findings"], twelfth["findings"]);
    let spike = &twelfth["findings"][0];
    assert_eq!(spike["start_unix"], midnight(12) + 15 * 3600);
    let id = spike["id"].as_str().unwrap();
    let page = fs::read_to_string(lab.path("reports/report_20200312.html")).unwrap();
    assert!(page.contains(id) && page.contains("Thu 12 Mar, 15:00"));
    let again = ["report", "--date", "2020-03-12", "--force"];
    let said = lab.run(&again).done().said;
    assert!(said.contains("1 new, 1 going on"), "{said}");
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("nginx received"), "{said}");
    assert!(
        words.contains("from 198.51.100.16, 15:00; usual for these hours:"),
        "{said}"
    );
    assert!(
        words.contains("Still going on: The host contacts 203.0.113.66:443 every 10 min"),
        "{said}"
    );

    // Made again, and made first of all in a new store: the same.
    assert_eq!(
        timeless(lab.written("report_20200312.json")),
        timeless(twelfth.clone())
    );
    fs::remove_dir_all(lab.path("store")).unwrap();
    lab.run(&["ingest"]).done();
    lab.run(&again).done();
    assert_eq!(
        timeless(lab.written("report_20200312.json")),
        timeless(twelfth.clone())
    );

    // The command finds the same by itself.
    let document = analysis(&lab, &["--type", "anomaly"]);
    let host = &document["hosts"][0];
    assert_eq!(host["period"]["start"], "2020-03-12T00:00:00+00:00");
    assert_eq!(host["findings"][0]["id"], id);
    assert!(host["bands"][0]["hours"][15]["expected"]["high"].is_number());

    // A mute acts on what is stored, outlives the catalogue, and is taken back.
    lab.run(&["analysis", "mute", id, "--why", "the new backup"])
        .done();
    lab.run(&["analysis", "mute", id, "--why", "the new backup"])
        .done();
    let is_muted = || {
        let document = analysis(&lab, &["--type", "anomaly"]);
        document["hosts"][0]["muted"] == 1 && document["hosts"][0]["findings"] == json!([])
    };
    assert!(is_muted());
    lab.run(&["store", "rebuild"]).done();
    assert!(is_muted());
    lab.run(&again).done();
    let muted = lab.written("report_20200312.json");
    assert!(!has(&muted, "spike", "new"));
    assert_eq!(muted["findings_muted"], 1);
    let listed = lab.run(&["analysis", "mutes"]).done().said;
    assert_eq!(listed, format!("{id}  for good: the new backup\n"));
    lab.run(&["analysis", "unmute", id]).done();
    let twice = lab.run(&["analysis", "unmute", id]).done();
    assert!(twice.said.contains("is not muted"), "{}", twice.said);
    assert!(!is_muted());
    // One that ended before the finding does not hold it back.
    lab.run(&["analysis", "mute", "process:nginx", "--until", "2020-03-11"])
        .done();
    assert!(!is_muted());
    lab.run(&["analysis", "mute", "process:nginx", "--until", "2020-03-12"])
        .done();
    assert!(is_muted());
    let settings = fs::read_to_string(lab.path("settings.yaml")).unwrap();
    let listed = lab.run(&["analysis", "mutes", "--json"]).done().json();
    assert_eq!(listed[0]["is_over"], true);
    lab.run(&["analysis", "unmute", "process:nginx"]).done();
    let by_settings = settings.replace("100kB}", "100kB, mutes: [process:nginx]}");
    fs::write(lab.path("settings.yaml"), by_settings).unwrap();
    assert!(is_muted());
    let refused = lab.run(&["analysis", "unmute", "process:nginx"]);
    assert_eq!(refused.code, 2);

    // Switched off, nothing is told.
    let off = settings.replace("100kB}", "100kB, in_reports: false}");
    fs::write(lab.path("settings.yaml"), off).unwrap();
    lab.run(&again).done();
    assert_eq!(lab.written("report_20200312.json")["findings"], json!([]));
}

#[test]
fn every_analysis_is_written_in_every_form_while_another_run_holds_the_store() {
    let lab = history("");
    lab.run(&["ingest"]).done();
    fs::remove_dir_all(lab.logs()).unwrap();
    let lock = fs::File::open(lab.path("store/lock")).unwrap();
    lock.try_lock().unwrap();
    for kind in ["trend", "anomaly", "patterns"] {
        let document = analysis(&lab, &["--type", kind]);
        let host = &document["hosts"][0];
        assert_eq!(
            (&host["type"], &host["host"]),
            (&json!(kind), &json!("lab"))
        );
        let text = lab.run(&["analyze", "--type", kind]).done().said;
        assert!(text.starts_with("lab: "), "{text}");
        for line in text.lines() {
            assert!(display::width(line) <= 80, "{line}");
        }
        let arguments = ["--type", kind, "--format", "html", "--output", "page.html"];
        let ran = lab.run(&[&["analysis"][..], &arguments].concat()).done();
        assert_eq!(ran.said, "");
        let page = fs::read_to_string(lab.path("page.html")).unwrap();
        assert!(page.contains("default-src 'none'") && page.ends_with("</html>\n"));
        assert!(kind == "patterns" || page.contains("<svg"), "{kind}");
    }
    let patterns = analysis(&lab, &["--type", "patterns", "--date", "2020-03-12"]);
    let beacon = &patterns["hosts"][0]["beacons"][0];
    assert_eq!(beacon["remote"], "203.0.113.66");
    assert_eq!(beacon["port"], 443);
    let period = beacon["period"]["seconds"].as_f64().unwrap();
    assert!((590.0..610.0).contains(&period), "{beacon}");
}

#[test]
fn where_there_is_nothing_to_judge_that_is_said_plainly() {
    let lab = Lab::new();
    for kind in ["trend", "anomaly", "patterns"] {
        let said = lab.run(&["analysis", "--type", kind]).done().said;
        assert_eq!(said, "Nothing to analyse: the store holds no history.\n");
        assert_eq!(analysis(&lab, &["--type", kind])["hosts"], json!([]));
    }
    // One day, far too short.
    lab.put("a.log", &log(1, Day::default())[..40_000]);
    lab.run(&["report"]).done();
    for (kind, days) in [
        ("trend", "2020-02"),
        ("anomaly", "today"),
        ("patterns", "20200301"),
    ] {
        let document = analysis(&lab, &["--type", kind, "--date", days]);
        assert_eq!(document["hosts"][0]["findings"], json!([]));
    }
    let said = lab.run(&["analysis", "--type", "anomaly"]).done().said;
    assert!(said.contains("not enough history"), "{said}");
    for wrong in [
        &["analysis", "--type", "magic"][..],
        &["analysis", "--type", "trend", "--host", "nobody"],
        &["analysis", "--type", "trend", "--date", "yesteryear"],
        &[
            "analysis",
            "--type",
            "trend",
            "--date",
            "20000101..20200101",
        ],
        &["analysis", "mute", "rsync"],
        &["analysis", "mute", "process:rsync", "--until", "soon"],
    ] {
        let ran = lab.run(wrong);
        assert_eq!(ran.code, 2, "{wrong:?}: {}{}", ran.said, ran.complained);
    }
}

#[test]
fn a_clock_gone_mad_and_hostile_names_are_shown_and_do_nothing() {
    let lab = Lab::with("timezone: UTC\nreports: {format: [json, html]}\n");
    let name = "<script>alert(1)</script>\u{1b}[2J\u{202e}=cmd";
    for (number, at) in [1i64, 2_000_000_000, 9_000_000_000, 253_402_300_799]
        .into_iter()
        .chain((1..=3).map(midnight))
        .enumerate()
    {
        let mut text = String::new();
        for second in 0..120 {
            let at = at + second;
            text.push_str(&format!(
                "Refreshing:\nprocess: <{at}> \"{name}\" up/down Bps: 9000/10 connections: 1\n\
                 connection: <{at}> <eth0>:443 => 203.0.113.9:50000 (tcp) up/down Bps: 9000/10 \
                 process: \"{name}\"\n\
                 remote_address: <{at}> 203.0.113.9 up/down Bps: 9000/10 connections: 1\n\n"
            ));
        }
        lab.put(format!("{number}.log"), text.as_bytes());
    }
    lab.run(&["ingest"]);
    for kind in ["trend", "anomaly", "patterns"] {
        for date in [
            "yesterday",
            "2020-03",
            "1970-01-01",
            "2033-05-18",
            "9999-12-31",
        ] {
            analysis(&lab, &["--type", kind, "--date", date]);
            // The lab looks for what steers a terminal.
            lab.run(&["analysis", "--type", kind, "--date", date])
                .done();
            let html = [
                "analysis", "--type", kind, "--format", "html", "--date", date,
            ];
            let page = lab.run(&html).done().said;
            assert!(!page.contains("<script>alert"), "{page}");
        }
    }
}
