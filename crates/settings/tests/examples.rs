//! The example of this crate reads what it says.

use settings::{Environment, Place};

#[expect(dead_code, reason = "its `main` only prints what is compared here")]
#[path = "../examples/read_key.rs"]
mod read_key;

#[test]
fn a_key_is_read_from_a_text() {
    let text = "archive: {retention_days: 45}\n";
    let days = read_key::archive_days(text, &Environment::for_tests());
    assert_eq!(days, Ok(45));
}

#[test]
fn a_wrong_value_has_its_line_and_column() {
    let text = "archive:\n  retention_days: soon\n";
    let problems = read_key::archive_days(text, &Environment::for_tests()).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].key, "archive.retention_days");
    let place = Place::File {
        path: "/etc/network-monitor/settings.yaml".into(),
        line: 2,
        column: 19,
    };
    assert_eq!(problems[0].place, place);
}
