use super::*;
use crate::progress::Unwatched;
use crate::tests::{DAY, Lab, NOW};

fn segments(store: &Store) -> u64 {
    store.status().unwrap().segments
}

#[test]
fn a_day_is_compacted_once_it_has_been_over_for_as_long_as_the_settings_say() {
    for (settings, days) in [("", 2), ("store: {compact_after: 0}\n", 0)] {
        let lab = Lab::new(settings);
        let mut store = lab.store();
        lab.record();
        lab.ingest(&mut store);
        let before = segments(&store);
        let last = store.status().unwrap().span.unwrap().last;
        let over = (UtcDay::of(last).number() + 1 + days) * DAY;
        let early = compact_some(&mut store, &lab.settings, over - 1).unwrap();
        assert_eq!(early, CompactSummary::default(), "{days}");
        let done = compact_some(&mut store, &lab.settings, over).unwrap();
        assert_eq!((done.days, done.remaining_days), (1, 0));
        assert!(done.written_files < done.replaced_files, "{done:?}");
        assert!(segments(&store) < before);
        let again = compact_some(&mut store, &lab.settings, over).unwrap();
        assert_eq!(again, CompactSummary::default());
    }
}

#[test]
fn a_transaction_holds_some_days_and_at_least_one() {
    let day = |rows| LooseDay {
        day: 20_000,
        host: "web1".to_owned(),
        files: 4,
        rows,
    };
    assert_eq!(how_many_together(&[day(u64::MAX), day(1)]), 1);
    assert_eq!(how_many_together(&[day(499_999), day(1), day(1)]), 2);
    assert_eq!(how_many_together(&vec![day(0); 100]), DAYS_TOGETHER);
}

#[test]
fn never_is_never_but_by_hand() {
    let lab = Lab::new("store: {compact_after: never}\n");
    let mut store = lab.store();
    lab.record();
    lab.ingest(&mut store);
    let late = NOW + 400 * DAY;
    let done = compact_some(&mut store, &lab.settings, late).unwrap();
    assert_eq!(done, CompactSummary::default());
    let done = compact_all(&mut store, late, &Unwatched).unwrap();
    assert_eq!((done.days, done.failed.len()), (1, 0));
}

#[test]
fn a_damaged_day_stays_and_is_named() {
    let lab = Lab::new("");
    let mut store = lab.store();
    lab.record();
    lab.ingest(&mut store);
    let mut path = lab.settings.paths.store_dir.join("traffic");
    while path.is_dir() {
        path = std::fs::read_dir(&path)
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
    }
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let before = segments(&store);
    let done = compact_all(&mut store, NOW + 400 * DAY, &Unwatched).unwrap();
    assert_eq!((done.days, done.failed.len()), (0, 1));
    assert!(done.failed[0].reason.contains("checksum"), "{done:?}");
    assert_eq!(segments(&store), before);
}
