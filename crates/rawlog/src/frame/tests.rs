use crate::{Item, Limits, Reader, Reason};

const SSH: &str = "process: <7> \"ssh\" up/down Bps: 3/4 connections: 1\n";
const SSH_LATER: &str = "process: <8> \"ssh\" up/down Bps: 3/4 connections: 1\n";
const PEER: &str = "remote_address: <7> 192.0.2.7 up/down Bps: 3/4 connections: 1\n";

/// Each item as one line of text.
fn items(log: &str) -> Vec<String> {
    items_within(log, Limits::default().max_frame_bytes)
}

fn items_within(log: &str, max_frame_bytes: usize) -> Vec<String> {
    let mut items = Vec::new();
    let limits = Limits {
        max_frame_bytes,
        ..Limits::default()
    };
    let (_, outcome) = Reader::new(log.as_bytes(), limits).for_each(|item| {
        items.push(match item {
            Item::Frame(frame) => {
                let head = if frame.header { "head " } else { "" };
                let idle = if frame.idle { "idle " } else { "" };
                let whole = if frame.is_whole() { "whole" } else { "cut" };
                let faults: Vec<_> = frame.faults.iter().map(|fault| fault.reason).collect();
                let rows = frame.rows.len();
                format!(
                    "{head}{idle}{rows} rows {faults:?} {:?} {whole}",
                    frame.closing
                )
            }
            Item::Fault(fault) => format!("{:?}", fault.reason),
            Item::Note(_, bytes) => format!("note {bytes}"),
            Item::Filler(bytes) => format!("filler {bytes}"),
            Item::Unfinished(fault) => format!("unfinished {}", fault.bytes),
        });
    });
    outcome.unwrap();
    items
}

#[test]
fn an_empty_line_ends_a_frame() {
    let log = format!("Refreshing:\n{SSH}{PEER}\nRefreshing:\n<NO TRAFFIC>\n\n");
    assert_eq!(
        items(&log),
        [
            "head 2 rows [] EmptyLine whole",
            "head idle 0 rows [] EmptyLine whole"
        ]
    );
}

#[test]
fn a_frame_without_anything_in_it_is_not_idle() {
    assert_eq!(items("Refreshing:\n\n"), ["head 0 rows [] EmptyLine whole"]);
}

#[test]
fn a_header_cuts_the_frame_before_it() {
    let log = format!("Refreshing:\n{SSH}Refreshing:\n<NO TRAFFIC>\n\n");
    assert_eq!(
        items(&log),
        [
            "head 1 rows [] NextHeader cut",
            "head idle 0 rows [] EmptyLine whole"
        ]
    );
}

#[test]
fn a_header_behind_a_cut_line_begins_a_frame() {
    let log = format!("Refreshing:\n{SSH}connection: <7> <ethRefreshing:\n<NO TRAFFIC>\n\n");
    assert_eq!(
        items(&log),
        [
            "head 1 rows [GluedHeader] NextHeader cut",
            "head idle 0 rows [] EmptyLine whole"
        ]
    );
    assert_eq!(
        items("\x1b[?1049lRefreshing:\n<NO TRAFFIC>\n\n"),
        ["GluedHeader", "head idle 0 rows [] EmptyLine whole"]
    );
}

#[test]
fn another_time_begins_another_frame() {
    let log = format!("Refreshing:\n{SSH}{SSH_LATER}\n");
    assert_eq!(
        items(&log),
        ["head 1 rows [] NextRows cut", "1 rows [] EmptyLine whole"]
    );
}

#[test]
fn frames_without_header_end_where_time_or_kind_goes_on_anew() {
    let log = format!("{SSH}{PEER}{SSH}{PEER}{SSH_LATER}");
    assert_eq!(
        items(&log),
        [
            "2 rows [] NextRows whole",
            "2 rows [] NextRows whole",
            "1 rows [] EndOfLog whole"
        ]
    );
}

#[test]
fn within_a_header_the_order_of_kinds_does_not_matter() {
    let log = format!("Refreshing:\n{PEER}{SSH}\n");
    assert_eq!(items(&log), ["head 2 rows [] EmptyLine whole"]);
}

#[test]
fn a_frame_at_the_end_of_the_log_may_go_on() {
    let log = format!("Refreshing:\n{SSH}");
    assert_eq!(items(&log), ["head 1 rows [] EndOfLog cut"]);
    assert_eq!(
        items(&format!("{log}{}", &SSH[..9])),
        ["head 1 rows [] EndOfLog cut", "unfinished 9"]
    );
}

#[test]
fn no_traffic_is_a_fault_wherever_there_is_traffic() {
    for body in [
        format!("<NO TRAFFIC>\n{SSH}"),
        format!("{SSH}<NO TRAFFIC>\n"),
    ] {
        let log = format!("Refreshing:\n{body}\n");
        assert_eq!(items(&log), ["head 1 rows [MisplacedIdle] EmptyLine whole"]);
    }
    assert_eq!(items("<NO TRAFFIC>\n"), ["MisplacedIdle"]);
    assert_eq!(
        items("Refreshing:\n<NO TRAFFIC>\n<NO TRAFFIC>\n\n"),
        ["head idle 0 rows [MisplacedIdle] EmptyLine whole"]
    );
}

