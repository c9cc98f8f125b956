//! The example of this crate shows what it says.

#[expect(dead_code, reason = "its `main` only prints what is compared here")]
#[path = "../examples/shown.rs"]
mod shown;

#[test]
fn the_example_shows_four_lines() {
    assert_eq!(
        shown::lines(),
        "nginx\\u{1b}[2J\\u{202e}gpj.exe\n\
         nginx\\u{1b}…    1.5 kB\n\
         observed for 23 h 53 min\n\
         since 2024-12-31T23:00:00+00:00"
    );
}
