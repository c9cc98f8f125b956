//! The report of a day with one connection, from a row and the facts of its minute to the text for a
//! terminal. What a store gives row by row goes the same way.

use jiff::civil::date;
use jiff::tz::TimeZone;
use report::{Builder, Comparison, Context, InputFacts, Options, Report};
use traffic::{BucketFacts, Period, RowView, Table, Volume};

/// Midnight of 2026-03-02 in UTC.
const START: i64 = 1_772_409_600;

#[expect(clippy::print_stdout, reason = "an example shows what it makes")]
fn main() {
    println!("{}", day().to_text(&report::TextOptions::default()));
}

/// The report of the day.
pub(crate) fn day() -> Report {
    let context = Context {
        host: "web1".to_owned(),
        period: Period::day(date(2026, 3, 2)),
        zone: TimeZone::UTC,
        zone_name: "UTC".to_owned(),
        now: START + 2 * 86_400,
        resolution: 60,
    };
    let mut builder = Builder::new(context, Options::default());
    let volume = Volume {
        up: 1_000,
        down: 250_000,
    };
    builder.row(&RowView {
        table: Table::Traffic,
        bucket: START,
        process: Some("curl"),
        pid: None,
        interface: Some("eth0"),
        protocol: Some("tcp"),
        local_port: Some(54_321),
        remote: Some("192.0.2.7"),
        remote_port: Some(443),
        volume,
        peak: volume,
        frames: 60,
        first_seen: START,
        last_seen: START + 59,
    });
    builder.bucket(&BucketFacts {
        bucket: START,
        frames: 60,
        idle_frames: 0,
        seconds: 60,
        peak: volume,
        first: START,
        last: START + 59,
    });
    builder.finish(InputFacts::default(), Comparison::default())
}
