//! Composes a letter with a file, and sends it nowhere.

use mail::{Address, Attachment, Letter};

/// A letter to somebody, as it goes over the wire.
pub(crate) fn compose(to: Address, subject: &str, csv: &[u8]) -> Vec<u8> {
    let letter = Letter {
        from: to.clone(),
        to: vec![to],
        cc: Vec::new(),
        subject: subject.to_owned(),
        date: 1_795_392_600,
        message_id: "<1.example@example.org>".to_owned(),
        text: "All is well.\n".to_owned(),
        html: "<p>All is well.</p>".to_owned(),
        is_urgent: false,
        attachments: vec![Attachment {
            name: "report.csv".to_owned(),
            bytes: csv.to_owned(),
        }],
    };
    letter.compose()
}

#[expect(clippy::print_stdout, reason = "an example shows what it makes")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let letter = compose("ada@example.org".parse()?, "Report", b"bytes\n17\n");
    println!("{}", String::from_utf8_lossy(&letter));
    Ok(())
}
