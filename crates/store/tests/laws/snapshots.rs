//! Readers beside a writer, and a catalogue that does not belong to the files beside it.

use std::path::{Path, PathBuf};

use store::Store;

use super::batches::frames;
use super::{History, Lab, assert_same, history};

const START: i64 = 1_795_168_800;

fn segments(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(segments(&path));
        } else if path.extension().is_some_and(|end| end == "parquet") {
            found.push(path);
        }
    }
    found
}

fn read(root: &Path) -> History {
    history(&Store::open_to_read(root).unwrap().unwrap())
}

#[test]
fn a_reader_sees_one_moment_while_a_writer_replaces_everything() {
    let mut lab = Lab::new();
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("g.log", &frames(START, 60))]);
    let before = lab.history();
    let reader = Store::open_to_read(&root).unwrap().unwrap();
    for minutes in 2..6 {
        lab.ingest(&[("g.log", &frames(START, 60 * minutes))]);
        assert_same(&history(&reader), &before, "what was there at first");
        let report = reader.check().unwrap();
        assert_eq!(report.damaged, []);
        // A second reader sees what is there now, and no false alarm.
        let second = Store::open_to_read(&root).unwrap().unwrap();
        assert_same(&history(&second), &lab.history(), "what is there now");
        assert_eq!(second.check().unwrap().damaged, []);
    }
    let with_reader = segments(&root).len();
    drop(reader);
    lab.ingest(&[("g.log", &frames(START, 600))]);
    assert!(segments(&root).len() < with_reader, "old files are removed");
    assert!(!root.join("journal").exists());
}

#[test]
fn what_a_reader_kept_is_removed_when_the_store_is_next_opened() {
    let mut lab = Lab::new();
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("g.log", &frames(START, 60))]);
    let reader = Store::open_to_read(&root).unwrap().unwrap();
    lab.ingest(&[("g.log", &frames(START, 120))]);
    let kept = segments(&root).len();
    drop((reader, lab.store));
    let store = Store::open(&root, "now", "test").unwrap();
    assert!(segments(&root).len() < kept);
    assert_eq!(store.check().unwrap().damaged, []);
}

#[cfg(target_os = "linux")]
#[test]
fn files_that_another_process_keeps_are_counted() {
    let mut lab = Lab::new();
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("g.log", &frames(START, 60))]);
    // It takes the lock of a reader; without it there is nothing to show.
    let Ok(mut reader) = std::process::Command::new("flock")
        .args(["--shared", "--no-fork"])
        .arg(root.join("readers"))
        .args(["sleep", "60"])
        .spawn()
    else {
        return;
    };
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while files::lock_processes(&root.join("readers")).is_empty() {
        assert!(std::time::Instant::now() < until);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let status = |root| Store::open_to_read(root).unwrap().unwrap().status();
    assert_eq!(status(&root).unwrap().kept_files, None);
    let before = segments(&root).len();
    lab.ingest(&[("g.log", &frames(START, 120))]);
    let kept = status(&root).unwrap().kept_files.unwrap();
    assert_eq!(kept.readers, [reader.id()]);
    assert!(kept.files as usize >= before && kept.bytes > 0, "{kept:?}");
    reader.kill().unwrap();
    reader.wait().unwrap();
    assert_eq!(status(&root).unwrap().kept_files, None);
    lab.ingest(&[("g.log", &frames(START, 180))]);
    assert!(!root.join("journal").exists());
}

#[test]
fn a_rebuild_beside_a_reader_leaves_its_snapshot_alone() {
    let mut lab = Lab::new();
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("g.log", &frames(START, 60))]);
    let before = lab.history();
    let reading = std::thread::scope(|scope| {
        let reader = Store::open_to_read(&root).unwrap().unwrap();
        drop(lab.store);
        let rebuild = scope.spawn(|| Store::rebuild(&root, "now", "test").map(|_| ()));
        std::thread::sleep(std::time::Duration::from_millis(300));
        let reading = history(&reader);
        // The catalogue is exchanged once nobody reads.
        drop(reader);
        rebuild.join().unwrap().unwrap();
        reading
    });
    assert_same(&reading, &before, "during the rebuild");
    assert_same(&read(&root), &before, "after it");
}

