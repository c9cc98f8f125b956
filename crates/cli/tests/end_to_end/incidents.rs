//! Two incidents among three weeks of an ordinary machine, as its reader meets them: a transfer at night to an
//! address never seen before, and a process that contacts another one every five minutes.

use std::fmt::Write as _;

use serde_json::Value;

use crate::lab::Lab;
use crate::post_office::{header, read};

/// Days of November 2020 of which there are logs.
const FIRST: u64 = 6;
const LAST: u64 = 27;
/// The days of the beacon, from eight o'clock on the first, and the day of the transfer.
const BEACON: std::ops::RangeInclusive<u64> = 24..=26;
const UPLOAD: u64 = 26;

/// The first second of a day of November 2020, in UTC.
fn midnight(day: u64) -> u64 {
    1_604_188_800 + (day - 1) * 86_400
}

/// A row: process, remote with port, bytes a second sent and received.
type Row = (&'static str, String, u64, u64);

/// What runs in a second of a day.
fn rows(day: u64, second: u64) -> Vec<Row> {
    let (hour, in_hour) = (second / 3600, second % 3600);
    let mut rows = Vec::new();
    // People by day, a server all the time, a backup at one; a little uneven.
    let uneven = 90 + (day * 7919 + hour * 31) % 21;
    let busy = if (8..18).contains(&hour) { 4 } else { 1 };
    if in_hour < 20 {
        let remote = format!("198.51.100.{}:443", 1 + (hour * 3 + day) % 20);
        rows.push(("nginx", remote, 4_000 * uneven, 1_000 * uneven));
    }
    if (600..620).contains(&in_hour) {
        let remote = format!("203.0.113.{}:443", 1 + (hour * 5 + day) % 20);
        rows.push((
            "firefox",
            remote,
            200 * busy * uneven,
            3_000 * busy * uneven,
        ));
    }
    if hour == 1 && in_hour < 30 {
        rows.push((
            "borg",
            "192.0.2.9:22".to_owned(),
            30_000 * uneven,
            500 * uneven,
        ));
    }
    if hour == 4 && in_hour < 30 {
        rows.push((
            "rsync",
            "192.0.2.9:22".to_owned(),
            10_000 * uneven,
            500 * uneven,
        ));
    }
    // A log that ends idle tells no time of its end.
    if second >= 86_395 {
        rows.push(("nginx", "198.51.100.1:443".to_owned(), 40_000, 10_000));
    }
    let minute = second / 60;
    if day == UPLOAD && (2 * 60 + 34..3 * 60 + 14).contains(&minute) {
        let to = "185.220.101.47:22".to_owned();
        rows.push(("rsync", to, 825_000, 8_000));
    }
    // A packet shows for five refreshes, in each with a fifth of its bytes.
    let since_eight = day > *BEACON.start() || hour >= 8;
    let jitter = (second / 300 * 7) % 5;
    if BEACON.contains(&day) && since_eight && (30 + jitter..35 + jitter).contains(&(second % 300))
    {
        rows.push(("kworkerd", "45.155.205.233:8443".to_owned(), 180, 220));
    }
    rows
}

/// The log of a day.
fn log(day: u64) -> String {
    let mut log = String::with_capacity(4 << 20);
    for second in 0..86_400 {
        let at = midnight(day) + second;
        log.push_str("Refreshing:\n");
        let rows = rows(day, second);
        for (process, _, up, down) in &rows {
            writeln!(
                log,
                "process: <{at}> \"{process}\" up/down Bps: {up}/{down} connections: 1"
            )
            .unwrap();
        }
        for (process, remote, up, down) in &rows {
            writeln!(
                log,
                "connection: <{at}> <eth0>:40000 => {remote} (tcp) up/down Bps: {up}/{down} \
                 process: \"{process}\""
            )
            .unwrap();
        }
        for (_, remote, up, down) in &rows {
            let (address, _) = remote.rsplit_once(':').unwrap();
            writeln!(
                log,
                "remote_address: <{at}> {address} up/down Bps: {up}/{down} connections: 1"
            )
            .unwrap();
        }
        if rows.is_empty() {
            log.push_str("<NO TRAFFIC>\n");
        }
        log.push('\n');
    }
    log
}

struct Letter {
    subject: String,
    text: String,
    is_important: bool,
}

/// The letter about a day.
fn letter(lab: &Lab, day: u64) -> Letter {
    let date = format!("2020-11-{day:02}");
    let file = lab.path(format!("{date}.eml"));
    let name = file.to_str().unwrap();
    lab.run(&["email", "preview", "--date", &date, "--output", name])
        .done();
    let read = read(&file);
    let mut parts = read["parts"].as_array().unwrap().iter();
    let text = parts.find(|part| part["type"] == "text/plain").unwrap();
    Letter {
        subject: header(&read, "Subject"),
        text: text["text"].as_str().unwrap().replace("\r\n", "\n"),
        is_important: std::fs::read_to_string(&file)
            .unwrap()
            .contains("Importance: high"),
    }
}

/// Words on one line, however they were broken.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first lines of a letter, as many as a screen shows at once.
fn first_screen(text: &str) -> String {
    joined(&text.lines().take(12).collect::<Vec<_>>().join("\n"))
}

#[test]
fn two_incidents_in_three_weeks_are_told_first_and_as_long_as_they_last() {
    let lab = Lab::with("timezone: UTC\n");
    for day in FIRST..=LAST {
        lab.put(format!("bandwhich_202011{day:02}.log"), log(day).as_bytes());
    }
    lab.run(&["ingest"]).done();

    // A quiet week has nothing red.
    for day in 17..24 {
        let quiet = letter(&lab, day);
        let start = format!("lab {day} Nov: ok, ");
        assert!(
            quiet.subject.starts_with(&start),
            "{}\n{}",
            quiet.subject,
            quiet.text
        );
        assert!(quiet.text.contains("· nothing unusual\n"), "{}", quiet.text);
        assert!(!quiet.is_important);
    }

    // The beacon is told on each of its days, and then that it ended.
    let beacon = "kworkerd contacts 45.155.205.233:8443 every 5 min";
    let first = letter(&lab, 24);
    let expected = format!("lab: WARNING {beacon}");
    assert!(first.subject.starts_with(&expected), "{}", first.subject);
    for (day, days) in [(25, 2), (26, 3)] {
        let text = joined(&letter(&lab, day).text);
        let line = format!("Still going on: {beacon}");
        let since = format!("since Tue 24 Nov, {days} days.");
        assert!(text.contains(&line) && text.contains(&since), "{text}");
    }
    let after = letter(&lab, 27);
    assert!(
        after.subject.starts_with("lab 27 Nov: ok, "),
        "{}",
        after.subject
    );
    let line = format!("Ended: {beacon}");
    assert!(joined(&after.text).contains(&line), "{}", after.text);

    // The transfer is the subject, the first screen of the letter, and the head of the terminal's report.
    let night = letter(&lab, UPLOAD);
    let subject = "lab: CRITICAL rsync sent 1.98 GB to a new remote (26 Nov; 1 ongoing)";
    assert_eq!(night.subject, subject);
    assert!(night.is_important);
    let ran = lab.run(&["report", "--date", "2020-11-26"]).done();
    let head = ran.said.lines().take(5).collect::<Vec<_>>().join("\n");
    let sentence =
        "CRITICAL rsync sent 1.98 GB to 185.220.101.47 (new), 02:34–03:14; usual for these hours:";
    for text in [first_screen(&night.text), joined(&head)] {
        assert!(text.contains(sentence), "{text}");
    }
    let widest = night
        .text
        .lines()
        .filter(|line| !line.contains("network-monitor show"));
    assert!(
        widest.map(|line| line.chars().count()).max() <= Some(72),
        "{}",
        night.text
    );

    // It is one finding, in JSON, too; and the command that mutes it does.
    let report: Value = lab.written("report_20201126.json");
    let warnings: Vec<&Value> = (report["findings"].as_array().unwrap().iter())
        .filter(|one| one["severity"] != "info")
        .collect();
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert_eq!(warnings[0]["culprit"]["process"], "rsync");
    let id = warnings[0]["id"].as_str().unwrap();
    assert!(night.text.contains(&format!("analysis mute {id}\n")));
    lab.run(&["analysis", "mute", id]).done();
    let muted = letter(&lab, UPLOAD);
    assert!(
        muted.subject.starts_with("lab: ONGOING kworkerd"),
        "{}",
        muted.subject
    );
}
