//! Analyses as text, JSON and pages, of five weeks that grow, with a spike on the last day and a beacon.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use analysis::{
    FiveMinutes, History, Hour, Month, Series, Subject, Talks, Thresholds, anomalies, patterns,
    trend,
};
use display::Moment;
use jiff::tz::TimeZone;
use report::{Analysis, AnalysisResult, Glyphs, HostAnalysis, TextOptions};
use serde_json::Value;

const DAYS: i64 = 35;
/// Monday, 26 January 2026, in UTC.
const START: i64 = 1_769_385_600;
const HOUR: i64 = 3600;
const NAME: &str = "<b>rsync</b>\u{1b}[31m\u{202e}";

fn history() -> History {
    let hours: Vec<Hour> = (0..DAYS * 24)
        .map(|number| Hour {
            start: START + number * HOUR,
            observed: 3600,
            day: i32::try_from(START / 86_400 + number / 24).unwrap(),
            weekday: u8::try_from(number / 24 % 7).unwrap(),
            hour: u8::try_from(number % 24).unwrap(),
        })
        .collect();
    let bytes = |subject: Subject, part: u64| {
        let down = hours.iter().enumerate().map(|(number, hour)| {
            let number = number as u64;
            let busy = if (8..18).contains(&hour.hour) { 5 } else { 1 };
            let noise = number * 7919 % 13;
            let spike = if number / 24 == 34 && hour.hour == 14 {
                30
            } else {
                1
            };
            (1_000_000 * busy + 40_000 * (number / 24) + 20_000 * noise) * part * spike
        });
        let down: Vec<u64> = down.collect();
        Series {
            subject,
            up: down.iter().map(|bytes| bytes / 9).collect(),
            down,
        }
    };
    let starts: Vec<i64> = (0..7 * 144)
        .map(|number| START + 28 * 86_400 + number * 600)
        .collect();
    History {
        host: "web1".to_owned(),
        series: vec![
            bytes(Subject::Total, 4),
            bytes(Subject::Process(NAME.to_owned()), 3),
            bytes(Subject::Port("tcp/443".to_owned()), 3),
        ],
        five_minutes: (0..1000)
            .map(|number| FiveMinutes {
                start: START + 28 * 86_400 - 86_400 + number * 300,
                observed: 300,
                up: 1000 * number.unsigned_abs(),
                down: 9000 * number.unsigned_abs(),
            })
            .collect(),
        met: Vec::new(),
        remotes_since: Vec::new(),
        names: Vec::new(),
        since: Some(START),
        talks: vec![Talks {
            remote: "203.0.113.66".to_owned(),
            port: Some(443),
            protocol: Some("tcp".to_owned()),
            process: Some("updatesvc".to_owned()),
            bytes: vec![1320; starts.len()],
            ends: starts.iter().map(|start| start + 1).collect(),
            connections: starts.len() as u64,
            starts,
        }],
        hours,
    }
}

fn month() -> Month {
    let first = START + 6 * 86_400;
    Month {
        start: first,
        end: first + 28 * 86_400,
        days: (0..28)
            .map(|day| {
                let number = i32::try_from(first / 86_400 + day).unwrap();
                (number, u8::try_from((6 + day) % 7).unwrap())
            })
            .collect(),
    }
}

fn analysis(days: i64, told: AnalysisResult) -> Analysis {
    let end = START + DAYS * 86_400;
    let zone = TimeZone::UTC;
    let mut analysis = Analysis::new(Moment::new(end, &zone), zone.clone(), "UTC".to_owned());
    let judged = end - days * 86_400..end;
    analysis
        .hosts
        .push(HostAnalysis::new("web1", &judged, &zone, told, 1));
    analysis
}

fn all() -> Vec<(&'static str, Analysis)> {
    let history = history();
    let end = START + DAYS * 86_400;
    let judged = |days: i64| end - days * 86_400..end;
    let thresholds = Thresholds::default();
    let trend = trend(&history, judged(28), Some(&month()), &thresholds);
    let anomaly = anomalies(&history, judged(1), &thresholds);
    let patterns = patterns(&history, judged(7), &thresholds);
    vec![
        ("trend", analysis(28, AnalysisResult::Trend(trend))),
        ("anomaly", analysis(1, AnalysisResult::Anomaly(anomaly))),
        ("patterns", analysis(7, AnalysisResult::Patterns(patterns))),
    ]
}

#[test]
fn an_analysis_reads_well_at_80_columns() {
    for (kind, analysis) in all() {
        let text = analysis.to_text(&TextOptions::default());
        insta::assert_snapshot!(format!("analysis_{kind}"), text);
        for (width, glyphs) in [
            (50, Glyphs::Unicode),
            (80, Glyphs::Ascii),
            (120, Glyphs::Unicode),
        ] {
            let text = analysis.to_text(&TextOptions {
                width,
                glyphs,
                ..TextOptions::default()
            });
            for line in text.lines() {
                assert!(display::width(line) <= width, "{width}: {line}");
                assert_eq!(display::printable(line), line);
            }
            assert!(glyphs == Glyphs::Unicode || text.is_ascii(), "{text}");
        }
    }
}

#[test]
fn an_analysis_keeps_to_its_schema_and_holds_what_was_put_in() {
    let schema = include_str!("../../../../docs/schema/analysis.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for (kind, analysis) in all() {
        let document: Value = serde_json::from_str(&analysis.to_json()).unwrap();
        let wrong: Vec<String> = (validator.iter_errors(&document))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{kind}: {wrong:#?}");
        assert_eq!(document["hosts"][0]["type"], kind);
    }
    let [_, (_, anomaly), (_, patterns)] = &all()[..] else {
        panic!("three analyses");
    };
    let kinds = |analysis: &Analysis| -> Vec<analysis::FindingKind> {
        let findings = analysis.hosts[0].told.findings();
        findings.iter().map(|finding| finding.kind).collect()
    };
    assert!(kinds(anomaly).contains(&analysis::FindingKind::Spike));
    assert_eq!(kinds(patterns), [analysis::FindingKind::Beacon]);
}

#[test]
fn the_page_of_an_analysis_shows_the_band_and_lets_no_name_act() {
    for (kind, analysis) in all() {
        let page = analysis.to_html().unwrap();
        assert_eq!(page, analysis.to_html().unwrap());
        assert!(
            !page.contains("<b>rsync") && !page.contains('\u{202e}'),
            "{kind}"
        );
        assert!(!page.contains(" style=") && !page.contains("NaN"), "{kind}");
        let marks = match kind {
            "trend" => ["class=\"slope\"", "The billing month"],
            "anomaly" => ["class=\"usual\"", "class=\"unusual\""],
            _ => ["203.0.113.66:443", "class=\"week\""],
        };
        for mark in marks {
            assert!(page.contains(mark), "{kind}: {mark}");
        }
    }
}
