//! The example of this crate judges a day.

#[expect(dead_code, reason = "its `main` prints what this checks")]
#[path = "../examples/judge_day.rs"]
mod judge_day;

#[test]
fn the_incident_is_found_and_nothing_else() {
    let report = judge_day::judge_last_day();
    assert_eq!(report.silent_because, None);
    assert!(!report.findings.is_empty());
    for finding in &report.findings {
        let names_it = finding.message.contains("rsync")
            || (finding.contributors.iter()).any(|one| format!("{one:?}").contains("rsync"));
        assert!(names_it, "{finding:?}");
    }
}
