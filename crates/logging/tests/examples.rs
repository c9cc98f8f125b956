//! The example of this crate writes a harmless line.

use std::fs;

use settings::{Environment, Settings};

#[expect(dead_code, reason = "its `main` takes the settings of this machine")]
#[path = "../examples/log_name.rs"]
mod log_name;

#[test]
fn a_hostile_name_stays_on_its_line_and_acts_on_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let text = "timezone: UTC\nlogging: {file: monitor.log}\n";
    let path = folder.path().join("settings.yaml");
    let settings = Settings::of_text(text, &path, &Environment::for_tests()).unwrap();
    log_name::log_name(&settings, "nginx\u{1b}[2J\nERROR forged").unwrap();
    let log = fs::read_to_string(folder.path().join("monitor.log")).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
    assert!(
        log.contains("the process nginx\\u{1b}[2J\\u{a}ERROR forged moved 3 GB"),
        "{log}"
    );
}
