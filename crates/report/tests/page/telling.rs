//! What a page says first, how far it goes, and what it opens to.

use analysis::{
    Band, BandHour, Direction, Expected, Finding, FindingId, FindingKind, FindingState, Severity,
    Subject,
};
use report::{HtmlOptions, Index, IndexedPage, Mover, Options, PageHead, Report, Traces, Usual};
use traffic::{RowView, Volume};

use crate::sample::{self, START, facts, row};
use crate::{between, has_section, page, page_with};

/// A spike of two hours of one process.
fn spike(severity: Severity, state: FindingState) -> Finding {
    Finding {
        id: FindingId("2a058e30f63b".to_owned()),
        kind: FindingKind::Spike,
        severity,
        host: "web1".to_owned(),
        subject: Subject::Process("rsync".to_owned()),
        direction: Some(Direction::Up),
        start: START + 7_200,
        end: START + 14_400,
        method: "hour-of-week modified z".to_owned(),
        observed: Some(1.98e9),
        expected: None,
        unit: "bytes".to_owned(),
        excess_bytes: Some(1_980_000_000),
        history_days: 20,
        contributors: Vec::new(),
        message: "rsync sent 1.98 GB to <185.220.101.47>\u{202e}; usual: 62 MB.".to_owned(),
        summary: "rsync sent 1.98 GB to <185.220.101.47>\u{202e}".to_owned(),
        detail: "usual: 62 MB".to_owned(),
        culprit: None,
        since: None,
        reasons: vec!["Usual: 62 MB.".to_owned()],
        state: Some(state),
    }
}

/// What is usual, a hundred bytes to 36 MB in each hour.
fn usual() -> Usual {
    let hours = (0..24).map(|hour| BandHour {
        start: START + hour * 3600,
        bytes: None,
        observed_bytes: 0,
        expected: Some(Expected {
            low: 100.0,
            middle: 1e6,
            high: 36e6,
        }),
        is_unusual: false,
    });
    let band = |direction| Band {
        subject: Subject::Total,
        direction,
        hours: hours.clone().collect(),
    };
    Usual {
        bands: vec![band(Direction::Down), band(Direction::Up)],
        movers: vec![Mover {
            process: "rsync".to_owned(),
            now: Volume {
                up: 2_000_000_000,
                down: 1_000_000,
            },
            usual: Volume {
                up: 20_000_000,
                down: 3_000_000,
            },
        }],
        days: 4,
    }
}

fn day_with(findings: Vec<Finding>) -> Report {
    let mut day = sample::day();
    day.set_findings(findings, 0, None);
    day.usual = Some(usual());
    day
}

/// Text as a reader sees it, without the marks of names.
fn verdict(page: &str) -> String {
    let text = between(page, "<p class=\"verdict\">", "</p>");
    text.replace("<bdi>", "").replace("</bdi>", "")
}

#[test]
fn the_worst_finding_comes_first_and_the_volumes_after_it() {
    let page = page(&day_with(vec![spike(
        Severity::Critical,
        FindingState::New,
    )]));
    assert!(
        verdict(&page).starts_with("<b class=\"critical\">Critical</b> "),
        "{}",
        verdict(&page)
    );
    assert!(
        verdict(&page)
            .contains("rsync sent 1.98 GB to &lt;185.220.101.47&gt;\\u{202e}, 02:00–04:00; usual")
    );
    assert!(between(&page, "<p class=\"volumes\">", "</p>").contains("down"));
    assert!(
        page.contains("<bdi>network-monitor show --process rsync --date 2026-03-02</bdi>"),
        "{}",
        between(&page, "<p class=\"do\">", "</p>")
    );
    assert!(
        page.contains("<dd>1 new<small>1 critical</small></dd>"),
        "tiles"
    );
}

#[test]
fn what_is_no_warning_or_has_ended_is_no_headline() {
    for finding in [
        spike(Severity::Info, FindingState::New),
        spike(Severity::Critical, FindingState::Ended),
    ] {
        let page = page(&day_with(vec![finding]));
        assert!(verdict(&page).starts_with("45.9"), "{}", verdict(&page));
        assert!(!page.contains("<p class=\"volumes\">") && has_section(&page, "findings"));
    }
    let quiet = page(&day_with(Vec::new()));
    assert!(quiet.contains("<dd>none<small>nothing unusual</small></dd>"));
    let mut young = sample::day();
    young.set_findings(Vec::new(), 0, Some("3 of 7 days".to_owned()));
    assert!(page(&young).contains("<dd>–<small>not judged: 3 of 7 days</small></dd>"));
    // Nothing is said of findings where none are looked for.
    assert!(!page(&sample::day()).contains("Findings"));
}

