//! Logs that were made to hurt: alone, so that each outcome can be told, and all at once.
//!
//! They are those of `rawlog`'s tests; what stands here is what a user sees of each.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::lab::{Lab, aged, assert_balanced, assert_valid, schema};

/// What a user sees of a log that lies alone in its folder.
struct Case {
    log: &'static str,
    code: i32,
    /// Bytes sent and received, all days together. `None` if there is nothing to report.
    totals: Option<(u64, u64)>,
    damaged_lines: u64,
    /// Words on standard error, or in the notes of the report.
    says: &'static str,
}

const fn case(
    log: &'static str,
    code: i32,
    totals: Option<(u64, u64)>,
    damaged_lines: u64,
    says: &'static str,
) -> Case {
    Case {
        log,
        code,
        totals,
        damaged_lines,
        says,
    }
}

const TEN_FRAMES: Option<(u64, u64)> = Some((5000, 200_000));
const FIVE_FRAMES: Option<(u64, u64)> = Some((2500, 100_000));

/// Most frames say 500 bytes up, 20 000 down. If a connection begins within a log its first
/// value stands for five refreshes; where it was there from the start, each stands for one.
const CASES: &[Case] = &[
    case("01_empty.log", 0, None, 0, ""),
    case("02_newlines_only.log", 0, None, 0, ""),
    case(
        "03_no_traffic_only.log",
        0,
        None,
        0,
        "60 idle frames without any time",
    ),
    // A line without its end is not read, however complete it looks.
    case("04_cut_in_number.log", 0, TEN_FRAMES, 0, ""),
    case("05_cut_last_digit.log", 0, TEN_FRAMES, 0, ""),
    case(
        "06_cut_block_then_restart.log",
        0,
        Some((8500, 340_000)),
        0,
        "cut_frames",
    ),
    case(
        "07_cut_line_glued_to_restart.log",
        3,
        Some((8500, 340_000)),
        1,
        "line 43",
    ),
    case(
        "08_escape_glued_to_restart.log",
        3,
        Some((8500, 340_000)),
        1,
        "line 41",
    ),
    case("09_crlf.log", 0, TEN_FRAMES, 0, ""),
    case("10_mixed_crlf.log", 0, TEN_FRAMES, 0, ""),
    case("11_cr_only.log", 3, None, 0, "not a bandwhich log"),
    // Decoded, so that it is like any other.
    case("12_utf16le_bom.log", 0, TEN_FRAMES, 0, ""),
    case("13_utf8_bom.log", 0, TEN_FRAMES, 0, ""),
    case("14_invalid_utf8.log", 0, Some((4050, 160_100)), 0, ""),
    case("15_nul_bytes.log", 3, Some((4005, 160_010)), 1, "line 21"),
    case("16_binary.bin.log", 3, None, 243, "not a bandwhich log"),
    case("17_gzip_magic.log", 3, None, 0, "the gzip data is damaged"),
    case(
        "18_giant_line.log",
        3,
        FIVE_FRAMES,
        1,
        "the line is too long",
    ),
    case("19_giant_no_newline.log", 0, Some((1500, 60_000)), 0, ""),
    case(
        "20_long_process_name.log",
        3,
        FIVE_FRAMES,
        2,
        "the line is too long",
    ),
    case("21_long_host.log", 0, Some((2510, 100_020)), 0, ""),
    case(
        "22_time_backwards.log",
        0,
        Some((12_500, 500_000)),
        0,
        "the clock jumped back",
    ),
    // Counted once, and said to be known.
    case("23_same_file_twice.log", 0, TEN_FRAMES, 0, ""),
    case("24_paused_repeats.log", 0, Some((12_500, 500_000)), 0, ""),
    case("25_two_writers.log", 0, Some((8, 12)), 0, ""),
    // The largest number there is, twice; a fifth of the largest sum that is kept.
    case(
        "26_huge_numbers.log",
        3,
        Some((7_378_697_629_483_823_147, 7_378_697_629_483_920_648)),
        2,
        "a number is out of range",
    ),
    case(
        "27_bad_numbers.log",
        3,
        Some((12, 0)),
        16,
        "the up/down numbers",
    ),
    case(
        "28_bad_timestamps.log",
        3,
        Some((1500, 60_000)),
        5,
        "impossible time",
    ),
    case(
        "29_gap_30_days.log",
        0,
        TEN_FRAMES,
        0,
        "the clock jumped ahead by 2591995 s",
    ),
    case(
        "30_unknown_lines.log",
        3,
        Some((1, 2)),
        4,
        "is not a line that bandwhich prints",
    ),
    case("31_html_names.log", 0, Some((1, 2)), 0, ""),
    case("32_csv_formula_names.log", 0, Some((11, 22)), 0, ""),
    case("33_terminal_escapes.log", 0, Some((14, 28)), 0, ""),
    case("34_other_injections.log", 0, Some((22, 44)), 0, ""),
    case("35_quotes_in_names.log", 0, Some((45, 48)), 0, ""),
    case(
        "36_newline_in_name.log",
        3,
        Some((2504, 100_006)),
        6,
        "the first at line 2",
    ),
    case(
        "37_fake_no_traffic.log",
        3,
        Some((2503, 100_004)),
        3,
        "the first at line 2",
    ),
    // One of ten rows is loopback.
    case("38_ipv6_forms.log", 0, Some((9, 18)), 0, "loopback_apart"),
    case("39_hostnames.log", 0, Some((14, 28)), 0, ""),
    case("40_ports.log", 3, Some((2, 4)), 6, "a port is above 65535"),
    case("41_interface_names.log", 0, Some((8, 16)), 0, ""),
    case(
        "42_legacy_0.16.log",
        0,
        Some((3000, 120_000)),
        0,
        "old_format",
    ),
    case(
        "43_legacy_0.4.log",
        0,
        Some((3000, 120_000)),
        0,
        "old_format",
    ),
    case(
        "44_legacy_then_new.log",
        0,
        Some((5500, 220_000)),
        0,
        "old_format",
    ),
    case(
        "45_legacy_same_second.log",
        0,
        Some((1000, 40_000)),
        0,
        "old_format",
    ),
    case("46_rows_before_first_block.log", 0, FIVE_FRAMES, 0, ""),
    case("47_spaces_and_tabs.log", 3, Some((5500, 220_000)), 8, ""),
    case(
        "48_journald_prefix.log",
        3,
        None,
        25,
        "hint: `journalctl --output=cat`",
    ),
    case("49_stderr_mixed.log", 3, FIVE_FRAMES, 4, "line 16"),
    case("50_mixed_modes.log", 0, Some((1006, 40_013)), 0, ""),
    case("51_same_name_rows.log", 0, Some((46, 66)), 0, ""),
    case(
        "52_cumulative_drop.log",
        0,
        Some((800, 8000)),
        0,
        "running_sums",
    ),
    case(
        "53_cumulative_pruned_key.log",
        0,
        Some((9070, 0)),
        0,
        "running_sums",
    ),
    case("54_empty_fields.log", 3, Some((1, 2)), 7, ""),
    case(
        "55_delimiter_lookalikes.log",
        3,
        Some((1500, 60_000)),
        7,
        "",
    ),
    case(
        "56_date_mismatch/bandwhich_20250101_0000.log",
        0,
        FIVE_FRAMES,
        0,
        "its name says another day",
    ),
];

