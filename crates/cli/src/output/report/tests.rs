use jiff::civil::date;
use jiff::tz::TimeZone;
use lifecycle::Unreadable;
use report::{Builder, Comparison, Context, InputFacts, Options};
use settings::Environment;

use super::*;

const NOW: i64 = 1_795_435_200;
const TERMINAL: Terminal = Terminal {
    quiet: false,
    is_verbose: false,
    is_terminal: false,
    width: 80,
    colour: display::Colour::Plain,
};

/// A report of 2026-11-22 without traffic.
fn empty_report(host: &str) -> Report {
    let context = Context {
        host: host.to_owned(),
        period: period(),
        zone: TimeZone::UTC,
        zone_name: "UTC".to_owned(),
        now: NOW,
        resolution: 60,
    };
    Builder::new(context, Options::default()).finish(InputFacts::default(), Comparison::default())
}

fn period() -> Period {
    Period::day(date(2026, 11, 22))
}

/// What is printed of a report among so many.
fn shown(report: &Report, planned: usize) -> String {
    let finished = FinishedReport {
        report,
        period: period(),
        files: &[],
        planned,
    };
    let mut out = Vec::new();
    show_report(&finished, &TERMINAL, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The last lines of a run.
fn concluded(result: &RunResult, when: Option<When>) -> String {
    let path = std::path::Path::new("/nowhere/settings.yaml");
    let text = "paths: {log_dir: /logs, report_dir: /reports}\n";
    let settings = Settings::of_text(text, path, &Environment::for_tests()).unwrap();
    let mut out = Vec::new();
    conclude(result, when, &settings, &TERMINAL, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_report_among_many_has_one_line() {
    let mut report = empty_report("web1\u{1b}[2J");
    report.total_download_bytes = 1_200_000;
    report.total_upload_bytes = 340;
    report.coverage.ratio = 0.5;
    assert_eq!(
        shown(&report, 4),
        "20261122     1.2 MB received      340 B sent  50.0 % observed  web1\\u{1b}[2J\n"
    );
}

#[test]
fn few_reports_are_shown_whole() {
    let text = shown(&empty_report("web1\u{1b}[2J"), 3);
    assert!(text.lines().count() > 3, "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_run_without_work_says_why() {
    let result = |files| {
        let mut result = RunResult {
            nothing_new: true,
            ..RunResult::default()
        };
        result.ingest.files = files;
        result
    };
    let first = |files, when| {
        let text = concluded(&result(files), when);
        text.lines().next().unwrap().to_owned()
    };
    assert_eq!(first(0, None), "Nothing to do: no logs in /logs.");
    assert_eq!(
        first(2, None),
        "Nothing to do: no log is new or has changed."
    );
    let yesterday = Some("yesterday".parse().unwrap());
    assert_eq!(
        first(2, yesterday),
        "Nothing to do: nothing is stored for that period."
    );
}

#[test]
fn what_needs_attention_is_printed_harmlessly() {
    let mut result = RunResult::default();
    result.ingest.unreadable.push(Unreadable {
        path: "a\u{1b}.log".to_owned(),
        reason: "is a pipe\u{202e}".to_owned(),
    });
    let text = concluded(&result, None);
    assert!(
        text.starts_with("Attention: a\\u{1b}.log: is a pipe\\u{202e}\n"),
        "{text}"
    );
    assert!(text.ends_with("Logs: 0 found, 0 new, 0 not changed since, 0 only repeating others, 0 empty, 1 with trouble\n"), "{text}");
}
