//! The numbers of a report.

mod sample;

use jiff::civil::date;
use report::{Builder, Comparison, InputFacts, Options, Report};
use sample::{DAY, LATER, START, all_facts, context, facts, report_of, row, rows, shuffled};
use traffic::{Period, RowView, Table, Volume};

fn csv(report: &Report) -> Vec<u8> {
    let mut bytes = Vec::new();
    report::write_csv(report, &mut bytes).expect("memory takes all");
    bytes
}

fn codes(report: &Report) -> Vec<&str> {
    report.notes.iter().map(|note| note.code.as_str()).collect()
}

#[test]
fn volumes_add_up_and_rates_are_means_over_the_seconds_observed() {
    let report = sample::day();
    assert_eq!(report.total_upload_bytes, 180 * (1_000 + 90_000 + 300));
    assert_eq!(report.total_download_bytes, 180 * (250_000 + 4_000 + 900));
    assert_eq!(report.coverage.observed_seconds, 170 * 60 - 9);
    assert_eq!(report.total_upload_bps, 1613); // 16 434 000 B in 10 191 s
    assert_eq!(report.loopback_bytes, 180 * 50);
    assert_eq!((report.peak_upload_bps, report.peak_download_bps), (10, 20));
    let total: u64 = report
        .timeline
        .iter()
        .map(|hour| hour.upload_bytes + hour.download_bytes)
        .sum();
    assert_eq!(total, report.total_bytes());
    assert_eq!(report.timeline.len(), 24);
    assert_eq!(report.timeline[1].observed_seconds, 3000);
}

#[test]
fn lists_are_sorted_by_bytes_and_their_shares_are_parts_of_all() {
    let report = sample::day();
    let names: Vec<_> = report
        .top_processes
        .iter()
        .map(|process| process.name.as_str())
        .collect();
    assert_eq!(names, ["curl", "postgres", "<UNKNOWN>"]);
    let postgres = &report.top_processes[1];
    assert_eq!(
        (postgres.connections, postgres.remotes, postgres.pid),
        (7, 1, None)
    );
    assert_eq!(postgres.share, 0.271_519); // 94 000 of 346 200
    assert_eq!(postgres.first_seen.to_string(), "2026-03-02T00:00:00+00:00");
    assert_eq!(postgres.last_seen.to_string(), "2026-03-02T02:59:59+00:00");
    let shares: f64 = report
        .top_processes
        .iter()
        .map(|process| process.share)
        .sum();
    assert!((shares - 1.0).abs() < 1e-5);
    assert_eq!(report.attributed_ratio, 0.996_534);
    assert_eq!(report.top_remotes[1].processes, ["postgres"]);
    assert_eq!(report.connections_total, 9);
    assert_eq!(report.protocols.len(), 2);
}

#[test]
fn a_port_is_that_of_the_service_on_servers_and_clients_alike() {
    let report = sample::day();
    let ports: Vec<_> = report.top_ports.iter().map(|port| port.port).collect();
    assert_eq!(ports, [443, 5432, 53]);
}

#[test]
fn the_order_of_rows_and_facts_changes_no_byte() {
    let (rows, facts) = (rows(), all_facts());
    let sorted = report_of(&rows, &facts, Options::default());
    let (json, table) = (sorted.to_json(sorted.timestamp), csv(&sorted));
    for seed in 1..6 {
        let other = report_of(
            &shuffled(&rows, seed),
            &shuffled(&facts, seed),
            Options::default(),
        );
        assert_eq!(other.to_json(other.timestamp), json);
        assert_eq!(csv(&other), table);
        assert_eq!(
            other.to_text(&Default::default()),
            sorted.to_text(&Default::default())
        );
    }
}

