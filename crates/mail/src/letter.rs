//! One letter as one MIME message. What it says comes from `templates.rs` or the caller.

use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue,
};
use lettre::message::{Attachment as Part, Body, Message, MultiPart, SinglePart};

use crate::Address;

/// A letter: plain text that stands alone, the same as HTML, and files.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The sender.
    pub from: Address,
    /// Recipients.
    pub to: Vec<Address>,
    /// Recipients of a copy.
    pub cc: Vec<Address>,
    /// Subject, on one line: controls become blanks.
    pub subject: String,
    /// When it was written, in seconds since 1970.
    pub date: i64,
    /// The Message-ID, between `<` and `>`.
    pub message_id: String,
    /// Plain text, with `\n` between lines.
    pub text: String,
    /// HTML.
    pub html: String,
    /// Whether mail programs are to mark it as important.
    pub is_urgent: bool,
    /// Files.
    pub attachments: Vec<Attachment>,
}

/// A file that a letter carries.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// File name.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Tells vacation responders to stay silent (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Has mail programs mark the letter (RFC 2156).
#[derive(Clone)]
struct Importance;

impl Header for Importance {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Importance")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "high".to_owned())
    }
}

impl Letter {
    /// The message, ready to be sent: lines end with CR LF, everything is ASCII but for addresses
    /// that are not. Recipients of blind copies stand nowhere in it.
    pub fn compose(&self) -> Vec<u8> {
        let mut builder = Message::builder()
            .from(self.from.mailbox().clone())
            .subject(one_line(&self.subject))
            .date(time(self.date))
            .message_id(Some(self.message_id.clone()))
            .header(AutoSubmitted)
            // The recipients of the envelope are the outbox's; lettre wants one here.
            .envelope(
                Envelope::new(None, vec![self.from.mailbox().email.clone()])
                    .expect("there is one address"),
            );
        if self.is_urgent {
            builder = builder.header(Importance);
        }
        for address in &self.to {
            builder = builder.to(address.mailbox().clone());
        }
        for address in &self.cc {
            builder = builder.cc(address.mailbox().clone());
        }
        builder
            .multipart(self.body())
            .expect("there is a sender and an envelope")
            .formatted()
    }

    fn body(&self) -> MultiPart {
        let html = text_part(ContentType::TEXT_HTML, &self.html);
        let alternative =
            MultiPart::alternative().singlepart(text_part(ContentType::TEXT_PLAIN, &self.text));
        let alternative = alternative.singlepart(html);
        if self.attachments.is_empty() {
            return alternative;
        }
        let mixed = MultiPart::mixed().multipart(alternative);
        self.attachments.iter().fold(mixed, |mixed, file| {
            let kind = match file.name.rsplit_once('.').map_or("", |(_, end)| end) {
                "csv" => "text/csv; charset=utf-8",
                "json" => "application/json",
                "html" => "text/html; charset=utf-8",
                "zip" => "application/zip",
                _ => "application/octet-stream",
            };
            let part = Part::new(one_line(&file.name));
            mixed.singlepart(part.body(base64(&file.bytes), content_type(kind)))
        })
    }
}

fn text_part(kind: ContentType, text: &str) -> SinglePart {
    let encoding = ContentTransferEncoding::QuotedPrintable;
    let body = Body::new_with_encoding(text.to_owned(), encoding);
    SinglePart::builder()
        .header(kind)
        .body(body.expect("any text can be quoted"))
}

/// Left to itself, lettre sends text files as they are, lines of any length and bare line feeds
/// included, which servers refuse.
fn base64(bytes: &[u8]) -> Body {
    Body::new_with_encoding(bytes.to_vec(), ContentTransferEncoding::Base64)
        .expect("any bytes can be base64")
}

fn content_type(text: &str) -> ContentType {
    ContentType::parse(text).expect("these are content types")
}

fn time(second: i64) -> SystemTime {
    // No calendar of mail goes before 1970.
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(second).unwrap_or(0))
}

/// The text without what could end a header.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\u{2028}' | '\u{2029}' => ' ',
            letter if letter.is_control() => ' ',
            letter => letter,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            from: "Ada L. <ada@example.org>".parse().unwrap(),
            to: vec!["bob@example.org".parse().unwrap()],
            cc: Vec::new(),
            subject: "Größe".into(),
            date: 1_735_689_600,
            message_id: "<1.2@example.org>".into(),
            text: "a\n.\nb ü\n".into(),
            html: "<p>ü".into(),
            is_urgent: false,
            attachments: Vec::new(),
        }
    }

    fn head(eml: &[u8]) -> String {
        let text = String::from_utf8(eml.to_vec()).unwrap();
        text.split_once("\r\n\r\n").unwrap().0.to_owned()
    }

    #[test]
    fn the_head_tells_who_when_and_that_a_machine_wrote() {
        let eml = letter().compose();
        assert!(eml.is_ascii());
        let head = head(&eml);
        for line in [
            "From: \"Ada L.\" <ada@example.org>",
            "To: bob@example.org",
            "Date: Wed, 01 Jan 2025 00:00:00 +0000",
            "Message-ID: <1.2@example.org>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert!(head.lines().any(|found| found == line), "{line}\n{head}");
        }
    }

    #[test]
    fn what_is_urgent_is_marked_as_important() {
        let mut letter = letter();
        assert!(!head(&letter.compose()).contains("Importance"));
        letter.is_urgent = true;
        assert!(head(&letter.compose()).contains("Importance: high"));
    }

    #[test]
    fn every_line_is_one_that_any_server_takes() {
        let mut letter = letter();
        letter.html = "<p>".repeat(5000) + "\r\nx\ny";
        let bytes = ["{\n".repeat(999).as_bytes(), &[b'x'; 5000]].concat();
        let name = "report.json".to_owned();
        letter.attachments = vec![Attachment { name, bytes }];
        let eml = String::from_utf8(letter.compose()).unwrap();
        for line in eml.split_inclusive("\r\n") {
            let text = line.strip_suffix("\r\n").unwrap_or(line);
            assert!(!text.contains(['\r', '\n']) && text.len() <= 998, "{text}");
        }
    }

    #[test]
    fn no_header_can_be_smuggled_in() {
        let mut letter = letter();
        for end in ["\n", "\r\n", "\r", "\0", "\u{85}", "\u{2028}"] {
            letter.subject = format!("a{end}Bcc: evil@example.org{end}{end}body");
            letter.attachments = vec![Attachment {
                name: format!("a{end}X-Evil: 1.csv"),
                bytes: b"x".to_vec(),
            }];
            let eml = String::from_utf8(letter.compose()).unwrap();
            let injected = |line: &str| line.starts_with("Bcc:") || line.starts_with("X-Evil:");
            assert!(!eml.lines().any(injected), "{end:?}\n{eml}");
        }
    }
}
