use std::fs;
use std::io::Write as _;

use tempfile::tempdir;

use super::*;

/// More than one thread syncs alone.
const MANY: usize = 3 * ALONE;

fn written(path: &Path, text: &str) -> AtomicFile {
    let mut file = AtomicFile::create(path, None).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn all_files_of_a_batch_take_their_names_at_the_commit() {
    let root = tempdir().unwrap();
    let mut batch = AtomicBatch::default();
    let path = |number: usize| root.path().join(format!("a/{}/{number}", number % 3));
    for number in 0..MANY {
        batch.create_folder(path(number).parent().unwrap()).unwrap();
        batch.add(written(&path(number), &number.to_string()));
        assert!(!path(number).exists());
    }
    assert_eq!((batch.len(), batch.is_empty()), (MANY, false));
    batch.commit().unwrap();
    for number in 0..MANY {
        assert_eq!(
            fs::read_to_string(path(number)).unwrap(),
            number.to_string()
        );
    }
    let all = (0..3).map(|folder| names(&root.path().join(format!("a/{folder}"))).len());
    assert_eq!(all.sum::<usize>(), MANY, "no temporary file is left");
}

#[test]
fn a_batch_that_is_dropped_leaves_the_old_files() {
    let root = tempdir().unwrap();
    let path = root.path().join("report.json");
    fs::write(&path, "old").unwrap();
    let mut batch = AtomicBatch::default();
    batch.add(written(&path, "new"));
    drop(batch);
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(names(root.path()), ["report.json"]);
}

#[test]
fn a_name_that_is_refused_leaves_no_temporary_file() {
    let root = tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    fs::create_dir_all(path("b/taken")).unwrap();
    let mut batch = AtomicBatch::default();
    for name in ["a", "b", "c"] {
        batch.add(written(&path(name), name));
    }
    let error = batch.commit().unwrap_err();
    assert!(error.to_string().contains("/b"), "{error}");
    assert_eq!(names(root.path()), ["a", "b"]);
    assert_eq!(fs::read_to_string(path("a")).unwrap(), "a");
}

#[test]
fn a_file_keeps_the_permissions_of_the_one_it_replaces() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempdir().unwrap();
    let path = root.path().join("report.json");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let mut batch = AtomicBatch::default();
    batch.add(written(&path, "new"));
    batch.commit().unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn a_failure_is_given_and_ends_the_work() {
    let items: Vec<usize> = (0..100 * ALONE).collect();
    let done = AtomicUsize::new(0);
    let outcome = at_once(&items, |item| {
        done.fetch_add(1, Ordering::Relaxed);
        match item {
            0 => Err(Error::new(
                "sync",
                Path::new("0"),
                std::io::ErrorKind::StorageFull.into(),
            )),
            _ => {
                std::thread::sleep(std::time::Duration::from_millis(1));
                Ok(())
            }
        }
    });
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "cannot sync 0: no storage space"
    );
    assert!(done.into_inner() < items.len());
}

#[test]
fn each_item_is_worked_on_once() {
    for count in [0, 1, ALONE, MANY, 20 * ALONE] {
        let done: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
        at_once(&done, |item| {
            item.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
        .unwrap();
        assert!(done.iter().all(|item| item.load(Ordering::Relaxed) == 1));
    }
}
