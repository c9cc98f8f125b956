//! UTF-16 to UTF-8 while reading, as PowerShell's `>` writes UTF-16.
//!
//! `encoding_rs` decodes; broken surrogates and a last odd byte become U+FFFD, and nothing is an error.
//! `encoding_rs_io` would be a reader of the same kind, but it takes byte order marks off itself and
//! does not say how much of its input it has read, by which [`open`](crate::open) bounds expansion.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};

const CHUNK: usize = 32 << 10;

/// Which byte of a UTF-16 unit comes first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

/// Decodes what `input` gives; the byte order mark has been taken off before.
pub(crate) struct Utf16Reader<R> {
    input: R,
    decoder: Decoder,
    raw: Box<[u8]>,
    /// What a chunk says, and how much of that was given out.
    text: String,
    given: usize,
    ended: bool,
}

impl<R: Read> Utf16Reader<R> {
    pub(crate) fn new(input: R, order: ByteOrder) -> Self {
        let encoding = match order {
            ByteOrder::Little => UTF_16LE,
            ByteOrder::Big => UTF_16BE,
        };
        let decoder = encoding.new_decoder_without_bom_handling();
        let most = decoder.max_utf8_buffer_length(CHUNK);
        Self {
            input,
            text: String::with_capacity(most.expect("a chunk is small")),
            decoder,
            raw: vec![0; CHUNK].into_boxed_slice(),
            given: 0,
            ended: false,
        }
    }

    pub(crate) fn get_ref(&self) -> &R {
        &self.input
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.given = 0;
        let count = self.input.read(&mut self.raw)?;
        self.ended = count == 0;
        let raw = &self.raw[..count];
        let (result, ..) = (self.decoder).decode_to_string(raw, &mut self.text, self.ended);
        debug_assert_eq!(result, CoderResult::InputEmpty, "the text has room");
        Ok(())
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            if self.ended || buffer.is_empty() {
                return Ok(0);
            }
            self.refill()?;
        }
        let text = &self.text.as_bytes()[self.given..];
        let count = text.len().min(buffer.len());
        buffer[..count].copy_from_slice(&text[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, so that every unit and every pair is cut.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(buffer.len()).min(1);
            let (now, later) = self.0.split_at(count);
            buffer[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    fn decode(bytes: &[u8], order: ByteOrder) -> String {
        let mut whole = String::new();
        Utf16Reader::new(bytes, order)
            .read_to_string(&mut whole)
            .unwrap();
        let mut dripped = Vec::new();
        Utf16Reader::new(Drip(bytes), order)
            .read_to_end(&mut dripped)
            .unwrap();
        assert_eq!(whole.as_bytes(), dripped);
        whole
    }

    fn little(units: impl IntoIterator<Item = u16>) -> Vec<u8> {
        units.into_iter().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn text_of_every_width_survives_in_both_byte_orders() {
        let text = "Refreshing:\r\n<NO TRAFFIC>\né€😀\u{10ffff}\u{0}";
        assert_eq!(
            decode(&little(text.encode_utf16()), ByteOrder::Little),
            text
        );
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&big, ByteOrder::Big), text);
    }

    #[test]
    fn text_longer_than_a_chunk_survives() {
        let text = "x😀€".repeat(CHUNK);
        let mut decoded = String::new();
        let bytes = little(text.encode_utf16());
        Utf16Reader::new(&bytes[..], ByteOrder::Little)
            .read_to_string(&mut decoded)
            .unwrap();
        assert!(decoded == text);
    }

    #[test]
    fn a_mark_within_the_text_is_text() {
        let text = "\u{feff}a\u{feff}";
        let bytes = little(text.encode_utf16());
        assert_eq!(decode(&bytes, ByteOrder::Little), text);
    }

    #[test]
    fn broken_surrogates_and_an_odd_byte_are_replaced() {
        for units in [
            vec![0xd800],
            vec![0xd83d, 0x41],
            vec![0xde00, 0x41],
            vec![0xd83d, 0xd83d, 0xde00],
            vec![0xde00, 0xd83d],
        ] {
            let expected = String::from_utf16_lossy(&units);
            assert_eq!(decode(&little(units), ByteOrder::Little), expected);
        }
        assert_eq!(decode(b"a\0b", ByteOrder::Little), "a\u{fffd}");
        // A log that is cut in the middle of a pair.
        let cut = &little("a😀".encode_utf16())[..5];
        assert_eq!(decode(cut, ByteOrder::Little), "a\u{fffd}");
        assert_eq!(decode(b"", ByteOrder::Big), "");
    }
}
