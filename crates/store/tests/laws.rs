//! The law of the store: the same logs in any order, twice, compressed, renamed, grown between
//! runs, cut short, in one run or in many, make the same history. Over real recordings.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use store::{IngestReport, Outcome, Store, Tuning, fold_log};

#[path = "folders/mod.rs"]
mod folders;

#[path = "laws/batches.rs"]
mod batches;

#[path = "laws/compaction.rs"]
mod compaction;

#[path = "laws/retention.rs"]
mod retention;

#[path = "laws/notes.rs"]
mod notes;

#[path = "laws/owner.rs"]
mod owner;

#[path = "laws/snapshots.rs"]
mod snapshots;

const HOST: &str = "lab";

/// The recordings with `--total-utilization`: the second log of two does not tell what its sums
/// were before.
const RUNNING_SUMS: [&str; 3] = [
    "bandwhich_20261122_0851.log",
    "bandwhich_20261122_0852.log",
    "bandwhich_20261122_0915.log",
];

fn recordings() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut logs: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    logs.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read(path).unwrap())
    };
    logs.into_iter().map(read).collect()
}

/// Whether all days are compacted after each step: these tests are built twice.
fn compacts() -> bool {
    env!("CARGO_CRATE_NAME") == "laws_compacted"
}

/// Compacts all days of a store.
fn compact_all(store: &mut Store) {
    for day in store.loose_days(Some(i64::MAX)).unwrap() {
        store.compact(&day.host, day.day).unwrap();
    }
}

struct Lab {
    folder: tempfile::TempDir,
    store: Store,
    /// Whether all days are compacted after each ingest.
    compacts: bool,
}

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), "now", "test").unwrap();
        let compacts = compacts();
        Lab {
            folder,
            store,
            compacts,
        }
    }

    fn ingest(&mut self, logs: &[(&str, &[u8])]) -> Vec<IngestReport> {
        let root = self.folder.path();
        let folded = logs
            .iter()
            .map(|(name, bytes)| fold_log(root, HOST, name, *bytes, &Tuning::default()).unwrap())
            .collect();
        let reports = self.store.ingest(folded).unwrap();
        if self.compacts {
            compact_all(&mut self.store);
        }
        reports
    }

    fn with(logs: &[(String, Vec<u8>)]) -> Self {
        let mut lab = Lab::new();
        let logs: Vec<_> = logs
            .iter()
            .map(|(name, log)| (name.as_str(), log.as_slice()))
            .collect();
        lab.ingest(&logs);
        lab
    }

    fn history(&self) -> History {
        history(&self.store)
    }
}

/// Everything the store tells, without the names of its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct History {
    rows: BTreeMap<String, [u64; 5]>,
    facts: Vec<String>,
    logs: u64,
    runs: u64,
    frames: u64,
}

impl History {
    fn bytes(&self) -> u64 {
        self.rows.values().map(|row| row[0] + row[1]).sum()
    }
}

/// Compares two histories and shows the first differences only.
#[track_caller]
fn assert_same(found: &History, expected: &History, what: &str) {
    let mut off: Vec<String> = Vec::new();
    for key in found.rows.keys().chain(expected.rows.keys()) {
        let (found, expected) = (found.rows.get(key), expected.rows.get(key));
        if found != expected {
            off.push(format!("{key}: {found:?}, expected {expected:?}"));
        }
    }
    let facts = |one: &History, other: &History| {
        one.facts
            .iter()
            .filter(|facts| !other.facts.contains(facts))
            .cloned()
            .collect::<Vec<_>>()
    };
    off.extend(
        facts(found, expected)
            .into_iter()
            .map(|facts| format!("too much: {facts}")),
    );
    off.extend(
        facts(expected, found)
            .into_iter()
            .map(|facts| format!("missing: {facts}")),
    );
    if (found.logs, found.runs, found.frames) != (expected.logs, expected.runs, expected.frames) {
        off.push(format!(
            "{} logs, {} runs, {} frames; expected {}, {}, {}",
            found.logs, found.runs, found.frames, expected.logs, expected.runs, expected.frames
        ));
    }
    let count = off.len();
    off.truncate(8);
    assert!(
        count == 0,
        "{what}: {count} differences\n{}",
        off.join("\n")
    );
}

fn history(store: &Store) -> History {
    history_from(store, 0)
}

