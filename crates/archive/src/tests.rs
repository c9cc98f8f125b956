//! Laws of the archive, over both formats.

use std::fs::{self, File};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use files::FileIdentity;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::civil::{Date, date};
use tempfile::TempDir;

use super::*;

const DAY: Date = date(2026, 3, 7);

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn log(&self, name: &str, content: &[u8]) -> Log {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        self.seen(name)
    }

    fn seen(&self, name: &str) -> Log {
        let path = self.path(name);
        let found = fs::metadata(&path).unwrap();
        Log {
            path,
            name: name.to_owned(),
            size: found.len(),
            modified: found.modified().unwrap(),
            identity: FileIdentity::of(&found),
        }
    }

    fn archive(&self, format: Format) -> FoundArchive {
        locate(self.0.path(), Path::new("a"), DAY, format).unwrap()
    }

    /// Adds logs to the day's archive.
    fn join(&self, format: Format, old: Option<&Document>, logs: &[Log]) -> Document {
        fs::create_dir_all(self.path("a")).unwrap();
        let mut joining = Joining::new(self.archive(format), "lab", old.cloned());
        for log in logs {
            joining.add(log).unwrap();
        }
        joining.finish().unwrap().unwrap().commit().unwrap()
    }
}

fn contents(path: &Path, format: Format) -> Vec<(String, Vec<u8>)> {
    let mut members = Vec::new();
    read(path, format, |entry, content| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).unwrap();
        members.push((entry.name.clone(), bytes));
        Ok(())
    })
    .unwrap();
    members
}

fn noise(bytes: usize, mut seed: u64) -> Vec<u8> {
    let next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 56) as u8
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::default());
    member.write_all(bytes).unwrap();
    member.finish().unwrap()
}

#[test]
fn what_joins_later_leaves_the_bytes_before_it_as_they_are() {
    for format in Format::ALL {
        let folder = Folder::new();
        let long = format!("deep/{}.log", "long name ".repeat(15));
        let first = [
            folder.log("x.log", b"one\n"),
            folder.log(&long, &noise(5_000, 1)),
        ];
        let old = folder.join(format, None, &first);
        let path = folder.archive(format).path;
        let before = fs::read(&path).unwrap();
        let later = [
            folder.log("z\u{fc}.log", b""),
            folder.log("y.log", &[7; 512]),
        ];
        let document = folder.join(format, Some(&old), &later);
        let after = fs::read(&path).unwrap();
        let kept = before
            .iter()
            .zip(&after)
            .take_while(|(a, b)| a == b)
            .count();
        assert!(kept as u64 > 5_000, "{format:?}: {kept}");
        let members = contents(&path, format);
        let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["x.log", &long, "z\u{fc}.log", "y.log"]);
        assert_eq!(members[1].1, noise(5_000, 1));
        assert_eq!(document.original_bytes, 4 + 5_000 + 512);
        assert_eq!(check(&path, &document, |_, _| {}).unwrap(), []);
        assert_eq!(
            digest_of_file(&path).unwrap().sha256,
            document.archive.sha256
        );
    }
}

#[test]
fn a_tar_that_ends_otherwise_is_packed_anew() {
    let folder = Folder::new();
    let old = folder.join(Format::TarGz, None, &[folder.log("x.log", b"one\n")]);
    let path = folder.archive(Format::TarGz).path;
    let mut plain = Vec::new();
    let packed = fs::read(&path).unwrap();
    flate2::read::MultiGzDecoder::new(&*packed)
        .read_to_end(&mut plain)
        .unwrap();
    fs::write(&path, gzip(&plain)).unwrap();
    let document = folder.join(Format::TarGz, Some(&old), &[folder.log("y.log", b"two\n")]);
    assert_eq!(
        contents(&path, Format::TarGz),
        [
            ("x.log".to_owned(), b"one\n".to_vec()),
            ("y.log".to_owned(), b"two\n".to_vec())
        ]
    );
    assert_eq!(check(&path, &document, |_, _| {}).unwrap(), []);
}

