use serde_json::json;
use traffic::When;

use super::*;
use crate::tests::{DAY_SECONDS, Lab, NOW, START, day, log_of};

/// Seconds of an hour.
const HOUR: i64 = 3600;

/// So many refreshes in which a process talks by its own ports.
fn talk(start: i64, seconds: i64, process: &str, remote: &str, ports: (u16, u16)) -> String {
    (start..start + seconds)
        .map(|second| {
            format!(
                "Refreshing:\n\
                 process: <{second}> \"{process}\" up/down Bps: 100/1000 connections: 1\n\
                 connection: <{second}> <eth0>:{} => {remote}:{} (tcp) up/down Bps: 100/1000 process: \"{process}\"\n\
                 remote_address: <{second}> {remote} up/down Bps: 100/1000 connections: 1\n\n",
                ports.0, ports.1
            )
        })
        .collect()
}

fn ask(
    lab: &Lab,
    period: Period,
    filter: Filter,
    tables: &[(Dimension, Option<usize>)],
) -> Breakdown {
    let store = lab.reader();
    let hosts = store.hosts().unwrap();
    let tables = tables.iter().map(|&(by, top)| TableRequest { by, top });
    let request = BreakdownRequest {
        period,
        filter,
        tables: tables.collect(),
    };
    breakdown(&store, &hosts, &request, &lab.settings, NOW).unwrap()
}

fn by(lab: &Lab, period: Period, by: Dimension) -> BreakdownTable {
    ask(lab, period, Filter::default(), &[(by, None)])
        .tables
        .remove(0)
}

/// The lines in short: what each is about, and the bytes received.
fn short(table: &BreakdownTable) -> Vec<(String, u64)> {
    let lines = table.lines.iter();
    lines
        .map(|line| {
            let subject = match &line.subject {
                LineSubject::Time { start, .. } => start.minute(),
                LineSubject::Process { process: name }
                | LineSubject::Remote { remote: name }
                | LineSubject::Port { port: name }
                | LineSubject::Host { host: name } => name.clone(),
                LineSubject::Connection(one) => format!(
                    "{} {}:{} {}",
                    one.process,
                    one.remote.as_deref().unwrap_or("-"),
                    one.remote_port.unwrap_or(0),
                    one.port.as_deref().unwrap_or("-"),
                ),
            };
            (subject, line.download_bytes)
        })
        .collect()
}

fn process(name: &str) -> Filter {
    Filter {
        process: Some(name.parse().unwrap()),
        ..Filter::default()
    }
}

/// A day of which rsync talks to two remotes, curl to one of them, and the day before curl alone. Each talk is a
/// run of bandwhich, so that its bytes are those that were printed.
fn lab() -> Lab {
    let mut lab = Lab::new("");
    for log in [
        talk(START - DAY_SECONDS, 2, "curl", "192.0.2.1", (40_001, 443)),
        talk(START + 2 * HOUR, 4, "rsync", "198.51.100.9", (40_002, 873)),
        talk(START + 3 * HOUR, 1, "rsync", "192.0.2.1", (40_003, 443)),
        talk(START + 3 * HOUR + 60, 2, "curl", "192.0.2.1", (40_004, 443)),
    ] {
        lab.ingest("web1", &log);
    }
    lab
}

#[test]
fn each_dimension_adds_up_to_the_total() {
    let lab = lab();
    let every = [
        Dimension::Hour,
        Dimension::Day,
        Dimension::Month,
        Dimension::Process,
        Dimension::Remote,
        Dimension::Port,
        Dimension::Host,
        Dimension::Connection,
    ];
    let tables = every.map(|by| (by, None));
    let answer = ask(&lab, day(0), Filter::default(), &tables);
    assert_eq!((answer.upload_bytes, answer.download_bytes), (700, 7_000));
    assert_eq!(answer.observed_seconds, 7);
    for table in &answer.tables {
        let down: u64 = table.lines.iter().map(|line| line.download_bytes).sum();
        let unnamed = table.unnamed_download_bytes;
        assert_eq!(down + unnamed, 7_000, "{:?}", table.by);
        assert!(table.is_exact && table.left_out == LeftOut::default());
    }
    let names = |place: usize| short(&answer.tables[place]);
    let named = |name: &str, down| (name.to_owned(), down);
    assert_eq!(names(3), [named("rsync", 5_000), named("curl", 2_000)]);
    assert_eq!(
        names(4),
        [named("198.51.100.9", 4_000), named("192.0.2.1", 3_000)]
    );
    assert_eq!(names(5), [named("tcp/873", 4_000), named("tcp/443", 3_000)]);
    assert_eq!(names(6), [named("web1", 7_000)]);
    assert_eq!(names(7)[0], named("rsync 198.51.100.9:873 tcp/873", 4_000));
    assert_eq!(names(0).len(), 24);
    assert_eq!(names(0)[3], named("2026-11-22 03:00", 3_000));
}

