//! The HTML page and the pictures.

mod sample;

#[test]
fn the_picture_of_a_day_is_a_png_and_the_same_each_time() {
    let png = report::charts::day_curve_png(&sample::day()).expect("the day was observed");
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() < 100_000);
    assert_eq!(Some(png), report::charts::day_curve_png(&sample::day()));
    let empty = sample::report_of(&[], &[], report::Options::default());
    assert_eq!(report::charts::day_curve_png(&empty), None);
}
