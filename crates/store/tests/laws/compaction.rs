//! The law of compaction: it changes what files there are and nothing else, wherever it is killed.

use super::batches::frames;
use super::folders::copy;
use super::retention::framed;
use super::*;

const START: i64 = 1_795_168_800;
const ALL: std::ops::Range<i64> = 0..4_000_000_000;

/// A store of recordings that is not compacted yet.
fn loose(logs: &[(String, Vec<u8>)]) -> Lab {
    let mut lab = Lab::new();
    lab.compacts = false;
    for (name, log) in logs {
        lab.ingest(&[(name, log)]);
    }
    lab
}

/// A store with its days compacted.
fn compacted(logs: &[(String, Vec<u8>)]) -> Lab {
    let mut lab = loose(logs);
    compact_all(&mut lab.store);
    lab
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_in(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn every_recording_holds_the_same_before_and_after() {
    for log in recordings() {
        let mut lab = loose(std::slice::from_ref(&log));
        let expected = lab.history();
        compact_all(&mut lab.store);
        assert_same(&lab.history(), &expected, &log.0);
    }
    let logs = recordings();
    let mut lab = loose(&logs);
    let (expected, before) = (lab.history(), lab.store.status().unwrap());
    let in_order = |lab: &Lab| {
        let mut rows = Vec::new();
        let read = |row: &traffic::RowView<'_>| {
            rows.push(format!("{row:?}"));
            Ok::<(), store::Error>(())
        };
        lab.store
            .read_rows_in(store::RowOrder::Sorted, HOST, ALL, read)
            .unwrap();
        rows
    };
    let rows = in_order(&lab);
    assert_eq!(rows.len() as u64, before.rows);
    let totals = |lab: &Lab| lab.store.totals(HOST, ALL, 60, true).unwrap();
    let digests = |lab: &Lab| lab.store.digests(HOST, START..START + 1, false).unwrap();
    let sums = (totals(&lab), digests(&lab));
    compact_all(&mut lab.store);
    let after = lab.store.status().unwrap();
    assert_same(&lab.history(), &expected, "all");
    assert_eq!((totals(&lab), digests(&lab)), sums);
    assert!(in_order(&lab) == rows, "the same rows in the same order");
    assert_eq!((before.rows, before.sources), (after.rows, after.sources));
    assert_eq!(
        before.pending_days, after.pending_days,
        "no report is made again"
    );
    assert_eq!(lab.store.check().unwrap().damaged, []);
    // One file of each kind and day, and one for the sidecars of each day.
    let root = lab.folder.path();
    for kind in ["traffic", "loopback", "apart", "peers", "buckets"] {
        let files = files_in(&root.join(kind));
        let folders: std::collections::BTreeSet<_> =
            files.iter().map(|file| file.parent()).collect();
        assert_eq!(folders.len(), files.len(), "{kind}");
    }
    let days = files_in(&root.join("buckets")).len();
    assert!(files_in(&root.join("sources")).len() <= days);
    assert!(after.segments * 5 < before.segments, "{after:?}");
    assert_eq!(lab.store.loose_days(Some(i64::MAX)).unwrap(), []);
}

#[test]
fn copies_parts_and_longer_versions_of_old_logs_are_known() {
    let mut dice = Dice(5);
    for (name, log) in framed() {
        let borders: Vec<usize> = memchr::memmem::find_iter(&log, b"\n\nRefreshing:\n")
            .map(|at| at + 2)
            .collect();
        let cut = borders[borders.len() * 2 / 3];
        let whole = Lab::with(&[(name.clone(), log.clone())]).history();
        let mut lab = compacted(&[(name.clone(), log[..cut].to_vec())]);
        lab.compacts = false;
        let stored = lab.history();
        // The log restored from an archive, its beginning, its end, and a piece of it.
        let [first, last] = [borders.len() / 6, borders.len() / 2].map(|at| borders[at]);
        for part in [
            &log[..cut],
            &log[..first],
            &log[first..cut],
            &log[first..last],
        ] {
            let report = lab.ingest(&[("copy", part)]);
            assert_eq!(report[0].outcome, Outcome::Known, "{name}");
        }
        assert_same(&lab.history(), &stored, &name);
        // Another log of the same time is another log.
        let begins = lab.store.first_seen(HOST).unwrap().unwrap();
        let other = frames(begins, 20 + dice.roll(300) as i64);
        assert_eq!(lab.ingest(&[("other", &other)])[0].outcome, Outcome::New);
        assert!(lab.history().bytes() > stored.bytes());
        let mut lab = compacted(&[(name.clone(), log[..cut].to_vec())]);
        assert_eq!(lab.ingest(&[(&name, &log)])[0].diverged_frames, 0, "{name}");
        assert_same(&lab.history(), &whole, &format!("{name}, whole"));
    }
}

#[test]
fn a_log_that_continues_a_compacted_one_counts_the_same() {
    let logs: Vec<(String, Vec<u8>)> = (0..6)
        .map(|log| (format!("{log}.log"), frames(START + 100 * log, 100)))
        .collect();
    let expected = loose(&logs).history();
    let mut one_by_one = Lab::new();
    for (name, log) in &logs {
        one_by_one.ingest(&[(name, log)]);
        compact_all(&mut one_by_one.store);
    }
    assert_same(&one_by_one.history(), &expected, "in order");
    let mut backwards = Lab::new();
    for (name, log) in logs.iter().rev() {
        backwards.ingest(&[(name, log)]);
        compact_all(&mut backwards.store);
    }
    assert_same(&backwards.history(), &expected, "backwards");
    assert_eq!(backwards.store.check().unwrap().damaged, []);
}

/// The stores that a kill leaves: files of both sides, and the catalogue of one of them or none.
#[test]
fn a_kill_leaves_the_old_files_or_the_new_ones_and_counts_nothing_twice() {
    let logs: Vec<_> = framed().into_iter().take(4).collect();
    let before = loose(&logs);
    let expected = before.history();
    let after = tempfile::tempdir().unwrap();
    drop(before.store);
    copy(before.folder.path(), after.path());
    let mut store = Store::open(after.path(), "now", "test").unwrap();
    compact_all(&mut store);
    drop(store);
    for catalogue in [Some(before.folder.path()), Some(after.path()), None] {
        for missing in [None, Some("packed-"), Some(".sources")] {
            if missing.is_some() && catalogue == Some(after.path()) {
                // All files were in place before its transaction.
                continue;
            }
            let killed = tempfile::tempdir().unwrap();
            copy(after.path(), killed.path());
            copy(before.folder.path(), killed.path());
            let what = format!("{catalogue:?} without {missing:?}");
            let new = files_in(killed.path())
                .into_iter()
                .filter(|file| missing.is_some_and(|part| file.to_string_lossy().contains(part)));
            new.for_each(|file| std::fs::remove_file(file).unwrap());
            // It is not known which files moved.
            std::fs::write(killed.path().join("journal"), "").unwrap();
            let file = killed.path().join("catalog.sqlite");
            let store = if let Some(catalogue) = catalogue {
                std::fs::copy(catalogue.join("catalog.sqlite"), file).unwrap();
                Store::open(killed.path(), "now", "test").unwrap()
            } else {
                std::fs::remove_file(file).unwrap();
                Store::rebuild(killed.path(), "now", "test").unwrap().0
            };
            assert_same(&history(&store), &expected, &what);
            assert_eq!(store.check().unwrap().damaged, [], "{what}");
            drop(store);
            let (store, damage) = Store::rebuild(killed.path(), "now", "test").unwrap();
            assert_eq!(damage, [], "{what}");
            assert_same(&history(&store), &expected, &what);
        }
    }
}

#[test]
fn of_two_packed_files_of_a_day_a_rebuild_counts_each_part_once() {
    let logs: Vec<_> = framed().into_iter().take(3).collect();
    let lab = compacted(&logs);
    let root = lab.folder.path().to_owned();
    let older = tempfile::tempdir().unwrap();
    copy(&root, older.path());
    let Lab {
        folder, mut store, ..
    } = lab;
    // A longer version of one of them: packed files are written again without it, then with it.
    let (name, log) = &logs[0];
    let longer = [log.as_slice(), &frames(START, 30)].concat();
    let folded = fold_log(&root, HOST, name, longer.as_slice(), &Tuning::default()).unwrap();
    store.ingest(vec![folded]).unwrap();
    compact_all(&mut store);
    let expected = history(&store);
    drop(store);
    copy(older.path(), &root);
    std::fs::remove_file(root.join("catalog.sqlite")).unwrap();
    let (store, _) = Store::rebuild(&root, "now", "test").unwrap();
    assert_same(&history(&store), &expected, "rebuilt");
    assert_eq!(store.check().unwrap().damaged, []);
    drop((store, folder));
}

#[test]
fn a_damaged_packed_file_is_named_with_its_logs_which_repair_it() {
    let logs: Vec<_> = framed().into_iter().take(3).collect();
    let lab = compacted(&logs);
    let expected = lab.history();
    let Lab { folder, store, .. } = lab;
    let root = folder.path();
    let packed = files_in(&root.join("traffic")).swap_remove(0);
    let mut bytes = std::fs::read(&packed).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    std::fs::write(&packed, bytes).unwrap();
    let damaged = store.check().unwrap().damaged;
    assert_eq!(damaged.len(), 1);
    let read = store.totals(HOST, ALL, 60, false);
    assert!(read.is_err_and(|error| error.is_damaged_file()));
    drop(store);
    let (mut store, damage) = Store::rebuild(root, "now", "test").unwrap();
    assert_eq!(damage.len(), 1, "{damage:?}");
    assert_eq!(damage[0].path, packed);
    assert!(!damage[0].log.is_empty() && !packed.exists());
    for (name, log) in &logs {
        let folded = fold_log(root, HOST, name, log.as_slice(), &Tuning::default()).unwrap();
        store.ingest(vec![folded]).unwrap();
    }
    assert_same(&history(&store), &expected, "after the logs were met again");
    assert_eq!(store.check().unwrap().damaged, []);
    compact_all(&mut store);
    assert_same(&history(&store), &expected, "compacted again");
}

#[test]
fn a_reader_keeps_its_files_while_a_day_is_compacted() {
    let mut lab = loose(&[("a.log".to_owned(), frames(START, 60))]);
    lab.ingest(&[("b.log", &frames(START + 100, 60))]);
    let root = lab.folder.path().to_owned();
    let expected = lab.history();
    let reader = Store::open_to_read(&root).unwrap().unwrap();
    let listed = reader
        .live_files("traffic", Some(HOST), i64::MIN..=i64::MAX)
        .unwrap();
    assert!(listed.len() >= 2);
    compact_all(&mut lab.store);
    assert_same(&history(&reader), &expected, "the snapshot");
    assert!(listed.iter().all(|file| file.path.exists()));
    let second = Store::open_to_read(&root).unwrap().unwrap();
    assert_same(&history(&second), &expected, "what is there now");
    let packed = second
        .live_files("traffic", None, i64::MIN..=i64::MAX)
        .unwrap();
    assert_eq!(packed.len(), 1);
    assert_eq!(
        packed[0].rows,
        listed.iter().map(|file| file.rows).sum::<u64>()
    );
    assert_eq!(
        second
            .live_files("traffic", Some("other"), i64::MIN..=i64::MAX)
            .unwrap(),
        []
    );
    drop((reader, second));
    drop(Store::open(&root, "now", "test").map(|_| ()));
    lab.ingest(&[("c.log", &frames(START + 200, 60))]);
    assert!(listed.iter().all(|file| !file.path.exists()));
}

#[test]
fn a_day_with_very_many_files_is_due_before_it_is_over() {
    let mut lab = loose(&[]);
    for log in 0..50 {
        assert_eq!(lab.store.loose_days(None).unwrap(), [], "{log}");
        let name = format!("{log}.log");
        lab.ingest(&[(&name, &frames(START + 500 * log, 5))]);
        if log == 45 {
            break;
        }
    }
    for log in 50..60 {
        lab.ingest(&[("more", &frames(START + 500 * log, 5))]);
    }
    let due = lab.store.loose_days(None).unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].host, HOST);
}