/// Everything the store tells of the time from a second on; of logs, runs and frames: all.
fn history_from(store: &Store, first: i64) -> History {
    let mut history = History::default();
    let all = 0..4_000_000_000;
    let seconds = first..all.end;
    store
        .read_rows::<store::Error>(HOST, seconds.clone(), |row| {
            let key = format!(
                "{} {} {:?} {:?} {:?} {:?} {:?} {:?}",
                row.table.as_str(),
                row.bucket,
                row.process,
                row.interface,
                row.protocol,
                row.local_port,
                row.remote,
                row.remote_port
            );
            let sums = history.rows.entry(key).or_default();
            let values = [row.volume.up, row.volume.down, u64::from(row.frames)];
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value;
            }
            sums[3] = sums[3].max(row.peak.up);
            sums[4] = sums[4].max(row.peak.down);
            Ok(())
        })
        .unwrap();
    let facts = store.read_facts(HOST, seconds).unwrap();
    history.facts = facts.iter().map(|facts| format!("{facts:?}")).collect();
    history.facts.sort();
    let input = store.input_facts(HOST, all).unwrap();
    (history.logs, history.runs, history.frames) = (input.logs, input.runs, input.frames);
    history
}

/// A small generator, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn shuffle<T>(&mut self, things: &mut [T]) {
        for place in (1..things.len()).rev() {
            things.swap(place, self.roll(place + 1));
        }
    }
}

#[test]
fn any_order_makes_the_same_history() {
    let logs = recordings();
    let expected = Lab::with(&logs).history();
    assert!(expected.bytes() > 600_000_000, "{}", expected.bytes());
    for seed in 1..4 {
        let mut shuffled = logs.clone();
        let mut dice = Dice(seed);
        dice.shuffle(&mut shuffled);
        let mut lab = Lab::new();
        let mut rest = shuffled.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(1 + dice.roll(9)));
            let now: Vec<_> = now
                .iter()
                .map(|(name, log)| (name.as_str(), log.as_slice()))
                .collect();
            lab.ingest(&now);
            rest = later;
        }
        assert_same(&lab.history(), &expected, &format!("seed {seed}"));
    }
}

#[test]
fn a_second_copy_adds_nothing() {
    let logs = recordings();
    let mut lab = Lab::with(&logs);
    let expected = lab.history();
    for (name, log) in &logs {
        let report = lab.ingest(&[(&format!("copy of {name}"), log)]);
        assert_eq!(report[0].outcome, Outcome::Known, "{name}");
        assert_eq!(
            report[0].accounting.total() + report[0].known_bytes,
            u64::try_from(log.len()).unwrap(),
            "{name}"
        );
    }
    assert_same(&lab.history(), &expected, "");
    // Both copies within one batch.
    let mut lab = Lab::new();
    for (name, log) in &logs {
        lab.ingest(&[("first", log), (name, log)]);
    }
    assert_same(&lab.history(), &expected, "");
}

#[test]
fn logs_that_grow_between_runs_end_as_if_read_once() {
    let logs = recordings();
    let expected = Lab::with(&logs).history();
    let mut dice = Dice(7);
    let mut lab = Lab::new();
    for (name, log) in &logs {
        let mut cuts: Vec<usize> = (0..3).map(|_| dice.roll(log.len())).collect();
        cuts.sort_unstable();
        for cut in cuts {
            lab.ingest(&[(name, &log[..cut])]);
        }
        lab.ingest(&[(name, log)]);
        // A shorter copy turns up later.
        lab.ingest(&[(name, &log[..dice.roll(log.len())])]);
    }
    assert_same(&lab.history(), &expected, "");
}

#[test]
fn logs_glued_together_are_known_by_their_runs() {
    let logs = recordings();
    let framed: Vec<_> = logs
        .iter()
        .filter(|(_, log)| log.starts_with(b"Refreshing:\n<NO"))
        .collect();
    let expected = {
        let mut lab = Lab::new();
        for (name, log) in &framed {
            lab.ingest(&[(name, log)]);
        }
        lab.history()
    };
    let mut lab = Lab::new();
    for pair in framed.chunks(2) {
        let glued: Vec<u8> = pair
            .iter()
            .flat_map(|(_, log)| log.iter().copied())
            .collect();
        // Only logs that end with a whole frame can be glued without loss.
        if pair.len() == 2 && pair[0].1.ends_with(b"\n\n") {
            lab.ingest(&[("glued", &glued)]);
        }
        for (name, log) in pair {
            lab.ingest(&[(name, log)]);
        }
    }
    let found = lab.history();
    let off = found.bytes().abs_diff(expected.bytes());
    assert!(
        off * 1000 < expected.bytes(),
        "{} against {}",
        found.bytes(),
        expected.bytes()
    );
}