/// Names that claim a date there is not, or look like something else.
const WILD_NAMES: [&str; 5] = [
    "bandwhich_20261332_9961.log",
    "bandwhich_20260229_1200.log",
    "bandwhich_١٢٣٤٥٦٧٨_0000.log",
    "--help.log",
    "a'b\"c <x>&\u{1b}[31m.log",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rawlog/tests/hostile")
}

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

/// The bytes of a log; those that are too large to keep are made.
fn log(name: &str) -> Vec<u8> {
    let made = match name {
        "18_giant_line.log" => {
            let digits = "1".repeat(1_800_000);
            let line = format!("process: <{digits}> \"x\" up/down Bps: 1/2 connections: 1\n\n");
            blocks(0..3) + &line + &blocks(3..5)
        }
        "19_giant_no_newline.log" => blocks(0..3) + &"A".repeat(1_900_000),
        "20_long_process_name.log" => {
            let name = "N".repeat(100_000);
            let rows = block(3).replace("\"curl\"", &format!("\"{name}\""));
            blocks(0..3) + &rows + &blocks(4..5)
        }
        _ => return fs::read(folder().join(name)).unwrap(),
    };
    made.into_bytes()
}

/// Totals of all reports of a run, all of which keep to the schema. Also the codes of their notes.
fn look(lab: &Lab, result: &Value, schema: &jsonschema::Validator) -> (Option<(u64, u64)>, String) {
    let mut totals = None;
    let mut notes = String::new();
    for entry in result["reports"].as_array().unwrap() {
        let stamp = entry["first_day"].as_str().unwrap().replace('-', "");
        let report = lab.written(&format!("report_{stamp}.json"));
        assert_valid(schema, &report);
        let (up, down) = crate::lab::totals(&report);
        let (ups, downs) = totals.unwrap_or_default();
        totals = Some((ups + up, downs + down));
        for note in report["notes"].as_array().unwrap() {
            notes.push_str(note["code"].as_str().unwrap());
            notes.push('\n');
        }
    }
    (totals, notes)
}

