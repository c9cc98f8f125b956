//! Stores of each format that was ever in use, kept in `tests/formats/`: this version opens each of them and
//! shows the history that it held when it was written.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use store::{Outcome, Store, Tuning, fold_log};
use traffic::UtcDay;

mod folders;

use folders::copy;

/// 2026-11-20, 00:00 UTC.
const MIDNIGHT: i64 = 1_795_132_800;
const DAY: i64 = 86_400;
const HOUR: i64 = 3600;
/// A name that is no plain name of a folder.
const ODD_HOST: &str = "büro/2";

/// A log: its host, its name and its text.
type Log = (&'static str, &'static str, String);

/// Frames, one a second: a download, an upload that comes and goes, and loopback traffic.
fn frames(first: i64, count: i64) -> String {
    let frame = |second: i64| {
        let mut frame = format!(
            "Refreshing:\n\
             process: <{second}> \"curl\" up/down Bps: 100/1000 connections: 1\n\
             connection: <{second}> <eth0>:40000 => 192.0.2.1:443 (tcp) up/down Bps: 100/1000 process: \"curl\"\n\
             connection: <{second}> <lo>:5000 => 127.0.0.1:40100 (tcp) up/down Bps: 30/30 process: \"redis\"\n\
             remote_address: <{second}> 192.0.2.1 up/down Bps: 100/1000 connections: 1\n"
        );
        if second.rem_euclid(100) < 40 {
            let up = 500 + second.rem_euclid(7);
            let port = 41_000 + second.rem_euclid(1000) / 100;
            let _ = writeln!(
                frame,
                "connection: <{second}> <eth0>:{port} => 198.51.100.7:22 (tcp) up/down Bps: {up}/3 process: \"rsync\""
            );
        }
        frame + "\n"
    };
    (first..first + count).map(frame).collect()
}

/// What is ingested, in this order: a day that is dropped later, a log that is partly of that day, a log over
/// midnight, two logs of one run, a log that grew, and another host.
fn logs() -> Vec<Log> {
    let chained = MIDNIGHT + 12 * HOUR;
    vec![
        ("web1", "old.log", frames(MIDNIGHT - 3 * DAY + HOUR, 90)),
        ("web1", "older.log", frames(MIDNIGHT - 2 * DAY - 60, 150)),
        ("web1", "ends.log", frames(MIDNIGHT + 10 * HOUR, 130)),
        ("web1", "first.log", frames(chained, 200)),
        ("web1", "second.log", frames(chained + 200, 210)),
        ("web1", "midnight.log", frames(MIDNIGHT + DAY - 120, 300)),
        (ODD_HOST, "grown.log", frames(MIDNIGHT + 5 * HOUR, 70)),
        (ODD_HOST, "grown.log", frames(MIDNIGHT + 5 * HOUR, 180)),
    ]
}

fn ingest(store: &mut Store, (host, name, text): &Log) -> Outcome {
    let root = store.root().to_owned();
    let folded = fold_log(&root, host, name, text.as_bytes(), &Tuning::default()).unwrap();
    store.ingest(vec![folded]).unwrap()[0].outcome
}

/// Everything a store holds, as lines.
fn summary(store: &Store) -> String {
    let mut out = String::new();
    for host in store.hosts().unwrap() {
        let all = MIDNIGHT - 10 * DAY..MIDNIGHT + 10 * DAY;
        let mut days: BTreeMap<String, [u64; 3]> = BTreeMap::new();
        let visit = |row: &traffic::RowView<'_>| {
            let key = format!(
                "{} {} {} {} {}:{}",
                UtcDay::of(row.bucket),
                row.table.as_str(),
                row.process.unwrap_or("-"),
                row.local_port.unwrap_or(0),
                row.remote.unwrap_or("-"),
                row.remote_port.unwrap_or(0)
            );
            let sums = days.entry(key).or_default();
            sums[0] += row.volume.up;
            sums[1] += row.volume.down;
            sums[2] += u64::from(row.frames);
            Ok::<(), store::Error>(())
        };
        store.read_rows(&host, all.clone(), visit).unwrap();
        for (key, [up, down, frames]) in days {
            writeln!(out, "{host} {key}: {up} up, {down} down, {frames} frames").unwrap();
        }
        let facts = store.read_facts(&host, all.clone()).unwrap();
        let seconds: u32 = facts.iter().map(|facts| facts.seconds).sum();
        writeln!(out, "{host} observed: {} buckets, {seconds} s", facts.len()).unwrap();
        let input = store.input_facts(&host, all.clone()).unwrap();
        writeln!(
            out,
            "{host} input: {} logs, {} runs, {} frames, {} bytes",
            input.logs, input.runs, input.frames, input.bytes
        )
        .unwrap();
        let dropped = store.dropped_days(&host, all).unwrap();
        writeln!(out, "{host} dropped: {dropped:?}").unwrap();
    }
    out
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats")
}

