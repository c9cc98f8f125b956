//! A run that stops after each step, and the run after it.

use std::fs;
use std::io::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use jiff::civil::date;
use tempfile::TempDir;

use super::*;
use crate::ingest::ingest_folder;
use crate::progress::Unwatched;
use settings::Environment;

const LOGS: [&str; 2] = ["bandwhich_20261122_0843.log", "bandwhich_20261122_0914.log"];
/// 2026-12-01.
const NOW: i64 = 1_796_083_200;

struct Lab {
    folder: TempDir,
    settings: Settings,
}

impl Lab {
    fn new(format: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "timezone: UTC\nhost: lab\n\
             paths: {{log_dir: logs, report_dir: r, archive_dir: archive, store_dir: store}}\n\
             archive: {{settle_minutes: 0, compress_format: {format}}}\n"
        );
        let path = folder.path().join("settings.yaml");
        fs::write(&path, text).unwrap();
        let settings = Settings::load(Some(&path), &Environment::for_tests()).unwrap();
        fs::create_dir(&settings.paths.log_dir).unwrap();
        Lab { folder, settings }
    }

    fn put(&self, name: &str) {
        let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/tests/recordings");
        let log = self.settings.paths.log_dir.join(name);
        fs::copy(recordings.join(name), &log).unwrap();
        let then = UNIX_EPOCH + Duration::from_secs((NOW - 7_200).unsigned_abs());
        let file = fs::File::options().write(true).open(log).unwrap();
        file.set_modified(then).unwrap();
    }

    /// A run begins: what an earlier one left is swept, and the logs are ingested.
    fn begin(&self) -> Store {
        crate::sweep(&self.settings);
        let mut store = Store::open(&self.settings.paths.store_dir, "", "test").unwrap();
        ingest_folder(&mut store, &self.settings, NOW, &Unwatched).unwrap();
        store
    }

    fn plan(&self, store: &Store) -> ArchivePlan {
        plan(store, &self.settings, NOW, ArchiveScope::Ingested).unwrap()
    }

    fn prepare(&self, store: &Store, summary: &mut ArchiveSummary) -> Option<Ready> {
        let mut days = self.plan(store).days;
        let ((host, day), logs) = days.pop_first().unwrap();
        assert_eq!(day, date(2026, 11, 22));
        prepare(store, &self.settings, &host, day, logs, summary).unwrap()
    }

    fn run(&self, store: &Store) -> ArchiveSummary {
        let mut summary = ArchiveSummary::default();
        carry_out(self.plan(store), store, &self.settings, &mut summary).unwrap();
        summary
    }

    fn logs(&self) -> usize {
        fs::read_dir(&self.settings.paths.log_dir).unwrap().count()
    }

    /// Holds that the archive has these logs, each once, and that all three accounts of it agree.
    fn assert_archived(&self, store: &Store, logs: &[&str]) {
        let found = archive::find(&self.settings.paths.archive_dir).unwrap();
        assert_eq!(found.len(), 1);
        let document = Document::read(&found[0].metadata()).unwrap().unwrap();
        let names: Vec<&str> = document
            .members
            .iter()
            .map(|member| &*member.name)
            .collect();
        assert_eq!(names, logs);
        assert_eq!(
            archive::check(&found[0].path, &document, |_, _| {}).unwrap(),
            []
        );
        let digest = digest_of_file(&found[0].path).unwrap();
        assert_eq!(digest.sha256, document.archive.sha256);
        assert_eq!(store.archives().unwrap(), [record_of(&found[0], &document)]);
        let folder = fs::read_dir(&self.settings.paths.archive_dir).unwrap();
        assert_eq!(folder.count(), 2, "nothing else is left there");
    }
}

/// Does the first steps of a run, and then no more.
fn stop_after(step: usize, lab: &Lab, store: &Store) {
    let mut summary = ArchiveSummary::default();
    let ready = lab.prepare(store, &mut summary).unwrap();
    if step == 1 {
        // A crash leaves the draft under its temporary name.
        let draft = ready.draft.as_ref().unwrap();
        let stray = draft
            .path()
            .with_file_name(".network-monitor-abcdefghijkl.tmp");
        fs::copy(draft.path(), stray).unwrap();
        return;
    }
    ready.note(store).unwrap();
    if step == 2 {
        return;
    }
    let placed = ready.put_in_place().unwrap();
    if step == 3 {
        return;
    }
    placed.describe().unwrap();
    if step == 4 {
        return;
    }
    placed.settle(store).unwrap();
    if step == 5 {
        return;
    }
    let first = placed.logs[0].log.clone();
    first.remove().unwrap();
}