#[test]
fn a_log_within_itself_twice_counts_once() {
    for (name, log) in recordings() {
        if !log.ends_with(b"\n\n") {
            continue;
        }
        let expected = Lab::with(&[(name.clone(), log.clone())]).history();
        let twice = [log.as_slice(), log.as_slice()].concat();
        let found = Lab::with(&[(name.clone(), twice)]).history();
        let off = found.bytes().abs_diff(expected.bytes());
        assert!(
            off * 1000 <= expected.bytes(),
            "{name}: {} {}",
            found.bytes(),
            expected.bytes()
        );
    }
}

#[test]
fn a_run_cut_into_two_logs_is_joined() {
    let logs = recordings();
    let mut dice = Dice(3);
    for (name, log) in logs
        .iter()
        .filter(|(_, log)| log.starts_with(b"Refreshing:\n"))
    {
        if RUNNING_SUMS.contains(&name.as_str()) {
            continue;
        }
        let whole = Lab::with(&[(name.clone(), log.clone())]).history();
        // Cut between two frames with rows, not within the first five, which are weighted by their
        // number: that the second log cannot know.
        let borders: Vec<usize> = memchr::memmem::find_iter(log, b"\n\nRefreshing:\nprocess: <")
            .map(|at| at + 2)
            .filter(|&at| !log[..at].ends_with(b"<NO TRAFFIC>\n\n"))
            .filter(|&at| memchr::memmem::find_iter(&log[..at], b"Refreshing:\n").count() > 5)
            .collect();
        let Some(&border) = borders.get(
            borders
                .len()
                .saturating_sub(1 + dice.roll(borders.len().max(1))),
        ) else {
            continue;
        };
        let (head, tail) = log.split_at(border);
        for order in [[head, tail], [tail, head]] {
            let mut lab = Lab::new();
            for part in order {
                lab.ingest(&[(name, part)]);
            }
            let cut = lab.history();
            let off = cut.bytes().abs_diff(whole.bytes());
            // Each key alive at the border may be rounded once more.
            let bound = 4000 + whole.bytes() / 1000;
            assert!(
                off <= bound,
                "{name} at {border}: {} against {}",
                cut.bytes(),
                whole.bytes()
            );
        }
    }
}

#[test]
fn a_rebuilt_catalogue_tells_the_same_history() {
    let logs = recordings();
    let lab = Lab::with(&logs);
    let expected = lab.history();
    let Lab { folder, store, .. } = lab;
    drop(store);
    std::fs::remove_file(folder.path().join("catalog.sqlite")).unwrap();
    let (store, missing) = Store::rebuild(folder.path(), "now", "test").unwrap();
    assert_eq!(missing, []);
    assert_same(&history(&store), &expected, "");
    assert_eq!(store.check().unwrap().damaged, []);
    // A log that is met again is still known.
    let (name, log) = &logs[0];
    let folded = fold_log(
        folder.path(),
        HOST,
        name,
        log.as_slice(),
        &Tuning::default(),
    )
    .unwrap();
    let mut store = store;
    assert_eq!(
        store.ingest(vec![folded]).unwrap()[0].outcome,
        Outcome::Known
    );
}

/// What a store makes of a log that is read like this: each file below its folder that is not the
/// catalogue's.
fn files_of(log: &[u8], threads: usize, tuning: Tuning) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut lab = Lab::new();
    let root = lab.folder.path();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let folded = pool.install(|| fold_log(root, HOST, "log", log, &tuning).unwrap());
    lab.store.ingest(vec![folded]).unwrap();
    let mut files = BTreeMap::new();
    let mut folders: Vec<PathBuf> = ["traffic", "loopback", "peers", "buckets", "sources"]
        .map(|folder| root.join(folder))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path)
            } else {
                let name = path.strip_prefix(root).unwrap().to_owned();
                files.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    files
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]

    #[test]
    fn neither_threads_nor_chunks_change_a_byte(
        picked in proptest::collection::vec(any::<proptest::sample::Index>(), 1..4),
        cut in any::<proptest::sample::Index>(),
        threads in 2..6usize,
        chunk_size in 1_000..200_000usize,
    ) {
        let logs: Vec<_> = recordings().into_iter().filter(|(_, log)| log.len() < 400_000).collect();
        let mut log: Vec<u8> = Vec::new();
        picked.iter().for_each(|index| log.extend(&index.get(&logs).1));
        log.truncate(log.len() - cut.index(100));
        let limits = rawlog::Limits { chunk_size, ..Default::default() };
        let spread = Tuning { limits, spread: true, ..Tuning::default() };
        let alone = files_of(&log, 1, Tuning::default());
        prop_assert!(!alone.is_empty());
        prop_assert!(files_of(&log, threads, spread) == alone);
    }
}