#[test]
fn a_filter_leaves_what_it_names_and_says_when() {
    let lab = lab();
    let answer = ask(&lab, day(0), process("rsync"), &[(Dimension::Remote, None)]);
    assert_eq!(answer.download_bytes, 5_000);
    let line = &answer.tables[0].lines[0];
    assert_eq!(
        line.first_seen.unwrap().to_string(),
        "2026-11-22T02:00:00+00:00"
    );
    assert_eq!(line.last_seen.unwrap().as_second(), START + 2 * HOUR + 3);
    let of = |filter: Filter| ask(&lab, day(0), filter, &[]).download_bytes;
    let remote = |typed: &str| Filter {
        remote: Some(typed.parse().unwrap()),
        ..Filter::default()
    };
    assert_eq!(of(remote("192.0.2.1")), 3_000);
    assert_eq!(of(remote("192.0.2.0/24")), 3_000);
    assert_eq!(of(remote("nobody")), 0);
    let port = |typed: &str| Filter {
        port: Some(typed.parse().unwrap()),
        ..Filter::default()
    };
    assert_eq!(
        (of(port("443")), of(port("tcp/873")), of(port("udp/873"))),
        (3_000, 4_000, 0)
    );
    // A client's port is not the service's.
    assert_eq!(of(port("40002")), 0);
    let hours = Filter {
        hours: Some("3".parse().unwrap()),
        ..Filter::default()
    };
    assert_eq!(of(hours), 3_000);
}

/// What is asked of the digests of past days and what their rows say is the same.
#[test]
fn kept_digests_change_no_answer() {
    let lab = lab();
    let questions: [(Filter, Dimension); 4] = [
        (Filter::default(), Dimension::Hour),
        (process("curl"), Dimension::Day),
        (process("rsync"), Dimension::Connection),
        (process("nobody"), Dimension::Month),
    ];
    let week = "2026-11-16..2026-11-23"
        .parse::<When>()
        .unwrap()
        .on(day(1).first, None);
    let answers = || {
        questions
            .clone()
            .map(|(filter, by)| ask(&lab, week, filter, &[(by, None)]))
    };
    let before = json!(answers());
    // Who writes keeps what was worked out.
    lab.store
        .digests("web1", week.seconds(&lab.settings.time_zone), false)
        .unwrap();
    let kept = lab
        .reader()
        .kept_digest("web1", traffic::UtcDay::of(START), false);
    assert!(kept.unwrap().is_some());
    assert_eq!(json!(answers()), before);
}

#[test]
fn what_the_history_before_does_not_know_is_new() {
    let lab = lab();
    let is_new = |table: &BreakdownTable| -> Vec<Option<bool>> {
        table.lines.iter().map(|line| line.is_new).collect()
    };
    assert_eq!(
        is_new(&by(&lab, day(0), Dimension::Remote)),
        [Some(true), Some(false)]
    );
    assert_eq!(
        is_new(&by(&lab, day(0), Dimension::Process)),
        [Some(true), Some(false)]
    );
    assert_eq!(
        is_new(&by(&lab, day(0), Dimension::Port)),
        [Some(true), Some(false)]
    );
    // Nothing is known of the time before the first day.
    assert_eq!(is_new(&by(&lab, day(-1), Dimension::Remote)), [None]);
    assert_eq!(is_new(&by(&lab, day(0), Dimension::Connection))[0], None);
}

#[test]
fn rows_beyond_the_top_are_counted() {
    let mut lab = Lab::new("");
    let log: String = (0..30i64)
        .map(|name| {
            log_of(
                START + 100 * name,
                name + 1,
                &format!("p{name}"),
                "192.0.2.1",
            )
        })
        .collect();
    lab.ingest("web1", &log);
    let answer = ask(
        &lab,
        day(0),
        Filter::default(),
        &[(Dimension::Process, Some(2))],
    );
    let table = &answer.tables[0];
    assert_eq!(short(table)[0], ("p29".to_owned(), 30_000));
    let sum: u64 = (1..=28).map(|seconds| seconds * 1_000).sum();
    assert_eq!(
        (table.left_out.lines, table.left_out.download_bytes),
        (28, sum)
    );
    assert_eq!(table.unnamed_download_bytes, 0);
    let busiest = ask(
        &lab,
        day(0),
        Filter::default(),
        &[(Dimension::Hour, Some(1))],
    );
    assert_eq!(
        (
            busiest.tables[0].lines.len(),
            busiest.tables[0].left_out.lines
        ),
        (1, 23)
    );
}

