//! The example of this crate finds logs and nothing else.

use std::fs;

#[expect(dead_code, reason = "its `main` looks at the current folder")]
#[path = "../examples/logs.rs"]
mod logs;

#[test]
fn logs_are_found_and_other_files_are_not() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("b.log"), "Refreshing:\n").unwrap();
    fs::write(folder.path().join("a\u{1b}.log.1"), "Refreshing:\n\n").unwrap();
    fs::write(folder.path().join("notes.txt"), "not a log").unwrap();
    let mut found = logs::sizes(folder.path()).unwrap();
    found.sort();
    let expected = [("a\\u{1b}.log.1".to_owned(), 13), ("b.log".to_owned(), 12)];
    assert_eq!(found, expected);
}