#[test]
fn equal_names_both_stay_and_equal_bytes_are_stored_once() {
    for format in Format::ALL {
        let folder = Folder::new();
        let mut joining = Joining::new(folder.archive(format), "lab", None);
        fs::create_dir(folder.path("a")).unwrap();
        let add = |joining: &mut Joining, content: &[u8], name: &str| {
            joining.add(&folder.log(name, content)).unwrap()
        };
        let new = |name: &str| Place::New(name.to_owned());
        assert_eq!(add(&mut joining, b"1", "x.log"), new("x.log"));
        assert_eq!(add(&mut joining, b"2", "x.log"), new("x~2.log"));
        assert_eq!(
            add(&mut joining, b"2", "x.log"),
            Place::Known("x~2.log".into())
        );
        assert_eq!(
            add(&mut joining, b"1", "copy.log"),
            Place::Known("x.log".into())
        );
        let document = joining.finish().unwrap().unwrap().commit().unwrap();
        assert_eq!(contents(&folder.archive(format).path, format).len(), 2);
        assert_eq!(document.members[0].found_as, ["x.log", "copy.log"]);
        // Nothing new: nothing is written.
        let mut joining = Joining::new(folder.archive(format), "lab", Some(document));
        assert_eq!(
            add(&mut joining, b"2", "x.log"),
            Place::Known("x~2.log".into())
        );
        assert!(joining.finish().unwrap().is_none());
    }
}

#[test]
fn a_log_that_changed_since_it_was_seen_is_refused() {
    let folder = Folder::new();
    fs::create_dir(folder.path("a")).unwrap();
    let log = folder.log("x.log", b"one\n");
    fs::write(&log.path, b"one\ntwo\n").unwrap();
    let mut joining = Joining::new(folder.archive(Format::Zip), "lab", None);
    assert!(matches!(joining.add(&log), Err(Error::Changed { .. })));
    assert!(matches!(log.remove(), Err(Error::Changed { .. })));
    // Another file of the same name, size and time is another file.
    let log = folder.seen("x.log");
    let other = folder.path("other");
    fs::write(&other, b"ONE\nTWO\n").unwrap();
    File::options()
        .write(true)
        .open(&other)
        .unwrap()
        .set_modified(log.modified)
        .unwrap();
    fs::rename(&other, &log.path).unwrap();
    if log.identity.is_some() {
        assert!(matches!(log.remove(), Err(Error::Changed { .. })));
        assert!(log.path.exists());
    }
    folder.seen("x.log").remove().unwrap();
    assert!(!log.path.exists());
}

#[test]
fn every_flipped_byte_and_every_cut_is_found() {
    for format in Format::ALL {
        let folder = Folder::new();
        let logs = [
            folder.log("x.log", b"one\n"),
            folder.log("y.log", &noise(100, 2)),
        ];
        let document = folder.join(format, None, &logs);
        let path = folder.archive(format).path;
        let whole = fs::read(&path).unwrap();
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x10;
            fs::write(&path, &bytes).unwrap();
            assert_ne!(
                digest_of_file(&path).unwrap().sha256,
                document.archive.sha256
            );
            // It says what is wrong, or all members are whole; it never panics.
            let faults = check(&path, &document, |_, _| {}).unwrap();
            if faults.is_empty() {
                let found: Vec<Vec<u8>> = contents_by(&path, format);
                assert!(found.contains(&b"one\n".to_vec()) && found.contains(&noise(100, 2)));
            }
            // Restoring syncs each file, so fewer places have to do.
            if place % 11 != 0 {
                continue;
            }
            let to = folder.path("to");
            let restored = restore(&path, format, Some(&document), &to).unwrap();
            for file in restored.written {
                let content = fs::read(&file).unwrap();
                assert!(content == b"one\n" || content == noise(100, 2), "{place}");
            }
            fs::remove_dir_all(&to).unwrap();
        }
        for length in 0..whole.len() - 1 {
            fs::write(&path, &whole[..length]).unwrap();
            let faults = check(&path, &document, |_, _| {}).unwrap();
            let misses_end_only = format == Format::TarGz && length > whole.len() - 40;
            assert!(!faults.is_empty() || misses_end_only, "{format:?} {length}");
        }
    }
}

