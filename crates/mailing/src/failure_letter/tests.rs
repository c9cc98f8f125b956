use mail::Outbox;

use super::*;
use crate::outbox_folder;
use crate::tests::{DAY_SECONDS, EMAIL, NOW, settings};

const FULL: FailedRun<'_> = FailedRun {
    message: "/store: no space left on device",
    hint: "make room",
};

fn subjects(settings: &Settings) -> Vec<String> {
    let records = Outbox::records(&outbox_folder(settings)).unwrap();
    records.into_iter().map(|record| record.subject).collect()
}

#[test]
fn the_same_failure_is_written_of_once_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), EMAIL);
    for now in [NOW, NOW + 3_600, NOW + DAY_SECONDS] {
        send_failure_letter(FULL, &settings, now);
    }
    let expected = [
        "web1: the run failed (23 Nov)",
        "web1: the run failed (24 Nov)",
    ];
    assert_eq!(subjects(&settings), expected);
    let other = FailedRun {
        message: "/store: permission denied",
        hint: "",
    };
    send_failure_letter(other, &settings, NOW);
    assert_eq!(
        subjects(&settings).len(),
        3,
        "another failure of the same day"
    );
}

#[test]
fn no_letter_is_written_if_none_are_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), "");
    send_failure_letter(FULL, &settings, NOW);
    assert!(!outbox_folder(&settings).exists());
}