#[test]
fn hosts_add_up_and_what_was_not_recorded_is_no_zero() {
    let mut lab = lab();
    lab.ingest("web2", &log_of(START + 2 * HOUR, 10, "curl", "192.0.2.1"));
    let hosts = by(&lab, day(0), Dimension::Host);
    assert_eq!(
        short(&hosts),
        [("web2".to_owned(), 10_000), ("web1".to_owned(), 7_000)]
    );
    let hours = by(&lab, day(0), Dimension::Hour);
    let two = &hours.lines[2];
    assert_eq!(
        (two.observed_seconds, two.expected_seconds),
        (Some(14), Some(7_200))
    );
    assert_eq!(hours.lines[4].observed_seconds, Some(0));
    // Noon of the next day is now.
    let today = by(&lab, day(1), Dimension::Hour);
    let expected: Vec<u64> = today
        .lines
        .iter()
        .filter_map(|line| line.expected_seconds)
        .collect();
    assert_eq!((expected[11], expected[12]), (7_200, 0));
}

#[test]
fn a_damaged_day_is_left_out_whole_and_said() {
    let mut lab = lab();
    lab.ingest(
        "web1",
        &log_of(START + 2 * DAY_SECONDS, 5, "curl", "192.0.2.1"),
    );
    let damaged = lab.segments().into_iter().find(|path| {
        let path = path.to_string_lossy();
        path.contains("/traffic/date=2026-11-22/")
    });
    std::fs::write(damaged.unwrap(), "no Parquet").unwrap();
    let period = Period {
        first: day(-1).first,
        last: day(2).last,
    };
    let answer = ask(
        &lab,
        period,
        Filter::default(),
        &[(Dimension::Process, None)],
    );
    assert_eq!(answer.damage.len(), 1, "{:?}", answer.damage);
    assert!(answer.damage[0].starts_with("web1, 2026-11-22 (UTC): not counted: "));
    assert_eq!(answer.download_bytes, 7_000);
}

#[test]
fn a_high_port_is_the_services_by_all_connections_asked_for_by_table_and_by_filter() {
    let mut lab = Lab::new("");
    for client in 0..3u16 {
        let start = START + 100 * i64::from(client);
        let log = talk(start, 2, "curl", "192.0.2.1", (40_000 + client, 50_051));
        lab.ingest("web1", &log);
    }
    assert_eq!(
        short(&by(&lab, day(0), Dimension::Port)),
        [("tcp/50051".to_owned(), 6_000)]
    );
    let filter = |typed: &str| Filter {
        port: Some(typed.parse().unwrap()),
        ..Filter::default()
    };
    let of = |typed: &str| ask(&lab, day(0), filter(typed), &[]).download_bytes;
    assert_eq!((of("50051"), of("40001")), (6_000, 0));
}

#[test]
fn the_usual_tables_leave_out_what_the_filter_fixes() {
    let kinds = |filter: &Filter, period: Period| -> Vec<Dimension> {
        let tables = TableRequest::usual(filter, period, 5);
        tables.into_iter().map(|table| table.by).collect()
    };
    let all = Filter::default();
    assert_eq!(
        kinds(&all, day(0)),
        [Dimension::Hour, Dimension::Process, Dimension::Remote]
    );
    assert_eq!(
        kinds(&process("a"), day(0)),
        [Dimension::Hour, Dimension::Remote, Dimension::Port]
    );
    let long = |days: i64| Period {
        first: day(-days).first,
        last: day(0).last,
    };
    assert_eq!(kinds(&all, long(30))[0], Dimension::Day);
    assert_eq!(kinds(&all, long(90))[0], Dimension::Month);
}

#[test]
fn days_follow_the_zone() {
    let mut lab = Lab::new("");
    lab.settings.time_zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    lab.ingest("web1", &log_of(START - 1_800, 3, "curl", "192.0.2.1"));
    let table = by(&lab, day(0), Dimension::Day);
    assert_eq!(short(&table), [("2026-11-22 00:00".to_owned(), 3_000)]);
}
