//! Settings and a report in memory, for the tests of this crate.

use std::path::Path;

use analysis::{Finding, FindingId, FindingKind, Severity, Subject};
use jiff::civil::date;
use jiff::tz::TimeZone;
use report::{Builder, Comparison, Context, InputFacts, Options, Report};
use settings::{Environment, Settings};
use traffic::{BucketFacts, Period, Volume};

/// First second of the reported day, 2026-11-22 in UTC.
pub(crate) const START: i64 = 1_795_305_600;
/// Seconds of a day.
pub(crate) const DAY_SECONDS: i64 = 86_400;
/// Ten past midnight of the day after.
pub(crate) const NOW: i64 = START + DAY_SECONDS + 600;

/// Settings by which letters can be sent, to a server that refuses every connection.
pub(crate) const EMAIL: &str = "email: {smtp_server: 127.0.0.1, smtp_port: 1, use_tls: false, \
    from_addr: reports@example.org, to_addrs: [ada@example.org]}\n";

/// What a settings file in a folder says.
pub(crate) fn settings(folder: &Path, text: &str) -> Settings {
    let text = format!("timezone: UTC\nhost: web1\npaths: {{store_dir: store}}\n{text}");
    let path = folder.join("settings.yaml");
    Settings::of_text(&text, &path, &Environment::for_tests()).unwrap()
}

pub(crate) fn day() -> Period {
    Period::day(date(2026, 11, 22))
}

/// A report of the day, observed in these minutes.
pub(crate) fn report(minutes: impl IntoIterator<Item = i64>) -> Report {
    report_with(minutes, InputFacts::default())
}

pub(crate) fn report_with(minutes: impl IntoIterator<Item = i64>, input: InputFacts) -> Report {
    let context = Context {
        host: "web1".to_owned(),
        period: day(),
        zone: TimeZone::UTC,
        zone_name: "UTC".to_owned(),
        now: NOW,
        resolution: 60,
    };
    let mut builder = Builder::new(context, Options::default());
    for minute in minutes {
        let bucket = START + minute * 60;
        builder.bucket(&BucketFacts {
            bucket,
            frames: 60,
            idle_frames: 60,
            seconds: 60,
            peak: Volume::default(),
            first: bucket,
            last: bucket + 59,
        });
    }
    builder.finish(input, Comparison::default())
}

/// A report of the whole day.
pub(crate) fn whole() -> Report {
    report(0..1440)
}

pub(crate) fn finding(kind: FindingKind, severity: Severity) -> Finding {
    Finding {
        id: FindingId("0123456789abcdef".to_owned()),
        kind,
        severity,
        host: "web1".to_owned(),
        subject: Subject::Process("miner".to_owned()),
        direction: None,
        start: START + 3_600,
        end: START + 7_200,
        method: String::new(),
        observed: None,
        expected: None,
        unit: "bytes".to_owned(),
        excess_bytes: None,
        history_days: 20,
        contributors: Vec::new(),
        message: "the process miner moved 3 GB.".to_owned(),
        summary: "the process miner moved 3 GB".to_owned(),
        detail: String::new(),
        culprit: None,
        since: None,
        reasons: Vec::new(),
        state: None,
    }
}
