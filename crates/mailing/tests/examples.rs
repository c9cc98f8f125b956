//! The example of this crate writes a whole letter.

use std::path::Path;

use jiff::civil::date;
use jiff::tz::TimeZone;
use report::{Builder, Comparison, Context, InputFacts, Options};
use settings::{Environment, Settings};
use traffic::Period;

#[expect(dead_code, reason = "its `main` takes the settings of this machine")]
#[path = "../examples/letter.rs"]
mod letter;

/// 2026-11-23 00:10 UTC.
const NOW: i64 = 1_795_392_600;

#[test]
fn a_letter_is_written_and_not_sent() {
    let text =
        "timezone: UTC\nemail: {from_addr: reports@example.org, to_addrs: [ada@example.org]}\n";
    let path = Path::new("/nowhere/settings.yaml");
    let settings = Settings::of_text(text, path, &Environment::for_tests()).unwrap();
    let period = Period::day(date(2026, 11, 22));
    let context = Context {
        host: "web1".to_owned(),
        period,
        zone: TimeZone::UTC,
        zone_name: "UTC".to_owned(),
        now: NOW,
        resolution: 60,
    };
    let builder = Builder::new(context, Options::default());
    let report = builder.finish(InputFacts::default(), Comparison::default());
    let letter = letter::letter(&report, period, &settings, NOW).unwrap();
    let letter = String::from_utf8(letter).unwrap();
    for line in [
        "From: reports@example.org\r\n",
        "To: ada@example.org\r\n",
        "Subject: web1 22 Nov: 1 problem, 0 B down, 0 B up",
        "Content-Type: text/plain",
        "Content-Type: text/html",
    ] {
        assert!(letter.contains(line), "no {line:?} in {letter}");
    }
}
