//! The law of retention: days that were dropped stay away, whatever is met again, in any order, and
//! after a rebuild; all else is as if nothing had been dropped.

use super::folders::copy;
use super::*;

const DAY: i64 = 86_400;

/// Marks all news as told and drops the days before a second, which begins a day.
fn drop_before(store: &mut Store, second: i64) -> u64 {
    let pending = store.pending_days(HOST).unwrap();
    store.mark_reported(HOST, &pending).unwrap();
    let days = store.days_before(second / DAY).unwrap();
    assert!(!days.is_empty());
    store.drop_days(&days).unwrap();
    if compacts() {
        compact_all(store);
    }
    assert_eq!(store.days_before(second / DAY).unwrap(), []);
    assert!(store.pending_days(HOST).unwrap().is_empty());
    assert_eq!(store.check().unwrap().damaged, []);
    days.iter().map(|day| day.bytes).sum()
}

/// Holds that a store tells what it should, and the same once its catalogue was made again.
#[track_caller]
fn assert_lasts(lab: Lab, expected: &History, what: &str) -> Lab {
    assert_same(&lab.history(), expected, what);
    let Lab { folder, store, .. } = lab;
    drop(store);
    let (store, damage) = Store::rebuild(folder.path(), "now", "test").unwrap();
    assert_eq!(damage, [], "{what}");
    assert_eq!(store.check().unwrap().damaged, [], "{what}");
    let what = format!("{what}, rebuilt");
    assert_same(&history(&store), expected, &what);
    let compacts = compacts();
    Lab {
        folder,
        store,
        compacts,
    }
}

/// A log with its times moved so that a share of it lies before midnight; and that midnight.
fn over_midnight(log: &[u8], tenths: usize) -> (Vec<u8>, i64) {
    let stamp = |line: &[u8]| -> Option<(usize, usize, i64)> {
        let start = memchr::memmem::find(line, b": <")? + 3;
        let length = line[start..].iter().position(|byte| *byte == b'>')?;
        let text = std::str::from_utf8(&line[start..start + length]).ok()?;
        Some((start, start + length, text.parse().ok()?))
    };
    let lines = || log.split_inclusive(|byte| *byte == b'\n');
    let times: Vec<i64> = lines().filter_map(stamp).map(|(.., time)| time).collect();
    let middle = times[times.len() * tenths / 10];
    let midnight = (middle / DAY + 1) * DAY;
    let moved = lines().flat_map(|line| match stamp(line) {
        Some((start, end, time)) => {
            let time = (time + midnight - middle).to_string();
            [&line[..start], time.as_bytes(), &line[end..]].concat()
        }
        None => line.to_vec(),
    });
    (moved.collect(), midnight)
}

/// Logs of frames that end whole.
pub(super) fn framed() -> Vec<(String, Vec<u8>)> {
    let logs = recordings().into_iter().filter(|(name, log)| {
        log.starts_with(b"Refreshing:\n")
            && log.len() > 20_000
            && !RUNNING_SUMS.contains(&name.as_str())
    });
    logs.take(8).collect()
}

#[test]
fn dropped_days_stay_away_in_any_order() {
    let logs = recordings();
    let whole = Lab::with(&logs);
    let last = whole.store.status().unwrap().span.unwrap().last;
    let cut = (last / DAY - 1) * DAY;
    let expected = history_from(&whole.store, cut);
    assert!(expected.bytes() > 0 && expected.bytes() < whole.history().bytes());
    for seed in 1..3 {
        let mut lab = Lab::with(&logs);
        assert!(drop_before(&mut lab.store, cut) > 10_000);
        let mut lab = assert_lasts(lab, &expected, "dropped");
        let mut shuffled = logs.clone();
        let mut dice = Dice(seed);
        dice.shuffle(&mut shuffled);
        for (name, log) in &shuffled {
            lab.ingest(&[(name, &log[..dice.roll(log.len())]), (name, log)]);
        }
        assert_lasts(lab, &expected, &format!("seed {seed}"));
    }
}

#[test]
fn a_log_that_grew_brings_its_newer_days_only() {
    let mut dice = Dice(11);
    for (name, log) in framed() {
        let (log, midnight) = over_midnight(&log, 4);
        let whole = Lab::with(&[(name.clone(), log.clone())]);
        let expected = history_from(&whole.store, midnight);
        assert!(!expected.rows.is_empty(), "{name}");
        for tenths in [3, 6, 9] {
            let mut lab = Lab::new();
            let cut = log.len() * tenths / 10;
            lab.ingest(&[(&name, &log[..cut])]);
            drop_before(&mut lab.store, midnight);
            // It grew twice within a batch; then a shorter copy turns up.
            let later = cut + dice.roll(log.len() - cut);
            lab.ingest(&[(&name, &log[..later]), (&name, &log)]);
            lab.ingest(&[("copy", &log[..dice.roll(log.len())])]);
            let what = format!("{name} from {cut} of {}", log.len());
            assert_lasts(lab, &expected, &what);
        }
    }
}

