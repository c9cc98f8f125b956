//! A small day that tests build reports from.
#![expect(dead_code, reason = "each test file uses a part of it")]

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use report::{Builder, Comparison, Context, InputFacts, Options, Report, Totals};
use traffic::{BucketFacts, Period, RowView, Table, Volume};

pub(crate) const DAY: Date = date(2026, 3, 2);
/// Midnight of [`DAY`] in UTC.
pub(crate) const START: i64 = 1_772_409_600;
/// Long after.
pub(crate) const LATER: i64 = 4_000_000_000;

/// A report's frame: `zone` is an IANA name.
pub(crate) fn context(period: Period, zone: &str, now: i64) -> Context {
    Context {
        host: "web1".to_owned(),
        period,
        zone: TimeZone::get(zone).expect("the zone is known"),
        zone_name: zone.to_owned(),
        now,
        resolution: 60,
    }
}

pub(crate) fn builder(options: Options) -> Builder {
    Builder::new(context(Period::day(DAY), "UTC", LATER), options)
}

/// A row of curl, to be changed where a test looks.
pub(crate) fn row(bucket: i64, up: u64, down: u64) -> RowView<'static> {
    RowView {
        table: Table::Traffic,
        bucket,
        process: Some("curl"),
        pid: None,
        interface: Some("eth0"),
        protocol: Some("tcp"),
        local_port: Some(54_321),
        remote: Some("192.0.2.7"),
        remote_port: Some(443),
        volume: Volume { up, down },
        peak: Volume { up, down },
        frames: 60,
        first_seen: bucket,
        last_seen: bucket + 59,
    }
}

pub(crate) fn facts(bucket: i64, frames: u32) -> BucketFacts {
    BucketFacts {
        bucket,
        frames,
        idle_frames: 0,
        seconds: frames,
        peak: Volume { up: 10, down: 20 },
        first: bucket,
        last: bucket + i64::from(frames) - 1,
    }
}

/// Rows of a day with several processes, peers and tables.
pub(crate) fn rows() -> Vec<RowView<'static>> {
    let mut rows = Vec::new();
    for minute in 0..180 {
        let bucket = START + minute * 60;
        rows.push(row(bucket, 1_000, 250_000));
        rows.push(RowView {
            process: Some("postgres"),
            local_port: Some(5432),
            remote: Some("db2.internal.example"),
            remote_port: Some(40_000 + (minute % 7) as u16),
            ..row(bucket, 90_000, 4_000)
        });
        rows.push(RowView {
            process: Some("<UNKNOWN>"),
            protocol: Some("udp"),
            remote: Some("2001:db8::53"),
            remote_port: Some(53),
            ..row(bucket, 300, 900)
        });
        rows.push(RowView {
            table: Table::Loopback,
            ..row(bucket, 50, 0)
        });
    }
    rows
}

/// Three hours observed, but for ten minutes and nine seconds.
pub(crate) fn all_facts() -> Vec<BucketFacts> {
    let mut all = Vec::new();
    for minute in (0..60).chain(70..180) {
        all.push(facts(
            START + minute * 60,
            if minute == 59 { 51 } else { 60 },
        ));
    }
    all
}

pub(crate) fn input() -> InputFacts {
    InputFacts {
        files: 3,
        bytes: 1_234_567,
        lines: 23_456,
        frames: 10_191,
        idle_frames: 12,
        runs: 2,
        damaged_lines: 2,
        disagreement_bytes: 0,
        damaged_samples: vec![report::DamagedSample {
            file: "bandwhich_20260302_0000.log".to_owned(),
            line: 812,
            reason: "port \"99999\" is out of range".to_owned(),
        }],
        notes: vec![report::Note::new(
            "clock_stepped",
            "the clock was set back by 90 s at 01:12:03",
        )],
    }
}

pub(crate) fn comparison() -> Comparison {
    let totals = |days| Totals {
        upload_bytes: 16_000_000,
        download_bytes: 40_000_000,
        observed_seconds: 10_800,
        days,
    };
    Comparison {
        previous: Some(totals(1)),
        same_weekday: Some(totals(4)),
    }
}

/// A report of these rows and facts in this order.
pub(crate) fn report_of(rows: &[RowView<'_>], facts: &[BucketFacts], options: Options) -> Report {
    let mut builder = builder(options);
    rows.iter().for_each(|row| builder.row(row));
    facts.iter().for_each(|facts| builder.bucket(facts));
    builder.finish(input(), comparison())
}

pub(crate) fn day() -> Report {
    report_of(&rows(), &all_facts(), Options::default())
}

/// A report whose every text is hostile.
pub(crate) fn hostile() -> Report {
    let names = [
        "=cmd|' /C calc'!A0",
        "\u{1b}[31mred\u{7}",
        "\u{202e}gnp.exe",
        "日本語のとても長いプロセス名前です",
        "🚀🚀 rocket 👩‍🚀",
        "",
        "quote\"name",
        "two\nlines",
        "nul\0nul",
        "<script>alert(1)</script>",
    ];
    let mut builder = builder(Options::default());
    for (at, name) in names.iter().enumerate() {
        let down = 1000 * (at as u64 + 1);
        builder.row(&RowView {
            process: Some(name),
            interface: Some(name),
            remote: Some(name),
            ..row(START, 7, down)
        });
    }
    builder.bucket(&facts(START, 60));
    let mut input = input();
    input.notes.push(report::Note::new(
        "hostile",
        "a name \u{1b}]0;x\u{7} of a log",
    ));
    input.damaged_samples[0].file = "evil\u{1b}[2J.log".to_owned();
    builder.finish(input, Comparison::default())
}

/// The same items in another order, the same each time.
pub(crate) fn shuffled<T: Clone>(items: &[T], seed: u64) -> Vec<T> {
    let mut items = items.to_vec();
    let mut state = seed;
    for at in (1..items.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        items.swap(at, (state >> 33) as usize % (at + 1));
    }
    items
}