/// The formats that are kept.
fn formats() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let mut formats: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    formats.sort();
    formats
}

#[track_caller]
fn assert_holds(store: &Store, expected: &str, what: &str) {
    let found = summary(store);
    assert!(found == expected, "{what}:\n{found}\nexpected\n{expected}");
    assert_eq!(store.check().unwrap().damaged, [], "{what}");
}

#[test]
fn a_store_of_every_format_shows_what_it_held() {
    assert!(!formats().is_empty());
    for format in formats() {
        let name = format.file_name().unwrap().to_string_lossy().into_owned();
        let expected = std::fs::read_to_string(folder().join(format!("{name}.txt"))).unwrap();
        let work = tempfile::tempdir().unwrap();
        let root = work.path().join("store");
        copy(&format, &root);
        let reader = Store::open_to_read(&root).unwrap().unwrap();
        assert_holds(&reader, &expected, &format!("{name}, read"));
        drop(reader);
        let mut store = Store::open(&root, "now", "test").unwrap();
        assert_holds(&store, &expected, &format!("{name}, opened"));
        for log in &logs() {
            assert_eq!(ingest(&mut store, log), Outcome::Known, "{name}: {}", log.1);
        }
        assert_holds(&store, &expected, &format!("{name}, logs read again"));
        drop(store);
        let mut store = rebuild(&root);
        assert_holds(&store, &expected, &format!("{name}, rebuilt"));
        for day in store.loose_days(Some(i64::MAX)).unwrap() {
            store.compact(&day.host, day.day).unwrap();
            assert_holds(&store, &expected, &format!("{name}, {day:?} compacted"));
        }
        for log in &logs() {
            assert_eq!(ingest(&mut store, log), Outcome::Known, "{name}: {}", log.1);
        }
        drop(store);
        let store = rebuild(&root);
        assert_holds(&store, &expected, &format!("{name}, compacted and rebuilt"));
    }
}

fn rebuild(root: &Path) -> Store {
    let (store, damage) = Store::rebuild(root, "now", "test").unwrap();
    assert_eq!(damage, []);
    store
}

#[test]
fn a_store_of_every_format_is_rebuilt_without_being_opened_before() {
    for format in formats() {
        let name = format.file_name().unwrap().to_string_lossy().into_owned();
        let expected = std::fs::read_to_string(folder().join(format!("{name}.txt"))).unwrap();
        for loses_catalogue in [false, true] {
            let work = tempfile::tempdir().unwrap();
            let root = work.path().join("store");
            copy(&format, &root);
            if loses_catalogue {
                std::fs::remove_file(root.join("catalog.sqlite")).unwrap();
            }
            assert_holds(
                &rebuild(&root),
                &expected,
                &format!("{name}, {loses_catalogue}"),
            );
        }
    }
}

#[test]
fn a_damaged_catalogue_of_an_earlier_format_is_not_migrated() {
    let work = tempfile::tempdir().unwrap();
    let root = work.path().join("store");
    copy(&folder().join("2"), &root);
    let catalog = root.join("catalog.sqlite");
    let mut bytes = std::fs::read(&catalog).unwrap();
    let name = memchr::memmem::find(&bytes, b"midnight.log").unwrap();
    bytes[name] ^= 1;
    std::fs::write(&catalog, bytes).unwrap();
    for error in [
        Store::open_to_read(&root).map(|_| ()).unwrap_err(),
        Store::open(&root, "now", "test").map(|_| ()).unwrap_err(),
    ] {
        assert!(error.is_damaged_catalog(), "{error}");
        assert!(
            error.to_string().contains("its table source differs"),
            "{error}"
        );
    }
    let store = rebuild(&root);
    let expected = std::fs::read_to_string(folder().join("2.txt")).unwrap();
    assert_holds(&store, &expected, "rebuilt");
}

/// Writes a store of the current format, to be kept: `FORMAT=3 cargo test -p store --test kept_formats -- --ignored`.
#[test]
#[ignore = "writes into the source tree"]
fn write_a_store_of_the_current_format() {
    let name = std::env::var("FORMAT").expect("FORMAT is the number of the format");
    let root = folder().join(&name);
    let mut store = Store::open(&root, "now", "test").unwrap();
    for log in &logs() {
        ingest(&mut store, log);
    }
    for host in store.hosts().unwrap() {
        let pending = store.pending_days(&host).unwrap();
        store.mark_reported(&host, &pending).unwrap();
    }
    let days = store.days_before(MIDNIGHT / DAY - 2).unwrap();
    assert_eq!(days.len(), 1);
    store.drop_days(&days).unwrap();
    // Some days are compacted, and others of the same logs are not.
    for day in [MIDNIGHT / DAY - 2, MIDNIGHT / DAY] {
        store.compact("web1", day).unwrap();
    }
    std::fs::write(folder().join(format!("{name}.txt")), summary(&store)).unwrap();
}
