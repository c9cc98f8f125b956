//! The example of this crate finds what is wrong with a machine in a folder.
#![cfg(target_os = "linux")]

use std::fs;

use settings::Environment;

#[expect(dead_code, reason = "its `main` examines this machine")]
#[path = "../examples/examine.rs"]
mod examine;

/// 2026-11-24 12:00 UTC.
const NOW: i64 = 1_795_521_600;

#[test]
fn a_folder_without_logs_is_a_fault_with_a_cure() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("etc/network-monitor")).unwrap();
    let text = "timezone: UTC\npaths: {log_dir: /nowhere/logs, report_dir: r, archive_dir: a, store_dir: s}\n";
    fs::write(root.join("etc/network-monitor/settings.yaml"), text).unwrap();
    let environment = Environment {
        home: None,
        current_folder: root.to_owned(),
        system_folder: root.join("etc"),
        ..Environment::for_tests()
    };
    let faults = examine::faults(root, &environment, NOW);
    let is_about_logs = |fault: &&String| fault.contains("/nowhere/logs");
    assert!(
        faults.iter().any(|fault| is_about_logs(&fault)),
        "{faults:?}"
    );
    assert!(
        faults.iter().all(|fault| fault.contains(" (")),
        "{faults:?}"
    );
}
