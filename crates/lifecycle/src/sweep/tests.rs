use crate::tests::Lab;

/// As `files` names what it has not finished.
const STRAY: &str = ".network-monitor-AbC123dEf456.tmp";

#[test]
fn what_a_killed_run_left_goes_wherever_the_program_writes() {
    let mut lab = Lab::new("metrics: {textfile: metrics/monitor.prom}\n");
    lab.settings.paths.temp_dir = Some(lab.path("temp"));
    let folders = [
        "reports",
        "reports/web2",
        "archive",
        "archive/web2",
        "temp",
        "metrics",
    ];
    let strays = folders.map(|folder| lab.put(&format!("{folder}/{STRAY}"), ""));
    let others = [
        "reports/.tmp",
        "metrics/other.prom",
        "logs/.network-monitor-AbC123dEf456.tmp",
    ];
    let others = others.map(|name| lab.put(name, ""));
    super::sweep(&lab.settings);
    let left: Vec<_> = strays.iter().filter(|path| path.exists()).collect();
    assert_eq!(left, Vec::<&std::path::PathBuf>::new());
    assert!(others.iter().all(|path| path.exists()));
    // Folders that are not there are no trouble.
    std::fs::remove_dir_all(lab.path("reports")).unwrap();
    super::sweep(&lab.settings);
}
