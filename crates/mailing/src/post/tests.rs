use mail::Record;

use super::*;
use crate::tests::{DAY_SECONDS, EMAIL, NOW, START, day, settings, whole};

/// The letters of an outbox.
fn records(settings: &Settings) -> Vec<Record> {
    Outbox::records(&outbox_folder(settings)).unwrap()
}

fn subjects(settings: &Settings) -> Vec<String> {
    let records = records(settings).into_iter();
    records.map(|record| record.subject).collect()
}

#[test]
fn a_letter_about_a_report_is_written_once_unless_it_is_forced() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), EMAIL);
    let report = whole();
    let subject = Subject {
        report: &report,
        period: day(),
        files: &[],
    };
    let mut asked = 0;
    for force in [false, false, true] {
        let mut post = Post::open(&settings, NOW, "report").unwrap();
        let circumstances = || {
            asked += 1;
            Circumstances::default()
        };
        let occasion = if force {
            Occasion::Forced
        } else {
            Occasion::Due
        };
        post.write(&subject, occasion, circumstances).unwrap();
    }
    assert_eq!(
        asked, 2,
        "what a letter needs is only looked for if it is written"
    );
    let records = records(&settings);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].edition, 2);
}

#[test]
fn a_silence_is_written_of_once_and_the_next_one_again() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), EMAIL);
    let silence = |last_seen| HostLastSeen {
        host: "web2".to_owned(),
        last_seen,
    };
    for (now, last_seen) in [
        (NOW, START - 10),
        (NOW + DAY_SECONDS, START - 10),
        (NOW + 3 * DAY_SECONDS, START + DAY_SECONDS),
        (NOW, START + 10),
    ] {
        let mut post = Post::open(&settings, now, "report").unwrap();
        post.write_silences(&[silence(last_seen)]).unwrap();
    }
    let expected = [
        "web2: nothing is logged any more (23 Nov)",
        "web2: nothing is logged any more (26 Nov)",
    ];
    assert_eq!(subjects(&settings), expected);
}

#[test]
fn abandoned_runs_are_written_of_once_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), EMAIL);
    let runs = ["the report did not finish".to_owned()];
    for now in [NOW, NOW + 3_600, NOW + DAY_SECONDS] {
        let mut post = Post::open(&settings, now, "report").unwrap();
        post.write_abandoned(&[]).unwrap();
        post.write_abandoned(&runs).unwrap();
    }
    assert_eq!(subjects(&settings).len(), 2);
}

#[test]
fn a_server_that_cannot_be_reached_is_tried_once_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), EMAIL);
    let mut post = Post::open(&settings, NOW, "report").unwrap();
    let silence = HostLastSeen {
        host: "web2".to_owned(),
        last_seen: START - 10,
    };
    post.write_silences(&[silence]).unwrap();
    post.deliver(Which::New).unwrap();
    post.deliver(Which::All).unwrap();
    let result = post.finish().unwrap();
    assert!(result.needs_attention());
    assert_eq!((result.sent.len(), result.waiting.len()), (0, 1));
    let waiting = &result.waiting[0];
    assert_eq!(
        (waiting.attempts, &*waiting.recipients),
        (1, &["ada@example.org".to_owned()][..])
    );
    assert!(waiting.trouble.is_some() && waiting.next_attempt >= NOW);
}

#[test]
fn nothing_is_opened_with_settings_that_are_not_complete() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), "");
    assert!(Post::open(&settings, NOW, "report").is_err());
    assert!(!outbox_folder(&settings).exists());
}