/// Lays one log alone into a folder and says what is not as expected.
fn try_alone(name: &Path, log: &[u8], case: &Case, schema: &jsonschema::Validator) -> Vec<String> {
    let lab = Lab::new();
    lab.put(name, log);
    let ran = lab.run(&["report", "--json"]);
    let result = ran.json();
    assert_balanced(&result);
    let (totals, notes) = look(&lab, &result, schema);
    let ingest = &result["ingest"];
    let mut faults = Vec::new();
    let mut expect = |what: &str, found: String, expected: String| {
        if found != expected {
            faults.push(format!("{}: {what} {found}, not {expected}", case.log));
        }
    };
    expect("code", ran.code.to_string(), case.code.to_string());
    expect(
        "totals",
        format!("{totals:?}"),
        format!("{:?}", case.totals),
    );
    expect(
        "damaged lines",
        ingest["damaged_lines"].to_string(),
        case.damaged_lines.to_string(),
    );
    let said = ran.complained + &notes;
    if !said.contains(case.says) {
        expect("says", said.clone(), case.says.to_owned());
    }
    // One message a matter, however many lines it has.
    for message in [
        "not a bandwhich log",
        "damaged lines, the first",
        "journalctl",
    ] {
        let times = said.matches(message).count();
        if times > 1 {
            faults.push(format!("{}: {times} times {message}", case.log));
        }
    }
    faults
}

