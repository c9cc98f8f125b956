use crate::tests::{DAY, Lab, NOW, log};

use super::*;

/// What is said of one log.
fn remarks(content: &str) -> IngestSummary {
    let lab = Lab::new("");
    lab.put("logs/a.log", content);
    lab.ingest(&mut lab.store())
}

fn reason(troubles: &[Unreadable]) -> &str {
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert_eq!(troubles[0].path, "a.log");
    &troubles[0].reason
}

#[test]
fn a_good_log_needs_no_attention() {
    let summary = remarks(&log(NOW - DAY, 10));
    assert!(!summary.needs_attention(), "{summary:?}");
    assert!(summary.is_balanced());
    assert_eq!((summary.new, summary.damaged_lines), (1, 0));
}

#[test]
fn a_file_that_is_no_log_says_what_it_should_be() {
    let summary = remarks("hello\nworld\n");
    assert!(reason(&summary.unreadable).starts_with("not a bandwhich log: "));
    let prefixed: String = log(NOW - DAY, 2)
        .lines()
        .map(|line| format!("Nov 22 08:41:01 host bandwhich[812]: {line}\n"))
        .collect();
    let summary = remarks(&prefixed);
    assert!(reason(&summary.unreadable).contains("journalctl --output=cat"));
}

#[test]
fn damaged_lines_need_attention_beyond_the_threshold() {
    let with_damage = |frames| log(NOW - DAY, frames) + "process: <1> \"cut\n" + &log(NOW - 60, 1);
    let few = remarks(&with_damage(100));
    assert_eq!((few.damaged_lines, few.damaged.len()), (1, 0), "{few:?}");
    assert!(!few.needs_attention());
    let many = remarks(&with_damage(2));
    assert_eq!(
        (many.damaged_lines, many.unreadable.len()),
        (1, 0),
        "{many:?}"
    );
    assert!(reason(&many.damaged).starts_with("1 of 13 lines are damaged, the first at line "));
    assert!(many.needs_attention());
}

#[test]
fn a_log_that_was_read_before_brings_nothing_and_an_empty_one_neither() {
    let lab = Lab::new("");
    let mut store = lab.store();
    lab.put("logs/a.log", log(NOW - DAY, 10));
    lab.ingest(&mut store);
    lab.put("logs/b.log", log(NOW - DAY, 10));
    lab.put("logs/c.log", "");
    let summary = lab.ingest(&mut store);
    assert_eq!((summary.files, summary.unchanged), (3, 1));
    assert_eq!((summary.new, summary.known, summary.empty), (0, 1, 1));
    assert_eq!(summary.known_bytes, summary.bytes_read);
}

#[test]
fn a_log_that_went_on_differently_needs_attention() {
    let lab = Lab::new("");
    let mut store = lab.store();
    let common = log(NOW - DAY, 10);
    lab.put("logs/a.log", common.clone() + &log(NOW - DAY + 10, 5));
    lab.ingest(&mut store);
    lab.put(
        "logs/b.log",
        common + &log(NOW - DAY + 10, 5).replace("1000", "2000"),
    );
    let summary = lab.ingest(&mut store);
    assert_eq!(summary.diverged_frames, 10);
    assert!(summary.needs_attention());
}
