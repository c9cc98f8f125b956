//! The example of this crate reports a day.

#[expect(dead_code, reason = "its `main` prints what this checks")]
#[path = "../examples/one_row.rs"]
mod one_row;

#[test]
fn the_row_is_reported() {
    let report = one_row::day();
    assert_eq!(report.total_bytes(), 251_000);
    let text = report.to_text(&report::TextOptions::default());
    assert!(
        text.contains("curl") && text.contains("192.0.2.7"),
        "{text}"
    );
}
