//! The example of this crate counts a recording, and counts it once.

#[expect(dead_code, reason = "its `main` reads standard input")]
#[path = "../examples/history.rs"]
mod history;

const LOG: &[u8] = include_bytes!("recordings/bandwhich_20261122_0843.log");
/// 2026-11-22 in UTC.
const DAY: std::ops::Range<i64> = 1_795_305_600..1_795_392_000;

#[test]
fn a_log_is_counted_once() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let count = || history::volume(folder.path(), "lab", LOG, DAY).expect("it is ingested");
    let (up, down) = count();
    // What tcpdump saw, by the manifest of the recordings.
    assert!(
        (up + down).abs_diff(4_096_684 + 3_541_531) < 1_000,
        "{up} {down}"
    );
    assert_eq!(count(), (up, down));
}
