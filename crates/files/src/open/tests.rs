use super::*;
use flate2::write::GzEncoder;
use std::io::Write;
use tempfile::tempdir;

const TEXT: &str = "Refreshing:\n<NO TRAFFIC>\n\n";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 3).unwrap()
}

fn open_bytes(content: &[u8]) -> OpenLog {
    open_bytes_within(content, Limits::default())
}

fn open_bytes_within(content: &[u8], limits: Limits) -> OpenLog {
    let folder = tempdir().unwrap();
    let path = folder.path().join("whatever.name");
    fs::write(&path, content).unwrap();
    open_log_within(&path, limits).unwrap()
}

fn text_of(content: &[u8]) -> (Compression, Encoding, String) {
    let mut log = open_bytes(content);
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    assert_eq!(log.size_on_disk(), Some(content.len() as u64));
    assert_eq!(log.bytes_taken(), content.len() as u64);
    assert_eq!(log.read(&mut [0]).unwrap(), 0, "an end stays an end");
    (log.compression(), log.encoding(), text)
}

/// Lines that compress badly enough to fill several blocks.
fn long_text() -> Vec<u8> {
    let mut state = 1_u64;
    let mut text = Vec::new();
    while text.len() < 600_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        writeln!(text, "{state:016x}").unwrap();
    }
    text
}

fn read_damaged(content: &[u8]) -> (Vec<u8>, io::Error) {
    let mut log = open_bytes(content);
    let mut text = Vec::new();
    let error = log.read_to_end(&mut text).unwrap_err();
    let again = log.read(&mut [0]).unwrap_err();
    assert_eq!(
        (again.kind(), again.to_string()),
        (error.kind(), error.to_string())
    );
    (text, error)
}

#[test]
fn the_first_bytes_decide_and_not_the_name() {
    use Compression::{Gzip, Plain, Zstd};
    let bytes = TEXT.as_bytes();
    assert_eq!(text_of(bytes), (Plain, Encoding::Utf8, TEXT.to_owned()));
    assert_eq!(
        text_of(&gzip(bytes)),
        (Gzip, Encoding::Utf8, TEXT.to_owned())
    );
    assert_eq!(
        text_of(&zstd(bytes)),
        (Zstd, Encoding::Utf8, TEXT.to_owned())
    );
    for short in ["", "R", "\x1f", "abc"] {
        assert_eq!(
            text_of(short.as_bytes()),
            (Plain, Encoding::Utf8, short.to_owned())
        );
    }
}

#[test]
fn empty_compressed_files_are_empty() {
    assert_eq!(text_of(&gzip(b"")).2, "");
    assert_eq!(text_of(&zstd(b"")).2, "");
    assert_eq!(text_of(&gzip(b"x")).2, "x");
}

#[test]
fn several_members_and_frames_are_read_as_one() {
    let parts = [TEXT.as_bytes(), b"", b"second\n", b"third"];
    let whole = format!("{TEXT}second\nthird");
    assert_eq!(text_of(&parts.map(gzip).concat()).2, whole);
    assert_eq!(text_of(&parts.map(zstd).concat()).2, whole);
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    let framed = [skippable.as_slice(), &zstd(TEXT.as_bytes()), &skippable].concat();
    assert_eq!(
        text_of(&framed),
        (Compression::Zstd, Encoding::Utf8, TEXT.to_owned())
    );
}

#[test]
fn zeros_behind_a_gzip_member_are_padding() {
    let padded = [
        gzip(b"one").as_slice(),
        &[0; 100_000],
        &gzip(b"two"),
        &[0; 512],
    ]
    .concat();
    assert_eq!(text_of(&padded).2, "onetwo");
}

#[test]
fn something_else_behind_compressed_data_is_an_error_after_the_text() {
    for packed in [gzip(TEXT.as_bytes()), zstd(TEXT.as_bytes())] {
        let (text, error) = read_damaged(&[packed.as_slice(), b"plain text"].concat());
        assert_eq!(text, TEXT.as_bytes());
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    }
}

#[test]
fn cut_compressed_data_gives_what_it_holds_and_then_says_so() {
    let text = long_text();
    for (packed, name) in [(gzip(&text), "gzip"), (zstd(&text), "zstd")] {
        for cut in [packed.len() / 2, packed.len() - 1, packed.len() - 4] {
            let (decoded, error) = read_damaged(&packed[..cut]);
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
            assert_eq!(error.to_string(), format!("the {name} data is cut off"));
            assert!(text.starts_with(&decoded));
            // zstd gives whole blocks of 128 kB.
            assert!(
                decoded.len() > text.len() * cut / packed.len() - 140_000,
                "{}",
                decoded.len()
            );
        }
    }
}

#[test]
fn data_cut_at_any_byte_never_looks_whole() {
    let text = b"Refreshing:\nprocess: <1> \"x\" up/down Bps: 1/2 connections: 0\n";
    for packed in [gzip(text), [gzip(text), gzip(b"more")].concat(), zstd(text)] {
        let first = if packed == zstd(text) {
            packed.len()
        } else {
            gzip(text).len()
        };
        for cut in MAGIC..packed.len() {
            if cut == first {
                continue;
            }
            let (_, error) = read_damaged(&packed[..cut]);
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{cut}");
        }
    }
}

