//! UTF-16 to UTF-8 while reading, as PowerShell's `>` writes UTF-16.
//!
//! Broken surrogates and a last odd byte become U+FFFD; nothing is an error.

use std::io::{self, Read};

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
    order: ByteOrder,
    // Bytes of `raw` that wait for the rest of their unit: 0 or 1.
    waiting: usize,
    raw: Box<[u8]>,
    high: Option<u16>,
    text: String,
    given: usize,
    ended: bool,
}

impl<R: Read> Utf16Reader<R> {
    pub(crate) fn new(input: R, order: ByteOrder) -> Self {
        Self {
            input,
            order,
            waiting: 0,
            raw: vec![0; CHUNK].into_boxed_slice(),
            high: None,
            text: String::with_capacity(CHUNK / 2 * 3),
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
        let read = self.input.read(&mut self.raw[self.waiting..])?;
        if read == 0 {
            self.ended = true;
            if self.high.take().is_some() {
                self.text.push(char::REPLACEMENT_CHARACTER);
            }
            if self.waiting > 0 {
                self.text.push(char::REPLACEMENT_CHARACTER);
            }
            return Ok(());
        }
        let filled = self.waiting + read;
        let (pairs, rest) = self.raw[..filled].as_chunks::<2>();
        let unit = |pair: &[u8; 2]| match self.order {
            ByteOrder::Little => u16::from_le_bytes(*pair),
            ByteOrder::Big => u16::from_be_bytes(*pair),
        };
        let mut units = self
            .high
            .take()
            .into_iter()
            .chain(pairs.iter().map(unit))
            .peekable();
        while let Some(first) = units.next() {
            match first {
                0xd800..=0xdbff => match units.peek() {
                    // Its other half may be in the next chunk.
                    None => self.high = Some(first),
                    Some(&second) => {
                        let pair = [first, second];
                        let letter = char::decode_utf16(pair).next().and_then(Result::ok);
                        if letter.is_some() {
                            units.next();
                        }
                        self.text
                            .push(letter.unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                },
                _ => {
                    let letter = char::from_u32(u32::from(first));
                    self.text
                        .push(letter.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
            }
        }
        self.waiting = rest.len();
        self.raw[0] = rest.first().copied().unwrap_or_default();
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
        assert_eq!(decode(b"", ByteOrder::Big), "");
    }
}