fn contents_by(path: &Path, format: Format) -> Vec<Vec<u8>> {
    contents(path, format)
        .into_iter()
        .map(|(_, bytes)| bytes)
        .collect()
}

#[test]
fn restored_logs_have_their_bytes_and_times() {
    for format in Format::ALL {
        let folder = Folder::new();
        let log = folder.log("deep/x.log", b"one\n");
        let document = folder.join(format, None, std::slice::from_ref(&log));
        let path = folder.archive(format).path;
        let to = folder.path("to");
        let written = restore(&path, format, Some(&document), &to).unwrap();
        assert_eq!((written.written.len(), written.faults.len()), (1, 0));
        let found = fs::metadata(to.join("deep/x.log")).unwrap();
        assert_eq!(found.modified().unwrap(), log.modified);
        // Again: it is there. Another file there stays.
        let again = restore(&path, format, Some(&document), &to).unwrap();
        assert_eq!((again.written.len(), again.present.len()), (0, 1));
        fs::write(to.join("deep/x.log"), b"mine").unwrap();
        let refused = restore(&path, format, Some(&document), &to).unwrap();
        assert_eq!((refused.present.len(), refused.faults.len()), (0, 1));
        assert_eq!(fs::read(to.join("deep/x.log")).unwrap(), b"mine");
        // Without its metadata an archive is still good for its logs.
        let bare = restore(&path, format, None, &folder.path("bare")).unwrap();
        assert_eq!((bare.written.len(), bare.faults.len()), (1, 0));
    }
}

/// A tar of one entry whose header is written without any care.
fn hostile_tar(name: &str, kind: tar::EntryType, link: &str) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o4777);
    header.set_size(if kind == tar::EntryType::Regular {
        4
    } else {
        0
    });
    header.set_cksum();
    let mut tar = header.as_bytes().to_vec();
    if kind == tar::EntryType::Regular {
        tar.extend([b'e'; 4]);
        tar.extend([0; 508]);
    }
    tar.extend([0; 1024]);
    gzip(&tar)
}

#[test]
fn nothing_is_restored_outside_of_the_folder() {
    let regular = tar::EntryType::Regular;
    let cases = [
        ("/tmp/evil.log", regular, ""),
        ("../evil.log", regular, ""),
        ("a/../../evil.log", regular, ""),
        ("a\\..\\evil.log", regular, ""),
        ("evil\u{1b}[2J.log", regular, ""),
        ("..", regular, ""),
        ("evil.log", tar::EntryType::Symlink, "/etc/passwd"),
        ("evil.log", tar::EntryType::Link, "/etc/passwd"),
        ("evil.log", tar::EntryType::Char, ""),
        ("evil.log", tar::EntryType::Block, ""),
        ("evil.log", tar::EntryType::Fifo, ""),
        ("evil", tar::EntryType::Directory, ""),
    ];
    for (name, kind, link) in cases {
        let folder = Folder::new();
        let path = folder.path("logs_20260307.tar.gz");
        fs::write(&path, hostile_tar(name, kind, link)).unwrap();
        let to = folder.path("in/to");
        let restored = restore(&path, Format::TarGz, None, &to).unwrap();
        assert_eq!(
            (restored.written.len(), restored.faults.len()),
            (0, 1),
            "{name} {kind:?}"
        );
        assert_eq!(fs::read_dir(&to).unwrap().count(), 0, "{name}");
        assert_eq!(
            fs::read_dir(folder.path("in")).unwrap().count(),
            1,
            "{name}"
        );
    }
    for name in [
        "/tmp/evil.log",
        "../evil.log",
        "a/../../evil.log",
        "a\\b.log",
    ] {
        let folder = Folder::new();
        let path = folder.path("logs_20260307.zip");
        let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(b"evil").unwrap();
        zip.add_symlink(
            "link.log",
            "/etc/passwd",
            zip::write::SimpleFileOptions::default(),
        )
        .unwrap();
        zip.finish().unwrap();
        let to = folder.path("in/to");
        let restored = restore(&path, Format::Zip, None, &to).unwrap();
        assert_eq!(
            (restored.written.len(), restored.faults.len()),
            (0, 2),
            "{name}"
        );
        assert_eq!(
            fs::read_dir(folder.path("in")).unwrap().count(),
            1,
            "{name}"
        );
    }
}

