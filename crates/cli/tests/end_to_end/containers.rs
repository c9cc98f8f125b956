//! Just enough of ZIP, gzip and CSV to look into what the binary writes, and to feed it.

use std::io::{Cursor, Read as _};

/// The files in a ZIP archive, in the order of its directory.
pub(crate) fn unzip(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
    let end = zip
        .windows(4)
        .rposition(|bytes| bytes == b"PK\x05\x06")
        .expect("a ZIP archive ends with its directory");
    let mut files = Vec::new();
    let mut entry = long(zip, end + 16);
    for _ in 0..short(zip, end + 10) {
        assert_eq!(&zip[entry..entry + 4], b"PK\x01\x02");
        let [name_length, extra, comment] = [28, 30, 32].map(|place| short(zip, entry + place));
        let name = &zip[entry + 46..entry + 46 + name_length];
        let local = long(zip, entry + 42);
        let start = local + 30 + short(zip, local + 26) + short(zip, local + 28);
        let packed = &zip[start..start + long(zip, entry + 20)];
        let content = match short(zip, entry + 10) {
            0 => packed.to_vec(),
            8 => inflate(
                packed,
                &zip[entry + 16..entry + 20],
                &zip[entry + 24..entry + 28],
            ),
            method => panic!("ZIP method {method}"),
        };
        files.push((String::from_utf8(name.to_vec()).unwrap(), content));
        entry += 46 + name_length + extra + comment;
    }
    files
}

fn short(bytes: &[u8], place: usize) -> usize {
    usize::from(u16::from_le_bytes(
        bytes[place..place + 2].try_into().unwrap(),
    ))
}

fn long(bytes: &[u8], place: usize) -> usize {
    u32::from_le_bytes(bytes[place..place + 4].try_into().unwrap()) as usize
}

/// What ZIP holds is what gzip holds, in another wrapping; the sum is checked on the way.
fn inflate(packed: &[u8], sum: &[u8], size: &[u8]) -> Vec<u8> {
    let gzip = [GZIP_HEAD, packed, sum, size].concat();
    let mut content = Vec::new();
    files::OpenLog::from_stream(Cursor::new(gzip), files::Limits::default())
        .unwrap()
        .read_to_end(&mut content)
        .unwrap();
    content
}

const GZIP_HEAD: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// A gzip file of blocks that are stored as they are.
pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut gzip = GZIP_HEAD.to_vec();
    let mut blocks = content.chunks(60_000).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap();
        gzip.push(u8::from(blocks.peek().is_none()));
        gzip.extend(length.to_le_bytes());
        gzip.extend((!length).to_le_bytes());
        gzip.extend(block);
    }
    gzip.extend(crc32(content).to_le_bytes());
    gzip.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
    gzip
}

fn crc32(content: &[u8]) -> u32 {
    !content.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum: u32, _| {
            (sum >> 1) ^ (0xedb8_8320 * (sum & 1))
        })
    })
}

/// The records of a CSV by RFC 4180.
pub(crate) fn csv(text: &str) -> Vec<Vec<String>> {
    let mut records = vec![vec![String::new()]];
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let cell = records.last_mut().unwrap().last_mut().unwrap();
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => records.last_mut().unwrap().push(String::new()),
            '\r' if !quoted && characters.peek() == Some(&'\n') => {
                characters.next();
                records.push(vec![String::new()]);
            }
            character => cell.push(character),
        }
    }
    assert_eq!(records.pop().unwrap(), [""], "the last line has its end");
    records
}
