//! The HTML page and the pictures.

#[path = "page/telling.rs"]
mod telling;

mod sample;

use base64::Engine as _;
use jiff::civil::date;
use report::{HtmlOptions, Options, Past, Report, Traces};
use sample::{START, all_facts, facts, hostile, input, row, rows};
use sha2::Digest as _;
use traffic::{Period, RowView};

fn page(report: &Report) -> String {
    page_with(report, true)
}

fn page_with(report: &Report, charts: bool) -> String {
    let mut traces = Traces::new(report, false);
    rows().iter().for_each(|row| traces.row(row));
    let options = HtmlOptions {
        charts,
        traces: charts.then_some(&traces),
        all_connections: Some("report_20260302.csv"),
    };
    report
        .to_html(report.timestamp, &options)
        .expect("the template is sound")
}

/// The text between two marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).expect(from);
    rest.split_once(to).expect(to).0
}

fn has_section(page: &str, id: &str) -> bool {
    page.contains(&format!("<h2 id=\"{id}\">"))
}

#[test]
fn a_day_has_its_verdict_and_all_its_sections() {
    let page = page(&sample::day());
    assert_eq!(
        between(&page, "<p class=\"verdict\">", "</p>").replace('\u{a0}', " "),
        "45.9 MB down, 16.4 MB up: 18 % more than the day before, per second observed; 2 gaps, 11.8 % observed."
    );
    for id in [
        "curve",
        "changed",
        "processes",
        "remotes",
        "services",
        "protocols",
        "interfaces",
        "recorded",
        "connections",
    ] {
        assert!(has_section(&page, id), "{id}");
    }
    for shown in [
        "postgres",
        "db2.internal.example:40000",
        "[2001:db8::53]:53",
        "443 tcp",
        "kB&#x2f;s",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains("kbps"));
    assert!(page.starts_with("<!doctype html>"), "{:.80}", page);
}

#[test]
fn what_is_not_there_has_no_section() {
    let empty = sample::builder(Options::default())
        .finish(report::InputFacts::default(), report::Comparison::default());
    let page = page(&empty);
    assert_eq!(
        between(&page, "<p class=\"verdict\">", "</p>"),
        "Nothing was observed."
    );
    for id in [
        "curve",
        "changed",
        "new",
        "processes",
        "remotes",
        "services",
        "protocols",
        "interfaces",
        "quotas",
        "connections",
        "names",
    ] {
        assert!(!has_section(&page, id), "{id}");
        assert!(!page.contains(&format!("href=\"#{id}\"")), "{id}");
    }
    assert!(!page.contains("The usual week"));
    assert!(!page.contains("<dl class=\"tiles\">") && has_section(&page, "recorded"));
}

#[test]
fn without_charts_the_hours_stand_open_as_a_table() {
    let page = page_with(&sample::day(), false);
    assert!(!page.contains("<svg") && !has_section(&page, "curve"));
    assert!(page.contains("<details class=\"table\" open>\n<summary>Hours as a table"));
}

#[test]
fn the_policy_names_the_hashes_of_style_and_script() {
    let page = page(&hostile());
    for (kind, from, to) in [
        ("style", "<style>", "</style>"),
        ("script", "<script>", "</script>"),
    ] {
        let hash = sha2::Sha256::digest(between(&page, from, to));
        let hash = base64::engine::general_purpose::STANDARD.encode(hash);
        assert!(
            page.contains(&format!("{kind}-src 'sha256-{hash}'")),
            "{kind}"
        );
    }
    assert!(page.contains("content=\"default-src 'none';") && !page.contains("unsafe"));
    assert!(!page.contains(" style=") && !page.contains(" onclick="));
}

#[test]
fn hostile_names_are_text() {
    let page = page(&hostile());
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"));
    assert!(page.contains(r"\u{202e}gnp.exe") && page.contains(r"\u{1b}]0;x\u{7} of a log"));
    let deceives = |character: char| character != '\n' && display::is_deceptive(character);
    assert!(!page.contains(deceives));
}

#[test]
fn long_names_are_short_in_their_place_and_whole_at_the_end() {
    let long = "x".repeat(4096);
    let rows: Vec<String> = (0..3000).map(|at| format!("{at}{long}")).collect();
    let rows: Vec<RowView<'_>> = rows
        .iter()
        .map(|name| RowView {
            process: Some(name),
            remote: Some(name),
            ..row(START, 1, 1)
        })
        .collect();
    let page = page(&sample::report_of(
        &rows,
        &[facts(START, 60)],
        Options::default(),
    ));
    assert!(has_section(&page, "names") && page.contains("href=\"#name-1\""));
    assert!(between(&page, "<div id=\"name-1\">", "</div>").len() > 4096);
    assert!(page.len() < 500_000, "{} bytes", page.len());
}

#[test]
fn the_same_report_gives_the_same_page_timestamp_aside() {
    let one = sample::day();
    let (mut rows, mut facts) = (rows(), all_facts());
    rows.reverse();
    facts.reverse();
    let other = sample::report_of(&rows, &facts, Options::default());
    let page = page(&one);
    assert_eq!(page, self::page(&other));
    assert_eq!(report::timestamp_of_html(&page), Some(one.timestamp));
}

#[test]
fn looking_back_tells_the_new_from_the_known() {
    let mut day = sample::day();
    let hours = (1..=28 * 24).map(|back| (START - back * 3600, back as u64 * 1000, 3600));
    let past = Past {
        start: START - 28 * 86_400,
        stretches: hours.collect(),
        processes: ["curl".to_owned()].into(),
        remotes: ["192.0.2.7".to_owned(), "2001:db8::53".to_owned()].into(),
        names_cut: false,
    };
    day.look_back(&past, &jiff::tz::TimeZone::UTC, 10);
    let history = day.history.as_ref().unwrap();
    assert_eq!(history.days, 28);
    let names = |new: &Option<report::NewNames>| -> Vec<String> {
        let new = new.as_ref().unwrap();
        assert_eq!(new.total, new.top.len());
        new.top.iter().map(|new| new.name.clone()).collect()
    };
    assert_eq!(names(&history.new_processes), ["postgres"]);
    assert_eq!(names(&history.new_remotes), ["db2.internal.example"]);
    let page = page(&day);
    assert!(has_section(&page, "new") && page.contains("<summary>The usual week"));
    assert!(page.contains("id=\"new-processes\"") && page.contains("id=\"new-peers\""));
    let met = history.new_remotes.as_ref().unwrap();
    assert_eq!(met.top[0].most_with.as_deref(), Some("postgres"));
    assert!(page.contains("28 days observed since 2 February 2026"));

    let cut = Past {
        names_cut: true,
        ..past
    };
    day.look_back(&cut, &jiff::tz::TimeZone::UTC, 10);
    assert_eq!(day.history.unwrap().new_processes, None);
}

#[test]
fn a_period_of_days_is_named_by_its_days() {
    let period = Period {
        first: date(2026, 3, 2),
        last: date(2026, 3, 8),
    };
    let context = sample::context(period, "Europe/Berlin", sample::LATER);
    let mut builder = report::Builder::new(context, Options::default());
    rows().iter().for_each(|row| builder.row(row));
    let report = builder.finish(input(), sample::comparison());
    let page = page(&report);
    assert!(page.contains("Mon, 2 March 2026 to Sun, 8 March 2026"));
    assert!(page.contains("Days as a table") && page.contains("Fri, 6 Mar"));
}
