//! The fuzzers' seeds, on the ordinary compiler.

use std::path::Path;

#[path = "../fuzz/checks.rs"]
mod checks;

#[expect(
    clippy::disallowed_methods,
    reason = "the seeds are files, as the fuzzers want them"
)]
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut seeds = 0;
    for entry in std::fs::read_dir(folder).expect("the seeds are in the tree") {
        let path = entry.expect("the folder can be read").path();
        check(&std::fs::read(&path).expect("a seed can be read"));
        seeds += 1;
    }
    assert!(seeds >= 20, "only {seeds} seeds");
}

#[test]
fn the_seeds_of_the_line_fuzzer_pass() {
    replay("line", checks::check_line);
}

#[test]
fn the_seeds_of_the_reader_fuzzer_pass() {
    replay("reader", checks::check_reader);
}
