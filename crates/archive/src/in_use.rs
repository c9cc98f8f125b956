//! Which files somebody writes at this moment.

use std::collections::HashSet;

use files::FileIdentity;

/// Files that some process holds open for writing, as far as this one may look. Only Linux tells;
/// elsewhere the set is empty, and how long a log was left alone has to decide.
pub fn open_for_writing() -> HashSet<FileIdentity> {
    let mut written = HashSet::new();
    if !cfg!(target_os = "linux") {
        return written;
    }
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes.filter(|process| is_number(&process.file_name())) {
        let descriptors = std::fs::read_dir(process.path().join("fd"));
        for descriptor in descriptors.into_iter().flatten().flatten() {
            let info = process.path().join("fdinfo").join(descriptor.file_name());
            if let Ok(file) = std::fs::metadata(descriptor.path())
                && file.is_file()
                && std::fs::read_to_string(info).is_ok_and(|info| may_write(&info))
            {
                written.extend(FileIdentity::of(&file));
            }
        }
    }
    written
}

fn is_number(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().iter().all(u8::is_ascii_digit)
}

/// Whether the flags of an open file, octal in `/proc/PID/fdinfo`, let it be written.
fn may_write(info: &str) -> bool {
    // O_WRONLY is 1 and O_RDWR 2, on every architecture of Linux.
    const ACCESS: u32 = 0o3;
    info.lines()
        .find_map(|line| line.strip_prefix("flags:"))
        .and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok())
        .is_some_and(|flags| flags & ACCESS != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_tell_who_may_write() {
        assert!(may_write("pos:\t0\nflags:\t0102001\nmnt_id:\t29\n"));
        assert!(may_write("flags:\t02\n"));
        assert!(!may_write("pos:\t0\nflags:\t0100000\n"));
        assert!(!may_write("pos:\t0\n"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_is_in_use_while_it_is_open_for_writing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        let identity = |path| FileIdentity::of(&std::fs::metadata(path).unwrap()).unwrap();
        let writer = std::fs::File::create(&path).unwrap();
        assert!(open_for_writing().contains(&identity(&path)));
        drop(writer);
        let _reader = std::fs::File::open(&path).unwrap();
        assert!(!open_for_writing().contains(&identity(&path)));
    }
}