#[test]
fn a_catalogue_from_a_backup_is_refused_until_a_rebuild() {
    let mut lab = Lab::new();
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("a.log", &frames(START, 60))]);
    drop(lab.store);
    let catalog = root.join("catalog.sqlite");
    let backup = std::fs::read(&catalog).unwrap();
    lab.store = Store::open(&root, "now", "test").unwrap();
    lab.ingest(&[("b.log", &frames(START + 7200, 60))]);
    let expected = lab.history();
    drop(lab.store);
    std::fs::write(&catalog, backup).unwrap();

    for error in [
        Store::open(&root, "now", "test").map(|_| ()).unwrap_err(),
        Store::open_to_read(&root).map(|_| ()).unwrap_err(),
    ] {
        assert!(error.is_damaged_catalog(), "{error}");
        assert!(
            error.to_string().contains("does not know commit"),
            "{error}"
        );
    }
    let (store, damage) = Store::rebuild(&root, "now", "test").unwrap();
    assert_eq!(damage, []);
    assert_same(&history(&store), &expected, "after the rebuild");
}

#[test]
fn a_file_that_no_catalogue_names_is_reported() {
    let mut lab = Lab::new();
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("a.log", &frames(START, 60))]);
    let segment = segments(&root).remove(0);
    std::fs::copy(&segment, segment.with_file_name("copy.parquet")).unwrap();
    let report = lab.store.check().unwrap();
    assert_eq!(report.damaged.len(), 1, "{:?}", report.damaged);
    assert!(report.damaged[0].path.ends_with("copy.parquet"));
}

#[cfg(unix)]
#[test]
fn a_catalogue_that_was_read_only_for_a_moment_is_written_again() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;
    let mut lab = Lab::new();
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("a.log", &frames(START, 60))]);
    drop(lab.store);
    // What SQLite makes beside a catalogue while that is read-only has its permissions, and stays.
    for name in ["catalog.sqlite-shm", "catalog.sqlite-wal"] {
        std::fs::write(root.join(name), "").unwrap();
        set_permissions(root.join(name), Permissions::from_mode(0o444)).unwrap();
    }
    lab.store = Store::open(&root, "now", "test").unwrap();
    let mode = |name| {
        std::fs::metadata(root.join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("catalog.sqlite-shm"), mode("catalog.sqlite"));
    lab.ingest(&[("b.log", &frames(START + 7200, 60))]);
}

/// A log that holds another one and more: its sources have other names, so that only the journal tells which
/// of them are alive.
fn ingest_longer(lab: &mut Lab) {
    lab.ingest(&[("b.log", &frames(START + 7200, 60))]);
    let longer = [frames(START, 30), frames(START + 7200, 60)].concat();
    lab.ingest(&[("a.log", &longer)]);
}

#[test]
fn a_rebuild_brings_back_nothing_that_a_reader_kept_or_a_kill_left() {
    let mut undisturbed = Lab::new();
    ingest_longer(&mut undisturbed);
    let expected = undisturbed.history();

    for loses_catalogue in [false, true] {
        let mut lab = Lab::new();
        let root = lab.folder.path().to_owned();
        lab.ingest(&[("x.log", &frames(START - 7200, 10))]);
        lab.ingest(&[("x.log", &frames(START - 7200, 20))]);
        let reader = Store::open_to_read(&root).unwrap().unwrap();
        ingest_longer(&mut lab);
        let journal = std::fs::read(root.join("journal")).unwrap();
        drop((reader, lab.store));
        if loses_catalogue {
            std::fs::remove_file(root.join("catalog.sqlite")).unwrap();
        }
        let (store, damage) = Store::rebuild(&root, "now", "test").unwrap();
        assert_eq!(damage, [], "{}", String::from_utf8_lossy(&journal));
        let found = history(&store);
        assert_eq!(
            found.bytes(),
            expected.bytes() + 20 * 1100,
            "{loses_catalogue}"
        );
        assert!(!root.join("journal").exists());
        drop(store);
        Store::open(&root, "now", "test").unwrap();
    }
}