#[test]
fn the_curve_has_findings_the_usual_and_the_height_of_its_peaks() {
    let mut day = day_with(vec![spike(Severity::Warning, FindingState::New)]);
    let curve = day.curve.peak_download_bps.iter_mut().flatten();
    *curve.last().unwrap() = 44_900_000;
    let page = page(&day);
    let curve = between(&page, "<div class=\"wide plot\"", "</div>");
    let mark = between(curve, "<path class=\"mark warning\" d=\"", "\"");
    // From 02:00 to 04:00 of 24 hours, of 876 units from 66 on.
    assert!(
        mark.starts_with("M139.0 ") && mark.contains("H212.0V"),
        "{mark}"
    );
    assert!(
        curve.contains("<text class=\"number warning\"") && page.contains("id=\"finding-1\">1<")
    );
    assert_eq!(
        between(curve, "<path class=\"usual\" d=\"", "\"")
            .matches('M')
            .count(),
        48
    );
    assert!(curve.contains("<path class=\"cut\"") && curve.contains(">44.9 MB/s</text>"));
    for key in ["What is usual", "Finding of that number"] {
        assert!(page.contains(key), "{key}");
    }
    assert!(page.contains(&format!("data-usual-sent=\"{START}:0:10000,")));
    assert!(page.contains(&format!("data-offsets=\"{START}:0\"")));
}

#[test]
fn what_lasts_all_day_or_is_over_is_not_marked() {
    let lasting = Finding {
        start: START,
        end: START + 86_400,
        ..spike(Severity::Warning, FindingState::New)
    };
    for finding in [lasting, spike(Severity::Warning, FindingState::Ended)] {
        let page = page(&day_with(vec![finding]));
        assert!(!page.contains("class=\"mark ") && !page.contains("Finding of that number"));
    }
    let seen = Finding {
        kind: FindingKind::FirstSeen,
        end: START + 86_400,
        ..spike(Severity::Warning, FindingState::New)
    };
    let page = page(&day_with(vec![seen]));
    let mark = between(&page, "<path class=\"mark warning\" d=\"", "\"");
    assert!(
        mark.starts_with("M139.0 ") && mark.contains("H148.1V"),
        "a quarter of an hour: {mark}"
    );
}

#[test]
fn what_changed_names_who_moved_more_and_less() {
    let page = page(&day_with(Vec::new())).replace('\u{a0}', " ");
    let changed = between(&page, "<h2 id=\"changed\">", "</section>");
    for shown in ["rsync", "+2.0 GB", "−2.0 MB", "4 days"] {
        assert!(changed.contains(shown), "{shown}: {changed}");
    }
}

#[test]
fn a_process_opens_to_its_remotes_services_and_hours() {
    let page = page(&sample::day());
    let list = between(&page, "<ul class=\"processes\">", "</ul>");
    let process = list
        .split("<li><details>")
        .find(|item| item.contains("postgres"))
        .unwrap();
    for shown in [
        "db2.internal.example",
        "5432 tcp",
        "<svg class=\"hours\"",
        "Seen 00:00–02:59",
    ] {
        assert!(process.contains(shown), "{shown}: {process}");
    }
    assert!(!process.contains("192.0.2.7"));
    let plain = page_with(&sample::day(), false);
    assert!(plain.contains("db2.internal.example") && !plain.contains("class=\"hours\""));
}

#[test]
fn a_process_with_many_remotes_shows_those_that_moved_most() {
    let names: Vec<String> = (0..40).map(|at| format!("peer-{at:02}")).collect();
    let rows = names.iter().zip(1..).map(|(name, bytes)| RowView {
        remote: Some(name),
        ..row(START, bytes, bytes)
    });
    let rows: Vec<RowView<'_>> = rows.collect();
    let page = page(&sample::report_of(
        &rows,
        &[facts(START, 60)],
        Options::default(),
    ));
    let opened = between(&page, "<div class=\"opened\">", "</details>");
    assert!(
        opened.contains("peer-39") && opened.contains("peer-34") && !opened.contains("peer-33")
    );
    assert!(opened.contains("and 34 more remotes"));
}