#[test]
fn each_hostile_log_ends_as_its_description_says() {
    let schema = schema("report.schema.json");
    // In two halves, one a thread: each log is a run of its own.
    let (one, other) = CASES.split_at(CASES.len() / 2);
    let try_all = |cases: &[Case]| -> Vec<String> {
        cases
            .iter()
            .flat_map(|case| try_alone(Path::new(case.log), &log(case.log), case, &schema))
            .collect()
    };
    let faults = std::thread::scope(|scope| {
        let other = scope.spawn(|| try_all(other));
        let mut faults = try_all(one);
        faults.extend(other.join().unwrap());
        faults
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_hostile_log_has_its_case() {
    let mut unknown = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_log = name.ends_with(".log");
        if is_log && !CASES.iter().any(|case| case.log == name) {
            unknown.push(name);
        }
    }
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn a_name_is_only_a_name() {
    let schema = schema("report.schema.json");
    let expected = case("a wild name", 0, FIVE_FRAMES, 0, "");
    for name in WILD_NAMES {
        let faults = try_alone(Path::new(name), blocks(0..5).as_bytes(), &expected, &schema);
        assert!(faults.is_empty(), "{name:?}: {}", faults.join("\n"));
    }
}

#[test]
fn names_in_a_log_are_shown_and_never_obeyed() {
    for name in [
        "31_html_names.log",
        "32_csv_formula_names.log",
        "33_terminal_escapes.log",
        "34_other_injections.log",
        "35_quotes_in_names.log",
        "36_newline_in_name.log",
        "39_hostnames.log",
        "41_interface_names.log",
    ] {
        let lab = Lab::new();
        lab.put(name, &log(name));
        // What is printed is held by `Lab::run`.
        lab.run(&["report", "-vv", "--color", "never"]);
        let path = lab.path("reports/report_20261122.csv");
        let rows = crate::containers::csv(&fs::read_to_string(path).unwrap());
        for row in &rows[1..] {
            for cell in [&row[0], &row[5], &row[6], &row[9]] {
                assert!(
                    !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                    "{cell:?}"
                );
            }
        }
        lab.run(&["status"]);
        lab.run(&["store", "check"]).done();
    }
}

/// All of them in one folder, together with what is no log at all.
#[cfg(unix)]
fn menagerie() -> (Lab, bool) {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let lab = Lab::new();
    for case in CASES {
        lab.put(case.log, &log(case.log));
    }
    for name in WILD_NAMES {
        lab.put(
            Path::new("57_bad_name_dates").join(name),
            blocks(0..2).as_bytes(),
        );
    }
    lab.put("58_directory.log/keep.txt", b"no log");
    let good = |second: u32| aged(blocks(second..second + 3).as_bytes());
    lab.put("line\nfeed.log", &good(7200));
    lab.put(OsStr::from_bytes(b"bad\xff\xfe\x9b31m.log"), &good(10_800));
    lab.put("turned\u{202e}gol.log", &good(14_400));
    let logs = lab.logs();
    symlink("/nowhere/bandwhich.log", logs.join("59_dangling.log")).unwrap();
    symlink(".", logs.join("60_symlink_loop")).unwrap();
    symlink("61_loop.log", logs.join("61_loop.log")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(logs.join("62_fifo.log"))
        .status()
        .unwrap();
    assert!(made.success());
    let closed = logs.join("63_unreadable.log");
    fs::write(&closed, good(18_000)).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything.
    let is_refused = fs::File::open(&closed).is_err();
    (lab, is_refused)
}

#[cfg(unix)]
#[test]
fn a_folder_full_of_traps_is_read_past_them() {
    let (lab, is_refused) = menagerie();
    let ran = lab.run(&["report", "--json"]);
    assert_eq!(ran.code, 3, "{}", ran.complained);
    let result = ran.json();
    assert_balanced(&result);
    let (totals, _) = look(&lab, &result, &schema("report.schema.json"));
    assert!(totals.is_some());
    let troubles = result["ingest"]["unreadable"].as_array().unwrap();
    let trouble = |name: &str| {
        let of = |trouble: &&Value| trouble["path"].as_str().unwrap().ends_with(name);
        let found = troubles.iter().find(of).map(|trouble| &trouble["reason"]);
        found.and_then(Value::as_str).unwrap_or_default()
    };
    assert!(trouble("59_dangling.log").contains("not there"), "{result}");
    assert!(trouble("61_loop.log").contains("leads back"), "{result}");
    assert!(trouble("62_fifo.log").contains("FIFO"), "{result}");
    assert_eq!(
        !trouble("63_unreadable.log").is_empty(),
        is_refused,
        "{result}"
    );
    // The good logs among them were read: three frames each, in hours of their own.
    let report = lab.written("report_20201122.json");
    let hours = report["timeline"].as_array().unwrap();
    let hour = |text: &str| {
        let start = format!("2020-11-22T{text}:00:00+00:00");
        let found = hours.iter().find(|hour| hour["start"] == start.as_str());
        found.unwrap_or_else(|| panic!("{start}"))["upload_bytes"].clone()
    };
    for start in ["10", "11", "12"] {
        assert_eq!(hour(start), 1500, "{start}");
    }
    assert_eq!(hour("13"), if is_refused { 0 } else { 1500 });

    // The trouble stays until it is mended; nothing is counted once more.
    let (code, again) = lab.report(&[]);
    assert_eq!(code, 3, "{again}");
    assert_eq!(again["ingest"]["new"], 0, "{again}");
    lab.run(&["report", "-vv"]);
    assert_eq!(lab.run(&["status"]).code, 3);
    assert_eq!(lab.run(&["status", "--json"]).code, 3);
    lab.run(&["report", "--dry-run", "--date", "today"]).done();
    lab.run(&["store", "check"]).done();
}
