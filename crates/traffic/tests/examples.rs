//! The example of this crate adds up a log.

use rawlog::{Limits, Reader};

#[expect(dead_code, reason = "its `main` reads standard input")]
#[path = "../examples/fold.rs"]
mod fold;

const LOG: &[u8] = include_bytes!("../../store/tests/recordings/bandwhich_20261122_0843.log");

#[test]
fn a_log_is_counted_exactly_and_read_as_it_is() {
    let (bytes, rows, volume) =
        fold::fold(Reader::new(LOG, Limits::default())).expect("it is read");
    assert_eq!(bytes, LOG.len() as u64);
    // What tcpdump saw, by the manifest of the recordings.
    assert!(
        volume.total().abs_diff(4_096_684 + 3_541_531) < 1_000,
        "{volume:?}"
    );
    let parsed = fold::parse(Reader::new(LOG, Limits::default())).expect("it is read");
    assert_eq!((parsed.0, parsed.1), (bytes, rows));
}
