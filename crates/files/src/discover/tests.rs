use std::ffi::OsStr;

use super::*;
use tempfile::{TempDir, tempdir};

fn folder_with(names: &[&str]) -> TempDir {
    let folder = tempdir().unwrap();
    for name in names {
        put(&folder, name);
    }
    folder
}

fn put(folder: &TempDir, name: &str) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, name).unwrap();
}

fn logs(discovery: &Discovery) -> Vec<&str> {
    discovery
        .logs
        .iter()
        .map(|log| log.relative.to_str().unwrap())
        .collect()
}

fn skips(folder: &TempDir, discovery: &Discovery) -> Vec<(String, SkipReason)> {
    let below = |path: &Path| {
        path.strip_prefix(folder.path())
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    discovery
        .skipped
        .iter()
        .map(|skip| (below(&skip.path), skip.reason.clone()))
        .collect()
}

fn find(folder: &TempDir) -> Discovery {
    discover(folder.path(), &[]).unwrap()
}

#[test]
fn logs_are_found_by_their_names_in_every_folder_and_in_order() {
    let folder = folder_with(&[
        "bandwhich_20260302_0000.log",
        "x.log",
        "x.log.1",
        "x.log.12.gz",
        "x.log.zst",
        "x.log.gz",
        "web1/2026/x.log",
        "x.log.d/y.log",
        "b.log.10.zst",
        "x.log.1.2",
        "x.log-20260302",
        // no logs:
        "x.log.tmp",
        "x.log.",
        "x.log.1a",
        "xlog",
        "log",
        "x.LOG",
        "x.log.gz.1",
        "x.txt",
        "x.gz",
        "x.log.²",
        "x.log.٣",
    ]);
    assert_eq!(
        logs(&find(&folder)),
        [
            "b.log.10.zst",
            "bandwhich_20260302_0000.log",
            "web1/2026/x.log",
            "x.log",
            "x.log-20260302",
            "x.log.1",
            "x.log.1.2",
            "x.log.12.gz",
            "x.log.d/y.log",
            "x.log.gz",
            "x.log.zst",
        ]
    );
    let found = find(&folder);
    assert!(found.skipped.is_empty());
    assert_eq!((found.others.len(), found.others_count), (11, 11));
}

#[test]
fn of_many_other_files_the_first_are_listed() {
    let names: Vec<String> = (0..100).map(|number| format!("{number:03}.txt")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let folder = folder_with(&[&names[..], &[".hidden.txt", "x.log"]].concat());
    let found = find(&folder);
    assert_eq!((found.logs.len(), found.others_count), (1, 100));
    let first: Vec<_> = names[..OTHERS]
        .iter()
        .map(|name| folder.path().join(name))
        .collect();
    assert_eq!(found.others, first);
}

#[test]
fn a_log_that_is_compressed_otherwise_is_said() {
    let folder = folder_with(&["x.log.1.xz"]);
    let found = find(&folder);
    assert!(found.logs.is_empty() && found.skipped[0].reason.needs_attention());
    assert!(found.skipped[0].to_string().contains("compressed by xz"));
}

#[test]
fn a_log_carries_what_the_filesystem_knows_of_it() {
    let folder = folder_with(&["bandwhich_20260302_1530.log.2.gz"]);
    let found = find(&folder);
    let metadata = fs::metadata(&found.logs[0].path).unwrap();
    assert_eq!(
        found.logs,
        [FoundLog {
            path: folder.path().join("bandwhich_20260302_1530.log.2.gz"),
            relative: "bandwhich_20260302_1530.log.2.gz".into(),
            size: 32,
            modified: metadata.modified().unwrap(),
            identity: FileIdentity::of(&metadata),
            name_date: Some(NameDate {
                year: 2026,
                month: 3,
                day: 2,
                hour: 15,
                minute: 30
            }),
        }]
    );
}

#[test]
fn a_name_that_is_no_date_gives_no_hint() {
    let hint = |name: &str| name_date(OsStr::new(name));
    assert!(hint("bandwhich_20240229_2359.log").is_some());
    for name in [
        "bandwhich_20250229_0000.log",
        "bandwhich_21000229_0000.log",
        "bandwhich_20251301_0000.log",
        "bandwhich_20250100_0000.log",
        "bandwhich_20250431_0000.log",
        "bandwhich_20250101_2400.log",
        "bandwhich_20250101_0060.log",
        "bandwhich_00000101_0000.log",
        "bandwhich_20250101_0000x.log",
        "bandwhich_20250101-0000.log",
        "bandwhich_2025+101_0000.log",
        "bandwhich_２０２５0101_0.log",
        "bandwhich_20250101_000.log",
        "bandwhich_20250101_",
        "bandwhich_",
        "bandwhich_٢٠٢٥٠١٠١_0000.log",
        "x_20250101_0000.log",
        "Bandwhich_20250101_0000.log",
    ] {
        assert_eq!(hint(name), None, "{name}");
    }
}

#[test]
fn a_folder_with_the_name_of_a_log_is_searched() {
    let folder = folder_with(&["x.log/y.log", "x.log/bandwhich_20260302_0000.log/z.log.1"]);
    assert_eq!(
        logs(&find(&folder)),
        ["x.log/bandwhich_20260302_0000.log/z.log.1", "x.log/y.log"]
    );
}

#[test]
fn hidden_names_are_passed_over_and_said() {
    let folder = folder_with(&[
        ".x.log",
        ".git/x.log",
        "lost+found/x.log",
        "x.log",
        ".other",
    ]);
    let found = find(&folder);
    assert_eq!(logs(&found), ["x.log"]);
    assert_eq!(
        skips(&folder, &found),
        [
            (".git".to_owned(), SkipReason::Hidden),
            (".x.log".to_owned(), SkipReason::Hidden),
            ("lost+found".to_owned(), SkipReason::Hidden),
        ]
    );
    assert!(
        found
            .skipped
            .iter()
            .all(|skip| !skip.reason.needs_attention())
    );
}

#[test]
fn our_own_folders_and_files_are_excluded() {
    let folder = folder_with(&[
        "x.log",
        "archive/x.log",
        "network-monitor.log",
        "archive.log",
    ]);
    let own = |name: &str| folder.path().join(name);
    let exclude = [
        own("archive"),
        own("web/../network-monitor.log"),
        own("./network-monitor.log"),
        own("gone"),
    ];
    let found = discover(folder.path(), &exclude).unwrap();
    assert_eq!(logs(&found), ["archive.log", "x.log"]);
    assert_eq!(
        skips(&folder, &found),
        [
            ("archive".to_owned(), SkipReason::Excluded),
            ("network-monitor.log".to_owned(), SkipReason::Excluded),
        ]
    );
}

#[test]
fn excluding_the_log_folder_or_one_above_it_excludes_nothing() {
    let folder = folder_with(&["x.log"]);
    let exclude = [
        folder.path().to_owned(),
        folder.path().parent().unwrap().to_owned(),
    ];
    assert_eq!(logs(&discover(folder.path(), &exclude).unwrap()), ["x.log"]);
}

#[test]
fn a_missing_log_folder_is_an_error_that_names_it() {
    let error = discover(Path::new("/nowhere/log"), &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot search the log folder /nowhere/log: no such file or directory"
    );
    let folder = folder_with(&["x.log"]);
    let error = discover(&folder.path().join("x.log"), &[]).unwrap_err();
    assert!(
        error.to_string().ends_with("x.log: not a directory"),
        "{error}"
    );
}

#[test]
fn folders_deeper_than_sixteen_are_passed_over() {
    let deep = |levels: usize| "d/".repeat(levels);
    let (kept, lost) = (format!("{}x.log", deep(16)), format!("{}x.log", deep(17)));
    let folder = folder_with(&[&kept, &lost]);
    let found = find(&folder);
    assert_eq!(logs(&found), [kept]);
    assert_eq!(
        skips(&folder, &found),
        [(
            deep(17).trim_end_matches('/').to_owned(),
            SkipReason::TooDeep
        )]
    );
}

#[test]
fn a_hundred_thousand_files_in_one_folder_are_found() {
    let folder = tempdir().unwrap();
    for number in 0..100_000 {
        fs::File::create(folder.path().join(format!("{number:06}.log"))).unwrap();
    }
    let found = find(&folder);
    assert_eq!(found.logs.len(), 100_000);
    assert!(
        found
            .logs
            .is_sorted_by(|a, b| bytes(&a.path) < bytes(&b.path))
    );
}

#[cfg(unix)]
mod on_unix {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn link(folder: &TempDir, target: impl AsRef<Path>, name: &str) {
        symlink(target, folder.path().join(name)).unwrap();
    }

    #[test]
    fn a_link_lists_its_target_once() {
        let folder = folder_with(&["data/x.log", "data/y.txt", "bandwhich_20260302_0000.log"]);
        link(&folder, "data/x.log", "current.log");
        link(&folder, "current.log", "chain.log");
        link(&folder, "data/y.txt", "bandwhich_20260303_0000.log");
        link(&folder, "data/y.txt", "z.log");
        link(&folder, "data/y.txt", "no log's name");
        link(
            &folder,
            folder.path().join("bandwhich_20260302_0000.log"),
            "absolute.log",
        );
        let found = find(&folder);
        assert_eq!(
            logs(&found),
            ["bandwhich_20260302_0000.log", "data/x.log", "data/y.txt"]
        );
        assert_eq!(found.logs[2].name_date.map(|date| date.day), Some(3));
        assert!(found.skipped.is_empty());
    }

    #[test]
    fn a_link_out_of_the_log_folder_is_not_followed() {
        let outside = folder_with(&["x.log", "below/y.log"]);
        let folder = folder_with(&["kept.log"]);
        link(&folder, outside.path().join("x.log"), "x.log");
        link(&folder, outside.path(), "others");
        link(&folder, "../../../../../../../../etc/passwd", "passwd.log");
        link(&folder, outside.path().join("x.log"), "no log's name");
        let found = find(&folder);
        assert_eq!(logs(&found), ["kept.log"]);
        let names: Vec<_> = skips(&folder, &found)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["others", "passwd.log", "x.log"]);
        for skip in &found.skipped {
            assert!(
                matches!(skip.reason, SkipReason::LinkLeaves { .. })
                    && skip.reason.needs_attention()
            );
        }
    }

    #[test]
    fn a_sibling_whose_name_begins_like_the_log_folder_is_outside() {
        let parent = folder_with(&["log/kept.log", "logs/x.log"]);
        symlink("../logs/x.log", parent.path().join("log/x.log")).unwrap();
        let found = discover(&parent.path().join("log"), &[]).unwrap();
        assert_eq!(logs(&found), ["kept.log"]);
        assert_eq!(found.skipped.len(), 1);
    }

    #[test]
    fn links_that_lead_nowhere_or_round_are_said() {
        let folder = folder_with(&["sub/x.log", "file"]);
        link(&folder, "/nowhere/gone.log", "dangling.log");
        link(&folder, "archived.log", "current.log");
        link(&folder, "file/below", "through-a-file.log");
        link(&folder, "b.log", "a.log");
        link(&folder, "a.log", "b.log");
        link(&folder, "self.log", "self.log");
        link(&folder, "..", "sub/up.log");
        link(&folder, ".", "sub/up");
        link(&folder, "gone", "no log's name");
        let found = find(&folder);
        assert_eq!(logs(&found), ["sub/x.log"]);
        assert_eq!(
            skips(&folder, &found),
            [
                ("a.log".to_owned(), SkipReason::LinkLoop),
                ("b.log".to_owned(), SkipReason::LinkLoop),
                ("current.log".to_owned(), SkipReason::LinkToGone),
                ("dangling.log".to_owned(), SkipReason::DanglingLink),
                ("self.log".to_owned(), SkipReason::LinkLoop),
                ("sub/up".to_owned(), SkipReason::LinkToFolder),
                ("sub/up.log".to_owned(), SkipReason::LinkToFolder),
                ("through-a-file.log".to_owned(), SkipReason::DanglingLink),
            ]
        );
    }

    #[test]
    fn a_link_into_an_excluded_folder_is_excluded_too() {
        let folder = folder_with(&["archive/deep/x.log"]);
        link(&folder, "archive/deep/x.log", "x.log");
        let found = discover(folder.path(), &[folder.path().join("archive")]).unwrap();
        assert!(found.logs.is_empty());
        assert_eq!(found.skipped.len(), 2);
    }

    #[test]
    fn a_log_folder_that_is_a_link_is_searched_under_the_name_it_was_given() {
        let parent = folder_with(&["real/x.log"]);
        let log_dir = parent.path().join("log");
        symlink("real", &log_dir).unwrap();
        let found = discover(&log_dir, &[]).unwrap();
        assert_eq!(found.logs[0].path, log_dir.join("x.log"));
    }

    #[test]
    fn sockets_and_fifos_are_never_opened() {
        let folder = folder_with(&["x.log"]);
        let fifo = folder.path().join("fifo.log");
        make_fifo(&fifo);
        make_fifo(&folder.path().join("fifo"));
        link(&folder, "fifo", "to-fifo.log");
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("s.log")).unwrap();
        let found = find(&folder);
        assert_eq!(logs(&found), ["x.log"]);
        assert_eq!(
            skips(&folder, &found),
            [
                (
                    "fifo.log".to_owned(),
                    SkipReason::NotRegular { what: "a FIFO" }
                ),
                (
                    "s.log".to_owned(),
                    SkipReason::NotRegular { what: "a socket" }
                ),
                (
                    "to-fifo.log".to_owned(),
                    SkipReason::NotRegular { what: "a FIFO" }
                ),
            ]
        );
        assert_eq!(
            found.skipped[0].to_string(),
            format!("{}: a FIFO, not a regular file", fifo.display())
        );
    }

    fn make_fifo(path: &Path) {
        assert!(
            std::process::Command::new("mkfifo")
                .arg(path)
                .status()
                .unwrap()
                .success()
        );
    }

    #[test]
    fn names_may_be_any_bytes() {
        let folder = tempdir().unwrap();
        for name in [
            b"\xff\xfe.log".as_slice(),
            b"a\n\x1b[2J.log.1",
            b"bandwhich_\xff0250101_0000.log",
        ] {
            // Some filesystems allow only text.
            if fs::write(folder.path().join(OsStr::from_bytes(name)), "").is_err() {
                return;
            }
        }
        let found = find(&folder);
        assert_eq!(found.logs.len(), 3);
        assert!(found.logs.iter().all(|log| log.name_date.is_none()));
    }

    #[test]
    fn an_unreadable_folder_is_said_and_the_rest_goes_on() {
        let folder = folder_with(&["shut/x.log", "y.log"]);
        let shut = folder.path().join("shut");
        fs::set_permissions(&shut, fs::Permissions::from_mode(0o000)).unwrap();
        let refused = fs::read_dir(&shut).is_err();
        let found = find(&folder);
        fs::set_permissions(&shut, fs::Permissions::from_mode(0o700)).unwrap();
        // root may read everything.
        if refused {
            assert_eq!(logs(&found), ["y.log"]);
            let cause = "permission denied".to_owned();
            assert_eq!(
                skips(&folder, &found),
                [("shut".to_owned(), SkipReason::Unreadable { cause })]
            );
        }
    }
}