#[test]
fn a_name_without_end_is_not_held_in_memory() {
    let folder = Folder::new();
    let path = folder.path("logs_20260307.tar.gz");
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(64 << 20);
    header.set_cksum();
    let mut member = GzEncoder::new(File::create(&path).unwrap(), Compression::default());
    member.write_all(header.as_bytes()).unwrap();
    std::io::copy(&mut std::io::repeat(b'n').take(64 << 20), &mut member).unwrap();
    member.finish().unwrap();
    let restored = restore(&path, Format::TarGz, None, &folder.path("to")).unwrap();
    assert_eq!(restored.faults.len(), 1);
    assert!(
        restored.faults[0].reason.contains("longer than any name"),
        "{restored:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_link_in_the_way_is_not_followed() {
    let folder = Folder::new();
    let document = folder.join(Format::Zip, None, &[folder.log("deep/x.log", b"one\n")]);
    let path = folder.archive(Format::Zip).path;
    let (to, away) = (folder.path("to"), folder.path("away"));
    fs::create_dir_all(&to).unwrap();
    fs::create_dir_all(&away).unwrap();
    std::os::unix::fs::symlink(&away, to.join("deep")).unwrap();
    let restored = restore(&path, Format::Zip, Some(&document), &to).unwrap();
    assert_eq!((restored.written.len(), restored.faults.len()), (0, 1));
    assert_eq!(fs::read_dir(&away).unwrap().count(), 0);
}

#[test]
fn a_member_that_unpacks_to_more_than_it_should_is_refused() {
    for format in Format::ALL {
        let folder = Folder::new();
        let mut document = folder.join(format, None, &[folder.log("x.log", &[0; 1 << 20])]);
        document.members[0].size = 1_000;
        let path = folder.archive(format).path;
        let to = folder.path("to");
        let restored = restore(&path, format, Some(&document), &to).unwrap();
        assert_eq!((restored.written.len(), restored.faults.len()), (0, 1));
        assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
        assert_eq!(check(&path, &document, |_, _| {}).unwrap().len(), 1);
    }
}

/// Takes a minute or two and 5 GB of a sparse file: `cargo test -p archive -- --ignored`.
#[test]
#[ignore = "reads ten gigabytes"]
fn a_log_of_five_gigabytes_comes_back() {
    const SIZE: u64 = 5 << 30;
    for format in Format::ALL {
        let folder = Folder::new();
        let mut old = folder.join(format, None, &[folder.log("a.log", b"before\n")]);
        let path = folder.path("big.log");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"begin\n").unwrap();
        file.set_len(SIZE).unwrap();
        old = folder.join(format, Some(&old), &[folder.seen("big.log")]);
        let document = folder.join(format, Some(&old), &[folder.log("z.log", b"behind\n")]);
        assert_eq!(document.members[1].size, SIZE);
        let archive = folder.archive(format).path;
        assert_eq!(check(&archive, &document, |_, _| {}).unwrap(), []);
        assert_eq!(contents_of(&archive, format, "z.log"), b"behind\n");
    }
}

fn contents_of(path: &Path, format: Format, wanted: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    read(path, format, |entry, content| {
        if entry.name == wanted {
            content.read_to_end(&mut bytes).unwrap();
        }
        Ok(())
    })
    .unwrap();
    bytes
}

#[cfg(unix)]
#[test]
fn metadata_that_are_no_regular_file_are_damaged_and_waited_for_by_nobody() {
    let folder = Folder::new();
    let (pipe, inside) = (folder.path("pipe"), folder.path("folder"));
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    fs::create_dir(&inside).unwrap();
    for path in [pipe, inside] {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || drop(tell.send(Document::read(&path))));
        let read = told.recv_timeout(std::time::Duration::from_secs(10));
        let error = read.expect("nobody waits for a pipe").unwrap_err();
        assert!(error.to_string().contains("not a regular file"), "{error}");
    }
    assert_eq!(Document::read(&folder.path("absent")).unwrap(), None);
}
