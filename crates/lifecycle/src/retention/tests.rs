use std::fs;

use super::*;
use crate::archiving::ArchiveScope;
use crate::finish::archive_logs;
use crate::tests::{DAY as DAY_SECONDS, Lab, NOW, log};

/// 2026-11-22 in days since 1970.
const NUMBER: i64 = 1_795_305_600 / DAY_SECONDS;

/// Deletes what is past its time.
fn carried_out(lab: &Lab, store: &mut Store, now: i64) -> ArchiveSummary {
    let mut summary = ArchiveSummary::default();
    let plan = plan(store, &lab.settings, now).unwrap();
    carry_out(plan, store, &mut summary).unwrap();
    summary
}

/// A machine with an archive of 2026-11-22, and its path.
fn archived() -> (Lab, Store, FoundArchive) {
    let lab = Lab::new("");
    let mut store = lab.store();
    lab.record();
    lab.ingest(&mut store);
    archive_logs(&mut store, &lab.settings, NOW, ArchiveScope::Ingested, &[]).unwrap();
    let found = archive::find(&lab.settings.paths.archive_dir).unwrap();
    (lab, store, found[0].clone())
}

#[test]
fn an_archive_and_its_metadata_go_after_their_days() {
    let (lab, mut store, archive) = archived();
    assert_eq!(
        plan(&store, &lab.settings, NOW).unwrap(),
        RetentionPlan::default()
    );
    let last = NOW + 21 * DAY_SECONDS;
    assert_eq!(
        plan(&store, &lab.settings, last).unwrap(),
        RetentionPlan::default()
    );
    let after = last + DAY_SECONDS;
    assert_eq!(
        plan(&store, &lab.settings, after).unwrap().archives,
        std::slice::from_ref(&archive)
    );
    let summary = carried_out(&lab, &mut store, after);
    assert_eq!(summary.expired, [archive.path.to_string_lossy()]);
    assert!(summary.trouble.is_empty() && summary.did_something());
    assert!(!archive.path.exists() && !archive.metadata().exists());
    assert_eq!(store.archives().unwrap(), []);
    assert_eq!(
        carried_out(&lab, &mut store, after),
        ArchiveSummary::default()
    );
}

#[test]
fn an_archive_that_somebody_changed_stays_and_is_not_asked_about_again() {
    let (lab, mut store, archive) = archived();
    fs::write(&archive.path, "mine").unwrap();
    let after = NOW + 100 * DAY_SECONDS;
    let summary = carried_out(&lab, &mut store, after);
    assert_eq!((summary.expired.len(), summary.trouble.len()), (0, 1));
    assert_eq!(fs::read(&archive.path).unwrap(), b"mine");
    assert_eq!(
        carried_out(&lab, &mut store, after),
        ArchiveSummary::default()
    );
}

#[test]
fn archives_that_the_catalogue_does_not_know_and_those_that_are_kept_stay() {
    let (mut lab, store, archive) = archived();
    let other = archive.path.with_file_name("logs_20200101.zip");
    fs::copy(&archive.path, &other).unwrap();
    let after = NOW + 100 * DAY_SECONDS;
    assert_eq!(
        plan(&store, &lab.settings, after).unwrap().archives,
        [archive]
    );
    lab.settings.archive.clean_old_archives = false;
    assert_eq!(
        plan(&store, &lab.settings, after).unwrap(),
        RetentionPlan::default()
    );
}

#[test]
fn reports_go_by_the_day_they_are_about_but_for_those_of_this_run() {
    let lab = Lab::new("reports: {retention_days: 10}\n");
    let mut store = lab.store();
    let [old, gone, folder, new] = [
        lab.put("reports/report_20261120.json", "{}"),
        lab.path("reports/report_20261120.csv"),
        lab.path("reports/report_20261120.html"),
        lab.put("reports/report_20261121.json", "{}"),
    ];
    fs::create_dir(&folder).unwrap();
    let paths = [&old, &gone, &folder].map(|path| path.as_path());
    store.note_report(paths, "2026-11-20").unwrap();
    store.note_report([new.as_path()], "2026-11-21").unwrap();
    let mut expired = plan(&store, &lab.settings, NOW).unwrap();
    assert_eq!(expired.reports.len(), 3);
    expired.keep_reports(std::slice::from_ref(&old));
    assert!(!expired.reports.contains(&old));
    let summary = carried_out(&lab, &mut store, NOW);
    assert_eq!(summary.expired, [old.to_string_lossy()]);
    // Somebody made a folder of that name: it stays, and so does what is known of it.
    assert_eq!(summary.trouble.len(), 1);
    assert!(new.exists() && folder.exists() && !old.exists());
    assert_eq!(plan(&store, &lab.settings, NOW).unwrap().reports, [folder]);
}

/// A history of 2026-11-22 and the day after, of which reports tell the news.
fn reported() -> (Lab, Store) {
    let lab = Lab::new("store: {retention_days: 30}\n");
    let mut store = lab.store();
    for day in [NUMBER, NUMBER + 1] {
        lab.put(&format!("logs/{day}.log"), log(day * DAY_SECONDS + 60, 3));
    }
    lab.ingest(&mut store);
    let days = store.pending_days("web1").unwrap();
    store.mark_reported("web1", &days).unwrap();
    (lab, store)
}

fn days(plan: &RetentionPlan) -> Vec<i64> {
    plan.days.iter().map(|day| day.day).collect()
}

#[test]
fn days_of_the_history_go_once_they_are_too_old() {
    let (lab, mut store) = reported();
    let last = (NUMBER + 30) * DAY_SECONDS;
    assert_eq!(
        plan(&store, &lab.settings, last).unwrap(),
        RetentionPlan::default()
    );
    let expired = plan(&store, &lab.settings, last + DAY_SECONDS).unwrap();
    assert_eq!(days(&expired), [NUMBER]);
    let summary = carried_out(&lab, &mut store, last + DAY_SECONDS);
    assert_eq!(summary.dropped.len(), 1);
    assert_eq!(
        (&*summary.dropped[0].host, &*summary.dropped[0].day),
        ("web1", "2026-11-22")
    );
    assert!(summary.dropped[0].bytes > 0);
}

#[test]
fn days_with_news_and_days_that_were_not_over_stay() {
    let (lab, mut store) = reported();
    let later = (NUMBER + 100) * DAY_SECONDS;
    let planned = |store: &Store| days(&plan(store, &lab.settings, later).unwrap());
    assert_eq!(planned(&store), [NUMBER, NUMBER + 1]);
    store.mark_unfinished("web1", "2026-11-22", true).unwrap();
    assert_eq!(planned(&store), [NUMBER + 1]);
    store.mark_unfinished("web1", "2026-11-22", false).unwrap();
    lab.put("logs/new.log", log((NUMBER + 1) * DAY_SECONDS + 7_200, 3));
    lab.ingest(&mut store);
    assert_eq!(planned(&store), [NUMBER]);
}
