use std::ffi::OsStr;
use std::fs;

use super::*;
use crate::tests::{Lab, NOW, log};

#[test]
fn what_the_program_writes_itself_is_no_log() {
    let lab = Lab::new("logging: {file: monitor.log, backup_count: 2}\n");
    let mut settings = lab.settings.clone();
    settings.paths.log_dir = lab.folder.path().to_owned();
    for own in [
        "monitor.log",
        "monitor.log.1",
        "monitor.log.2",
        "reports/a.log",
        "archive/a.log",
        "store/a.log",
    ] {
        lab.put(own, "");
    }
    lab.put("a.log", "");
    // Only so many rotated files are the program's.
    lab.put("monitor.log.3", "");
    let found = look_for_logs(None, &settings).unwrap();
    let mut names: Vec<&str> = (found.pending.iter())
        .map(|log| log.relative.to_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["a.log", "monitor.log.3"]);
}

#[test]
fn no_two_folders_are_one_host() {
    let hosts = |names: &[&[u8]]| -> Vec<String> {
        use std::os::unix::ffi::OsStrExt as _;
        let names = names.iter().map(|name| OsStr::from_bytes(name));
        names.map(host_of_folder).collect()
    };
    let plain = ["web1", "web\\x", "web\\xfg", "w\u{eb}b", "a b"];
    let folders: Vec<&[u8]> = plain.iter().map(|name| name.as_bytes()).collect();
    assert_eq!(hosts(&folders), plain);
    // A byte that is no UTF-8, and a name that only looks like that.
    assert_eq!(
        hosts(&[b"web\xff", b"web\\xFF"]),
        ["web\\xFF", "web\\x5CxFF"]
    );
    assert_eq!(
        hosts(&[b"\\x5CxFF", b"\xff\xfe"]),
        ["\\x5Cx5CxFF", "\\xFF\\xFE"]
    );
}

#[test]
fn the_first_folder_is_the_host_and_what_lies_beside_is_this_machines() {
    let lab = Lab::new("input: {hosts: directories}\n");
    for name in [
        "logs/a.log",
        "logs/web2/a.log",
        "logs/web2/2026/11/a.log",
        "logs/db/a.log",
    ] {
        lab.put(name, "");
    }
    let mut found: Vec<(String, String)> = find(&lab.settings, &mut IngestSummary::default())
        .unwrap()
        .into_iter()
        .map(|one| (one.log.relative.to_string_lossy().into_owned(), one.host))
        .collect();
    found.sort();
    let expected = [
        ("a.log", "web1"),
        ("db/a.log", "db"),
        ("web2/2026/11/a.log", "web2"),
        ("web2/a.log", "web2"),
    ];
    assert_eq!(
        found,
        expected.map(|(log, host)| (log.to_owned(), host.to_owned()))
    );
    let single = Lab::new("");
    single.put("logs/web2/a.log", "");
    let found = find(&single.settings, &mut IngestSummary::default()).unwrap();
    assert_eq!(found[0].host, "web1");
}

#[test]
fn the_collector_writes_where_its_host_is_looked_for() {
    let single = Lab::new("");
    assert_eq!(
        collector_folder(&single.settings).unwrap(),
        single.path("logs")
    );
    let mut many = Lab::new("input: {hosts: directories}\n");
    assert_eq!(
        collector_folder(&many.settings).unwrap(),
        many.path("logs/web1")
    );
    for name in ["", ".", "..", ".hidden", "../web2", "a/b", "a\\b"] {
        name.clone_into(&mut many.settings.host);
        let refused = collector_folder(&many.settings);
        assert!(matches!(refused, Err(Error::FolderName(_))), "{name:?}");
    }
}

#[test]
fn what_was_read_is_pending_again_once_it_changed() {
    let lab = Lab::new("");
    let mut store = lab.store();
    lab.put("logs/a.log", log(NOW - 20_000, 3));
    lab.put("logs/b.log", log(NOW - 10_000, 3));
    let count = |store: &Store| {
        let found = look_for_logs(Some(store), &lab.settings).unwrap();
        (found.found, found.pending.len())
    };
    assert_eq!(count(&store), (2, 2));
    lab.ingest(&mut store);
    assert_eq!(count(&store), (2, 0));
    lab.put("logs/b.log", log(NOW - 10_000, 4));
    assert_eq!(count(&store), (2, 1));
    fs::remove_dir_all(lab.path("logs")).unwrap();
    assert!(look_for_logs(Some(&store), &lab.settings).is_err());
}

#[test]
fn what_is_passed_over_and_needs_a_person_is_in_the_summary() {
    let lab = Lab::new("");
    lab.put("logs/a.log.xz", "");
    lab.put("logs/.hidden.log", "");
    std::os::unix::fs::symlink("/nowhere/b.log", lab.path("logs/b.log")).unwrap();
    let mut summary = IngestSummary::default();
    assert!(find(&lab.settings, &mut summary).unwrap().is_empty());
    let mut paths: Vec<PathBuf> = summary
        .unreadable
        .iter()
        .map(|log| log.path.clone().into())
        .collect();
    paths.sort();
    assert_eq!(paths, [lab.path("logs/a.log.xz"), lab.path("logs/b.log")]);
    assert!(summary.needs_attention());
}
