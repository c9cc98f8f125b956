use traffic::Volume;

use super::*;

fn codes(facts: &store::InputFacts) -> Vec<String> {
    let notes = notes(facts, &TimeZone::UTC).into_iter();
    notes.map(|note| note.code).collect()
}

#[test]
fn a_log_without_anything_odd_has_no_notes() {
    assert_eq!(codes(&store::InputFacts::default()), Vec::<String>::new());
}

#[test]
fn each_oddity_of_the_logs_has_its_note() {
    let facts = store::InputFacts {
        dropped_days: [20_000, 20_001].into(),
        doubled: Volume { up: 1, down: 0 },
        turned: Volume { up: 0, down: 1 },
        crowded_logs: ["a.log".to_owned(), "b.log".to_owned()].into(),
        unframed_runs: 1,
        cumulative_runs: 1,
        clock_steps: vec![(1_000, -90)],
        cut_frames: 1,
        undated_frames: 2,
        undated_bytes: 3_000,
        ..store::InputFacts::default()
    };
    let expected = [
        "days_dropped",
        "counted_twice",
        "turned",
        "several_writers",
        "several_writers",
        "old_format",
        "running_sums",
        "clock_step",
        "cut_frames",
        "undated_frames",
    ];
    assert_eq!(codes(&facts), expected);
    let notes = notes(&facts, &TimeZone::UTC);
    assert!(
        notes[0]
            .message
            .ends_with("2, from 2024-10-04 to 2024-10-05"),
        "{notes:?}"
    );
    assert!(notes[9].message.contains("3.0 kB"), "{notes:?}");
}

#[test]
fn steps_of_the_clock_are_told_once_and_small_ones_not_at_all() {
    let note = |steps: &[(i64, i64)]| {
        let facts = store::InputFacts {
            clock_steps: steps.to_vec(),
            ..store::InputFacts::default()
        };
        notes(&facts, &TimeZone::UTC).pop().map(|note| note.message)
    };
    // A second back is jitter, an hour ahead is summer time by a wrong clock.
    assert_eq!(note(&[(0, -1), (60, 3_600)]), None);
    let message = note(&[(0, -1), (60, 7_200), (90, -5), (120, -5)]).unwrap();
    assert!(
        message.starts_with(
            "The clock jumped ahead by 2 h at 1970-01-01T00:01:00+00:00, and 2 times more;"
        ),
        "{message}"
    );
}
