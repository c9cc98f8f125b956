//! Hand-made hostile logs against the counts of a strict reader that knows nothing but lines
//! (`hostile/expected.json`). Rows in frames that are cut off count, as they do there.

use std::path::Path;

use rawlog::{Closing, Item, Limits, Reader, Reason, Row};
use serde_json::Value;

#[path = "../fuzz/checks.rs"]
mod checks;

const EXPECTED: &str = include_str!("hostile/expected.json");

/// A hand-made block as most of the logs have it.
fn block(second: u32) -> String {
    let time = 1_795_336_896 + second;
    format!(
        "Refreshing:\n\
         process: <{time}> \"curl\" up/down Bps: 500/20000 connections: 1\n\
         connection: <{time}> <enp3s0>:51234 => 198.51.100.7:443 (tcp) up/down Bps: 500/20000 \
         process: \"curl\"\n\
         remote_address: <{time}> 198.51.100.7 up/down Bps: 500/20000 connections: 1\n\n"
    )
}

fn blocks(seconds: std::ops::Range<u32>) -> String {
    seconds.map(block).collect()
}

/// The logs that are too large to keep.
fn made(name: &str) -> Option<String> {
    let log = match name {
        "18_giant_line.log" => {
            let digits = "1".repeat(1_800_000);
            let line = format!("process: <{digits}> \"x\" up/down Bps: 1/2 connections: 1\n\n");
            blocks(0..3) + &line + &blocks(3..5)
        }
        "19_giant_no_newline.log" => blocks(0..3) + &"A".repeat(1_900_000),
        "20_long_process_name.log" => {
            let name = "N".repeat(100_000);
            let time = 1_795_336_899;
            let process =
                format!("process: <{time}> \"{name}\" up/down Bps: 10/20 connections: 1\n");
            let connection = format!(
                "connection: <{time}> <enp3s0>:1 => 198.51.100.7:443 (tcp) up/down Bps: 10/20 \
                 process: \"{name}\"\n\n"
            );
            blocks(0..3) + "Refreshing:\n" + &process + &connection + &blocks(4..6)
        }
        _ => return None,
    };
    Some(log)
}

/// What the list tells about each log, but for those that only test names of files and folders.
#[expect(
    clippy::disallowed_methods,
    reason = "the logs are files beside this one"
)]
fn cases() -> Vec<(String, Value, Vec<u8>)> {
    let expected: serde_json::Map<String, Value> =
        serde_json::from_str(EXPECTED).expect("the list is JSON");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
    let mut cases = Vec::new();
    for (name, counts) in expected {
        if name.starts_with("57_") || name.starts_with("58_") {
            continue;
        }
        let log = match made(&name) {
            Some(log) => log.into_bytes(),
            None => std::fs::read(folder.join(&name)).expect("the log is beside the list"),
        };
        cases.push((name, counts, log));
    }
    cases
}

/// What the list counts.
#[derive(Clone, Debug, Default, PartialEq)]
struct Counts {
    bytes: u64,
    lines: u64,
    headers: u64,
    idle: u64,
    process: Family,
    connection: Family,
    address: Family,
    malformed: u64,
    unfinished: bool,
}

/// Rows of one kind, and the plain sums of their values.
#[derive(Clone, Debug, Default, PartialEq)]
struct Family {
    rows: u64,
    up: u128,
    down: u128,
}

impl Family {
    fn add(&mut self, up: u128, down: u128) {
        self.rows += 1;
        self.up = self.up.saturating_add(up);
        self.down = self.down.saturating_add(down);
    }
}

impl Counts {
    fn of(log: &[u8]) -> Self {
        let mut counts = Counts::default();
        let (extent, outcome) =
            Reader::new(log, Limits::default()).for_each(|item| counts.take(&item));
        outcome.expect("a slice can be read to its end");
        (counts.bytes, counts.lines) = (extent.bytes, extent.lines);
        counts
    }