#[test]
fn it_lists_fifty_connections_and_names_the_file_that_has_all() {
    let rows: Vec<RowView<'_>> = (0..60)
        .map(|at| RowView {
            local_port: Some(40_000 + at),
            ..row(START, 1000 - u64::from(at), 1)
        })
        .collect();
    let report = sample::report_of(&rows, &[facts(START, 60)], Options::default());
    let page = page(&report);
    let table = between(&page, "<table id=\"list\">", "</table>");
    assert_eq!(table.matches("<tr>").count(), 1 + 50);
    assert!(page.contains("The 50 that moved most of 60; report_20260302.csv has all."));
    let options = HtmlOptions {
        charts: false,
        traces: None,
        all_connections: None,
    };
    let alone = report.to_html(report.timestamp, &options).unwrap();
    assert!(alone.contains("The 50 that moved most of 60."));
}

/// A busy day: 4,000 connections of 150 processes with 1,000 remotes, with findings, a history and charts.
#[test]
fn a_busy_day_stays_under_200_kb() {
    let remotes: Vec<String> = (0..1000)
        .map(|at| format!("ec2-198-51-100-{at}.eu-central-1.compute.amazonaws.example"))
        .collect();
    let processes: Vec<String> = (0..150).map(|at| format!("a-process-name-{at}")).collect();
    let rows: Vec<RowView<'_>> = (0..4000usize)
        .flat_map(|at| (0..12).map(move |part| (at, part)))
        .map(|(at, part)| RowView {
            process: Some(&processes[at * at % 150]),
            remote: Some(&remotes[at % 1000]),
            local_port: Some(20_000 + at as u16),
            remote_port: Some([443, 22, 80, 993, 5222, 8080, 51_820][at % 7]),
            ..row(
                START + 60 * ((at as i64 * 7 + part * 120) % 1440),
                999_999 + at as u64 * 1017 % 8_000_000,
                9_999_999 - at as u64 * 337 % 9_000_000,
            )
        })
        .collect();
    let facts: Vec<_> = (0..1440)
        .map(|minute| facts(START + 60 * minute, 60))
        .collect();
    let mut report = sample::report_of(&rows, &facts, Options::default());
    assert_eq!(
        (report.connections_total, report.connections.len()),
        (4000, 1000)
    );
    let finding = |at: i64| Finding {
        id: FindingId(format!("{at:012x}")),
        start: START + at * 3600,
        end: START + at * 3600 + 3600,
        ..spike(Severity::Warning, FindingState::New)
    };
    report.set_findings((0..12).map(finding).collect(), 0, None);
    report.usual = Some(usual());
    let past = report::Past {
        start: START - 28 * 86_400,
        stretches: (1..=28 * 24)
            .map(|back| (START - back * 3600, 1000, 3600))
            .collect(),
        ..report::Past::default()
    };
    report.look_back(&past, &jiff::tz::TimeZone::UTC, 10);
    let mut traces = Traces::new(&report, false);
    rows.iter().for_each(|row| traces.row(row));
    let options = HtmlOptions {
        charts: true,
        traces: Some(&traces),
        all_connections: Some("report_20260302.csv"),
    };
    let page = report.to_html(report.timestamp, &options).unwrap();
    assert!(
        (120_000..200_000).contains(&page.len()),
        "{} bytes",
        page.len()
    );
}

#[test]
fn an_index_reads_what_a_page_says_at_its_head() {
    let mut day = day_with(vec![
        spike(Severity::Critical, FindingState::New),
        spike(Severity::Info, FindingState::New),
    ]);
    day.host = "'><script>alert(1)</script>&amp;\u{202e}".to_owned();
    let page = page(&day);
    let start = &page[..page.floor_char_boundary(16 << 10)];
    let head = PageHead::read(start).unwrap();
    assert_eq!(head.host, "'><script>alert(1)</script>&amp;\\u{202e}");
    assert_eq!(head.download_bytes, day.total_download_bytes);
    assert_eq!((head.start, head.findings), (day.period.start, 2));
    let worst = head.worst.clone().unwrap();
    assert_eq!(worst.severity, Severity::Critical);
    assert!(worst.sentence.contains("<185.220.101.47>"));
    assert_eq!(page.matches("<script").count(), 1);

    let index = Index {
        host: Some(day.host.clone()),
        pages: vec![IndexedPage {
            file: "report_20260302.html".to_owned(),
            head,
        }],
        ..Index::default()
    };
    let html = index.to_html().unwrap();
    assert!(Index::is_index(&html) && !Index::is_index(&page));
    assert_eq!(PageHead::read(&html), None);
    assert_eq!(html.matches("<script").count(), 1);
    assert!(html.contains("&lt;185.220.101.47&gt;") && !html.contains('\u{202e}'));
    assert_eq!(html, index.to_html().unwrap());
}