/// Brings a catalogue back from a backup, without what SQLite keeps beside the one that was there.
fn put_back(catalog: &Path, backup: &[u8]) {
    std::fs::write(catalog, backup).unwrap();
    for suffix in ["-wal", "-shm"] {
        let beside = catalog.with_file_name(format!("catalog.sqlite{suffix}"));
        std::fs::remove_file(beside).unwrap_or_default();
    }
}

#[test]
fn a_journal_does_not_hide_that_the_catalogue_is_old() {
    let mut lab = Lab::new();
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("a.log", &frames(START, 30))]);
    drop(lab.store);
    let catalog = root.join("catalog.sqlite");
    let backup = std::fs::read(&catalog).unwrap();
    lab.store = Store::open(&root, "now", "test").unwrap();
    let reader = Store::open_to_read(&root).unwrap().unwrap();
    lab.ingest(&[("a.log", &frames(START, 60))]);
    lab.ingest(&[("b.log", &frames(START + 7200, 60))]);
    let expected = lab.history();
    drop((reader, lab.store));
    put_back(&catalog, &backup);
    assert!(root.join("journal").exists());
    let error = Store::open(&root, "now", "test").map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("older"), "{error}");
    let (store, damage) = Store::rebuild(&root, "now", "test").unwrap();
    assert_eq!(damage, []);
    assert_same(&history(&store), &expected, "after the rebuild");
}

#[test]
fn a_journal_removes_only_files_of_the_store() {
    let mut lab = Lab::new();
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("a.log", &frames(START, 30))]);
    drop(lab.store);
    let outside = tempfile::NamedTempFile::new().unwrap();
    let named = serde_json::json!([{
        "commit": 1, "decided": true, "remove": [],
        "bring": ["../victim", outside.path(), "catalog.sqlite", "traffic/../../x/y", "lock"],
    }]);
    std::fs::write(root.join("journal"), named.to_string()).unwrap();
    Store::open(&root, "now", "test").unwrap();
    assert!(outside.path().exists() && root.join("catalog.sqlite").exists());
}

#[test]
fn copies_that_other_programs_leave_lock_nobody_out() {
    let mut lab = Lab::new();
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("a.log", &frames(START, 30))]);
    let expected = lab.history();
    drop(lab.store);
    let sources = root.join("sources");
    let sidecar = std::fs::read_dir(&sources)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let stem = sidecar.file_stem().unwrap().to_string_lossy().into_owned();
    for name in [
        format!("{stem}.sync-conflict-20261129-150000-ABCDEFG.source"),
        "x.source".to_owned(),
    ] {
        std::fs::copy(&sidecar, sources.join(name)).unwrap();
    }
    std::fs::create_dir(sources.join("abc-1.source")).unwrap();
    Store::open(&root, "now", "test").unwrap();
    let (store, damage) = Store::rebuild(&root, "now", "test").unwrap();
    assert_eq!(damage, []);
    assert_same(&history(&store), &expected, "beside copies");
}

#[test]
fn segments_without_a_log_are_set_aside_by_a_rebuild() {
    let mut lab = Lab::new();
    // Compacted, both logs would share their files.
    lab.compacts = false;
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("a.log", &frames(START, 30))]);
    let expected = lab.history();
    lab.ingest(&[("b.log", &frames(START + 7200, 60))]);
    drop(lab.store);
    // The newest sidecar is lost with the catalogue that named it.
    let mut sources: Vec<PathBuf> = std::fs::read_dir(root.join("sources"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    sources.sort_by_key(|path| std::fs::metadata(path).unwrap().len());
    std::fs::remove_file(sources.pop().unwrap()).unwrap();
    std::fs::remove_file(root.join("catalog.sqlite")).unwrap();
    let before = segments(&root).len();
    let (store, damage) = Store::rebuild(&root, "now", "test").unwrap();
    assert!(!damage.is_empty());
    assert_eq!(segments(&root).len(), before, "nothing was deleted");
    assert_eq!(history(&store).bytes(), expected.bytes());
    assert_eq!(store.check().unwrap().damaged, []);
}

#[test]
fn readers_beside_a_busy_writer_raise_no_alarm() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let mut lab = Lab::new();
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("0.log", &frames(START, 5))]);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers = [(); 2].map(|()| {
            scope.spawn(|| {
                let mut opened = 0;
                while !done.load(Ordering::Relaxed) {
                    let store = Store::open_to_read(&root).unwrap().unwrap();
                    assert_eq!(store.check().unwrap().damaged, []);
                    opened += 1;
                }
                opened
            })
        });
        for log in 1..60 {
            let name = format!("{log}.log");
            lab.ingest(&[(&name, &frames(START + 100 * log, 5))]);
            lab.ingest(&[(&name, &frames(START + 100 * log, 10))]);
        }
        done.store(true, Ordering::Relaxed);
        let opened: usize = readers
            .into_iter()
            .map(|reader| reader.join().unwrap())
            .sum();
        assert!(opened > 20, "{opened}");
    });
}

