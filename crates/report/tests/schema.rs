//! What is written keeps to the schemas that are shipped, and can be read back.

mod sample;

use jsonschema::Validator;
use report::{Builder, Comparison, InputFacts, Options, Report};
use sample::{DAY, START, context, facts, row};
use serde_json::Value;
use traffic::Period;

const REPORT: &str = include_str!("../../../docs/schema/report.schema.json");
const SUMMARY: &str = include_str!("../../../docs/schema/summary.schema.json");

fn validator(schema: &str) -> Validator {
    let schema: Value = serde_json::from_str(schema).expect("a schema is JSON");
    jsonschema::draft202012::meta::validate(&schema).expect("a schema keeps to its draft");
    jsonschema::draft202012::new(&schema).expect("its references lead somewhere")
}

fn reports() -> Vec<(&'static str, Report)> {
    let mut partial = Builder::new(
        context(Period::day(DAY), "Europe/Berlin", START + 90),
        Options::default(),
    );
    partial.row(&row(START, 1, 2));
    partial.bucket(&facts(START, 60));
    let empty = sample::builder(Options::default());
    vec![
        ("a day", sample::day()),
        (
            "an empty day",
            empty.finish(InputFacts::default(), Comparison::default()),
        ),
        (
            "a partial day",
            partial.finish(InputFacts::default(), sample::comparison()),
        ),
        ("hostile names", sample::hostile()),
    ]
}

#[test]
fn every_report_keeps_to_the_schema() {
    let (report_schema, summary_schema) = (validator(REPORT), validator(SUMMARY));
    for (name, report) in reports() {
        let json = report.to_json(report.timestamp);
        assert!(json.ends_with("}\n") && json.starts_with("{\n  \"schema_version\": 1,\n"));
        let errors = |validator: &Validator, json: &str| -> Vec<String> {
            let value = serde_json::from_str(json).unwrap();
            let errors = validator.iter_errors(&value);
            errors
                .map(|error| format!("{error} at {}", error.instance_path()))
                .collect()
        };
        assert_eq!(errors(&report_schema, &json), [""; 0], "{name}");
        let summary = report.summary_json(report.timestamp);
        assert_eq!(errors(&summary_schema, &summary), [""; 0], "{name}");
    }
}

#[test]
fn a_schema_names_every_key_that_is_written() {
    fn unnamed(schema: &Value, root: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
        let schema = match schema["$ref"].as_str() {
            Some(name) => &root["$defs"][name.trim_start_matches("#/$defs/")],
            None => schema,
        };
        let schema = schema["anyOf"].get(1).unwrap_or(schema);
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    let path = format!("{path}/{key}");
                    match schema["properties"].get(key) {
                        Some(schema) => unnamed(schema, root, value, &path, found),
                        None => found.push(path),
                    }
                }
            }
            Value::Array(list) => {
                list.iter()
                    .for_each(|value| unnamed(&schema["items"], root, value, path, found));
            }
            _ => {}
        }
    }
    let report = sample::day();
    let texts = [
        (REPORT, report.to_json(report.timestamp)),
        (SUMMARY, report.summary_json(report.timestamp)),
    ];
    for (schema, json) in texts {
        let schema: Value = serde_json::from_str(schema).unwrap();
        let mut found = Vec::new();
        unnamed(
            &schema,
            &schema,
            &serde_json::from_str(&json).unwrap(),
            "",
            &mut found,
        );
        assert_eq!(found, [""; 0]);
    }
}

#[test]
fn a_report_that_breaks_the_schema_is_refused() {
    let schema = validator(REPORT);
    let report = sample::day();
    let json: Value = serde_json::from_str(&report.to_json(report.timestamp)).unwrap();
    for (pointer, wrong) in [
        ("/total_upload_bytes", Value::from(-1)),
        ("/coverage/ratio", Value::from(1.5)),
        ("/timestamp", Value::from("yesterday")),
        ("/comparison/previous", serde_json::json!({"days": 1})),
    ] {
        let mut broken = json.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong;
        assert!(!schema.is_valid(&broken), "{pointer}");
    }
}

#[test]
fn a_report_is_read_back_as_it_was_written() {
    for (name, report) in reports() {
        let json = report.to_json(report.timestamp);
        let read: Report = serde_json::from_str(&json).unwrap();
        assert_eq!(read.to_json(read.timestamp), json, "{name}");
    }
}

#[test]
fn the_time_it_was_made_is_the_only_thing_that_changes() {
    let report = sample::day();
    let other = display::Moment::new(0, &jiff::tz::TimeZone::UTC);
    let lines = |text: String| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    let (one, two) = (
        lines(report.to_json(report.timestamp)),
        lines(report.to_json(other)),
    );
    let changed: Vec<_> = one
        .iter()
        .zip(&two)
        .filter(|(one, two)| one != two)
        .collect();
    assert_eq!(changed.len(), 1);
    assert!(
        changed[0]
            .1
            .contains("\"timestamp\": \"1970-01-01T00:00:00+00:00\"")
    );
}

#[test]
fn a_summary_has_neither_connections_nor_timeline() {
    let report = sample::day();
    let summary: Value = serde_json::from_str(&report.summary_json(report.timestamp)).unwrap();
    assert!(summary.get("connections").is_none() && summary.get("timeline").is_none());
    assert_eq!(summary["connections_total"], 9);
}
