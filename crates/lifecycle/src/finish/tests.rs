use super::*;
use crate::tests::{DAY, Lab, NOW};

#[test]
fn a_run_that_is_to_keep_all_does_nothing() {
    let lab = Lab::new("archive: {enabled: false}\n");
    let mut store = lab.store();
    let log = lab.record();
    lab.ingest(&mut store);
    let done = finish_logs(&mut store, &lab.settings, NOW + 100 * DAY, &[]).unwrap();
    assert_eq!(done, None);
    assert!(log.exists());
}

#[test]
fn what_is_past_its_time_goes_without_an_archive_but_for_what_this_run_made() {
    let lab = Lab::new("archive: {enabled: false}\nreports: {retention_days: 10}\n");
    let mut store = lab.store();
    let [old, made] = ["old", "made"].map(|name| lab.put(&format!("reports/{name}"), ""));
    store
        .note_report([old.as_path(), made.as_path()], "2026-01-01")
        .unwrap();
    let done = finish_logs(&mut store, &lab.settings, NOW, std::slice::from_ref(&made));
    assert_eq!(done.unwrap().unwrap().expired, [old.to_string_lossy()]);
    assert!(made.exists() && !old.exists());
    let done = finish_logs(&mut store, &lab.settings, NOW, std::slice::from_ref(&made));
    assert_eq!(done.unwrap(), None);
}

#[test]
fn a_log_waits_for_its_report_and_is_then_archived_and_removed() {
    let lab = Lab::new("");
    let mut store = lab.store();
    let log = lab.record();
    lab.ingest(&mut store);
    let finish = |store: &mut Store| {
        let done = finish_logs(store, &lab.settings, NOW, &[]);
        done.unwrap().unwrap()
    };
    let waits = finish(&mut store);
    assert_eq!((waits.archived, waits.waiting.len()), (0, 1));
    assert_eq!(waits.waiting[0].reason, "its reports are not written yet");
    let days = store.pending_days("web1").unwrap();
    store.mark_reported("web1", &days).unwrap();
    let done = finish(&mut store);
    assert_eq!((done.archived, done.removed, done.written.len()), (1, 1, 1));
    assert!(done.trouble.is_empty() && !log.exists());
}

#[test]
fn an_archive_that_is_too_old_when_it_is_written_stays_until_the_next_run() {
    let lab = Lab::new("");
    let mut store = lab.store();
    lab.record();
    lab.ingest(&mut store);
    let late = NOW + 100 * DAY;
    let archive = |store: &mut Store| {
        archive_logs(store, &lab.settings, late, ArchiveScope::Ingested, &[]).unwrap()
    };
    let first = archive(&mut store);
    assert_eq!((first.written.len(), first.expired.len()), (1, 0));
    assert_eq!(first.expiring, first.written);
    let second = archive(&mut store);
    assert_eq!((second.expired, second.expiring.len()), (first.written, 0));
}