#[test]
fn a_log_that_continues_a_dropped_one_counts_the_same() {
    for (name, log) in framed() {
        let (log, midnight) = over_midnight(&log, 5);
        let borders: Vec<usize> = memchr::memmem::find_iter(&log, b"\n\nRefreshing:\nprocess: <")
            .map(|at| at + 2)
            .collect();
        let places = [borders.len() / 3, borders.len() * 3 / 4];
        for &border in places.iter().filter_map(|place| borders.get(*place)) {
            let (head, tail) = log.split_at(border);
            let mut lab = Lab::new();
            lab.ingest(&[(&name, head), ("tail", tail)]);
            let expected = history_from(&lab.store, midnight);
            for together in [true, false] {
                let mut lab = Lab::new();
                lab.ingest(&[(&name, head)]);
                if together {
                    lab.ingest(&[("tail", tail)]);
                }
                drop_before(&mut lab.store, midnight);
                lab.ingest(&[("tail", tail)]);
                if !together && border < log.len() / 2 {
                    // What the tail has of the day was never there before.
                    drop_before(&mut lab.store, midnight);
                }
                assert_lasts(lab, &expected, &format!("{name} at {border}"));
            }
        }
    }
}

#[test]
fn a_day_with_news_is_not_dropped() {
    let (name, log) = framed().swap_remove(0);
    let (log, midnight) = over_midnight(&log, 5);
    let mut lab = Lab::with(&[(name, log)]);
    let day = midnight / DAY;
    assert_eq!(lab.store.days_before(day + 1).unwrap(), []);
    lab.store.mark_reported(HOST, &[day]).unwrap();
    let days = lab.store.days_before(day + 1).unwrap();
    assert_eq!(days.iter().map(|day| day.day).collect::<Vec<_>>(), [day]);
    let expected = lab.history();
    lab.store.drop_days(&days).unwrap();
    assert_eq!(lab.store.pending_days(HOST).unwrap(), [day - 1]);
    let left = lab.history();
    assert!(!left.rows.is_empty() && left.rows.len() < expected.rows.len());
    let all = midnight - DAY..midnight + DAY;
    assert_eq!(lab.store.dropped_days(HOST, all).unwrap(), [day].into());
}

#[test]
fn totals_and_digests_forget_a_dropped_day() {
    let (name, log) = framed().swap_remove(0);
    let (log, midnight) = over_midnight(&log, 5);
    let mut lab = Lab::with(&[(name, log)]);
    let before = midnight - DAY..midnight;
    let totals = |lab: &Lab| lab.store.totals(HOST, before.clone(), 60, false).unwrap();
    let digests = |lab: &Lab| lab.store.digests(HOST, before.clone(), false).unwrap();
    assert!(totals(&lab).is_some() && digests(&lab)[0].1 != store::Digest::default());
    drop_before(&mut lab.store, midnight);
    assert_eq!(totals(&lab), None);
    assert_eq!(digests(&lab)[0].1, store::Digest::default());
}

/// The stores that a kill leaves: files of both sides, and the catalogue of one.
#[test]
fn a_kill_between_the_steps_leaves_all_or_nothing() {
    let (name, log) = framed().swap_remove(0);
    let (log, midnight) = over_midnight(&log, 5);
    let lab = Lab::with(&[(name, log)]);
    let before = lab.history();
    let Lab { folder, store, .. } = lab;
    drop(store);
    let dropped = tempfile::tempdir().unwrap();
    copy(folder.path(), dropped.path());
    let mut store = Store::open(dropped.path(), "now", "test").unwrap();
    drop_before(&mut store, midnight);
    let after = history(&store);
    drop(store);
    assert!(after.bytes() < before.bytes());
    for (catalogue, expected) in [(folder.path(), &before), (dropped.path(), &after)] {
        for is_lost in [false, true] {
            let killed = tempfile::tempdir().unwrap();
            copy(folder.path(), killed.path());
            copy(
                &dropped.path().join("sources"),
                &killed.path().join("sources"),
            );
            let file = "catalog.sqlite";
            std::fs::copy(catalogue.join(file), killed.path().join(file)).unwrap();
            std::fs::write(killed.path().join("journal"), "").unwrap();
            // Where the catalogue is lost too, the newer sidecar decides.
            let (store, expected) = if is_lost {
                (
                    Store::rebuild(killed.path(), "now", "test").unwrap().0,
                    &after,
                )
            } else {
                (Store::open(killed.path(), "now", "test").unwrap(), expected)
            };
            assert_same(&history(&store), expected, "after a kill");
            assert_eq!(store.check().unwrap().damaged, []);
            drop(store);
            let sources = std::fs::read_dir(killed.path().join("sources")).unwrap();
            assert_eq!(sources.count(), 1);
        }
    }
}
