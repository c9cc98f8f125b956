//! The example of this crate composes a letter in which a subject forges no header.

#[expect(dead_code, reason = "its `main` prints a made-up letter")]
#[path = "../examples/compose.rs"]
mod compose;

#[test]
fn a_subject_forges_no_header() {
    let to = "ada@example.org".parse().unwrap();
    let letter = compose::compose(to, "Report\r\nBcc: eve@example.org", b"bytes\n17\n");
    let letter = String::from_utf8(letter).unwrap();
    let (head, body) = letter.split_once("\r\n\r\n").unwrap();
    assert!(!head.contains("\r\nBcc:"), "{head}");
    assert!(head.contains("\r\nSubject: Report"), "{head}");
    assert!(body.contains("report.csv"), "{body}");
}