#[test]
fn equal_volumes_are_ordered_by_name() {
    let row = |process| RowView {
        process: Some(process),
        ..row(START, 1, 1)
    };
    let report = report_of(&[row("b"), row("a"), row("c")], &[], Options::default());
    let names: Vec<_> = report
        .top_processes
        .iter()
        .map(|process| process.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn days_of_23_and_25_hours_have_as_many_entries() {
    for (day, hours) in [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (DAY, 24)] {
        let context = context(Period::day(day), "Europe/Berlin", LATER);
        let start = Period::day(day).seconds(&context.zone).start;
        let mut builder = Builder::new(context, Options::default());
        for hour in 0..hours {
            builder.row(&row(start + hour * 3600, 1, 0));
            builder.bucket(&facts(start + hour * 3600, 60));
        }
        let report = builder.finish(InputFacts::default(), Comparison::default());
        assert_eq!(report.timeline.len() as i64, hours, "{day}");
        assert!(
            report.timeline.iter().all(|hour| hour.upload_bytes == 1),
            "{day}"
        );
        assert_eq!(report.coverage.expected_seconds as i64, hours * 3600);
        let clock: Vec<_> = report
            .timeline
            .iter()
            .map(|hour| hour.start.to_string())
            .collect();
        if hours == 23 {
            assert_eq!(
                clock[1..3],
                ["2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"]
            );
        }
        if hours == 25 {
            assert_eq!(
                clock[2..4],
                ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]
            );
        }
    }
}

#[test]
fn clocks_that_are_set_by_half_an_hour_give_entries_of_half_an_hour() {
    let context = context(Period::day(date(2026, 4, 5)), "Australia/Lord_Howe", LATER);
    let report = Builder::new(context, Options::default())
        .finish(InputFacts::default(), Comparison::default());
    let clock: Vec<_> = report
        .timeline
        .iter()
        .map(|hour| hour.start.to_string())
        .collect();
    assert_eq!(clock.len(), 25);
    assert_eq!(clock[2], "2026-04-05T01:30:00+10:30");
}

#[test]
fn longer_periods_have_an_entry_a_day() {
    let period = Period {
        first: DAY,
        last: date(2026, 3, 4),
    };
    let builder = Builder::new(context(period, "Europe/Berlin", LATER), Options::default());
    let report = builder.finish(InputFacts::default(), Comparison::default());
    assert_eq!(report.timeline.len(), 3);
    let period = Period {
        first: DAY,
        last: date(2026, 3, 3),
    };
    let builder = Builder::new(context(period, "Europe/Berlin", LATER), Options::default());
    assert_eq!(
        builder
            .finish(InputFacts::default(), Comparison::default())
            .timeline
            .len(),
        48
    );
}

#[test]
fn gaps_are_known_to_the_second() {
    let report = sample::day();
    let gaps: Vec<_> = report
        .coverage
        .gaps
        .iter()
        .map(|gap| (gap.start.as_second() - START, gap.end.as_second() - START))
        .collect();
    // The last minute before the gap ends nine seconds early.
    assert_eq!(gaps, [(3591, 4200), (10_800, 86_400)]);
    assert_eq!(report.coverage.ratio, 0.118);
    assert_eq!(report.coverage.expected_seconds, 86_400);
}

#[test]
fn a_day_that_goes_on_expects_no_more_than_has_passed() {
    let now = START + 2 * 3600 + 90;
    let mut builder = Builder::new(context(Period::day(DAY), "UTC", now), Options::default());
    for minute in 0..121 {
        builder.bucket(&facts(START + minute * 60, 60));
    }
    let report = builder.finish(InputFacts::default(), Comparison::default());
    assert!(report.period.partial);
    assert_eq!(report.coverage.expected_seconds, 7290);
    assert_eq!(report.coverage.observed_seconds, 7260);
    assert!(
        report.coverage.gaps.is_empty(),
        "the minute at hand is not over"
    );
    assert_eq!(report.timeline.len(), 3);
}

#[test]
fn a_day_without_anything_is_a_gap_and_no_division_by_zero() {
    let builder = sample::builder(Options::default());
    let report = builder.finish(InputFacts::default(), Comparison::default());
    assert_eq!(report.coverage.gaps.len(), 1);
    assert_eq!((report.coverage.ratio, report.attributed_ratio), (0.0, 1.0));
    assert_eq!(codes(&report), ["not_observed"]);
    assert_eq!(report.total_upload_bps, 0);
}

#[test]
fn a_day_that_has_not_begun_is_empty() {
    let builder = Builder::new(
        context(Period::day(DAY), "UTC", START - 5),
        Options::default(),
    );
    let report = builder.finish(InputFacts::default(), Comparison::default());
    assert_eq!(report.coverage.expected_seconds, 0);
    assert!(report.timeline.is_empty() && report.coverage.gaps.is_empty());
}

#[test]
fn at_most_a_thousand_gaps_are_listed_and_the_rest_is_said() {
    let period = Period {
        first: DAY,
        last: date(2026, 3, 8),
    };
    let mut builder = Builder::new(context(period, "UTC", LATER), Options::default());
    for bucket in 0..1500 {
        builder.bucket(&facts(START + bucket * 120, 60));
    }
    let report = builder.finish(InputFacts::default(), Comparison::default());
    assert_eq!(
        (report.coverage.gaps.len(), report.coverage.gaps_total),
        (1000, 1500)
    );
    assert_eq!(codes(&report), ["gaps_cut"]);
}

#[test]
fn a_second_that_two_logs_observed_counts_once() {
    let all = [facts(START, 40), facts(START, 50)];
    let report = report_of(&[], &all, Options::default());
    assert_eq!(report.coverage.observed_seconds, 50);
    assert!(codes(&report).contains(&"observed_twice"));
    let mut later = facts(START, 30);
    (later.first, later.last) = (START + 20, START + 49);
    let halves = report_of(&[], &[facts(START, 20), later], Options::default());
    assert_eq!(halves.coverage.observed_seconds, 50);
}

#[test]
fn the_percentile_is_of_five_minutes() {
    let mut builder = sample::builder(Options::default());
    for interval in 0..100 {
        for minute in 0..5 {
            let bucket = START + interval * 300 + minute * 60;
            builder.row(&row(
                bucket,
                (interval as u64 + 1) * 60,
                60 * (100 - interval as u64),
            ));
            builder.bucket(&facts(bucket, 60));
        }
    }
    let report = builder.finish(InputFacts::default(), Comparison::default());
    assert_eq!((report.p95_upload_bps, report.p95_download_bps), (95, 95));
}

#[test]
fn the_largest_numbers_saturate_and_stay_finite() {
    let huge = |bucket| RowView {
        volume: Volume {
            up: u64::MAX,
            down: i64::MAX as u64,
        },
        peak: Volume {
            up: u64::MAX,
            down: u64::MAX,
        },
        first_seen: i64::MIN,
        last_seen: i64::MAX,
        ..row(bucket, 0, 0)
    };
    let rows = [huge(START), huge(START), huge(START + 60), row(START, 1, 1)];
    let report = report_of(&rows, &[facts(START, u32::MAX)], Options::default());
    assert_eq!(report.total_upload_bytes, u64::MAX);
    assert_eq!(
        report.total_download_bytes,
        3 * (i64::MAX as u64).min(u64::MAX / 3)
    );
    let json = report.to_json(report.timestamp);
    assert!(!json.contains("NaN") && !json.contains("inf"));
    assert!(
        report
            .top_processes
            .iter()
            .all(|process| (0.0..=1.0).contains(&process.share))
    );
}

#[test]
fn loopback_is_kept_apart_unless_it_is_asked_for() {
    let include = Options {
        include_loopback: true,
        ..Options::default()
    };
    let (apart, included) = (sample::day(), report_of(&rows(), &all_facts(), include));
    assert_eq!(apart.loopback_bytes, included.loopback_bytes);
    assert_eq!(
        included.total_upload_bytes,
        apart.total_upload_bytes + 180 * 50
    );
    assert!(codes(&apart).contains(&"loopback_apart"));
    assert!(codes(&included).contains(&"loopback_included"));
}

#[test]
fn a_log_without_connection_rows_is_reported_as_what_it_is() {
    let process = RowView {
        interface: None,
        protocol: None,
        local_port: None,
        remote: None,
        remote_port: None,
        ..row(START, 400, 600)
    };
    let peer = RowView {
        table: Table::Peers,
        process: None,
        remote: Some("192.0.2.9"),
        ..RowView {
            volume: Volume { up: 400, down: 500 },
            ..process
        }
    };
    let report = report_of(&[process, peer], &[facts(START, 60)], Options::default());
    assert_eq!(report.total_bytes(), 1000);
    assert_eq!(report.top_processes[0].connections, 0);
    assert_eq!(
        (
            report.top_remotes[0].share,
            report.top_remotes[0].upload_bytes
        ),
        (0.9, 400)
    );
    assert!(report.top_remotes[0].processes.is_empty());
    assert_eq!(report.connections[0].process.as_deref(), Some("curl"));
    assert_eq!(report.connections[0].remote_address, None);
    assert_eq!(
        codes(&report)[1..],
        ["connections_unknown", "remotes_unknown"]
    );
}

#[test]
fn rows_of_other_periods_are_left_out_and_said() {
    let report = report_of(
        &[row(START - 60, 1, 1), row(START + 86_400, 1, 1)],
        &[],
        Options::default(),
    );
    assert_eq!((report.total_bytes(), report.connections_total), (0, 0));
    assert!(codes(&report).contains(&"outside_period"));
}

#[test]
fn a_pid_is_shown_where_it_is_the_only_one() {
    let row = |process, pid, port| RowView {
        process: Some(process),
        pid,
        local_port: Some(port),
        ..row(START, 1, 1)
    };
    let rows = [
        row("a", Some(7), 1),
        row("a", Some(7), 2),
        row("b", Some(7), 1),
        row("b", Some(8), 1),
    ];
    let report = report_of(&rows, &[], Options::default());
    assert_eq!(report.top_processes[0].pid, Some(7));
    assert_eq!(report.top_processes[1].pid, None);
    assert_eq!(report.connections_total, 4);
}