    fn take(&mut self, item: &Item<'_>) {
        match item {
            Item::Frame(frame) => {
                self.headers += u64::from(frame.header);
                self.idle += u64::from(frame.idle);
                self.malformed += frame.faults.len() as u64;
                for row in frame.rows.iter() {
                    match row.row() {
                        Row::Process(row) => self.process.add(row.up, row.down),
                        Row::Connection(row) => self.connection.add(row.up, row.down),
                        Row::Address(row) => self.address.add(row.up, row.down),
                    }
                }
            }
            Item::Fault(_) => self.malformed += 1,
            Item::Note(..) | Item::Filler(_) => {}
            Item::Unfinished(_) => self.unfinished = true,
        }
    }

    fn listed(counts: &Value) -> Self {
        let number = |value: &Value| value.as_u64().expect("a count fits into 64 bits");
        let family = |rows: &str, sums: &str| {
            // The sums of one log are beyond 128 bits; the list's reader has no limit.
            let sum = |at: usize| counts[sums][at].as_u64().map_or(u128::MAX, u128::from);
            Family {
                rows: number(&counts[rows]),
                up: sum(0),
                down: sum(1),
            }
        };
        Counts {
            bytes: number(&counts["bytes"]),
            lines: number(&counts["lines"]),
            headers: number(&counts["headers"]),
            idle: number(&counts["idle"]),
            process: family("P", "sumP"),
            connection: family("C", "sumC"),
            address: family("A", "sumA"),
            malformed: number(&counts["malformed"]),
            unfinished: counts["unterminated_last_line"] == true,
        }
    }
}

/// Where the reader differs from a look at each line alone, and why.
fn expect_differently(name: &str, counts: &mut Counts) {
    match name {
        // A header glued to a cut line, a terminal's farewell or the zeros that a power cut leaves is
        // a header all the same.
        "07_cut_line_glued_to_restart.log"
        | "08_escape_glued_to_restart.log"
        | "15_nul_bytes.log" => counts.headers += 1,
        // `<NO TRAFFIC>` was printed by a name: its frame has rows, so it is not idle, and the line
        // is a fault.
        "37_fake_no_traffic.log" => {
            counts.idle -= 1;
            counts.malformed += 1;
        }
        _ => {}
    }
}

#[test]
fn the_counts_are_those_of_a_strict_reader() {
    let cases = cases();
    assert_eq!(cases.len(), 56);
    for (name, listed, log) in cases {
        let mut expected = Counts::listed(&listed);
        expect_differently(&name, &mut expected);
        assert_eq!(Counts::of(&log), expected, "{name}");
    }
}

#[test]
fn the_laws_hold_for_every_hostile_log() {
    for (_, _, log) in cases() {
        checks::check_reader(&log);
        log.split(|&byte| byte == b'\n')
            .for_each(checks::check_line);
    }
}

/// The log of this name, and one line of text for each item.
fn outline(name: &str) -> Vec<String> {
    let (_, _, log) = cases()
        .into_iter()
        .find(|case| case.0 == name)
        .expect("the log is in the list");
    let mut outline = Vec::new();
    let (_, outcome) = Reader::new(&log[..], Limits::default()).for_each(|item| {
        outline.push(match item {
            Item::Frame(frame) => {
                let closing = frame.closing;
                let reasons: Vec<Reason> = frame.faults.iter().map(|fault| fault.reason).collect();
                format!(
                    "{:?} {} rows {closing:?} {reasons:?}",
                    frame.timestamp,
                    frame.rows.len()
                )
            }
            Item::Fault(fault) => format!("{:?}", fault.reason),
            Item::Note(_, bytes) => format!("note {bytes}"),
            Item::Filler(bytes) => format!("filler {bytes}"),
            Item::Unfinished(fault) => format!("unfinished {}", fault.bytes),
        });
    });
    outcome.expect("a slice can be read to its end");
    outline
}

#[test]
fn a_cut_frame_ends_at_the_header_of_the_restart() {
    let outline = outline("06_cut_block_then_restart.log");
    let cut: Vec<_> = outline
        .iter()
        .filter(|item| item.contains("NextHeader"))
        .collect();
    assert_eq!(cut, ["Some(1795336904) 2 rows NextHeader []"]);
}