#[test]
fn a_damaged_line_stays_in_its_frame() {
    let log = format!("Refreshing:\n{SSH}what is this\n{PEER}\n");
    assert_eq!(items(&log), ["head 2 rows [UnknownKind] EmptyLine whole"]);
}

#[test]
fn a_note_stands_between_frames_and_nowhere_else() {
    let note = "network-monitor: <7> owner :22 => :443 (tcp) pid 9 process \"ssh\"\n";
    let frame = format!("Refreshing:\n{SSH}\n");
    let length = note.len();
    assert_eq!(
        items(&format!("{note}{note}\n{frame}{note}\n{frame}")),
        [
            &format!("note {length}"),
            &format!("note {length}"),
            "filler 1",
            "head 1 rows [] EmptyLine whole",
            &format!("note {length}"),
            "filler 1",
            "head 1 rows [] EmptyLine whole"
        ]
    );
    assert_eq!(
        items(&format!("Refreshing:\n{note}{SSH}\n")),
        ["head 1 rows [MisplacedNote] EmptyLine whole"]
    );
    // What a name of fifteen bytes can print at most.
    let forged = SSH.replace("ssh", "\n\nnetwork-monit");
    assert_eq!(
        items(&format!("Refreshing:\n{forged}\n"))[1..],
        ["UnknownKind", "filler 1"]
    );
}

#[test]
fn a_frame_that_is_too_long_is_cut_and_its_rest_located() {
    let log = format!("Refreshing:\n{SSH}{SSH}{SSH}what is this?\n\nRefreshing:\n{SSH}\n");
    let expected = [
        "head 2 rows [] TooLong cut",
        "FrameTooLong",
        "FrameTooLong",
        "filler 1",
        "head 1 rows [] EmptyLine whole",
    ];
    assert_eq!(items_within(&log, 12 + SSH.len()), expected);
    // Without an empty line, the next frame's header or time ends it.
    let log = log.replace("what is this?\n\n", "");
    assert_eq!(items_within(&log, 12 + SSH.len())[2], expected[4]);
    let log = format!("{SSH}{SSH}{SSH}{SSH_LATER}");
    assert_eq!(
        items_within(&log, SSH.len()),
        [
            "2 rows [] TooLong cut",
            "FrameTooLong",
            "1 rows [] EndOfLog whole"
        ]
    );
}

#[test]
fn a_frame_of_too_many_rows_is_cut_too() {
    let log = format!("Refreshing:\n{}\n", SSH.repeat(9));
    for (max_frame_rows, left_out) in [(9, 0), (8, 0), (7, 1), (0, 8)] {
        for chunk_size in [1, 100, 1 << 20] {
            let limits = Limits {
                chunk_size,
                max_frame_rows,
                ..Limits::default()
            };
            let (mut rows, mut faults) = (0, 0);
            let (_, outcome) = Reader::new(log.as_bytes(), limits).for_each(|item| match item {
                Item::Frame(frame) => rows += frame.rows.len(),
                Item::Fault(fault) => {
                    assert_eq!(fault.reason, Reason::FrameTooLong);
                    faults += 1;
                }
                _ => {}
            });
            outcome.unwrap();
            assert_eq!((rows, faults), (9 - left_out, left_out), "{max_frame_rows}");
        }
    }
}

#[test]
fn many_small_faults_make_a_large_frame() {
    let log = format!("Refreshing:\n{}", "x\n".repeat(100));
    let items = items_within(&log, 1000);
    assert_eq!(items.len(), 1 + (100 - 15));
    assert!(items[0].ends_with("TooLong cut"));
    assert!(items[1..].iter().all(|item| item == "FrameTooLong"));
}

#[test]
fn more_pieces_than_are_held_at_a_time_all_come() {
    let log = format!("{}Refreshing:\n{SSH}\n", "\nx\n".repeat(200_000));
    let (mut faults, mut filler, mut rows) = (0, 0, 0);
    let (extent, outcome) =
        Reader::new(log.as_bytes(), Limits::default()).for_each(|item| match item {
            Item::Fault(fault) => {
                faults += 1;
                assert_eq!((fault.line, fault.offset), (2 * faults, 3 * faults - 2));
            }
            Item::Filler(bytes) => filler += bytes,
            Item::Frame(frame) => rows += frame.rows.len(),
            other => panic!("{other:?}"),
        });
    outcome.unwrap();
    assert_eq!((faults, filler, rows), (200_000, 200_000, 1));
    assert_eq!((extent.bytes, extent.lines), (log.len() as u64, 400_003));
}

/// Stores tell logs apart by these hashes: no release may change them. The values are those of the
/// reference implementation, by way of Python's `xxhash`.
#[test]
fn hashes_are_those_of_xxh3() {
    let text: Vec<u8> = (0..10_000).map(|place| (place % 251) as u8).collect();
    assert_eq!(super::frame_hash(&[]), 0x2d06_8005_38d3_94c2);
    assert_eq!(super::frame_hash(&text[..100]), 0x004e_4f92_1a64_bd1c);
    assert_eq!(super::frame_hash(&text), 0x1cb3_abee_1c2f_c1c4);
}