#[test]
fn a_run_that_stops_anywhere_is_finished_by_the_next() {
    for format in ["zip", "tar.gz"] {
        for step in 1..=6 {
            // The archive is new, or another log joins it.
            for joins in [false, true] {
                let lab = Lab::new(format);
                lab.put(LOGS[0]);
                if joins {
                    let store = lab.begin();
                    assert_eq!(lab.run(&store).removed, 1);
                    lab.put(LOGS[1]);
                }
                {
                    let store = lab.begin();
                    stop_after(step, &lab, &store);
                    assert_eq!(lab.logs(), usize::from(step < 6), "{format} {step} {joins}");
                }
                let store = lab.begin();
                let summary = lab.run(&store);
                assert_eq!(summary.trouble, [], "{format} {step} {joins}");
                assert_eq!(lab.logs(), 0, "{format} {step} {joins}");
                lab.settled(&store, joins, step);
            }
        }
    }
}

impl Lab {
    fn settled(&self, store: &Store, joins: bool, step: usize) {
        if joins {
            self.assert_archived(store, &LOGS)
        } else {
            self.assert_archived(store, &LOGS[..1])
        }
        assert_eq!(self.run(store), ArchiveSummary::default(), "{step}");
    }
}

#[test]
fn an_archive_that_is_not_what_was_written_keeps_the_originals() {
    for place in 0..40 {
        let lab = Lab::new("zip");
        lab.put(LOGS[0]);
        let store = lab.begin();
        let mut summary = ArchiveSummary::default();
        let ready = lab.prepare(&store, &mut summary).unwrap();
        ready.note(&store).unwrap();
        let placed = ready.put_in_place().unwrap();
        let path = placed.archive.path.clone();
        let mut bytes = fs::read(&path).unwrap();
        let length = bytes.len();
        match place {
            0 => bytes.truncate(length - 1),
            1 => bytes.clear(),
            2 => bytes.push(0),
            place => bytes[length * (place - 3) / 37] ^= 0x80,
        }
        fs::write(&path, bytes).unwrap();
        placed.describe().unwrap();
        placed.settle(&store).unwrap();
        placed
            .conclude(&store, &lab.settings, &mut summary)
            .unwrap();
        assert_eq!((summary.removed, summary.trouble.len()), (0, 1), "{place}");
        assert_eq!(lab.logs(), 1, "{place}");
        // And so does the next run.
        assert_eq!(lab.run(&store).trouble.len(), 1, "{place}");
        assert_eq!(lab.logs(), 1, "{place}");
    }
}

#[test]
fn a_log_that_grows_while_it_is_archived_stays() {
    let lab = Lab::new("zip");
    lab.put(LOGS[0]);
    let store = lab.begin();
    let mut summary = ArchiveSummary::default();
    let ready = lab.prepare(&store, &mut summary).unwrap();
    let log = lab.settings.paths.log_dir.join(LOGS[0]);
    let mut file = fs::File::options().append(true).open(&log).unwrap();
    file.write_all(b"\nRefreshing:\n<NO TRAFFIC>\n").unwrap();
    drop(file);
    ready.note(&store).unwrap();
    let placed = ready.put_in_place().unwrap();
    placed
        .conclude(&store, &lab.settings, &mut summary)
        .unwrap();
    assert_eq!((summary.removed, summary.trouble.len()), (0, 0));
    assert!(
        summary.waiting[0]
            .reason
            .contains("it changed while it was archived")
    );
    assert!(log.exists());
}

#[test]
fn what_the_history_does_not_hold_stays() {
    let lab = Lab::new("zip");
    lab.put(LOGS[0]);
    let store = lab.begin();
    let mut days = lab.plan(&store).days;
    let (_, logs) = days.pop_first().unwrap();
    // The history holds it of another machine.
    let mut summary = ArchiveSummary::default();
    let day = date(2026, 11, 22);
    let ready = prepare(&store, &lab.settings, "other", day, logs, &mut summary).unwrap();
    assert!(ready.is_none());
    assert_eq!(summary.trouble.len(), 1);
    assert!(
        summary.trouble[0].reason.contains("does not hold"),
        "{summary:?}"
    );
    assert!(lab.folder.path().join("logs").join(LOGS[0]).exists());
    // The next run reads it anew.
    let log = files::discover(&lab.settings.paths.log_dir, &[])
        .unwrap()
        .logs
        .remove(0);
    assert!(!store.has_read(&log).unwrap());
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_that_somebody_opens_while_it_is_archived_stays() {
    let lab = Lab::new("zip");
    lab.put(LOGS[0]);
    let store = lab.begin();
    let mut summary = ArchiveSummary::default();
    let ready = lab.prepare(&store, &mut summary).unwrap();
    ready.note(&store).unwrap();
    let placed = ready.put_in_place().unwrap();
    placed.describe().unwrap();
    placed.settle(&store).unwrap();
    let path = lab.settings.paths.log_dir.join(LOGS[0]);
    let writer = fs::OpenOptions::new().append(true).open(&path).unwrap();
    placed
        .conclude(&store, &lab.settings, &mut summary)
        .unwrap();
    assert_eq!((summary.archived, summary.removed), (1, 0), "{summary:?}");
    assert_eq!(summary.waiting[0].reason, "it is open for writing");
    assert!(path.exists());
    drop(writer);
    let summary = lab.run(&store);
    assert_eq!((summary.archived, summary.removed), (0, 1), "{summary:?}");
    lab.assert_archived(&store, &[LOGS[0]]);
}