#[test]
fn a_restart_behind_a_cut_line_is_a_frame_of_its_own() {
    let outline = outline("07_cut_line_glued_to_restart.log");
    assert_eq!(
        outline[8],
        "Some(1795336904) 1 rows NextHeader [GluedHeader]"
    );
    assert_eq!(outline[9], "None 0 rows EmptyLine []");
}

#[test]
fn a_restart_behind_a_terminals_farewell_is_a_frame_of_its_own() {
    let outline = outline("08_escape_glued_to_restart.log");
    assert_eq!(outline[8], "GluedHeader");
    assert_eq!(outline[9], "None 0 rows EmptyLine []");
}

#[test]
fn a_name_with_line_feeds_tears_its_frame_but_keeps_the_time() {
    assert_eq!(
        outline("36_newline_in_name.log"),
        [
            "None 0 rows NextHeader [Connections]",
            "Some(1795336896) 1 rows NextHeader [UnknownKind, Name]",
            "None 0 rows EmptyLine [UnknownKind, Name]",
            "Timestamp",
            "Some(1795336896) 1 rows EmptyLine []",
            "Some(1795336897) 3 rows EmptyLine []",
            "Some(1795336898) 3 rows EmptyLine []",
        ]
    );
}

#[test]
fn frames_without_header_are_told_apart_by_time_and_order() {
    for (name, frames) in [
        ("42_legacy_0.16.log", 6),
        ("43_legacy_0.4.log", 6),
        ("44_legacy_then_new.log", 11),
        ("45_legacy_same_second.log", 2),
        ("46_rows_before_first_block.log", 5),
    ] {
        assert_eq!(outline(name).len(), frames, "{name}");
    }
}

#[test]
fn the_lines_of_a_journal_are_faults_that_look_prefixed() {
    let (_, _, log) = cases()
        .into_iter()
        .find(|case| case.0 == "48_journald_prefix.log")
        .expect("the log is in the list");
    let (mut prefixed, mut others) = (0, 0);
    let (_, outcome) = Reader::new(&log[..], Limits::default()).for_each(|item| {
        let Item::Fault(fault) = item else {
            panic!("{item:?}")
        };
        if rawlog::looks_prefixed(fault.text) {
            prefixed += 1;
        } else {
            others += 1;
        }
    });
    outcome.expect("a slice can be read to its end");
    assert_eq!(
        (prefixed, others),
        (20, 5),
        "the others are the empty lines of the log"
    );
}

#[test]
fn an_unfinished_last_line_is_never_a_row() {
    let outline = outline("05_cut_last_digit.log");
    assert_eq!(outline[10..], ["None 0 rows EndOfLog []", "unfinished 67"]);
}

#[test]
fn a_giant_line_costs_one_fault() {
    let outline = outline("18_giant_line.log");
    assert_eq!(outline.iter().filter(|item| *item == "TooLong").count(), 1);
    assert_eq!(
        outline
            .iter()
            .filter(|item| item.contains("3 rows EmptyLine"))
            .count(),
        5
    );
}

#[test]
fn closings_say_whether_a_frame_is_whole() {
    let (_, _, log) = cases()
        .into_iter()
        .find(|case| case.0 == "44_legacy_then_new.log")
        .expect("the log is in the list");
    let mut closings = Vec::new();
    let (_, outcome) = Reader::new(&log[..], Limits::default()).for_each(|item| {
        let Item::Frame(frame) = item else {
            panic!("{item:?}")
        };
        assert!(frame.is_whole());
        closings.push((frame.header, frame.closing));
    });
    outcome.expect("a slice can be read to its end");
    let old = [(false, Closing::NextRows); 5];
    let new = [(true, Closing::EmptyLine); 5];
    assert_eq!(
        closings,
        [&old[..], &[(false, Closing::NextHeader)], &new[..]].concat()
    );
}
