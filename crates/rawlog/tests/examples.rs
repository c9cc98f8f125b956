//! The example of this crate lists the processes of a log.

#[expect(dead_code, reason = "its `main` reads standard input")]
#[path = "../examples/top_talkers.rs"]
mod top_talkers;

#[test]
fn the_largest_process_comes_first_and_damage_is_counted() {
    let log = b"Refreshing:\n\
        process: <1> \"curl\" up/down Bps: 10/200 connections: 1\n\
        process: <1> \"a\x1b[31m\" up/down Bps: 300/0 connections: 1\n\
        process: <1> \"curl\" up/down Bps: nonsense\n\n";
    let text = top_talkers::top_talkers(&log[..]).expect("memory is readable");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].trim_start().starts_with("300"), "{text}");
    assert!(lines[1].ends_with("a\\x1b[31m"), "{text}");
    assert!(lines[2].ends_with("200  curl"), "{text}");
    assert!(lines[3].contains("1 of them damaged"), "{text}");
}
