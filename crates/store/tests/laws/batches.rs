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