#[test]
fn an_unreadable_journal_deletes_nothing_that_an_older_catalogue_does_not_know() {
    let mut lab = Lab::new();
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("a.log", &frames(START, 30))]);
    drop(lab.store);
    let catalog = root.join("catalog.sqlite");
    let backup = std::fs::read(&catalog).unwrap();
    lab.store = Store::open(&root, "now", "test").unwrap();
    lab.ingest(&[("b.log", &frames(START + 7200, 60))]);
    let expected = lab.history();
    drop(lab.store);
    for journal in ["", "[{\"commit\":"] {
        std::fs::write(&catalog, &backup).unwrap();
        std::fs::write(root.join("journal"), journal).unwrap();
        let error = Store::open(&root, "now", "test").map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("older"), "{error}");
    }
    let (store, damage) = Store::rebuild(&root, "now", "test").unwrap();
    assert_eq!(damage, []);
    assert_same(&history(&store), &expected, "after the rebuild");
}

#[test]
fn a_rebuild_keeps_the_last_commit_that_an_older_catalogue_takes_for_none() {
    let mut lab = Lab::new();
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("a.log", &frames(START, 30))]);
    drop(lab.store);
    let catalog = root.join("catalog.sqlite");
    let backup = std::fs::read(&catalog).unwrap();
    lab.store = Store::open(&root, "now", "test").unwrap();
    // Nobody has noted yet that it was made, as after a kill.
    let reader = Store::open_to_read(&root).unwrap().unwrap();
    lab.ingest(&[("b.log", &frames(START + 7200, 60))]);
    let expected = lab.history();
    drop((reader, lab.store));
    let journal = std::fs::read_to_string(root.join("journal")).unwrap();
    std::fs::write(root.join("journal"), journal.replace("true", "false")).unwrap();
    put_back(&catalog, &backup);
    let (store, damage) = Store::rebuild(&root, "now", "test").unwrap();
    assert_eq!(damage, []);
    assert_same(&history(&store), &expected, "after the rebuild");
}

#[test]
fn a_catalogue_that_changed_since_it_was_closed_is_compared_in_full() {
    let mut lab = Lab::new();
    let root = lab.folder.path().to_owned();
    lab.ingest(&[("a.log", &frames(START, 30))]);
    drop(lab.store);
    let seal = root.join("catalog.seal");
    let sealed = std::fs::read(&seal).unwrap();
    assert!(!sealed.is_empty());
    drop(Store::open(&root, "now", "test").unwrap());
    assert_eq!(std::fs::read(&seal).unwrap(), sealed, "nothing was written");
    let catalog = root.join("catalog.sqlite");
    let whole = std::fs::read(&catalog).unwrap();
    let mut damaged = whole.clone();
    let name = memchr::memmem::find(&damaged, b"a.log").unwrap();
    damaged[name] ^= 1;
    // A seal that is gone hides nothing, and one is never put on what is damaged.
    for is_sealed in [true, false] {
        std::fs::write(&catalog, &damaged).unwrap();
        if !is_sealed {
            std::fs::remove_file(&seal).unwrap();
        }
        for _ in 0..2 {
            let error = Store::open(&root, "now", "test").map(|_| ()).unwrap_err();
            assert!(
                error.to_string().contains("its table source differs"),
                "{error}"
            );
        }
        assert_eq!(seal.exists(), is_sealed);
    }
    std::fs::write(&catalog, &whole).unwrap();
    drop(Store::open(&root, "now", "test").unwrap());
    assert_eq!(std::fs::read(&seal).unwrap(), sealed);
}
