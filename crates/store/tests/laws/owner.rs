//! A machine that gets another name.

use store::{Owner, Store, Tuning, fold_log};

use super::batches::frames;
use super::{HOST, Lab, assert_same, history, recordings};

#[test]
fn a_renamed_host_has_the_same_history_and_its_logs_are_known() {
    let logs = recordings();
    let mut expected = Lab::with(&logs);
    expected.ingest(&[("grown", &frames(1_795_168_800, 90))]);
    let root = tempfile::tempdir().unwrap();
    let mut store = Store::open(root.path(), "now", "test").unwrap();
    let owner = Owner {
        host: "before".to_owned(),
        machine: Some("a".to_owned()),
    };
    store.set_owner(&owner).unwrap();
    let ingest = |store: &mut Store, host: &str, name: &str, log: &[u8]| {
        let folded = fold_log(root.path(), host, name, log, &Tuning::default()).unwrap();
        store.ingest(vec![folded]).unwrap();
    };
    for (name, log) in &logs {
        ingest(&mut store, "before", name, log);
    }
    ingest(&mut store, "before", "grown", &frames(1_795_168_800, 60));
    assert_eq!(
        store.rename_host("before", HOST).unwrap(),
        logs.len() as u64 + 1
    );
    assert_eq!(store.hosts().unwrap(), [HOST]);
    assert_eq!(store.owner().unwrap().unwrap().host, HOST);
    // The same logs bring nothing, a longer one its rest.
    for (name, log) in &logs {
        ingest(&mut store, HOST, name, log);
    }
    ingest(&mut store, HOST, "grown", &frames(1_795_168_800, 90));
    assert_same(&history(&store), &expected.history(), "renamed");
    assert_eq!(store.check().unwrap().damaged, []);
    drop(store);
    let (store, damage) = Store::rebuild(root.path(), "now", "test").unwrap();
    assert_eq!(damage, []);
    assert_same(&history(&store), &expected.history(), "rebuilt");
    assert_eq!(
        store.owner().unwrap().unwrap().machine.as_deref(),
        Some("a")
    );
}

#[test]
fn a_name_with_traffic_of_the_same_time_is_not_taken() {
    let mut lab = Lab::new();
    lab.ingest(&[("a.log", &frames(1_795_168_800, 60))]);
    let before = lab.history();
    let log = frames(1_795_168_830, 60);
    let other = fold_log(
        lab.folder.path(),
        "other",
        "b.log",
        &*log,
        &Tuning::default(),
    )
    .unwrap();
    lab.store.ingest(vec![other]).unwrap();
    for (old, new) in [("other", HOST), ("nobody", "x"), (HOST, HOST)] {
        lab.store.rename_host(old, new).unwrap_err();
    }
    assert_same(&lab.history(), &before, "nothing changed");
    assert_eq!(lab.store.rename_host("other", "third").unwrap(), 1);
}