#[test]
fn compressed_copies_are_the_same_log() {
    let logs = recordings();
    let (name, log) = &logs[5];
    let folder = tempfile::tempdir().unwrap();
    let mut lab = Lab::with(&[(name.clone(), log.clone())]);
    let expected = lab.history();
    let zipped = folder.path().join("a.log.gz");
    let mut out = flate2::write::GzEncoder::new(
        std::fs::File::create(&zipped).unwrap(),
        flate2::Compression::default(),
    );
    out.write_all(log).unwrap();
    out.finish().unwrap();
    let packed = folder.path().join("a.log.1.zst");
    std::fs::write(&packed, zstd::encode_all(log.as_slice(), 3).unwrap()).unwrap();
    for path in [zipped, packed] {
        let open = files::open_log(&path).unwrap();
        let folded = fold_log(lab.folder.path(), HOST, "copy", open, &Tuning::default()).unwrap();
        assert_eq!(
            lab.store.ingest(vec![folded]).unwrap()[0].outcome,
            Outcome::Known
        );
    }
    assert_same(&lab.history(), &expected, "");
}

#[test]
fn what_a_rebuild_misses_is_named_and_mended_by_the_log() {
    let (name, log) = recordings().swap_remove(5);
    let lab = Lab::with(&[(name.clone(), log.clone())]);
    let expected = lab.history();
    let Lab { folder, store, .. } = lab;
    drop(store);
    let traffic = folder.path().join("traffic");
    let mut lost = traffic;
    while lost.is_dir() {
        let mut inside: Vec<_> = std::fs::read_dir(&lost)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        inside.sort();
        lost = inside.swap_remove(0);
    }
    std::fs::remove_file(&lost).unwrap();
    let (mut store, missing) = Store::rebuild(folder.path(), "now", "test").unwrap();
    assert_eq!(missing.len(), 1);
    // Of a packed file that is gone nothing says how it was called: what it replaced is named.
    let place = |path: &Path| {
        if compacts() {
            path.parent().unwrap().to_owned()
        } else {
            path.to_owned()
        }
    };
    assert_eq!(
        (place(&missing[0].path), missing[0].log.as_str()),
        (place(&lost), name.as_str())
    );
    // What is left would pass for all there was.
    let left = store.read_facts(HOST, i64::MIN / 4..i64::MAX / 4);
    assert!(left.is_err_and(|error| error.is_damaged_file()));
    assert_eq!(store.check().unwrap().damaged[0].log, name);
    let folded = fold_log(
        folder.path(),
        HOST,
        &name,
        log.as_slice(),
        &Tuning::default(),
    )
    .unwrap();
    store.ingest(vec![folded]).unwrap();
    assert_same(&history(&store), &expected, "after the log was met again");
}

#[test]
fn a_stretch_has_facts_where_something_was_observed_in_it() {
    let time = |hour: i64| 1_772_409_600 + hour * 3600;
    let frame = |hour| {
        let time = time(hour);
        format!("Refreshing:\nprocess: <{time}> \"ssh\" up/down Bps: 3/4 connections: 1\n\n")
    };
    let observed = [10, 12, 14, 30];
    let log = observed.map(frame).concat();
    let lab = Lab::with(&[("bandwhich.log".to_owned(), log.into_bytes())]);
    for first in 8..34 {
        for past in first..34 {
            let found = lab.store.has_facts(HOST, time(first)..time(past)).unwrap();
            let expected = observed.iter().any(|hour| (first..past).contains(hour));
            assert_eq!(found, expected, "{first} to {past}");
        }
    }
    let other = lab.store.has_facts("other", time(0)..time(99)).unwrap();
    assert!(!other);
}