#[test]
fn a_flipped_byte_is_damage() {
    for packed in [gzip(&long_text()), zstd(&long_text())] {
        let mut packed = packed;
        let middle = packed.len() / 2;
        packed[middle] ^= 0x55;
        let mut log = open_bytes(&packed);
        let mut text = Vec::new();
        match log.read_to_end(&mut text) {
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}"),
            // Without a checksum, zstd cannot always tell.
            Ok(_) => assert_eq!(log.compression(), Compression::Zstd),
        }
    }
}

#[test]
fn data_that_grows_out_of_proportion_is_stopped() {
    let limits = Limits {
        allowance: 1 << 20,
        max_expansion: 100,
    };
    let zeros = vec![0; 8 << 20];
    for packed in [gzip(&zeros), zstd(&zeros)] {
        let mut log = open_bytes_within(&packed, limits);
        let error = io::copy(&mut log, &mut io::sink()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(
            error.to_string().contains("more than 100 times as many"),
            "{error}"
        );
        assert!(log.read(&mut [0]).is_err());
    }
}

#[test]
fn data_within_its_allowance_or_its_proportion_is_given_whole() {
    let text = TEXT.repeat(100_000);
    let generous = Limits {
        allowance: text.len() as u64,
        max_expansion: 0,
    };
    let fair = Limits {
        allowance: 0,
        max_expansion: 1_000_000,
    };
    for limits in [generous, fair, Limits::default()] {
        for packed in [gzip(text.as_bytes()), zstd(text.as_bytes())] {
            let read = io::copy(&mut open_bytes_within(&packed, limits), &mut io::sink()).unwrap();
            assert_eq!(read, text.len() as u64);
        }
    }
    let plain = Limits {
        allowance: 0,
        max_expansion: 0,
    };
    io::copy(
        &mut open_bytes_within(text.as_bytes(), plain),
        &mut io::sink(),
    )
    .unwrap();
}

#[test]
fn utf_16_becomes_utf_8_also_inside_compressed_data() {
    let text = "Refreshing:\r\n<NO TRAFFIC>\r\n😀";
    let little: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let big: Vec<u8> = [0xfe, 0xff]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_be_bytes))
        .collect();
    assert_eq!(
        text_of(&little),
        (Compression::Plain, Encoding::Utf16Little, text.to_owned())
    );
    assert_eq!(
        text_of(&big),
        (Compression::Plain, Encoding::Utf16Big, text.to_owned())
    );
    assert_eq!(
        text_of(&gzip(&little)),
        (Compression::Gzip, Encoding::Utf16Little, text.to_owned())
    );
    assert_eq!(
        text_of(&zstd(&big)),
        (Compression::Zstd, Encoding::Utf16Big, text.to_owned())
    );
    assert_eq!(text_of(&[0xff, 0xfe]).2, "");
}

#[test]
fn a_utf_8_byte_order_mark_stays_for_the_parser() {
    let text = "\u{feff}Refreshing:\n";
    assert_eq!(
        text_of(text.as_bytes()),
        (Compression::Plain, Encoding::Utf8, text.to_owned())
    );
}

#[test]
fn small_reads_give_the_same_bytes() {
    let packed = gzip(TEXT.as_bytes());
    let mut log = open_bytes(&packed);
    let mut text = Vec::new();
    let mut byte = [0];
    while log.read(&mut byte).unwrap() > 0 {
        text.extend(byte);
    }
    assert_eq!(text, TEXT.as_bytes());
}

#[test]
fn a_stream_is_read_by_the_same_rules() {
    let packed = gzip(TEXT.as_bytes());
    let mut log = OpenLog::from_stream(io::Cursor::new(packed), Limits::default()).unwrap();
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    assert_eq!(
        (log.compression(), log.size_on_disk(), text.as_str()),
        (Compression::Gzip, None, TEXT)
    );
}

#[test]
fn an_open_log_can_be_read_on_another_thread() {
    fn require_send<T: Send>() {}
    require_send::<OpenLog>();
}

#[test]
fn what_is_missing_or_no_file_is_named() {
    let error = open_log(Path::new("/nowhere/y.log")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot open /nowhere/y.log: no such file or directory"
    );
    let folder = tempdir().unwrap();
    let error = open_log(folder.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with(": it is a folder, not a regular file"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_fifo_is_refused_and_not_waited_for() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.log");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let error = open_log(&path).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with(": it is a FIFO, not a regular file"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn the_identity_is_that_of_the_opened_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.log");
    fs::write(&path, TEXT).unwrap();
    let log = open_log(&path).unwrap();
    fs::rename(&path, folder.path().join("x.log.1")).unwrap();
    fs::write(&path, "another").unwrap();
    let renamed = fs::metadata(folder.path().join("x.log.1")).unwrap();
    assert_eq!(log.identity(), FileIdentity::of(&renamed));
    assert_eq!(log.modified(), renamed.modified().ok());
}
