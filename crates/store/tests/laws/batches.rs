//! Many logs in one transaction: a batch is as large as it comes, and what it made is in no file yet.

use super::{Lab, assert_same};

/// A connection with traffic in every frame, so that each log continues the run of the one before.
pub(super) fn frames(first: i64, count: i64) -> Vec<u8> {
    let frame = |second: i64| {
        format!(
            "Refreshing:\n\
             process: <{second}> \"curl\" up/down Bps: 100/1000 connections: 1\n\
             connection: <{second}> <eth0>:40000 => 192.0.2.1:443 (tcp) up/down Bps: 100/1000 process: \"curl\"\n\
             remote_address: <{second}> 192.0.2.1 up/down Bps: 100/1000 connections: 1\n\n"
        )
    };
    (first..first + count)
        .map(frame)
        .collect::<String>()
        .into_bytes()
}

#[test]
fn a_batch_of_many_logs_that_continue_a_stored_run_is_taken_in() {
    let logs: Vec<(String, Vec<u8>)> = (0..150)
        .map(|log| (format!("{log}.log"), frames(1_795_168_800 + 20 * log, 20)))
        .collect();
    let logs: Vec<(&str, &[u8])> = (logs.iter())
        .map(|(name, log)| (name.as_str(), log.as_slice()))
        .collect();
    let mut one_by_one = Lab::new();
    for log in &logs {
        one_by_one.ingest(&[*log]);
    }
    let expected = one_by_one.history();
    assert_eq!(expected.bytes(), 150 * 20 * 1100);
    let mut lab = Lab::new();
    lab.ingest(&logs[..1]);
    lab.ingest(&logs[1..]);
    assert_same(&lab.history(), &expected, "one batch");
    // The other way round: the stored run is continued by the batch at its beginning.
    let mut lab = Lab::new();
    lab.ingest(&logs[149..]);
    lab.ingest(&logs[..149]);
    assert_same(&lab.history(), &expected, "one batch before it");
}

#[test]
fn a_run_goes_on_over_a_clock_that_was_set_back() {
    const START: i64 = 1_795_168_800;
    const BACK: i64 = 3600;
    const IDLE: &[u8] = b"Refreshing:\n<NO TRAFFIC>\n\n";
    // A rotation each twenty frames, and one right behind the frame with the new time.
    let set_back = [frames(START + 20, 20), frames(START + 40 - BACK, 1)].concat();
    let mut logs = vec![
        // The connection is new in its second frame, so that its sums are known from their beginning.
        ("a", [IDLE, &frames(START, 20)].concat()),
        ("b", set_back),
        ("c", frames(START + 41 - BACK, 20)),
        ("d", frames(START + 61 - BACK, 20)),
    ];
    let glued: Vec<u8> = logs.iter().flat_map(|(_, log)| log.clone()).collect();
    let expected = Lab::with(&[("all".to_owned(), glued)]).history().bytes();
    for turn in 0..logs.len() {
        let mut lab = Lab::new();
        for (name, log) in &logs {
            lab.ingest(&[(name, log)]);
        }
        assert_eq!(lab.history().bytes(), expected, "turned {turn} times");
        logs.rotate_left(1);
    }
    // One whose end is its own beginning has none.
    let mut lab = Lab::new();
    let circle = [frames(START + 20, 20), frames(START - 1, 1)].concat();
    lab.ingest(&[("a", &frames(START, 20)), ("b", &circle)]);
    assert!(lab.history().bytes() > 0);
}
