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
        assert!(error.to_string().contains("does not know 1 of"), "{error}");
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
